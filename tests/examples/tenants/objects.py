"""Examples of one object: what a business may do with an object of another."""

from __future__ import annotations

from collections.abc import Iterator
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
    judge_error,
    refused,
    silent,
)
from tests.support.exchanges import (
    answer,
    call,
    endless,
    error,
    refusal,
    relabelled,
    without_response,
)


def owner(**members: Any) -> Exchange:
    """The owner reads the call."""
    body = call(1, **members)
    return answer(200, body, operation="read_call", role="control", identity="other", step="owner")


def before(name: str = "Old") -> Exchange:
    """The owner reads the agent a before the attempt."""
    agent = {"id": "a", "name": name}
    return answer(
        200, agent, operation="read_agent", role="control", identity="other", step="before"
    )


def after(name: str) -> Exchange:
    """The owner reads the agent a after the attempt to change its name to New."""
    agent, tried = {"id": "a", "name": name}, {"name": "New"}
    return answer(200, agent, operation="read_agent", identity="other", step="after", sent=tried)


def kept_out(code: str = "not_found", status: int | None = None) -> Exchange:
    """The other business is refused."""
    return refusal(code, status, step="foreign")


# --- what the other business is answered ----------------------------------------------------------


@examples_of("tenant.object")
def another_business_is_kept_out() -> Iterator[Example]:
    """An object of another business is forbidden or not found."""
    yield accepted("404 with not_found", owner(), kept_out("not_found"))
    yield accepted("403 with forbidden", owner(), kept_out("forbidden"))
    yield refused("the object is shown", owner(), answer(200, call(1), step="foreign"))
    yield refused("401 with unauthorized", owner(), kept_out("unauthorized"))
    unseen = relabelled(without_response(owner()), role="setup", step="owner")
    yield gap("the owner does not see the object either", unseen, kept_out())
    yield gap("429 in the middle", owner(), kept_out("rate_limit_exceeded"))
    yield silent("no object of another business is known", owner())
    yield judge_error("404 with a body without end", owner(), endless(404, step="foreign"))


@examples_of("tenant.object", operation="read_call")
def a_refusal_quotes_nothing() -> Iterator[Example]:
    """The message of a refusal holds no name and no address that only the owner sees."""
    seen = owner(summary='Asked for "Ada"')
    for message, expected in (
        ("The call was not found.", Expected.ACCEPTED),
        ('The call Asked for "Ada" is not yours.', Expected.REFUSED),
    ):
        told = {"error": {"code": "not_found", "message": message}}
        quoting = answer(404, told, step="foreign")
        yield example(expected, message, seen, quoting)


@examples_of("tenant.object")
def status_or_code_keeps_out() -> Iterator[Example]:
    """Status or code is right; that both are is a matter of other rules."""
    crossed = "403 with not_found, which code.pairing judges"
    yield accepted(crossed, owner(), kept_out("not_found", 403))
    crossed = "404 with forbidden, which code.pairing judges"
    yield accepted(crossed, owner(), kept_out("forbidden", 404))
    yield accepted("404 with bad_request", owner(), kept_out("bad_request", 404))
    yield accepted("400 with not_found", owner(), kept_out("not_found", 400))


@examples_of("tenant.object", operation="read_call")
def a_foreign_object_with_an_input_that_is_known_to_be_right() -> Iterator[Example]:
    """A server may refuse the input first, unless its owner asks for the object with the same."""
    on_call: dict[str, Any] = {"operation": "read_call", "step": "foreign"}
    for code in ("bad_request", "invalid_request"):
        yield refused(f"400 with {code}", owner(), refusal(code, **on_call))
        wider = refusal(code, query={"id": "c", "fields": "all"}, **on_call)
        yield accepted(f"400 with {code} for another input", owner(), wider)


