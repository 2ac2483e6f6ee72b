"""Faults of what a creation stores of what was sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from conformance.server.store import Row
from tests.faults.base import Faulty, fault


class Kept(Faulty):
    """The reference server with a handle for what it stores of a new object."""

    of = ""

    def keep(self, document: dict[str, Any]) -> dict[str, Any]:
        """What is stored."""
        return document

    def add(
        self, kind: str, tenant: str, document: Mapping[str, Any], identifier: str | None = None
    ) -> Row:
        kept = self.keep(dict(document)) if kind == self.of else document
        return super().add(kind, tenant, kept, identifier)


def _each_text(document: dict[str, Any], change: Any) -> dict[str, Any]:
    """A document with ``change`` applied to each of its texts."""
    return {
        name: change(value) if isinstance(value, str) else value for name, value in document.items()
    }


@fault("created-resource", at="create_lead", depth=4)
class NotesOfLeadLost(Kept):
    """create_lead loses the notes."""

    of = "lead"

    def keep(self, document: dict[str, Any]) -> dict[str, Any]:
        return {**document, "notes": ""} if document.get("notes") else document


@fault("created-resource", at="create_agent", depth=4)
class GreetingOfAgentIsNull(Kept):
    """create_agent stores null in place of the first message."""

    of = "agent"

    def keep(self, document: dict[str, Any]) -> dict[str, Any]:
        return {**document, "first_message": None}


@fault("created-resource", at="create_workspace", depth=4)
class MetadataOfWorkspaceIsNull(Kept):
    """create_workspace stores null in place of the metadata."""

    of = "workspace"

    def keep(self, document: dict[str, Any]) -> dict[str, Any]:
        return {**document, "metadata": None}


@fault("created-resource", at="create_lead", depth=5)
class TextsOfLeadCut(Kept):
    """create_lead cuts texts to 255 characters."""

    of = "lead"

    def keep(self, document: dict[str, Any]) -> dict[str, Any]:
        return _each_text(document, lambda text: text[:255])


@fault("created-resource", at="create_lead", depth=5)
class AccentsOfLeadLost(Kept):
    """create_lead replaces letters with accents by question marks."""

    of = "lead"

    def keep(self, document: dict[str, Any]) -> dict[str, Any]:
        return _each_text(document, lambda text: text.encode("ascii", "replace").decode())


@fault("created-resource", at="create_workspace", depth=5)
class EmojiOfWorkspaceLost(Kept):
    """create_workspace drops emoji, as a database of three-byte characters does."""

    of = "workspace"

    def keep(self, document: dict[str, Any]) -> dict[str, Any]:
        return _each_text(
            document, lambda text: "".join(char for char in text if ord(char) < 0x10000)
        )


@fault("created-resource", at="create_eval", depth=5)
class MarkupEscaped(Kept):
    """create_eval stores an ampersand as an HTML entity."""

    of = "eval"

    def keep(self, document: dict[str, Any]) -> dict[str, Any]:
        return _each_text(document, lambda text: text.replace("&", "&amp;"))


@fault("created-resource", at="create_agent", depth=5)
class BackslashEaten(Kept):
    """create_agent drops backslashes."""

    of = "agent"

    def keep(self, document: dict[str, Any]) -> dict[str, Any]:
        return _each_text(document, lambda text: text.replace("\\", ""))


@fault("created-resource", at="create_webhook", depth=4)
class WebhookOfAnotherAddress(Kept):
    """create_webhook drops the last segment of the URL."""

    of = "webhook"

    def keep(self, document: dict[str, Any]) -> dict[str, Any]:
        return {**document, "url": str(document.get("url", "")).rpartition("/")[0]}


@fault("created-resource", at="create_eval", depth=5)
class ScenarioTurnedAround(Kept):
    """create_eval keeps only the first message, in capitals."""

    of = "eval"

    def keep(self, document: dict[str, Any]) -> dict[str, Any]:
        messages = [
            {**message, "content": str(message.get("content")).upper()}
            for message in document.get("messages") or []
        ]
        return {**document, "messages": messages[:1]}


@fault("created-resource", at="create_lead", depth=5)
class SourceOfLeadReplaced(Kept):
    """create_lead accepts the source of a lead and stores another one."""

    of = "lead"

    def keep(self, document: dict[str, Any]) -> dict[str, Any]:
        return {**document, "source": "api"}


@fault("created-resource", at="create_lead", depth=5)
class StatusOfLeadForced(Kept):
    """create_lead accepts the status of a lead and stores it in capitals."""

    of = "lead"

    def keep(self, document: dict[str, Any]) -> dict[str, Any]:
        return {**document, "status": str(document.get("status", "new")).upper()}
