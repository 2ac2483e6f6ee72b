"""What the suite plans, sends and concludes matches what is frozen in ``tests/golden``."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests import golden
from tests.support.contracts import CONTRACTS


@pytest.mark.parametrize("name", CONTRACTS)
def test_the_plan_is_the_frozen_one(name: str) -> None:
    """Ids, order, rules, effects and costs of the cases are those of the golden plan."""
    assert golden.planned(name) == (golden.FOLDER / name / "plan.json").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", CONTRACTS)
def test_the_requests_are_the_frozen_ones(name: str) -> None:
    """Apart from times, a run sends the requests of the golden log, in order and labelled alike."""
    now = list(golden.sent(golden.run(name).splitlines()))
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
    found = golden.judged(name, golden.stored_log(name))
    assert found == (golden.FOLDER / name / "cells.txt").read_text(encoding="utf-8").splitlines()


def test_a_second_writing_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """``python -m tests.golden`` leaves files alone that say the same, and writes stale ones."""
    folder = tmp_path / "toy"
    shutil.copytree(golden.FOLDER / "toy", folder)
    monkeypatch.setattr(golden, "FOLDER", tmp_path)
    frozen = {file.name: file.read_bytes() for file in folder.iterdir()}
    golden.write("toy")
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == frozen
    (folder / "cells.txt").write_text("stale")
    (folder / "exchanges.jsonl.xz").unlink()
    golden.write("toy")
    assert golden.stored_log("toy") == golden.run("toy")
    assert (folder / "cells.txt").read_text() != "stale"