@examples_of("tenant.object", operation="create_agent")
def a_creation_in_another_business_that_fails_its_control() -> Iterator[Example]:
    """It may have taken the name of the control, which comes after it."""
    taken = answer(201, {"id": "a"}, operation="create_agent", step="foreign")
    failed = refusal("invalid_request", operation="create_agent", role="control")
    yield refused("the creation is accepted", taken, failed)
    kept = refusal("forbidden", operation="create_agent", step="foreign")
    yield gap("the creation is refused", kept, failed)


@examples_of("tenant.object")
def a_reference_to_a_foreign_object() -> Iterator[Example]:
    """A reference may also be called invalid; an optional one may be ignored."""
    for code, expected in (
        ("invalid_request", Expected.ACCEPTED),
        ("not_found", Expected.ACCEPTED),
        ("unauthorized", Expected.REFUSED),
    ):
        answered = refusal(code, step="reference")
        yield example(expected, f"{code} for a reference", owner(), answered)
    invalid = refusal("invalid_request", step="optional")
    yield accepted("an optional reference is called invalid", owner(), invalid)
    unauthorized = refusal("unauthorized", step="optional")
    yield refused("an optional reference is called unauthorized", owner(), unauthorized)
    taken, lost = answer(201, {}, step="optional"), answer(None, step="optional")
    yield silent(
        "an optional reference is accepted, and a later look shows whether it is kept",
        owner(),
        taken,
        lost,
    )


@examples_of("tenant.object")
def what_another_business_took_from_a_pool() -> Iterator[Example]:
    """The pool no longer has it, so any refusal is right."""
    kept = refusal("invalid_request", step="reference")
    for code in ("bad_request", "not_found", "invalid_request"):
        yield accepted(f"refused with {code}", owner(), kept, refusal(code, step="taking"))
    yield refused("it is handed over", owner(), kept, answer(201, {}, step="taking"))


@examples_of("tenant.object")
def a_creation_under_the_names_of_the_main_business() -> Iterator[Example]:
    """It may be refused, and makes an object of its own otherwise."""
    first = {"id": "11111111-1111-4111-8111-111111111111", "name": "New"}
    made = answer(201, first, step="named")
    kept = refusal("not_found", step="reference")
    for sentence, other in (
        ("another object is made", {**first, "id": "22222222-2222-4222-8222-222222222222"}),
        ("an object that shows another name", {**first, "name": "Other"}),
    ):
        yield accepted(sentence, owner(), made, kept, answer(201, other, step="namesake"))
    refused_too = refusal("invalid_request", step="namesake")
    yield accepted("it is refused", owner(), made, kept, refused_too)
    repeated = answer(201, first, step="namesake")
    yield refused("what the main one made comes", owner(), made, kept, repeated)
    counted = [
        owner(),
        answer(201, {"id": "run_1"}, step="named"),
        kept,
        answer(201, {"id": "run_1"}, step="namesake"),
    ]
    yield accepted("two businesses count their objects alike", *counted)


# --- what the owner finds afterwards --------------------------------------------------------------


@examples_of("tenant.object")
def the_owner_reads_it_afterwards() -> Iterator[Example]:
    """A refused attempt changes and removes nothing; the owner may have changed it meanwhile."""
    yield accepted("the object is refused and unchanged", before(), kept_out(), after("Old"))
    yield accepted(
        "the object has a third name, which its owner may have set",
        before(),
        kept_out(),
        after("Other"),
    )
    to_ann = (owner(), kept_out("forbidden"), before(), after("Ann"))
    yield accepted("the object has the third name Ann, which its owner may have set", *to_ann)
    yield refused(
        "the attempt is refused, and the object is changed", before(), kept_out(), after("New")
    )
    from_ann = (owner(), kept_out("forbidden"), before("Ann"), after("New"))
    yield refused("the attempt is refused, and the object called Ann is changed", *from_ann)
    gone = refusal("not_found", operation="read_agent", identity="other", step="after")
    yield refused("the attempt is refused, and the object is gone", before(), kept_out(), gone)


def names_listed(*names: str, status: int = 200) -> Exchange:
    """The owner lists agents by name after the attempt to create one that is called New."""
    agents: list[Any] = ["New", *({"id": name, "name": name} for name in names)]
    body = {"agents": agents, "has_more": False}
    return answer(status, body, operation="list_agents", step="listing", sent={"name": "New"})


