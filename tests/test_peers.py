"""Other API tools read the document and agree with the reference server."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.test_official_client import start

pytestmark = pytest.mark.long

ROOT = Path(__file__).parent.parent
CONFIGURATION = ROOT / "tests" / "peers" / "schemathesis.toml"


def test_schemathesis_finds_nothing(tmp_path: Path) -> None:
    """Schemathesis, with the committed configuration, exits 0 against the reference server."""
    server = start(tmp_path)
    command = [sys.executable, "-m", "schemathesis.cli", "--config-file", str(CONFIGURATION), "run"]
    command += [
        str(ROOT / "spec" / "openapi.yaml"),
        "--url",
        server.target["url"],
        "--max-examples",
        "2",
        "--seed",
        "1",
    ]
    command += ["-H", f"Authorization: Bearer {server.target['keys']['full']}"]
    try:
        done = subprocess.run(
            command, cwd=tmp_path, capture_output=True, text=True, timeout=600, check=False
        )
    finally:
        server.process.terminate()
        server.process.wait(10)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]
    assert "Tested: 61" in done.stdout
