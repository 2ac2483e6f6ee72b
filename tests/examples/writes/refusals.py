"""Examples of writes that were refused: nothing of them is found afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from conformance.model import Exchange
from tests.examples.base import (
    Example,
    Expected,
    accepted,
    example,
    examples_of,
    gap,
    judge_error,
    refused,
    silent,
)
from tests.examples.writes.deleted import evaluation, missing
from tests.support.exchanges import (
    answer,
    at,
    refusal,
    relabelled,
    with_request_body,
    without_response,
)

ATTEMPT: dict[str, Any] = {"operation": "create_agent", "step": "attempt"}
"""Options of an answer to an attempt to create an agent."""


def turned_down(code: str = "unauthorized") -> Exchange:
    """An attempt to create an agent that is refused."""
    return refusal(code, **ATTEMPT)


def agents(*names: str, fresh: tuple[str, ...] = ("New 1f",)) -> Exchange:
    """A page of agents by name after the attempt, with the names that the attempts had."""
    listed = [
        {"id": f"a{place}", "name": name, "created_at": at(place)}
        for place, name in enumerate(names)
    ]
    body = {"agents": listed, "has_more": False}
    return answer(200, body, operation="list_agents", step="look", fresh=list(fresh))


@examples_of("refused.effect", operation="create_agent")
def a_refused_creation_makes_nothing() -> Iterator[Example]:
    """The name of an attempt that was refused is not in the list."""
    absent, present = agents("Old", "Other"), agents("Old", "New 1f")
    yield accepted("the refused name is not listed", turned_down(), absent)
    yield refused("the refused name is listed", turned_down(), present)
    yield refused("the refused name is listed, after a 400", turned_down("bad_request"), present)
    no_refusal = answer(399, {}, **ATTEMPT)
    yield silent("the attempt is answered 399, which is no refusal", no_refusal, present)
    taken = answer(201, {}, **ATTEMPT)
    yield silent("the attempt is accepted, which other rules judge", taken, present)
    forbidden = refusal("forbidden", step="look")
    yield silent("the list is refused", turned_down(), forbidden)
    limited = refusal("rate_limit_exceeded", step="look")
    yield gap("the list is answered 429", turned_down(), limited)
    yield judge_error("the list gets no response", turned_down(), without_response(absent))


@examples_of("refused.effect", operation="create_agent")
def one_of_two_attempts_is_taken() -> Iterator[Example]:
    """If one of two attempts is accepted, only the name of the other is judged."""
    named_taken = answer(201, {}, fresh=["New 1f"], **ATTEMPT)
    listed = agents("Old", "New 1f")
    sentence = "of two attempts is accepted, and its name is listed"
    yield accepted(f"the second {sentence}", turned_down(), named_taken, listed)
    yield accepted(f"the first {sentence}", named_taken, turned_down(), listed)
    first_refused = refusal("not_found", fresh=["New 1f"], **ATTEMPT)
    second_taken = answer(201, {}, fresh=["New 2f"], **ATTEMPT)
    first_listed = agents("Old", "New 1f", fresh=("New 1f", "New 2f"))
    sentence = "of two attempts one is accepted, and the name of the other is listed"
    yield refused(sentence, first_refused, second_taken, first_listed)


# --- a list before and after ----------------------------------------------------------------------


def evals(step: str, *ids: str, status: int = 200, forward: bool = False) -> Exchange:
    """A page of evals by id, from new to old, or from old to new if ``forward``."""
    listed = [
        {"id": identifier, **({"created_at": at(ord(identifier))} if forward else {})}
        for identifier in ids
    ]
    role = "setup" if step == "listed-before" else "probe"
    body = {"evals": listed, "has_more": False}
    return answer(status, body, operation="list_evals", role=role, step=step)


@examples_of("refused.effect", operation="create_agent")
def a_refused_creation_adds_no_row() -> Iterator[Example]:
    """Where new objects come first, or last, nothing new stands before what was there."""
    before = evals("listed-before", "b", "c")
    oldest_first = evals("listed-before", "b", "c", forward=True)
    before_refused = evals("listed-before", "b", status=403)
    one_at_head = evals("look", "a", "b")
    for sentence, expected, first, second in (
        ("the same objects", Expected.ACCEPTED, before, evals("look", "b", "c")),
        (
            "one more at the end, oldest first",
            Expected.REFUSED,
            oldest_first,
            evals("look", "b", "c", "d", forward=True),
        ),
        (
            "one more at the head, oldest first",
            Expected.ACCEPTED,
            oldest_first,
            evals("look", "a", "b", "c", forward=True),
        ),
        ("one more at the head", Expected.REFUSED, before, evals("look", "a", "b", "c")),
        ("one more at the end", Expected.ACCEPTED, before, evals("look", "b", "c", "d")),
        ("other objects", Expected.ACCEPTED, before, evals("look", "x", "y")),
        (
            "one more, and the first list was refused",
            Expected.ACCEPTED,
            before_refused,
            one_at_head,
        ),
        (
            "one more, and the first list got no response",
            Expected.ACCEPTED,
            without_response(before),
            one_at_head,
        ),
    ):
        yield example(expected, f"the list shows {sentence}", first, turned_down(), second)
    taken = with_request_body(answer(201, {"id": "a"}, **ATTEMPT), {"first_message": "As sent"})
    listed = answer(
        200,
        {
            "evals": [{"id": "a", "first_message": "Otherwise"}, {"id": "b"}, {"id": "c"}],
            "has_more": False,
        },
        operation="list_evals",
        step="look",
    )
    sentence = "one more with the id that another attempt returned, but not as it was sent"
    yield accepted(f"the list shows {sentence}", before, turned_down(), taken, listed)
    after_refused = evals("look", "a", status=403)
    yield silent("the second list is refused", before, turned_down(), after_refused)


@examples_of("refused.effect", operation="create_agent")
def a_new_row_may_be_of_somebody_else() -> Iterator[Example]:
    """A new row is of the attempt if it shows what the attempt sent."""
    old = {"id": "Old", "name": "Old", "created_at": at(0)}
    ours = with_request_body(turned_down(), {"name": "Ours"})

    def listed(role: str, step: str, *items: dict[str, Any]) -> Exchange:
        body = {"agents": list(items), "has_more": False}
        return answer(200, body, operation="list_agents", role=role, step=step)

    for sentence, expected, name in (
        ("a new row shows a different name than the attempt sent", Expected.ACCEPTED, "Theirs"),
        ("a new row shows the name that the attempt sent", Expected.REFUSED, "Ours"),
    ):
        new = {"id": name, "name": name, "created_at": at(1)}
        before, after = listed("setup", "listed-before", old), listed("probe", "look", new, old)
        yield example(expected, sentence, before, ours, after)
    nameless = with_request_body(turned_down(), {})
    for sentence, expected, shown in (
        (
            "a new row shows a name, and the attempt sent none",
            Expected.ACCEPTED,
            {"name": "Theirs"},
        ),
        ("a new row shows no name, and the attempt sent none", Expected.REFUSED, {}),
    ):
        new = {"id": "new", **shown, "created_at": at(1)}
        before, after = listed("setup", "listed-before", old), listed("probe", "look", new, old)
        yield example(expected, sentence, before, nameless, after)
    taken = with_request_body(answer(201, {"id": "a7"}, **ATTEMPT), {"name": "Taken"})
    for sentence, expected, name in (
        ("a new row shows the name that a refused attempt sent", Expected.REFUSED, "Ours"),
        ("a new row shows the name that an accepted attempt sent", Expected.ACCEPTED, "Taken"),
    ):
        new = {"id": name, "name": name, "created_at": at(1)}
        before, after = listed("setup", "listed-before", old), listed("probe", "look", new, old)
        yield example(expected, f"of two attempts, {sentence}", before, ours, taken, after)


# --- deletions ------------------------------------------------------------------------------------


@examples_of("refused.effect", operation="delete_eval")
def a_refused_deletion_removes_nothing() -> Iterator[Example]:
    """An object whose deletion was refused is there as before."""
    seen = relabelled(evaluation("before"), role="setup", step="before", sought="e1")
    forbidden = refusal("forbidden", operation="delete_eval", step="attempt")
    gone = missing("look")
    yield refused("the object is gone after a refused deletion", seen, forbidden, gone)
    yield accepted(
        "the object is there after a refused deletion", seen, forbidden, evaluation("look")
    )
    late = (seen, forbidden, gone, evaluation("look"))
    yield accepted("a copy of the data that is late does not show it, another one does", *late)
    taken = answer(200, {}, operation="delete_eval", step="attempt")
    sentence = "the object is gone after two deletions, of which one was accepted"
    yield silent(sentence, seen, forbidden, taken, gone)
    never_seen = relabelled(missing("before"), role="setup", step="before", sought="e1")
    yield silent("the object was not found before either", never_seen, forbidden, gone)


@examples_of("refused.effect", operation="delete_eval")
def a_refused_deletion_marks_nothing() -> Iterator[Example]:
    """An object that says of itself that it is gone is gone, though it is still shown."""
    forbidden = refusal("forbidden", operation="delete_eval", step="attempt")

    def seen(**members: Any) -> Exchange:
        before = evaluation("before", **members)
        return relabelled(before, role="setup", step="before", sought="e1")

    marked = evaluation("look", state="deleted")
    yield refused("its state is deleted now", seen(state="live"), forbidden, marked)
    yield accepted("its state was deleted before", seen(state="deleted"), forbidden, marked)
    yield accepted("its state is new", seen(), forbidden, marked)
    done = evaluation("look", state="finished")
    yield accepted("its state is another one", seen(state="live"), forbidden, done)
    noted = evaluation("look", state="deletion: forbidden")
    yield accepted("it notes the refused deletion", seen(state="none"), forbidden, noted)
    pending = evaluation("look", state="Pending_Deletion")
    yield refused("its deletion is pending now", seen(state="live"), forbidden, pending)
    named = evaluation("look", state=1)
    yield accepted("its state is no text", seen(state="live"), forbidden, named)
    taken = answer(200, {}, operation="delete_eval", step="attempt")
    yield accepted("one deletion was accepted", seen(state="live"), forbidden, taken, marked)
    unknown = relabelled(missing("before"), role="setup", step="before", sought="e1")
    yield accepted("it was not found before", unknown, forbidden, marked)


@examples_of("refused.effect", operation="update_eval")
def a_refused_change_tells_nothing_of_deletions() -> Iterator[Example]:
    """Only a refused deletion is judged by what an object says of itself."""
    forbidden = refusal("forbidden", operation="update_eval", step="attempt")
    before = relabelled(evaluation("before", state="live"), role="setup", step="before")
    after = evaluation("look", state="deleted")
    yield accepted("the state is deleted after a refused change", before, forbidden, after)
