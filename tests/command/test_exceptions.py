"""Waivers accept failures for a time; a challenge disputes a finding, and may exclude it."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import yaml

from conformance.server.application import Application
from conformance.server.messages import Context
from tests.forging import forged
from tests.servers import (
    Outcome,
    command,
    faulty,
    no_traceback,
    run_of,
    serving,
    stored,
    target_file,
)

CLAUSE = "has-more-present"
CELL = f"{CLAUSE}[list_calls]"
ONLY = ["list_calls", "list_agents"]


def day(days: int) -> str:
    """The day that many days from now."""
    return (datetime.now(UTC) + timedelta(days=days)).date().isoformat()


def waiver(expires: str, clause: str = CLAUSE, operation: str = "list_calls") -> dict[str, Any]:
    """A waiver of a clause on an operation."""
    return {
        "clause": clause,
        "operations": [operation],
        "owner": "storage team",
        "ticket": "OPS-7",
        "statement": "fixed with the new store",
        "expires": expires,
    }


class Forgetful(Application):
    """The reference server, whose list of calls has no has_more."""

    def render_page(
        self, context: Context, items: list[dict[str, Any]], more: bool
    ) -> dict[str, Any]:
        """The page, for calls without has_more."""
        page = super().render_page(context, items, more)
        return {
            name: value for name, value in page.items() if "calls" not in page or name != "has_more"
        }


class Place:
    """A server with one failure, and a run that found it."""

    def __init__(self, app: Application, origin: str, directory: Path) -> None:
        self.directory = directory
        self.target = target_file(app, origin, directory / "target.yaml", only=ONLY)
        self.found = self.judged("first")
        self.run = run_of(directory / "first")

    def judged(self, name: str, *arguments: object, **more: Any) -> Outcome:
        """A run in a directory of its own, with further members in the target file."""
        place = self.directory / name
        place.mkdir()
        told = yaml.safe_load(self.target.read_text(encoding="utf-8"))
        (place / "t.yaml").write_text(yaml.safe_dump(told | more), encoding="utf-8")
        usual = ("--target", "t.yaml", "--clause", CLAUSE, "--depth", "quick", "--yes")
        outcome = command("run", *usual, *arguments, cwd=place)
        no_traceback(outcome)
        return outcome

    def again(self, verb: str, run: Path, *arguments: object) -> Outcome:
        """What a command for a stored run says."""
        outcome = command(verb, run, *arguments, cwd=self.directory)
        no_traceback(outcome)
        return outcome


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """The server and its run."""
    app = faulty(Forgetful)
    with serving(app) as origin:
        yield Place(app, origin, tmp_path_factory.mktemp("exceptions"))


def pages(run: Path) -> dict[str, str]:
    """The page and the summary of a run, as text."""
    return {
        name: unescape((run / name).read_text(encoding="utf-8"))
        for name in ("report.html", "summary.md")
    }


# --- waivers --------------------------------------------------------------------------------------


def test_a_printed_entry_waives_its_cause(place: Place) -> None:
    """Filled in and pasted, the entry of `explain` and of the page makes the run pass."""
    explained = command("explain", "1", "--of", place.run, cwd=place.directory)
    entry = explained.out[explained.out.index("waivers:\n") :]
    assert entry.strip() in pages(place.run)["report.html"]
    for member in ("owner", "ticket", "statement"):
        entry = entry.replace(f'{member}: ""', f'{member}: "the storage team"')
    outcome = place.judged("pasted", "--strict-waivers", **yaml.safe_load(entry))
    assert (place.found.code, outcome.code) == (1, 0), outcome.said
    assert stored(run_of(place.directory / "pasted"))["counts"]["waived"] == 1


def test_waivers_without_effect_are_named(place: Place) -> None:
    """Those expired, stale or without a cell, on terminal, page and summary; 2 if strict."""
    rows = [
        waiver(day(-1)),
        waiver(day(9), operation="list_agents"),
        waiver(day(9), clause="paging-ties", operation="read_agent"),
    ]
    said = [
        f"the waiver for {CLAUSE} (storage team, OPS-7) expired on {day(-1)}",
        f"the waiver for {CLAUSE} (storage team, OPS-7) is stale on list_agents",
        "the waiver for paging-ties (storage team, OPS-7) matches no failing cell on read_agent",
    ]
    outcome = place.judged("idle", "--strict-waivers", waivers=rows)
    run = run_of(place.directory / "idle")
    for text in (outcome.out, outcome.err, *pages(run).values()):
        assert [each for each in said if each not in text] == []
    assert outcome.code == 2
    assert "3 waivers without effect. Change the target file" in outcome.err
    assert place.again("report", run, "--strict-waivers").code == 2
    replayed = place.again("replay", run)
    assert (replayed.code, said[0] in replayed.out) == (1, True)


def test_a_stored_run_cannot_have_a_waiver_that_no_file_may_have(
    place: Place, tmp_path: Path
) -> None:
    """A waiver added to run.json is checked as of the day on which the run began."""
    edits = {
        "endless": (waiver("9999-12-31"), "0/expires: 9999-12-31 is more than 180 days after"),
        "nameless": (waiver(day(9)) | {"owner": ""}, "0/owner: "),
    }
    for name, (row, message) in edits.items():
        run = forged(place.run, tmp_path / name)
        told = stored(run)
        told["target"]["waivers"] = [row]
        (run / "run.json").write_text(json.dumps(told), encoding="utf-8")
        outcome = place.again("replay", run)
        assert (outcome.code, outcome.out) == (2, "")
        assert f"run.json: not a run.json of this suite: target/waivers/{message}" in outcome.err


def test_waivers_that_are_due(tmp_path: Path) -> None:
    """`waivers due` lists them without keys and sends nothing, by owner and as JSON, too."""
    rows = [
        waiver(day(40)) | {"owner": "Ann"},
        waiver(day(3)) | {"owner": "Ann"},
        waiver(day(-1)),
    ]
    told = {"url": "http://127.0.0.1:9/api/v1", "keys": {"full": "${NOT_SET}"}, "waivers": rows}
    (tmp_path / "t.yaml").write_text(yaml.safe_dump(told), encoding="utf-8")
    due = ("waivers", "due", "--target", "t.yaml")
    outcome = command(*due, cwd=tmp_path)
    lines = [line for line in outcome.out.splitlines() if not line.startswith(" ")]
    assert lines == [
        f"{day(-1)}  expired 1 day ago  storage team  OPS-7  {CLAUSE} on list_calls",
        f"{day(3)}  in 3 days  Ann  OPS-7  {CLAUSE} on list_calls",
    ]
    found = json.loads(command(*due, "--in", "50", "--owner", "Ann", "--json", cwd=tmp_path).out)
    assert [(row["in_days"], row["owner"], row["ticket"]) for row in found] == [
        (3, "Ann", "OPS-7"),
        (40, "Ann", "OPS-7"),
    ]
    wrong = command(*due, "--owner", "Anna", cwd=tmp_path)
    assert (wrong.code, wrong.err) == (
        2,
        "t.yaml: no waiver has the owner Anna (did you mean Ann?).\n",
    )


# --- challenges -----------------------------------------------------------------------------------


def test_a_challenge_is_one_file(place: Place, tmp_path: Path) -> None:
    """It has the clause with its source, the finding, evidence without keys, steps and digests."""
    outcome = command("challenge", "1", "--of", place.run, cwd=tmp_path)
    no_traceback(outcome)
    (path,) = tmp_path.glob("*.zip")
    with zipfile.ZipFile(path) as archive:
        texts = {Path(name).name: archive.read(name).decode() for name in archive.namelist()}
    about, run = json.loads(texts["about.json"]), stored(place.run)
    lines = [json.loads(line) for line in texts["evidence.jsonl"].splitlines()]
    assert "Nothing has been sent." in outcome.out
    assert about["contract"]["digest"] == run["spec"]["digest"]
    assert about["run"]["log_head"] == run["log_head"]
    assert about["cells"] == [CELL]
    assert set(run["causes"][0]["exchanges"]) <= {line["exchange"] for line in lines}
    for words in ("# A challenge of a finding", "- Source: https://", "- Expected: a boolean"):
        assert words in texts["README.md"]
    assert "curl" in texts["steps.sh"]
    assert not [text for text in texts.values() if "kc_live_" in text]
    again = command("challenge", CLAUSE, "--of", place.run, "--output", path, cwd=tmp_path)
    assert (again.code, "already exists" in again.err) == (2, True)
    second = tmp_path / "sent" / "second.zip"
    command("challenge", CLAUSE, "--of", place.run, "--output", second, cwd=tmp_path)
    assert second.is_file()
    wrong = command("challenge", "status-200", "--of", place.run, cwd=tmp_path)
    assert (wrong.code, wrong.out) == (2, "")
    assert "has no finding against status-200, so there is nothing to challenge.\n" in wrong.err


ACCEPTED: dict[str, Any] = {
    "number": 3,
    "clause": CLAUSE,
    "operations": ["list_calls"],
    "accepted": "2026-11-20",
    "reference": "https://example.com/issues/3",
    "reason": "The page promises this only for lists that go on.",
}
EXCLUDED = f"excluded by challenge 3: {ACCEPTED['reason']} ({ACCEPTED['reference']})"


def test_an_accepted_challenge_excludes_its_cells(place: Place) -> None:
    """Everywhere it shows, it says which challenge; the headline counts it; the exit code is 0."""
    file = place.directory / "challenges.yaml"
    file.write_text(yaml.safe_dump({"challenges": [ACCEPTED]}), encoding="utf-8")
    outcome = place.judged("excluded", "--challenges", file, "--baseline", place.run)
    run = run_of(place.directory / "excluded")
    assert outcome.code == 0, outcome.said
    assert outcome.headline.endswith(", 1 excluded by challenges")
    assert EXCLUDED in outcome.out
    assert "changed, by the accepted challenge: 1 cell" in outcome.out
    assert [name for name, text in pages(run).items() if EXCLUDED not in text] == []
    tests = json.loads((run / "results.ctrf.json").read_text())["results"]["tests"]
    (test,) = [each for each in tests if each["name"] == CELL]
    assert (test["status"], test["message"]) == ("skipped", EXCLUDED)
    cases = ElementTree.parse(run / "junit.xml").iter("testcase")
    (skipped,) = [case.find("skipped") for case in cases if case.get("name") == CELL]
    assert skipped is not None
    assert skipped.get("message") == EXCLUDED
    assert stored(run)["challenges"]["numbers"] == [3]


def test_a_replay_decides_again_what_is_excluded(place: Place, tmp_path: Path) -> None:
    """By the challenges that it is given; those in the run, or its verdicts, excuse nothing."""
    file = tmp_path / "challenges.yaml"
    file.write_text(yaml.safe_dump({"challenges": [ACCEPTED]}), encoding="utf-8")

    def excuse(run: dict[str, Any]) -> None:
        run["challenges"]["numbers"] = [3]
        for cell in run["cells"]:
            if cell["verdict"] == "failed":
                cell["verdict"] = "excluded"

    run = forged(place.run, tmp_path / "run", said=excuse)
    believed = place.again("report", run)
    assert (believed.code, believed.headline) == (1, "Breaks the contract")
    assert "other accepted challenges took effect: 3 in the stored run; none now" in believed.err
    accepted = place.again("report", run, "--challenges", file)
    assert (accepted.code, EXCLUDED in accepted.out) == (0, True)
