"""How long a 429 is waited for: as its Retry-After says, in either form of HTTP."""

from __future__ import annotations

import math

import pytest

from conformance.transport.patience import told_to_wait

NOW = ("Date", "Wed, 25 Nov 2026 10:00:00 GMT")
TOLD = {
    "a number": ([("retry-after", "3")], 3.0),
    "a date": ([NOW, ("Retry-After", "Wed, 25 Nov 2026 10:00:04 GMT")], 4.0),
    "a date in an older form": ([NOW, ("Retry-After", "Wed Nov 25 10:00:04 2026")], 4.0),
    "a date that is over": ([NOW, ("Retry-After", "Wed, 25 Nov 2026 09:00:00 GMT")], 0.0),
    "a date of a target without a clock": ([("Retry-After", "Wed, 25 Nov 2009 10:00:04 GMT")], 0.0),
    "a number without end": ([("Retry-After", "9" * 5000)], math.inf),
    "a text": ([NOW, ("Retry-After", "soon")], 1.0),
    "a date that is none": ([NOW, ("Retry-After", "Wed, 99 Nov 99999 10:00:04 GMT")], 1.0),
    "nothing": ([NOW], 1.0),
}


@pytest.mark.parametrize(("headers", "seconds"), TOLD.values(), ids=TOLD)
def test_a_limit_is_waited_for_as_it_asks(headers: list[tuple[str, str]], seconds: float) -> None:
    """A number of seconds, or the time since Date; one second if neither can be read."""
    assert told_to_wait(headers) == seconds
