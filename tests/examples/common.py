"""Examples that hold for rules of several subjects."""

from __future__ import annotations

from collections.abc import Iterator

from tests.examples.base import Example, accepted, gap, refused, silent, trouble
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
    yield accepted("members beside the envelope", control(), beside)
    codeless = answer(status, {})
    yield accepted("the right status without a code, which is another rule's", control(), codeless)
    yield refused("a success", control(), call_list())
    yield refused("a code of another kind", control(), refusal("content_blocked", status))
    yield refused("500", control(), refusal("internal_error"))
    yield refused("one of two is a success", control(), refusal(code), answer(200, {}))
    yield silent("no probe", control())
    yield from _no_control(code)
    yield from _no_proof(status)


def _no_control(code: str) -> Iterator[Example]:
    """A refusal proves nothing unless its control succeeds."""
    yield gap("no control", refusal(code))
    failed = refusal("internal_error", role="control")
    yield gap("a control that failed", failed, answer(200, {}))
    limited = refusal("rate_limit_exceeded", role="control")
    yield gap("a control that the limit stopped", limited, answer(200, {}))
    lost = answer(None, role="control")
    yield trouble("a control without response", lost, refusal(code))


def _no_proof(status: int) -> Iterator[Example]:
    """An answer that does not come from a working application proves nothing."""
    yield gap("429 in the middle", control(), refusal("rate_limit_exceeded"))
    yield gap("a failing provider", control(), refusal("call_failed"))
    yield trouble("502 of a proxy", control(), proxy())
    yield trouble("no response", control(), answer(None))
    yield trouble("a body without end", control(), endless(status))
