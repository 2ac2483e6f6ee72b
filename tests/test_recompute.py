"""A stored run that was edited does not fit what it says about itself."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from conformance.base.errors import UsageError
from conformance.certify import requests
from conformance.certify.codes import Code
from conformance.certify.recompute import mismatches, why_not_recomputable
from conformance.judging.coverage import CUT_SHORT, DONE
from conformance.log.chain import LINK
from conformance.model import Effect
from conformance.run import runfile
from tests.forging import Line, chained, forged
from tests.servers import BRIEF, command, no_traceback, run_of, stored
from tests.support.contracts import real


@pytest.fixture(scope="module")
def honest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of the embedded server that was chosen by two clauses."""
    directory = tmp_path_factory.mktemp("honest")
    outcome = command("run", "--clause", BRIEF, "--clause", "business-empty", cwd=directory)
    assert outcome.code == 0, outcome.said
    return run_of(directory)


def codes(run: Path) -> set[Code]:
    """The codes of what does not fit in a stored run."""
    return {each.code for each in mismatches(runfile.open_run(run, real()))}


def test_an_honest_run_fits(honest: Path, tmp_path: Path) -> None:
    """Nothing is found in a run, nor in its replay."""
    assert codes(honest) == set()
    outcome = command("replay", honest, cwd=tmp_path)
    assert outcome.code == 0, outcome.said
    assert codes(run_of(tmp_path)) == set()


# --- the chain ------------------------------------------------------------------------------------


def as_not_found(line: Line) -> Line:
    """The line with another status, if it is the last exchange."""
    return line | {"response": line["response"] | {"status": 404}} if is_third(line) else line


def is_third(line: Line) -> bool:
    """Whether a line is the third exchange."""
    return line.get("exchange") == "3"


@pytest.mark.parametrize(
    "edit",
    [
        as_not_found,
        lambda line: None if is_third(line) else line,
        lambda line: (
            {name: line[name] for name in line if name != LINK} if is_third(line) else line
        ),
    ],
    ids=["a status", "a line that is gone", "another link"],
)
def test_no_line_changes_unnoticed(
    honest: Path, tmp_path: Path, edit: Callable[[Line], Line | None]
) -> None:
    """Each line carries the digest of the one before it, and the run that of the last."""
    assert Code.CHAIN_BROKEN in codes(forged(honest, tmp_path / "forged", edit))


def test_two_lines_do_not_change_places(honest: Path, tmp_path: Path) -> None:
    """The order of the lines is part of the chain."""
    run = forged(honest, tmp_path / "forged")
    log = run / runfile.LOG
    lines = log.read_text().splitlines(keepends=True)
    log.write_text("".join([*lines[:-3], lines[-2], lines[-3], lines[-1]]))
    assert Code.CHAIN_BROKEN in codes(run)


# --- what a forger changes in the log, and chains again -------------------------------------------


def without(number: int) -> Callable[[Line], Line | None]:
    """Drops an exchange."""
    return lambda line: None if line.get("exchange") == str(number) else line


def relabelled(scenario: str, case: str | None = None) -> Callable[[Line], Line | None]:
    """Says that the third exchange was sent for something else."""

    def edit(line: Line) -> Line:
        if not is_third(line):
            return line
        return line | {"scenario": scenario} | ({"case": case} if case else {})

    return edit


LOG_EDITS: dict[str, tuple[Callable[[Line], Line | None], Code]] = {
    "an exchange is gone": (without(3), Code.NUMBER_MISMATCH),
    "the first exchange is gone": (without(1), Code.NUMBER_MISMATCH),
    "a number occurs twice": (
        lambda line: line | {"exchange": "2"} if is_third(line) else line,
        Code.NUMBER_MISMATCH,
    ),
    "a probe is called a preflight": (relabelled("preflight"), Code.CASE_MISMATCH),
    "a probe became a preflight": (relabelled("preflight", "preflight[api]"), Code.CASE_MISMATCH),
    "a probe became a repeated look": (relabelled("preflight", "look[api]"), Code.CASE_MISMATCH),
    "a probe became a clean-up": (relabelled("preflight", "clean[api]"), Code.CASE_MISMATCH),
    "a probe is for an unknown case": (relabelled("preflight", "mine[api]"), Code.CASE_MISMATCH),
    "no case ended": (lambda line: None if "case_end" in line else line, Code.CASE_MISMATCH),
    "every case was over the budget": (
        lambda line: (
            line | {"outcome": "the request budget is used up (budget: in the target file)"}
            if "case_end" in line
            else line
        ),
        Code.CASE_MISMATCH,
    ),
    "another Host was asked": (
        lambda line: (
            line
            | {
                "request": line["request"]
                | {"headers": [["Host", "example.com"], *line["request"]["headers"][1:]]}
            }
            if is_third(line)
            else line
        ),
        Code.ADDRESS_MISMATCH,
    ),
    "an exchange is of last year": (
        lambda line: line | {"started": "2025-01-01T00:00:00+00:00"} if is_third(line) else line,
        Code.TIME_MISMATCH,
    ),
    "a time is no time": (
        lambda line: line | {"started": "noon"} if is_third(line) else line,
        Code.TIME_MISMATCH,
    ),
}
"""What a forger changes in the log, and the code of what then does not fit."""


