"""Every label of a request is written somewhere, and read by a judge or a report."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import fields
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

WORDS = [word for kind in (Role, Side, Form, Step) for word in kind]
FIELDS = [field.name for field in fields(Facts)]


def source(places: Iterable[str]) -> str:
    """The code of some folders and modules of the package."""
    paths = [path for place in places for path in _modules(PACKAGE / place)]
    return "\n".join(path.read_text(encoding="utf-8") for path in sorted(paths))


def _modules(place: Path) -> Iterable[Path]:
    return place.rglob("*.py") if place.is_dir() else [place]


WRITTEN, READ = source(WRITERS), source(READERS)
ASSUMED = {Role.PROBE, Role.ARRANGE, Role.BYSTANDER}
"""Roles that need no reader: what is not otherwise, and what no trial rule selects."""
FROM_KEYS = {Form.EXPIRED, Form.REVOKED}
"""Forms that are made of the role of a key."""


@pytest.mark.parametrize("word", WORDS, ids=repr)
def test_every_word_is_written_and_read(word: Role | Side | Form | Step) -> None:
    """A word that no scenario writes, or that no judge reads, has no place among the labels."""
    spelled = re.compile(rf"\b{type(word).__name__}\.{word.name}\b")
    assert spelled.search(WRITTEN) or word in FROM_KEYS
    assert spelled.search(READ) or word in ASSUMED


@pytest.mark.parametrize("name", FIELDS)
def test_every_fact_is_written_and_read(name: str) -> None:
    """A fact that no scenario writes, or that no judge reads, has no place among the labels."""
    assert re.search(rf"\b{name}=", WRITTEN)
    assert re.search(rf"\bfacts\.{name}\b", READ)


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
