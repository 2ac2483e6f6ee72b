"""Examples of right and wrong requests: successes, reads, parameters, bodies and ids."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
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
    noted,
    refused,
    silent,
)
from tests.examples.common import refusal_with
from tests.support.contracts import TARGET, real, toy
from tests.support.exchanges import (
    EMPTY_LIST,
    answer,
    call,
    call_list,
    control,
    endless,
    error,
    labelled,
    proxy,
    refusal,
    with_request_body,
    withheld,
)

# --- successes ------------------------------------------------------------------------------------


@examples_of("success.status")
def a_valid_request_succeeds() -> Iterator[Example]:
    """A valid request gets the success status of its operation."""
    yield accepted("a list answers 200", call_list())
    created = answer(201, call(1), operation="create_call")
    yield accepted("a creation answers 201", created)
    not_created = answer(200, call(1), operation="create_call")
    yield refused("a creation answers 200", not_created)
    yield refused("a list answers 201", answer(201, EMPTY_LIST))
    invalid = refusal("bad_request", role="control")
    yield refused("a valid request is answered 400", invalid)
    crashed = refusal("internal_error", role="control")
    yield refused("a valid request is answered 500", crashed)
    prepares = refusal("internal_error", role="setup")
    yield refused("what prepares a case is answered 500", prepares)
    yield silent("what prepares a case is answered 400", refusal("bad_request", role="setup"))
    for code in ("bad_request", "internal_error"):
        at_sign_up = refusal(code, role="control", operation="sign_up")
        yield refused(f"a sign-up is answered {code}", at_sign_up)
    failed = {"success": False, "error": "A cancelled run cannot be paused."}
    yield refused(
        "a change answers 200 with an error", answer(200, failed, operation="update_lead")
    )
    yield accepted("an action reports what failed", answer(200, failed, operation="test_webhook"))
    succeeded = {"success": False, "id": "l1"}
    yield accepted("a change has no error", answer(200, succeeded, operation="update_lead"))
    paid_list = refusal("payment_required", role="control")
    yield refused("a list wants a payment", paid_list)


@examples_of("success.status")
def a_refusal_has_another_reason() -> Iterator[Example]:
    """A request may be refused for its key, its number, its payment, or a provider."""
    yield silent("a probe is refused", refusal("bad_request"))
    yield silent("429 in the middle", refusal("rate_limit_exceeded", role="control"))
    yield silent("502 of a proxy", proxy(role="control"))
    a_call: dict[str, Any] = {"role": "control", "operation": "create_call"}
    yield silent("a provider fails", refusal("vapi_error", **a_call))
    yield silent("the number may not be called", refusal("number_on_dnc", **a_call))
    yield silent("the key lacks the scope", refusal("forbidden", role="control"))
    yield silent("the key is not known", refusal("unauthorized", role="control"))
    at_sign_up = refusal("payment_required", role="control", operation="sign_up")
    yield silent("a sign-up wants a payment", at_sign_up)


@examples_of("success.status")
def a_number_is_refused() -> Iterator[Example]:
    """A fictional number may be called invalid; a number that the target declares may not."""
    a_call: dict[str, Any] = {"role": "control", "operation": "create_call"}
    fictional = replace(TARGET, phone_numbers=())
    invalid = refusal("invalid_request", **a_call)
    yield silent("a fictional number is called invalid", invalid, target=fictional)
    yield refused("a declared number is called invalid", invalid)
    redirect, crash = answer(302, {}, **a_call), refusal("internal_error", **a_call)
    yield refused("a fictional number is answered 302", redirect, target=fictional)
    yield refused("a fictional number is answered 500", crash, target=fictional)


@examples_of("success.status")
def a_cursor_of_the_target_is_refused() -> Iterator[Example]:
    """A cursor that the target showed is valid if it is a timestamp."""
    sentence = "a cursor of the target is refused that is"
    for what, cursor in (("no timestamp", "17 April 2026"), ("empty", "")):
        invalid = refusal("invalid_request", role="control", query={"after": cursor})
        yield silent(f"{sentence} {what}, which list.position judges", invalid)
    timestamp = {"after": "2026-04-17T10:00:00Z"}
    invalid = refusal("invalid_request", role="control", query=timestamp)
    yield refused(f"{sentence} a timestamp", invalid)


@examples_of("success.status")
def nobody_knows_the_right_input() -> Iterator[Example]:
    """Where no source says which input is right, a refusal of it is not judged."""
    for code, expected in (
        ("invalid_request", Expected.SILENT),
        ("not_found", Expected.SILENT),
        ("internal_error", Expected.REFUSED),
    ):
        answered = refusal(code, role="control", operation="read_recording")
        sentence = f"{code} where no source says which input is valid"
        yield example(expected, sentence, answered)


@examples_of("success.members", operation="create_webhook")
def a_response_to_a_write_has_documented_types() -> Iterator[Example]:
    """The object in the response to a write has the types that its list documents."""

    def saved(**members: Any) -> Exchange:
        return answer(201, {"id": "w1", **members}, operation="create_webhook")

    yield accepted("a switch", saved(is_active=True))
    yield accepted("a member without a value", saved(is_active=None))
    yield refused("a switch as a text", saved(is_active="true"))
    yield refused("a list as a text", saved(events="call.completed"))
    confirmed = answer(200, {"is_active": "yes"}, operation="update_webhook")
    yield silent("a confirmation without the object", confirmed)


@examples_of("success.shape")
def a_success_has_its_members() -> Iterator[Example]:
    """The body of a success has the members of its schema, and may have more."""
    beside = {**EMPTY_LIST, "next": None, "request_id": "r"}
    yield accepted("members beside those of the schema", answer(200, beside))
    a_read: dict[str, Any] = {"operation": "read_call"}
    yield accepted("a single object", answer(200, call(1), **a_read))
    yield refused("a required member is missing", answer(200, {"status": "queued"}, **a_read))
    number = answer(200, {"id": 1, "status": "queued"}, **a_read)
    yield refused("a member has another type", number)
    long_id = answer(200, {"id": ["x" * 300], "status": "queued"}, **a_read)
    shortened = "['" + "x" * 198 + '"'
    yield refused(
        "a long member has another type, and is quoted in part", long_id, mentions=shortened
    )
    surrogate = answer(200, text='{"id": "\\ud800", "status": "x"}', **a_read)
    yield accepted("a text holds a lone surrogate", surrogate)
    yield refused("a body that is not JSON", answer(200, text="ok", **a_read))
    yield refused("an empty body", answer(200, text="", **a_read))
    bodiless = answer(200, text="", operation="delete_webhook")
    yield accepted("no body, where no source shows one", bodiless)


@examples_of("success.shape")
def no_success_to_judge() -> Iterator[Example]:
    """Only the body of a success, whole and in the log, can be judged."""
    without_flag = answer(200, {"calls": []})
    yield silent("a list without has_more, which list.more-flag judges", without_flag)
    yield silent("an error", refusal("bad_request"))
    yield silent("a body that is not in the log", withheld(200))
    yield silent("an answer to HEAD, which has no body", answer(200, text="", method="HEAD"))
    yield judge_error("a success whose body did not end", endless(200))


# --- reads ----------------------------------------------------------------------------------------


def asked_for(identifier: str = "c1") -> dict[str, Any]:
    """Options of an answer to a read that asks for a call by its id."""
    return {"operation": "read_call", "query": {"id": identifier}}


@examples_of("read.asked")
def a_read_shows_what_was_asked_for() -> Iterator[Example]:
    """The object that is shown has the id that was asked for."""
    yield accepted("the object that was asked for", answer(200, {"id": "c1"}, **asked_for()))
    nameless = answer(200, {"status": "busy"}, **asked_for())
    yield accepted("an object that shows no id", nameless)
    for identifier in ("c0", "c2"):
        another = answer(200, {"id": identifier}, **asked_for())
        yield refused(f"another object, {identifier}", another)
    yield accepted("an array in place of the object", answer(200, ["c2"], **asked_for()))
    yield accepted("an object whose id is true", answer(200, {"id": True}, **asked_for()))
    number = answer(200, {"id": 7}, **asked_for("7"))
    yield accepted("an object whose id is the number that was asked for", number)
    unasked = answer(200, {"id": "c2"}, operation="read_call")
    yield accepted("a request that names no object", unasked)
    yield silent("a read that is refused", refusal("not_found", **asked_for()))
    yield silent("a success that shows nothing", answer(200, text="", **asked_for()))
    yield silent("no response", answer(None, **asked_for()))
    a_list = answer(200, {"calls": []}, query={"id": "c1"})
    yield silent("a list, which the rule is not about", a_list)


@examples_of("read.asked")
def a_read_by_another_name() -> Iterator[Example]:
    """An object may be named by a member other than its id, or by no known member."""
    for run, expected in (("r1", Expected.ACCEPTED), ("r2", Expected.REFUSED)):
        evaluation = answer(
            200,
            {"id": "e1", "vapi_run_id": run},
            operation="read_provider_run",
            query={"vapi_run_id": "r1"},
        )
        yield example(
            expected, f"an object that was asked for by r1, with the reference {run}", evaluation
        )
    by_call: dict[str, Any] = {"operation": "read_recording", "query": {"call_id": "c1"}}
    recording = answer(200, {"id": "c2", "call_id": "c1"}, **by_call)
    for kind in ("agent", "recording"):
        altered = replace(real().operations["read_recording"], kind=kind, open=frozenset())
        yield accepted(
            f"a read by the id of a call, which answers with the kind {kind}",
            recording,
            altered=altered,
        )
    unknown = answer(200, {"id": "c2"}, **by_call)
    yield accepted("a read where no source says what names the object", unknown)
    another = answer(200, {"id": "r2", "call_id": "c2"}, **by_call)
    yield refused("the same, but the answer says that it is of another call", another)
    unnamed = replace(real().operations["read_call"], when=None, parameters=())
    another = answer(200, {"id": "c2"}, **asked_for())
    yield silent("a read without a parameter for the object", another, altered=unnamed)


# --- ids ------------------------------------------------------------------------------------------


@examples_of("id.unknown")
def an_unknown_id_is_not_found() -> Iterator[Example]:
    """An id that names nothing is answered as not found."""
    yield from refusal_with("not_found")
    yield refused("an empty object in place of the refusal", control(), answer(200, {}))
    yield refused("400 in place of 404", control(), refusal("invalid_request"))
    failing_499 = refusal("call_failed", 499)
    yield refused("the code of a failing provider under 499", control(), failing_499)
    failing_503 = refusal("call_failed", 503)
    yield gap("a failing provider under 503", control(), failing_503)
    for status in (503, 504):
        yield judge_error(f"{status} of a proxy", control(), proxy(status))


@examples_of("id.unknown", operation="read_phone_number")
def an_unknown_number_may_be_null() -> Iterator[Example]:
    """Where the sources leave it open, null stands for not found."""
    on_number: dict[str, Any] = {"operation": "read_phone_number"}
    known = answer(200, {"number": {"phone_number": "+1"}}, role="control", **on_number)
    null = answer(200, {"number": None}, **on_number)
    yield accepted("null, where that is open", known, null)
    yield accepted("404, where null is open", known, refusal("not_found", **on_number))
    missing = refusal("bad_request", **on_number)
    yield refused("400, where null is open", known, missing)
    limited = refusal("rate_limit_exceeded", **on_number)
    yield gap("429, where null is open", known, limited)
    yield judge_error(
        "a body that did not end, where null is open", known, endless(200, **on_number)
    )


# --- parameters and bodies ------------------------------------------------------------------------


def change_of_agent(
    status: int, role: str = "probe", identifier: str = "agent_1", **members: Any
) -> Exchange:
    """A change of an agent that sent some members, with a confirmation or a refusal."""
    body = {"id": identifier, "updated": True} if status == 200 else None
    exchange = (
        answer(200, body, operation="update_agent", role=role)
        if body
        else refusal("invalid_request", operation="update_agent", role=role)
    )
    return with_request_body(exchange, {"id": identifier, **members})


def agent(identifier: str = "agent_1", **members: Any) -> Exchange:
    """A read of an agent that shows some members."""
    shown = {"id": identifier, **members}
    return answer(200, shown, operation="read_agent", role="setup")


@examples_of("parameter.invalid", operation="update_agent")
def a_wrong_value_of_a_member_that_takes_effect() -> Iterator[Example]:
    """A change must refuse a wrong value of an optional member that takes effect."""
    right = change_of_agent(200, "control", max_duration=270)
    wrong = change_of_agent(200, max_duration="not a number")
    taken = (agent(max_duration=600), right, agent(max_duration=270))
    yield refused("a right value is shown afterwards", *taken, wrong)
    yield accepted("the wrong value is refused", *taken, change_of_agent(400, max_duration="x"))
    kept = (right, wrong, agent(max_duration="not a number"))
    yield refused("the wrong value is shown afterwards", *kept)


@examples_of("parameter.invalid", operation="update_agent")
def a_wrong_value_of_a_member_that_is_ignored() -> Iterator[Example]:
    """A server that lacks an optional member need not validate it."""
    right = change_of_agent(200, "control", max_duration=270)
    wrong = change_of_agent(200, max_duration="not a number")
    yield noted("the member is never shown", agent(), right, agent(), wrong)
    other = (agent(max_duration=600), right, agent(max_duration=600))
    yield noted("the object keeps another value", *other, wrong)
    same = (agent(max_duration=270), right, agent(max_duration=270))
    yield noted("the object had the value that was sent", *same, wrong)
    elsewhere = (agent("agent_2", max_duration=600), right, agent("agent_2", max_duration=270))
    yield noted("the value that was sent is shown by another object", *elsewhere, wrong)


def scored(identifier: str, before: float, sent: Any, after: float) -> tuple[Exchange, ...]:
    """A change of the score of a lead, between two reads of it."""
    body = {"id": identifier, "success": True}
    change = answer(200, body, operation="update_lead", role="control")
    first, second = (
        answer(200, {"id": identifier, "score": score}, operation="read_lead", role="setup")
        for score in (before, after)
    )
    return first, with_request_body(change, {"id": identifier, "score": sent}), second


@examples_of("parameter.invalid", operation="update_lead")
def a_wrong_value_of_a_member_that_may_be_computed() -> Iterator[Example]:
    """No source calls the score writable, so a server may compute it and ignore what is sent."""
    body = {"id": "l9", "success": True}
    accepted_wrong = answer(200, body, operation="update_lead", role="probe")
    wrong = with_request_body(accepted_wrong, {"id": "l9", "score": "not a number"})
    stored = scored("l1", 66, 1, 1.0)
    yield refused("the score is stored", *stored, *scored("l2", 28, 0, 0), wrong)
    in_vain = scored("l2", 28, 1, 28)
    yield noted("another lead was sent the same score in vain", *in_vain, *stored, wrong)
    yield refused(
        "another lead was sent another score in vain", *scored("l2", 2, 7, 2), *stored, wrong
    )
    shown_later = (*in_vain, *scored("l2", 28, 1, 1))
    yield refused("it shows the score later", *shown_later, *stored, wrong)


@examples_of("parameter.invalid", operation="create_workspace")
def a_wrong_value_in_a_creation() -> Iterator[Example]:
    """A creation must refuse a wrong value of an optional member that takes effect."""
    team = {"team": "front"}

    def creation(identifier: str, metadata: Any, shown: Any, role: str) -> Exchange:
        body = {"id": identifier, "name": "Sample", "metadata": shown}
        made = answer(201, body, operation="create_workspace", role=role)
        return with_request_body(made, {"name": "Sample", "metadata": metadata})

    wrong = creation("w2", "not an object", None, "probe")
    taken = creation("w1", team, team, "control")
    yield refused("another object shows something else", taken, wrong)
    everywhere = creation("w2", "not an object", team, "probe")
    yield noted("every object shows the same", taken, everywhere)
    empty = (creation("w1", {}, {}, "control"), creation("w2", "not an object", None, "probe"))
    yield noted("an empty value is shown", *empty)


@examples_of("parameter.missing", form="omitted")
@examples_of("parameter.blank", form="null")
def a_parameter_is_not_given() -> Iterator[Example]:
    """A required parameter that is left out or blank is a bad request."""
    yield from refusal_with("bad_request")


@examples_of("parameter.missing", form="omitted")
def a_parameter_is_left_out() -> Iterator[Example]:
    """Only null may be called invalid instead of missing."""
    invalid = refusal("invalid_request")
    yield refused("the code of an invalid parameter", control(), invalid)
    yield refused("422 in place of 400", control(), answer(422, error("bad_request")))
    null = refusal("invalid_request", form="null")
    yield accepted("null is called invalid", control(), refusal("bad_request"), null)


@examples_of("parameter.missing", form="omitted", operation="create_lead")
def a_member_is_left_out() -> Iterator[Example]:
    """The code is pinned although the body of the probe is not that of the control."""
    lead: dict[str, Any] = {"operation": "create_lead"}
    made = answer(201, {"id": "lead_1"}, role="control", **lead)
    whole = with_request_body(made, {"business_id": "b_main", "name": "Sample"})
    for code, expected in (
        ("bad_request", Expected.ACCEPTED),
        ("invalid_request", Expected.REFUSED),
    ):
        probe = with_request_body(refusal(code, **lead), {"name": "Sample"})
        yield example(expected, f"a body without its business gets {code}", whole, probe)


@examples_of("parameter.invalid", operation="create_lead")
def a_member_has_a_value_that_is_invalid() -> Iterator[Example]:
    """The code is pinned although the body of the probe is not that of the control."""
    lead: dict[str, Any] = {"operation": "create_lead"}
    made = answer(201, {"id": "lead_1"}, role="control", **lead)
    whole = with_request_body(made, {"business_id": "b_main", "email": "sam@example.com"})
    for code, expected in (
        ("invalid_request", Expected.ACCEPTED),
        ("bad_request", Expected.REFUSED),
    ):
        wrong = {"business_id": "b_main", "email": "no-at-sign.example.com"}
        probe = with_request_body(refusal(code, **lead), wrong)
        yield example(expected, f"an invalid address gets {code}", whole, probe)


@examples_of("parameter.missing", form="omitted", operation="create_book")
def another_contract_has_other_statuses() -> Iterator[Example]:
    """Status and code are those of the contract at hand."""
    created = answer(201, {}, role="control", operation="create_book")
    body = {"fault": {"kind": "lacking", "text": "No title"}}
    own = answer(422, body, operation="create_book")
    yield accepted("the status and code of another contract", created, own, contract=toy())
    foreign = answer(400, body, operation="create_book")
    sentence = "the status of this contract with the code of another"
    yield refused(sentence, created, foreign, contract=toy())


@examples_of("parameter.invalid")
def a_parameter_is_invalid() -> Iterator[Example]:
    """A value that no reading accepts is an invalid request."""
    yield from refusal_with("invalid_request")
    yield refused("the code of a missing parameter", control(), refusal("bad_request"))


@examples_of("body.broken")
def a_body_is_broken() -> Iterator[Example]:
    """A body that cannot be read is refused with either code of a bad request."""
    yield from refusal_with("invalid_request")
    either = (refusal("bad_request"), refusal("invalid_request"))
    yield accepted("both codes of a bad request", control(), *either)


@examples_of("parameter.unparsable")
def a_parameter_cannot_be_parsed() -> Iterator[Example]:
    """A limit or cursor that cannot be parsed is refused as invalid, or ignored."""
    yield accepted("the parameter is called invalid", control(), refusal("invalid_request"))
    yield accepted("the parameter is ignored", control(), call_list())
    yield refused("the code of a missing parameter", control(), refusal("bad_request"))
    yield refused("the parameter is answered 499", control(), answer(499, {}))
    crashed = refusal("internal_error")
    yield silent("500, which status.client-mistake judges", control(), crashed)
    crashed_503 = refusal("internal_error", 503)
    yield silent("503 with a code, which status.client-mistake judges", control(), crashed_503)
    yield silent("a control and no probe", control())
    yield gap("429 for the parameter", control(), refusal("rate_limit_exceeded"))
    yield judge_error("502 of a proxy", control(), proxy())


@examples_of("success.label")
def a_success_is_json() -> Iterator[Example]:
    """The body of a success is JSON, and its media type says so."""
    yield accepted("JSON with the media type of JSON", call_list())
    plain = answer(200, EMPTY_LIST, media="text/plain")
    yield refused("JSON as plain text", plain)
    yield refused("no media type", answer(200, EMPTY_LIST, media=None))
    yield refused("HTML", answer(200, text="<html>", media="text/html"))
    yield accepted("no body", answer(200, text="", media=None))
    twice = '{"calls": [], "has_more": true, "has_more": false}'
    yield noted("two members of one name", answer(200, text=twice), mentions='"has_more" more')
    deep = '{"a":' * 600 + "1" + "}" * 600
    yield silent("JSON that is nested too deep to be read", answer(200, text=deep))
    yield silent("an answer to HEAD", answer(200, text="x", media=None, method="HEAD"))
    yield silent("an error", refusal("not_found"))
    yield silent("a body that did not end", endless(200))
    yield silent("a body that is not in the log", withheld(200))
    yield silent("no response", answer(None))


# --- references to nothing ------------------------------------------------------------------------

CREATES: dict[str, Any] = {"operation": "create_lead"}


def made() -> Exchange:
    """A valid creation."""
    return answer(201, {"id": "l1"}, role="control", **CREATES)


def look(agent: str | None) -> Exchange:
    """A look at a new lead that was to be tied to the agent a9, which does not exist."""
    lead = {"id": "l2", "agent_id": agent}
    return answer(
        200, lead, operation="read_lead", step="tied", sought="l2", tied={"agent_id": "a9"}
    )


@examples_of("id.reference", operation="create_lead")
def a_creation_names_nothing() -> Iterator[Example]:
    """A creation that names an object which does not exist is refused."""
    for code in ("not_found", "forbidden", "invalid_request"):
        yield accepted(f"refused with {code}", made(), refusal(code, step="reference", **CREATES))
    taken = answer(201, {"id": "l2"}, step="reference", **CREATES)
    yield refused("taken", made(), taken)
    crashed = refusal("internal_error", step="reference", **CREATES)
    yield refused("answered 500", made(), crashed)
    yield silent("nothing was named", made())
    invalid = refusal("bad_request", role="control", **CREATES)
    refused_one = refusal("not_found", step="reference", **CREATES)
    yield gap("a valid creation is refused as well", invalid, refused_one)


@examples_of("id.reference", operation="create_lead")
def a_creation_need_not_name_it() -> Iterator[Example]:
    """A member that is not required may be ignored, but the new object must not show it."""
    labels: dict[str, Any] = {"step": "optional", "tied": {"agent_id": "a9"}, **CREATES}
    yield accepted("refused", made(), refusal("not_found", **labels))
    yield refused("refused with unauthorized", made(), refusal("unauthorized", **labels))
    taken = answer(201, {"id": "l2"}, **labels)
    yield accepted("ignored", made(), taken, look(None))
    yield refused("shown by a read", made(), taken, look("a9"))
    shown = answer(201, {"id": "l2", "agent_id": "a9"}, **labels)
    yield refused("shown by the answer", made(), shown)
    gone = refusal("not_found", operation="read_lead", step="tied", tied={"agent_id": "a9"})
    yield silent("the new object is not there", made(), answer(201, None, **labels), gone)


@examples_of("read.asked")
def another_case() -> Iterator[Example]:
    """Upper and lower case do not matter in hexadecimal digits, nor in ids of one case."""
    yield accepted("a UUID in capitals", answer(200, {"id": "ab-1f"}, **asked_for("AB-1F")))
    yield refused("another name", answer(200, {"id": "run_xY1"}, **asked_for("RUN_Xy1")))
    ulid = answer(200, {"id": "call_01XYZ"}, **asked_for("CALL_01xyz"))
    yield accepted("an id whose letters are all capitals", ulid)
    by_run: dict[str, Any] = {"operation": "read_provider_run", "query": {"vapi_run_id": "RUN"}}
    run = answer(200, {"id": "e1", "vapi_run_id": "run"}, **by_run)
    yield refused("a text that clients choose", run)


# --- the transfer ---------------------------------------------------------------------------------


@examples_of("transfer.whole")
def an_answer_arrives_whole() -> Iterator[Example]:
    """What the transport saw to break twice is a finding; what it did not see whole is none."""
    yield accepted("an answer", call_list())
    yield accepted("an error", refusal("not_found"))
    cut_off = answer(None, failure="it ends before its time")
    yield refused("an answer broke twice", labelled(cut_off, broken="it ends before its time"))
    yield refused("bytes came after the end", labelled(call_list(), broken="3 bytes came"))
    yield silent("an answer was lost", cut_off)
    yield silent("a body did not end", endless(200))
    yield silent("an answer is repeated", answer(200, EMPTY_LIST, role="retry"))


@examples_of("id.picked", operation="read_schemas")
def what_is_asked_for_by_its_name_is_there() -> Iterator[Example]:
    """A success is not empty. Whatever it holds may be what was asked for, or a list without it."""
    here: dict[str, Any] = {"operation": "read_schemas", "query": {"name": "Nothing"}}
    yield refused("an object without members", answer(200, {}, **here))
    yield refused("null", answer(200, None, **here))
    yield accepted("a schema", answer(200, {"type": "object"}, **here))
    yield accepted("no schemas", answer(200, {"schemas": {}}, **here))
    yield accepted("an empty list", answer(200, [], **here))
    yield accepted("not found", refusal("not_found", **here))
    yield silent("a name that is refused as invalid", refusal("invalid_request", **here))
    yield silent("no name", answer(200, {}, operation="read_schemas"))
    yield silent("a success without a body", answer(200, text="", **here))
    there: dict[str, Any] = {"operation": "read_agent_version"}
    late = {"agent_id": "agent-1", "version": "700"}
    yield refused("another number", answer(200, {"version": 6}, query=late, **there))
    yield accepted("that number", answer(200, {"version": 700}, query=late, **there))
    yield accepted("no number", answer(200, {"version": "6f3a"}, query=late, **there))
    padded = {"agent_id": "agent-1", "version": "06"}
    yield accepted("a number that is read so", answer(200, {"version": 6}, query=padded, **there))
    yield silent("no response", answer(None, **here))
