"""What each judge accepts, refuses and lets pass."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import FrozenInstanceError, fields, is_dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.checks import RULES, requests
from conformance.judging.rules import (
    Gap,
    JudgeContext,
    JudgeError,
    Pass,
    Trial,
    Violation,
    said,
)
from conformance.judging.walks import walks_of
from conformance.model import About, Body, Case, Effect, Exchange, Open, Parameter, Rate
from conformance.reading import object_of, soon, sought_in, takes
from tests import check_examples as examples
from tests.check_examples import (
    ACCEPTED,
    EXAMPLES,
    NOTE,
    REFUSED,
    SILENT,
    Example,
    as_told,
    found,
    outcomes,
    page,
    rules_without,
)


@pytest.mark.parametrize(
    "example",
    EXAMPLES,
    ids=[example.name.encode("ascii", "replace").decode() for example in EXAMPLES],
)
def test_example(example: Example) -> None:
    """The judge makes of the example what its name says."""
    given_outcomes = outcomes(example)
    assert as_told(example, given_outcomes), given_outcomes


@pytest.mark.parametrize("outcome", [ACCEPTED, REFUSED])
def test_every_rule_has_an_example(outcome: str) -> None:
    """Every rule has an accepted and a refused example; one that reports only has a note for the latter."""
    wanting = list(rules_without(outcome))
    if outcome == REFUSED:
        noted = {example.rule for example in EXAMPLES if example.outcome == NOTE}
        assert [rule for rule in wanting if rule == "paging.ties" and rule in noted] == [
            "paging.ties"
        ]
        wanting.remove("paging.ties")
    assert wanting == []


def test_what_a_moving_list_may_explain_is_confirmed() -> None:
    """The rules of walks, but for two that look at no order, and those of what has had an effect, blame what is seen twice."""
    confirmed = {rule.id for rule in RULES.values() if rule.confirm}
    walks = {rule for rule in RULES if rule.startswith("paging.")}
    assert confirmed == {
        *walks,
        "trigger.effect",
        "refused.effect",
        "create.count",
        "rate.reset",
    } - {
        "paging.ties",
        "paging.empty",
    }


def test_what_judges_share_is_frozen() -> None:
    """No judge can change what the next one sees."""
    judging = ("conformance.checks.", "conformance.judging.")
    modules = [module for name, module in sys.modules.items() if name.startswith(judging)]
    nouns = {
        noun
        for module in modules
        for noun in vars(module).values()
        if isinstance(noun, type) and is_dataclass(noun)
    }
    assert {noun.__name__ for noun in nouns} >= {
        "Pass",
        "Violation",
        "Gap",
        "JudgeError",
        "JudgeContext",
        "Trial",
        "Rule",
        "Item",
        "Page",
        "Walks",
    }
    for noun in nouns:
        with pytest.raises(FrozenInstanceError):
            setattr(object.__new__(noun), fields(noun)[0].name, None)


def test_the_walks_of_a_trial_are_read_once() -> None:
    """All rules of a trial see the same walks; another trial of the case has its own."""
    context = JudgeContext(
        examples.real(), examples.TARGET, examples.real().operations["list_calls"]
    )
    case = Case("c", "s", "list_calls", "", (), Effect.READ)
    trial, again = Trial(case, ()), Trial(case, ())
    assert walks_of(context, trial) is walks_of(context, trial)
    assert walks_of(context, again) is not walks_of(context, trial)


def test_every_rule_says_in_one_sentence_what_it_finds() -> None:
    """The summary of a rule is all that its judge says of itself."""
    for rule in RULES.values():
        assert rule.summary.endswith("."), rule.id
        assert "\n" not in rule.summary, rule.id


@pytest.mark.parametrize(
    ("rule", "back"), [("paging.complete", (2,)), ("paging.exclusive", (0, 1))]
)
def test_a_fault_of_every_page_is_told_three_times(rule: str, back: tuple[int, ...]) -> None:
    """What goes wrong on each of many pages is told of three, to be read."""
    wrong = [page("w", [second - n for n in back], True, second) for second in range(9, 3, -1)]
    given_outcomes = outcomes(
        Example(
            rule,
            REFUSED,
            "",
            (*examples.walked([examples.call(n) for n in range(12, 0, -1)], 12), *wrong),
        )
    )
    assert sum(isinstance(outcome, Violation) for outcome in given_outcomes) == 3


def test_no_example_stands_twice() -> None:
    """Every example has a name of its own."""
    assert [
        name for name, count in Counter(example.name for example in EXAMPLES).items() if count > 1
    ] == []


def test_outcomes_are_for_people_and_rest_on_evidence() -> None:
    """A problem says where, what was expected, what came, and names exchanges of its trial; other outcomes give a reason."""
    for example in EXAMPLES:
        ids = {f"e{number}" for number in range(1, len(example.exchanges) + 1)}
        for outcome in outcomes(example):
            if isinstance(outcome, Violation):
                assert all((outcome.where, outcome.expected, outcome.actual, outcome.exchanges)), (
                    example.name
                )
                assert set(outcome.exchanges) <= ids, example.name
            elif isinstance(outcome, Pass):
                assert set() < set(outcome.exchanges) <= ids, example.name
            else:
                assert isinstance(outcome, Gap | JudgeError), example.name
                assert len(outcome.reason) > 10, example.name


ODD_BODIES: tuple[Any, ...] = (
    None,
    True,
    0,
    -1.5,
    "",
    "x",
    [],
    [[]],
    {},
    {"error": []},
    {"error": {"code": {}, "message": {}}},
)
ODD_BODIES += (
    {"calls": {}, "has_more": 1},
    {"calls": [None, 1, "x", [], {}], "has_more": True},
    {"id": {}},
    {"accepts": "x"},
)


@pytest.mark.parametrize("rule", RULES)
def test_no_answer_makes_a_judge_crash(rule: str) -> None:
    """A judge takes any JSON value under any status, whatever its examples are about."""
    mine = [example for example in EXAMPLES if example.rule == rule][:40:14]
    for example in mine:
        for body in ODD_BODIES:
            for status in (200, 402, 502):
                odd = [
                    replace(e, response=examples.sent(status, body).response)
                    for e in example.exchanges
                ]
                outcomes(replace(example, exchanges=tuple(odd)))
        outcomes(
            replace(example, exchanges=tuple(replace(e, response=None) for e in example.exchanges))
        )


def test_where_passive_rules_apply() -> None:
    """A rule plans cells where it can judge: lists, what may be wrong, what takes no payment, lists that belong to a business."""
    loaded = examples.real()
    operations, about = loaded.operations.values(), next(iter(loaded.clauses.values()))
    plain = replace(about, about=None)

    def where(rule: str) -> set[str]:
        return {one.id for one in operations if RULES[rule].applies(loaded, one, plain)}

    every = {one.id for one in operations}
    lists = {one.id for one in operations if one.paging}
    paid = {one.id for one in operations if one.payment}
    assert lists < every
    assert paid
    for rule in ("list.items", "list.more-flag", "list.limit", "list.maximum", "list.position"):
        assert where(rule) == lists
    assert where("status.listed") == where("success.shape") == where("success.status") == every
    for status in (200, 201):
        stated = replace(about, about=About(status=status))
        mine = {
            one.id for one in operations if RULES["success.status"].applies(loaded, one, stated)
        }
        assert mine == {one.id for one in operations if set(one.successes) == {status}} != set()
    assert where("payment.elsewhere") == every - paid
    assert where("code.pairing") == where("id.unknown") == set()
    named = {
        one.id
        for one in operations
        if one.action == "read" and one.selector and one.selector.place == "query"
    }
    assert where("read.asked") == {
        name for name in named if Open.INPUT not in loaded.operations[name].open
    } - {"read_phone_number"}
    assert where("error.json") == {one.id for one in operations if one.keyed or one.parameters}
    assert where("tenant.named") == {
        one.id for one in operations if one.paging and one.keyed and not one.pool
    }


def test_a_limit_is_asked_again_before_half_of_its_time() -> None:
    """Of 5 an hour: after 29 minutes, for one more than the 2 that have come free by then."""
    assert soon(Rate(5, 3600)) == (1740, 3)


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (examples.sent(None, failure="connection reset"), "no response (connection reset)"),
        (examples.sent(200, raw=Body(text="[w]", size=9, withheld=True)), "200, body withheld"),
        (examples.sent(200, {"id": 1}), '200 {"id": 1}'),
        (examples.sent(500, text="  out of\n  order "), "500 out of order"),
        (examples.sent(500, text="x" * 200), "500 " + "x" * 160),
        (examples.sent(500, text=""), "500"),
        (examples.sent(500, raw=Body(base64="/w==", size=1)), "500 1 bytes that are not UTF-8"),
    ],
)
def test_what_came_back_in_a_few_words(answer: Exchange, told: str) -> None:
    """A person reads status and body, cut short, or why there is none."""
    assert said(answer) == told


@pytest.mark.parametrize(
    ("parameter", "shown", "expected"),
    [
        ({}, "9", True),
        ({}, "8", False),
        ({}, "8,9", False),
        ({}, 9, True),
        ({}, ["9"], None),
        ({}, None, None),
        ({"joined": True}, "9", True),
        ({"compare": "at-least"}, 10, True),
        ({"compare": "at-least"}, "8.5", False),
        ({"compare": "at-least"}, 9, None),
        ({"compare": "at-least"}, "many", None),
        ({"compare": "at-least"}, "2026-01-01T12:00:00Z", None),
        ({"compare": "at-most"}, 10, False),
        ({"compare": "at-most"}, 8, True),
        ({"compare": "at-most"}, 9, None),
    ],
)
def test_what_a_filter_takes(parameter: dict[str, Any], shown: Any, expected: bool | None) -> None:
    """A filter takes its value, a bound what is on its side; what stands on the bound, or shows no value, is open."""
    value = "7,9" if parameter.get("joined") else "9"
    assert (
        takes(
            Parameter("p", "query", False, {}, filters="score", **parameter),
            {"score": shown},
            value,
        )
        is expected
    )


def test_what_a_filter_takes_by_time() -> None:
    """A bound in time is compared as an instant, whatever its zone and width."""
    for compare, expected in (("at-least", True), ("at-most", False)):
        bound = Parameter("p", "query", False, {}, filters="created_at", compare=compare)
        assert (
            takes(bound, {"created_at": "2026-01-01T12:00:00.5Z"}, "2026-01-01T13:00:00+01:00")
            is expected
        )
        assert (
            takes(bound, {"created_at": "2026-01-01T12:00:00.0Z"}, "2026-01-01T13:00:00+01:00")
            is None
        )
        assert takes(bound, {"created_at": "soon"}, "2026-01-01T13:00:00+01:00") is None
    loose = Parameter(
        "p",
        "query",
        False,
        {},
        filters="created_at",
        compare="at-least",
        open=frozenset({Open.TIME_BOUND}),
    )
    early, late, bound_at = "2026-01-01T12:00:00Z", "2026-01-03T12:00:00Z", "2026-01-02T12:00:00Z"
    assert takes(loose, {"created_at": late, "occurred_at": early}, bound_at) is None
    assert takes(loose, {"created_at": late, "occurred_at": late, "name": "x"}, bound_at) is True
    assert takes(loose, {"created_at": late, "occurred_at": bound_at}, bound_at) is None
    assert takes(loose, {"created_at": early}, bound_at) is False
    strict = Parameter("p", "query", False, {}, filters="created_at", compare="at-least")
    assert takes(strict, {"created_at": late, "occurred_at": early}, bound_at) is True
    assert takes(None, {"score": 1}, "1") is None
    assert takes(Parameter("p", "query", False, {}, filters="score"), "none", "1") is None


def test_what_the_quick_validator_cannot_take_goes_to_the_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A value that only Python can hold, or one too deep, is judged all the same."""

    class Failing:
        def __init__(self, error: type[Exception]) -> None:
            self.error = error

        def is_valid(self, value: object) -> bool:
            raise self.error

    operation = examples.real().operations["read_call"]
    for error in (ValueError, RecursionError):
        monkeypatch.setattr(requests, "_VALIDATORS", {id(operation): (operation, Failing(error))})
        for body, expected in (
            ({"id": "c", "status": "busy"}, ACCEPTED),
            ({"id": 1, "status": "busy"}, REFUSED),
        ):
            answer = examples.sent(200, body, operation="read_call")
            assert found(outcomes(Example("success.shape", expected, "", (answer,)))) == expected


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        ({"id": "a", "name": "x"}, {"id": "a", "name": "x"}),
        ({"agent": {"id": "a"}}, {"id": "a"}),
        ({"data": {"id": "a"}, "meta": {}}, {"id": "a"}),
        ({"agent": {"id": "a"}, "business": {"id": "b"}}, {"id": "a"}),
        ({"one": {"id": "a"}, "two": {"id": "b"}}, {"one": {"id": "a"}, "two": {"id": "b"}}),
        ({"ok": True}, {"ok": True}),
        ([1], [1]),
    ],
)
def test_the_object_of_an_answer(body: Any, shown: Any) -> None:
    """It is bare, or in the only member that has an id, or of several in the one that is called by its kind."""
    contract = examples.real()
    assert object_of(contract, contract.operations["read_agent"], body) == shown


