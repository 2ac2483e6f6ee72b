"""A simulated runner of GitHub Actions: runs the steps of a composite action as the real one does.

Scripts are real processes of bash. Actions of others are simulated: Python, the cache and the
artefacts. Expressions are those few that the action uses; any other one fails.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parent.parent.parent
PARTS = ("GITHUB_OUTPUT", "GITHUB_ENV", "GITHUB_PATH", "GITHUB_STEP_SUMMARY")
"""The files through which a step talks to the runner."""

_EXPRESSION = re.compile(r"\$\{\{ *(.*?) *\}\}")
_OUTPUT = re.compile(r"^([\w-]+)<<(\w+)\n(.*?)\n\2$", re.DOTALL | re.MULTILINE)


@dataclass
class Service:
    """What outlives a job: saved caches by key, oldest first, and the artefacts of the last job."""

    directory: Path
    caches: dict[str, Path] = field(default_factory=dict)
    artefacts: dict[str, Path] = field(default_factory=dict)


@dataclass
class Job:
    """A job on a fresh machine, with what it left: outputs, page, log, and whether it failed."""

    service: Service
    directory: Path
    inputs: Mapping[str, str]
    environment: Mapping[str, str]
    number: int
    outputs: dict[str, str] = field(default_factory=dict)
    steps: dict[str, dict[str, str]] = field(default_factory=dict)
    skipped: list[str] = field(default_factory=list)
    page: str = ""
    log: str = ""
    failed: bool = False

    @property
    def workspace(self) -> Path:
        """Where the job runs."""
        return self.directory / "workspace"

    @property
    def temporary(self) -> Path:
        """The directory for what the job need not keep."""
        return self.directory / "temporary"

    def value(self, text: str) -> str:
        """A text with its expressions evaluated."""
        return _EXPRESSION.sub(lambda match: self.look_up(match[1]), text)

    def look_up(self, name: str) -> str:
        """The value of a name such as ``inputs.url``. Fails for unknown inputs and contexts."""
        context, *path = name.split(".")
        if context == "inputs":
            return self.inputs[path[0]]
        if context == "steps":
            return self.steps.get(path[0], {}).get(path[2], "")
        known = {"run_id": str(self.number), "run_attempt": "1", "token": "ghs_token"}
        assert context == "github", name
        return known[path[0]]

    def holds(self, condition: str) -> bool:
        """Whether a condition holds: ``always()`` and comparisons with texts, joined by ``&&``."""
        terms = condition.split(" && ")
        if self.failed and "always()" not in terms:
            return False
        return all(self._term(term) for term in terms if term != "always()")

    def _term(self, term: str) -> bool:
        match = re.fullmatch(r"([\w.-]+) (==|!=) '(.*)'", term)
        assert match, term
        return (self.look_up(match[1]) == match[3]) is (match[2] == "==")


def service(directory: Path) -> Service:
    """A service without any job so far."""
    directory.mkdir()
    return Service(directory)


def act(
    on: Service,
    given: Mapping[str, str],
    *,
    secrets: Mapping[str, str] = {},
    event: Any = None,
    installed: Path | None = None,
) -> Job:
    """Run the action as a job of its own. ``installed`` replaces what its installation makes."""
    action = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
    number = len(list(on.directory.iterdir())) + 1
    job = Job(on, on.directory / f"job{number}", _inputs(action, given), secrets, number)
    job.inputs = {name: job.value(text) for name, text in job.inputs.items()}
    on.artefacts.clear()
    job.workspace.mkdir(parents=True)
    job.temporary.mkdir()
    (job.directory / "event.json").write_text(json.dumps(event or {}), encoding="utf-8")
    if installed:
        (job.temporary / "kaicalls-conformance").symlink_to(installed)
    for step in action["runs"]["steps"]:
        is_replaced = installed and step["name"].startswith("Install")
        if is_replaced or not job.holds(step.get("if", "always()" if not job.failed else "")):
            job.skipped.append(step["name"])
        else:
            _do(job, step)
    job.outputs = {name: job.value(each["value"]) for name, each in action["outputs"].items()}
    return job


def _inputs(action: Mapping[str, Any], given: Mapping[str, str]) -> dict[str, str]:
    """The inputs of a job with their defaults. Fails for an unknown input."""
    known = action["inputs"]
    assert set(given) <= set(known), given
    return {name: given.get(name, str(each["default"])) for name, each in known.items()}


def _do(job: Job, step: Mapping[str, Any]) -> None:
    """Do one step: a script as a process, an action by its simulation."""
    if "uses" in step:
        name = step["uses"].partition("@")[0]
        inputs = {name: job.value(str(text)) for name, text in step["with"].items()}
        job.steps[step.get("id", "")] = ACTIONS[name](job, inputs)
        return
    files = {part: job.directory / f"{part}.{len(job.steps)}" for part in PARTS}
    for file in files.values():
        file.touch()
    script = job.directory / "script.sh"
    script.write_text(step["run"], encoding="utf-8")  # without expressions: a test checks that
    assert step["shell"] == "bash"
    done = subprocess.run(
        ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", script],
        cwd=job.workspace,
        env=_environment(job, step.get("env", {}), files),
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    job.log += done.stdout + done.stderr
    job.page += files["GITHUB_STEP_SUMMARY"].read_text(encoding="utf-8")
    said = files["GITHUB_OUTPUT"].read_text(encoding="utf-8")
    job.steps[step.get("id", "")] = {match[1]: match[3] for match in _OUTPUT.finditer(said)}
    job.failed = job.failed or done.returncode != 0


def _environment(job: Job, own: Mapping[str, str], files: Mapping[str, Path]) -> dict[str, str]:
    """The environment of a script: that of the runner, of the caller's step, and of its own."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(job.directory),
        "GITHUB_ACTIONS": "true",
        "GITHUB_ACTION_PATH": str(ROOT),
        "GITHUB_EVENT_PATH": str(job.directory / "event.json"),
        "GITHUB_REPOSITORY": "example/calls",
        "GITHUB_RUN_ID": str(job.number),
        "GITHUB_SERVER_URL": "https://github.example.com",
        "RUNNER_TEMP": str(job.temporary),
        **{part: str(file) for part, file in files.items()},
        **job.environment,
        **{name: job.value(str(text)) for name, text in own.items()},
    }


