"""The judges: what each accepts, rejects and leaves open, and where its rule applies."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import FrozenInstanceError, fields, is_dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from conformance.checks import RULES
from conformance.checks.requests import successes
from conformance.judging.outcomes import (
    Gap,
    JudgeContext,
    JudgeError,
    Outcome,
    Pass,
    Trial,
    Violation,
)
from conformance.judging.walks import walks_of
from conformance.model import About, Case, Effect, Exchange, Open, Operation
from tests.examples import all_examples, examples_about, rules_without
from tests.examples.base import Example, Expected, in_a_word, is_met, outcomes
from tests.subjects import SUBJECTS, subject_of
from tests.support.contracts import TARGET, real
from tests.support.exchanges import (
    answer,
    call,
    page,
    walked,
    with_request_body,
    with_response_of,
    without_response,
)

ROOT = Path(__file__).parent.parent
EXAMPLES = all_examples()


@pytest.mark.parametrize(
    "example",
    EXAMPLES,
    ids=[example.name.encode("ascii", "replace").decode() for example in EXAMPLES],
)
def test_example(example: Example) -> None:
    """The judge makes of the example what its name says."""
    yielded = outcomes(example)
    assert is_met(example, yielded), yielded


# --- the examples as a whole ----------------------------------------------------------------------

ONLY_NOTED = ["paging.ties"]
"""Rules that report a note at most."""


def test_every_rule_has_an_example_that_passes() -> None:
    """Every rule has an accepted example."""
    assert list(rules_without(Expected.ACCEPTED)) == []


def test_every_rule_has_an_example_of_a_violation() -> None:
    """Every rule has a refused example; a rule that reports notes only has a note."""
    assert list(rules_without(Expected.REFUSED)) == ONLY_NOTED
    noted = {example.rule for example in EXAMPLES if example.expected is Expected.NOTE}
    assert set(ONLY_NOTED) <= noted


def test_no_example_stands_twice() -> None:
    """Every example has a name of its own."""
    counts = Counter(example.name for example in EXAMPLES)
    assert [name for name, count in counts.items() if count > 1] == []


@pytest.mark.parametrize("subject", SUBJECTS)
def test_examples_are_filed_by_subject(subject: str) -> None:
    """Each rule has its examples in the subject of its prefix, and nowhere else."""
    filed = {example.rule for example in examples_about(subject)}
    assert filed == {rule for rule in RULES if subject_of(rule) == subject}


def test_one_subject_is_imported_by_itself() -> None:
    """The examples of one subject are built without those of the others."""
    script = (
        "import sys; from tests.examples import SUBJECTS, examples_about; examples_about('limits');"
        "print(*[each for each in SUBJECTS if f'tests.examples.{each}' in sys.modules])"
    )
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["limits"]


# --- the rules as a whole -------------------------------------------------------------------------


def test_rules_that_a_moving_list_may_mislead_are_confirmed() -> None:
    """Rules of walks and of effects blame only what a second attempt shows, too."""
    confirmed = {rule.id for rule in RULES.values() if rule.confirm}
    walks = {rule.id for rule in RULES.values() if rule.trial and rule.id.startswith("paging.")}
    effects = {
        "trigger.effect",
        "refused.effect",
        "update.besides",
        "create.others",
        "update.others",
        "delete.others",
        "create.count",
        "create.newest",
        "figures.grown",
        "rate.reset",
    }
    assert confirmed == (walks | effects) - {"paging.ties"}


def test_a_member_is_blamed_on_the_write_that_sent_it_and_on_the_last_one() -> None:
    """Either may have lost the member, so the steps that repeat the violation have both."""
    both = {"transfer_enabled": True, "name": "New"}
    writes = [
        with_request_body(
            answer(200, {"id": "a1"}, operation="update_agent", step="write", sent=sent), body
        )
        for sent, body in (
            ({"transfer_enabled": True}, {"id": "a1", "transfer_enabled": True}),
            (both, {"id": "a1", "name": "New"}),
        )
    ]
    shown = {"id": "a1", "transfer_enabled": False, "name": "New"}
    read = answer(200, shown, operation="read_agent", step="read", sought="a1")
    (violation,) = outcomes(
        Example(
            "update.read-back",
            Expected.REFUSED,
            "the member that only the first write sent",
            (*writes, read),
            operation="update_agent",
        )
    )
    assert isinstance(violation, Violation)
    assert violation.exchanges == ("e1", "e2", "e3")


def _public_nouns(module: ModuleType) -> set[type]:
    """The dataclasses that a module defines and others may see."""
    public = [value for name, value in vars(module).items() if not name.startswith("_")]
    nouns = {value for value in public if isinstance(value, type) and is_dataclass(value)}
    return {noun for noun in nouns if noun.__module__ == module.__name__}


def _nouns_of_judges() -> set[type]:
    """The public dataclasses of the modules that judge."""
    judging = ("conformance.checks.", "conformance.judging.")
    names = [name for name in sys.modules if name.startswith(judging)]
    return {noun for name in names for noun in _public_nouns(sys.modules[name])}


def test_what_judges_share_is_frozen() -> None:
    """No judge can change what the next one sees."""
    nouns = _nouns_of_judges()
    outcome_names = {"Pass", "Violation", "Gap", "JudgeError"}
    other_names = {"JudgeContext", "Trial", "Rule", "Item", "Page", "Walks"}
    assert {noun.__name__ for noun in nouns} >= outcome_names | other_names
    for noun in nouns:
        with pytest.raises(FrozenInstanceError):
            setattr(object.__new__(noun), fields(noun)[0].name, None)


def test_the_walks_of_a_trial_are_read_once() -> None:
    """All rules of a trial see the same walks; another trial of the case has its own."""
    context = JudgeContext(real(), TARGET, real().operations["list_calls"])
    case = Case("c", "s", "list_calls", "", (), Effect.READ)
    trial, again = Trial(case, ()), Trial(case, ())
    assert walks_of(context, trial) is walks_of(context, trial)
    assert walks_of(context, again) is not walks_of(context, trial)


def test_every_rule_says_in_one_sentence_what_it_finds() -> None:
    """The summary of a rule is all that its judge says of itself."""
    for rule in RULES.values():
        assert rule.summary.endswith("."), rule.id
        assert "\n" not in rule.summary, rule.id


# --- outcomes -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "back"), [("paging.complete", (2,)), ("paging.exclusive", (0, 1))]
)
def test_a_fault_of_every_page_is_reported_three_times(rule: str, back: tuple[int, ...]) -> None:
    """Of a violation that each of many pages shows, three are enough to read."""
    whole = walked([call(second) for second in range(12, 0, -1)], 12)
    wrong = [page("w", [second - n for n in back], True, second) for second in range(9, 3, -1)]
    yielded = outcomes(Example(rule, Expected.REFUSED, "", (*whole, *wrong)))
    assert sum(isinstance(outcome, Violation) for outcome in yielded) == 3


def _assert_for_people(outcome: Outcome, ids: set[str], name: str) -> None:
    """An outcome gives reasons, and names only exchanges of its trial."""
    if isinstance(outcome, Violation):
        parts = (outcome.where, outcome.expected, outcome.actual, outcome.exchanges)
        assert all(parts), name
        assert set(outcome.exchanges) <= ids, name
    elif isinstance(outcome, Pass):
        assert set() < set(outcome.exchanges) <= ids, name
    else:
        assert isinstance(outcome, Gap | JudgeError), name
        assert len(outcome.reason) > 10, name


def test_outcomes_give_reasons_and_rest_on_evidence() -> None:
    """A violation says where, what was expected and what came; other outcomes give a reason."""
    for example in EXAMPLES:
        ids = {f"e{number}" for number in range(1, len(example.exchanges) + 1)}
        for outcome in outcomes(example):
            _assert_for_people(outcome, ids, example.name)


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
    {"calls": {}, "has_more": 1},
    {"calls": [None, 1, "x", [], {}], "has_more": True},
    {"id": {}},
    {"accepts": "x"},
)


def _answered_with(example: Example, odd: Exchange) -> Example:
    """An example whose requests all get the same odd answer."""
    exchanges = tuple(with_response_of(exchange, odd) for exchange in example.exchanges)
    return replace(example, exchanges=exchanges)


@pytest.mark.parametrize("rule", RULES)
def test_no_answer_makes_a_judge_crash(rule: str) -> None:
    """A judge takes any JSON value under any status, whatever its examples are about."""
    for example in [example for example in EXAMPLES if example.rule == rule][:40:14]:
        for body in ODD_BODIES:
            for status in (200, 402, 502):
                outcomes(_answered_with(example, answer(status, body)))
        lost = tuple(without_response(exchange) for exchange in example.exchanges)
        outcomes(replace(example, exchanges=lost))


def test_what_the_quick_validator_cannot_take_goes_to_the_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A value that only Python can hold, or one nested too deep, is judged all the same."""

    class Failing:
        def __init__(self, error: type[Exception]) -> None:
            self.error = error

        def is_valid(self, value: object) -> bool:
            raise self.error

    operation = real().operations["read_call"]
    for error in (ValueError, RecursionError):
        monkeypatch.setattr(successes, "_VALIDATORS", {operation.id: (operation, Failing(error))})
        for body, expected in (
            ({"id": "c", "status": "busy"}, Expected.ACCEPTED),
            ({"id": 1, "status": "busy"}, Expected.REFUSED),
        ):
            read = answer(200, body, operation="read_call")
            yielded = outcomes(Example("success.shape", expected, "", (read,)))
            assert in_a_word(yielded) is expected


