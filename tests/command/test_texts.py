"""The commands that send nothing: plan, clauses, explain, init."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from conformance import contract
from conformance.checks import RULES
from conformance.command import explaining
from conformance.command.cli import group
from tests.servers import BRIEF, Sandbox, command, no_traceback, run_of, stored
from tests.support.contracts import TOY

KEY = "kc_live_" + "k3Y" * 14


def test_plan_sends_nothing(tmp_path: Path) -> None:
    """`plan` opens no connection to the target, and prints cases, cells and requests."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(0.2)
        url = f"http://127.0.0.1:{listening.getsockname()[1]}/api/v1"
        outcome = command("plan", "--url", url, "--key", KEY, "--cases", cwd=tmp_path)
        assert outcome.code == 0, outcome.said
        with pytest.raises(TimeoutError):
            listening.accept()
    no_traceback(outcome)
    assert re.search(
        r"[0-9]+ of [0-9]+ cases run, covering [0-9]+ cells of [0-9]+ clauses", outcome.out
    )
    assert list(tmp_path.iterdir()) == []


def test_plan_says_what_exceeds_the_budget_and_how_long_it_takes(tmp_path: Path) -> None:
    """The budget and the rate in the target file limit what is sent, and how fast."""
    path = tmp_path / "t.yaml"
    path.write_text(
        f"url: http://127.0.0.1:1/api/v1\nkeys: {{full: {KEY}}}\nbudget: 600\nrate: 5\n"
    )
    outcome = command("plan", "--target", path, cwd=tmp_path)
    assert outcome.code == 0, outcome.said
    assert re.search(
        "the budget of 600 requests covers [0-9]+ clauses; [0-9,]+ cases will", outcome.out
    )
    minutes = re.search("at 5 requests per second this takes at least ([0-9.]+) min", outcome.out)
    assert minutes is not None
    assert float(minutes[1]) <= 2


def test_clauses_as_json(tmp_path: Path) -> None:
    """`clauses --json` gives every clause with source, level, and rules or the reason for none."""
    outcome = command("clauses", "--json", cwd=tmp_path)
    assert (outcome.code, outcome.err) == (0, "")
    told = json.loads(outcome.out)
    known = contract.load().clauses
    assert [row["id"] for row in told] == list(known)
    for row in told:
        assert row["level"] in ("MUST", "SHOULD", "NOTE")
        assert row["basis"] == "stated" or row["because"]
        assert row["text"]
        assert row["source"]
        assert row["verified_by"] or row["uncovered"]


@pytest.mark.parametrize("spec", [None, TOY], ids=["packaged", "toy"])
def test_explain_of_every_clause(spec: Path | None, monkeypatch: pytest.MonkeyPatch) -> None:
    """`explain` prints the text of each clause, its source and how it is verified."""
    known = contract.load(spec, frozenset(RULES))
    monkeypatch.setattr(explaining, "load", lambda _spec, edition: known)
    for clause in known.clauses.values():
        result = CliRunner().invoke(
            group, ["explain", clause.id, *(["--spec", str(spec)] if spec else [])]
        )
        assert result.exit_code == 0, result.output
        assert clause.id in result.output
        assert " ".join(clause.text.split()) in " ".join(result.output.split())
        assert "Source:" in result.output
        assert ("Verified by:" in result.output) == bool(clause.rules)


def test_texts_fit_the_width() -> None:
    """Clauses and explanations keep to 80 columns; an explanation lists faults when asked."""
    clauses, short, long = (
        CliRunner().invoke(group, words).output
        for words in (["clauses"], ["explain", "status-401"], ["explain", "status-401", "--faults"])
    )
    assert max(len(line) for line in [*clauses.splitlines(), *long.splitlines()]) <= 80
    assert "revoked-key-taken" in long
    assert "revoked-key-taken" not in short
    assert len(short.splitlines()) < 20


def test_init_writes_a_usable_file(sandbox: Sandbox, tmp_path: Path) -> None:
    """With address and key filled in, the file works. Its key is declared as the full key."""
    written = command("init", "mine.yaml", cwd=tmp_path)
    assert written.code == 0
    assert written.out.endswith("doctor --target mine.yaml\n")  # it only reads
    path = tmp_path / "mine.yaml"
    missing = command("plan", "--target", "mine.yaml", cwd=tmp_path)
    assert missing.code == 2
    assert "CONFORMANCE_KEY is not set" in missing.err
    path.write_text(re.sub(r"(?m)^url: .*$", f"url: {sandbox.url}", path.read_text()))
    arguments = ("run", "--target", "mine.yaml", "--clause", BRIEF)
    outcome = command(*arguments, cwd=tmp_path, env={"CONFORMANCE_KEY": sandbox.keys["full"]})
    assert outcome.code == 0, outcome.said
    assert stored(run_of(tmp_path))["target"]["full_declared"] is True


def test_init_for_another_contract(tmp_path: Path) -> None:
    """`init --spec` writes a file for that contract, with only its names."""
    assert command("init", "toy.yaml", "--spec", TOY, cwd=tmp_path).code == 0
    text = (tmp_path / "toy.yaml").read_text()
    assert "books:look" in text
    assert "list_books" in text
    assert "calls" not in text.replace("places calls", "")
    uncommented = re.sub(
        r"(?m)^# (businesses|maximum|addresses|budget|rate|timeout|inapplicable):", r"\1:", text
    )
    (tmp_path / "toy.yaml").write_text(
        uncommented.replace('{main: "", other: "", empty: ""}', "{main: a, other: b, empty: c}")
    )
    outcome = command(
        "plan", "--spec", TOY, "--target", "toy.yaml", cwd=tmp_path, env={"CONFORMANCE_KEY": KEY}
    )
    assert outcome.code == 0, outcome.said


def test_module_and_script_are_one(tmp_path: Path) -> None:
    """`kaicalls-conformance` is the same command as `python -m conformance`."""
    script = Path(sys.executable).with_name("kaicalls-conformance")
    told = subprocess.run(
        [script, "--version"], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    assert told.stdout == command("--version", cwd=tmp_path).out
