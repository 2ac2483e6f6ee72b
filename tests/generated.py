"""The tables of the documentation that are generated from the code.

``python -m tests.generated`` rewrites them, each between two comments that name it.
"""

from __future__ import annotations

import ast
import json
import re
import sys
import tomllib
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from benchmarks import table as benchmarks
from conformance import target
from conformance.base.options import Choice, Depth
from conformance.command import initfile
from conformance.report import FORMATS
from conformance.run.planning import prepare
from conformance.server import application
from docs.pages import table, target_file
from tests import curve, encodings, forgery_tables, month
from tests.examples.base import Expected
from tests.faults import harness
from tests.recipes import recipes
from tests.right_answers import grouped, taken
from tests.support.contracts import real

ROOT = Path(__file__).parent.parent
PACKAGE, TESTS = ROOT / "conformance", ROOT / "tests"
DOCUMENTS = tuple(sorted((ROOT / "docs").glob("**/*.md")))

DEPTHS = {
    Depth.QUICK: "what the most valuable requests show, on all operations; each MUST clause that "
    "needs few requests on at least one of them",
    Depth.FULL: "every clause on every operation that it applies to",
    Depth.DEEP: "the same, with many more generated and odd requests, and longer walks from page "
    "to page",
}
"""What a run of each depth judges."""

WITHOUT_CODE = {"peers": "Settings of the other tools that `test_peers` runs."}
"""Folders of tests/ that hold no module, and what they are for."""


@cache
def summary(path: Path) -> str:
    """The first paragraph of the docstring of a module or a package, on one line."""
    file = path / "__init__.py" if path.is_dir() else path
    text = ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) or ""
    return " ".join(text.partition("\n\n")[0].split()).replace("``", "`")


# --- tables ---------------------------------------------------------------------------------------


def triggers() -> str:
    """The triggers of the reference server."""
    magic = application(real()).triggers
    rows = ((f"`{m.operation}`", f"`{json.dumps(dict(m.input))}`", m.code) for m in magic)
    return table(("operation", "input", "error code"), rows)


def report_files() -> str:
    """The file of each report format, as its module describes it: ``name: what it is``."""
    rows = []
    for name, write in FORMATS:
        text = summary(Path(sys.modules[write.__module__].__file__ or "")).removeprefix(f"{name}: ")
        rows.append((f"`{name}`", text[0].upper() + text[1:]))
    return table(("file", "what it holds"), rows)


def map_of_the_code() -> str:
    """Every module of the package, lowest layer first, with what its docstring says."""
    return table(("module", "what it is for"), _rows_of(layers(), PACKAGE))


