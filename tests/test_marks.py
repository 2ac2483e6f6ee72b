"""Marks: an object is recognised by a text that only the suite writes, and by its creation time."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from conformance.model import Body
from conformance.reading import SIGNS, Made, is_own, lengthened, mark_of, marks_in
from conformance.reading.marks import Inputs, digits_of_run, without_digits
from tests.support import contracts
from tests.support.exchanges import answer

MARK = mark_of("run", "text")
MADE = Made("webhook", "w1", "full", "2026-04-17T12:00:00.250+00:00")
SHOWN = {
    "id": "w1",
    "url": f"https://example.com/Hook/{MARK}?via=Suite",
    "created_at": "2026-04-17T12:00:00Z",
}
NO_INPUTS: Inputs = {}


def own(inputs: Inputs = NO_INPUTS, **shown: Any) -> bool:
    """Whether a webhook that shows something else is the one of the run."""
    return is_own(contracts.real(), inputs, frozenset({MARK}), MADE, SHOWN | shown)


def test_marks_of_a_run_begin_alike() -> None:
    """Twelve digits: four of the run, and eight of the text."""
    assert len(MARK) == 12
    assert mark_of("run", "other")[:4] == MARK[:4]
    assert mark_of("run", "other")[4:] != MARK[4:]
    assert mark_of("other", "text")[:4] != MARK[:4]


def test_the_nonce_of_a_challenge_shows_in_marks() -> None:
    """They begin with its first twelve digits, and are recognized as others are."""
    nonce = "0123456789abcdef" * 2
    mark = mark_of(nonce, "text")
    assert (mark[:12], len(mark)) == (nonce[:12], 20)
    assert mark_of(nonce, "other")[12:] != mark[12:]
    made = answer(201, {})
    text = json.dumps({"name": f"Sample {mark}"})
    sent = replace(made, request=replace(made.request, body=Body(text=text)))
    assert marks_in([sent]) == {mark}
    assert digits_of_run(contracts.real(), [sent]) == nonce[:12]
    assert without_digits(text, nonce[:12], "NEW") == text.replace(nonce[:12], "NEW")
    url = {"url": f"https://example.com/Hook/{mark}?via=Suite"}
    assert is_own(contracts.real(), NO_INPUTS, frozenset({mark}), MADE, SHOWN | url)


def test_marks_are_found_in_the_bodies_of_requests() -> None:
    """Not in longer digits, and not in what the target answers."""
    made = answer(201, {"id": "0" * 12})
    body = Body(text=json.dumps({"name": f"Sample {MARK}", "ref": f"{MARK}0"}))
    sent = replace(made, request=replace(made.request, body=body))
    assert marks_in([sent, answer(200, {})]) == {MARK}


def test_what_marks_have_in_common_is_known_from_the_texts_around_them() -> None:
    """The last digits of an id look like a mark, too."""
    made = answer(201, {})
    text = json.dumps({"id": f"b85d83fa-b0f0-4f30-ad30-{'0' * 12}", "name": f"Sample {MARK}"})
    sent = replace(made, request=replace(made.request, body=Body(text=text)))
    assert digits_of_run(contracts.real(), [answer(200, {}), sent]) == MARK[:4]
    assert digits_of_run(contracts.real(), [answer(200, {})]) == ""


@pytest.mark.parametrize("text", ["Sample {}", "name=Sample%20{}&x=1", "user-{}@example.com"])
def test_the_digits_of_a_run_can_be_replaced_in_marks(text: str) -> None:
    """And nowhere else."""
    digits, other = MARK[:4], f"{MARK[:4]} {MARK}0 0{MARK}"
    written = f"{text.replace('{}', MARK)} {other}"
    expected = f"{text.replace('{}', 'NEW' + MARK[4:])} {other}"
    assert without_digits(written, digits, "NEW") == expected
    assert without_digits(written, "", "NEW") == written


@pytest.mark.parametrize(
    "shown",
    [
        {},
        {"url": None, "description": f"Sample {MARK}"},
        {"url": None, "description": SIGNS.replace("{}", MARK)},
        {"url": None, "description": lengthened(SIGNS.replace("{}", MARK))},
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
        {"url": f"https://example.com/Hook/{MARK}?via=Suite2"},
        {"url": f"https://example.com/Hook/{mark_of('run', 'other')}?via=Suite"},
        {"url": [f"https://example.com/Hook/{MARK}?via=Suite"]},
        {"url": None, "name": f"Sample {MARK}"},
        {"url": None, "description": f"A copy of Sample {MARK}"},
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
    assert not is_own(contracts.real(), {}, frozenset({MARK}), made, SHOWN)
