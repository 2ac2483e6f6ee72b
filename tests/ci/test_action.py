"""The action for GitHub, step by step in a simulated runner, against a real server."""

from __future__ import annotations

import json
import re
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from conformance.server.application import Application
from conformance.server.messages import Refusal, Reply, Request
from tests.ci import runner
from tests.ci.fake_github import TOKEN, FakeGitHub
from tests.ci.runner import ROOT, Job, Service
from tests.servers import BRIEF, Command, faulty, keys_of, serving

pytestmark = pytest.mark.long

ACTION = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
SELECTION = f"--clause={BRIEF}\n--workers=1"
PULL_REQUEST = {"pull_request": {"number": 7}}


class Shifting(Application):
    """The reference server, which answers unknown paths wrongly while ``broken`` is set."""

    broken = False

    def dispatch(self, request: Request) -> Reply:
        try:
            return super().dispatch(request)
        except Refusal:
            if self.broken:
                return Reply(200, {"hello": "@everyone"})
            raise


@pytest.fixture(scope="module")
def server() -> Shifting:
    """A server that can be broken."""
    app = faulty(Shifting)
    assert isinstance(app, Shifting)
    return app


@pytest.fixture(scope="module")
def url(server: Shifting) -> Iterator[str]:
    """Its address."""
    with serving(server) as origin:
        yield origin + server.contract.base_path


@pytest.fixture
def service(tmp_path: Path) -> Service:
    """A service without any job so far."""
    return runner.service(tmp_path / "service")


def judged(service: Service, server: Shifting, fake: FakeGitHub | None = None, **given: str) -> Job:
    """A job that judges one clause with the suite of this environment."""
    secrets = {"CONFORMANCE_KEY": keys_of(server)["full"]}
    if fake:
        secrets["GITHUB_API_URL"] = fake.url
    given.setdefault("options", SELECTION)
    event = PULL_REQUEST if fake else None
    installed = Path(sys.prefix)
    return runner.act(service, given, secrets=secrets, event=event, installed=installed)


def test_no_script_contains_an_expression() -> None:
    """Inputs reach the shell through the environment alone, and nothing is evaluated twice."""
    scripts = [step["run"] for step in ACTION["runs"]["steps"] if "run" in step]
    assert scripts
    assert not any(re.search(r"\$\{\{|eval|`|\$\(", script) for script in scripts)


def test_state_and_comment_survive_the_runner(
    service: Service, server: Shifting, url: str, fake: FakeGitHub
) -> None:
    """A second job on another machine knows the first, and updates its comment.

    Neither key nor token appears in the log, on the page, in the comment, or in a file.
    """
    server.broken = True
    first = judged(service, server, fake, url=url)
    assert first.failed
    assert first.outputs["verdict"] == "broken"
    assert first.outputs["exit-code"] == "1"
    assert int(first.outputs["causes"]) > 0
    assert json.loads(first.outputs["counts"])["failed"] > 0
    assert Path(first.outputs["report"]).is_file()
    assert set(service.artefacts) == {"kaicalls-conformance"}
    assert (service.artefacts["kaicalls-conformance"] / "junit.xml").is_file()
    assert first.page.startswith("# ✕ Breaks the contract")
    assert 0 < first.log.count("::error ") <= 10
    (comment,) = fake.comments
    assert comment["body"].startswith("<!-- kaicalls-conformance: conformance -->\n# ✕ Breaks")

    server.broken = False
    second = judged(service, server, fake, url=url)
    assert not second.failed, second.log
    assert second.outputs["verdict"] == "conforms"
    assert "No failure seen in" in second.outputs["headline"]
    assert "fixed" in second.page
    (comment,) = fake.comments
    assert "No failure seen in" in comment["body"]
    assert comment["body"].endswith("/example/calls/actions/runs/2)\n")

    kept = [path.read_bytes() for path in service.directory.rglob("reports/**/*") if path.is_file()]
    shown = "\n".join([second.log, second.page, json.dumps(second.outputs), comment["body"]])
    for secret in (keys_of(server)["full"], TOKEN):
        assert secret not in shown
        assert not any(secret.encode() in content for content in kept)


def test_nights_on_new_machines_know_each_other(
    service: Service, server: Shifting, url: str
) -> None:
    """A fault is new once, stays red until it is fixed, and then is said to be fixed."""
    texts = []
    for broken in (False, True, True, False):
        server.broken = broken
        job = judged(service, server, url=url, command="nightly")
        assert job.failed is broken, job.log
        assert job.outputs["verdict"] == ("broken" if broken else "conforms")
        texts.append(job.page)
    assert "# First night: " in texts[0]
    assert "- New:" in texts[1]
    assert "- New:" not in texts[2]
    assert "- Fixed:" in texts[3]


def test_a_night_without_a_run_says_so_and_is_remembered(
    service: Service, server: Shifting
) -> None:
    """If the server is down, the notice is on the page, and the state goes on to the next night."""
    url, options = "http://127.0.0.1:9/api/v1", f"{SELECTION}\n--max-seconds=1"
    job = judged(service, server, url=url, command="nightly", options=options)
    assert (job.outputs["exit-code"], job.outputs["verdict"]) == ("3", "not judged")
    assert "# Nothing could be judged." in job.page
    assert len(service.caches) == 1


