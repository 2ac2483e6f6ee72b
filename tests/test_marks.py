"""Marks: an object is recognized by words that follow from its run, and by its creation time."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import pytest

from conformance.model import Body
from conformance.reading import (
    SIGNS,
    Made,
    bodies_sent,
    filled,
    is_own,
    lengthened,
    mark_of,
    other_place,
    run_key,
    without_place,
)
from conformance.reading.marks import Inputs, has_mark
from tests.support import contracts
from tests.support.exchanges import answer

KEY = run_key(7, "salt")
MARK = mark_of(KEY, "text")
COMPANY, PLACE, *_ = MARK.split("-")
HOOK = "https://example.com/{site}/Hooks/{mail}?via=Portal"
ABOUT = "Set up by {given} {family} for {company} in {place}, ticket {number}"
MADE = Made("webhook", "w1", "full", "2026-04-17T12:00:00.250+00:00")
SHOWN = {"id": "w1", "url": filled(HOOK, MARK), "created_at": "2026-04-17T12:00:00Z"}
NO_INPUTS: Inputs = {}
SIGNED = filled(SIGNS, MARK)
THEIRS = [f"https://hooks.example.org/{MARK}", f"xyz{MARK}", f"wxyz{MARK}"]
SENT = [filled(HOOK, MARK), filled(ABOUT, MARK), SIGNED, lengthened(SIGNED), *THEIRS]


def own(inputs: Inputs = NO_INPUTS, **shown: Any) -> bool:
    """Whether a webhook that shows something else is the one of the run."""
    body = Body(text=json.dumps({"texts": SENT}))
    made = answer(201, {})
    sent = bodies_sent([replace(made, request=replace(made.request, body=body))])
    return is_own(contracts.real(), inputs, [KEY], sent, MADE, SHOWN | shown)


def test_marks_of_a_run_have_business_and_place_in_common() -> None:
    """They follow from seed, salt and nonce; person and number follow from the text, too."""
    assert re.fullmatch(r"[a-z]{4,6}-[a-z]{6,8}-[a-z]{4,6}-[a-z]{4,6}-[0-9]{5}", MARK)
    assert mark_of(KEY, "other").split("-")[:2] == [COMPANY, PLACE]
    assert mark_of(KEY, "other").split("-")[2:] != MARK.split("-")[2:]
    for other in (run_key(8, "salt"), run_key(7, "pepper"), run_key(7, "salt", "nonce")):
        assert mark_of(other, "text").split("-")[:2] != [COMPANY, PLACE]
    assert mark_of(run_key(7, "salt"), "text") == MARK


def test_marks_of_a_run_are_different() -> None:
    """Ten thousand texts of one run, and the runs of a thousand seeds."""
    assert len({mark_of(KEY, f"{number}") for number in range(10_000)}) == 10_000
    assert len({mark_of(run_key(number, ""), "") for number in range(1_000)}) == 1_000


def test_a_template_takes_a_mark_whole_or_in_parts() -> None:
    """Other braces stay as they are."""
    mark = "mills-oakford-emma-reyes-48172"
    assert filled("ref {} {x}", mark) == f"ref {mark} {{x}}"
    assert filled("{company} {place}: {given} {family}, {number}", mark) == (
        "Mills Oakford: Emma Reyes, 48172"
    )
    assert filled("{mail}@{site}.example.com", mark) == "emma.reyes48172@mills-oakford.example.com"
    assert re.fullmatch("[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f-]{21}", filled("{uuid}", mark))


def test_every_template_of_the_contract_holds_a_mark() -> None:
    """Except in headers. All but e-mail addresses and URLs fit into 40 characters for a name."""
    for operation in contracts.real().operations.values():
        for member in operation.fresh_members:
            for template in (str(member.fresh), *map(str, member.also)):
                assert has_mark(template), template
                if member.name in ("name", "business_name"):
                    assert len(filled(template, "mmmmmm-mmmmmmmm-mmmmmm-mmmmmm-12345")) <= 40


@pytest.mark.parametrize("text", [ABOUT, "name={place}%20{given}&x=1", "{mail}@{site}.example.com"])
def test_the_place_of_a_run_can_be_replaced(text: str) -> None:
    """And nothing that only contains its letters."""
    written, other = filled(text, MARK), f"{PLACE}s and x{PLACE}"
    replaced = without_place(f"{written} {other}", [KEY], "NEW")
    assert replaced == re.sub(rf"(?i){PLACE}", "NEW", written) + f" {other}"
    assert without_place(written, [], "NEW") == written


def test_another_place_is_never_that_of_the_run() -> None:
    """So repeated requests do not name what exists."""
    others = {other_place(KEY, number) for number in range(1, 256)}
    assert len(others) == 255
    assert PLACE.title() not in others


@pytest.mark.parametrize(
    "shown",
    [
        {},
        {"url": None, "description": filled(ABOUT, MARK)},
        {"url": None, "description": filled(SIGNS, MARK)},
        {"url": None, "description": lengthened(filled(SIGNS, MARK))},
        {"created_at": "2026-04-17T12:05:00.250Z"},
        {"created_at": "2026-04-17T11:55:00.250Z"},
        {"created_at": "2026-04-17T14:00:00+02:00"},
    ],
)
def test_what_the_run_made(shown: dict[str, Any]) -> None:
    """It shows one of its texts whole, and a time within five minutes."""
    assert own(**shown)


@pytest.mark.parametrize(
    "shown",
    [
        {"id": "w2"},
        {"id": None},
        {"url": None},
        {"url": MARK},
        {"url": filled(HOOK, MARK) + "2"},
        {"url": filled(HOOK, mark_of(run_key(8, "salt"), "text"))},
        {"url": filled(HOOK, mark_of(KEY, "other"))},
        {"url": [filled(HOOK, MARK)]},
        {"url": None, "name": filled(ABOUT, MARK)},
        {"url": None, "description": "A copy: " + filled(ABOUT, MARK)},
        {"created_at": None},
        {"created_at": "today"},
        {"created_at": "2026-04-17T12:05:00.251Z"},
        {"created_at": "2026-04-17T11:55:00.249Z"},
    ],
)
def test_what_may_be_somebody_s(shown: dict[str, Any]) -> None:
    """Another id, no such text or only a part of it, a mark of elsewhere, or another time."""
    assert not own(**shown)


def test_texts_of_the_target_file() -> None:
    """A template of `inputs:` also counts if it has four characters besides its mark."""
    theirs = f"https://hooks.example.org/{MARK}"
    assert not own(url=theirs)
    assert own({"create_webhook": {"webhook_url": "https://hooks.example.org/{}"}}, url=theirs)
    for template, proves in (("xyz{}", False), ("wxyz{}", True), ("Our hook", False)):
        inputs = {"create_webhook": {"description": template}}
        shown = template.replace("{}", MARK)
        assert own(inputs, url=None, description=shown) is proves, template


def test_a_run_that_says_no_time() -> None:
    """Without the time of the request nothing is proven."""
    made = replace(MADE, at="soon")
    sent = frozenset(text.lower() for text in SENT)
    assert not is_own(contracts.real(), {}, [KEY], sent, made, SHOWN)
