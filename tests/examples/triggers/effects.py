"""Examples of texts that a trigger keeps from being sent: the list must not show them as sent."""

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
    refused,
    silent,
)
from tests.support.exchanges import (
    answer,
    at,
    control,
    refusal,
    relabelled,
    with_request_body,
    without_response,
)

GOOD = {"message": "Good text", "status": "queued"}
"""A text that was taken, as the list shows it."""

BAD = {"message": "Bad words", "status": "queued"}
"""A text that was blocked, as the list must not show it."""


def text_sent(message: str, answered: Exchange, to: str = "+12025550100") -> Exchange:
    """An attempt to send a text that the trigger is about."""
    exchange = with_request_body(answered, {"to": to, "message": message})
    return relabelled(replace(exchange, operation="send_sms"), role="probe")


def text_taken(answered: Exchange) -> Exchange:
    """A text without the trigger is sent."""
    exchange = with_request_body(answered, {"to": "+12025550100", "message": "Good text"})
    return relabelled(replace(exchange, operation="send_sms"), role="control", step="taken")


def taken() -> Exchange:
    """A text without the trigger is sent and taken; the answer does not show its id."""
    return text_taken(answer(200, {"success": True}))


def taken_as(identifier: str) -> Exchange:
    """A text without the trigger is sent and taken; the answer shows its id."""
    return text_taken(answer(200, {"id": identifier, "success": True}))


def blocked() -> Exchange:
    """A text with the trigger is refused."""
    return text_sent("Bad words", refusal("content_blocked"))


def texts(step: str, *shown: dict[str, Any]) -> Exchange:
    """A page of texts, before or after the attempt."""
    listed = [
        {"id": f"m{place}", "created_at": at(place), **text} for place, text in enumerate(shown)
    ]
    return answer(
        200,
        {"messages": listed, "has_more": False},
        operation="list_messages",
        role="control" if step == "before" else "probe",
        step=step,
    )


def attempt() -> tuple[Exchange, ...]:
    """A text is taken and listed, and another one is blocked."""
    return taken(), texts("before", GOOD), blocked()


@examples_of("trigger.effect", operation="send_sms")
def a_blocked_text_is_not_sent() -> Iterator[Example]:
    """A text that was blocked is not listed, or not in the state of one that was taken."""
    yield accepted("the blocked text is not listed", *attempt(), texts("after", GOOD))
    as_blocked = {**BAD, "status": "blocked"}
    yield accepted(
        "the blocked text is listed as blocked", *attempt(), texts("after", GOOD, as_blocked)
    )
    as_sent = texts("after", GOOD, BAD)
    yield refused("the blocked text is listed in the state of an accepted one", *attempt(), as_sent)
    yield refused(
        "the blocked text is listed as accepted, after a request that prepares the case",
        control(role="setup"),
        *attempt(),
        as_sent,
    )
    earlier = {**BAD, "created_at": at(-1)}
    yield accepted(
        "the blocked text is listed with an earlier time than the accepted one",
        *attempt(),
        texts("after", GOOD, earlier),
    )
    same_time = {**BAD, "created_at": at(0)}
    late = texts("after", GOOD, same_time)
    yield refused("the blocked text is listed with the time of the accepted one", *attempt(), late)
    plain = answer(
        200, {"messages": ["a text"], "has_more": False}, operation="list_messages", step="after"
    )
    yield accepted("the second list holds a text in place of objects", *attempt(), plain)


@examples_of("trigger.effect", operation="send_sms")
def another_text_is_in_the_same_state() -> Iterator[Example]:
    """A state in which another text was before may mean that it was blocked."""
    failed, bad_failed = {**GOOD, "status": "failed"}, {**BAD, "status": "failed"}
    yield accepted(
        "the blocked text is listed as failed, as another text is",
        taken_as("m0"),
        texts("before", GOOD, failed),
        blocked(),
        texts("after", GOOD, failed, bad_failed),
    )
    yield accepted(
        "the blocked text is listed as failed, as a text before the accepted one is",
        taken_as("m1"),
        texts("before", failed, GOOD),
        blocked(),
        texts("after", failed, GOOD, bad_failed),
    )
    shares_number = {"message": "+12025550100", "status": "failed"}
    yield accepted(
        "the blocked text is listed in the state of a text that only shows the number",
        taken(),
        texts("before", GOOD, shares_number),
        blocked(),
        texts("after", GOOD, shares_number, bad_failed),
    )


