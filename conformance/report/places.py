"""The places in a response that a finding is about.

A finding may name a whole list although only one item is wrong, or a member without its item. This
module looks up the exact value that the finding describes, so that a report can point at it.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from conformance.base.values import ABSENT, NOT_JSON, cut, strict_json, texts_in
from conformance.model import Exchange, Finding, Json, Run, business_of, compact
from conformance.reading import answer_of, items_of, members_of

STATUS = "status"
"""The place of a finding about a status."""
TRANSFER = "transfer"
"""The place of a finding about how a response was sent."""
WHOLE = "/"
"""The place of a finding about a whole body."""
MOST = 3
"""Maximum number of places of one response."""
NODES = 20_000
"""Maximum number of values of a body that are compared with what a finding says."""
DEEPEST = 12
"""Levels of a body that are searched for a value."""
TELLING = 6
"""Minimum length of a text that counts as quoted or sent. Shorter ones may match by chance."""
LACKED = " is a required property"
"""The end of what the schema validator says about an object that lacks a member."""
SEVERAL = " of them: "
"""Follows the number of objects in a finding that expected one; the second object comes next."""
Nodes = Sequence[tuple[str, Json]]
"""Values of a body, each after its pointer."""

_AT_MOST = re.compile(r"at most (\d{1,6}) items")
_REFUSAL = re.compile(r"[345]\d\d( |$)")
_ITEMS = re.compile(r"\d+ items")


@dataclass(frozen=True)
class Place:
    """A place in a response: ``status``, the name of a header, or the pointer to a value.

    The pointer of the whole body is empty. ``missing`` describes what is missing, either in that
    object or array or, with ``before``, just before that item. ``member`` is the name of a missing
    member.
    """

    pointer: str
    missing: str = ""
    before: bool = False
    member: str = ""

    @staticmethod
    def lacking(pointer: str, member: str) -> Place:
        """The place of a missing member in the object at a pointer."""
        return Place(pointer, f"{compact(member)} is missing", member=member)

    @property
    def in_body(self) -> bool:
        """Whether it is in the body."""
        return self.pointer.startswith("/") or not self.pointer

    @property
    def words(self) -> str:
        """The place for people, such as ``/calls/3/status`` or ``missing before /calls/3``."""
        if self.member:
            return f"{self.pointer}/{self.member}"
        pointer = self.pointer or WHOLE
        if self.missing:
            return f"missing {'before' if self.before else 'in'} {pointer}"
        return pointer


def places_of(run: Run, finding: Finding, exchange: Exchange) -> list[Place]:
    """The places in the response of an exchange that a finding is about, at most MOST.

    Empty if this response is right; then that of another exchange of the finding is wrong.
    """
    where = finding.where
    if exchange.response is None or where == TRANSFER:
        return []
    if where == STATUS or (where == WHOLE and _REFUSAL.match(finding.actual)):
        return _of_status(run, finding, exchange)
    if not where.startswith("/"):
        return [Place(where)]
    if exchange.json is NOT_JSON:
        return [Place("")] if where == WHOLE and finding.apart else []
    return _in_body(run, finding, exchange)


def _of_status(run: Run, finding: Finding, exchange: Exchange) -> list[Place]:
    """The status, and the first foreign business in a success; empty if this response is right.

    A response is wrong if every exchange shows the finding by itself, or if it ``decides`` and has
    the quoted status. On a status, every response decides; on a body, only the last of its case.
    """
    decides = finding.where == STATUS or _is_last_of_case(run, finding, exchange)
    if finding.apart or (decides and _begins_with_status(finding.actual, exchange)):
        return [Place(STATUS), *_foreign_business(run, exchange)]
    return []


def _in_body(run: Run, finding: Finding, exchange: Exchange) -> list[Place]:
    """The places in the body of this response that a finding is about; empty if it is right."""
    where, actual = finding.where, finding.actual
    if actual.endswith(LACKED):
        return [Place.lacking(where.rstrip("/"), actual.removesuffix(LACKED).strip("'"))]
    decides = finding.apart or _is_last_of_case(run, finding, exchange)  # not just a step before
    if where == WHOLE:
        return list(_in_whole(run, finding, exchange, decides=decides))[:MOST]
    return _of_member(run, finding, exchange, decides=decides)


def _is_last_of_case(run: Run, finding: Finding, exchange: Exchange) -> bool:
    """Whether an exchange is the last one of its case among those of a finding."""
    shown_by = run.exchanges_of(finding.exchanges)
    of_case = [each.id for each in shown_by if each.case == exchange.case]
    return of_case[-1:] == [exchange.id]


def _begins_with_status(actual: str, exchange: Exchange) -> bool:
    """Whether the actual value of a finding begins with the status of an exchange."""
    return actual.split(" ", 1)[0].rstrip(",") == str(exchange.status)


# --- members --------------------------------------------------------------------------------------


def _of_member(run: Run, finding: Finding, exchange: Exchange, *, decides: bool) -> list[Place]:
    """The member that a finding points to: its pointer ends with that of the finding.

    It is the first one with the actual value of the finding. If there is none and this response
    ``decides``, it is the one with exactly that pointer, or else the first, or where it is missing.
    """
    where, actual = finding.where, finding.actual
    start, root = _object_sought(run, exchange)
    named = {pointer: member for pointer, member in _nodes(root, start) if pointer.endswith(where)}
    for pointer, value in named.items():
        if compact(value) == actual:
            return _differing(pointer, value, finding.expected)
    if not decides:
        return []
    if not named:
        return _missing(start + where, exchange.json)
    pointer = where if where in named else next(iter(named))
    return _inside(pointer, named[pointer], actual) or [Place(pointer)]


def _object_sought(run: Run, exchange: Exchange) -> tuple[str, Json]:
    """The object that a request looked for, or else the whole body. Its pointer comes first."""
    name, sought = identifier_in(run, exchange), exchange.facts.sought
    for pointer, value in _first_nodes(exchange.json):
        if sought and str(members_of(value).get(name)) == sought:
            return pointer, value
    return "", exchange.json


def _differing(pointer: str, value: Json, expected: str) -> list[Place]:
    """The members of an object that differ from the expected one; the whole value if none does."""
    required, actual = members_of(strict_json(expected)), members_of(value)
    wrong = [name for name in actual if name in required and required[name] != actual[name]]
    return [Place(f"{pointer}/{name}") for name in wrong][:MOST] or [Place(pointer)]


def _inside(pointer: str, value: Json, actual: str) -> list[Place]:
    """The texts in an object that a finding quotes; empty if the value is not an object."""
    if not isinstance(value, dict):
        return []
    return _quoted_texts(list(_nodes(value, pointer)), actual)[:MOST]


def _missing(where: str, body: Json) -> list[Place]:
    """The place of a missing member: in the innermost object or array on its path that exists."""
    parent, _, name = where.rpartition("/")
    known = {pointer for pointer, value in _nodes(body, "") if isinstance(value, dict | list)}
    while parent and parent not in known:
        parent, _, name = parent.rpartition("/")
    return [Place.lacking(parent, name)] if parent in known else []


def _nodes(value: Json, pointer: str, depth: int = 0) -> Iterator[tuple[str, Json]]:
    """A value, and all values inside it down to DEEPEST levels, each after its pointer."""
    yield pointer, value
    if depth == DEEPEST or not isinstance(value, dict | list):
        return
    pairs = value.items() if isinstance(value, dict) else enumerate(value)
    for name, member in pairs:
        yield from _nodes(member, f"{pointer}/{name}", depth + 1)


# --- findings about a whole body ------------------------------------------------------------------


def _in_whole(run: Run, finding: Finding, exchange: Exchange, *, decides: bool) -> Iterator[Place]:
    """The places in a body that a finding about the whole body means.

    The wrong member of the object that it quotes, or the ids of that object and its twins. If it
    quotes no object and this response ``decides``: the texts that it quotes or else the first
    surplus item, and the list without the object that was looked for.
    """
    nodes = _first_nodes(exchange.json)
    actual = "" if _begins_with_status(finding.actual, exchange) else finding.actual
    quoted = _quoted_object(nodes, actual)
    if quoted is not None:
        pointer, item = quoted
        if SEVERAL in actual:
            yield from _twins(run, finding, exchange, item)
        else:
            yield _wrong_member(run, exchange, pointer, item)
    elif decides:
        yield from _quoted_texts(nodes, actual) or _surplus(run, finding, exchange)
        yield from _list_without_sought(run, finding, exchange)


def _first_nodes(body: Json) -> list[tuple[str, Json]]:
    """The first NODES values of a body with their pointers."""
    return list(islice(_nodes(body, ""), NODES))


def _quoted_object(nodes: Nodes, actual: str) -> tuple[str, dict[str, Any]] | None:
    """The largest object in a body that a finding quotes, after its pointer; None without one."""
    longest, found = TELLING, None
    for pointer, value in nodes:
        if not pointer or not isinstance(value, dict):
            continue
        written = compact(value)
        if len(written) > longest and written in actual:
            longest, found = len(written), (pointer, value)
    return found


def _wrong_member(run: Run, exchange: Exchange, pointer: str, item: dict[str, Any]) -> Place:
    """The member that makes an item wrong, or the whole item if it has none of these.

    Its business if that is foreign, or a text that contains one of the ``fresh`` texts in the
    labels of the request, or else its id.
    """
    if _is_foreign(run, exchange, item):
        return Place(f"{pointer}/{run.contract.tenant}")
    for name, value in item.items():
        if isinstance(value, str) and any(text in value for text in exchange.facts.fresh):
            return Place(f"{pointer}/{name}")
    name = identifier_in(run, exchange)
    return Place(f"{pointer}/{name}" if name in item else pointer)


def _is_foreign(run: Run, exchange: Exchange, item: Any) -> bool:
    """Whether an item names a declared business other than that of the key."""
    businesses = run.target.businesses
    own = businesses.get(business_of(exchange.identity or "") or "")
    named = members_of(item).get(run.contract.tenant or "")
    return own is not None and named != own and named in businesses.values()


def _foreign_business(run: Run, exchange: Exchange) -> list[Place]:
    """The first business in a success that is not that of the key; empty if there is none."""
    if exchange.ok and exchange.json is not NOT_JSON:
        for pointer, value in _first_nodes(exchange.json):
            if _is_foreign(run, exchange, value):
                return [Place(f"{pointer}/{run.contract.tenant}")]
    return []


def identifier_in(run: Run, exchange: Exchange) -> str:
    """The name of the member that identifies the objects of a response."""
    answer = answer_of(run.contract, exchange)
    return run.contract.identifier_of(answer.operation.kind if answer else "")


def _twins(run: Run, finding: Finding, exchange: Exchange, item: dict[str, Any]) -> Iterator[Place]:
    """The places of the ids of an item and of its twins.

    A twin shows one of the texts of the item that a request of the finding sent.
    """
    sent = {text for text in texts_in(item.values()) if _was_sent(run, finding, text)}
    name = identifier_in(run, exchange)
    for pointer, value in _first_nodes(exchange.json):
        shown = members_of(value)
        if name in shown and not sent.isdisjoint(texts_in(shown.values())):
            yield Place(f"{pointer}/{name}")


def _was_sent(run: Run, finding: Finding, text: str) -> bool:
    """Whether a request of a finding sent a text that is too long to match by chance."""
    if len(text) < TELLING:
        return False
    bodies = [each.request.body for each in run.exchanges_of(finding.exchanges)]
    return any(compact(text, sys.maxsize) in body.written for body in bodies if body)


def _quoted_texts(nodes: Nodes, actual: str) -> list[Place]:
    """The texts of a body that a finding quotes, or that contain what it quotes.

    If some are exactly what it quotes, only these count. Otherwise only the longest do, because
    shorter ones may be part of the quotation by chance.
    """
    quoted = actual.strip('"')
    texts = dict(_matching_texts(nodes, actual, quoted))
    longest = max((len(text) for text in texts.values()), default=0)
    exact = [pointer for pointer, text in texts.items() if text == quoted]
    chosen = exact or [pointer for pointer, text in texts.items() if len(text) == longest]
    return [Place(pointer) for pointer in chosen]


def _matching_texts(nodes: Nodes, actual: str, quoted: str) -> Iterator[tuple[str, str]]:
    """The texts that are part of the actual value, or contain what it quotes, with pointers."""
    for pointer, value in nodes:
        if not isinstance(value, str) or min(len(value), len(quoted)) < TELLING:
            continue
        if value in actual or quoted in value:
            yield pointer, value


def _surplus(run: Run, finding: Finding, exchange: Exchange) -> Iterator[Place]:
    """The first item beyond the expected maximum of a list; its first item if none is expected."""
    stated = _AT_MOST.match(finding.expected)
    pointer, items = list_in(run, exchange)
    maximum = int(stated[1]) if stated else 0
    if _ITEMS.match(finding.actual) and maximum < len(items):
        name = identifier_in(run, exchange)
        item = f"{pointer}/{maximum}"
        yield Place(f"{item}/{name}" if name in members_of(items[maximum]) else item)


def _list_without_sought(run: Run, finding: Finding, exchange: Exchange) -> Iterator[Place]:
    """The list, if it lacks the expected object that the request looked for."""
    sought = exchange.facts.sought
    pointer, items = list_in(run, exchange)
    if not sought or sought not in finding.expected or not exchange.ok or not pointer:
        return
    name = identifier_in(run, exchange)
    if sought not in [str(members_of(item).get(name, ABSENT)) for item in items]:
        yield Place(pointer, f"{cut(sought, 80)} is missing")


def list_in(run: Run, exchange: Exchange) -> tuple[str, list[Any]]:
    """The pointer to the items of a list, and the items; both empty without a list."""
    answer, body = answer_of(run.contract, exchange), exchange.json
    items = items_of(answer.operation, body) if answer else None
    for name, member in members_of(body).items():
        if isinstance(member, list) and member is items:
            return f"/{name}", member
    return "", []
