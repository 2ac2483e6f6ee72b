"""A run on the embedded server, and one with an address and a key."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tests.command.finished import Ran, counts_agree, replay_agrees, together
from tests.servers import BRIEF, FILES, Sandbox, command, lines_of, no_traceback, run_of, stored

pytestmark = pytest.mark.long


QUICK = ("run", "--depth", "quick")


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> list[Ran]:
    """Runs against the embedded server: a full one, and two quick ones of the same seed."""
    directories = {name: tmp_path_factory.mktemp(name) for name in ("full", "one", "two")}
    return together(directories, ("run",), QUICK, QUICK)


@pytest.fixture(scope="module")
def full(runs: list[Ran]) -> Ran:
    """The full run."""
    return runs[0]


def test_run_needs_no_argument(full: Ran) -> None:
    """Without arguments the embedded server is judged: exit 0, and every cell passes."""
    outcome, run = full.outcome, full.run
    assert (outcome.code, outcome.err) == (0, "")
    no_traceback(outcome)
    assert {path.name for path in run.iterdir()} == FILES
    assert all(path.stat().st_size for path in run.iterdir())
    assert {cell["verdict"] for cell in stored(run)["cells"]} == {"passed"}
    assert (run.parent / "latest").is_symlink()


def test_a_run_leaves_its_reports_alone(full: Ran) -> None:
    """Beside them, nothing appears where the command was started."""
    assert [path.name for path in full.run.parent.parent.iterdir()] == ["reports"]


def test_progress_is_plain_lines(full: Ran) -> None:
    """A pipe gets a few plain lines: what begins, the progress by tenths, the verdict, the page."""
    lines = full.outcome.out.splitlines()
    assert all(lines)
    assert len(lines) <= 15
    assert lines[0] == "Starting the embedded server for KaiCalls HTTP API 1.0 (published edition)"
    tenths = [
        re.fullmatch(" [1-9]0%  [0-9]+/[0-9]+  [0-9]:[0-9]{2}(, about .+ left)?", each)
        for each in lines
    ]
    assert sum(each is not None for each in tenths) == len(lines) - 6
    *_, counts, verdict, report = lines
    assert re.fullmatch(
        r"[0-9,]+ passed \([0-9,]+ cells, [0-9]+ clauses, [0-9,]+ requests\)", counts
    )
    assert re.fullmatch(r"✓ Conforms \(100 % judged, [0-9]+:[0-9]{2}\)", verdict)
    assert (full.run.parent.parent / report.strip()).is_file()


def test_the_files_of_a_run_are_small(full: Ran) -> None:
    """Apart from the page, they have about 3 MB, and more than half of that is the log."""
    sizes = {path.name: path.stat().st_size for path in full.run.iterdir()}
    assert sum(sizes.values()) - sizes["report.html"] < 3_200_000


def test_counts_agree(full: Ran) -> None:
    """Console, JUnit, CTRF and run.json give the same counts, one unique name per cell."""
    counts_agree(full)


Sent = tuple[Any, ...]
"""What was sent, without what differs between two runs: the port, and texts with the time."""


def _sent(run: Path) -> list[Sent]:
    return [_as_sent(line) for line in lines_of(run)]


def _as_sent(line: dict[str, Any]) -> Sent:
    request = line["request"]
    label = (line["case"], line["attempt"], line["role"], line.get("identity"))
    headers = [pair for pair in request["headers"] if pair[0] != "Host"]
    return (*label, request["method"], _place(line), headers, request.get("body"))


def _place(line: dict[str, Any]) -> str:
    """Path and query of a request, without times and ids that only this run has."""
    place: str = "/" + line["request"]["url"].split("/", 3)[3]
    place = re.sub(rf"after={date.today().year}-(?!04)[^&]*", "after={created in this run}", place)
    if line["case"].startswith("overlapping"):  # the seed does not decide which comes first
        place = re.sub(r"id=[^&]*", "id={created at the same time}", place)
    return place


def test_a_seed_repeats_a_run(runs: list[Ran]) -> None:
    """Two runs of one seed have the same plan, requests and verdicts."""
    quick = runs[1:]
    first, second = (stored(ran.run) for ran in quick)
    assert first["plan"] == second["plan"]
    for sent, sent_again in zip(*(_sent(ran.run) for ran in quick), strict=True):
        assert sent == sent_again
    assert _verdicts(first) == _verdicts(second)


def _verdicts(run: dict[str, Any]) -> list[tuple[str, str, str]]:
    return [(cell["clause"], cell["operation"], cell["verdict"]) for cell in run["cells"]]


def test_replay_of_a_passing_run(full: Ran, tmp_path: Path) -> None:
    """A replay needs no network and agrees with the run."""
    replay_agrees(full, tmp_path)


def test_plan_foretells_a_run(full: Ran, tmp_path: Path) -> None:
    """`plan` gives the number of cells and cases of a run, and about its number of requests.

    It lists areas, not the names of scenarios, and how long a run takes.
    """
    outcome = command("plan", cwd=tmp_path)
    assert outcome.code == 0, outcome.said
    run = stored(full.run)
    cells = re.search(r"cases run, covering ([0-9]+) cells", outcome.out)
    cases = re.search(r"^([0-9]+) of ([0-9]+) cases run", outcome.out, re.MULTILINE)
    assert cells is not None
    assert cases is not None
    assert int(cells[1]) == len(run["cells"])
    assert int(cases[2]) == len(run["plan"])
    sums = outcome.out.partition(" requests:")[2]
    counts = re.findall(r"([0-9,]+) (?:read|write|spend|flood)\b", sums)
    requests = sum(int(count.replace(",", "")) for count in counts)
    assert 0.5 < requests / len(lines_of(full.run)) < 2
    planned = re.findall(r"^([A-Z][a-z -]+?) +([0-9]+) ", outcome.out, re.MULTILINE)
    assert sum(int(count) for _, count in planned) == len(run["plan"])
    assert "Walks from page to page" in dict(planned)
    assert re.search("takes about [0-9]+ (minute|second)s? at 10 ms", outcome.out)


def test_a_plan_tells_fast_targets_from_slow_ones(tmp_path: Path) -> None:
    """Where minutes would be equal, it says seconds."""
    outcome = command("plan", "--depth", "quick", cwd=tmp_path)
    times = re.findall(r"([0-9]+ (?:minute|second)s?) at [0-9]+ ms", outcome.out)
    assert len(set(times)) == len(times) == 3


# --- an address and a key -------------------------------------------------------------------------

ADVICE = re.compile(r"\b(give|add|allow|declare|raise|must hold)\b")
"""Words of a reason that says what to provide."""


def test_key_alone_only_reads(sandbox: Sandbox, tmp_path: Path) -> None:
    """With an address and a key only reads are sent, with few bad keys, and nothing fails.

    What is untested says what to provide.
    """
    before = len(sandbox.requests())
    outcome = command("run", "--url", sandbox.url, "--key", sandbox.keys["full"], cwd=tmp_path)
    assert outcome.code == 0, outcome.said
    no_traceback(outcome)
    sent = sandbox.requests()[before:]
    assert {line["method"] for line in sent} <= {"GET", "HEAD"}
    logged = lines_of(run_of(tmp_path))
    assert len(sent) == len(logged)
    assert 0 < sum(_has_bad_key(line) for line in logged) <= 20
    run = stored(run_of(tmp_path))
    assert run["counts"]["failed"] == run["counts"]["error"] == 0
    untested = [cell for cell in run["cells"] if cell["verdict"] == "untested"]
    assert untested
    assert [cell for cell in untested if not _advises(cell)] == []


def _has_bad_key(line: dict[str, Any]) -> bool:
    identity = line.get("identity") or ""
    return "~" in identity or identity.startswith("unknown:")


def _advises(cell: dict[str, Any]) -> bool:
    """Whether each thing to provide is advice, and nothing is blocked or left out."""
    kinds = {reason["kind"] for reason in cell["reasons"]}
    wanted = [reason["text"] for reason in cell["reasons"] if reason["kind"] == "provide"]
    return kinds <= {"provide", "own-limit"} and all(ADVICE.search(text) for text in wanted)


def test_require_complete(sandbox: Sandbox, tmp_path: Path) -> None:
    """--require-complete turns untested cells into exit 3."""
    target = ("--url", sandbox.url, "--key", sandbox.keys["full"])
    arguments = (
        "run",
        *target,
        "--clause",
        BRIEF,
        "--clause",
        "business-empty",
        "--require-complete",
    )
    outcome = command(*arguments, cwd=tmp_path)
    assert outcome.code == 3, outcome.said
    no_traceback(outcome)
    assert stored(run_of(tmp_path))["counts"]["untested"] > 0
