"""What each judge accepts, refuses and lets pass."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.checks import RULES
from conformance.checks.base import Gap, Problem, Proof, Trouble
from conformance.model import Exchange
from tests import check_examples as examples
from tests.check_examples import ACCEPTED, EXAMPLES, NOTE, REFUSED, SILENT, Example, found, outcomes, page, rules_without


@pytest.mark.parametrize("example", EXAMPLES, ids=[example.name.encode("ascii", "replace").decode() for example in EXAMPLES])
def test_example(example: Example) -> None:
    """The judge makes of the example what its name says."""
    given_outcomes = outcomes(example)
    assert found(given_outcomes) == example.outcome, given_outcomes


@pytest.mark.parametrize("outcome", [ACCEPTED, REFUSED])
def test_every_rule_has_an_example(outcome: str) -> None:
    """Every rule has an accepted and a refused example; one that reports only has a note for the latter."""
    wanting = list(rules_without(outcome))
    if outcome == REFUSED:
        noted = {example.rule for example in EXAMPLES if example.outcome == NOTE}
        assert [rule for rule in wanting if rule == "paging.ties" and rule in noted] == ["paging.ties"]
        wanting.remove("paging.ties")
    assert wanting == []


def test_no_example_stands_twice() -> None:
    """Every example has a name of its own."""
    assert [name for name, count in Counter(example.name for example in EXAMPLES).items() if count > 1] == []


def test_outcomes_are_for_people_and_rest_on_evidence() -> None:
    """A problem says where, what was expected, what came, and names exchanges of its trial; other outcomes give a reason."""
    for example in EXAMPLES:
        ids = {f"e{number}" for number in range(1, len(example.exchanges) + 1)}
        for outcome in outcomes(example):
            if isinstance(outcome, Problem):
                assert all((outcome.where, outcome.expected, outcome.actual, outcome.exchanges)), example.name
                assert set(outcome.exchanges) <= ids, example.name
            elif isinstance(outcome, Proof):
                assert set() < set(outcome.exchanges) <= ids, example.name
            else:
                assert isinstance(outcome, Gap | Trouble), example.name
                assert len(outcome.reason) > 10, example.name


ODD_BODIES: tuple[Any, ...] = (None, True, 0, -1.5, "", "x", [], [[]], {}, {"error": []}, {"error": {"code": {}, "message": {}}})
ODD_BODIES += ({"calls": {}, "has_more": 1}, {"calls": [None, 1, "x", [], {}], "has_more": True}, {"id": {}}, {"accepts": "x"})


@pytest.mark.parametrize("rule", RULES)
def test_no_answer_makes_a_judge_crash(rule: str) -> None:
    """A judge takes any JSON value under any status, whatever its examples are about."""
    mine = [example for example in EXAMPLES if example.rule == rule][:40:14]
    for example in mine:
        for body in ODD_BODIES:
            for status in (200, 402, 502):
                odd = [replace(e, response=examples.sent(status, body).response) for e in example.exchanges]
                outcomes(replace(example, exchanges=tuple(odd)))
        outcomes(replace(example, exchanges=tuple(replace(e, response=None) for e in example.exchanges)))


# --- any right server passes every rule of pagination ---------------------------------------------

PAGING = [rule for rule in RULES if rule.startswith(("paging.", "list."))]
EPOCH = datetime(2026, 1, 1, tzinfo=UTC)


def _rendered(micro: int, hours: int, trim: bool) -> str:
    """A timestamp with an offset of whole hours, its fraction full or trimmed."""
    moment = EPOCH + timedelta(microseconds=micro, hours=hours)
    fraction = f".{micro % 10**6:06d}"
    if trim:
        fraction = fraction.rstrip("0").rstrip(".")
    return moment.strftime("%Y-%m-%dT%H:%M:%S") + fraction + (f"{hours:+03d}:00" if hours else "Z")


@st.composite
def walks_of_a_right_server(draw: st.DrawFn) -> list[Exchange]:
    """Walks in some page sizes over a list, as a server with a strict cursor answers them."""
    instants = draw(
        st.lists(st.integers(0, 6_000_000).map(lambda n: n - n % draw(st.sampled_from([1, 1000, 250_000]))), max_size=14)
    )
    newest = draw(st.booleans())
    rows = [
        (micro, examples.call(_rendered(micro, draw(st.sampled_from([0, 0, 2, -5])), draw(st.booleans())), f"c{n}"))
        for n, micro in enumerate(sorted(instants, reverse=newest))
    ]
    eager = draw(st.booleans())  # says true where exactly limit items were left, which is no more than a note
    sent: list[Exchange] = []
    for size in draw(st.lists(st.integers(1, 6), min_size=1, max_size=3, unique=True)):
        after: tuple[int, str] | None = None
        while True:
            left = [row for row in rows if after is None or (row[0] < after[0] if newest else row[0] > after[0])]
            many = draw(st.integers(1, size)) if draw(st.booleans()) else size  # short pages are legal
            more = len(left) > many or (eager and len(left) == many and bool(left))
            sent.append(page(f"by-{size}", [row[1] for row in left[:many]], more, after and after[1], size))
            if not more or not left:
                break
            after = left[:many][-1][0], left[:many][-1][1]["created_at"]
    return sent


@settings(max_examples=25, deadline=None)
@given(walks_of_a_right_server())
def test_a_right_server_is_never_blamed(exchanges: list[Exchange]) -> None:
    """Ties, fractions of any width, offsets, short pages and either direction bring no finding."""
    for rule in PAGING:
        if rule != "paging.empty":
            given_outcomes = outcomes(Example(rule, SILENT, "", tuple(exchanges), target=replace(examples.TARGET, maximum={})))
            assert found(given_outcomes) != REFUSED, (rule, given_outcomes)


Rows = list[dict[str, Any]]


def _right(rows: Rows, after: str) -> Rows:
    return [row for row in rows if row["created_at"] < after]


FAULTS: dict[str, tuple[str, Callable[[Rows, str], Rows], Callable[[Rows, int], bool]]] = {
    "inclusive cursor": ("paging.exclusive", lambda rows, at: [r for r in rows if r["created_at"] <= at], lambda _, __: True),
    "skips one at each border": ("paging.complete", lambda rows, at: _right(rows, at)[1:], lambda _, __: True),
    "never more": ("paging.more-false", _right, lambda _, __: False),
    "always more": ("paging.more-true", lambda rows, at: _right(rows, at)[99:], lambda _, __: True),
}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_a_fault_shows_in_every_page_size(fault: str, size: int) -> None:
    """An inclusive cursor, a loss, a wrong flag are each blamed by their rule, whatever the size of the page."""
    rule, chosen, flag = FAULTS[fault]
    rows = [examples.call(second) for second in range(30, 0, -1)]
    sent = examples.walked(rows, 30)
    after = rows[3]["created_at"]
    for _ in range(3):
        left = chosen(rows, after)
        sent.append(page("w", left[:size], flag(left, size), after, size))
        after = left[:size][-1]["created_at"] if left else after
    assert found(outcomes(Example(rule, REFUSED, "", tuple(sent)))) == REFUSED
