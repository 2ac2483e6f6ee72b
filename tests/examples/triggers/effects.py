"""Examples of texts that a trigger keeps from being sent: the list must not show them as sent."""

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
"""A text that was accepted, as the list shows it."""

BAD = {"message": "Bad words", "status": "queued"}
"""A text that was blocked, as the list must not show it."""


SMS: dict[str, Any] = {"operation": "send_sms"}


def text_sent(message: str, answered: Exchange, to: str = "+12025550100") -> Exchange:
    """An attempt to send a text, with its answer."""
    return with_request_body(answered, {"to": to, "message": message})


def accepted_text(**members: Any) -> Exchange:
    """A text without the trigger is accepted; the answer may show more members."""
    body = {"success": True, **members}
    return text_sent("Good text", answer(200, body, role="control", step="taken", **SMS))


def blocked(message: str = "Bad words") -> Exchange:
    """A text with the trigger is refused."""
    return text_sent(message, refusal("content_blocked", **SMS))


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
    """A text is accepted and listed, and another one is blocked."""
    return accepted_text(), texts("before", GOOD), blocked()


@examples_of("trigger.effect", operation="send_sms")
def a_blocked_text_is_not_sent() -> Iterator[Example]:
    """A blocked text is not listed, or not in the state of an accepted one."""
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
        accepted_text(id="m0"),
        texts("before", GOOD, failed),
        blocked(),
        texts("after", GOOD, failed, bad_failed),
    )
    yield accepted(
        "the blocked text is listed as failed, as a text before the accepted one is",
        accepted_text(id="m1"),
        texts("before", failed, GOOD),
        blocked(),
        texts("after", failed, GOOD, bad_failed),
    )
    shares_number = {"message": "+12025550100", "status": "failed"}
    yield accepted(
        "the blocked text is listed in the state of a text that only shows the number",
        accepted_text(),
        texts("before", GOOD, shares_number),
        blocked(),
        texts("after", GOOD, shares_number, bad_failed),
    )


@examples_of("trigger.effect", operation="send_sms")
def another_text_went_to_the_same_number() -> Iterator[Example]:
    """A text to the number of the accepted one is not confused with it."""
    first = {**GOOD, "to": "+12025550100"}
    second = {
        "message": "Words of another day",
        "to": "+12025550100",
        "status": "blocked",
    }
    third = {"message": "Kind words", "to": "+12025550199", "status": "blocked"}
    yield accepted(
        "the blocked text is listed as blocked, as a text to the first number is",
        accepted_text(),
        texts("before", first, second),
        text_sent("Kind words", refusal("number_opted_out", **SMS), to="+12025550199"),
        texts("after", first, second, third),
    )


@examples_of("trigger.effect", operation="send_sms")
def a_text_shows_that_it_was_not_sent() -> Iterator[Example]:
    """A text in another state, with a flag, or with other words may be a blocked one."""
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
        yield accepted(sentence, accepted_text(), *lists)


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
        accepted_text(),
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
        listed = texts("after", GOOD, {**BAD, "message": message})
        sentence = f"a blocked text of {len(message)} letters is listed as accepted"
        before = texts("before", GOOD)
        yield example(expected, sentence, accepted_text(), before, blocked(message), listed)


@examples_of("trigger.effect", operation="send_sms")
def no_effect_to_judge() -> Iterator[Example]:
    """Both lists must be answered, and the first must hold the text without the trigger."""
    before, after = texts("before", GOOD), texts("after", GOOD)
    forbidden = answer(403, {"messages": [GOOD]}, operation="list_messages")
    before_refused = relabelled(forbidden, step="before")
    after_refused = relabelled(forbidden, step="after")
    yield silent("the first list is refused", accepted_text(), before_refused, blocked(), after)
    yield silent("the second list is refused", accepted_text(), before, blocked(), after_refused)
    lost = without_response(after_refused)
    yield silent("the second list gets no response", accepted_text(), before, blocked(), lost)
    yield silent("there is no second list", *attempt())
    refused_text = refusal("rate_limit_exceeded", role="control", step="taken", **SMS)
    limited = text_sent("Good text", refused_text)
    yield silent(
        "the text without the trigger is refused with 429", limited, before, blocked(), after
    )
    not_blocked = text_sent("Bad words", answer(200, {}, **SMS))
    yield silent(
        "the text with the trigger is accepted",
        accepted_text(),
        before,
        not_blocked,
        texts("after", GOOD, BAD),
    )
    yield accepted(
        "the accepted text is not listed, so its state is not known",
        accepted_text(),
        texts("before"),
        blocked(),
        texts("after", BAD),
    )
