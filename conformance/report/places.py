"""The places in a response that a finding is about.

A finding may name a whole list although one item is wrong, or a member without its item. Here the
value is looked up that the finding describes, so that a reader sees exactly that.
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
"""The fewest characters of a text that a finding does not contain by chance."""
LACKED = " is a required property"
"""The end of what the schema validator says about an object that lacks a member."""
SEVERAL = " of them: "
"""What findings say between a number of objects and the second one, if one was expected."""

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

    Empty if this response is right, because that of another exchange of the finding is wrong.
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

    This response is wrong if each exchange of the finding is, or if the finding has its status.
    """
    decides = finding.where == STATUS or _is_last(run, finding, exchange)
    if finding.apart or (decides and _says(finding.actual, exchange)):
        return [Place(STATUS), *_foreign(run, exchange)]
    return []


def _in_body(run: Run, finding: Finding, exchange: Exchange) -> list[Place]:
    """The places that a finding is about in the body of a response; empty if this one is right."""
    where, actual = finding.where, finding.actual
    if actual.endswith(LACKED):
        return [Place.lacking(where.rstrip("/"), actual.removesuffix(LACKED).strip("'"))]
    decides = finding.apart or _is_last(run, finding, exchange)
    if where == WHOLE:
        return list(_in_whole(run, finding, exchange, decides=decides))[:MOST]
    return _of_member(run, finding, exchange, decides=decides)


def _is_last(run: Run, finding: Finding, exchange: Exchange) -> bool:
    """Whether an exchange is the last of its case that shows a finding."""
    shown_by = run.exchanges_of(finding.exchanges)
    of_case = [each.id for each in shown_by if each.case == exchange.case]
    return of_case[-1:] == [exchange.id]


def _says(actual: str, exchange: Exchange) -> bool:
    """Whether the actual value of a finding begins with the status of an exchange."""
    return actual.split(" ", 1)[0].rstrip(",") == str(exchange.status)


# --- members --------------------------------------------------------------------------------------


def _of_member(run: Run, finding: Finding, exchange: Exchange, *, decides: bool) -> list[Place]:
    """The member at the pointer of a finding, which may begin at an object in the body.

    It is the one with the actual value of the finding. If there is none and this response
    ``decides``, it is the first member at that pointer, or the place where it is missing.
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
    """The object that a request looked for, after its pointer; the whole body without one."""
    name, sought = identifier_in(run, exchange), exchange.facts.sought
    for pointer, value in _first_nodes(exchange.json):
        if sought and str(members_of(value).get(name)) == sought:
            return pointer, value
    return "", exchange.json


def _differing(pointer: str, value: Json, expected: str) -> list[Place]:
    """The members of an object that differ from the expected one; the whole value if none does."""
    wanted, given = members_of(strict_json(expected)), members_of(value)
    wrong = [name for name in given if name in wanted and wanted[name] != given[name]]
    return [Place(f"{pointer}/{name}") for name in wrong][:MOST] or [Place(pointer)]


def _inside(pointer: str, value: Json, actual: str) -> list[Place]:
    """The texts in an object that a finding quotes; empty if the value is no object."""
    if not isinstance(value, dict):
        return []
    return _quoted_texts(list(_nodes(value, pointer)), actual)[:MOST]


def _missing(where: str, body: Json) -> list[Place]:
    """The place of a missing member: in the innermost object or array on the way that is there."""
    parent, _, name = where.rpartition("/")
    known = {pointer for pointer, value in _nodes(body, "") if isinstance(value, dict | list)}
    while parent and parent not in known:
        parent, _, name = parent.rpartition("/")
    return [Place.lacking(parent, name)] if parent in known else []


def _nodes(value: Json, pointer: str, depth: int = 0) -> Iterator[tuple[str, Json]]:
    """Every value in a value with its pointer, outermost first, down to DEEPEST levels."""
    yield pointer, value
    if depth == DEEPEST or not isinstance(value, dict | list):
        return
    pairs = value.items() if isinstance(value, dict) else enumerate(value)
    for name, member in pairs:
        yield from _nodes(member, f"{pointer}/{name}", depth + 1)


# --- what a finding about a whole body names ------------------------------------------------------


def _in_whole(run: Run, finding: Finding, exchange: Exchange, *, decides: bool) -> Iterator[Place]:
    """The places in a body that a finding about the whole body names.

    The object that it quotes, or if this response ``decides``, the texts that it quotes, surplus
    items, or the list without the object that was looked for.
    """
    nodes = _first_nodes(exchange.json)
    said = "" if _says(finding.actual, exchange) else finding.actual
    named = _quoted_object(nodes, said)
    if named is not None:
        pointer, item = named
        if SEVERAL in said:
            yield from _twins(run, finding, exchange, item)
        else:
            yield _guilty(run, exchange, pointer, item)
    elif decides:
        yield from _quoted_texts(nodes, said) or _surplus(run, finding, exchange)
        yield from _gone(run, finding, exchange)


def _first_nodes(body: Json) -> list[tuple[str, Json]]:
    """The first NODES values of a body with their pointers."""
    return list(islice(_nodes(body, ""), NODES))


def _quoted_object(
    nodes: Sequence[tuple[str, Json]], said: str
) -> tuple[str, dict[str, Any]] | None:
    """The largest object in a body that a finding quotes, after its pointer; None without one."""
    longest, found = TELLING, None
    for pointer, value in nodes:
        if not pointer or not isinstance(value, dict):
            continue
        written = compact(value)
        if len(written) > longest and written in said:
            longest, found = len(written), (pointer, value)
    return found


def _guilty(run: Run, exchange: Exchange, pointer: str, item: dict[str, Any]) -> Place:
    """The member that makes an item wrong.

    The business it belongs to, if it is not the one of the key; a text that should not be there; or
    else its id.
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


