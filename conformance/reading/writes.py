"""Compares what a write sent with what a read or a list shows."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction
from itertools import groupby
from typing import Any

from conformance.base.values import instant, instants, texts_in, without
from conformance.model import Contract, Exchange, Open, Operation, compact
from conformance.reading.items import members_of
from conformance.reading.response import Answer, answer_of, query_value, sought_in

MOST_MARKS = 30
"""Maximum number of combining marks on a letter in a text that is normalized."""

EMPTY: tuple[Any, ...] = ("", [], {}, None)
"""Values that an object may show as null, because they mean no value."""


def comparable_members(operation: Operation, sent: Mapping[str, Any], got: Any) -> list[str]:
    """The sent members that a read shows and that can be compared.

    An optional member may be left out. It may also be null, unless the contract provides a value
    for it that is not empty.
    """
    members, never_null = members_of(got), _never_null(operation, sent)
    return [
        name
        for name in sent
        if name in members and (members[name] is not None or name in never_null)
    ]


def _never_null(operation: Operation, sent: Mapping[str, Any]) -> set[str]:
    """The members that must not be null, by the names under which the object shows them.

    These are the required ones, and those with a value in the contract. An optional member that was
    sent empty may be null.
    """
    names = set()
    for parameter in operation.body:
        is_empty = sent.get(parameter.shown_as) in EMPTY
        if parameter.required or (parameter.has_value and not is_empty):
            names.add(parameter.shown_as)
    return names


def as_shown(operation: Operation, sent: Mapping[str, Any]) -> dict[str, Any]:
    """The sent members, by the names under which the object shows them."""
    names = {parameter.name: parameter.shown_as for parameter in operation.body}
    return {names.get(name, name): value for name, value in sent.items()}


def writable(operation: Operation, sent: Mapping[str, Any]) -> dict[str, Any]:
    """The sent values by request name, without members that no source describes as writable.

    A server may ignore these, for example because it computes them.
    """
    ignorable = {member.name for member in operation.body if Open.EFFECT in member.open}
    return without(sent, ignorable)


def sent_and_shown(sent: Mapping[str, Any], got: Any) -> list[tuple[Any, Any]]:
    """Pairs of a sent value and the value of the same member that an object shows.

    A null member counts as not shown.
    """
    members = members_of(got)
    return [(sent[name], members[name]) for name in sent if members.get(name) is not None]


def differences(
    operation: Operation, sent: Mapping[str, Any], got: Any
) -> Iterator[tuple[str, str, str]]:
    """Each member that a read shows with a different value than was sent: where, expected, actual.

    ``sent`` uses the names of the request. Where is a JSON pointer into ``got``; the values are
    short JSON texts.
    """
    sent = as_shown(operation, sent)
    for name in comparable_members(operation, sent, got):
        if not same(sent[name], got[name]):
            yield f"/{name}", compact(sent[name]), compact(got[name])


def same(sent: Any, got: Any) -> bool:
    """Whether a value was returned as sent.

    White space in a text may be trimmed or collapsed, and Unicode may be normalized. An object may
    have additional members. A list must keep its order and its length.
    """
    match sent, got:
        case str(), str():
            return sent == got or _normalized(sent) == _normalized(got)
        case dict(), dict():
            return all(name in got and same(value, got[name]) for name, value in sent.items())
        case list(), list():
            return len(sent) == len(got) and all(
                same(one, other) for one, other in zip(sent, got, strict=True)
            )
        case (bool(), _) | (_, bool()):  # true equals 1 in Python
            return sent is got
    return bool(sent == got)


def _normalized(text: str) -> str:
    """A text in normal form C, with white space collapsed and trimmed.

    A text with many marks on one letter is not normalized, because sorting them takes quadratic
    time.
    """
    if _most_marks(text) <= MOST_MARKS:
        text = unicodedata.normalize("NFC", text)
    return " ".join(text.split())


def _most_marks(text: str) -> int:
    """The maximum number of combining marks on one letter."""
    if text.isascii():
        return 0
    runs = groupby(text, lambda char: unicodedata.combining(char) > 0)
    return max((len(list(run)) for marks, run in runs if marks), default=0)


def lacks_new_object(contract: Contract, page: Exchange) -> bool:
    """Whether a page proves that a list lacks the new or changed object that its request sought.

    The page must show the object if no page can follow, or if it is ordered from new to old and its
    first item is older. False if it shows the object, is unreadable, or may begin past the object
    because of its cursor.
    """
    answer = answer_of(contract, page)
    if answer is None or answer.items is None:
        return False
    listed, _ = sought_in(contract, page)
    if listed is not None:
        return False
    position = instant(page.facts.position)
    moments = instants(answer.positions)
    if _may_have_skipped(answer, position, moments):
        return False
    return answer.is_end or _begins_older(position, moments)


def _begins_older(position: Fraction | None, moments: list[Fraction]) -> bool:
    """Whether a page ordered from new to old starts with an item older than a position."""
    if position is None or not moments:
        return False
    return position > moments[0] > moments[-1]


def _may_have_skipped(answer: Answer, position: Fraction | None, moments: list[Fraction]) -> bool:
    """Whether the cursor of a page, if it has one, may have skipped an object at a position.

    A list may run in either direction. So only a cursor older than the object and than all
    ``moments`` of the page certainly skips nothing. True, too, if one of the times is unknown.
    """
    paging = answer.operation.paging
    cursor = query_value(answer.exchange, paging.after) if paging is not None else None
    if cursor is None:
        return False
    begin = instant(cursor)
    if position is None or begin is None:
        return True
    return begin >= min([position, *moments])


# --- what a write asks for ---


def sent_members(exchange: Exchange) -> dict[str, Any]:
    """The members of the object in a request body.

    Empty for a request without a body, and for a body that is not an object.
    """
    body = exchange.request.body
    if body is None:
        return {}
    return members_of(body.parsed.value)


def refused_member(operation: Operation, exchange: Exchange) -> str | None:
    """The first body member of a request with a value that is invalid under every reading.

    None if there is no such member.
    """
    members = sent_members(exchange)
    for parameter in operation.body:
        if parameter.name in members and members[parameter.name] in parameter.refuse:
            return parameter.name
    return None


SHORTEST = 4
"""Minimum length of a word that names an action."""


def state_prefixes(operation: Operation, exchange: Exchange) -> Iterator[str]:
    """Beginnings of the states that a request asks for, such as ``paus`` for the word ``pause``.

    Such words are the values of its body that come from an enumeration and are not too short.
    """
    members = sent_members(exchange)
    for parameter in operation.body:
        for word in texts_in([members.get(parameter.name)]):
            if word in parameter.schema.get("enum", ()) and len(word) >= SHORTEST:
                yield word.lower().rstrip("e")


def members_in_state(operation: Operation, write: Exchange, shown: Any) -> dict[str, Any]:
    """The members of an object that show a state requested by a write, such as ``paused``."""
    prefixes = tuple(state_prefixes(operation, write))
    members = members_of(shown).items()
    return {name: value for name, value in members if str(value).lower().startswith(prefixes)}


def texts_of_creations(contract: Contract, kind: str) -> frozenset[str]:
    """The members with a text, list or object that creations of a kind take, but changes do not.

    They have the names under which the object shows them. References are left out.
    """
    texts: set[str] = set()
    for creation in contract.operations_by("create", kind):
        for member in creation.body:
            if member.is_written and not contract.refers(member):
                texts.add(member.shown_as)
    for change in contract.operations_by("update", kind):
        texts -= {member.shown_as for member in change.body}
    return frozenset(texts)


def other_names(texts: Iterable[str], changed: Iterable[str]) -> list[str]:
    """The members among ``texts`` that may be other names of members that a change sent.

    ``texts`` are those of ``texts_of_creations``, ``changed`` the names of the sent members.

    A creation of an agent takes ``system_prompt``, and a change ``inbound_prompt``: a target may
    store both in one place. Such names end in the same word.
    """
    last_words = {name.rpartition("_")[2] for name in changed}
    return [name for name in texts if name.rpartition("_")[2] in last_words]
