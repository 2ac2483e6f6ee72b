"""A server that mounts the API below another base path, as gateways and mock servers do."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests import servers
from tests.faults.faults import FAULTS
from tests.servers import command, no_traceback, run_of, stored

MOUNT = "/mock/kaicalls"
"""Where the API is mounted."""


def mounted(app: Any, base: str, mount: str = MOUNT) -> Callable[..., Iterable[bytes]]:
    """An application with its base path replaced; nothing is left below the original one."""

    def call(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        if path.startswith(base):
            path = f"/nothing{path}"
        elif path.startswith(f"{mount}/"):
            path = base + path.removeprefix(mount)
        result: Iterable[bytes] = app({**environ, "PATH_INFO": path}, start_response)
        return result

    return call


def target_of(app: Any, origin: str, path: Path, mount: str = MOUNT) -> Path:
    """The target file of the application, with its address at the mount."""
    file = servers.target_file(app, origin, path)
    told = yaml.safe_load(file.read_text(encoding="utf-8"))
    file.write_text(yaml.safe_dump({**told, "url": origin + mount}), encoding="utf-8")
    file.chmod(0o600)
    return file


@pytest.mark.long
def test_another_base_path_is_judged_alike(tmp_path: Path) -> None:
    """A quick run has no finding. Like doctor, it warns of the path, and says what is usual."""
    app = servers.faulty()
    with servers.serving(mounted(app, app.contract.base_path)) as origin:
        target = target_of(app, origin, tmp_path / "target.yaml")
        examined = command("doctor", "--target", target, cwd=tmp_path)
        judged = command("run", "--depth", "quick", "--target", target, cwd=tmp_path)
    warning = f"Warning: {origin}{MOUNT} does not end with {app.contract.base_path}"
    for outcome in (examined, judged):
        no_traceback(outcome)
        assert outcome.code == 0, outcome.said
        assert warning in outcome.err
    run = stored(run_of(tmp_path))
    assert run["causes"] == []
    assert "failed" not in {cell["verdict"] for cell in run["cells"]}


def test_steps_are_sent_again_to_a_server_at_the_root(tmp_path: Path) -> None:
    """Its address has no path at all."""
    app = servers.faulty(FAULTS["limit-ignored-by-agents"].kind)
    with servers.serving(mounted(app, app.contract.base_path, "")) as origin:
        target = target_of(app, origin, tmp_path / "target.yaml", "")
        chosen = ("--clause", "paging-limit", "--try-steps", "--yes")
        judged = command("run", *chosen, "--target", target, cwd=tmp_path)
    no_traceback(judged)
    assert judged.code == 1, judged.said
    report = (run_of(tmp_path) / "report.html").read_text(encoding="utf-8")
    assert "Sent again at the end of the run: same result." in report
