"""What the documents say about the code is true."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from itertools import chain
from pathlib import Path

import pytest
import yaml

from conformance import target
from conformance.base.options import Choice
from conformance.command.cli import group
from conformance.examine import examination, proposal
from conformance.model.declaration import DISK
from conformance.plan.registry import BAD_KEYS_ALLOWED
from docs import pages
from tests import generated
from tests.faults.faults import FAULTS
from tests.support.contracts import real
from tests.variants import VARIANTS

ROOT = Path(__file__).parent.parent
WRITTEN = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
PAGES = {
    str(path.relative_to(ROOT)): path.read_text(encoding="utf-8")
    for path in WRITTEN
    if path.parent != pages.GENERATED
}
README = PAGES["README.md"]
MAPS = PAGES["docs/maps.md"]
SITE = "https://github.com/kaicalls/kaicalls-conformance/blob/main/"
"""How links of the README begin: the package index shows it, too, and has no other files."""
PICTURES = SITE.replace("github.com", "raw.githubusercontent.com").replace("/blob/", "/")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


@pytest.mark.parametrize("path", generated.DOCUMENTS, ids=lambda path: path.name)
def test_generated_tables_are_fresh(path: Path) -> None:
    """The tables are those of today's code; ``python -m tests.generated`` writes them again."""
    text = path.read_text(encoding="utf-8")
    assert text == generated.renewed(text)


def test_every_generated_table_is_shown() -> None:
    """No table is made that no document shows."""
    documents = [path.read_text(encoding="utf-8") for path in generated.DOCUMENTS]
    assert {name for text in documents for name in generated.blocks(text)} == set(generated.TABLES)


def _listed(table: str) -> list[str]:
    """The first cells of a table, without marks."""
    return re.findall(r"^\| \**`([\w/.]+?)/?`\** \|", table, re.MULTILINE)


def test_the_map_names_every_module() -> None:
    """Each module and package of conformance/ appears in the map once, with its purpose."""
    package = ROOT / "conformance"
    modules = [path.with_suffix("") for path in package.rglob("*.py")]
    names = {str(path.relative_to(package)).removesuffix("/__init__") for path in modules}
    listed = _listed(generated.map_of_the_code())

    assert sorted(listed) == sorted(names - {"__init__"})
    assert all(row.count("|") == 3 for row in generated.map_of_the_code().splitlines())
    assert "|  |" not in generated.map_of_the_code()


def test_the_map_of_the_tests_is_complete() -> None:
    """Each folder and file of tests/ appears in the map of the tests once."""
    hidden = ("__pycache__", "__init__.py")
    names = {path.name for path in (ROOT / "tests").iterdir() if path.name not in hidden}
    listed = _listed(generated.map_of_the_tests())

    assert sorted(listed) == sorted(f"tests/{name}" for name in names)
    assert "|  |" not in generated.map_of_the_tests()


def test_advice_on_tests_names_what_exists() -> None:
    """The table "If you change ..." leads to files, and leaves no folder of the package out."""
    section = MAPS.partition("## If you change")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| (`.+) \| (`.+) \|$", section, re.MULTILINE)
    changed = [name for row in rows for name in re.findall(r"`([^`]+)`", row[0])]
    tests = [name.split()[0] for row in rows for name in re.findall(r"`([^`]+)`", row[1])]
    folders = {f"conformance/{name}/" for name in generated.layers() if _is_folder(name)}

    assert rows
    assert all((ROOT / name).exists() for name in [*changed, *tests])
    assert folders <= set(changed)


def _is_folder(name: str) -> bool:
    return (ROOT / "conformance" / name).is_dir()


def test_the_readme_has_exactly_two_commands_for_a_fresh_machine() -> None:
    """One makes everything and runs the main job, one runs the tests."""
    assert len(re.findall(r"^python3 -m venv", README, re.MULTILINE)) == 2


def test_the_readme_is_about_a_page() -> None:
    """What does not fit on a page is in the documentation."""
    assert len(README.splitlines()) <= 100


def test_the_readme_links_to_files_of_the_project_absolutely() -> None:
    """The package index shows the README without the files next to it."""
    links = re.findall(r"\]\(([^)#\s]+)", README)
    files = [link.removeprefix(SITE).removeprefix(PICTURES) for link in links]

    assert [file for file in files if not (ROOT / file).is_file()] == []
    assert not set(links) & set(files)


