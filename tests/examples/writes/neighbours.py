"""Examples of writes that must leave the objects beside theirs alone."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from conformance.model import Exchange
from tests.examples.base import Example, accepted, examples_of, refused, silent
from tests.support.exchanges import answer, at, refusal, with_request_body

Rows = list[dict[str, Any]]

ONE, TWO, THREE = ({"id": f"w{number}", "description": f"{number}"} for number in (1, 2, 3))
BOTH = [TWO, ONE]


def listed(step: str, rows: Rows, *, more: bool = False, side: str = "own") -> Exchange:
    """A page of webhooks, before or after the write."""
    body = {"webhooks": rows, "has_more": more}
    return answer(200, body, operation="list_webhooks", role="setup", step=step, side=side)


def written(
    operation: str, after: Rows, *, before: Rows = BOTH, sought: str = "", **page: Any
) -> Iterator[Exchange]:
    """A look, a write that sends a description, and a look after it."""
    sent = {"description": "New"}
    yield listed("listed-before", before, **page)
    write = answer(200, {}, operation=operation, step="write", sent=sent, sought=sought)
    yield with_request_body(write, sent)
    yield listed("listed-after", after, **page)


@examples_of("create.others", operation="create_webhook")
def a_creation_leaves_what_was_there() -> Iterator[Example]:
    """What was listed is listed; what a new object pushes to the next page may be there."""
    made = partial(written, "create_webhook")
    yield accepted("there is one more", *made([THREE, *BOTH]))
    yield accepted("the oldest one is on the next page", *made([THREE, TWO], more=True))
    yield accepted("all are on the next page", *made([THREE], more=True))
    yield refused("the oldest one is gone", *made([THREE, TWO]))
    yield refused("one between others is gone", *made([THREE, ONE], more=True))
    yield refused("another business lost one", *made([ONE], side="foreign"))
    yield accepted("the other business has what it had", *made(BOTH, side="foreign"))


@examples_of("update.others", operation="update_webhook")
def a_change_is_of_one_object() -> Iterator[Example]:
    """What was sent shows on the object that was named, and on no other one."""
    changed = partial(written, "update_webhook", sought="w1")
    new = {"description": "New"}
    yield accepted("it is changed", *changed([TWO, ONE | new]))
    yield accepted("another one changes by itself", *changed([TWO | {"description": "2b"}, ONE]))
    yield refused("another one is changed, too", *changed([TWO | new, ONE | new]))
    yield refused("another one is gone", *changed([ONE | new]))
    first, second, third = ({"created_at": at(number)} for number in (1, 3, 9))
    told = [TWO | second, ONE | first]
    yield accepted("each keeps its time", *changed([TWO | second, ONE | new | first], before=told))
    moved = [ONE | new | third, TWO | second]
    yield refused("the changed one has another time", *changed(moved, before=told))
    yield refused("another one has another time", *changed([TWO | third, ONE | first], before=told))
    rounded = TWO | {"created_at": f"{at(3)[:-1]}.25Z"}
    yield accepted("another one shows its time in full", *changed([rounded, ONE], before=told))
    twice = listed("listed-before", [TWO | third, ONE | first])
    moves = changed([TWO | second, ONE | first], before=told)
    yield silent("another one moves before it, by itself", twice, *moves)
    later = listed("listed-after", [ONE | new])
    yield silent("another one goes later, by itself", *changed([TWO, ONE | new]), later)
    last = listed("listed-after", [ONE | new])
    yield silent("others go, one later", *changed([TWO, ONE], before=[THREE, *BOTH]), last)
    yield accepted("the changed one has left its list", *changed([TWO]))
    theirs = [{"id": "w9", "description": "9"}]
    other = partial(changed, before=theirs, side="foreign")
    yield refused("that of another business is changed", *other([theirs[0] | new]))
    yield accepted("that of another business is as it was", *other(theirs))


@examples_of("delete.others", operation="delete_webhook")
def a_deletion_is_of_one_object() -> Iterator[Example]:
    """The object that was named is gone, and no other one."""
    deleted = partial(written, "delete_webhook", sought="w1")
    yield accepted("it is gone", *deleted([TWO]))
    yield refused("all are gone", *deleted([]))
    yield refused("another business lost one", *deleted([TWO], side="foreign", sought="w3"))


@examples_of("delete.others", operation="delete_webhook")
def lists_that_cannot_be_compared() -> Iterator[Example]:
    """A list that was not answered shows nothing, nor does a write that was refused."""
    before, deletion, after = written("delete_webhook", [], sought="w1")
    whole = listed("listed-before", [THREE, *BOTH])
    yield silent("it lost one by itself", whole, before, deletion, after)
    yield silent("there was no look before", deletion, after)
    forbidden = refusal("forbidden", operation="delete_webhook", step="write")
    yield silent("the deletion is refused", before, forbidden, after)
    unread = refusal("forbidden", operation="list_webhooks", step="listed-after", side="own")
    yield silent("the list is refused", before, deletion, unread)
