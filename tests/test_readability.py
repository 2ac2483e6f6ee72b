"""How plainly the code of the package reads: short functions, few decisions, no hidden ones.

``python -m tests.test_readability`` prints the figures of each folder, and what is over a limit.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
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
DENSITY = 0.42
"""Decisions a line of function, at most, over the whole package."""
POINT_FREE_CALLS = 1
"""Point-free calls in 1,000 lines of code, at most: they hide decisions, and types with them."""
TINY_HELPERS = 125
"""Private functions of one or two lines that their module calls once, at most.

Such a function has to say more than its line does. The figure may only fall.
"""
POINT_FREE = {
    "map",
    "filter",
    "filterfalse",
    "starmap",
    "partial",
    "reduce",
    "attrgetter",
    "itemgetter",
    "methodcaller",
}

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


def called(node: ast.AST) -> str:
    """The name of what a call calls; empty for what is no call."""
    if not isinstance(node, ast.Call):
        return ""
    return ast.unparse(node.func).rpartition(".")[2]


def is_trick(node: ast.AST) -> bool:
    """Whether a call or a loop stands where ``and``, ``or`` or ``if`` would be plain.

    ``all((a, b))`` and ``any([a, b])``, and loops over ``xs[:1]`` or ``xs[-1:]``.
    """
    if isinstance(node, ast.Call) and called(node) in ("all", "any"):
        return bool(node.args) and isinstance(node.args[0], ast.Tuple | ast.List)
    if isinstance(node, ast.For | ast.comprehension) and isinstance(node.iter, ast.Subscript):
        return ast.unparse(node.iter.slice) in (":1", "-1:")
    return False


def tiny_helpers(tree: ast.AST) -> list[str]:
    """The private functions of at most two lines that are used once in their module."""
    used = [node.id for node in ast.walk(tree) if isinstance(node, ast.Name)]
    used += [node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)]
    return [
        node.name
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and _is_tiny(node) and used.count(node.name) == 1
    ]


def _is_tiny(function: ast.FunctionDef) -> bool:
    if not function.name.startswith("_") or function.name.startswith("__"):
        return False
    body = function.body[1:] if ast.get_docstring(function) else function.body
    last = body[-1].end_lineno if body else None
    return last is None or last - body[0].lineno < 2


@cache
def functions_of(module: str) -> tuple[Function, ...]:
    """The functions and methods of a module of the package."""
    return tuple(functions_in(MODULES[module].read_text(encoding="utf-8")))


@dataclass(frozen=True)
class Figures:
    """What is counted over all modules of a folder."""

    density: float
    point_free: float
    tricks: int
    tiny: int


@cache
def figures(folder: str) -> Figures:
    """The figures of a folder."""
    names = [name for name in MODULES if name.startswith(f"{folder}/")]
    texts = [MODULES[name].read_text(encoding="utf-8") for name in names]
    trees = [ast.parse(text) for text in texts]
    lines = sum(_lines_of_code(text) for text in texts)
    point_free = sum(len(point_free_calls(tree)) for tree in trees)
    return Figures(
        density(names),
        1000 * point_free / max(1, lines),
        sum(is_trick(node) for tree in trees for node in ast.walk(tree)),
        sum(len(tiny_helpers(tree)) for tree in trees),
    )


def _lines_of_code(text: str) -> int:
    lines = [line.strip() for line in text.splitlines()]
    return sum(bool(line) and not line.startswith("#") for line in lines)


def point_free_calls(tree: ast.AST) -> list[str]:
    """The names of the point-free functions that some code calls, once for each call."""
    return [called(node) for node in ast.walk(tree) if called(node) in POINT_FREE]


def density(names: Iterable[str]) -> float:
    """Decisions a line of function, over some modules."""
    measured = [function for name in names for function in functions_of(name)]
    return sum(each.decisions for each in measured) / max(1, sum(each.lines for each in measured))


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


def test_the_package_reads_plainly() -> None:
    """Few decisions a line, hardly any point-free call, no trick in place of ``and`` or ``if``."""
    found = figures("conformance")
    assert round(found.density, 2) <= DENSITY
    assert found.point_free <= POINT_FREE_CALLS
    assert found.tricks == 0
    assert found.tiny <= TINY_HELPERS


@pytest.mark.parametrize(
    ("code", "trick"),
    [
        ("all((a, b))", True),
        ("any([a, b])", True),
        ("all(xs)", False),
        ("[x for x in xs[-1:]]", True),
        ("[x for x in xs[:1]]", True),
        ("[x for x in xs[1:]]", False),
    ],
)
def test_tricks_are_noticed(code: str, trick: bool) -> None:
    """A call or a loop in place of ``and``, ``or`` or ``if``."""
    assert any(is_trick(node) for node in ast.walk(ast.parse(code))) is trick


def test_tiny_helpers_are_noticed() -> None:
    """A private function of two lines counts if its module uses it once."""
    helper = "def _f(a):\n    return a\n"
    assert tiny_helpers(ast.parse(f"{helper}x = _f(1)\n")) == ["_f"]
    assert tiny_helpers(ast.parse(f"{helper}x = _f(_f(1))\n")) == []


def test_point_free_calls_are_noticed() -> None:
    """With and without the name of their module."""
    code = "operator.attrgetter('a')\nmap(f, xs)\nxs.index(1)\n"
    assert point_free_calls(ast.parse(code)) == ["attrgetter", "map"]


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
        print(figures(each), each)
    for excess in (excess for name in MODULES for excess in excesses(name)):
        print(excess)