@pytest.mark.parametrize("name", LOG_EDITS)
def test_a_log_fits_its_run(honest: Path, tmp_path: Path, name: str) -> None:
    """Numbers, cases, addresses and times of an edited log give it away."""
    edit, code = LOG_EDITS[name]
    assert code in codes(chained(forged(honest, tmp_path / "forged", edit)))


def test_exchanges_are_not_voided_in_a_run_that_ended(honest: Path, tmp_path: Path) -> None:
    """Only a run that broke off has exchanges that are not judged."""
    run = forged(honest, tmp_path / "forged")
    log = run / runfile.LOG
    lines = log.read_text().splitlines(keepends=True)
    log.write_text("".join([*lines[:-1], '{"void": ["3"]}\n', lines[-1]]))
    assert Code.CASE_MISMATCH in codes(chained(run))


# --- what a forger changes in run.json ------------------------------------------------------------


def first_case(said: Any) -> Any:
    """The first chosen case of the stored plan."""
    return next(case for case in said["plan"] if case["id"] in said["selected"])


def drop_case(said: Any) -> None:
    """Take a chosen case out of the plan and the choice."""
    case = first_case(said)
    said["plan"].remove(case)
    said["selected"].remove(case["id"])


SAID_EDITS: dict[str, tuple[Callable[[Any], object], Code]] = {
    "a case is gone": (drop_case, Code.PLAN_MISMATCH),
    "a case occurs twice": (
        lambda said: said["plan"].append(said["plan"][0]),
        Code.PLAN_MISMATCH,
    ),
    "a case is said to be impossible": (
        lambda said: first_case(said).update(gap="Requires a key."),
        Code.PLAN_MISMATCH,
    ),
    "a case feeds no rule": (lambda said: first_case(said).update(rules=[]), Code.PLAN_MISMATCH),
    "a chosen case was not selected": (
        lambda said: said["selected"].pop(),
        Code.CHOICE_MISMATCH,
    ),
    "only one clause was chosen": (
        lambda said: said["selection"].update(clauses=[BRIEF]),
        Code.CHOICE_MISMATCH,
    ),
    "an operation was declared to be missing afterwards": (
        lambda said: said["target"].update(inapplicable=["list_calls"]),
        Code.PLAN_MISMATCH,
    ),
    "less was allowed": (
        lambda said: said["target"].update(allow=[Effect.READ]),
        Code.PLAN_MISMATCH,
    ),
    "another depth": (lambda said: said.update(depth="deep"), Code.PLAN_MISMATCH),
    "another address": (
        lambda said: said["target"].update(url="https://api.example.com/api/v1"),
        Code.ADDRESS_MISMATCH,
    ),
    "another host of the connections": (
        lambda said: said.update(peer={"host": "api.example.com", "addresses": ["203.0.113.7"]}),
        Code.ADDRESS_MISMATCH,
    ),
    "a TLS key without encryption": (
        lambda said: said.update(
            peer={"host": "127.0.0.1", "addresses": ["127.0.0.1"], "tls_key": "ab" * 32}
        ),
        Code.ADDRESS_MISMATCH,
    ),
    "another identity": (
        lambda said: said["target"].update(identity="plain"),
        Code.IDENTITY_MISMATCH,
    ),
    "an end before the start": (
        lambda said: said.update(finished="2019-01-01T00:00:00+00:00"),
        Code.TIME_MISMATCH,
    ),
    "a start in the future": (
        lambda said: said.update(
            started="2031-01-01T00:00:00+00:00", finished="2031-01-01T01:00:00+00:00"
        ),
        Code.TIME_MISMATCH,
    ),
    "an end in the year 9999": (
        lambda said: said.update(finished="9999-01-01T00:00:00+00:00"),
        Code.TIME_MISMATCH,
    ),
    "an operation that the contract does not have": (
        lambda said: said["target"]["inapplicable"].append("no_such_operation"),
        Code.PLAN_MISMATCH,
    ),
    "waivers as of another day": (
        lambda said: said.update(judged_on="2019-01-01"),
        Code.TIME_MISMATCH,
    ),
    "another head": (lambda said: said.update(log_head="0" * 32), Code.CHAIN_BROKEN),
}
"""What a forger changes in run.json, and the code of what then does not fit."""


