"""Examples of sequences: what is accepted lasts, and what is deleted or refused stays so."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from conformance.model import Exchange
from tests.examples.base import Example, accepted, examples_of, refused, silent
from tests.support.exchanges import answer, refusal, with_request_body, withheld, without_response

TURN: dict[str, Any] = {"step": "sequence"}
"""The label of each exchange of a sequence."""
MADE = {"id": "e1", "name": "Greets", "description": "First"}
"""The eval of a sequence, as its creation returns it."""


def creation(identifier: str = "e1", status: int = 201) -> Exchange:
    """An eval is created; all have the same values."""
    body = {**MADE, "id": identifier}
    made = answer(status, body, operation="create_eval", **TURN)
    return with_request_body(made, {"name": "Greets", "description": "First"})


def change(status: int = 200, key: str = "full", **members: Any) -> Exchange:
    """A change of the eval e1."""
    changed = answer(status, {"id": "e1"}, operation="update_eval", identity=key, **TURN)
    return with_request_body(changed, {"id": "e1", **members})


def refused_change(**members: Any) -> Exchange:
    """A change of the eval e1 that is refused."""
    turned_down = refusal("invalid_request", operation="update_eval", **TURN)
    return with_request_body(turned_down, {"id": "e1", **members})


def look(identifier: str = "e1", **members: Any) -> Exchange:
    """A read of an eval, with some members other than those of its creation."""
    body = {**MADE, "id": identifier, **members}
    return answer(200, body, operation="read_eval", sought=identifier, **TURN)


def not_found(identifier: str = "e1") -> Exchange:
    """A read that does not find an eval."""
    return refusal("not_found", operation="read_eval", sought=identifier, **TURN)


def deletion(identifier: str = "e1") -> Exchange:
    """The deletion of an eval."""
    query = {"id": identifier}
    return answer(200, {"deleted": True}, operation="delete_eval", query=query, **TURN)


def second_deletion(identifier: str = "e1") -> Exchange:
    """The deletion of an eval that is gone."""
    return refusal("not_found", operation="delete_eval", query={"id": identifier}, **TURN)


@examples_of("update.lasting")
def what_a_change_sent_lasts() -> Iterator[Example]:
    """Each member shows what was last accepted, and no write of another member undoes it."""
    start = (creation(), look())
    both = (change(name="New"), change(description="Second"))
    shown = look(name="New", description="Second")
    yield accepted("both changes are shown", *start, *both, shown)
    yield refused("the first of two changes is lost", *start, *both, look(description="Second"))
    yield refused("the second of two changes is lost", *start, *both, look(name="New"))
    late = (*start, *both, look(name="New"), shown)
    yield accepted("the second change is shown at the second look", *late)
    yield silent("the only change is refused", *start, refused_change(name="New"), look())
    unknown = without_response(change(name="New"))
    yield silent("nobody knows whether a change was made", *start, unknown, look(name="New"))
    foreign = change(name="New", key="other")
    yield silent("another business made the change", *start, foreign, look(name="New"))
    again = (*start, change(name="New"), look(name="New"), change(name="New"))
    yield accepted("a change is repeated", *again, look(name="New"))
    yield refused("a repeated change is taken back", *again, look())
    null = look(name=None)
    yield refused("what was sent is null", *start, change(name="New"), null)


@examples_of("update.lasting")
def a_post_may_reset_what_it_takes() -> Iterator[Example]:
    """A change by POST need not keep members that it takes and was not sent."""
    url, other = "https://example.com/a", "https://example.com/b"
    made = answer(201, {"id": "w1"}, operation="create_webhook", **TURN)
    made = with_request_body(made, {"webhook_url": url, "description": "First"})
    changed = answer(200, {}, operation="update_webhook", **TURN)
    changed = with_request_body(changed, {"id": "w1", "webhook_url": other})
    listed = {"id": "w1", "url": other, "description": None}
    body = {"webhooks": [listed], "has_more": False}
    page = answer(200, body, operation="list_webhooks", sought="w1", **TURN)
    yield accepted("the description is reset", made, changed, page)
    unchanged = {"webhooks": [{**listed, "url": url}], "has_more": False}
    old = answer(200, unchanged, operation="list_webhooks", sought="w1", **TURN)
    yield refused("the address is the old one", made, changed, old)


@examples_of("create.lasting")
def a_creation_leaves_others_alone() -> Iterator[Example]:
    """A later creation makes an object of its own, and leaves the earlier ones as they are."""
    start = (creation(), look(), change(name="New"), look(name="New"))
    yield accepted("an equal creation", *start, creation("e2"), look("e2"), look(name="New"))
    yield refused("an equal creation undoes a change", *start, creation("e2"), look())
    yield refused("an equal creation returns the same id", *start, creation())
    yield refused("what was created disappears", creation(), look(), not_found())
    found = (creation(status=200), look(name="New"))
    yield accepted("an equal creation finds the first, and leaves it as it is", *start, *found)
    replaced = (creation("e2"), look("e2"), not_found())
    yield accepted("an equal creation takes the place of the first", *start, *replaced)
    revived = (deletion(), not_found(), creation(), look())
    yield accepted("an equal creation restores the deleted one", *start, *revived)


@examples_of("create.lasting")
def a_body_that_is_not_in_the_log_shows_nothing() -> Iterator[Example]:
    """Neither that an object is there, nor that it has disappeared."""
    body = {"scenarios": [], "has_more": False}
    empty = answer(200, body, operation="list_evals", sought="e1", **TURN)
    yield refused("the list is empty", creation(), empty)
    hidden = replace(empty, response=withheld(200).response)
    yield silent("nobody knows what the list shows", creation(), hidden)


@examples_of("delete.lasting")
def what_is_deleted_stays_so() -> Iterator[Example]:
    """A deleted object is gone or marked, whatever comes after, and others are there."""
    start = (creation(), look(), creation("e2"), look("e2"))
    yield accepted("it is gone", *start, deletion(), not_found(), look("e2"))
    dated = look(deleted_at="2026-04-17T12:00:00Z")
    yield silent("it is shown with the time of its deletion", *start, deletion(), dated, dated)
    marked = look(state="deleted")
    yield silent("it is shown as deleted", *start, deletion(), marked)
    yield refused("it is shown as before", *start, deletion(), look())
    yield refused("another one is gone", *start, deletion(), not_found("e2"))
    anew = (deletion(), not_found(), creation("e3"))
    yield refused("it is back after a creation", *start, *anew, look())
    restored = (deletion(), marked, change(name="New"), look(name="New"))
    yield silent("a change restores what is marked", *start, *restored, look(name="Old"))
    still = (deletion(), marked, change(name="New"), marked, deletion(), marked)
    yield silent("a change leaves the mark, and so does a second deletion", *start, *still)
    renamed = look(state="deleted", name="New")
    kept = (deletion(), marked, change(name="New"), renamed, deletion(), renamed)
    yield silent("a change of another member leaves the mark", *start, *kept)
    undone = look("e2", name="Old")
    yield refused("another one changes with it", *start, deletion(), undone)


@examples_of("refused.lasting")
def what_is_refused_has_no_effect() -> Iterator[Example]:
    """Requests that are refused change no object, remove none, and bring none back."""
    start = (creation(), look())
    rejected = refused_change(name="New")
    yield accepted("the object is as before", *start, rejected, look())
    yield refused("it shows what was refused", *start, rejected, look(name="New"))
    yield refused("it has lost another member", *start, rejected, look(description=None))
    yield accepted("it shows when the attempt was", *start, rejected, look(attempts=1))
    gone = (*start, deletion(), not_found())
    yield refused("a refused change restores it", *gone, rejected, look())
    two = (*start, creation("e2"), look("e2"), deletion(), not_found(), look("e2"))
    yield refused("a second deletion takes another", *two, second_deletion(), not_found("e2"))
    yield silent("a limit hides it", *start, rejected, refusal("rate_limit_exceeded", **TURN))
