"""What the suite plans, sends and concludes matches what is frozen in ``tests/golden``."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from conformance.checks import RULES
from conformance.log import evidence, schemas
from conformance.reading import worked_on
from tests import golden
from tests.support import contracts
from tests.support.contracts import CONTRACTS
from tests.support.lookup import UNUSED, Lookup, watch


@pytest.mark.parametrize("name", CONTRACTS)
def test_the_plan_is_the_frozen_one(name: str) -> None:
    """Ids, order, rules, effects and costs of the cases are those of the golden plan."""
    assert golden.planned(name) == (golden.FOLDER / name / "plan.json").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", CONTRACTS)
def test_the_requests_are_the_frozen_ones(name: str) -> None:
    """Apart from times, a run sends the golden requests, in order, labelled and answered alike."""
    now = list(golden.sent(golden.run(name).splitlines()))
    frozen = golden.frozen(name, "requests.txt")
    different = [pair for pair in zip(now, frozen, strict=False) if pair[0] != pair[1]]
    assert different[:1] == []
    assert len(now) == len(frozen)


@dataclass
class Watched:
    """The cells of a run as lines, and the labels that the rules looked for while judging it."""

    cells: list[str]
    lookup: Lookup


@pytest.fixture(scope="module")
def watched() -> Watched:
    """The golden run, judged once for two tests, because that takes many seconds."""
    lookup = Lookup()
    rules = {name: lookup.watched(rule) for name, rule in RULES.items()}
    with pytest.MonkeyPatch.context() as monkeypatch:
        watch(monkeypatch, lookup)
        cells = golden.judged("real", golden.run("real").splitlines(), rules)
    return Watched(cells, lookup)


@pytest.mark.parametrize("name", CONTRACTS)
def test_the_cells_are_the_frozen_ones(name: str, watched: Watched) -> None:
    """The judges make the golden cells of a run: verdicts, findings, and on how much evidence."""
    found = watched.cells
    if name != "real":
        found = golden.judged(name, golden.run(name).splitlines())
    assert found == golden.frozen(name, "cells.txt")


def test_a_second_writing_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """``python -m tests.golden`` leaves files alone that say the same, and writes stale ones."""
    folder = tmp_path / "toy"
    shutil.copytree(golden.FOLDER / "toy", folder)
    monkeypatch.setattr(golden, "FOLDER", tmp_path)
    golden.write("toy")
    assert capsys.readouterr().out == ""
    before = golden.frozen("toy", "cells.txt")
    (folder / "cells.txt").write_text("stale")
    (folder / "requests.txt").unlink()
    golden.write("toy")
    assert golden.frozen("toy", "requests.txt") == list(golden.sent(golden.run("toy").splitlines()))
    assert golden.frozen("toy", "cells.txt") == before


# --- what a whole run shows -----------------------------------------------------------------------


@pytest.mark.parametrize("name", CONTRACTS)
def test_a_whole_log_fits_its_schema(name: str) -> None:
    """Each line of a whole run fits exchanges.schema.json."""
    for line in golden.run(name).splitlines():
        assert schemas.fault(schemas.EXCHANGES, json.loads(line)) is None


def test_a_run_changes_nothing_that_was_there_before() -> None:
    """All that is changed, worked on or deleted was made by the run; only events cannot be made."""
    log = evidence.parse(golden.run("real").splitlines(), "golden")
    assert {each.kind for each in worked_on(contracts.real(), log.exchanges)} == {"event"}


def test_each_rule_finds_the_labels_that_it_looks_for(watched: Watched) -> None:
    """Each scenario writes every step and fact that its rules look for.

    So a label that is valid, but not the one that a rule looks for, is noticed.
    """
    unused = {(*place, label) for place, labels in UNUSED.items() for label in labels}
    assert watched.lookup.sought - watched.lookup.found == unused
