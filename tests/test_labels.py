"""Every label is written by a scenario and read by a judge: in the code, and in a whole run."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import fields
from functools import cache
from pathlib import Path

import pytest

from conformance.model import Facts, Form, Role, Side, Step

PACKAGE = Path(__file__).parent.parent / "conformance"
WRITERS = ("run/replay_steps.py", "scenarios", "transport")
READERS = (
    "causes",
    "checks",
    "judging",
    "model/judgement.py",
    "model/mistake_names.py",
    "model/run.py",
    "reading",
    "report",
    "plan/selection.py",
)
ASSUMED = {Role.PROBE, Role.ARRANGE, Role.BYSTANDER}
"""Roles that need no reader: what is not otherwise, and what no trial rule selects."""
FROM_KEYS = {Form.EXPIRED, Form.REVOKED}
"""Forms that are made from the role of a key."""

WORDS = [word for kind in (Role, Side, Form, Step) for word in kind]
FIELDS = [each.name for each in fields(Facts)]

# --- in the code ----------------------------------------------------------------------------------


@cache
def syntax(places: tuple[str, ...]) -> list[ast.AST]:
    """The nodes of the syntax trees of some folders and modules of the package."""
    return [
        node
        for place in places
        for path in _modules(PACKAGE / place)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    ]


def _modules(place: Path) -> Iterable[Path]:
    return place.rglob("*.py") if place.is_dir() else [place]


@cache
def words_in(places: tuple[str, ...]) -> set[str]:
    """The members of enumerations that the code of some places names, such as ``Step.WRITE``."""
    return {ast.unparse(node) for node in syntax(places) if isinstance(node, ast.Attribute)}


def facts_written() -> set[str]:
    """The facts that scenarios and transport set: keywords of ``Facts(...)`` and ``replace``."""
    calls = [node for node in syntax(WRITERS) if isinstance(node, ast.Call)]
    setting = [call for call in calls if ast.unparse(call.func) in ("Facts", "replace")]
    return {str(keyword.arg) for call in setting for keyword in call.keywords}


def facts_read() -> set[str]:
    """The facts that judges and reports read: attributes of something called ``facts``."""
    reads = [node for node in syntax(READERS) if isinstance(node, ast.Attribute)]
    return {read.attr for read in reads if ast.unparse(read.value).endswith("facts")}


@pytest.mark.parametrize("word", WORDS, ids=repr)
def test_every_word_is_written_and_read(word: Role | Side | Form | Step) -> None:
    """A word that no scenario writes, or that no judge reads, has no place among the labels."""
    spelled = f"{type(word).__name__}.{word.name}"
    assert spelled in words_in(WRITERS) or word in FROM_KEYS
    assert spelled in words_in(READERS) or word in ASSUMED


@pytest.mark.parametrize("name", FIELDS)
def test_every_fact_is_written_and_read(name: str) -> None:
    """A fact that no scenario writes, or that no judge reads, has no place among the labels."""
    assert name in facts_written()
    assert name in facts_read()


# --- in the log -----------------------------------------------------------------------------------


def test_facts_come_back_from_the_log() -> None:
    """What ``to_json`` writes, ``of`` reads; what today's judges do not read is left out."""
    whole = Facts(
        step=Step.WRITE,
        form=Form.OMITTED,
        side=Side.OWN,
        mistake=True,
        walk="base",
        sent={"name": "A"},
        fresh=("A",),
        address="127.0.0.2",
    )
    assert Facts.of(whole.to_json()) == whole
    assert whole.to_json()["from"] == "127.0.0.2"
    assert Facts.of({"seconds": 60, "step": "wrong", "form": "nul-in-name"}) == Facts()
