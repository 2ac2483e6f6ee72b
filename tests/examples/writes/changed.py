"""Examples of changes: a change touches the members that were sent, of one object."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from conformance.model import Exchange
from tests.examples.base import Example, accepted, examples_of, refused, silent
from tests.support.exchanges import (
    answer,
    at,
    refusal,
    with_request_body,
    without_response,
)

OLD = {
    "id": "e1",
    "name": "Old",
    "description": "Kept",
    "created_at": at(1),
    "updated_at": at(1),
}
"""An eval as it was before it was called New."""

NEW = {**OLD, "name": "New", "updated_at": at(9)}
"""The eval as it is afterwards."""


def renamed() -> tuple[Exchange, Exchange]:
    """The eval is read, and its name is changed to New."""
    return changed(OLD, NEW)[:2]


def changed(before: dict[str, Any], after: dict[str, Any]) -> tuple[Exchange, Exchange, Exchange]:
    """The eval is read, its name is changed to New, and it is read again."""
    on_read: dict[str, Any] = {"operation": "read_eval", "sought": "e1"}
    write = answer(
        200,
        {},
        operation="update_eval",
        role="control",
        step="write",
        sent={"name": "New"},
        sought="e1",
    )
    return (
        answer(200, before, role="control", step="before", **on_read),
        write,
        answer(200, after, step="read", **on_read),
    )


def first_change(members: dict[str, Any]) -> Exchange:
    """A change before the one that is judged."""
    return answer(200, {}, operation="update_eval", role="setup", step="first", sent=members)


def evals(*listed: Any) -> Exchange:
    """A page of evals, where the name New is looked for in others than e1."""
    body = {"evals": list(listed), "has_more": False}
    return answer(200, body, operation="list_evals", step="listed", sought="e1", fresh=["New"])


@examples_of("update.alone", operation="update_eval")
def a_change_leaves_other_members() -> Iterator[Example]:
    """A read after a change shows every other member as it was."""
    yield accepted("only the name has changed", *changed(OLD, NEW))
    few_members = {"id": "e1", "name": "New"}
    yield refused("another member is no longer shown", *changed(OLD, few_members))
    emptied = {**NEW, "description": None}
    yield refused("another member is null", *changed(OLD, emptied))
    yield refused("the time of creation is later", *changed(OLD, {**NEW, "created_at": at(9)}))
    long_ago = {**NEW, "created_at": at(0)}
    yield refused("the time of creation is earlier", *changed(OLD, long_ago))
    gone = refusal("not_found", operation="read_eval", step="read", sought="e1")
    yield silent("the object is gone, which update.read-back judges", *renamed(), gone)
    forbidden = refusal("forbidden", operation="update_eval", step="write")
    yield silent("the change is refused", forbidden)


@examples_of("update.alone", operation="update_eval")
def a_change_leaves_the_change_before_it() -> Iterator[Example]:
    """What an earlier change set, the next change does not take back."""
    with_tags, without_tags = {**OLD, "tags": ["one"]}, {**NEW, "tags": []}
    tags = first_change({"tags": ["one"]})
    sentence = "a change takes back the change before it"
    yield refused(sentence, tags, *changed(with_tags, without_tags))
    older = first_change({"name": "Older"})
    lacking = changed(OLD, NEW)
    yield refused("the value of the change before is missing", older, *lacking)
    forbidden = refusal("forbidden", operation="update_eval", step="first", sent={"name": "Older"})
    yield accepted(
        "the value of the change before is missing, as it was refused", forbidden, *lacking
    )
    lost = without_response(older)
    yield silent("the change before got no response, and its value is missing", lost, *lacking)
    described = changed(OLD, {**NEW, "description": "of the lost change"})
    yield silent("another member shows what a change without a response sent", lost, *described)


@examples_of("update.alone", operation="update_eval")
def a_change_leaves_other_objects() -> Iterator[Example]:
    """No other object of the list has the new name."""
    by_name = [{"id": identifier, "name": "New"} for identifier in ("e0", "e1", "e2")]
    older, own, newer = by_name
    yield accepted("no other object has the new name", *changed(OLD, NEW), evals(own, "New"))
    older_too = evals(older, own, "New")
    sentence = "an object that sorts before has the new name"
    yield refused(sentence, *changed(OLD, NEW), older_too)
    newer_too = evals(own, newer)
    yield refused("an object that sorts after has the new name", *changed(OLD, NEW), newer_too)


@examples_of("update.alone", operation="update_eval")
def a_changed_object_stays_in_its_place() -> Iterator[Example]:
    """In the list it stands before what is older, and behind what is newer, or the other way."""
    oldest, own, newer, newest = (
        {"id": f"e{number}", "created_at": at(number)} for number in range(4)
    )
    yield accepted("the newest come first", *changed(OLD, NEW), evals(newest, newer, own, oldest))
    yield accepted("the oldest come first", *changed(OLD, NEW), evals(oldest, own, newer, newest))
    yield refused("first before newer ones", *changed(OLD, NEW), evals(own, newest, newer, oldest))
    yield refused("last behind newer ones", *changed(OLD, NEW), evals(oldest, newer, newest, own))
    yield accepted("another is displaced", *changed(OLD, NEW), evals(newer, newest, own, oldest))
    yield accepted("no times", *changed(OLD, NEW), evals({"id": "e1"}, {"id": "e2"}))
    falling = [{"id": f"f{number}", "created_at": at(9 - number)} for number in range(9)]
    timeless = evals(*falling[:7], {"id": "e1"}, falling[8], falling[7])
    yield accepted("its own time is not shown", *changed(OLD, NEW), timeless)
    mixed = evals(newest, oldest, own, newer)
    yield accepted("a list in no order", *changed(OLD, NEW), mixed)


# --- work on an object ---


def worked_on(before: dict[str, Any] | None, after: dict[str, Any] | None) -> Iterator[Exchange]:
    """The eval is read, run and read again; None stands for an eval that is not there."""
    on_read: dict[str, Any] = {"operation": "read_eval", "sought": "e1"}
    for step, found in (("before", before), ("read", after)):
        if step == "read":
            sent = {"eval_id": "e1"}
            yield answer(200, {}, operation="run_eval", role="control", step="write", sent=sent)
        if found is None:
            yield refusal("not_found", step=step, **on_read)
        else:
            yield answer(200, found, step=step, **on_read)


@examples_of("update.besides", operation="run_eval")
def work_on_an_object_leaves_what_clients_wrote() -> Iterator[Example]:
    """Texts, lists and objects that clients write are as before; what counts on its own is not."""
    yield accepted("nothing has changed", *worked_on(OLD, OLD))
    counted = {**OLD, "runs": 4, "is_active": False}
    yield accepted(
        "a number and a switch", *worked_on({**OLD, "runs": 3, "is_active": True}, counted)
    )
    yield accepted("a text that no client writes", *worked_on(OLD, {**OLD, "updated_at": at(9)}))
    yield refused("a text is null", *worked_on(OLD, {**OLD, "description": None}))
    yield refused("a text is another one", *worked_on(OLD, {**OLD, "name": "Eval"}))
    with_messages = {**OLD, "messages": [{"role": "user", "content": "Hello"}]}
    yield refused("a list is empty", *worked_on(with_messages, {**OLD, "messages": []}))
    without = {**OLD, "description": None}
    yield accepted("a text that was not there", *worked_on(without, {**OLD, "description": "Run"}))


def paused(*beside: dict[str, Any], **more: Any) -> Iterator[Exchange]:
    """A workspace is paused, and more is sent; another one is read before that, and after it."""
    before, after = beside
    workspace = partial(answer, 200, operation="list_workspaces")
    yield workspace(listed(before), step="older-before", sought="w2")
    own = {"id": "w1", "lifecycle_state": "active", **more}
    yield workspace(listed(own), step="before", sought="w1")
    sent = {"id": "w1", "action": "pause", **more}
    acted = answer(200, own, operation="act_on_workspace", role="control", step="write", sent=sent)
    yield with_request_body(acted, sent)
    yield workspace(listed(own), step="read", sought="w1")
    yield workspace(listed(after), step="older-after", sought="w2")


def listed(workspace: dict[str, Any]) -> dict[str, Any]:
    """A list of one workspace."""
    return {"workspaces": [workspace], "has_more": False}


@examples_of("update.besides", operation="act_on_workspace")
def work_on_an_object_leaves_the_others() -> Iterator[Example]:
    """An order for one object is not carried out on the one beside it, which goes its own way."""
    active = {"id": "w2", "lifecycle_state": "active", "name": "Two"}
    yield accepted("the other one is as it was", *paused(active, active))
    stopped = {**active, "lifecycle_state": "paused"}
    yield refused("the other one is paused, too", *paused(active, stopped))
    yield accepted("it was paused before", *paused(stopped, stopped))
    yield accepted("it goes on by itself", *paused(active, {**active, "lifecycle_state": "done"}))
    counted = paused({**active, "errors": None}, {**active, "errors": 0}, quiet=False)
    yield accepted("it counts by itself, and a switch is sent", *counted)
    yield accepted("it cannot be seen any more", *paused(active, {"id": "w3"}))


def said_to_be(state: str, *shown: str | None) -> Iterator[Exchange]:
    """A workspace is paused; what the answer says of it, and what it shows before and after."""
    before, after = (
        {"id": "w1", "lifecycle_state": each} if each else {"id": "w1"} for each in shown
    )
    workspace = partial(answer, 200, operation="list_workspaces", sought="w1")
    yield workspace(listed(before), step="before")
    sent = {"id": "w1", "action": "pause"}
    body = {"id": "w1", "lifecycle_state": state}
    acted = answer(200, body, operation="act_on_workspace", role="control", step="write", sent=sent)
    yield with_request_body(acted, sent)
    yield workspace(listed(after), step="read")


@examples_of("update.besides", operation="act_on_workspace")
def work_is_done_as_the_answer_says() -> Iterator[Example]:
    """An object is in the state that the answer names, or has gone on to another one."""
    yield accepted("it is", *said_to_be("paused", "active", "paused"))
    yield accepted("it has gone on since", *said_to_be("pausing", "active", "paused"))
    yield accepted("the state is not shown", *said_to_be("paused", "active", None))
    yield refused("it is as it was", *said_to_be("paused", "active", "active"))
    yield accepted("the answer shows it as it was", *said_to_be("active", "active", "active"))
    yield accepted("it was so before", *said_to_be("paused", "paused", "active"))


@examples_of("update.besides", operation="run_eval")
def work_that_shows_nothing() -> Iterator[Example]:
    """Without the work, or a read on either side of it, there is nothing to compare."""
    yield silent("the object is gone", *worked_on(OLD, None))
    yield silent("the object was not there", *worked_on(None, OLD))
    before, _, after = worked_on(OLD, {**OLD, "description": None})
    yield silent("no work", before, after)
    forbidden = refusal("forbidden", operation="run_eval", step="write")
    yield silent("the work is refused", before, forbidden, after)
