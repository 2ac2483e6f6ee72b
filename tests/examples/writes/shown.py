"""Examples of later responses that show an object which the run has written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from conformance.model import Exchange
from tests.examples.base import Example, accepted, examples_of, refused, silent
from tests.support.exchanges import answer, proxy, refusal, with_request_body

CREATED = "2026-04-17T12:00:00Z"
LATER, SOON = 30, 2
"""Seconds after which every response must show a write, and after which none has to."""


def at(second: int, exchange: Exchange) -> Exchange:
    """An exchange that was sent at a second of the run."""
    return replace(exchange, started=f"2026-05-01T10:00:{second:02}.000+00:00", elapsed_ms=20)


def created(name: str = "First", **members: Any) -> Exchange:
    """The eval e1 is created at the start."""
    body = {"id": "e1", "created_at": CREATED, "name": name, **members}
    exchange = answer(201, body, operation="create_eval", role="setup")
    return at(0, with_request_body(exchange, {"name": name, **members}))


def changed(second: int = 1, status: int = 200, **members: Any) -> Exchange:
    """The eval e1 is changed, or the change is refused."""
    exchange = answer(200, {"id": "e1"}, operation="update_eval", role="setup")
    if status != 200:
        exchange = refusal("forbidden", operation="update_eval", role="probe", mistake=True)
    return at(second, with_request_body(exchange, {"id": "e1", **members}))


def deleted(second: int = 1) -> Exchange:
    """The eval e1 is deleted."""
    query = {"id": "e1"}
    return at(second, answer(200, {}, operation="delete_eval", role="setup", query=query))


def listed(second: int, name: Any = "First", **members: Any) -> Exchange:
    """A list that shows the eval e1."""
    item = {"id": "e1", "created_at": CREATED, "name": name, **members}
    return at(second, answer(200, {"evals": [item], "has_more": False}, operation="list_evals"))


def read(second: int, name: Any = "First", **members: Any) -> Exchange:
    """A read of the eval e1."""
    body = {"id": "e1", "created_at": CREATED, "name": name, **members}
    return at(second, answer(200, body, operation="read_eval", query={"id": "e1"}))


@examples_of("create.shown", operation="create_eval")
def a_new_object_is_shown_as_sent() -> Iterator[Example]:
    """Whatever shows an object shows what its creation sent."""
    yield accepted("a list shows it", created(), listed(LATER))
    yield refused("a list shows another name", created(), listed(SOON), listed(LATER, "Another"))
    slow = replace(created(), elapsed_ms=10_000)
    renamed = (slow, changed(1, name="Second"), read(LATER, "Second"))
    yield silent("the log says that its creation ended after a change of it", *renamed)
    yield refused("a read shows another name", created(), read(LATER, "Another"))
    yield silent("a list shows another name soon", created(), listed(SOON, "Another"))
    yield silent("another object is shown", created(), at(LATER, answer(200, {"id": "e2"})))
    long = "A name of many words"
    yield silent("lists cut names", created(long), listed(LATER, "A name of..."))
    yield accepted("a list shows no name", created(), read(LATER), listed(LATER + 1, None))
    yield silent("the list has its own form", created(), read(LATER), listed(LATER, "FIRST"))
    yield silent("the object may have been changed", created(), lost(), listed(LATER, "Another"))


def unfound(second: int, name: str = "e1") -> Exchange:
    """A read that finds no eval."""
    return at(second, refusal("not_found", operation="read_eval", query={"id": name}))


@examples_of("create.shown", operation="create_eval")
def a_new_object_can_be_read() -> Iterator[Example]:
    """Once it has settled, unless something else may have removed it."""
    other = at(1, answer(200, {"id": "e2"}, operation="read_eval", query={"id": "e2"}))
    yield refused("reads find other evals only", created(), other, unfound(LATER))
    yield silent("reads find nothing at all", created(), unfound(LATER))
    yield silent("it may take some time", created(), other, unfound(SOON))
    yield silent("it was deleted", created(), other, deleted(), unfound(LATER))
    refusing = at(2, refusal("forbidden", operation="delete_eval", query={"id": "e1"}))
    yield silent("a refused deletion may have done it", created(), other, refusing, unfound(LATER))
    body = {"id": "e9", "created_at": CREATED, "name": "First"}
    made = answer(201, body, operation="create_eval", role="setup")
    twin = at(1, with_request_body(made, {"name": "First"}))
    yield silent("the target keeps one of two equal objects", created(), other, twin,
                 unfound(LATER))  # fmt: skip
    page = at(LATER, proxy(404, operation="read_eval", query={"id": "e1"}))
    yield silent("a gateway finds nothing", created(), other, page)
    yield silent("another one is missing", created(), other, unfound(LATER, "e3"))
    yield accepted("it was shown before", created(), other, listed(3), unfound(LATER))


def lost() -> Exchange:
    """A change without a response."""
    exchange = answer(None, operation="update_eval", role="setup")
    return at(1, with_request_body(exchange, {"id": "e1", "name": "Another"}))


@examples_of("update.shown", operation="update_eval")
def a_change_is_shown_everywhere() -> Iterator[Example]:
    """Once it has settled, a change shows in every response."""
    change = created(), changed(name="Second")
    yield accepted("a list shows it", *change, listed(LATER, "Second"))
    stale = listed(LATER, "First")
    yield refused("a list shows the former name", created(), listed(0), changed(2, name="Second"),
                  listed(SOON + 1, "Second"), stale)  # fmt: skip
    yield refused("a read shows the former name", *change, read(LATER, "First"))
    yield silent("a list shows the former name for a while", *change, listed(SOON, "First"))
    during = replace(stale, elapsed_ms=9_000), at(LATER + 1, changed(name="Third"))
    yield silent("another change is under way", *change, *during)


@examples_of("delete.shown", operation="delete_eval")
def a_deleted_object_stays_away() -> Iterator[Example]:
    """A deleted object is not shown again, unless as deleted."""
    before = created(), read(1), deleted(2)
    yield refused("a list shows it again", *before, listed(LATER))
    yield accepted("a list shows it as deleted", *before, listed(LATER, deleted_at=CREATED))
    yield silent("a list shows it for a while", *before, listed(SOON + 1))
    again = replace(created("Again"), started="2026-05-01T10:00:10.000+00:00")
    yield silent("it was created again", *before, again, listed(LATER, "Again"))
    twin = replace(created(), started="2026-05-01T10:00:00.500+00:00")
    yield silent("there were two of that name", created(), twin, *before[1:], listed(LATER))


@examples_of("refused.shown", operation="update_eval")
def a_refused_change_does_not_show_later() -> Iterator[Example]:
    """What only a refused request has sent is not shown."""
    refused_change = created(), changed(status=403, name="Refused, 7 of 9")
    yield accepted("a list shows the name as it was", *refused_change, listed(LATER))
    yield refused(
        "a list shows the refused name", *refused_change, listed(LATER, "Refused, 7 of 9")
    )
    accepted_later = changed(5, name="Refused, 7 of 9")
    yield silent("the same was accepted", *refused_change, accepted_later,
                 listed(LATER, "Refused, 7 of 9"))  # fmt: skip


@examples_of("create.dated", operation="list_evals")
def every_response_shows_one_time() -> Iterator[Example]:
    """An object has one time of creation, wherever it is shown."""
    other = listed(SOON, created_at="2026-04-17T14:00:00Z")
    yield accepted("two lists agree", listed(1), listed(SOON))
    yield refused("a list between two others disagrees", listed(1), other, read(LATER))
    yield silent("the time has moved", listed(1), other)
    rounded = listed(SOON, created_at="2026-04-17T12:00:00.400+00:00")
    yield silent("a list shows more digits", listed(1), rounded, read(LATER, created_at=None))
