"""A verdict is about the whole contract: no declaration and no other contract shrinks it unseen."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from html import unescape
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from conformance.contract import packaged
from conformance.model import Verdict
from conformance.report import badge
from conformance.server.application import Application
from conformance.server.messages import Reply, Request
from tests import servers
from tests.command.finished import Ran, replay_agrees
from tests.servers import Outcome, command, no_traceback, run_of, stored

CERTIFIER = ("--seed", "20260417", "--depth", "deep", "--require-complete")
"""What a certifier adds to a run."""
AREAS = ("limits", "requests", "envelope", "tenants", "walks", "triggers")
"""Areas in which the broken server fails."""
KEPT = ["list_agents", "read_agent"]
"""Operations of which every cell can be judged."""


class NoCalls(Application):
    """A server that shows an empty object where its calls should be, and is right elsewhere."""

    def dispatch(self, request: Request) -> Reply:
        reply = super().dispatch(request)
        return replace(reply, body={}) if request.path.endswith("/calls") else reply


@dataclass(frozen=True)
class Served:
    """A broken server and where it is."""

    app: Application
    origin: str

    def run(self, directory: Path, *arguments: object, **members: Any) -> Outcome:
        """Run the command by the target file of the server, with some more members."""
        directory.mkdir(exist_ok=True)
        servers.target_file(self.app, self.origin, directory / "t.yaml", **members)
        outcome = command("run", "--target", "t.yaml", *arguments, cwd=directory)
        no_traceback(outcome)
        return outcome


@pytest.fixture(scope="module")
def broken() -> Iterator[Served]:
    """The server that finds everything."""
    app = servers.faulty(servers.EverythingFound)
    with servers.serving(app) as origin:
        yield Served(app, origin)


@pytest.fixture(scope="module")
def without_calls() -> Iterator[Served]:
    """The server without calls."""
    app = servers.faulty(NoCalls)
    with servers.serving(app) as origin:
        yield Served(app, origin)


def headlines(outcome: Outcome, run: Path) -> dict[str, str]:
    """The headline of each output of a run."""
    page = (run / "report.html").read_text(encoding="utf-8")
    heading = re.findall(r"<h1><span[^>]*>.</span> (.*?)</h1>", page)[0]
    image = ElementTree.parse(run / "badge.svg").getroot()
    *_, value = (each.text or "" for each in image.iter("{http://www.w3.org/2000/svg}text"))
    document = json.loads((run / "results.ctrf.json").read_text(encoding="utf-8"))
    name: str = document["results"]["environment"]["reportName"]
    summary = (run / "summary.md").read_text(encoding="utf-8").splitlines()[0]
    return {
        "console": outcome.headline,
        "page": unescape(heading),
        "title": unescape(re.findall(r"<title>(.*?): ", page)[0]),
        "badge": servers.headline_in(value),
        "summary": servers.headline_in(summary),
        "ctrf": name.partition(": ")[2],
    }


def colour(run: Path) -> str:
    """The colour of the badge of a run."""
    image = ElementTree.parse(run / "badge.svg").getroot()
    *_, behind = image.iter("{http://www.w3.org/2000/svg}rect")
    return behind.attrib["fill"]


# --- areas ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("more", [{"only": ["list_usage"]}, {}], ids=["one operation", "all"])
def test_an_area_is_not_left_out_while_its_operations_are_offered(
    broken: Served, tmp_path: Path, more: dict[str, Any]
) -> None:
    """A server that fails in six areas does not declare them away: exit 2, with file and line."""
    outcome = broken.run(tmp_path, *CERTIFIER, inapplicable=list(AREAS), **more)
    assert outcome.code == 2, outcome.said
    lines = (tmp_path / "t.yaml").read_text(encoding="utf-8").splitlines()
    refused = re.findall(r"t\.yaml:([0-9]+): the target offers operations of the area", outcome.err)
    named = [lines[int(number) - 1].removeprefix("- ") for number in refused]
    offered = [area for area in AREAS if area != "limits" or not more]  # it is about sign-up
    assert named == offered
    assert ("(list_usage)" if more else "(read_call, list_calls, ") in outcome.err
    assert not (tmp_path / "reports").exists()


def test_an_area_may_be_left_out_with_all_of_its_operations(
    without_calls: Served, tmp_path: Path
) -> None:
    """Limits are about sign-up alone, so a server without it may name the area."""
    members = {"only": KEPT, "inapplicable": ["limits"]}
    outcome = without_calls.run(tmp_path, "--depth", "quick", **members)
    assert outcome.code == 0, outcome.said


# --- operations -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def lenient(without_calls: Served, tmp_path_factory: pytest.TempPathFactory) -> Ran:
    """A run that leaves out what is broken."""
    directory = tmp_path_factory.mktemp("lenient")
    outcome = without_calls.run(directory, only=KEPT)
    return Ran(outcome, run_of(directory))


def test_a_part_of_the_contract_never_reads_like_all_of_it(lenient: Ran) -> None:
    """What is left out counts, and none of it conforms while the server has it.

    Every output has the share of all cells.
    """
    assert lenient.outcome.code == 0, lenient.outcome.said
    counts = stored(lenient.run)["counts"]
    passed, cells = counts["passed"], sum(counts.values())
    assert counts["untested"] == counts["failed"] == 0
    share = f"{100 * passed / cells:.1f} %"
    said = f"No failure seen in {share} of the contract"
    assert set(headlines(lenient.outcome, lenient.run).values()) == {said}
    assert colour(lenient.run) != badge.COLOURS[Verdict.PASSED]


def test_the_contract_has_as_many_cells_for_every_target(
    without_calls: Served, lenient: Ran, tmp_path: Path
) -> None:
    """A target that leaves out all operations but two is measured by the cells of a whole run."""
    outcome = command("plan", "--target", lenient.run.parent.parent / "t.yaml", cwd=tmp_path)
    servers.target_file(without_calls.app, without_calls.origin, tmp_path / "t.yaml")
    whole = command("plan", "--target", "t.yaml", cwd=tmp_path)
    cells = [re.findall(r"covering ([0-9]+) cells", each.out) for each in (outcome, whole)]
    assert cells[0] == cells[1] == [str(len(stored(lenient.run)["cells"]))]


def test_excluded_routes_that_exist_appear_with_the_headline(lenient: Ran) -> None:
    """The page, the summary and the terminal list each route declared absent that exists."""
    page = (lenient.run / "report.html").read_text(encoding="utf-8")
    band = page.partition('<div class="overall ')[2].partition("</div>")[0]
    summary = (lenient.run / "summary.md").read_text(encoding="utf-8").replace("\\", "")
    for text in (band, summary, " ".join(lenient.outcome.out.split())):
        (told,) = re.findall(
            r"60 routes declared absent by the target file proved to exist: (.*)", text
        )
        told = told.partition("openapi.json")[0]
        assert {"GET /calls", "GET /usage", "POST /calls"} <= set(told.split(", "))
        assert len(told.split(", ")) == 60


def test_require_complete_counts_excluded_routes_that_exist(
    without_calls: Served, tmp_path: Path
) -> None:
    """Exit 3, and the terminal names the routes. A replay concludes the same from the log alone."""
    outcome = without_calls.run(tmp_path / "run", "--require-complete", only=KEPT)
    assert outcome.code == 3, outcome.said
    ran = Ran(outcome, run_of(tmp_path / "run"))
    assert set(headlines(outcome, ran.run).values()) == {"Could not be judged"}
    said = " ".join(outcome.out.split())
    assert "60 routes declared absent by the target file proved to exist, but completeness" in said
    assert stored(ran.run)["counts"]["untested"] == 0
    replay_agrees(ran, tmp_path)


class OnlyAgents(servers.Remembering):
    """A server that shows agents, and nothing else."""

    def lacks(self, request: Request) -> bool:
        return (request.method, self.local_path(request)) != ("GET", "/agents")


def test_excluding_missing_operations_is_complete(tmp_path: Path) -> None:
    """A small server that lacks what its file leaves out keeps exit 0 with --require-complete.

    Where the budget has no room to ask for it, nothing shows that: exit 3.
    """
    app = servers.faulty(OnlyAgents)
    with servers.serving(app) as origin:
        served = Served(app, origin)
        outcome = served.run(tmp_path / "small", "--require-complete", only=KEPT)
        assert outcome.code == 0, outcome.said
        run = run_of(tmp_path / "small")
        assert outcome.headline.startswith("Conforms in ")
        assert "declared absent by the target file" not in outcome.said
        needed = len(servers.lines_of(run)) + 50
        tight = served.run(tmp_path / "tight", "--require-complete", only=KEPT, budget=needed)
    assert tight.code == 3, tight.said
    told = " ".join(tight.out.split())
    assert "60 routes declared absent by the target file received no request" in told


def test_a_replay_takes_no_area_for_inapplicable(lenient: Ran, tmp_path: Path) -> None:
    """Areas that a stored run declares away, as earlier versions let it, change no verdict."""
    copy = Path(shutil.copytree(lenient.run, tmp_path / "copy"))
    said = stored(copy)
    said["target"]["areas_inapplicable"] = list(AREAS)
    (copy / "run.json").write_text(json.dumps(said), encoding="utf-8")
    outcome = command("replay", copy, cwd=tmp_path)
    assert outcome.code == 0, outcome.said
    assert stored(run_of(tmp_path))["cells"] == stored(lenient.run)["cells"]


# --- profiles -------------------------------------------------------------------------------------


def test_no_profile_is_met_by_a_part_of_the_contract(lenient: Ran, tmp_path: Path) -> None:
    """`profiles --of` names each profile, and what the run lacks, with exit 1."""
    outcome = command("profiles", "--of", lenient.run, cwd=tmp_path)
    no_traceback(outcome)
    assert outcome.code == 1
    assert "core@1: not met" in outcome.out
    assert "full@1: not met" in outcome.out
    assert "PROFILE_OPERATIONS: the target offers 2 operations" in outcome.out
    page = (lenient.run / "report.html").read_text(encoding="utf-8")
    assert "Profiles: core@1 not met, full@1 not met</summary>" in page


def test_no_profile_is_met_by_another_contract(broken: Served, weak: Path, tmp_path: Path) -> None:
    """A contract without a MUST has the same profiles, and meets none of them."""
    outcome = broken.run(tmp_path, "--spec", weak, "--clause", servers.BRIEF)
    assert outcome.code == 0, outcome.said
    told = command(
        "profiles", "core", "--json", "--of", run_of(tmp_path), "--spec", weak, cwd=tmp_path
    )
    assert told.code == 1, told.said
    (profile,) = json.loads(told.out)
    assert {"PROFILE_CONTRACT", "PROFILE_SELECTION"} <= {
        each["code"] for each in profile["lacking"]
    }
    none = command("profiles", "cor", cwd=tmp_path)
    assert none.code == 2
    assert "did you mean core?" in none.err


# --- another contract -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def weak(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The packaged contract without a MUST: each became a NOTE."""
    spec = tmp_path_factory.mktemp("weak") / "spec"
    shutil.copytree(packaged(), spec)
    for path in (spec / "clauses").iterdir():
        text = path.read_text(encoding="utf-8")
        path.write_text(text.replace("level: MUST", "level: NOTE"), encoding="utf-8")
    return spec