@examples_of("trigger.effect", operation="send_sms")
def another_text_went_to_the_same_number() -> Iterator[Example]:
    """A text to the number of the one that was taken is not taken for it."""
    first = {**GOOD, "to": "+12025550100"}
    second = {
        "message": "Words of another day",
        "to": "+12025550100",
        "status": "blocked",
    }
    third = {"message": "Kind words", "to": "+12025550199", "status": "blocked"}
    yield accepted(
        "the blocked text is listed as blocked, as a text to the first number is",
        taken(),
        texts("before", first, second),
        text_sent("Kind words", refusal("number_opted_out"), to="+12025550199"),
        texts("after", first, second, third),
    )


@examples_of("trigger.effect", operation="send_sms")
def a_text_shows_that_it_was_not_sent() -> Iterator[Example]:
    """Another state, a sign or a number in its place: no text of a queue."""
    other_words = {"message": "Old words of another kind", "status": "sent"}
    awaiting = {"message": "Good text", "status": "awaiting_consent"}
    for sentence, before, item in (
        (
            "the blocked text is listed in a state that another text had before",
            (GOOD, other_words),
            {**BAD, "status": "sent"},
        ),
        (
            "another text is listed",
            (GOOD,),
            {**GOOD, "message": "Other words of another kind"},
        ),
        (
            "another text is listed, with a number",
            (GOOD,),
            {**GOOD, "message": "Other words", "parts": 2},
        ),
        ("the blocked text is listed with a flag", (GOOD,), {**BAD, "blocked": True}),
        ("the blocked text is listed with a flag that is null", (GOOD,), {**BAD, "blocked": None}),
        (
            "the blocked text is listed in another state, of 16 letters",
            (awaiting,),
            {**BAD, "status": "awaiting_payment"},
        ),
    ):
        lists = (texts("before", *before), blocked(), texts("after", *before, item))
        yield accepted(sentence, taken(), *lists)


@examples_of("trigger.effect", operation="send_sms")
def a_remark_is_no_state() -> Iterator[Example]:
    """Only a short word without blanks is the state of a text."""
    remark = {**BAD, "remark": "a longer remark that tells no state"}
    yield refused(
        "the blocked text is listed as accepted, with a remark",
        *attempt(),
        texts("after", GOOD, remark),
    )
    consents = {"message": "Good text", "status": "awaiting_consents"}
    payments = {**BAD, "status": "awaiting_payments"}
    yield refused(
        "the blocked text is listed with a word of 17 letters, which is no state",
        taken(),
        texts("before", consents),
        blocked(),
        texts("after", consents, payments),
    )


@examples_of("trigger.effect", operation="send_sms")
def a_short_text_names_nothing() -> Iterator[Example]:
    """A text of a few letters may be part of any other."""
    for message, expected in (
        ("Bad", Expected.ACCEPTED),
        ("Badly", Expected.ACCEPTED),
        ("Badger", Expected.REFUSED),
    ):
        short = text_sent(message, refusal("content_blocked"))
        listed = texts("after", GOOD, {**BAD, "message": message})
        sentence = f"a blocked text of {len(message)} letters is listed as accepted"
        yield example(expected, sentence, taken(), texts("before", GOOD), short, listed)


@examples_of("trigger.effect", operation="send_sms")
def no_effect_to_judge() -> Iterator[Example]:
    """Both lists must be answered, and the text without the trigger be in the first."""
    before, after = texts("before", GOOD), texts("after", GOOD)
    forbidden = answer(403, {"messages": [GOOD]}, operation="list_messages")
    before_refused = relabelled(forbidden, step="before")
    after_refused = relabelled(forbidden, step="after")
    yield silent("the first list is refused", taken(), before_refused, blocked(), after)
    yield silent("the second list is refused", taken(), before, blocked(), after_refused)
    lost = without_response(after_refused)
    yield silent("the second list gets no response", taken(), before, blocked(), lost)
    yield silent("there is no second list", *attempt())
    limited = text_taken(refusal("rate_limit_exceeded"))
    yield silent(
        "the text without the trigger is refused with 429", limited, before, blocked(), after
    )
    not_blocked = text_sent("Bad words", answer(200, {}))
    yield silent(
        "the text with the trigger is accepted",
        taken(),
        before,
        not_blocked,
        texts("after", GOOD, BAD),
    )
    yield accepted(
        "the accepted text is not listed, so its state is not known",
        taken(),
        texts("before"),
        blocked(),
        texts("after", BAD),
    )
