"""`rerun` uses only the server of the run, and judges only the requested cause."""

from __future__ import annotations

import shlex
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path
from typing import Any

import pytest
import yaml

from conformance.server.application import Application
from conformance.server.messages import Context, Reply, Request
from conformance.server.store import Page
from tests.faults.faults import FAULTS
from tests.forging import Line, chained, forged, with_response
from tests.servers import (
    Outcome,
    Remembering,
    command,
    faulty,
    no_traceback,
    run_of,
    serving,
    stored,
    target_file,
    text_of,
    without_waiting,
)

pytestmark = pytest.mark.long

ONLY = ["list_calls", "list_leads", "list_agents"]
CLAUSE = "status-no-5xx-for-mistakes"
SHARED = f"{CLAUSE}[list_calls]"
"""The cell that both causes break."""
FAILS = {"limit": ("/calls", "/leads"), "after": ("/calls", "/agents")}
"""The lists that fail on an odd value of a parameter."""


class Failing(Remembering):
    """The reference server, where some lists fail on an odd limit, and some on an odd cursor.

    ``fixed`` are the parameters for which that is fixed.
    """

    fixed: frozenset[str] = frozenset()

    def dispatch(self, request: Request) -> Reply:
        for name, lists in FAILS.items():
            odd = not request.query.get(name, "20")[:2].isdigit()
            if odd and name not in self.fixed and request.path.endswith(lists):
                error = {"code": "internal_error", "message": name}
                return Reply(500, {"error": error})
        return super().dispatch(request)


class Place:
    """A failing server, its target file, and a run that found its failures."""

    def __init__(self, app: Failing, origin: str, directory: Path) -> None:
        self.app = app
        self.directory = directory
        self.target = target_file(app, origin, directory / "my target.yaml", only=ONLY)
        arguments = ("--target", self.target.name, "--clause", CLAUSE, "--yes")
        self.found = command("run", *arguments, cwd=directory)
        self.run = run_of(directory)

    def cause(self, parameter: str) -> str:
        """The id of the cause that odd values of a parameter show."""
        causes = [each for each in stored(self.run)["causes"] if parameter in each.get("flaw", "")]
        return str(causes[0]["id"])

    def rerun(self, what: str, *arguments: object, of: Path | None = None) -> Outcome:
        """What `rerun` says."""
        self.app.asked.clear()
        words = ("rerun", what, "--of", of or self.run, "--yes", *arguments)
        outcome = command(*words, cwd=self.directory)
        no_traceback(outcome)
        return outcome

    def with_file(self, what: str, **more: Any) -> Outcome:
        """The outcome of `rerun` with further members in the target file."""
        told = yaml.safe_load(self.target.read_text(encoding="utf-8"))
        changed = self.directory / "changed.yaml"
        changed.write_text(yaml.safe_dump(told | more), encoding="utf-8")
        return self.rerun(what, "--target", changed)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """The server and its run."""
    app = faulty(Failing)
    assert isinstance(app, Failing)
    with serving(app) as origin:
        yield Place(app, origin, tmp_path_factory.mktemp("rerun"))


@pytest.fixture
def fixed(place: Place) -> Iterator[Callable[..., None]]:
    """Fixes what is wrong with some parameters, until the test ends."""

    def fix(*parameters: str) -> None:
        place.app.fixed = frozenset(parameters)

    yield fix
    fix()


def pasted(printed: str, directory: Path) -> subprocess.CompletedProcess[str]:
    """The result of a printed command in a shell, with confirmation."""
    line = printed.replace("kaicalls-conformance", f"{shlex.quote(sys.executable)} -m conformance")
    return subprocess.run(
        f"{line} --yes", shell=True, cwd=directory, capture_output=True, text=True, check=False
    )


# --- which server ---------------------------------------------------------------------------------


