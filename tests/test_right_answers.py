"""Which responses each rule accepts: none passes on a response that tells it nothing."""

from __future__ import annotations

import pytest

from tests.examples.base import Expected
from tests.right_answers import FAULTS, SUCCESSES, taken, tried

PASSING_BESIDE_FAULTS = {
    "auth.spelling": "it asks whether an answer shows anything, and a fault shows nothing",
    "create.one": "it rests on the ids of two creations, and needs no list",
}
"""Rules that may pass in spite of a fault, with the reason."""
REFUSING = (
    *("auth.expired", "auth.invalid", "auth.missing", "auth.revoked", "auth.scheme"),
    *("parameter.blank", "parameter.invalid", "parameter.missing", "body.broken", "id.unknown"),
    *("rate.evasion", "rate.limit", "scope.refused", "tenant.object", "trigger.answer"),
)
"""Rules that want a refusal."""


@pytest.mark.parametrize("rule", tried())
def test_no_rule_passes_on_a_fault(rule: str) -> None:
    """A redirect, a failure of the server and an unlisted status are right for no rule."""
    row = taken()[rule]
    passed = {name for name in FAULTS if row[name] is Expected.ACCEPTED}
    assert bool(passed) == (rule in PASSING_BESIDE_FAULTS), passed


@pytest.mark.parametrize("rule", REFUSING)
def test_a_rule_that_wants_a_refusal_takes_no_success(rule: str) -> None:
    """A success, whatever its body, never passes where a request must be refused."""
    row = taken()[rule]
    assert {name for name in SUCCESSES if row[name] is Expected.ACCEPTED} == set()