@pytest.mark.parametrize(
    ("position", "goes_on"),
    [
        (None, True),
        ("soon", True),
        *((examples.at(second), second != 7) for second in (3, 5, 7, 9, 11)),
    ],
)
def test_a_list_that_runs_past_a_position_does_not_go_on_with_it(
    position: str | None, goes_on: bool
) -> None:
    """What is not between items on both sides of its place in time is not in the list; what is on no page may follow."""
    contract = examples.real()
    facts: dict[str, Any] = {"operation": "list_agents", "sought": "a", "position": position}
    items: list[Any] = [
        "odd",
        {"id": "b", "created_at": examples.at(9)},
        {"id": "c", "created_at": examples.at(5)},
        {"id": "d"},
    ]
    assert sought_in(
        contract, examples.sent(200, {"agents": items, "has_more": True}, **facts)
    ) == (None, goes_on)
    assert sought_in(
        contract, examples.sent(200, {"agents": items, "has_more": False}, **facts)
    ) == (None, False)
    assert sought_in(
        contract, examples.sent(200, {"agents": [{"id": "a"}], "has_more": True}, **facts)
    ) == ({"id": "a"}, False)
    assert sought_in(contract, examples.sent(200, {"agents": [], "has_more": True}, **facts)) == (
        None,
        True,
    )
    assert sought_in(contract, examples.sent(403, {"agents": [], "has_more": True}, **facts)) == (
        None,
        False,
    )


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
        st.lists(
            st.integers(0, 6_000_000).map(
                lambda n: n - n % draw(st.sampled_from([1, 1000, 250_000]))
            ),
            max_size=14,
        )
    )
    newest = draw(st.booleans())
    rows = [
        (
            micro,
            examples.call(
                _rendered(micro, draw(st.sampled_from([0, 0, 2, -5])), draw(st.booleans())), f"c{n}"
            ),
        )
        for n, micro in enumerate(sorted(instants, reverse=newest))
    ]
    eager = draw(
        st.booleans()
    )  # says true where exactly limit items were left, which is no more than a note
    sent: list[Exchange] = []
    for size in draw(st.lists(st.integers(1, 6), min_size=1, max_size=3, unique=True)):
        after: tuple[int, str] | None = None
        while True:
            left = [
                row
                for row in rows
                if after is None or (row[0] < after[0] if newest else row[0] > after[0])
            ]
            many = (
                draw(st.integers(1, size)) if draw(st.booleans()) else size
            )  # short pages are legal
            more = len(left) > many or (eager and len(left) == many and bool(left))
            sent.append(
                page(f"by-{size}", [row[1] for row in left[:many]], more, after and after[1], size)
            )
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
            given_outcomes = outcomes(
                Example(
                    rule, SILENT, "", tuple(exchanges), target=replace(examples.TARGET, maximum={})
                )
            )
            assert found(given_outcomes) != REFUSED, (rule, given_outcomes)


Rows = list[dict[str, Any]]


def _right(rows: Rows, after: str) -> Rows:
    return [row for row in rows if row["created_at"] < after]


FAULTS: dict[str, tuple[str, Callable[[Rows, str], Rows], Callable[[Rows, int], bool]]] = {
    "inclusive cursor": (
        "paging.exclusive",
        lambda rows, at: [r for r in rows if r["created_at"] <= at],
        lambda _, __: True,
    ),
    "skips one at each border": (
        "paging.complete",
        lambda rows, at: _right(rows, at)[1:],
        lambda _, __: True,
    ),
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
