"""Examples of the answer to a trigger: the error that the target file orders."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.examples.base import Example, accepted, examples_of, gap, judge_error, refused, silent
from tests.support.exchanges import answer, call, control, proxy, refusal

A_CALL: dict[str, Any] = {"operation": "create_call"}


@examples_of("trigger.answer", operation="create_call", about="number_on_dnc")
def a_trigger_brings_its_error() -> Iterator[Example]:
    """A trigger is answered with the status and the code that it names."""
    yield accepted(
        "the status and the code that the trigger orders", refusal("number_on_dnc", **A_CALL)
    )
    taken = answer(201, call(1), **A_CALL)
    yield refused("another status, as the request is accepted", taken, mentions="where='status'")
    another = refusal("bad_request", **A_CALL)
    yield refused("another status and code", another, mentions="where='/error/code'")
    wrong_status = refusal("number_on_dnc", 403, **A_CALL)
    sentence = "the right code under another status"
    yield refused(sentence, wrong_status, mentions="where='status'")
    yield judge_error("no response", answer(None, **A_CALL))
    yield judge_error("502 of a proxy", proxy(**A_CALL))
    yield gap("429 in place of the ordered error", refusal("rate_limit_exceeded", **A_CALL))
    at_night = refusal("tcpa_violation", **A_CALL)
    without_trigger = refusal("tcpa_violation", role="control", step="taken", **A_CALL)
    sentence = "the error that a request without the trigger gets, too"
    yield gap(sentence, without_trigger, at_night)


@examples_of("trigger.answer", operation="create_call", about="call_failed")
def a_provider_fails_as_ordered() -> Iterator[Example]:
    """An error of a provider, which excuses elsewhere, is what such a trigger orders."""
    yield accepted("the failing provider that the trigger orders", refusal("call_failed", **A_CALL))
    yield refused("another failing provider", refusal("vapi_error", **A_CALL))
    limited = refusal("rate_limit_exceeded", **A_CALL)
    yield gap("429 instead of a failing provider", limited)
    yield silent("no probe", control())