def test_a_target_is_required(place: Place) -> None:
    """The message names the server of the run and the whole command; nothing is sent."""
    outcome = place.rerun("1")
    url = stored(place.run)["target"]["url"]
    assert (outcome.code, outcome.out, place.app.asked) == (2, "", [])
    assert f"That run tested {url}. Specify that target and its keys" in outcome.err
    again = f"kaicalls-conformance rerun 1 --of reports/{place.run.name} --target 'my target.yaml'"
    assert outcome.err.splitlines()[-1].strip() == again


def test_the_reports_print_the_whole_command(place: Place) -> None:
    """Terminal, page and summary print it, and it works when pasted into a shell."""
    again = f"kaicalls-conformance rerun 1 --of reports/{place.run.name} --target 'my target.yaml'"
    assert again in place.found.out
    assert again in unescape(text_of(place.run, "report.html"))
    assert f"```sh\n{again}\n```" in text_of(place.run, "summary.md")
    ran = pasted(again, place.directory)
    assert (ran.returncode, "still broken: " in ran.stdout) == (1, True), ran.stderr


def test_a_command_with_spaces_in_all_paths(place: Place) -> None:
    """Target file and run are one word each, so it works when pasted into a shell."""
    run = forged(place.run, place.directory / "my $(touch owned) run")
    printed = place.rerun("1", of=run).err.splitlines()[-1].strip()
    ran = pasted(printed, place.directory)
    assert (ran.returncode, "still broken: " in ran.stdout) == (1, True), ran.stderr
    assert not (place.directory / "owned").exists()


def test_another_server_is_rejected(place: Place, tmp_path: Path) -> None:
    """A fixed server at another address gets no requests, and nothing is reported as fixed."""
    app = faulty(Remembering)
    assert isinstance(app, Remembering)
    with serving(app) as origin:
        other = target_file(app, origin, tmp_path / "other.yaml", only=ONLY)
        outcome = place.rerun("1", "--target", other)
    assert (outcome.code, outcome.out, app.asked) == (2, "", [])
    assert "Specify the target that it was sent to" in outcome.err


def test_a_run_by_url_is_rerun_by_url(place: Place, tmp_path: Path) -> None:
    """The command has the address instead of the file, and no key."""
    url, keys = stored(place.run)["target"]["url"], yaml.safe_load(place.target.read_text())["keys"]
    env = {"CONFORMANCE_KEY": keys["full"]}
    found = command("run", "--url", url, "--clause", CLAUSE, "--budget", 300, cwd=tmp_path, env=env)
    again = f"rerun 1 --of reports/{run_of(tmp_path).name} --url {url}\n"
    assert again in found.out
    outcome = command(*shlex.split(again), cwd=tmp_path, env=env)
    assert (outcome.code, "still broken: " in outcome.out) == (1, True), outcome.said


# --- which cause ----------------------------------------------------------------------------------


def test_a_cause_can_be_fixed_while_another_remains(
    place: Place, fixed: Callable[..., None]
) -> None:
    """The shared cell is reported to fail for another cause, which is still broken."""
    fixed("limit")
    mended = place.rerun(place.cause("limit"), "--target", place.target)
    assert mended.code == 0, mended.said
    assert f"fixed: {SHARED}: the cell now fails for another cause: " in mended.out
    neighbour = place.rerun(place.cause("after"), "--target", place.target)
    assert neighbour.code == 1
    assert f"still broken: {SHARED}: " in neighbour.out


def test_a_cell_is_fixed_only_if_it_has_no_findings(
    place: Place, fixed: Callable[..., None]
) -> None:
    """Naming the cell means all of its causes."""
    fixed("limit")
    assert place.rerun(SHARED, "--target", place.target).code == 1
    fixed("limit", "after")
    assert place.rerun(SHARED, "--target", place.target).code == 0


