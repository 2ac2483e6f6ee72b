"""The quick commands import only what they need. ``benchmarks/startup.py`` has the figures."""

from __future__ import annotations

import subprocess
import sys

import pytest

PROBE = """\
import sys
from conformance.command.cli import group

try:
    group.main(sys.argv[1:], standalone_mode=False)
finally:
    print(*sorted(sys.modules), file=sys.stderr)
"""

SLOW = {
    "cattrs",
    "hypothesis",
    "jsonschema",
    "pytest",
    "requests",
    "rich",
    "schemathesis",
    "waitress",
}
"""What only a run, a report or the server needs."""


def imported(*words: str) -> set[str]:
    """The modules that a command has imported when it ends."""
    command = [sys.executable, "-c", PROBE, *words]
    return set(subprocess.run(command, capture_output=True, text=True, check=True).stderr.split())


@pytest.mark.parametrize("words", [("--help",), ("--version",), ("run", "--help")])
def test_help_reads_no_contract(words: tuple[str, ...]) -> None:
    """Help and version know the options, and nothing of contract, judges and scenarios."""
    names = imported(*words)
    assert not names & {*SLOW, "yaml", "jsonschema_rs"}
    assert {name for name in names if name.startswith("conformance.")} == {
        "conformance.base",
        "conformance.command",
        "conformance.command.certify",
        "conformance.command.challenge",
        "conformance.command.init",
        "conformance.command.binding",
        "conformance.command.choosing",
        "conformance.command.signing_key",
        "conformance.command.verify",
        "conformance.command.cleaning",
        "conformance.command.cli",
        "conformance.command.commands",
        "conformance.command.comparing",
        "conformance.command.concluding",
        "conformance.command.directory",
        "conformance.command.doctor",
        "conformance.command.drifting",
        "conformance.command.explaining",
        "conformance.command.extras",
        "conformance.command.fleet",
        "conformance.command.freeze",
        "conformance.command.merge",
        "conformance.command.nightly",
        "conformance.command.periods",
        "conformance.command.history",
        "conformance.command.preparing",
        "conformance.command.profiles",
        "conformance.command.registry",
        "conformance.command.rerunning",
        "conformance.command.sametarget",
        "conformance.command.saying",
        "conformance.command.signals",
        "conformance.command.spotting",
        "conformance.command.replay",
        "conformance.command.waivers",
        "conformance.base.clock",
        "conformance.base.errors",
        "conformance.base.files",
        "conformance.base.options",
    }


@pytest.mark.parametrize("words", [("clauses",), ("explain", "status-401")])
def test_texts_about_the_contract_need_no_run(words: tuple[str, ...]) -> None:
    """The contract is shown without what sends, runs or reports."""
    assert not imported(*words) & SLOW
