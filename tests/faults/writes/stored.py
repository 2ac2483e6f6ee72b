"""Faults of what a creation stores of what was sent."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import KW_ONLY, dataclass, replace
from typing import Any

from conformance.server.messages import Request
from conformance.server.store import Row
from tests.faults.base import Entry, Faulty, fault, faults_of


def _each_text(document: dict[str, Any], change: Callable[[str], str]) -> dict[str, Any]:
    """A document with ``change`` applied to each of its texts."""
    return {
        name: change(value) if isinstance(value, str) else value for name, value in document.items()
    }


def _without_accents(text: str) -> str:
    return text.encode("ascii", "replace").decode()


def _without_emoji(text: str) -> str:
    return "".join(char for char in text if ord(char) < 0x10000)


def _first_message_in_capitals(document: dict[str, Any]) -> dict[str, Any]:
    messages = document.get("messages")
    if not messages:
        return {**document, "messages": []}
    first = {**messages[0], "content": str(messages[0].get("content")).upper()}
    return {**document, "messages": [first]}


@dataclass(frozen=True)
class Stored(Entry):
    """The kind of a new object, and what is stored of it."""

    kind: str
    keep: Callable[[dict[str, Any]], dict[str, Any]]
    _: KW_ONLY
    breaks: str = "created-resource"
    depth: int = 5


def kept(entry: Stored) -> type[Faulty]:
    """The reference server, which stores something else of a new object."""

    class Kept(Faulty):
        def add(
            self, kind: str, tenant: str, document: Mapping[str, Any], identifier: str | None = None
        ) -> Row:
            kept = entry.keep(dict(document)) if kind == entry.kind else document
            return super().add(kind, tenant, kept, identifier)

    return Kept


STORED = {
    "create_agent replaces the name by another one.": Stored(
        "name-lost", "agent", lambda document: {**document, "name": "New agent"}, at="create_agent",
        depth=2),
    "create_agent replaces an optional member by another value.": Stored(
        "option-changed", "agent", lambda document: {**document, "first_message": "Good day"},
        at="create_agent", depth=3),
    "create_lead accepts an agent, and leaves the lead without one.": Stored(
        "agent-of-lead-dropped", "lead", lambda document: {**document, "agent_id": None},
        at="create_lead", depth=4),
    "send_sms keeps twenty characters of a text.": Stored(
        "texts-cut", "message", lambda document: {**document, "message": document["message"][:20]},
        at="send_sms", depth=4),
    "create_lead loses the notes.": Stored(
        "notes-of-lead-lost", "lead",
        lambda document: {**document, "notes": ""} if document.get("notes") else document,
        at="create_lead", depth=4),
    "create_agent stores null in place of the first message.": Stored(
        "greeting-of-agent-is-null", "agent", lambda document: {**document, "first_message": None},
        at="create_agent", depth=4),
    "create_workspace stores null in place of the metadata.": Stored(
        "metadata-of-workspace-is-null", "workspace",
        lambda document: {**document, "metadata": None}, at="create_workspace", depth=4),
    "create_lead cuts texts to 255 characters.": Stored(
        "texts-of-lead-cut", "lead", lambda document: _each_text(document, lambda text: text[:255]),
        at="create_lead"),
    "create_lead replaces letters with accents by question marks.": Stored(
        "accents-of-lead-lost", "lead", lambda document: _each_text(document, _without_accents),
        at="create_lead"),
    "create_workspace drops emoji, as a database of three-byte characters does.": Stored(
        "emoji-of-workspace-lost", "workspace",
        lambda document: _each_text(document, _without_emoji), at="create_workspace"),
    "create_eval stores an ampersand as an HTML entity.": Stored(
        "markup-escaped", "eval",
        lambda document: _each_text(document, lambda text: text.replace("&", "&amp;")),
        at="create_eval"),
    "create_agent drops backslashes.": Stored(
        "backslash-eaten", "agent",
        lambda document: _each_text(document, lambda text: text.replace("\\", "")),
        at="create_agent"),
    "create_webhook drops the last segment of the URL.": Stored(
        "webhook-of-another-address", "webhook",
        lambda document: {**document, "url": str(document.get("url", "")).rpartition("/")[0]},
        at="create_webhook", depth=4),
    "create_eval keeps only the first message, in capitals.": Stored(
        "scenario-turned-around", "eval", _first_message_in_capitals, at="create_eval"),
    "create_lead accepts the source of a lead and stores another one.": Stored(
        "source-of-lead-replaced", "lead", lambda document: {**document, "source": "api"},
        at="create_lead"),
    "create_lead accepts the status of a lead and stores it in capitals.": Stored(
        "status-of-lead-forced", "lead",
        lambda document: {**document, "status": str(document.get("status", "new")).upper()},
        at="create_lead"),
}  # fmt: skip

faults_of(kept, __name__, STORED)


@fault("created-resource changed-resource", by="creation update odd-request", depth=4)
class BodiesReadAsLatin1(Faulty):
    """A body is decoded as Latin-1, so only escaped letters are stored as sent."""

    def parse_body(self, request: Request) -> Any:
        text = request.body.decode("latin-1")
        return super().parse_body(replace(request, body=text.encode()))
