"""Mutation testing of the judges: one small change at a time in their code, which some test must notice.

    python -m tests.mutation [FILE ...] [--workers N]

The changes are Cosmic Ray's. Its own runner starts a process for each, most of whose time goes into imports; here
each runs in a fork of one process that has imported everything but the code under test. No file is changed.
Tests of the judges run, with the examples first. A change that they let pass is a survivor; the run fails for each
that ``docs/mutants.md`` does not argue, and for each line there that is no survivor.
"""

from __future__ import annotations

import argparse
import ast
import os
import re
import resource
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import spec_from_loader
from pathlib import Path
from types import CodeType
from typing import Any

from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator, operator_names

ROOT = Path(__file__).parent.parent
MODULES = (*sorted((ROOT / "conformance/checks").glob("*.py")), ROOT / "conformance/verdict.py")
TESTS = {
    "checks": ("test_checks.py",),
    "base": ("test_checks.py", "test_verdict.py"),
    "verdict": ("test_verdict.py",),
}
ARGUED = ROOT / "docs/mutants.md"
ROW = re.compile(r"^- `([\w/.]+)`: `(.+)` as `(.+)`: (.+)$", re.M)
SECONDS, BYTES, NO_PYTHON = 60, 2 << 30, 2
COMPARED = {
    "Eq": "NotEq LtE GtE",
    "NotEq": "Eq Lt Gt",
    "Lt": "LtE NotEq GtE",
    "LtE": "Lt Eq Gt",
    "Is": "IsNot",
}
COMPARED |= {"Gt": "GtE NotEq LtE", "GtE": "Gt Eq Lt", "IsNot": "Is"}
ORDERED, WITH_TEXT = ("Lt", "LtE", "Gt", "GtE"), re.compile(r"""[!=]= f?["']""")
OTHERS = COMPARED | {
    "Add": "Sub",
    "Sub": "Add",
    "Mul": "FloorDiv",
    "FloorDiv": "Mul",
    "BitOr": "BitAnd",
    "BitAnd": "BitOr",
}
OTHERS |= {"Delete": "Not USub"}
"""What stands for a sign; ``docs/mutants.md`` tells what is left out."""
BELOW = ("errors", "values", "model", "yamlfile", "openapi", "contract", "evidence", "server")
"""Modules that know nothing of the judges, and need no new import."""


@dataclass(frozen=True)
class Change:
    """One change: what it is of (None: no change at all), and which occurrence of that in a file."""

    path: Path
    operator: str | None
    index: int = 0

    @property
    def text(self) -> str:
        """The whole file, changed."""
        text = self.path.read_text(encoding="utf-8")
        return (
            self.operator and mutate_code(text, get_operator(self.operator)(), self.index)
        ) or text


@dataclass(frozen=True, order=True)
class Survivor:
    """A change that nothing notices, by the first line that it changes."""

    number: int
    file: str
    before: str
    after: str

    @property
    def key(self) -> tuple[str, str, str]:
        """What names it in the list of the argued ones."""
        return self.file, self.before, self.after


def survivor(change: Change) -> Survivor:
    """A change as a person reads it."""
    lines, other = change.path.read_text(encoding="utf-8").splitlines(), change.text.splitlines()
    number = next(
        (n for n, pair in enumerate(zip(lines, other, strict=False)) if pair[0] != pair[1]), 0
    )
    return Survivor(
        number + 1,
        change.path.relative_to(ROOT).as_posix(),
        lines[number].strip(),
        other[number].strip(),
    )


def argued() -> dict[tuple[str, str, str], str]:
    """The survivors that no test can tell from the code, and why."""
    return {
        (file, before, after): why
        for file, before, after, why in ROW.findall(ARGUED.read_text(encoding="utf-8"))
    }


def _unread(text: str) -> list[tuple[tuple[int, int], tuple[int, int]]]:
    """Where annotations stand, which nothing evaluates, and the sign before parameters that have only a name."""
    notes: list[ast.expr | None] = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef):
            notes.append(node.returns)
        elif isinstance(node, ast.arg | ast.AnnAssign):
            notes.append(node.annotation)
    signs = [(n, line.index("*,")) for n, line in enumerate(text.splitlines(), 1) if "*," in line]
    found = [
        ((n.lineno, n.col_offset), (n.end_lineno or 0, n.end_col_offset or 0)) for n in notes if n
    ]
    return [*found, *(((n, column), (n, column + 1)) for n, column in signs)]