@examples_of("tenant.object")
def the_owner_lists_what_is_new() -> Iterator[Example]:
    """A refused attempt creates nothing."""
    attempt = (owner(), kept_out("forbidden"))
    yield accepted(
        "the attempt is refused, and no new object is listed", *attempt, names_listed("Ann", "Zoe")
    )
    list_refused = names_listed("New", status=403)
    yield accepted("the attempt is refused, and the list is forbidden", *attempt, list_refused)
    lost = without_response(names_listed())
    yield accepted("the attempt is refused, and the list gets no response", *attempt, lost)
    yield refused(
        "the attempt is refused, and a new object is listed", *attempt, names_listed("Ann", "New")
    )


def calls_listed(step: str, *calls: dict[str, Any]) -> Exchange:
    """The owner lists calls, before or after an attempt to make one by the agent a7."""
    rows = [{"id": f"c{place}", **call} for place, call in enumerate(calls)]
    body, sent = {"calls": rows, "has_more": False}, {"agent_id": "a7", "to": "+12025550100"}
    options: dict[str, Any] = {"sent": sent} if step == "listing" else {}
    return answer(200, body, operation="list_calls", role="setup", step=step, **options)


@examples_of("tenant.object")
def the_owner_lists_what_looks_like_the_attempt() -> Iterator[Example]:
    """Without a fresh text, an item is the refused one if it is new and shows what was sent."""
    attempt = (owner(), kept_out("forbidden"))
    before, made = calls_listed("listed-before", {"agent_id": "a1"}), {"agent_id": "a7"}
    same = {"agent_id": "a1"}, made
    yield refused("a new item shows the agent", *attempt, before, calls_listed("listing", *same))
    was_there = calls_listed("listed-before", *same)
    yield accepted("it was there before", *attempt, was_there, calls_listed("listing", *same))
    for sentence, shown in (
        ("another agent", {"agent_id": "a2"}),
        ("another number", {"agent_id": "a7", "to": "+12025550199"}),
        ("none of it", {"status": "queued"}),
    ):
        after = calls_listed("listing", {"agent_id": "a1"}, shown)
        yield accepted(f"a new item shows {sentence}", *attempt, before, after)


def ids_listed(step: str, *ids: str, more: bool = False) -> Exchange:
    """The owner looks for the agent a in the list, before or after the attempt."""
    agents = [{"id": identifier, "name": "Old"} for identifier in ids]
    return answer(
        200,
        {"agents": agents, "has_more": more},
        operation="list_agents",
        role="control" if step == "before" else "probe",
        step=step,
        sought="a",
    )


@examples_of("tenant.object")
def the_owner_cannot_tell() -> Iterator[Example]:
    """An object that the owner cannot find proves nothing, unless it was there before."""
    attempt = (owner(), kept_out("forbidden"))
    never_seen = (ids_listed("before", "b"), ids_listed("after", "b"))
    yield accepted("the owner did not list the object before either", *attempt, *never_seen)
    goes_on = (ids_listed("before", "a"), ids_listed("after", "b", more=True))
    yield accepted("the object may be on a later page of the owner", *attempt, *goes_on)
    limited = refusal(
        "rate_limit_exceeded", operation="read_agent", step="after", sent={"name": "New"}
    )
    yield accepted("the owner is refused with 429", *attempt, before(), limited)


def tied_to(business: str) -> Exchange:
    """A read of an agent that was to be tied to b_main, the other business."""
    return answer(
        200,
        {"id": "a", "business_id": business},
        operation="read_agent",
        step="tied",
        sought="a",
        tied={"business_id": "b_main"},
    )


