"""Mutation testing of the judges: each small change in their code must make a test fail.

    python -m tests.mutation [FILE ...] [--workers N]

Cosmic Ray makes the changes. Its own runner starts a process for each, most of whose time goes
into imports. Here each change runs in a fork of one process that has imported everything but the
code under test. No file is changed.

The examples run first, those of the changed subject before the others, and then the other tests of
the judges. A change that passes them all is a survivor. The run fails for each survivor that
``docs/mutants.md`` does not explain, and for each line there that no longer survives.
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
MODULES = (
    *sorted((ROOT / "conformance/checks").rglob("*.py")),
    *sorted((ROOT / "conformance/judging").glob("*.py")),
    *sorted((ROOT / "conformance/reading").glob("*.py")),
)
JUDGES = ("test_checks.py", "test_reading.py", "test_walk_models.py")
TESTS = {
    "rules": (*JUDGES, "test_verdict.py"),
    "judge": ("test_verdict.py",),
    "verdict": ("test_verdict.py",),
    "coverage": ("test_verdict.py",),
}
"""The tests that a change in a module must pass; for other modules those of the judges."""
EXPLAINED = ROOT / "docs/mutants.md"
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
"""What replaces a sign; ``docs/mutants.md`` says what is left out."""
BELOW = ("errors", "values", "model", "yamlfile", "openapi", "contract", "evidence", "server")
"""Modules that know nothing of the judges, and need no new import."""


@dataclass(frozen=True)
class Change:
    """A change: the operator of Cosmic Ray (None: no change), and its occurrence in the file."""

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
    """A change that no test notices, by the first line that it changes."""

    number: int
    file: str
    before: str
    after: str

    @property
    def key(self) -> tuple[str, str, str]:
        """Its place in the list of explained survivors."""
        return self.file, self.before, self.after


def survivor(change: Change) -> Survivor:
    """A change as a person reads it: the first line that differs, before and after."""
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


def explained() -> dict[tuple[str, str, str], str]:
    """The survivors that no test can tell from the code, each with the reason."""
    return {
        (file, before, after): why
        for file, before, after, why in ROW.findall(EXPLAINED.read_text(encoding="utf-8"))
    }


Place = tuple[int, int]
"""A line and a column."""


def _annotations(tree: ast.AST) -> Iterator[ast.expr]:
    """The annotations of a module, which nothing evaluates."""
    for node in ast.walk(tree):
        note = None
        if isinstance(node, ast.FunctionDef):
            note = node.returns
        elif isinstance(node, ast.arg | ast.AnnAssign):
            note = node.annotation
        if note:
            yield note


def _unread(text: str) -> list[tuple[Place, Place]]:
    """Where no change matters: annotations, and the ``*`` before keyword-only parameters."""
    spans = [
        ((note.lineno, note.col_offset), (note.end_lineno or 0, note.end_col_offset or 0))
        for note in _annotations(ast.parse(text))
    ]
    for number, line in enumerate(text.splitlines(), 1):
        if "*," in line:
            column = line.index("*,")
            spans.append(((number, column), (number, column + 1)))
    return spans


def _is_used(name: str) -> bool:
    """Whether an operator of Cosmic Ray makes a change that is tried."""
    _, *signs = name.split("_")
    if get_operator(name).arguments():
        return False
    return not signs or signs[1] in OTHERS.get(signs[0], "").split()


def _orders_text(name: str, line: str, column: int) -> bool:
    """Whether an operator compares with a text by order, which no code here means."""
    _, *signs = name.split("_")
    return bool(signs) and signs[1] in ORDERED and bool(WITH_TEXT.match(line, column))


def changes(path: Path) -> Iterator[Change]:
    """Every change of a file."""
    text = path.read_text(encoding="utf-8")
    lines, unread, nodes = text.splitlines(), _unread(text), list(ast_nodes(get_ast(text)))
    for name in [name for name in operator_names() if _is_used(name)]:
        operator = get_operator(name)()
        places = [start for node in nodes for start, _ in operator.mutation_positions(node)]
        for index, place in enumerate(places):
            is_read = not any(start <= place < end for start, end in unread)
            if is_read and not _orders_text(name, lines[place[0] - 1], place[1]):
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


def _forget() -> None:
    """Drop every module that may hold the code under test, so that it is imported again."""
    for name in [name for name in sys.modules if name.startswith(("conformance.", "tests."))]:
        if name.split(".")[1] not in BELOW:
            parent, _, last = name.rpartition(".")
            vars(sys.modules.get(parent, sys)).pop(last, None)
            del sys.modules[name]


def _examples_hold(module: str) -> bool:
    """Whether all examples hold, those of the subject that a module is called by first."""
    from tests.examples import examples_about
    from tests.examples.base import is_met, outcomes
    from tests.subjects import SUBJECTS

    subjects = sorted(SUBJECTS, key=lambda subject: subject != module)
    return all(
        is_met(example, outcomes(example))
        for subject in subjects
        for example in examples_about(subject)
    )


def _survives(change: Change) -> bool:
    """Whether no test notices a change; in a process of its own."""
    import pytest
    from hypothesis import settings

    _forget()
    module = change.path.relative_to(ROOT).with_suffix("")
    name = ".".join(module.parts).removesuffix(".__init__")
    sys.meta_path.insert(0, _Finder(name, change.path, change.text))
    settings.register_profile("mutation", derandomize=True, database=None)
    settings.load_profile("mutation")
    if not _examples_hold(module.name):
        return False
    examples = ["--deselect", "tests/test_checks.py::test_example"]
    tests = [str(ROOT / "tests" / test) for test in TESTS.get(module.name, JUDGES)]
    return pytest.main(["-x", "-q", "-p", "no:cacheprovider", *examples, *tests]) == 0


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
    """Try each change of a file that is a program: yield it if it survived, else None.

    They come in no order.
    """
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
    for test in (*JUDGES, "test_verdict.py"):
        import_module(f"tests.{test.removesuffix('.py')}")


def tried(path: Path, workers: int) -> int:
    """Try the changes of a file, and print what is wrong. Returns how many things are."""
    file = path.relative_to(ROOT).as_posix()
    known = [key for key in explained() if key[0] == file]
    count, survived = Counter[str](), set()
    for each in survivors(path, workers):
        if each is None:
            count["noticed"] += 1
            continue
        survived.add(each.key)
        if each.key in known:
            count["explained"] += 1
            continue
        count["survived"] += 1
        print(f"{file}:{each.number}: {each.before}\n  as: {each.after}", flush=True)
    stale = [key for key in known if key not in survived]
    for _, before, after in stale:
        print(f"{file}: explained, but no survivor: {before}\n  as: {after}")
    totals = ", ".join(f"{number} {word}" for word, number in count.items())
    print(f"{file}: {count.total()} changes: {totals}", flush=True)
    return count["survived"] + len(stale)


def main() -> int:
    """Try the changes of each file. Returns 1 if anything is to be explained or mended."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.mutation", description="Mutation testing of the judges."
    )
    parser.add_argument("files", nargs="*", type=Path, metavar="FILE", default=MODULES)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    _warm()
    paths = [path.resolve() for path in options.files]
    if os.waitpid(_forked(Change(paths[0], None)), 0)[1]:
        print("the tests fail on the code as it is")
        return 1
    wrong = sum(tried(path, options.workers) for path in paths)
    print(f"{wrong} to mend or explain" if wrong else "every change is noticed, or explained")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