def layers() -> list[str]:
    """The modules and packages of conformance/ by their layers, lowest first."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = project["tool"]["importlinter"]["contracts"]
    (whole,) = (each for each in contracts if each.get("containers") == ["conformance"])
    return [name.strip() for layer in reversed(whole["layers"]) for name in layer.split("|")]


def _rows_of(names: Iterable[str], folder: Path) -> Iterator[tuple[str, str]]:
    """A row for each module or package in a folder; behind a package the rows of its own."""
    for name in names:
        path = folder / name
        place = str(path.relative_to(PACKAGE))
        if not path.is_dir():
            yield f"`{place}`", summary(path.with_suffix(".py"))
            continue
        yield f"**`{place}/`**", summary(path)
        inner = sorted(part.stem for part in path.iterdir() if _is_module(part))
        yield from _rows_of(inner, path)


def _is_module(path: Path) -> bool:
    if path.is_dir():
        return (path / "__init__.py").is_file()
    return path.suffix == ".py" and path.stem != "__init__"


def map_of_the_tests() -> str:
    """Every folder and module of tests/: the folders, the tests, and what they share."""
    entries = [path for path in sorted(TESTS.iterdir()) if _is_module(path)]
    files = sorted(
        (path for path in entries if path.is_file()),
        key=lambda path: not path.stem.startswith("test_"),
    )
    rows = [(f"**`tests/{path.name}/`**", summary(path)) for path in entries if path.is_dir()]
    rows += [(f"**`tests/{name}/`**", text) for name, text in WITHOUT_CODE.items()]
    rows += [(f"`tests/{path.name}`", summary(path)) for path in files]
    return table(("folder or file", "what it shows or holds"), rows)


def recipe_table() -> str:
    """The recipes, with the files that each of them touches."""
    rows = ((f"[{each.name}](#{_anchor(each.title)})", _as_code(each.files)) for each in recipes())
    return table(("to add", "files"), rows)


def _anchor(title: str) -> str:
    return title.lower().replace(" ", "-")


def _as_code(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


@cache
def depths() -> str:
    """What a run of each depth judges, and about how many requests its plan has."""
    loaded = real()
    aimed_at = harness.target_of(loaded, application(loaded), "http://127.0.0.1:1", {})
    rows = []
    for depth, judges in DEPTHS.items():
        chosen = prepare(loaded, aimed_at, Choice(depth=depth.value)).chosen
        requests = _rounded(sum(chosen.requests().values()))
        name = f"`{depth.value}`" + (" (the default)" if depth.value == Choice().depth else "")
        rows.append((name, judges, f"about {requests:,} requests"))
    return table(("`--depth`", "judges", "on the embedded server"), rows)


def _rounded(number: int) -> int:
    """A number with two digits that count."""
    return int(float(f"{number:.1e}"))


def right_answers() -> str:
    """Which answers each rule takes for right, of those that are tried on it."""
    rows = []
    for rule, row in taken().items():
        names = [name for name, word in row.items() if word is Expected.ACCEPTED]
        if names:
            rows.append((f"`{rule}`", "; ".join(grouped(names))))
    return table(("rule", "accepts"), rows)


def spellings() -> str:
    """What becomes of each spelling of a key: first what is taken out, last what is not covered."""
    return table(("kind", "spelling", "what becomes of it", "layers"), encodings.rows())


def month_of_nights() -> str:
    """What happens in each night of a month, and what it says."""
    return table(("night", "what happens", "exit code", "notices"), month.rows())


def figures() -> str:
    """What the benchmarks measured last."""
    return table(benchmarks.HEAD, benchmarks.cells(benchmarks.stored()))


def forgeries(rows: Iterable[forgery_tables.Row]) -> str:
    """Some forgeries, what catches each, and where that is tested."""
    shown = [
        (kind, what, f"`{caught}`" if caught.isupper() else caught, f"`{test.rpartition('/')[2]}`")
        for kind, what, caught, test in rows
    ]
    return table(("kind", "forgery", "caught by", "test"), shown)


def action_inputs() -> str:
    """The inputs of the action for GitHub, with their defaults. An expression is no default."""
    rows = []
    for name, each in _action()["inputs"].items():
        default = "" if "${{" in each["default"] else each["default"]
        rows.append((f"`{name}`", f"`{default}`" if default else "", each["description"]))
    return table(("input", "default", "what it is"), rows)


def action_outputs() -> str:
    """The outputs of the action for GitHub."""
    rows = ((f"`{name}`", each["description"]) for name, each in _action()["outputs"].items())
    return table(("output", "what it is"), rows)


def _action() -> dict[str, Any]:
    action: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
    return action


TABLES: dict[str, Callable[[], str]] = {
    "triggers": triggers,
    "key roles": initfile.key_table,
    "report files": report_files,
    "depths": depths,
    "curve": curve.rows,
    "right answers": right_answers,
    "recipes": recipe_table,
    "spellings": spellings,
    "benchmarks": figures,
    "forgeries of stored runs": lambda: forgeries(forgery_tables.stored_runs()),
    "forgeries of bundles": lambda: forgeries(forgery_tables.bundles()),
    "runs without edits": lambda: forgeries(forgery_tables.unedited()),
    "action inputs": action_inputs,
    "action outputs": action_outputs,
    "a month of nights": month_of_nights,
    "members of the target file": lambda: target_file(target.schema()).strip(),
    "map of the code": map_of_the_code,
    "map of the tests": map_of_the_tests,
}
"""The tables by the names in the comments around them."""


# --- documents ------------------------------------------------------------------------------------


def blocks(text: str) -> dict[str, str]:
    """The generated tables that stand in a document, by name."""
    found = re.findall(r"<!-- ([\w ]+): begin -->\n(.*?)\n<!-- \1: end -->", text, re.DOTALL)
    return dict(found)


def renewed(text: str) -> str:
    """A document with its tables as they are now. Raises KeyError for the name of no table."""
    for name, block in blocks(text).items():
        around = f"<!-- {name}: begin -->\n{{}}\n<!-- {name}: end -->"
        text = text.replace(around.format(block), around.format(TABLES[name]()))
    return text


if __name__ == "__main__":
    for document in DOCUMENTS:
        before = document.read_text(encoding="utf-8")
        after = renewed(before)
        if after != before:
            document.write_text(after, encoding="utf-8")
            print(f"{document.relative_to(ROOT)} written")