@examples_of("tenant.object")
def nothing_is_tied_to_a_foreign_object() -> Iterator[Example]:
    """An optional reference that was accepted is ignored or replaced by another object."""
    yield refused("the object shows the foreign reference", owner(), tied_to("b_main"))
    for business in ("b_a", "b_other"):
        yield accepted(
            f"the object shows the reference {business} instead", owner(), tied_to(business)
        )
    lost = without_response(tied_to("b_main"))
    yield silent("the object with the reference gets no response", owner(), lost)


# --- reads by a name that both businesses may use -------------------------------------------------


def named_run(identifier: str | None, **options: Any) -> Exchange:
    """A read of a run by the reference that its owner gave it."""
    shown = {"id": identifier} if identifier else {}
    body = {**shown, "external_ref": "one"}
    return answer(200, body, operation="read_external_run", **options)


def owners_run(identifier: str | None = "r-theirs") -> Exchange:
    """The owner reads the run by its reference."""
    return named_run(identifier, role="control", identity="other", step="owner")


@examples_of("tenant.object", operation="read_external_run")
def a_run_by_its_reference() -> Iterator[Example]:
    """Another business may have given the same reference to a run of its own."""
    for identifier, expected in (
        ("r-own", Expected.ACCEPTED),
        ("s-own", Expected.ACCEPTED),
        ("r-theirs", Expected.REFUSED),
    ):
        answered = named_run(identifier, step="foreign")
        yield example(
            expected,
            f"{identifier} is shown for the reference that is r-theirs",
            owners_run(),
            answered,
        )
    mixed = {"id": "r-own", **error("bad_request")}
    on_run: dict[str, Any] = {"operation": "read_external_run", "step": "foreign"}
    yield refused(
        "400 with a run of the business itself", owners_run(), answer(400, mixed, **on_run)
    )
    lost = answer(None, **on_run)
    yield judge_error("no response to a read by reference", owners_run(), lost)
    own_run = named_run("r-own", step="foreign")
    yield refused("a run is shown, and its owner sees no id", owners_run(None), own_run)
    no_id = named_run(None, step="foreign")
    yield refused("a run is shown without an id", owners_run(), no_id)


@examples_of("tenant.object", operation="read_agent")
def an_agent_by_its_id() -> Iterator[Example]:
    """Where the id was asked for, no other object may stand in its place."""
    on_agent: dict[str, Any] = {"operation": "read_agent"}
    own = answer(200, {"id": "a"}, role="control", identity="other", step="owner", **on_agent)
    another = answer(200, {"id": "b"}, step="foreign", **on_agent)
    yield refused("a different agent than the one that was asked for", own, another)


# --- operations with answers of their own ---------------------------------------------------------


def _takes_any_input(operation: str, expected: Expected) -> Iterator[Example]:
    own = answer(200, {}, operation=operation, role="control")
    invalid = answer(200, {"valid": False}, operation=operation, step="foreign")
    yield example(expected, f"200 of {operation}", own, invalid)
    problems = answer(400, error("invalid_request"), operation=operation, step="foreign")
    yield example(expected, f"400 of {operation}", problems, own)


@examples_of("tenant.object", operation="validate_communication_run")
def a_validation_takes_any_input() -> Iterator[Example]:
    """An operation that judges its input may say of a foreign id that it is not valid."""
    yield from _takes_any_input("validate_communication_run", Expected.ACCEPTED)
    on_run: dict[str, Any] = {"operation": "validate_communication_run"}
    own = answer(200, {}, role="control", **on_run)
    for expected, status in (
        (Expected.REFUSED, 401),
        (Expected.REFUSED, 302),
        (Expected.JUDGE_ERROR, None),
    ):
        answered = answer(status, error("unauthorized"), step="foreign", **on_run)
        yield example(expected, f"{status} from an operation that judges its input", own, answered)


@examples_of("tenant.object", operation="create_communication_run")
def a_creation_takes_no_foreign_input() -> Iterator[Example]:
    """An operation that acts on its input refuses a foreign id."""
    yield from _takes_any_input("create_communication_run", Expected.REFUSED)


def number(digits: str | None, **options: Any) -> Exchange:
    """A read of a phone number, which is null where there is none."""
    body = {"number": None if digits is None else {"phone_number": digits}}
    return answer(200, body, operation="read_phone_number", **options)