@pytest.mark.parametrize("name", SAID_EDITS)
def test_a_run_fits_its_log(honest: Path, tmp_path: Path, name: str) -> None:
    """Plan, choice, declaration, dates and head are computed again."""
    edit, code = SAID_EDITS[name]
    assert code in codes(forged(honest, tmp_path / "forged", said=edit))


UNUSABLE: dict[str, Callable[[Any], object]] = {
    "an address that is none": lambda said: said["target"].update(url="http://["),
    "a port that is none": lambda said: said["target"].update(url="http://a.example:99999/v1"),
    "no salt": lambda said: said.update(salts=[]),
    "a challenge of any size": lambda said: said["challenges"].update(numbers=[10**400]),
    "challenges without end": lambda said: said["challenges"].update(numbers=[1] * 2000),
    "a budget of nothing": lambda said: said["selection"].update(budget=0),
    "a budget beyond all numbers": lambda said: said["selection"].update(budget=10**400),
}
"""What no run says about itself."""


@pytest.mark.parametrize("name", UNUSABLE)
def test_what_nobody_can_compute_with_is_refused(honest: Path, tmp_path: Path, name: str) -> None:
    """With the file and the place, instead of a crash later."""
    run = forged(honest, tmp_path / "forged", said=UNUSABLE[name])
    with pytest.raises(UsageError, match=r"run\.json: not a run\.json of this suite"):
        runfile.open_run(run, real())


def test_a_case_ends_once(honest: Path, tmp_path: Path) -> None:
    """A second end would edit a crash away."""
    run = forged(honest, tmp_path / "forged")
    log = run / runfile.LOG
    lines = log.read_text(encoding="utf-8").splitlines(keepends=True)
    place = next(number for number, line in enumerate(lines) if "case_end" in json.loads(line))
    log.write_text("".join([*lines[:place], lines[place], *lines[place:]]), encoding="utf-8")
    with pytest.raises(UsageError, match="an earlier line ended the same case"):
        runfile.open_run(chained(run), real())


def test_a_case_ends_as_its_requests_do(honest: Path, tmp_path: Path) -> None:
    """An end of another kind does not follow from the run."""

    def cut_short(line: Line) -> Line:
        return line | {"outcome": CUT_SHORT} if line.get("outcome") == DONE else line

    run = forged(honest, tmp_path / "forged", line=cut_short)
    found = requests.problems(runfile.open_run(run, real()))
    assert [each.code for each in found] == [Code.CASE_MISMATCH]


def test_the_day_of_waivers_is_that_in_utc(honest: Path, tmp_path: Path) -> None:
    """Another time zone would make yesterday's waivers count."""

    def far_west(said: Any) -> None:
        moment = datetime.fromisoformat(said["started"])
        west = moment.astimezone(timezone(-timedelta(hours=23, minutes=59)))
        said.update(started=west.isoformat(), judged_on=west.date().isoformat())

    assert Code.TIME_MISMATCH in codes(forged(honest, tmp_path / "forged", said=far_west))


def test_an_old_run_does_not_end_today(honest: Path, tmp_path: Path) -> None:
    """Its certificate would look newer than its evidence."""

    def earlier(members: Line) -> Line:
        if "started" not in members:
            return members
        started = datetime.fromisoformat(members["started"]) - timedelta(days=9)
        return members | {"started": started.isoformat()}

    def began_earlier(said: Any) -> None:
        said.update(earlier(said))
        said["judged_on"] = said["started"][:10]

    run = forged(honest, tmp_path / "forged", line=earlier, said=began_earlier)
    (problem,) = mismatches(runfile.open_run(chained(run), real()))
    assert problem.code is Code.TIME_MISMATCH
    assert "but sent its last request at" in problem.text