def test_the_same_request_with_another_wrong_response_is_not_fixed(
    place: Place, fixed: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A 501 instead of a 500 has another key, but the same request breaks the same rule."""
    usual = Failing.dispatch

    def busy(self: Failing, request: Request) -> Reply:
        reply = usual(self, request)
        return Reply(501, reply.body) if reply.status == 500 else reply

    monkeypatch.setattr(Failing, "dispatch", busy)
    outcome = place.rerun(place.cause("limit"), "--target", place.target)
    assert (outcome.code, f"still broken: {SHARED}: " in outcome.out) == (1, True), outcome.said


def test_the_summary_names_the_cause(place: Place, fixed: Callable[..., None]) -> None:
    """By its title. A clause has none."""
    title = next(each["title"] for each in stored(place.run)["causes"] if "limit" in each["flaw"])
    still = place.rerun(place.cause("limit"), "--target", place.target)
    assert f"{title}: 2 cells still broken\n" in still.out
    fixed("limit", "after")
    mended = place.rerun(place.cause("limit"), "--target", place.target)
    assert f"{title}: 2 cells fixed\n" in mended.out
    assert title not in place.rerun(SHARED, "--target", place.target).out


# --- what is no longer tested ---------------------------------------------------------------------

WAIVER = {
    "clause": CLAUSE,
    "statement": "known to us",
    "owner": "me",
    "ticket": "X-1",
    "expires": (datetime.now(UTC) + timedelta(days=90)).date().isoformat(),
}
DECLARED: dict[str, dict[str, Any]] = {
    "inapplicable": {"only": None, "inapplicable": ["list_calls", "list_leads"]},
    "only": {"only": ["list_agents"]},
    "waived": {"waivers": [WAIVER]},
}


@pytest.mark.parametrize("how", DECLARED)
def test_an_excluded_failure_is_not_fixed(
    place: Place, fixed: Callable[..., None], how: str
) -> None:
    """The exit code is 3 whether the server is fixed or not."""
    more = {name: value for name, value in DECLARED[how].items() if value is not None}
    for parameters in ((), ("limit", "after")):
        fixed(*parameters)
        outcome = place.with_file(place.cause("limit"), **more)
        assert outcome.code == 3, outcome.said
        assert "no longer tested: " in outcome.out
        assert "fixed" not in outcome.out


def test_an_absent_parameter_of_the_operation(place: Place, fixed: Callable[..., None]) -> None:
    """Requests may lack what showed the cause: it is still broken if it shows, else undecided."""
    absent = {"list_calls": ["status"], "list_leads": ["status"]}
    assert place.with_file(place.cause("limit"), absent=absent).code == 1
    fixed("limit", "after")
    outcome = place.with_file(place.cause("limit"), absent=absent)
    assert outcome.code == 3, outcome.said
    lacking = "the target file now excludes status of list_calls"
    assert f"no longer tested: {SHARED}: {lacking}\n" in outcome.out


# --- forged runs ----------------------------------------------------------------------------------


def test_a_run_that_claims_to_be_of_the_embedded_server(place: Place) -> None:
    """If its target is not the embedded server, the exit code is 2, and nothing is fixed."""

    def said(run: Line) -> None:
        run["given"] = {"embedded": True}

    run = forged(place.run, place.directory / "embedded", said=said)
    outcome = place.rerun("1", of=run)
    assert (outcome.code, outcome.out) == (2, "")
    assert "its target differs from the one that this suite embeds" in outcome.err


def test_a_run_that_claims_to_be_of_elsewhere(place: Place, fixed: Callable[..., None]) -> None:
    """If run.json, the log or both name another server, the exit code is 2; nothing is sent."""
    fixed("limit", "after")

    def said(run: Line) -> None:
        run["target"]["url"] = "https://api.example.com/api/v1"

    def line(line: Line) -> Line:
        if "request" not in line:
            return line
        url = line["request"]["url"].replace("127.0.0.1", "api.example.com")
        return line | {"request": line["request"] | {"url": url}}

    edits: dict[str, dict[str, Any]] = {
        "said": {"said": said},
        "logged": {"line": line},
        "both": {"said": said, "line": line},
    }
    for name, edit in edits.items():
        run = forged(place.run, place.directory / name, **edit)
        outcome = place.rerun("1", "--target", place.target, of=run)
        assert (outcome.code, outcome.out, place.app.asked) == (2, "", []), name


def test_a_failure_of_another_case(place: Place) -> None:
    """If the log attributes it to a case that does not send such a request, it is not fixed."""
    harmless = next(
        case["id"]
        for case in stored(place.run)["plan"]
        if case["scenario"] == "walk" and case["operation"] == "list_calls"
    )

    def line(line: Line) -> Line:
        if line.get("response", {}).get("status") == 500:
            return line | {"case": harmless, "scenario": "walk"}
        return line

    run = forged(place.run, place.directory / "case", line)
    outcome = place.rerun(SHARED, "--target", place.target, of=run)
    assert outcome.code in (1, 3), outcome.said
    assert "fixed" not in outcome.out


HOSTILE = ["$(touch pwned) x.yaml", "x;touch pwned", "'; touch pwned #", "`touch pwned`", "-x"]


@pytest.mark.parametrize("path", HOSTILE)
def test_a_path_that_is_a_command(place: Place, tmp_path: Path, path: str) -> None:
    """It is quoted, so that a shell treats it as the name of a file."""

    def said(run: Line) -> None:
        run["given"] = {"target": path, "spec": path}

    run = forged(place.run, tmp_path / "run", said=said)
    outcome = command("rerun", "1", "--of", run, cwd=tmp_path)
    printed = outcome.err.splitlines()[-1].strip()
    line = printed.replace("kaicalls-conformance", "echo")
    subprocess.run(line, shell=True, cwd=tmp_path, check=True, capture_output=True)
    assert (outcome.code, (tmp_path / "pwned").exists()) == (2, False)
    assert f"./{path}".lstrip("./") in " ".join(shlex.split(printed))


@pytest.mark.parametrize("path", ["a\nb", "\x1b[2J", "a\u202eb", "x" * 5000])
def test_a_path_that_cannot_be_printed(place: Place, tmp_path: Path, path: str) -> None:
    """It is replaced by a placeholder on every page."""

    def said(run: Line) -> None:
        run["given"] = {"target": path}

    run = forged(place.run, tmp_path / "run", said=said)
    outcome = command("report", run, cwd=tmp_path)
    no_traceback(outcome)
    again = "kaicalls-conformance rerun 1 --of run --target FILE"
    assert again in outcome.out
    assert again in (run / "report.html").read_text(encoding="utf-8")
    assert again in (run / "summary.md").read_text(encoding="utf-8")


def test_a_run_of_the_embedded_server_needs_no_target(tmp_path: Path) -> None:
    """A failure is added to its log and repeated on an embedded server with another port.

    The repeated requests are stored beside the run.
    """
    clause = "has-more-present"
    command("run", "--clause", clause, "--depth", "quick", cwd=tmp_path)
    first = run_of(tmp_path)

    def line(line: Line) -> Line:
        shows = '"has_more"' in line.get("response", {}).get("body", {}).get("text", "")
        if line.get("operation") != "list_calls" or not shows:
            return line
        return with_response(line, lambda page: page.pop("has_more"))

    (tmp_path / "runs").mkdir()
    run = chained(forged(first, tmp_path / "runs" / "run", line))
    report = command("report", run, cwd=tmp_path)
    assert "kaicalls-conformance rerun 1 --of runs/run\n" in report.out
    outcome = command("rerun", "1", "--of", run, cwd=tmp_path)
    assert (outcome.code, "on the embedded server" in outcome.out) == (0, True), outcome.said
    assert (tmp_path / "runs" / "rerun").is_dir()


# --- what follows from another failure ------------------------------------------------------------


EVALS = ["list_evals", "read_eval", "create_eval", "update_eval", "delete_eval", "list_agents"]
DELETED = "deleted-resource"


class DeletesAll(Remembering):
    """The reference server, where the deletion of an eval removes all of them."""

    def act_delete(self, context: Context) -> Reply:
        tenant, reply = self.own_tenant(context), super().act_delete(context)
        if context.operation.kind == "eval":
            for row in self.store.page(Page("eval", tenant, 1000)):
                self.store.remove(row)
        return reply


def test_what_a_deletion_removed_is_not_fixed_while_it_still_removes(tmp_path: Path) -> None:
    """A change of an object that is still there succeeds, which proves nothing."""
    app = faulty(DeletesAll)
    with serving(app) as origin:
        target = target_file(app, origin, tmp_path / "target.yaml", only=EVALS)
        told = ("--target", target.name, "--yes")
        clauses = ("--clause", "status-200", "--clause", DELETED)
        hasty = without_waiting(tmp_path)
        command("run", *told, *clauses, cwd=tmp_path, env=hasty)
        run = run_of(tmp_path)
        (cause,) = stored(run)["causes"]
        assert "status-200[update_eval]" in cause["cells"]
        again = ("--of", run, *told)
        alone = command("rerun", "status-200[update_eval]", *again, cwd=tmp_path, env=hasty)
        whole = command("rerun", "1", *again, cwd=tmp_path, env=hasty)
    assert alone.code == 3, alone.said
    assert "could not be judged: status-200[update_eval]: it only follows" in alone.out
    assert whole.code == 1, whole.said
    assert "fixed: status-200" not in whole.out


# --- a server that is fixed -----------------------------------------------------------------------


def found_and_fixed(
    kind: type[Application], directory: Path, what: str, *options: str, **more: Any
) -> tuple[Outcome, Outcome]:
    """What `run` says of a server, and `rerun` when the reference server has taken its place.

    ``options`` are those of `run`, and ``more`` are members of the target file.
    """
    apps = [faulty(kind)]

    def current(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        return apps[-1](environ, start_response)

    with serving(current) as origin:
        target = target_file(apps[0], origin, directory / "target.yaml", **more)
        words = ("--target", target.name, "--yes")
        found = command("run", *words, *options, cwd=directory)
        apps.append(faulty())
        return found, command("rerun", what, *words, cwd=directory)


class FailsOnLeads(Application):
    """The reference server, whose list of leads fails."""

    def dispatch(self, request: Request) -> Reply:
        reply = super().dispatch(request)
        if request.path.endswith("/leads") and reply.status == 200:
            return Reply(500, {"error": {"code": "internal_error", "message": "no"}})
        return reply


def test_a_fixed_cause_of_a_quick_run_is_fixed(tmp_path: Path) -> None:
    """A quick run sends only the first requests of some cases; some cells need all to pass."""
    quick = ("--depth", "quick")
    found, again = found_and_fixed(FailsOnLeads, tmp_path, "1", *quick, allow=["read"])
    assert "does not have these filters" not in found.out  # nobody knows: the list fails
    assert "business-filter[list_leads]" in again.out
    assert (again.code, "could not be judged" in again.out) == (0, False), again.out


def test_a_mistake_that_shows_nothing_any_more_is_fixed(tmp_path: Path) -> None:
    """Its cell needs a page of the maximum to pass, and the response is none."""
    kind, clause = FAULTS["negative-limit-lifts"].kind, "paging-limit-maximum"
    clauses = ("--clause", clause, "--clause", CLAUSE)
    _, again = found_and_fixed(kind, tmp_path, clause, *clauses, allow=["read"])
    assert again.code == 0, again.out
    assert f"fixed: {clause}[list_communication_jobs]" in again.out


def test_a_name_that_gets_nothing_foreign_any_more_is_fixed(tmp_path: Path) -> None:
    """The rule has nothing to say of the creation then, but the cell passes for other requests."""
    kind, clause = FAULTS["key-of-all-businesses"].kind, "business-object"
    only = ["create_communication_run", "list_communication_runs"]
    _, again = found_and_fixed(kind, tmp_path, "1", "--clause", clause, only=only)
    assert again.code == 0, again.out
    assert f"fixed: {clause}[create_communication_run]" in again.out