@examples_of("tenant.object", operation="read_phone_number")
def a_number_that_may_be_null() -> Iterator[Example]:
    """Where the sources leave it open, null stands for an object that is not found."""
    owners = number("+1", role="control", step="owner")
    null = number(None, step="foreign", sought="+1")
    yield accepted("null in place of the object", owners, null)
    yield refused(
        "the object is shown in a wrapper", owners, number("+1", step="foreign", sought="+1")
    )
    owner_refused = refusal("forbidden", role="control")
    yield gap("the owner is refused, too", owner_refused, number(None, step="foreign"))
    for code, status in (("not_found", 403), ("forbidden", 404)):
        crossed = refusal(code, status, operation="read_phone_number", step="foreign")
        yield accepted(f"{status} with {code}, where null is open", owners, crossed)
    for digits in ("+0", "+2"):
        another = number(digits, step="foreign", sought="+1")
        yield accepted(f"another object is shown, {digits}", owners, another)


# --- what the request itself is answered ----------------------------------------------------------


def changed(**shown: str) -> Exchange:
    """A change of an agent that names b_main, the other business, is accepted."""
    tied = {"business_id": "b_main"}
    body = {"id": "a", **shown}
    return answer(200, body, operation="update_agent", step="optional", tied=tied)


def looked_for(status: int) -> Exchange:
    """A read of the agent after the change."""
    body = error("not_found") if status == 404 else {"id": "a"}
    tied = {"business_id": "b_main"}
    return answer(status, body, operation="read_agent", step="tied", tied=tied)


@examples_of("tenant.object", operation="update_agent")
def an_answer_names_no_other_business() -> Iterator[Example]:
    """A change that names another business may be accepted; its answer does not show that."""
    there, gone = looked_for(200), looked_for(404)
    yield accepted("the answer shows no business", before(), changed(), there)
    own = changed(business_id="b_own")
    yield accepted("the answer shows the own business", before(), own, there)
    foreign = changed(business_id="b_main")
    yield refused("the answer shows the other business", before(), foreign, there)
    yield refused("the same, and no control succeeded", foreign)
    yield refused("the object is gone after the change", before(), changed(), gone)
    kept_away = refusal("forbidden", operation="update_agent", step="optional")
    yield accepted("the change is refused, and no read finds it", before(), kept_away, gone)


def carried_out(operation: str, status: int, **labels: Any) -> Exchange:
    """An action is carried out on an object, or refused."""
    body = {"done": True} if status == 200 else error("not_found")
    return answer(status, body, operation=operation, **labels)


replayed = partial(carried_out, "replay_event")
tried_out = partial(carried_out, "test_webhook")


@examples_of("tenant.object", operation="replay_event")
def a_foreign_object_is_not_worked_on() -> Iterator[Example]:
    """Where a success shows no object, it is compared with that for an object nobody has."""
    own = replayed(200, role="control")
    taken, unknown = replayed(200, step="foreign"), replayed(404, step="nobody")
    yield refused("taken, and one that nobody has is refused", own, taken, unknown)
    yield accepted("taken as one that nobody has", own, taken, replayed(200, step="nobody"))
    yield accepted("refused", own, replayed(404, step="foreign"), unknown)
    yield accepted("taken, and nobody's was not asked for", own, taken)


@examples_of("tenant.object", operation="test_webhook")
def advice_is_given_on_anything_or_on_own_objects_alone() -> Iterator[Example]:
    """An action that takes any input may answer 200, unless it refuses what nobody has."""
    own = tried_out(200, role="control")
    taken, unknown = tried_out(200, step="foreign"), tried_out(404, step="nobody")
    yield refused("tried out, and one that nobody has is refused", own, taken, unknown)
    yield accepted("tried out as one that nobody has", own, taken, tried_out(200, step="nobody"))
    yield accepted("not tried out", own, tried_out(404, step="foreign"), unknown)