@pytest.mark.long
def test_a_weaker_contract_shows_in_every_output(
    broken: Served, weak: Path, tmp_path: Path
) -> None:
    """The headlines of a run and of its replay name another contract; the badge has its digest.

    Judged again by the packaged contract, the same log breaks it.
    """
    outcome = broken.run(tmp_path, "--spec", weak, "--depth", "quick")
    assert outcome.code == 0, outcome.said
    run = run_of(tmp_path)
    digest = stored(run)["spec"]["digest"]
    for ended in (outcome, command("replay", "--spec", weak, run, cwd=tmp_path)):
        assert ended.code == 0, ended.said
        latest = run_of(tmp_path)
        for where, words in headlines(ended, latest).items():
            assert words.endswith(f" (custom contract {digest[:12]})"), where
        assert digest in (latest / "badge.svg").read_text(encoding="utf-8")
        assert digest in (latest / "summary.md").read_text(encoding="utf-8")
    again = command("replay", run, cwd=tmp_path)
    assert again.code == 1, again.said
    for words in headlines(again, run_of(tmp_path)).values():
        assert words.startswith("Breaks the contract")
        assert "custom contract" not in words


def test_a_copy_of_the_packaged_contract_is_the_packaged_one(
    broken: Served, tmp_path: Path
) -> None:
    """The digest decides, not the directory."""
    spec = tmp_path / "spec"
    shutil.copytree(packaged(), spec)
    outcome = broken.run(tmp_path, "--spec", spec, "--clause", servers.BRIEF)
    assert outcome.code == 1, outcome.said
    assert "custom contract" not in " ".join(headlines(outcome, run_of(tmp_path)).values())
