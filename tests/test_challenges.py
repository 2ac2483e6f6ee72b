"""Accepted challenges: how their file is read, and which cells they exclude."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from conformance import __version__, contract
from conformance.base.errors import UsageError
from conformance.judging import verdict
from conformance.judging.outcomes import JudgeContext, Outcome, Pass, Trial, Violation
from conformance.judging.rules import Rule
from conformance.log.evidence import Log
from conformance.model import (
    Case,
    Cell,
    Challenge,
    Challenges,
    Clause,
    Contract,
    Effect,
    Level,
    Verdict,
)
from conformance.report import view
from tests import report_example
from tests.support.contracts import embedded, real
from tests.support.exchanges import answer

ROW: dict[str, Any] = {
    "number": 3,
    "clause": "status-200",
    "accepted": "2026-11-20",
    "reference": "https://example.com/issues/3",
    "reason": "The page does not say so.",
}


def read(directory: Path, *rows: dict[str, Any]) -> Contract:
    """The real contract with the challenges of a file."""
    path = directory / "challenges.yaml"
    path.write_text(yaml.safe_dump({"challenges": list(rows)}), encoding="utf-8")
    return contract.with_challenges(real(), newer=path)


# --- the file -------------------------------------------------------------------------------------


def test_the_packaged_file_has_no_challenge() -> None:
    """And a contract without a file has none either."""
    own = contract.with_challenges(real())
    assert own.challenges.accepted == ()
    assert own.challenges.digest


def test_a_challenge_as_read(tmp_path: Path) -> None:
    """The contract has it, with another digest of challenges and the same of its own."""
    read_in = read(tmp_path, ROW | {"operations": ["list_calls"]})
    assert read_in.challenges.accepted == (
        Challenge(
            3,
            "status-200",
            date(2026, 11, 20),
            "https://example.com/issues/3",
            "The page does not say so.",
            ("list_calls",),
        ),
    )
    assert read_in.digest == real().digest
    assert read_in.challenges.digest != contract.with_challenges(real()).challenges.digest


def test_the_digest_of_a_contract_leaves_challenges_out(tmp_path: Path) -> None:
    """A contract in a directory has its own, and a newer file replaces those of its number."""
    spec = tmp_path / "spec"
    shutil.copytree(contract.packaged(), spec)
    own = yaml.safe_dump({"challenges": [ROW, ROW | {"number": 4}]})
    (spec / "challenges.yaml").write_text(own, encoding="utf-8")
    loaded = contract.load(spec)
    newer = tmp_path / "newer.yaml"
    changed = ROW | {"reason": "It says the contrary."}
    newer.write_text(yaml.safe_dump({"challenges": [changed]}), encoding="utf-8")
    accepted = contract.with_challenges(loaded, spec, newer).challenges.accepted
    assert loaded.digest == real().digest
    assert [(each.number, each.reason) for each in accepted] == [
        (3, "It says the contrary."),
        (4, "The page does not say so."),
    ]


BAD: dict[str, tuple[list[dict[str, Any]], str]] = {
    "clause": ([ROW | {"clause": "status-20"}], r"no clause status-20 \(did you mean status-20"),
    "operation": ([ROW | {"operations": ["list_cals"]}], r"no operation list_cals \(did you mean"),
    "rule": ([ROW | {"rule": "no.rule"}], "no rule no.rule verifies status-200; its rules: "),
    "number": ([ROW, dict(ROW)], "two challenges have the number 3"),
    "reason": ([ROW | {"reason": ""}], "reason is empty"),
    "date": ([ROW | {"accepted": "May"}], "'May' is not a 'date'"),
    "member": ([ROW | {"ground": "none"}], "no member ground"),
    "version": ([ROW | {"until": {"suite": "soon"}}], "'soon' does not match"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_broken_file_is_refused(tmp_path: Path, name: str) -> None:
    """Each fault has a file, a line and what to fix."""
    rows, message = BAD[name]
    with pytest.raises(UsageError, match=rf"challenges\.yaml:[0-9]+: .*{message}"):
        read(tmp_path, *rows)


@pytest.mark.parametrize(
    ("until", "holds"),
    [
        ({}, True),
        ({"suite": "999.0"}, True),
        ({"suite": __version__}, False),
        ({"suite": f"{__version__}.0"}, False),
        ({"suite": "0"}, False),
        ({"contract": "1.0.1"}, True),
        ({"contract": "1"}, False),
        ({"suite": "999", "contract": "1.0"}, False),
    ],
)
def test_a_challenge_ends_with_a_version(
    tmp_path: Path, until: dict[str, str], *, holds: bool
) -> None:
    """From the first version without it on, of the suite or of the contract, it has no effect."""
    row = ROW | {"until": until} if until else ROW
    assert bool(read(tmp_path, row).challenges.accepted) == holds


# --- verdicts -------------------------------------------------------------------------------------

CASE = Case("s[list_calls]", "s", "list_calls", "", ("r.one", "r.two"), Effect.READ)
SIGNS: dict[str, Outcome] = {
    "+": Pass(("e1",)),
    "-": Violation("status", "200", "404", ("e1",)),
}


def rule(name: str, signs: str) -> Rule:
    """A trial rule with an outcome for each sign; it crashes on an x."""

    def judge(_context: JudgeContext, _trial: Trial) -> Iterator[Outcome]:
        for sign in signs:
            yield SIGNS[sign]

    return Rule(name, "a rule", trial=judge)


def challenge(**members: Any) -> Challenge:
    """An accepted challenge of the clause."""
    return Challenge(3, "c", date(2026, 11, 20), "here", "It is wrong.", **members)


def judged(one: str, two: str, *accepted: Challenge) -> Cell:
    """The cell of a clause with two rules, each with the outcomes that signs stand for."""
    clause = Clause("c", "area", "It holds.", Level.MUST, "stated", (), ("r.one", "r.two"))
    small = replace(real(), clauses={"c": clause}, challenges=Challenges("digest", accepted))
    rules = {"r.one": rule("r.one", one), "r.two": rule("r.two", two)}
    exchange = answer(200, {}, identifier="e1", case=CASE.id, attempt=1, operation="list_calls")
    log = Log([exchange], {CASE.id: "done"})
    target = embedded().declaration
    (found,) = verdict.cells(small, target, rules, (CASE,), log, today=date(2026, 11, 25))
    return found


WHOLE, ELSEWHERE = challenge(), challenge(operations=("list_agents",))
HERE, FIRST = challenge(operations=("list_calls",)), challenge(rule="r.one")
CELLS: dict[str, tuple[str, str, tuple[Challenge, ...], Verdict]] = {
    "none": ("-", "+", (), Verdict.FAILED),
    "of the clause": ("-", "-", (WHOLE,), Verdict.EXCLUDED),
    "of the operation": ("-", "+", (HERE,), Verdict.EXCLUDED),
    "of another operation": ("-", "+", (ELSEWHERE,), Verdict.FAILED),
    "of what passes": ("+", "+", (WHOLE,), Verdict.EXCLUDED),
    "of what crashes": ("x", "x", (WHOLE,), Verdict.EXCLUDED),
    "of the rule that fails": ("-", "+", (FIRST,), Verdict.EXCLUDED),
    "of another rule": ("+", "-", (FIRST,), Verdict.FAILED),
    "of the rule that crashes": ("x", "+", (FIRST,), Verdict.EXCLUDED),
    "of a different rule than crashes": ("-", "x", (FIRST,), Verdict.ERROR),
    "of both rules": ("-", "-", (FIRST, challenge(rule="r.two")), Verdict.EXCLUDED),
}
"""Outcomes of two rules, accepted challenges, and the verdict."""


@pytest.mark.parametrize("name", CELLS)
def test_an_excluded_rule_does_not_count(name: str) -> None:
    """A cell without it never passes; what another rule shows still counts."""
    one, two, accepted, expected = CELLS[name]
    found = judged(one, two, *accepted)
    assert found.verdict is expected
    assert bool(found.challenges) == (accepted not in ((), (ELSEWHERE,)))
    if expected is Verdict.EXCLUDED:
        assert (found.findings, found.exchanges) == ((), ())
        assert view.message(found).startswith("excluded by challenge 3: It is wrong. (here)")


def test_a_run_with_an_excluded_cell_never_conforms_silently() -> None:
    """Its headline counts the cells, it is not green, and run.json names the challenges."""
    run = report_example.passing()
    whole = len(run.cells)
    excluded = replace(run.cells[0], verdict=Verdict.EXCLUDED, challenges=(3,))
    limited = replace(run, cells=(excluded, *run.cells[1:]))
    expected = f"Conforms in {whole - 1:,} of {whole:,} cells, 1 excluded by challenges"
    assert view.headline(limited) == expected
    assert (limited.exit_code, limited.standing) == (0, Verdict.UNTESTED)
    assert limited.challenges.numbers == (3,)
    failed = replace(run.cells[1], verdict=Verdict.FAILED)
    broken = replace(run, cells=(excluded, failed, *run.cells[2:]))
    assert (view.headline(broken), broken.exit_code) == ("Breaks the contract", 1)
