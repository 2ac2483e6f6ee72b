"""Faults of what is stored of a text or a number that clients rarely send."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import KW_ONLY, dataclass
from typing import Any

from conformance.server.messages import Context
from tests.faults.base import Entry, Faulty, faults_of, is_for


@dataclass(frozen=True)
class Rewritten(Entry):
    """A member of a body, and what a server makes of its value before it stores it."""

    member: str
    change: Callable[[Any], Any]
    _: KW_ONLY
    also: str = "changed-resource created-resource success-members read-resource"
    by: str = "generated creation change-of-each-member"
    depth: int = 5


def rewrites(entry: Rewritten) -> type[Faulty]:
    """The reference server, which stores another value of one member."""

    class Rewrites(Faulty):
        def kept(self, kind: str, values: Mapping[str, Any]) -> dict[str, Any]:
            kept = super().kept(kind, values)
            if self.is_here and entry.member in kept:
                kept[entry.member] = entry.change(kept[entry.member])
            return kept

        is_here = False

        def as_shown(self, context: Context) -> dict[str, Any]:
            self.is_here = is_for(context, entry.here)
            return super().as_shown(context)

    return Rewrites


def _swap(pattern: str, replacement: str) -> Callable[[Any], Any]:
    """A replacement of whatever matches a pattern in a text."""

    def swap(value: Any) -> Any:
        return re.sub(pattern, replacement, value) if isinstance(value, str) else value

    return swap


CREATED, CHANGED = "created-resource", "changed-resource"

REWRITTEN = {
    "create_lead doubles the apostrophes in notes.": Rewritten(
        "apostrophe-doubled", "notes", _swap("'", "''"), breaks=CREATED,
        at="create_lead read_lead list_leads"),
    "create_eval drops letters of right-to-left scripts from the description.": Rewritten(
        "right-to-left-lost", "description", _swap("[\u0590-\u06ff]", ""), breaks=CREATED,
        at="create_eval read_eval list_evals"),
    "update_eval drops the marks of Indic scripts from the description.": Rewritten(
        "indic-marks-lost", "description", _swap("[\u0900-\u0903\u093a-\u094f]", ""),
        breaks=CHANGED, at="update_eval read_eval list_evals"),
    "update_agent loses what is not Latin in the name.": Rewritten(
        "only-latin-kept", "name", _swap("[\u0370-\u1fff]", ""), breaks=CHANGED,
        at="update_agent read_agent list_agents"),
    "create_workspace takes percent signs and digits in a name for an encoding.": Rewritten(
        "name-decoded", "name", _swap("%[0-9A-Fa-f]{2}", "?"), breaks=CREATED,
        at="create_workspace read_workspace list_workspaces"),
    "create_agent keeps 512 characters of the name.": Rewritten(
        "name-cut-at-512", "name", lambda value: value[:512], breaks=CREATED,
        at="create_agent read_agent list_agents"),
    "update_lead calculates what follows an equals sign in notes.": Rewritten(
        "formula-calculated", "notes", _swap(r"=1\+1", "2"), breaks=CHANGED,
        at="update_lead read_lead list_leads"),
    "create_webhook drops what a description says in double braces.": Rewritten(
        "template-filled-in", "description", _swap(r"\{\{.*?\}\}", ""), breaks=CREATED,
        at="create_webhook list_webhooks"),
    "create_lead cuts the tag out of an e-mail address.": Rewritten(
        "tag-of-new-lead-cut", "email", _swap(r"\+[^@]*", ""), breaks=CREATED,
        at="create_lead read_lead list_leads"),
    "update_lead cuts the tag out of an e-mail address.": Rewritten(
        "tag-of-lead-cut", "email", _swap(r"\+[^@]*", ""), breaks=CHANGED,
        at="update_lead read_lead list_leads"),
    "update_workspace drops what follows a number sign in a name.": Rewritten(
        "comment-cut", "name", _swap("#.*", ""), breaks=CHANGED,
        at="update_workspace read_workspace list_workspaces"),
}  # fmt: skip

faults_of(rewrites, __name__, REWRITTEN)


@dataclass(frozen=True)
class Crowded(Entry):
    """A member that a server drops if a request has at least some number of members."""

    member: str
    count: int
    _: KW_ONLY
    also: str = "changed-resource created-resource success-members"
    by: str = "generated creation change-of-each-member update"
    depth: int = 5


def drops_in_a_crowd(entry: Crowded) -> type[Faulty]:
    """The reference server, which drops one member of a request with many."""

    class DropsInACrowd(Faulty):
        def as_shown(self, context: Context) -> dict[str, Any]:
            shown = super().as_shown(context)
            if is_for(context, entry.here) and len(shown) >= entry.count:
                shown.pop(entry.member, None)
            return shown

    return DropsInACrowd


CROWDED = {
    "update_agent keeps the old name if it changes six members at once.": Crowded(
        "name-lost-in-a-crowd", "name", 7, breaks=CHANGED,
        at="update_agent read_agent list_agents"),
    "update_eval keeps the old description if it changes three members at once.": Crowded(
        "description-lost-in-a-crowd", "description", 4, breaks=CHANGED,
        at="update_eval read_eval list_evals"),
}  # fmt: skip

faults_of(drops_in_a_crowd, __name__, CROWDED)