def test_a_cancelled_job_still_says_what_it_knows(
    tmp_path: Path, server: Shifting, url: str
) -> None:
    """GitHub interrupts the process of the step, which leaves the outputs and a report."""
    output = tmp_path / "output"
    variables = {
        "CONFORMANCE_URL": url,
        "CONFORMANCE_KEY": keys_of(server)["full"],
        "CONFORMANCE_OPTIONS": "--workers=1",
        "GITHUB_OUTPUT": str(output),
    }
    running = Command("run", cwd=tmp_path, module="conformance.ci", env=variables)
    for _ in range(600):
        logs = tmp_path.glob("reports/latest/exchanges.jsonl")
        if any(log.stat().st_size > 50_000 for log in logs):
            break
        time.sleep(0.05)
    running.process.send_signal(signal.SIGINT)
    assert running.end().code == 3
    text = output.read_text(encoding="utf-8")
    assert re.search("^exit-code<<\\w+\n3$", text, re.MULTILINE)
    assert re.search("^report<<\\w+\n.+/report.html$", text, re.MULTILINE)


def test_an_earlier_verdict_is_never_that_of_this_job(
    service: Service, server: Shifting, url: str, fake: FakeGitHub
) -> None:
    """If the command does not run, the outputs, page and comment do not show the restored run."""
    good = judged(service, server, fake, url=url)
    assert good.outputs["verdict"] == "conforms"
    bad = judged(service, server, fake, url=url, depth="bottomless")
    assert bad.failed
    assert bad.outputs["verdict"] == "not judged"
    assert bad.outputs["exit-code"] == "2"
    assert bad.outputs["run"] == bad.outputs["report"] == ""
    assert service.artefacts == {}
    assert len(service.caches) == 1
    assert "Could not be judged" in bad.page
    assert "Could not be judged" in fake.comments[0]["body"]


def test_a_server_that_is_down_is_not_judged(service: Service, server: Shifting) -> None:
    """The exit code is 3, and what there is of a report is kept."""
    down = judged(service, server, url="http://127.0.0.1:9/api/v1")
    assert (down.outputs["exit-code"], down.outputs["verdict"]) == ("3", "not judged")
    assert down.failed
    assert set(service.artefacts) == {"kaicalls-conformance"}


HOSTILE = "$(touch hacked) `touch hacked`; touch hacked\n::error::x' \" && touch hacked"


@pytest.mark.parametrize("name", ["command", "name", "target", "options", "reports"])
def test_a_hostile_input_does_nothing(
    service: Service, server: Shifting, url: str, name: str
) -> None:
    """Whatever stands in an input, no command in it runs, and the job does not pass by it."""
    given: dict[str, Any] = {"url": url, "options": SELECTION, name: HOSTILE}
    given["depth"] = given.get("depth", "bottomless")  # so that no run begins
    job = judged(service, server, **given)
    assert job.outputs["verdict"] == "not judged"
    assert not list(service.directory.rglob("hacked"))
    assert not re.search("^::error::x", job.log, re.MULTILINE)


def test_an_input_cannot_act_as_an_option(service: Service, server: Shifting, url: str) -> None:
    """A value that begins with a hyphen stays a value."""
    job = judged(service, server, url=url, target="--url=http://127.0.0.1:9")
    assert job.outputs["exit-code"] == "2"
    assert "--url=http:/127.0.0.1:9:1: the file is missing" in job.log


def test_nothing_given_judges_nothing(service: Service, server: Shifting) -> None:
    """A forgotten input does not make the job pass on the embedded server."""
    job = judged(service, server)
    assert job.failed
    assert "Give a target file or a url" in job.log


def test_texts_of_a_hostile_target_act_nowhere(
    service: Service, server: Shifting, fake: FakeGitHub
) -> None:
    """They are no command of the runner, and no mention, link or element on page and comment."""

    def hostile(_environ: Any, start_response: Any) -> list[bytes]:
        text = "@everyone ![x](http://evil.example) <b>\n::error::hacked\n```\n##[error]hacked"
        start_response("404 -", [("Content-Type", "text/plain")])
        return [json.dumps({"error": {"code": text, "message": text}}).encode()]

    with serving(hostile) as origin:
        job = judged(service, server, fake, url=f"{origin}/@everyone/api")
    assert job.outputs["verdict"] in ("broken", "not judged")
    assert not re.search(
        r"^(::|##\[)(?!error title=Cause|warning title=Cause)", job.log, re.MULTILINE
    )
    literal = re.compile(r"(`+)(?!`).*?(?<!`)\1(?!`)", re.DOTALL)
    for text in (job.page, fake.comments[0]["body"].partition("\n")[2]):
        assert not re.search(r"@|<|!\[|evil", literal.sub("", text))


def test_the_action_installs_itself(service: Service, tmp_path: Path) -> None:
    """Its own checkout, into an environment of its own, with packages checked by hashes."""
    job = runner.act(service, {"comment": "false"})
    assert "Give a target file or a url" in job.log
    packages = job.temporary / "kaicalls-conformance" / "lib"
    assert next(packages.glob("python3.*/site-packages/conformance/ci/__main__.py")).is_file()
    assert not list(job.workspace.iterdir())