def _foreign(run: Run, exchange: Exchange) -> list[Place]:
    """The first business in a success that is not that of the key."""
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

    A twin shows a text that the item shows, too, and that a request of the finding sent.
    """
    sent = {text for text in texts_in(item.values()) if _was_sent(run, finding, text)}
    name = identifier_in(run, exchange)
    for pointer, value in _first_nodes(exchange.json):
        shown = members_of(value)
        if name in shown and not sent.isdisjoint(texts_in(shown.values())):
            yield Place(f"{pointer}/{name}")


def _was_sent(run: Run, finding: Finding, text: str) -> bool:
    """Whether a request of a finding sent a text that nothing contains by chance."""
    if len(text) < TELLING:
        return False
    bodies = [each.request.body for each in run.exchanges_of(finding.exchanges)]
    return any(compact(text, sys.maxsize) in body.written for body in bodies if body)


def _quoted_texts(nodes: Sequence[tuple[str, Json]], said: str) -> list[Place]:
    """The texts of a body that a finding quotes, or that contain what it quotes.

    If some are exactly what it quotes, only these count. Otherwise only the longest do, because
    shorter ones may be part of the quotation by chance.
    """
    quoted = said.strip('"')
    texts = dict(_texts_alike(nodes, said, quoted))
    longest = max((len(text) for text in texts.values()), default=0)
    exact = [pointer for pointer, text in texts.items() if text == quoted]
    chosen = exact or [pointer for pointer, text in texts.items() if len(text) == longest]
    return [Place(pointer) for pointer in chosen]


def _texts_alike(
    nodes: Sequence[tuple[str, Json]], said: str, quoted: str
) -> Iterator[tuple[str, str]]:
    """The texts, after their pointers, that are part of what is said, or contain what is quoted."""
    for pointer, value in nodes:
        if not isinstance(value, str) or min(len(value), len(quoted)) < TELLING:
            continue
        if value in said or quoted in value:
            yield pointer, value


def _surplus(run: Run, finding: Finding, exchange: Exchange) -> Iterator[Place]:
    """The first item beyond the expected maximum of a list that has too many."""
    most = _AT_MOST.match(finding.expected)
    pointer, items = list_in(run, exchange)
    beyond = int(most[1]) if most else 0
    if _ITEMS.match(finding.actual) and beyond < len(items):
        name = identifier_in(run, exchange)
        item = f"{pointer}/{beyond}"
        yield Place(f"{item}/{name}" if name in members_of(items[beyond]) else item)


def _gone(run: Run, finding: Finding, exchange: Exchange) -> Iterator[Place]:
    """The list that does not show an expected object that the request looked for."""
    sought = exchange.facts.sought
    pointer, items = list_in(run, exchange)
    if not sought or sought not in finding.expected or not exchange.ok or not pointer:
        return
    name = identifier_in(run, exchange)
    if sought not in [str(members_of(item).get(name, ABSENT)) for item in items]:
        yield Place(pointer, f"{cut(sought, 80)} is missing")


def list_in(run: Run, exchange: Exchange) -> tuple[str, list[Any]]:
    """The pointer to the items of a list, and the items; both empty if a response is no list."""
    answer, body = answer_of(run.contract, exchange), exchange.json
    items = items_of(answer.operation, body) if answer else None
    for name, member in members_of(body).items():
        if isinstance(member, list) and member is items:
            return f"/{name}", member
    return "", []