def test_a_request_to_no_address_is_named(honest: Path, tmp_path: Path) -> None:
    """With a code, instead of a crash."""

    def unreadable(line: Line) -> Line:
        if is_third(line):
            line["request"]["url"] = "http://[x/"
        return line

    assert Code.ADDRESS_MISMATCH in codes(forged(honest, tmp_path / "forged", line=unreadable))


def test_a_version_cannot_write_a_line_of_its_own(honest: Path, tmp_path: Path) -> None:
    """A note quotes it on the console."""
    run = forged(
        honest,
        tmp_path / "forged",
        said=lambda said: said["suite"].update(version="9\nConforms"),
    )
    why = why_not_recomputable(runfile.open_run(run, real()))
    assert "\n" not in why
    assert "Version 9" in why


def without_a_request(line: Line) -> Line | None:
    """Drops the third exchange, and gives its number and all later ones to those that follow."""
    number = int(line.get("exchange", 0))
    if number == 3:
        return None
    return line | {"exchange": f"{number - 1}"} if number > 3 else line


def test_a_replay_refuses_a_log_that_lacks_a_request(honest: Path, tmp_path: Path) -> None:
    """Numbers and chain fit again, but another request follows from the run."""
    run = chained(forged(honest, tmp_path / "forged", without_a_request))
    assert codes(run) == set()
    outcome = command("replay", run, cwd=tmp_path)
    no_traceback(outcome)
    assert (outcome.code, outcome.out) == (2, "")
    assert "REQUEST_MISMATCH: " in outcome.err


def test_a_replay_without_recomputed_requests_is_incomplete(honest: Path, tmp_path: Path) -> None:
    """Whoever takes away how cases were drawn gets no exit code 0 for requests of their own."""
    run = forged(honest, tmp_path / "forged", said=lambda said: said.update(drawn_by=None))
    outcome = command("replay", run, cwd=tmp_path)
    assert outcome.code == 3, outcome.said
    assert "could not be recomputed" in outcome.err


def test_merged_shards_keep_their_exit_code(honest: Path, tmp_path: Path) -> None:
    """Their requests cannot be recomputed, because each shard had a state of its own."""
    several = {"drawn_by": None, "salts": ["a", "b"]}
    run = forged(honest, tmp_path / "forged", said=lambda said: said.update(several))
    outcome = command("replay", run, cwd=tmp_path)
    assert outcome.code == 0, outcome.said
    assert "could not be recomputed" in outcome.err


def told_otherwise(said: Any) -> None:
    """Say that everything failed, and that it was worse before."""
    said["cells"] = [cell | {"verdict": "failed"} for cell in said["cells"]]
    said["counts"] = said["counts"] | {"failed": 99, "passed": 0}
    said.update(exit_code=1, incomplete="the target is gone", setup=[], causes=[])
    counts = {"failed": 5}
    said["past"] = [
        {"run": "last", "finished": said["started"], "target": said["target"]["name"]}
        | {"scope": "full", "suite": "1", "contract": "1", "exit_code": 1}
        | {"counts": counts, "causes": {"gone": "was there"}, "cells": {}}
    ]


def test_stored_results_decide_nothing(honest: Path, tmp_path: Path) -> None:
    """Verdicts, counts, causes, earlier runs and the exit code are for readers alone."""
    run = forged(honest, tmp_path / "forged", said=told_otherwise)
    outcome = command("replay", run, cwd=tmp_path)
    assert outcome.code == 0, outcome.said
    again, before = stored(run_of(tmp_path)), stored(honest)
    for name in ("cells", "counts", "exit_code", "incomplete", "past", "causes", "setup"):
        assert again[name] == before[name], name


def test_a_replay_refuses_what_does_not_fit(honest: Path, tmp_path: Path) -> None:
    """It ends with exit code 2, names the codes, and writes nothing."""
    run = forged(honest, tmp_path / "forged", said=drop_case)
    outcome = command("replay", run, cwd=tmp_path)
    no_traceback(outcome)
    assert (outcome.code, outcome.out) == (2, "")
    assert "PLAN_MISMATCH: 1 case missing from the plan" in outcome.err
    assert not (tmp_path / "reports").exists()
