"""What the documents say of the code holds."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from conformance import contract
from conformance.command.cli import group
from conformance.server import application

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")


def trigger_table() -> str:
    """The triggers of the reference server as a Markdown table."""
    triggers = application(contract.load()).triggers
    rows = [f"| `{t.operation}` | `{json.dumps(dict(t.input))}` | {t.code} |" for t in triggers]
    return "\n".join(["| operation | input | answers |", "|---|---|---|", *rows])


def test_the_triggers_in_the_readme_are_those_of_the_server() -> None:
    """The table of triggers is generated; ``python -m tests.test_docs`` writes it anew."""
    between = re.search(
        r"<!-- triggers: begin[^\n]*-->\n(.*?)<!-- triggers: end -->", README, re.DOTALL
    )

    assert between is not None
    assert between[1].strip() == trigger_table()


def test_the_readme_has_exactly_two_commands_for_a_fresh_machine() -> None:
    """One makes everything and runs the main job, one runs the tests."""
    assert len(re.findall(r"^python3 -m venv", README, re.MULTILINE)) == 2


@pytest.mark.parametrize("text", [README, CONTRIBUTING], ids=["README", "CONTRIBUTING"])
def test_links_lead_somewhere(text: str) -> None:
    """Each relative link of the documents is a file of the project."""
    links = [link for link in re.findall(r"\]\(([^)#]+)", text) if "://" not in link]
    assert all((ROOT / link).is_file() for link in links), links


@pytest.mark.parametrize("name", sorted(group.commands))
def test_every_command_is_in_the_readme_and_has_help(name: str) -> None:
    """No command is undocumented."""
    assert re.search(rf"kaicalls-conformance {name}\b", README)
    assert group.commands[name].help


def test_the_map_names_every_module() -> None:
    """Each module and folder of the package stands in the map of CONTRIBUTING.md."""
    modules = {
        path.stem
        for path in (ROOT / "conformance").iterdir()
        if path.suffix == ".py" or (path / "__init__.py").exists()
    }
    named = set(re.findall(r"`(\w+)/?`", CONTRIBUTING))

    assert modules - {"__init__", "__main__"} <= named


def test_every_argued_mutant_is_of_a_line_that_stands() -> None:
    """What is argued in docs/mutants.md is argued of the code as it is; the tool itself tells whether it survives."""
    rows = re.findall(
        r"^- `([\w/.]+)`: `(.+?)` as `(.+?)`: .+$",
        (ROOT / "docs/mutants.md").read_text(encoding="utf-8"),
        re.M,
    )
    assert rows
    for file, before, after in rows:
        assert before in [
            line.strip() for line in (ROOT / file).read_text(encoding="utf-8").splitlines()
        ], before
        assert before != after


def test_help_of_the_command_names_the_exit_codes() -> None:
    """``--help`` tells what 0, 1, 2 and 3 mean."""
    told = subprocess.run(
        [sys.executable, "-m", "conformance", "--help"], capture_output=True, text=True, check=True
    ).stdout

    assert all(
        word in told
        for word in ("0 conforms", "1 a MUST is broken", "2 wrong usage", "3 could not judge")
    )


if __name__ == "__main__":
    block = f"<!-- triggers: begin (generated from the reference server) -->\n{trigger_table()}\n<!-- triggers: end -->"
    text = re.sub(
        r"<!-- triggers: begin.*?<!-- triggers: end -->", lambda _: block, README, flags=re.DOTALL
    )
    (ROOT / "README.md").write_text(text, encoding="utf-8")
