"""Examples of created objects: one for each request, with an id of its own, in its list."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Any

from conformance.model import Exchange
from tests.examples.base import (
    Example,
    Expected,
    accepted,
    example,
    examples_of,
    gap,
    refused,
    silent,
)
from tests.examples.writes.read_back import hook_created
from tests.support.exchanges import (
    answer,
    at,
    refusal,
    relabelled,
    with_request_body,
    with_response_of,
    without_response,
)

# --- one object for one request -------------------------------------------------------------------


def agent_created(name: str, identifier: str) -> Exchange:
    """An agent is created."""
    return answer(
        201,
        {"id": identifier, "name": name},
        operation="create_agent",
        role="control",
        step="write",
        sent={"name": name},
    )


def agents(*names: str, fresh: str) -> Exchange:
    """A page of agents by name, one of which is to be new."""
    listed = [
        {"id": f"a{place}", "name": name, "created_at": at(place)}
        for place, name in enumerate(names)
    ]
    body = {"agents": listed, "has_more": False}
    return answer(200, body, operation="list_agents", step="listed", fresh=[fresh])


@examples_of("create.one", operation="create_agent")
def each_creation_makes_one_object() -> Iterator[Example]:
    """Two creations answer with two ids, and each name is listed once."""
    two = (agent_created("One 1f", "a1"), agent_created("Two 2f", "a2"))
    once = agents("One 1f", "Old", fresh="One 1f")
    yield accepted("two creations get two ids", *two, once)
    same_id = (agent_created("One 1f", "a1"), agent_created("Two 2f", "a1"))
    yield refused("two creations get one id", *same_id)
    yield silent("there is one creation only", agent_created("One 1f", "a1"))
    without_id = answer(201, {}, operation="create_agent", step="write")
    yield silent("a creation is answered without an id", without_id)
    twice = agents("One 1f", "One 1f", fresh="One 1f")
    yield refused("one of two new objects is listed twice", *two, twice)
    alike = agents("One 1f", "One 1x", "Xne 1f", fresh="One 1f")
    yield accepted("other objects have similar names", *two, alike)
    longer = agents("One 1f", "The One 1f", fresh="One 1f")
    sentence = "one of two new objects is listed twice, once within a longer name"
    yield refused(sentence, *two, longer, mentions='"The One 1f"')
    umlauts = (agent_created("Zoë 1f", "a1"), agent_created("Zoë 2f", "a2"))
    twice = agents("Zoë 1f", "Zoë 1f", fresh="Zoë 1f")
    yield refused("one of two new objects is listed twice, in any script", *umlauts, twice)


@examples_of("create.one", operation="create_webhook")
def a_creation_answers_with_what_was_there() -> Iterator[Example]:
    """Only 200 may answer with the id of an object that was there before."""
    found = with_response_of(hook_created(), answer(200, {"webhook": {"id": "w1"}}))
    yield silent("a second creation answers 200 with the id of the first", hook_created(), found)
    yield refused(
        "a second creation answers 201 with the id of the first", hook_created(), hook_created()
    )


# --- names of requests ----------------------------------------------------------------------------


def run_created(name: str, identifier: str, **labels: Any) -> Exchange:
    """A communication run is created under a name."""
    body = {"success": True, "id": identifier, "status": "scheduled"}
    return named(name, answer(201, body, operation="create_communication_run", **labels))


def named(name: str, exchange: Exchange) -> Exchange:
    """The exchange, whose request has a name."""
    headers = (("Idempotency-Key", name),)
    return replace(exchange, request=replace(exchange.request, headers=headers))


@examples_of("create.named", operation="create_communication_run")
def a_name_stands_for_one_object() -> Iterator[Example]:
    """A known name returns the object of its first request, and a new name another object."""
    first = run_created("A", "r1")
    yield accepted("a repetition returns the same run", first, run_created("A", "r1"))
    yield refused("a repetition returns another run", first, run_created("A", "r2"))
    other = with_request_body(run_created("a", "r1"), {"external_ref": "another"})
    yield refused("another name returns the same run", first, other)
    yield silent("another name of the same body returns the run", first, run_created("a", "r1"))
    changed = with_request_body(run_created("A", "r2"), {"external_ref": "another"})
    yield silent("a name is sent with another body", first, changed)
    yield silent("two names return two runs", first, run_created("a", "r2"))
    yield silent("a name is sent once", first)
    taken = named("A", refusal("invalid_request", operation="create_communication_run"))
    later = relabelled(taken, step="repeated")
    yield refused("a repetition is refused", first, later, mentions="the first result")
    yield accepted("a request at the same time is refused", first, taken, run_created("A", "r1"))


# --- the list of what is created ------------------------------------------------------------------

NEW_EVAL: dict[str, Any] = {"step": "listed", "sought": "e9", "position": at(9)}
"""Labels of a list where the eval that was created in second 9 is looked for."""


def evals(*seconds: int, more: bool = False, status: int = 200, **labels: Any) -> Exchange:
    """The first page of evals, each called by the second that it was created in."""
    rows = [
        {"id": f"e{second}", "name": f"Eval {second}", "created_at": at(second, width=1)}
        for second in seconds
    ]
    body = {"scenarios": rows, "has_more": more}
    return answer(status, body, operation="list_evals", **(labels or NEW_EVAL))


@examples_of("create.listed", operation="create_eval")
def a_new_object_is_listed() -> Iterator[Example]:
    """A new object is on the page where its place in the list is."""
    yield accepted("the new object is on the first page", evals(9, 8, 7, more=True))
    oldest_first = evals(1, 2, more=True)
    yield accepted("the list is oldest first, so the object may be on a later page", oldest_first)
    yield accepted("newer objects fill the page", evals(12, 11, more=True))
    yield refused(
        "the list is newest first, and the object is not on the page", evals(8, 7, more=True)
    )
    yield refused("the object is not on the only page", evals(1, 2))
    yield refused("the list is empty", evals())
    yield accepted("the page is empty, and another one follows", evals(more=True))
    yield accepted("the second of two lists shows the object", evals(8), evals(9, 8))
    yield refused("the second of two lists does not show the object", evals(9, 8), evals(8))


@examples_of("create.listed", operation="create_eval")
def a_page_shows_no_order() -> Iterator[Example]:
    """The order of a list shows in two items of different times."""
    one_older = evals(8, more=True)
    yield accepted("one older item shows no order", one_older)
    two_alike = evals(8, 8, more=True)
    yield accepted("two older items of the same time show no order", two_alike)
    sentence = "two older items of the same time, and an older one"
    yield refused(sentence, evals(8, 8, 7, more=True))
    same_moment = evals(8, 7, more=True, **{**NEW_EVAL, "position": at(8)})
    yield accepted("the first item has the time of the new object", same_moment)


@examples_of("create.listed", operation="create_eval")
def no_list_to_judge() -> Iterator[Example]:
    """A list that is refused or not looked at shows nothing."""
    limited = refusal("rate_limit_exceeded", operation="list_evals", **NEW_EVAL)
    yield gap("the list is answered 429", limited)
    unlabelled = relabelled(evals(8))
    yield silent("a list where no object is looked for", unlabelled)
    forbidden = refusal("forbidden", operation="list_evals", **NEW_EVAL)
    yield silent("the list is refused", forbidden)
    yield silent("the list is answered 403, with items", evals(8, status=403))


# --- how many there are afterwards ----------------------------------------------------------------

EVAL_9 = {"name": "Eval 9"}
EVAL_NINE = {"name": "Eval 9", "description": "Nine"}


def eval_created(status: int = 201, members: Any = EVAL_9) -> Exchange:
    """An eval is created from these members."""
    return answer(
        status,
        {"id": "e9"},
        operation="create_eval",
        role="control",
        step="write",
        sent=members,
    )


def rows(step: str, *items: Any) -> Exchange:
    """A page of evals, before or after one is created."""
    body = {"scenarios": list(items), "has_more": False}
    return answer(200, body, operation="list_evals", role="setup", step=step)


def names(step: str, *listed: str) -> Exchange:
    """A page of evals of some names, each with an id of its own."""
    return rows(
        step, *({"id": f"{place} {name}", "name": name} for place, name in enumerate(listed))
    )


@examples_of("create.count", operation="create_eval")
def a_creation_adds_one_object() -> Iterator[Example]:
    """At most one object that is new has the name that was sent."""
    before, created = names("before", "Old"), eval_created()
    one = rows("after", {"id": "0 Old"}, {"id": "n", "name": "Eval 9"})
    yield accepted("the list has one object more", before, created, one)
    yield accepted("the list is as before", before, created, names("after", "Old"))
    other_names = names("after", "Old", "Eval 9", "Eval 8")
    yield accepted("the list has two objects more, with two names", before, created, other_names)
    two = names("after", "Old", "Eval 9", "Eval 9")
    yield refused(
        "the list has two objects more, with the name that was sent", before, created, two
    )
    three = names("after", "Old", "Eval 9", "Eval 9", "Eval 9")
    sentence = "the list has three objects more, and the finding shows the second"
    second = 'actual=\'3 of them: {"id": "2 Eval 9", "name": "Eval 9"}'
    yield refused(sentence, before, created, three, mentions=second)
    yield silent("the creation is refused", before, eval_created(400), two)
    yield accepted("the creation sends no members", before, eval_created(members=None), two)


def with_old(*items: Any) -> Exchange:
    """The page of evals after one was created, with the old one and some items."""
    new = [
        {"id": f"n{place}", **item} if isinstance(item, dict) else item
        for place, item in enumerate(items)
    ]
    body = {"scenarios": [{"id": "0 Old"}, *new]}
    return answer(200, body, operation="list_evals", role="setup", step="after")


@examples_of("create.count", operation="create_eval")
def a_new_object_shows_what_was_sent() -> Iterator[Example]:
    """Two new objects are two of the same if neither shows a different value than was sent."""
    before, created = names("before", "Old"), eval_created(members=EVAL_NINE)
    for sentence, expected, items in (
        ("two objects show all that was sent", Expected.REFUSED, (EVAL_NINE, EVAL_NINE)),
        ("one of two objects shows a part of what was sent", Expected.REFUSED, (EVAL_NINE, EVAL_9)),
        (
            "one of two objects shows null for a part of what was sent",
            Expected.REFUSED,
            (EVAL_NINE, {**EVAL_NINE, "description": None}),
        ),
        (
            "one of two objects shows a different value than was sent",
            Expected.ACCEPTED,
            (EVAL_NINE, {**EVAL_NINE, "description": "Ten"}),
        ),
        (
            "one of two objects shows nothing of what was sent",
            Expected.ACCEPTED,
            (EVAL_NINE, {"name": None}),
        ),
        ("one of two items is a text", Expected.ACCEPTED, (EVAL_NINE, "Eval 9")),
    ):
        yield example(expected, sentence, before, created, with_old(*items))


def texted(shown: Any) -> Iterator[Exchange]:
    """A text is sent, and the list of messages shows one more."""
    sent = {"message": "Your appointment is confirmed."}
    page = partial(answer, 200, operation="list_messages", role="setup")
    yield page({"messages": [], "has_more": False}, step="before")
    yield answer(200, {}, operation="send_sms", role="control", step="write", sent=sent)
    item = {"id": "m1", "message": shown}
    yield page({"messages": [item], "has_more": False}, step="after")


@examples_of("create.count", operation="send_sms")
def a_new_object_shows_the_text_that_was_sent() -> Iterator[Example]:
    """The text of the only new item may be a different one, but not a part of what was sent."""
    whole = "Your appointment is confirmed."
    yield accepted("the whole text", *texted(whole))
    yield accepted("a server adds to it", *texted(f"{whole} Text STOP to end."))
    yield accepted("no text at all", *texted(None))
    yield refused("its beginning", *texted("Your appointment"))
    yield accepted("another text that arrived just then", *texted("Another one"))


@examples_of("create.count", operation="create_eval")
def no_count_to_judge() -> Iterator[Example]:
    """Both lists must be answered, and an object must have been created."""
    before, created = names("before", "Old"), eval_created()
    after = names("after", "Old", "Eval 9", "Eval 9")
    forbidden = eval_created(403)
    yield silent("there is no first list", created, after)
    yield silent("there is no second list", before, created)
    yield silent("there is no creation", before, after)
    yield silent("the creation gets no response", before, without_response(created), after)
    before_refused = with_response_of(rows("before"), forbidden)
    yield silent("the first list is refused", before_refused, created, after)
    no_items = answer(200, {}, operation="list_evals", role="setup", step="before")
    yield silent("the first list holds no items", no_items, created, after)
    before_lost = without_response(before)
    yield silent("the first list gets no response", before_lost, created, after)
    after_refused = with_response_of(after, forbidden)
    yield silent("the second list is refused", before, created, after_refused)
    after_lost = without_response(after)
    yield silent("the second list gets no response", before, created, after_lost)


# --- positions ------------------------------------------------------------------------------------


def agent_at(when: str | None, identifier: str = "a1", **labels: Any) -> Exchange:
    """An answer that shows an agent with a position."""
    return answer(200, {"id": identifier, "created_at": when}, operation="read_agent", **labels)


@examples_of("create.position", operation="create_agent")
def an_object_has_one_position() -> Iterator[Example]:
    """A read shows the created_at of the creation, to the second."""
    made = relabelled(agent_at(at(5)), step="write")
    yield accepted("the same text", made, agent_at(at(5)))
    yield accepted("the same time in another zone", made, agent_at("2026-01-01T14:00:05+02:00"))
    yield accepted("the same second", made, agent_at(at(5.4, width=3)))
    yield refused("two hours off", made, agent_at("2026-01-01T14:00:05Z"))
    yield refused("some seconds off", made, agent_at(at(8)))
    yield accepted("another agent", made, agent_at(at(8), "a2"))
    yield accepted("one look alone", made, agent_at(None))
    yield silent("no position", agent_at(None))


def evals_at(step: str, *seconds: float) -> Exchange:
    """A page of evals that were made at some seconds, and are called so."""
    items = [{"id": f"e{second:g}", "created_at": at(second, width=1)} for second in seconds]
    body = {"scenarios": items, "has_more": False}
    return answer(200, body, operation="list_evals", role="setup", step=step)


def eval_made(second: float) -> Exchange:
    """An eval is created at a second."""
    body = {"id": f"e{second:g}", "created_at": at(second, width=1)}
    return answer(201, body, operation="create_eval", role="control", step="write")


@examples_of("create.newest", operation="create_eval")
def a_new_object_is_the_newest() -> Iterator[Example]:
    """No object that was there before is newer than the new one."""
    before = evals_at("before", 9, 5)
    yield accepted("it is newer", before, eval_made(12), evals_at("after", 12, 9, 5))
    yield accepted("it ties", before, eval_made(8.5), evals_at("after", 9, 8.5, 5))
    yield refused("it is older than another", before, eval_made(7), evals_at("after", 9, 7, 5))
    yield refused("it is too old to be on the page", before, eval_made(7), evals_at("after", 9, 5))
    yield accepted("it is not listed yet", before, eval_made(12), evals_at("after", 9, 5))
    yield refused("another one is new", before, eval_made(7), evals_at("after", 9, 6, 5))
    empty = evals_at("before")
    yield silent("nothing was there before", empty, eval_made(7), evals_at("after", 7))
    yield silent("no look before", eval_made(7), evals_at("after", 9, 7, 5))
    future = replace(before, started=at(9 - 3_600))
    yield silent("the others lie in the future", future, eval_made(7), evals_at("after", 9, 7, 5))


def hooks_at(step: str, *seconds: float) -> Exchange:
    """A page of webhooks that were made at some seconds, and are called so."""
    items = [{"id": f"w{second:g}", "created_at": at(second, width=1)} for second in seconds]
    body = {"webhooks": items, "has_more": False}
    return answer(200, body, operation="list_webhooks", role="setup", step=step)


@examples_of("create.newest", operation="create_webhook")
def what_existed_before_may_be_older() -> Iterator[Example]:
    """Of two statuses of success, only the second one says that an object is new."""
    before, after = hooks_at("before", 9), hooks_at("after", 9, 7)
    body = {"id": "w7", "created_at": at(7, width=1)}
    made = answer(201, body, operation="create_webhook", role="control", step="write")
    found = answer(200, body, operation="create_webhook", role="control", step="write")
    yield refused("it is new, and older", before, made, after)
    yield silent("it existed before", before, found, after)
