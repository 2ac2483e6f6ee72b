"""The harness of hostile modes: a few modes in full, what the harness notices, and its page."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from tests.hostile.base import DISK, MEGABYTES, SECONDS, given_up
from tests.hostile.modes import MODES
from tests.hostile.page import PAGE, page, results
from tests.hostile.trial import tried, usual_forms, wrong_verdicts

pytestmark = pytest.mark.long

FEW = (
    "announced",
    "commands-in-messages",
    "cookies",
    "dead-main-key",
    "header-without-colon",
    "key-hex",
    "left-over-answer-always",
    "lost-writes",
)
"""Modes of every family that take seconds; ``python -m tests.hostile`` tries all of them."""


@pytest.mark.hostile
@pytest.mark.parametrize("name", FEW)
def test_a_hostile_server_gets_a_right_verdict(name: str, tmp_path: Path) -> None:
    """The run is bounded, blames only what is broken, shows no key, and is replayed alike."""
    assert tried(MODES[name], tmp_path).wrongs == ()


def test_every_mode_has_a_row_that_is_right() -> None:
    """The stored results are of today's modes, within the bounds, and right."""
    found = results()
    over = [
        result.name
        for result in found.values()
        if result.seconds > SECONDS or result.memory > MEGABYTES or result.disk > DISK
    ]
    assert list(found) == list(MODES)
    assert over == []
    assert {result.name: result.wrongs for result in found.values() if result.wrongs} == {}


def test_the_page_shows_the_stored_results() -> None:
    """docs/hostile-modes.md is what ``python -m tests.hostile --write`` made of the results."""
    assert PAGE.read_text(encoding="utf-8") == page(results(), MODES)


def test_a_wrong_verdict_is_noticed() -> None:
    """A clause that is blamed without a reason, and a run that goes on, are both wrong."""
    cell = {"clause": "status-200", "verdict": "failed"}
    told = {"cells": [cell, cell], "counts": {"error": 0}, "incomplete": None}

    assert list(wrong_verdicts(given_up("gone"), told)) == [
        "status-200 is blamed 2 times",
        "the run is not incomplete",
    ]


def test_a_key_in_base64_is_found_at_each_offset() -> None:
    """Whatever stands before a key, one of its spellings is in the encoded text."""
    key = "kc_live_abcdefghijkl"
    for before in ("", "a", "ab", "abc"):
        text = base64.b64encode(f"{before}{key} and more".encode()).decode()
        assert any(form in text for form in usual_forms(key))