# --- where passive rules apply --------------------------------------------------------------------


def _applies_to(rule: str, about: About | None = None) -> set[str]:
    """The operations where a passive rule plans a cell for a clause about something."""
    contract = real()
    clause = replace(next(iter(contract.clauses.values())), about=about)
    applies = RULES[rule].applies
    return {one.id for one in contract.operations.values() if applies(contract, one, clause)}


def _operations(chosen: Callable[[Operation], object]) -> set[str]:
    """The operations that a condition holds for; there must be some, and not all."""
    known = real().operations
    found = {operation.id for operation in known.values() if chosen(operation)}
    assert set() < found < set(known)
    return found


@pytest.mark.parametrize(
    "rule", ["list.items", "list.more-flag", "list.limit", "list.maximum", "list.position"]
)
def test_rules_of_pages_apply_to_lists(rule: str) -> None:
    """A rule of single pages plans a cell for each list."""
    assert _applies_to(rule) == _operations(lambda operation: operation.paging)


@pytest.mark.parametrize("rule", ["status.listed", "success.shape", "success.status"])
def test_rules_of_any_answer_apply_everywhere(rule: str) -> None:
    """A rule of statuses or of successes plans a cell for each operation."""
    assert _applies_to(rule) == set(real().operations)


@pytest.mark.parametrize("rule", ["code.pairing", "id.unknown"])
def test_other_rules_plan_no_cell_of_their_own(rule: str) -> None:
    """A rule about codes, and a rule of trials, plan no cell for an operation."""
    assert _applies_to(rule) == set()


