"""The jobs of GitLab, Jenkins, cron and systemd: their scripts as processes, against a server."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import yaml

from conformance import __version__
from tests.ci.runner import ROOT
from tests.servers import BRIEF, faulty, keys_of, serving

pytestmark = pytest.mark.long

CI = ROOT / "examples" / "ci"
GITLAB = yaml.safe_load((CI / "gitlab.yml").read_text(encoding="utf-8"))["kaicalls-conformance"]
JENKINS = (CI / "Jenkinsfile").read_text(encoding="utf-8")
PYTHON = """\
#!/bin/sh
# Makes no new environment: gives the one of the tests, in which the suite is installed.
if [ "$*" = "-m venv .kaicalls" ]; then exec ln -sfn {prefix} .kaicalls; fi
exec {executable} "$@"
"""
"""A python3 that saves the tests the installation, which tests/ci/test_container.py tries."""


@pytest.fixture(scope="module")
def given() -> Iterator[dict[str, str]]:
    """The variables of a project: a server of which one clause is to be judged, and its key."""
    app = faulty()
    with serving(app) as origin:
        yield {
            "CONFORMANCE_URL": origin + app.contract.base_path,
            "CONFORMANCE_KEY": keys_of(app)["full"],
            "CONFORMANCE_OPTIONS": f"--clause={BRIEF}\n--workers=1",
        }


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """The environment of a machine."""
    python = tmp_path / "bin" / "python3"
    python.parent.mkdir()
    python.write_text(PYTHON.format(prefix=sys.prefix, executable=sys.executable))
    python.chmod(0o755)
    return {"PATH": f"{python.parent}:{os.environ['PATH']}", "HOME": str(tmp_path)}


def did(script: str, directory: Path, environment: Mapping[str, str]) -> Any:
    """Run a script to its end."""
    directory.mkdir(exist_ok=True)
    return subprocess.run(
        ["bash", "-e", "-o", "pipefail", "-c", script],
        cwd=directory,
        env=dict(environment),
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


def gitlab(
    directory: Path, environment: Mapping[str, str], given: Mapping[str, str], source: str
) -> Any:
    """Run the script of the GitLab job for a pipeline of some kind, with variables of a project.

    As in GitLab, those of the project win over those of the job, and a rule over both.
    """
    rule = next(each for each in GITLAB["rules"] if f'== "{source}"' in each["if"])
    variables = {**GITLAB["variables"], **given, **rule.get("variables", {})}
    return did("\n".join(GITLAB["script"]), directory, {**environment, **variables})


def test_gitlab_judges_a_merge_request(
    tmp_path: Path, environment: dict[str, str], given: dict[str, str]
) -> None:
    """The artefacts are at a fixed path, with the JUnit report that GitLab shows."""
    done = gitlab(tmp_path / "job", environment, given, "merge_request_event")
    assert done.returncode == 0, done.stdout + done.stderr
    artefacts = GITLAB["artifacts"]
    page = tmp_path / "job" / artefacts["paths"][0] / "report.html"
    junit = tmp_path / "job" / artefacts["reports"]["junit"]
    assert page.is_file()
    assert ElementTree.parse(junit).getroot().tag == "testsuites"
    assert artefacts["when"] == GITLAB["cache"]["when"] == "always"


def test_a_scheduled_pipeline_is_a_night(
    tmp_path: Path, environment: dict[str, str], given: dict[str, str]
) -> None:
    """Its cache holds what the next night needs."""
    done = gitlab(tmp_path / "job", environment, given, "schedule")
    assert done.returncode == 0, done.stdout + done.stderr
    (cached,) = GITLAB["cache"]["paths"]
    assert (tmp_path / "job" / cached / "nightly.json").is_file()
    assert (tmp_path / "job" / "kaicalls-report" / "report.html").is_file()


def test_gitlab_runs_no_command_in_a_variable(
    tmp_path: Path, environment: dict[str, str], given: dict[str, str]
) -> None:
    """The job fails, and leaves no report to show."""
    hostile = {**given, "CONFORMANCE_URL": "$(touch hacked); touch hacked\n`touch hacked`"}
    done = gitlab(tmp_path / "job", environment, hostile, "merge_request_event")
    assert done.returncode == 2
    assert not list(tmp_path.rglob("hacked"))
    assert not (tmp_path / "job" / "kaicalls-report").exists()


def test_jenkins_publishes_what_its_script_leaves(
    tmp_path: Path, environment: dict[str, str], given: dict[str, str]
) -> None:
    """The paths after the stages are those of the script."""
    (script,) = re.findall(r"sh '''(.*?)'''", JENKINS, re.DOTALL)
    variables = dict(re.findall(r"^ +(CONFORMANCE_\w+) = '(.*)'$", JENKINS, re.MULTILINE))
    assert variables.pop("CONFORMANCE_TARGET")
    done = did(script, tmp_path / "job", {**environment, **variables, **given})
    assert done.returncode == 0, done.stdout + done.stderr
    (junit,) = re.findall(r"testResults: '(.*)'", JENKINS)
    (kept,) = re.findall(r"artifacts: '(.*)/\*\*'", JENKINS)
    assert (tmp_path / "job" / junit).is_file()
    assert (tmp_path / "job" / kept / "report.html").is_file()


@pytest.mark.parametrize("name", ["gitlab.yml", "Jenkinsfile"])
def test_the_version_of_the_suite_is_pinned(name: str) -> None:
    """A new release changes no verdict before somebody wants it."""
    text = (CI / name).read_text(encoding="utf-8")
    assert f"kaicalls-conformance[metrics,notify]=={__version__}" in text


def test_systemd_accepts_its_units(tmp_path: Path) -> None:
    """Both files are valid, and the moments exist."""
    if not shutil.which("systemd-analyze"):
        pytest.skip("needs systemd-analyze")
    for name in ("conformance.service", "conformance.timer"):
        text = (CI / name).read_text(encoding="utf-8")
        text = text.replace("/srv/conformance/.venv", sys.prefix)
        (tmp_path / name).write_text(text, encoding="utf-8")
    units = sorted(str(path) for path in tmp_path.iterdir())
    done = subprocess.run(
        ["systemd-analyze", "verify", *units], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


def nightly_lines() -> dict[str, str]:
    """The commands of cron and systemd."""
    cron = (CI / "crontab").read_text(encoding="utf-8").splitlines()[-1]
    unit = (CI / "conformance.service").read_text(encoding="utf-8")
    (started,) = re.findall("^ExecStart=(.*)$", unit, re.MULTILINE)
    return {"cron": cron.split(maxsplit=5)[5], "systemd": started}


@pytest.mark.parametrize("name", ["cron", "systemd"])
def test_a_night_is_one_line(tmp_path: Path, given: dict[str, str], name: str) -> None:
    """The line works with the almost empty environment that cron and systemd give."""
    place = tmp_path / "conformance"
    place.mkdir()
    (place / ".venv").symlink_to(sys.prefix)
    key = given["CONFORMANCE_KEY"]
    target = {"url": given["CONFORMANCE_URL"], "keys": {"full": "${CONFORMANCE_KEY}"}}
    (place / "kaicalls-target.yaml").write_text(yaml.safe_dump(target), encoding="utf-8")
    (place / "nightly.env").write_text(f"CONFORMANCE_KEY={key}\n", encoding="utf-8")
    line = nightly_lines()[name].replace("/srv/conformance", str(place))
    line = line.replace("--depth quick", f"--clause {BRIEF}")
    variables = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}
    if name == "systemd":
        variables["CONFORMANCE_KEY"] = key  # of its EnvironmentFile
    done = subprocess.run(
        ["sh", "-c", line], cwd=place, env=variables, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert (place / "reports" / "nightly.md").read_text("utf-8").startswith("# First night: ")


def test_the_page_on_nights_shows_the_same_lines() -> None:
    """What it shows for cron and systemd stands in the files to copy, which the tests run."""
    page = (ROOT / "docs" / "nightly.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```ini\n(.*?)^```", page, re.DOTALL | re.MULTILINE)
    shown = {line for block in blocks for line in block.splitlines()}
    shown |= set(re.findall(r"^15 3 .*", page, re.MULTILINE))
    files = ("crontab", "conformance.service", "conformance.timer")
    lines = {line for name in files for line in (CI / name).read_text("utf-8").splitlines()}
    assert shown
    assert shown <= lines


def test_the_workflows_of_the_documentation_fit() -> None:
    """Each uses inputs, secrets and outputs that the action and the nightly workflow have."""
    action = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
    workflow = ROOT / ".github" / "workflows" / "nightly.yml"
    nightly = yaml.safe_load(workflow.read_text(encoding="utf-8"))
    called = nightly[True]["workflow_call"]  # YAML reads the word "on" as a truth
    pages = (ROOT / "docs" / "ci.md", ROOT / "docs" / "getting-started" / "vendor.md")
    text = "".join(page.read_text(encoding="utf-8") for page in pages)
    used = [
        step
        for block in re.findall(r"^```yaml\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
        for step in _using(yaml.safe_load(block))
    ]
    assert len(used) == 5
    for step in used:
        of_workflow = "/workflows/" in step["uses"]
        assert set(step["with"]) <= set((called if of_workflow else action)["inputs"])
        assert set(step.get("secrets", ())) <= set(called["secrets"])
    (inner,) = _using(nightly, "$/")
    assert set(inner["with"]) <= set(action["inputs"])


def _using(value: Any, name: str = "kaicalls/") -> list[dict[str, Any]]:
    """The steps and jobs in a workflow that use an action or workflow of such a name."""
    if isinstance(value, list):
        return [step for each in value for step in _using(each, name)]
    if not isinstance(value, dict):
        return []
    found = [value] if str(value.get("uses", "")).startswith(name) else []
    return found + [step for each in value.values() for step in _using(each, name)]