def changes(path: Path) -> Iterator[Change]:
    """Every change of a file."""
    text = path.read_text(encoding="utf-8")
    lines, unread, nodes = text.splitlines(), _unread(text), list(ast_nodes(get_ast(text)))
    for name in operator_names():
        operator, (_, *signs) = get_operator(name), name.split("_")
        if operator.arguments() or (signs and signs[1] not in OTHERS.get(signs[0], "").split()):
            continue
        for index, place in enumerate(
            start for node in nodes for start, _ in operator().mutation_positions(node)
        ):
            ordered = (
                signs[1:] and signs[1] in ORDERED and WITH_TEXT.match(lines[place[0] - 1], place[1])
            )
            if not ordered and not any(start <= place < end for start, end in unread):
                yield Change(path, name, index)


class _Finder(MetaPathFinder):
    """Finds the changed module in the place of the real one."""

    def __init__(self, name: str, path: Path, text: str) -> None:
        class Loader(SourceFileLoader):
            def get_code(self, fullname: str) -> CodeType:
                return compile(text, str(path), "exec", dont_inherit=True)

        self.name, self.loader = name, Loader(name, str(path))

    def find_spec(self, fullname: str, path: Any, target: Any = None) -> ModuleSpec | None:
        """The changed module, and no other."""
        return spec_from_loader(fullname, self.loader) if fullname == self.name else None


def _survives(change: Change) -> bool:
    """Whether no test notices a change; in a process of its own."""
    import pytest
    from hypothesis import settings

    for name in [name for name in sys.modules if name.startswith(("conformance.", "tests."))]:
        if name.split(".")[1] not in BELOW:
            parent, _, own = name.rpartition(".")
            vars(sys.modules.get(parent, sys)).pop(own, None)
            del sys.modules[name]
    name = ".".join(change.path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
    sys.meta_path.insert(0, _Finder(name, change.path, change.text))
    settings.register_profile("mutation", derandomize=True, database=None)
    settings.load_profile("mutation")
    from tests import check_examples as examples

    if not all(examples.as_told(one, examples.outcomes(one)) for one in examples.EXAMPLES):
        return False
    tests = TESTS.get(change.path.stem, TESTS["checks"])
    told = [
        "-x",
        "-q",
        "-p",
        "no:cacheprovider",
        "--deselect",
        "tests/test_checks.py::test_example",
    ]
    return pytest.main([*told, *(str(ROOT / "tests" / test) for test in tests)]) == 0


def _forked(change: Change) -> int:
    """Start a process that ends with 0 where a change survives."""
    child = os.fork()
    if not child:
        resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
        resource.setrlimit(resource.RLIMIT_AS, (BYTES, BYTES))
        quiet = os.open(os.devnull, os.O_WRONLY)
        os.dup2(quiet, 1)
        os.dup2(quiet, 2)
        status = 1
        try:
            status = 0 if _survives(change) else 1
        except SyntaxError:
            status = NO_PYTHON
        finally:
            os._exit(status)
    return child


def survivors(path: Path, workers: int) -> Iterator[Survivor | None]:
    """For every change of a file that is a program None, or where no test notices it, what survived; in no order."""
    running: dict[int, Change] = {}

    def reaped() -> Iterator[Survivor | None]:
        child, status = os.wait()
        change, code = running.pop(child), os.waitstatus_to_exitcode(status)
        if code != NO_PYTHON:
            yield None if code else survivor(change)

    for change in changes(path):
        if len(running) == workers:
            yield from reaped()
        running[_forked(change)] = change
    while running:
        yield from reaped()


def _warm() -> None:
    """Import what every process needs, and read each contract once."""
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    from conformance import contract

    contract.load = cache(contract.load)
    import_module("tests.test_checks")
    import_module("tests.test_verdict")


def main() -> int:
    """Run, and tell every survivor that is not argued."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.mutation", description="Mutation testing of the judges."
    )
    parser.add_argument("files", nargs="*", type=Path, metavar="FILE", default=MODULES)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    _warm()
    if os.waitpid(_forked(Change(options.files[0].resolve(), None)), 0)[1]:
        print("the tests fail on the code as it is")
        return 1
    known, wrong = argued(), 0
    for path in map(Path.resolve, options.files):
        file = path.relative_to(ROOT).as_posix()
        count, seen = Counter[str](), set()
        for one in survivors(path, options.workers):
            count["argued" if one and one.key in known else "survived" if one else "noticed"] += 1
            if one:
                seen.add(one.key)
            if one and one.key not in known:
                print(f"{file}:{one.number}: {one.before}\n  as: {one.after}", flush=True)
        stale = [key for key in known if key[0] == file and key not in seen]
        for _, before, after in stale:
            print(f"{file}: argued, but no survivor: {before}\n  as: {after}")
        print(
            f"{file}: {count.total()} changes: "
            + ", ".join(f"{n} {word}" for word, n in count.items()),
            flush=True,
        )
        wrong += count["survived"] + len(stale)
    print(f"{wrong} to answer for" if wrong else "every change is noticed, or argued")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