@pytest.mark.parametrize("status", [200, 201])
def test_a_clause_about_a_status_applies_to_its_operations(status: int) -> None:
    """A success status is judged where it is the only one that the sources name."""
    only = _operations(lambda operation: set(operation.successes) == {status})
    assert _applies_to("success.status", About(status=status)) == only


def test_payments_elsewhere_are_judged_elsewhere() -> None:
    """The rule applies to every operation that takes no payment."""
    paid = _operations(lambda operation: operation.payment)
    assert _applies_to("payment.elsewhere") == set(real().operations) - paid


def _is_read_by_query(operation: Operation) -> bool:
    selector = operation.selector
    return operation.action == "read" and selector is not None and selector.place == "query"


def test_what_was_asked_for_is_judged_at_reads_by_query() -> None:
    """The rule applies where the sources say which parameter names the object."""
    named = _operations(
        lambda operation: _is_read_by_query(operation) and Open.INPUT not in operation.open
    )
    assert _applies_to("read.asked") == named - {"read_phone_number"}


def test_errors_are_judged_where_a_request_may_be_wrong() -> None:
    """The rule applies to every operation with a key or a parameter."""
    can_fail = {
        operation.id
        for operation in real().operations.values()
        if operation.keyed or operation.parameters
    }
    assert _applies_to("error.json") == can_fail


def test_names_of_businesses_are_judged_in_lists_of_one_business() -> None:
    """The rule applies to lists with a key that are no common pool."""
    of_one = _operations(
        lambda operation: operation.paging and operation.keyed and not operation.pool
    )
    assert _applies_to("owner.named") == of_one