STATED = (
    ("README.md", f"at most {BAD_KEYS_ALLOWED} of them use a key that was never issued"),
    ("README.md", f"on more than {len(FAULTS) // 100 * 100} faulty servers"),
    ("README.md", f"on more than {len(VARIANTS) // 50 * 50} unusual but correct servers"),
    ("docs/getting-started/vendor.md", f"at most {BAD_KEYS_ALLOWED} of them with a key"),
    ("docs/safety.md", f"more than {BAD_KEYS_ALLOWED} requests with keys that were never issued"),
    ("docs/safety.md", f"a run's files in megabytes, {DISK} by default"),
    ("docs/safety.md", f"{Choice().max_seconds:,} seconds by default"),
    ("docs/evidence.md", f"A run takes at most {DISK} MB of disk"),
    ("docs/target-file.md", f"`init --url` sends at most {proposal.REQUESTS} requests"),
    ("docs/running.md", f"fewer than {examination.ROOM} requests beyond the plan"),
)
"""Bounds of the code that a page states: the page, and the words around the number."""


@pytest.mark.parametrize(("page", "words"), STATED)
def test_a_stated_bound_is_that_of_the_code(page: str, words: str) -> None:
    """Who changes a bound changes the page."""
    assert words in PAGES[page]


@pytest.mark.parametrize("name", PAGES)
def test_links_lead_somewhere(name: str) -> None:
    """Each relative link of a page is a file of the project."""
    prose = re.sub(r"^```.*?^```$", "", PAGES[name], flags=re.DOTALL | re.MULTILINE)
    links = [link for link in re.findall(r"\]\(([^)#\s]+)", prose) if "://" not in link]
    missing = [link for link in links if not ((ROOT / name).parent / link).is_file()]
    assert not missing


@pytest.mark.parametrize("name", sorted(group.commands))
def test_every_command_is_documented_and_has_help(name: str) -> None:
    """No command is undocumented."""
    assert any(re.search(rf"kaicalls-conformance {name}\b", text) for text in PAGES.values())
    assert group.commands[name].help
    assert f"## {name}\n" in pages.commands()


def test_every_clause_and_operation_is_on_the_site() -> None:
    """The pages of the contract are generated from it: each clause with rules and source."""
    loaded = real()
    ledger, operations = pages.clauses(loaded, {}), pages.operations(loaded)

    for clause in loaded.clauses.values():
        assert f"### {clause.id}\n\n**{clause.level}**, {clause.basis}. {clause.text}" in ledger
    assert all(f"`{operation}`" in operations for operation in loaded.operations)
    assert ledger.count("- Source: ") == sum(len(c.sources) for c in loaded.clauses.values())


def test_a_clause_names_the_faults_that_prove_it() -> None:
    """The faults of the kill matrix stand under each clause that they break."""
    loaded = real()
    name = next(iter(loaded.clauses))
    kills = {"odd-fault": {"does": "Something odd.", "breaks": [name]}}

    assert pages.clauses(loaded, kills).count("- `odd-fault`: Something odd.") == 1


def test_every_member_of_a_target_file_is_explained() -> None:
    """Each member has a description, and stands on the page with its type."""
    schema = target.schema()
    text = pages.target_file(schema)

    for name, member in schema["properties"].items():
        assert f"### {name}\n" in text
        assert member.get("description"), name
        inner = member.get("items", member).get("properties", {})
        assert all("description" in m or "$ref" in m for m in inner.values()), name


def test_every_dependency_is_explained_and_pinned() -> None:
    """``dependencies.md`` has a row for each package of pyproject.toml, and CI pins each."""
    wanted = [*PROJECT["dependencies"], *chain(*PROJECT["optional-dependencies"].values())]
    names = {_name(requirement) for requirement in wanted}
    names.discard(PROJECT["name"])
    rows = set(re.findall(r"^\| `([\w-]+)` \|", PAGES["docs/dependencies.md"], re.MULTILINE))
    locked = (ROOT / ".ci" / "requirements.txt").read_text(encoding="utf-8")
    pinned = set(re.findall(r"^([\w-]+)==", locked, re.MULTILINE))
    optional = {_name(requirement) for requirement in PROJECT["optional-dependencies"]["mutation"]}

    assert rows == names
    assert names - optional <= pinned, "run tox -e requirements"

    installed = (ROOT / ".ci" / "runtime.txt").read_text(encoding="utf-8")
    always = {_name(requirement) for requirement in PROJECT["dependencies"]}
    assert always <= set(re.findall(r"^([\w-]+)==", installed, re.MULTILINE))


