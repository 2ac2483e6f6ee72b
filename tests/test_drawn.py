"""Drawn requests: their values follow from the seed, reach nobody, and hide nothing."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from conformance.base.options import Depth
from conformance.model import Exchange, Operation, Parameter
from conformance.scenarios.generated.texts import SIGNS, drawn_numbers, drawn_texts
from conformance.scenarios.generated.wrong import LENIENT, TOGETHER, counts_of, requests_of
from conformance.server import application
from tests.faults import harness
from tests.faults.base import Faulty
from tests.support.contracts import real


class TakesAnything(Faulty):
    """Every value of an optional member is accepted."""

    def is_valid(self, operation: Operation, parameter: Parameter, value: Any) -> bool:
        return not parameter.required or super().is_valid(operation, parameter, value)


def drawn_for(kind: type[Faulty], *operations: str) -> list[Exchange]:
    """The generated requests that a server gets for some operations."""
    aim = harness.Aim(clauses=(), scenarios=("generated",), operations=operations)
    run = harness.run(real(), application(real(), kind=kind), aim=aim)
    return [each for each in run.exchanges if each.scenario == "generated"]


def test_texts_and_numbers_follow_from_the_seed() -> None:
    """One seed always gives the same, and another one other texts."""
    assert drawn_texts(3) == drawn_texts(3)
    assert drawn_texts(3)["scripts"] != drawn_texts(4)["scripts"]
    assert drawn_numbers(3) != drawn_numbers(4)


def test_no_normal_form_changes_a_text() -> None:
    """A server that normalizes texts, or removes tags, shows what was sent."""
    texts = [text for drawn in drawn_texts(5).values() for text in drawn]
    for text in texts:
        composed = unicodedata.normalize("NFC", text)
        assert unicodedata.normalize("NFC", unicodedata.normalize("NFKD", text)) == composed
        assert not re.search("[<>]", text)


def test_no_text_reaches_anybody() -> None:
    """No drawn text is an address, or has as many digits in a row as a phone number."""
    for drawn in drawn_texts(6).values():
        assert not any("://" in text or re.search(r"\w@\w|[0-9]{7}", text) for text in drawn)
    assert len(set(SIGNS)) == len(SIGNS)


def test_each_optional_member_is_wrong_alone() -> None:
    """A full run sends at least one wrong value of each optional member of a body by itself."""
    for operation in real().operations.values():
        counts = counts_of(operation, Depth.FULL)
        lacking = [p.name for p in operation.body if not p.usual and not counts.get(p.name, 0)]
        assert lacking in ([], [operation.when]), operation.id
        assert requests_of(operation, Depth.QUICK) <= 1


def test_a_lenient_server_gets_the_rest_together() -> None:
    """A server that accepts wrong values stores few of them in objects of their own."""
    sent = drawn_for(TakesAnything, "create_lead")
    wrong = [each for each in sent if each.facts.mistake and not each.facts.sent]
    assert sum(each.ok for each in wrong) <= LENIENT + TOGETHER[Depth.FULL]
