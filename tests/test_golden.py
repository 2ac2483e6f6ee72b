"""What the suite plans, sends and concludes stays as it is frozen in ``tests/golden``."""

from __future__ import annotations

import pytest

from conformance import evidence
from tests import golden

CONTRACTS = tuple(golden.SPECS)


@pytest.mark.parametrize("name", CONTRACTS)
def test_the_plan_is_the_frozen_one(name: str) -> None:
    """Ids, order, rules, effects and costs of the cases are those of the golden plan."""
    assert golden.planned(name) == (golden.FOLDER / name / "plan.json").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", CONTRACTS)
def test_the_requests_are_the_frozen_ones(name: str) -> None:
    """Apart from times, a run sends the requests of the golden log, in order and labelled alike."""
    now = list(golden.sent(golden.run(name)[2].splitlines()))
    frozen = list(golden.sent(golden.stored_log(name).splitlines()))
    first = next(
        (place for place, pair in enumerate(zip(now, frozen, strict=False)) if pair[0] != pair[1]),
        None,
    )
    assert first is None or now[first] == frozen[first]
    assert len(now) == len(frozen)


@pytest.mark.parametrize("name", CONTRACTS)
def test_the_golden_log_is_judged_as_before(name: str) -> None:
    """The judges make of the golden log the cells that they made of it when it was frozen."""
    log = evidence.parse(golden.stored_log(name).splitlines(), name)
    found = list(golden.cells(name, log))
    assert found == (golden.FOLDER / name / "cells.txt").read_text(encoding="utf-8").splitlines()