def _set_up_python(_job: Job, inputs: Mapping[str, str]) -> dict[str, str]:
    """Leaves the Python of the job alone, and names the one that was set up."""
    assert inputs["update-environment"] == "False"
    return {"python-path": sys.executable}


def _restore(job: Job, inputs: Mapping[str, str]) -> dict[str, str]:
    """Unpacks the cache of the key, or the newest one that begins with the other key."""
    prefix = inputs["restore-keys"].strip()
    keys = [key for key in job.service.caches if key == inputs["key"] or key.startswith(prefix)]
    if keys:
        _copy(job.service.caches[keys[-1]], job.workspace / inputs["path"])
    return {}


def _save(job: Job, inputs: Mapping[str, str]) -> dict[str, str]:
    """Packs a directory under a key, which must be new."""
    assert inputs["key"] not in job.service.caches
    kept = job.service.directory.parent / f"cache{len(job.service.caches)}"
    _copy(job.workspace / inputs["path"], kept)
    job.service.caches[inputs["key"]] = kept
    return {}


def _upload(job: Job, inputs: Mapping[str, str]) -> dict[str, str]:
    """Keeps a directory as an artefact."""
    assert "/" not in inputs["name"]
    job.service.artefacts[inputs["name"]] = job.workspace / inputs["path"]
    return {}


def _copy(source: Path, target: Path) -> None:
    shutil.copytree(source, target, symlinks=True)


ACTIONS: Mapping[str, Callable[[Job, Mapping[str, str]], dict[str, str]]] = {
    "actions/setup-python": _set_up_python,
    "actions/cache/restore": _restore,
    "actions/cache/save": _save,
    "actions/upload-artifact": _upload,
}
"""The simulations of the actions that the action uses."""