def _name(requirement: str) -> str:
    """The name of the package that a requirement asks for."""
    return re.split(r"[\[<>=!]", requirement)[0].lower()


def _imported(path: Path) -> set[str]:
    """The names of the packages that a module imports."""
    names: list[str] = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            names.append(node.module or "")
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
    return {name.partition(".")[0] for name in names}


EXTRAS = {"certify": "certify", "fleet": "fleet", "nightly": "notify", "openmetrics.py": "metrics"}
"""The extra of each folder or module that needs one."""


def test_every_import_of_the_package_is_declared() -> None:
    """A package that the code imports is a dependency by itself, not by way of another one.

    Only the modules of an extra may import what the extra brings.
    """
    always = {_name(requirement) for requirement in PROJECT["dependencies"]}
    owners = packages_distributions()
    for path in (ROOT / "conformance").rglob("*.py"):
        extra = EXTRAS.get(path.parent.name) or EXTRAS.get(path.name)
        brought = PROJECT["optional-dependencies"][extra] if extra else []
        declared = always | {_name(requirement) for requirement in brought}
        for package in _imported(path) - sys.stdlib_module_names - {"conformance"}:
            owner = {_name(name).replace("_", "-") for name in owners.get(package, ())}
            assert owner & declared, f"{path.name} imports {package}"


def test_no_extra_is_empty() -> None:
    """Each extra adds something."""
    assert all(PROJECT["optional-dependencies"].values())


def test_actions_are_pinned_by_commit() -> None:
    """Workflows and the action use others by commit, with the version in a comment.

    ``$/`` is the action of the same commit.
    """
    workflows = [*(ROOT / ".github" / "workflows").glob("*.yml")]
    for file in [*workflows, ROOT / "action.yml"]:
        used = re.findall(r" uses: (.+)", file.read_text(encoding="utf-8"))
        others = [line for line in used if line != "$/"]
        assert all(re.fullmatch(r"[\w/.-]+@[0-9a-f]{40} # v[\d.]+", line) for line in others), used
    for file in workflows:
        text = file.read_text(encoding="utf-8")
        assert yaml.safe_load(text)["permissions"] == {"contents": "read"}


def test_every_supported_python_has_a_job() -> None:
    """The workflow for contributors runs on the Pythons that the package claims to support."""
    workflow = (ROOT / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8")
    jobs = yaml.safe_load(workflow)["jobs"]["ci"]["strategy"]["matrix"]["python"]
    prefix = "Programming Language :: Python :: "
    claimed = [line for line in PROJECT["classifiers"] if line.startswith(prefix)]

    assert [prefix + version for version in jobs] == claimed


def test_every_argued_mutant_is_of_a_line_that_stands() -> None:
    """docs/mutants.md argues about lines that exist; the tool itself sees whether they survive."""
    rows = re.findall(
        r"^- `([\w/.]+)`: `(.+?)` as `(.+?)`: .+$",
        PAGES["docs/mutants.md"],
        re.M,
    )
    assert rows
    for file, before, after in rows:
        assert before in [
            line.strip() for line in (ROOT / file).read_text(encoding="utf-8").splitlines()
        ], before
        assert before != after


def test_help_of_the_command_names_the_exit_codes() -> None:
    """``--help`` tells what 0, 1, 2 and 3 mean, and what each command is for on one line."""
    told = subprocess.run(
        [sys.executable, "-m", "conformance", "--help"], capture_output=True, text=True, check=True
    ).stdout

    words = ("0 no failure found", "1 a MUST is broken", "2 invalid usage", "3 could not be")
    assert all(word in told for word in words)
    assert max(len(line) for line in told.splitlines()) <= 80
    assert "..." not in told.partition("Judge:")[2]
    listed = re.findall("^  ([a-z-]+)  ", told.partition("Judge:")[2], re.MULTILINE)
    assert sorted(listed) == sorted(group.commands)
