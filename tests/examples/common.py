"""Examples that hold for rules of several subjects."""

from __future__ import annotations

from collections.abc import Iterator

from tests.examples.base import Example, accepted, gap, judge_error, refused, silent
from tests.support.exchanges import (
    answer,
    call_list,
    control,
    endless,
    error,
    proxy,
    refusal,
    status_of,
)


def refusal_with(code: str) -> Iterator[Example]:
    """A rule wants a refusal with this code, and a control that succeeds."""
    status = status_of(code)
    yield accepted(code, control(), refusal(code))
    beside = answer(status, error(code, id="r"))
    yield accepted("members beside the envelope, with the right code", control(), beside)
    codeless = answer(status, {})
    yield accepted(
        "the right status without a code, which the rules of the envelope judge",
        control(),
        codeless,
    )
    yield refused("a success", control(), call_list())
    yield refused("a code of another kind", control(), refusal("content_blocked", status))
    yield refused("500", control(), refusal("internal_error"))
    yield refused("one of two probes is a success", control(), refusal(code), answer(200, {}))
    yield silent("a control and no probe", control())
    yield from _no_control(code)
    yield from _no_proof(status)


def _no_control(code: str) -> Iterator[Example]:
    """A refusal proves nothing unless its control succeeds."""
    yield gap("a refusal without a control", refusal(code))
    failed = refusal("internal_error", role="control")
    yield gap("a success after a control that failed", failed, answer(200, {}))
    limited = refusal("rate_limit_exceeded", role="control")
    yield gap("a success after a control that the rate limit refused", limited, answer(200, {}))
    lost = answer(None, role="control")
    yield judge_error("a refusal after a control without a response", lost, refusal(code))


def _no_proof(status: int) -> Iterator[Example]:
    """An answer that does not come from a working application proves nothing."""
    yield gap("429 in place of the refusal", control(), refusal("rate_limit_exceeded"))
    yield gap("a failing provider in place of the refusal", control(), refusal("call_failed"))
    yield judge_error("502 of a proxy", control(), proxy())
    yield judge_error("a probe without a response", control(), answer(None))
    yield judge_error("a refusal whose body did not end", control(), endless(status))
