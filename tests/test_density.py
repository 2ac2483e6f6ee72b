"""How densely the code of the package is written: short functions, few decisions, short modules.

``python -m tests.test_density`` prints the decisions a line of each folder, and what is over.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "conformance"

MOST_DECISIONS = 10
"""Decisions of a function; the function itself counts as one."""
MOST_LINES = 40
"""Lines of a function."""
MODULE_LINES = 350
WIDTH = 100
GOALS = {"conformance": 0.42, "conformance/checks": 0.45}
"""Decisions a line of function in a whole folder, at most. Plain comprehensions and conditions
count as decisions: code that hides them to lower the figure is harder to read."""

MODULES = {str(path.relative_to(ROOT)): path for path in sorted(PACKAGE.rglob("*.py"))}

BRANCHES = (
    ast.If,
    ast.IfExp,
    ast.For,
    ast.AsyncFor,
    ast.While,
    ast.ExceptHandler,
    ast.match_case,
)
DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


@dataclass(frozen=True)
class Function:
    """A function of a module, measured."""

    name: str
    line: int
    lines: int
    decisions: int


def decisions(node: ast.AST) -> int:
    """The decisions within a node. Functions and classes inside it count for themselves."""
    inner = [child for child in ast.iter_child_nodes(node) if not isinstance(child, DEFINITIONS)]
    return sum(_decisions_of(child) + decisions(child) for child in inner)


def _decisions_of(node: ast.AST) -> int:
    """The decisions that a node itself stands for."""
    if isinstance(node, BRANCHES):
        return 1
    if isinstance(node, ast.BoolOp):
        return len(node.values) - 1
    if isinstance(node, ast.comprehension):
        return 1 + len(node.ifs)
    return 0


def functions_in(source: str) -> Iterator[Function]:
    """The functions and methods of a source text."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert node.end_lineno is not None
            lines = node.end_lineno - node.lineno + 1
            yield Function(node.name, node.lineno, lines, 1 + decisions(node))


@cache
def functions_of(module: str) -> tuple[Function, ...]:
    """The functions and methods of a module of the package."""
    return tuple(functions_in(MODULES[module].read_text(encoding="utf-8")))


def density(folder: str) -> float:
    """Decisions a line of function, over all modules of a folder."""
    names = [name for name in MODULES if name.startswith(f"{folder}/")]
    measured = [function for name in names for function in functions_of(name)]
    return sum(each.decisions for each in measured) / sum(each.lines for each in measured)


def excesses(module: str) -> list[str]:
    """What is over a limit in a module, a line each."""
    rows = MODULES[module].read_text(encoding="utf-8").splitlines()
    over = [f"{module}: {len(rows)} lines"] if len(rows) > MODULE_LINES else []
    for number, row in enumerate(rows, 1):
        if len(row) > WIDTH:
            over.append(f"{module}:{number}: {len(row)} characters")
    for function in functions_of(module):
        place = f"{module}:{function.line} {function.name}"
        if function.lines > MOST_LINES:
            over.append(f"{place}: {function.lines} lines")
        if function.decisions > MOST_DECISIONS:
            over.append(f"{place}: {function.decisions} decisions")
    return over


@pytest.mark.parametrize("module", MODULES)
def test_a_module_keeps_to_the_limits(module: str) -> None:
    """No function, line or module is too long, and no function decides too much."""
    assert excesses(module) == []


@pytest.mark.parametrize("folder", GOALS)
def test_a_folder_decides_little_on_each_line(folder: str) -> None:
    """The folder keeps to its goal of decisions a line."""
    assert round(density(folder), 2) <= GOALS[folder]


def test_every_kind_of_decision_counts() -> None:
    """Branches, loops, handlers, boolean operators, comprehensions with their ifs, and cases."""
    (function,) = functions_in(
        "def f(a, b):\n"
        "    for x in a if b else ():\n"
        "        while x and b or a: pass\n"
        "    try: g = [y for y in a if y if b]\n"
        "    except OSError: pass\n"
        "    match b:\n"
        "        case 1: pass\n"
        "        case _: pass\n"
    )
    assert function == Function("f", 1, 8, 1 + 2 + 3 + 3 + 1 + 2)


def test_a_function_within_a_function_counts_for_itself() -> None:
    """The decisions of an inner function are not those of the outer one."""
    outer, inner = functions_in("def f(a):\n    def g():\n        return a or 1\n    return g\n")
    assert (outer.decisions, inner.decisions) == (1, 2)


if __name__ == "__main__":
    for each in sorted({str(Path(name).parent) for name in MODULES}):
        print(f"{density(each):.2f}  {each}")
    for excess in (excess for name in MODULES for excess in excesses(name)):
        print(excess)
