"""From outcomes to a verdict per cell: order of verdicts, waivers, levels, and who is blamed."""

from __future__ import annotations

import copy
import random
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import FrozenInstanceError, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from conformance.checks import RULES
from conformance.judging import coverage, verdict
from conformance.judging.outcomes import (
    Gap,
    JudgeContext,
    JudgeError,
    Outcome,
    Pass,
    Trial,
    Violation,
)
from conformance.judging.rules import Rule
from conformance.log.evidence import Log
from conformance.model import (
    About,
    Body,
    Case,
    Cell,
    Clause,
    Contract,
    Declaration,
    Effect,
    Exchange,
    Finding,
    Level,
    Run,
    Verdict,
    Waiver,
    worst,
)
from conformance.plan.build import Plan
from conformance.report.remarks import (
    doubtful_keys,
    incompletely_logged,
    lacking,
    unanswered,
    unavailable,
)
from conformance.run import planning
from tests.examples import all_examples
from tests.support.contracts import TARGET, embedded, real
from tests.support.exchanges import answer

TODAY = date(2026, 11, 25)
WORDS: dict[str, Outcome] = {
    "+": Pass(("e1",)),
    "c": Pass(("e1",), without_code=True),
    "-": Violation("status", "200", "500", ("e1",)),
    "n": Violation("status", "200", "500", ("e1",), note=True),
    "g": Gap("give a key"),
    "t": JudgeError("connection lost"),
}


def saying(words: str, **members: Any) -> Rule:
    """A trial rule that yields one outcome for each sign: + - n g t, or x to crash."""

    def judge(context: JudgeContext, trial: Trial) -> Iterator[Outcome]:
        for word in words:
            if word == "x":
                raise ZeroDivisionError("oops")
            yield WORDS[word]

    return Rule("r.one", "a rule", trial=judge, **members)


def clause(
    level: Level = Level.MUST,
    rules: tuple[str, ...] = ("r.one",),
    about: About | None = None,
    name: str = "c",
) -> Clause:
    """A clause of the ledger."""
    return Clause(name, "area", "It holds.", level, "stated", (), rules, about=about)


def ledger(*clauses: Clause) -> Contract:
    """The real contract with other clauses."""
    return replace(real(), clauses={one.id: one for one in clauses})


def case(name: str = "s[list_calls]", operation: str = "list_calls", **members: Any) -> Case:
    """A case that feeds the rule."""
    return Case(name, "s", operation, "", members.pop("rules", ("r.one",)), Effect.READ, **members)


CASE = case()


def seen(
    identifier: str = "e1", of: Case = CASE, attempt: int = 1, status: int = 200, **members: Any
) -> Exchange:
    """An exchange of a case."""
    members.setdefault("operation", of.operation)
    return answer(
        status,
        {"calls": [], "has_more": False},
        identifier=identifier,
        case=of.id,
        attempt=attempt,
        **members,
    )


def judged(
    rules: Rule | Iterable[Rule],
    exchanges: Iterable[Exchange] = (seen(),),
    *,
    clauses: Iterable[Clause] = (clause(),),
    cases: Iterable[Case] = (CASE,),
    ends: Mapping[str, str] | None = None,
    target: Declaration = TARGET,
    selected: frozenset[str] | None = None,
    today: date = TODAY,
) -> tuple[Cell, ...]:
    """The cells of a small contract."""
    known = {rule.id: rule for rule in ([rules] if isinstance(rules, Rule) else rules)}
    cases = tuple(cases)
    log = Log(list(exchanges), {one.id: "done" for one in cases} if ends is None else dict(ends))
    return verdict.cells(
        ledger(*clauses), target, known, cases, log, today=today, selected=selected
    )


def cell(*args: Any, **options: Any) -> Cell:
    """The only cell."""
    (only,) = judged(*args, **options)
    return only


# --- what a rule says -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("+", Verdict.PASSED),
        ("++", Verdict.PASSED),
        ("-", Verdict.FAILED),
        ("+-", Verdict.FAILED),
        ("-+", Verdict.FAILED),
        ("-g", Verdict.FAILED),
        ("-t", Verdict.FAILED),
        ("gt-", Verdict.FAILED),
        ("t", Verdict.ERROR),
        ("+t", Verdict.ERROR),
        ("gt", Verdict.ERROR),
        ("x", Verdict.ERROR),
        ("+x", Verdict.ERROR),
        ("-x", Verdict.ERROR),
        ("g", Verdict.UNTESTED),
        ("+g", Verdict.UNTESTED),
        ("", Verdict.UNTESTED),
        ("n", Verdict.UNTESTED),
        ("n+", Verdict.PASSED),
        ("ng", Verdict.UNTESTED),
    ],
)
def test_the_worst_of_what_was_seen_is_the_verdict(words: str, expected: Verdict) -> None:
    """A finding beats an error, an error a gap, a gap a pass; a note or nothing is no verdict."""
    found = cell(saying(words))
    assert found.verdict is expected
    assert bool(found.why) == (expected in (Verdict.ERROR, Verdict.UNTESTED))
    assert bool(found.notes) == ("n" in words)
    if expected is Verdict.PASSED:
        assert found.exchanges == ("e1",)


def test_the_order_of_the_verdicts() -> None:
    """failed > error > waived > warned > untested > excluded > passed > inapplicable."""
    assert [v.value for v in Verdict] == [
        "failed",
        "error",
        "waived",
        "warned",
        "untested",
        "excluded",
        "passed",
        "inapplicable",
    ]
    assert [v.rank for v in Verdict] == list(range(8))
    assert worst([Verdict.PASSED, Verdict.WAIVED, Verdict.ERROR]) is Verdict.ERROR
    assert worst([]) is None


@pytest.mark.parametrize(
    ("level", "expected"), [(Level.MUST, Verdict.FAILED), (Level.SHOULD, Verdict.WARNED)]
)
def test_a_broken_should_warns(level: Level, expected: Verdict) -> None:
    """What a finding means is for the level of the clause to say."""
    found = cell(saying("-"), clauses=[clause(level)])
    assert found.verdict is expected
    assert [finding.level for finding in found.findings] == [level]


@pytest.mark.parametrize(
    ("words", "expected"), [("-", Verdict.UNTESTED), ("-+", Verdict.PASSED), ("+", Verdict.PASSED)]
)
def test_a_note_is_never_graded(words: str, expected: Verdict) -> None:
    """A clause of level NOTE shows what was seen, and no verdict follows from it."""
    found = cell(saying(words), clauses=[clause(Level.NOTE)])
    assert found.verdict is expected
    assert found.findings == ()
    assert len(found.notes) == words.count("-")


def test_a_note_of_a_rule_is_never_graded() -> None:
    """A problem that its judge calls a note fails no clause of level MUST."""
    found = cell(saying("n+"))
    assert (found.verdict, found.findings, len(found.notes)) == (Verdict.PASSED, (), 1)


@pytest.mark.parametrize(
    ("about", "expected"),
    [
        (About(code="not_found"), Verdict.UNTESTED),
        (About(status=404, codes=("not_found",)), Verdict.PASSED),
        (None, Verdict.PASSED),
    ],
)
def test_a_refusal_without_a_code_shows_nothing_about_a_code(
    about: About | None, expected: Verdict
) -> None:
    """Its status may be right; clauses of the error structure blame the missing code."""
    found = cell(saying("c"), clauses=[clause(about=about)])
    assert found.verdict is expected
    assert cell(saying("c+"), clauses=[clause(about=about)]).verdict is expected


def test_a_finding_says_what_it_is() -> None:
    """A finding names clause, operation, rule, place, both values and its exchanges."""
    (finding,) = cell(saying("-")).findings
    assert (finding.clause, finding.operation, finding.rule, finding.where) == (
        "c",
        "list_calls",
        "r.one",
        "status",
    )
    assert (finding.expected, finding.actual, finding.exchanges) == ("200", "500", ("e1",))


def test_a_finding_quotes_the_first_of_what_is_alike() -> None:
    """It names every exchange that shows it."""
    both = [
        Violation("status", "200", actual, (name,))
        for name, actual in (("e1", "500"), ("e2", "503"))
    ]
    (finding,) = cell(Rule("r.one", "a rule", trial=lambda context, trial: both)).findings
    assert (finding.actual, finding.exchanges) == ("500", ("e1", "e2"))


def test_a_finding_on_a_body_quotes_the_plainest_exchange() -> None:
    """A request with the key full, and then the others."""
    both = [
        Violation("/id", "an id", actual, (name,)) for name, actual in (("e1", "7"), ("e2", "8"))
    ]
    rule = Rule("r.one", "a rule", trial=lambda context, trial: both)
    exchanges = (seen("e1", identity="revoked"), seen("e2"))
    (finding,) = cell(rule, exchanges).findings
    assert (finding.actual, finding.exchanges) == ("8", ("e2", "e1"))


def test_what_a_verdict_rests_on_is_frozen() -> None:
    """No cell can change what the next one rests on."""
    with pytest.raises(FrozenInstanceError):
        object.__new__(verdict._Evaluation).today = TODAY  # type: ignore[misc]
    with pytest.raises(FrozenInstanceError):
        object.__new__(coverage.Coverage).selected = None  # type: ignore[misc]


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("+", "+", Verdict.PASSED),
        ("+", "-", Verdict.FAILED),
        ("+", "g", Verdict.UNTESTED),
        ("+", "", Verdict.UNTESTED),
        ("t", "-", Verdict.FAILED),
    ],
)
def test_a_clause_of_two_rules_is_as_bad_as_the_worse(
    one: str, other: str, expected: Verdict
) -> None:
    """Every rule of a clause must have been judged for it to pass."""
    second = replace(saying(other), id="r.two")
    both = [clause(rules=("r.one", "r.two"))]
    assert (
        cell([saying(one), second], clauses=both, cases=[case(rules=("r.one", "r.two"))]).verdict
        is expected
    )


# --- crashes, budgets, what did not run -----------------------------------------------------------


def test_a_judge_that_crashes_is_our_error() -> None:
    """A crash never becomes the target's fault, and says which judge it was."""
    assert "r.one crashed: ZeroDivisionError" in cell(saying("x")).why[0]


def test_a_scenario_that_crashes_is_our_error() -> None:
    """A case that did not end well makes its cell an error, whatever was proved before."""
    found = cell(saying("+"), ends={CASE.id: "the scenario s crashed: KeyError: 'x'"})
    assert found.verdict is Verdict.ERROR
    assert found.why == ("the scenario s crashed: KeyError: 'x'",)


@pytest.mark.parametrize(
    ("ends", "selected", "reason"),
    [
        ({}, None, coverage.NOT_RUN),
        ({CASE.id: verdict.OVER_BUDGET}, None, verdict.OVER_BUDGET),
        ({}, frozenset({"other"}), coverage.NOT_SELECTED.text),
    ],
)
def test_what_did_not_run_is_untested(
    ends: dict[str, str], selected: frozenset[str] | None, reason: str
) -> None:
    """Cases that an early end, the budget or a selection leaves out make untested cells."""
    for exchanges in ((), (seen(),)):
        found = cell(saying("+"), exchanges, ends=ends, selected=selected)
        assert (found.verdict, found.why) == (Verdict.UNTESTED, (reason,))


def test_a_finding_counts_though_the_case_did_not_end() -> None:
    """What was seen broken before the budget was used up is broken."""
    assert cell(saying("-"), ends={CASE.id: verdict.OVER_BUDGET}).verdict is Verdict.FAILED


def test_an_operation_that_nothing_ran_on_names_what_keeps_most_of_it() -> None:
    """A passive rule without exchanges says what to provide, whatever optional cases there are."""
    gaps = ["give a key", "add write", "add write", None]
    cases = [case(f"s{number}[read_call]", "read_call", gap=gap) for number, gap in enumerate(gaps)]
    cases[-1] = replace(cases[-1], optional=True)
    loaded = real()
    plan, log = Plan(tuple(cases)), Log()
    found = verdict.cells(loaded, embedded().declaration, RULES, plan.cases, log, today=TODAY)
    mine = next(one for one in found if one.name == "status-listed[read_call]")
    assert (mine.verdict, mine.why) == (Verdict.UNTESTED, ("add write",))


def test_one_case_of_two_that_cannot_run_leaves_the_cell_untested() -> None:
    """A cell passes only if all its planned cases were judged; an optional one is not missed."""
    second = case("s[list_calls-2]", gap="give a key (keys: x in the target file)")
    found = cell(saying("+"), cases=[CASE, second], ends={CASE.id: "done"})
    assert (found.verdict, found.why) == (
        Verdict.UNTESTED,
        ("give a key (keys: x in the target file)",),
    )
    optional = replace(second, optional=True)
    assert (
        cell(saying("+"), cases=[CASE, optional], ends={CASE.id: "done"}).verdict is Verdict.PASSED
    )
    third = case("s[list_calls-3]", gap="add write")
    assert cell(saying("+"), cases=[CASE, optional, third], ends={CASE.id: "done"}).why == (
        "add write",
    )


@pytest.mark.parametrize("other", ["create_agent", "read_call"])
def test_a_case_of_another_operation_is_not_missed(other: str) -> None:
    """What keeps a case of another operation from running leaves no cell but its own untested."""
    found = judged(saying("+"), cases=[CASE, case(f"s[{other}]", other, gap="give a key")])
    assert {one.operation: one.verdict for one in found} == {
        "list_calls": Verdict.PASSED,
        other: Verdict.UNTESTED,
    }
    passive = Rule(
        "r.one",
        "a rule",
        passive=lambda context, exchange: (),
        applies=lambda *_: True,
        hint="nothing was seen",
    )
    found = judged(
        passive, (), cases=[case(rules=(), gap="give a key"), case(f"s[{other}]", other, rules=())]
    )
    assert [one.why for one in found if one.operation == "list_calls"] == [("give a key",)]


def test_an_optional_case_that_runs_counts() -> None:
    """What an optional case finds is found."""
    second = case("s[list_calls-2]", optional=True)
    found = cell(saying("-"), [seen(of=second)], cases=[CASE, second])
    assert found.verdict is Verdict.FAILED


def test_a_cell_of_an_optional_case_alone_says_why_that_did_not_run() -> None:
    """Beside another case, it says nothing."""
    optional = replace(CASE, id="s[list_calls-2]", optional=True)
    needy = replace(optional, gap="give another key")
    silent = saying("", hint="give a key")
    assert cell(silent, (), cases=[optional], ends={}).why == ("not run: the run ended before it",)
    assert cell(silent, (), cases=[needy], ends={}).why == ("give another key",)
    assert cell(silent, cases=[CASE, needy], ends={CASE.id: "done"}).why == ("give a key",)
    assert cell(silent, cases=[CASE]).why == ("give a key",)


@pytest.mark.parametrize(("operation", "applies"), [("list_calls", False), ("*", True)])
def test_a_passive_rule_is_missed_only_where_it_applies(operation: str, applies: bool) -> None:
    """A clause of two rules passes by the one that applies; an unknown operation has none."""
    passive = Rule(
        "r.two", "a rule", passive=lambda context, exchange: (), applies=lambda *_: applies
    )
    one = case(f"s[{operation}]", operation)
    found = judged(
        [saying("+"), passive],
        [seen(of=one)],
        clauses=[clause(rules=("r.one", "r.two"))],
        cases=[one],
    )
    assert [each.verdict for each in found if each.operation == operation] == [Verdict.PASSED]


def test_a_selection_is_why_a_passive_rule_saw_nothing() -> None:
    """What it looks for may have come with the cases that were left out, though others ran."""
    passive = Rule(
        "r.one",
        "a rule",
        passive=lambda context, exchange: (),
        applies=lambda *_: True,
        hint="nothing was seen",
    )
    cases = [case(rules=()), case("s[list_calls-2]", rules=())]
    for selected, reason in (
        (frozenset({CASE.id}), coverage.NOT_SELECTED.text),
        (frozenset(c.id for c in cases), "nothing was seen"),
    ):
        found = judged(passive, cases=cases, selected=selected)
        assert [one.why for one in found if one.operation == "list_calls"] == [(reason,)]


@pytest.mark.parametrize("end", ["done", "the scenario s crashed", "~"])
def test_a_passive_rule_says_what_it_needs_if_one_case_of_two_ran(end: str) -> None:
    """Only where no case of an operation could run, their gap is why the rule saw nothing."""
    passive = Rule(
        "r.one",
        "a rule",
        passive=lambda context, exchange: (),
        applies=lambda *_: True,
        hint="nothing was seen",
    )
    cases = [case(rules=()), case("s[list_calls-2]", rules=(), gap="add write")]
    found = judged(passive, cases=cases, ends={CASE.id: end})
    assert [one.why for one in found if one.operation == "list_calls"] == [("nothing was seen",)]


def test_a_trial_rule_says_what_it_needs_if_its_own_case_asked() -> None:
    """What the other cases of the operation sent does not count."""
    other = case("s[list_calls-2]", rules=())
    quiet = saying("", hint="the list must hold three items")
    found = cell(quiet, [seen(of=other)], cases=[CASE, other])
    assert found.why == (coverage.NOTHING_ASKED.text,)


def test_a_rule_that_saw_nothing_says_what_it_needs() -> None:
    """A case that came to nothing gives the hint of its rule."""
    found = cell(saying("", hint="the list must hold three items"))
    assert (found.verdict, found.why) == (Verdict.UNTESTED, ("the list must hold three items",))


def test_a_clause_without_a_case_has_no_cell() -> None:
    """No cell, no verdict."""
    assert judged(saying("+"), cases=()) == ()


def test_an_inapplicable_operation_is_not_judged() -> None:
    """What the target declares not to have is inapplicable, whatever was seen."""
    found = cell(saying("-"), target=replace(TARGET, inapplicable=frozenset({"list_calls"})))
    assert (found.verdict, found.findings) == (Verdict.INAPPLICABLE, ())


LOST = (replace(CASE, gap="no such parameter", inapplicable=True),)
"""The case of a target that declares to lack the parameter that it needs."""


def noticing(words: str, *, applies: bool = False) -> tuple[Rule, Rule]:
    """A passive rule that yields one outcome for each sign, beside a trial rule without a word."""

    def judge(_context: JudgeContext, _exchange: Exchange) -> Iterator[Outcome]:
        return (WORDS[word] for word in words)

    passive = Rule("r.two", "a rule", passive=judge, applies=lambda *_all: applies)
    return saying(""), passive


@pytest.mark.parametrize(
    ("words", "applies", "expected"),
    [
        ("", False, Verdict.INAPPLICABLE),
        ("+", False, Verdict.INAPPLICABLE),
        ("-", False, Verdict.FAILED),
        ("-", True, Verdict.FAILED),
        ("+", True, Verdict.PASSED),
    ],
)
def test_a_lost_case_hides_no_finding(words: str, applies: bool, expected: Verdict) -> None:
    """A cell whose cases all need what the target lacks is judged by what else was seen."""
    operations = {"list_calls": real().operations["list_calls"]}
    both = noticing(words, applies=applies)
    rules = {rule.id: rule for rule in both}
    contract = replace(ledger(clause(rules=tuple(rules))), operations=operations)
    log = Log([seen()], {CASE.id: "done"})
    (found,) = verdict.cells(contract, TARGET, rules, LOST, log, today=TODAY)
    assert found.verdict is expected


# --- waivers --------------------------------------------------------------------------------------


def waived(
    expires: str = "2026-12-31", operations: tuple[str, ...] = (), name: str = "c"
) -> Waiver:
    """A waiver of the clause."""
    return Waiver(name, operations, "known since May", "Ann", "X-1", date.fromisoformat(expires))


@pytest.mark.parametrize(
    ("waivers", "expected"),
    [
        ([waived()], Verdict.WAIVED),
        ([waived("2026-11-25")], Verdict.WAIVED),
        ([waived("2026-11-24")], Verdict.FAILED),
        ([waived(operations=("list_calls",))], Verdict.WAIVED),
        ([waived(operations=("list_agents",))], Verdict.FAILED),
        ([waived(name="d")], Verdict.FAILED),
        ([waived(name="b")], Verdict.FAILED),
        ([waived("2026-11-24"), waived("2027-01-31")], Verdict.WAIVED),
        ([], Verdict.FAILED),
    ],
)
def test_a_valid_waiver_covers_a_failure(waivers: list[Waiver], expected: Verdict) -> None:
    """A waiver covers its clause and operations up to its last day; a renewed one holds as well."""
    found = cell(saying("-"), target=replace(TARGET, waivers=tuple(waivers)))
    assert found.verdict is expected
    assert len(found.findings) == 1
    assert (found.waiver is not None) == (expected is Verdict.WAIVED)
    if found.waiver:
        assert "known since May" in found.waiver
        assert "(Ann, X-1, until 20" in found.waiver


@pytest.mark.parametrize(
    ("words", "level"),
    [("+", Level.MUST), ("t", Level.MUST), ("g", Level.MUST), ("-", Level.SHOULD)],
)
def test_a_waiver_covers_nothing_but_a_failure(words: str, level: Level) -> None:
    """A waiver changes no other verdict."""
    target = replace(TARGET, waivers=(waived(),))
    found = judged(saying(words), clauses=[clause(level)], target=target)
    assert found == tuple(
        replace(one, waiver=None) for one in judged(saying(words), clauses=[clause(level)])
    )


def test_keys_that_never_open_anything_are_told() -> None:
    """A valid key that always got 401 is named; one that worked or must be refused is not."""
    seen = [
        answer(status, identity=role)
        for role, status in (
            ("other", 401),
            ("other", 401),
            ("test", 401),
            ("test", 200),
            ("empty", 403),
            ("revoked", 401),
        )
    ]
    seen += [answer(200), answer(401, identity="no_scope", form="misplaced")]
    target = replace(
        TARGET,
        keys=frozenset({"full", "other", "test", "empty", "revoked", "no_scope"}),
    )
    assert doubtful_keys(target, seen) == [
        "all 2 requests with the key other returned 401: "
        "check that the key in the target file is valid for this target"
    ]


def test_what_the_target_lacks_is_told_in_words_to_paste() -> None:
    """An operation that was never there, whoever asked, and one that was there for one key."""
    seen = [
        answer(404, operation="list_evals", role="control"),
        answer(405, operation="list_evals"),
        answer(403, operation="list_evals", identity="no_scope"),
        answer(404, operation="read_call"),
        answer(200, {}, operation="read_call"),
        answer(404, operation="*"),
        answer(404, operation="read_agent", mistake=True),
    ]
    known = real()
    (line,) = lacking(known, seen)
    assert line == (
        "1 of 2 routes do not exist on the target (GET /evals); "
        "if the target is meant to lack them, add to the target file: inapplicable: [GET /evals]"
    )
    assert lacking(known, seen[3:]) == []


def test_an_operation_whose_route_has_others_is_named_by_its_id() -> None:
    """Else the line would declare these, too."""
    seen = [answer(404, operation="list_evals"), answer(200, {}, operation="read_eval")]
    (line,) = lacking(real(), seen)
    assert line.endswith("inapplicable: [list_evals]")


def test_only_what_was_sent_again_is_said_to_be() -> None:
    """A read that a proxy spoils is sent again, a write whose fate is unknown is not."""
    writes = [answer(502, operation="create_lead"), answer(504, operation="create_lead")]
    usual = [answer(200, {})] * 999
    (line,) = unavailable(real(), [*writes, *usual])
    assert line == "2 of 1001 requests returned 502, 503 or 504"
    (line,) = unavailable(real(), [answer(502, role="retry"), *writes, *usual])
    assert line == "3 of 1002 requests returned 502, 503 or 504 (sent again: 1)"


@pytest.mark.parametrize(
    ("good", "words"), [(999, "502, 503 or 504$"), (9, "set rate: in the target")]
)
def test_answers_of_a_proxy_are_counted(good: int, words: str) -> None:
    """A target that needs repeats often is told what to do about it; one without any is not."""
    (line,) = unavailable(real(), [answer(503), *[answer(200, {})] * good])
    assert line.startswith(f"1 of {good + 1} requests returned 502, 503 or 504")
    assert re.search(words, line)
    assert unavailable(real(), [answer(200, {})]) == []


def test_requests_without_a_response_are_counted() -> None:
    """A server that crashed on one of them is not judged by it, but the reader learns of it.

    Where nothing answers at all, another message says so.
    """
    lost = answer(None, operation="create_lead", failure="closed", identifier="7")
    sent_again = answer(None, failure="closed", role="retry")
    (line,) = unanswered(real(), [answer(200, {}), sent_again, lost])
    assert line == (
        "1 request got no response (POST /leads), the first being exchange 7: "
        "see whether the server crashed"
    )
    assert unanswered(real(), [answer(200, {}), sent_again]) == []
    assert unanswered(real(), [lost]) == []


def test_a_code_of_the_contract_is_no_answer_of_a_proxy() -> None:
    """The server itself sends it, with a wrong status."""
    error = {"error": {"code": "vapi_error", "message": "The provider failed."}}
    assert unavailable(real(), [answer(502, error), answer(200, {})]) == []


def test_what_the_log_does_not_hold_is_counted() -> None:
    """Bodies beyond the bound of the log, withheld bodies and cut headers, each with its count."""
    whole = answer(200, {})
    assert whole.response is not None
    left_out = replace(whole, response=replace(whole.response, body=Body(size=9, left_out=True)))
    withheld = replace(whole, response=replace(whole.response, body=Body(size=9, withheld=True)))
    cut = replace(whole, response=replace(whole.response, headers_cut=True))
    told = incompletely_logged([left_out, left_out, withheld, cut, whole])
    words = (
        "the log reached its limit .* of 2 responses",
        "a possible secret, .* body of 1 response",
        "some of the headers of 1 response",
    )
    assert all(re.search(*pair) for pair in zip(words, told, strict=True)), told
    assert incompletely_logged([whole]) == []


# --- repetition -----------------------------------------------------------------------------------


def by_attempt(*words: str, confirm: bool = True) -> Rule:
    """A rule that says something else of each attempt."""

    def judge(context: JudgeContext, trial: Trial) -> Iterator[Outcome]:
        ids = tuple(exchange.id for exchange in trial.exchanges)
        for word in words[trial.exchanges[0].attempt - 1]:
            outcome = WORDS[word]
            yield (
                replace(outcome, exchanges=ids)
                if isinstance(outcome, Pass | Violation)
                else outcome
            )

    return Rule("r.one", "a rule", trial=judge, confirm=confirm)


TWICE = (seen("e1"), seen("e2", attempt=2))


@pytest.mark.parametrize(
    ("first", "second", "expected", "notes"),
    [
        ("-", "+", Verdict.PASSED, 1),
        ("-", "-", Verdict.FAILED, 0),
        ("-", "-+", Verdict.FAILED, 0),
        ("+-", "", Verdict.PASSED, 1),
        ("-", "", Verdict.UNTESTED, 1),
        ("-", "g", Verdict.UNTESTED, 1),
        ("+", "-", Verdict.PASSED, 1),
    ],
)
def test_a_suspicion_must_be_confirmed(
    first: str, second: str, expected: Verdict, notes: int
) -> None:
    """Where the data may have moved, a finding that not every attempt shows is a note."""
    found = cell(by_attempt(first, second), TWICE)
    assert found.verdict is expected
    assert len(found.notes) == notes
    assert all("not when repeated" in note.actual for note in found.notes)


def test_a_confirmed_finding_is_told_once() -> None:
    """The first attempt has said it; the second one does not repeat it."""
    assert [finding.exchanges for finding in cell(by_attempt("-", "-"), TWICE).findings] == [
        ("e1",)
    ]
    assert cell(by_attempt("-", "-+"), TWICE).exchanges == ("e2", "e1")


def test_a_rule_that_wants_no_confirmation_counts_at_once() -> None:
    """A wrong status is wrong, whatever the next request brings."""
    assert cell(by_attempt("-", "+", confirm=False), TWICE).verdict is Verdict.FAILED


def test_a_case_is_judged_by_its_own_exchanges() -> None:
    """What another case sent is no part of a trial, though both feed the rule."""
    trials: list[list[str]] = []

    def judge(context: JudgeContext, trial: Trial) -> Iterator[Outcome]:
        trials.append([exchange.id for exchange in trial.exchanges])
        yield WORDS["+"]

    cases = [case(f"s[{name}]") for name in "abc"]
    judged(
        Rule("r.one", "a rule", trial=judge),
        [seen(f"e-{one.id}", of=one) for one in cases],
        cases=cases,
    )
    assert trials == [["e-s[a]"], ["e-s[b]"], ["e-s[c]"]]


def test_an_exchange_that_was_repeated_is_no_part_of_the_trial() -> None:
    """What a proxy or a limit spoilt is in the log, but the judge of the trial does not see it."""
    sizes: list[int] = []

    def judge(context: JudgeContext, trial: Trial) -> Iterator[Outcome]:
        sizes.append(len(trial.exchanges))
        yield WORDS["+"]

    cell(Rule("r.one", "a rule", trial=judge), [seen("e1", role="retry"), seen("e2")])
    assert sizes == [1]


@pytest.mark.parametrize(("name", "expected"), [("a", 1), ("preflight", 0), ("z", 1)])
def test_a_preflight_is_not_judged(name: str, expected: int) -> None:
    """What only asked whether this is a target at all is no evidence; what any scenario sent is."""
    asked = replace(seen(), scenario=name)
    assert len(judged(coded(("-", "not_found")), [asked], cases=())) == expected


# --- who is to blame ------------------------------------------------------------------------------


def coded(*pairs: tuple[str, str]) -> Rule:
    """A passive rule that says, for each exchange, pairs of a sign and what it is about."""

    def judge(context: JudgeContext, exchange: Exchange) -> Iterator[Outcome]:
        for word, about in pairs:
            outcome = WORDS[word]
            assert isinstance(outcome, Pass | Violation)
            yield replace(outcome, about=about, exchanges=(exchange.id,))

    return Rule("r.one", "a rule", passive=judge)


def test_a_clause_about_a_code_hears_only_of_that_code() -> None:
    """A wrong status of one code blames the clause of that code, and no other one."""
    clauses = [clause(about=About(code=code), name=code) for code in ("not_found", "forbidden")]
    found = judged(coded(("-", "not_found")), clauses=clauses, cases=())
    assert [(one.clause, one.operation, one.verdict) for one in found] == [
        ("not_found", "list_calls", Verdict.FAILED)
    ]


def test_a_clause_about_a_status_hears_of_the_codes_of_that_status_and_of_the_status_alone() -> (
    None
):
    """A problem with the code of a 404 is no matter of the clause about the status 404."""
    rows = (About(status=404, codes=("not_found",)), About(status=400, codes=("bad_request",)))
    clauses = [clause(about=row, name=str(row.status)) for row in rows]
    found = judged(coded(("-", "not_found")), clauses=clauses, cases=())
    assert [one.clause for one in found] == ["404"]
    elsewhere = Violation("/error/code", "a code", "another", ("e1",))
    rule = Rule("r.one", "a rule", trial=lambda context, trial: [elsewhere, WORDS["+"]])
    by_status = judged(
        rule, clauses=[clause(about=About(status=404), name="404"), clause(name="plain")]
    )
    assert [(one.clause, one.verdict) for one in by_status] == [
        ("404", Verdict.PASSED),
        ("plain", Verdict.FAILED),
    ]


def test_a_case_about_a_code_feeds_the_clause_of_that_code() -> None:
    """The trigger of one code is no proof for another one."""
    clauses = [clause(about=About(code=code), name=code) for code in ("call_failed", "vapi_error")]
    for word, expected in (("+", Verdict.PASSED), ("-", Verdict.FAILED)):
        found = judged(saying(word), clauses=clauses, cases=[replace(CASE, about="call_failed")])
        assert [(one.clause, one.verdict) for one in found] == [("call_failed", expected)]


def test_a_finding_outside_the_plan_makes_a_cell() -> None:
    """A passive rule can blame an operation without a planned cell; a pass makes no cell."""
    assert judged(coded(("+", "not_found")), cases=()) == ()
    (found,) = judged(coded(("-", "not_found")), cases=())
    assert (found.operation, found.verdict) == ("list_calls", Verdict.FAILED)


def test_a_finding_belongs_to_the_operation_that_was_asked() -> None:
    """A set-up request of one case that shows a fault blames its own operation."""
    rule = coded(("-", "not_found"))
    found = judged(rule, [seen(operation="read_agent", role="setup")], cases=[case(rules=())])
    assert [one.operation for one in found] == ["read_agent"]


def test_an_exchange_of_no_known_case_is_judged_by_itself_only() -> None:
    """An exchange of an unknown case feeds no trial, but passive rules judge it."""
    stray = seen(of=case("old[list_calls]"))
    assert cell(saying("+"), [stray]).verdict is Verdict.UNTESTED
    assert judged(coded(("-", "x")), [stray], cases=())[0].verdict is Verdict.FAILED


def test_operations_come_in_the_order_of_the_contract() -> None:
    """Cells come clause by clause, in the order of the operations; those of none come first."""
    names = [
        "update_agent",
        "old",
        "list_calls",
        next(iter(real().operations)),
        "*",
        "read_call",
    ]
    cases = [case(f"s[{name}]", name) for name in names]
    order = [name for name in ("*", "old", *real().operations) if name in names]
    assert [one.operation for one in judged(saying("+"), (), cases=cases)] == order


# --- purity ---------------------------------------------------------------------------------------


def evidence() -> tuple[Plan, Log]:
    """A plan of the real contract, and a log with something of most kinds in it."""
    contract = real()
    declared = embedded().declaration
    plan = planning.planned(contract, declared, 0)
    log, number = Log(), 0
    pool = [
        example.exchanges
        for example in all_examples()
        if example.contract is None and example.exchanges
    ]
    for place, planned in enumerate(plan.cases):
        for exchange in pool[place * 7 % len(pool)]:
            number += 1
            log.exchanges.append(
                replace(exchange, id=f"e{number}", case=planned.id, scenario=planned.scenario)
            )
        log.ends[planned.id] = {0: verdict.OVER_BUDGET, 5: "the scenario crashed"}.get(
            place % 11, verdict.DONE
        )
    return plan, log


def real_cells(plan: Plan, log: Log) -> tuple[Cell, ...]:
    """The cells of the real contract and rules."""
    contract = real()
    return verdict.cells(contract, embedded().declaration, RULES, plan.cases, log, today=TODAY)


def normal(cells: Iterable[Cell]) -> list[Any]:
    """Cells without the order of their exchanges, and without which one a finding quotes."""

    def plain(findings: Iterable[Finding]) -> list[Any]:
        return sorted(
            (one.rule, one.where, one.expected, one.level, tuple(sorted(one.exchanges)))
            for one in findings
        )

    return [
        (
            one.name,
            one.verdict,
            sorted(one.exchanges),
            plain(one.findings),
            plain(one.notes),
            sorted(one.why),
            one.waiver,
        )
        for one in cells
    ]


def test_judging_is_pure() -> None:
    """The same inputs give the same cells twice, and stay as they were."""
    plan, log = evidence()
    before = copy.deepcopy((plan, log))
    first, second = real_cells(plan, log), real_cells(plan, log)
    assert first == second
    assert (plan, log) == before
    assert {one.verdict for one in first} >= {
        Verdict.FAILED,
        Verdict.UNTESTED,
        Verdict.PASSED,
        Verdict.ERROR,
        Verdict.WARNED,
    }


def test_the_order_of_the_cases_in_the_log_does_not_matter() -> None:
    """Logs of several workers may be joined in any order: times and cases order what counts."""
    plan, untimed = evidence()
    begin = datetime(2026, 4, 17, tzinfo=UTC)
    timed = [
        replace(exchange, started=(begin + timedelta(seconds=place)).isoformat())
        for place, exchange in enumerate(untimed.exchanges)
    ]
    log = Log(timed, untimed.ends)
    chance = random.Random(7)
    by_case: dict[str, list[Exchange]] = {}
    for exchange in log.exchanges:
        by_case.setdefault(exchange.case, []).append(exchange)
    queues = [list(reversed(exchanges)) for exchanges in by_case.values()]
    mixed: list[Exchange] = []
    while queues:
        queue = chance.choice(queues)
        mixed.append(queue.pop())
        queues = [left for left in queues if left]
    assert mixed != log.exchanges
    ends = dict(sorted(log.ends.items(), key=lambda _: chance.random()))
    assert normal(real_cells(plan, Log(mixed, ends))) == normal(real_cells(plan, log))


# --- a run ----------------------------------------------------------------------------------------


def run(*verdicts: Verdict, **members: Any) -> Run:
    """A run with cells of some verdicts."""
    cells = tuple(Cell("c", f"o{number}", one) for number, one in enumerate(verdicts))
    base: dict[str, Any] = {
        "contract": ledger(clause(), clause(name="d")),
        "suite": "0",
        "seed": 0,
        "target": embedded().declaration,
        "started": "",
        "finished": "",
        "judged_on": "",
        "incomplete": None,
        "cases": (),
        "cells": cells,
        "exchanges": (),
    }
    return Run(**{**base, **members})


@pytest.mark.parametrize(
    ("verdicts", "members", "code"),
    [
        ((), {}, 3),
        ((Verdict.UNTESTED, Verdict.INAPPLICABLE), {}, 3),
        ((Verdict.PASSED,), {}, 0),
        ((Verdict.WARNED, Verdict.WAIVED, Verdict.UNTESTED, Verdict.INAPPLICABLE), {}, 0),
        ((Verdict.FAILED,), {}, 1),
        ((Verdict.FAILED, Verdict.ERROR), {}, 1),
        ((Verdict.FAILED,), {"incomplete": "the target is gone"}, 1),
        ((Verdict.FAILED, Verdict.UNTESTED), {"require_complete": True}, 1),
        ((Verdict.ERROR, Verdict.PASSED), {}, 3),
        ((Verdict.PASSED,), {"incomplete": "the target is gone"}, 3),
        ((Verdict.PASSED, Verdict.UNTESTED), {"require_complete": True}, 3),
        ((Verdict.PASSED, Verdict.WAIVED, Verdict.WARNED), {"require_complete": True}, 0),
        ((Verdict.PASSED, Verdict.EXCLUDED), {"require_complete": True}, 0),
        ((Verdict.FAILED, Verdict.EXCLUDED), {}, 1),
        ((Verdict.EXCLUDED,), {}, 3),
    ],
)
def test_the_exit_code_of_a_run(
    verdicts: tuple[Verdict, ...], members: dict[str, Any], code: int
) -> None:
    """A broken MUST is 1 and wins over 3; untested cells count if completeness is required, and
    a run that judged nothing is 3."""
    assert run(*verdicts, **members).exit_code == code


def test_counts_and_clauses_of_a_run() -> None:
    """All verdicts are counted; a clause shows the worst of its cells, or none."""
    finished = run(Verdict.PASSED, Verdict.PASSED, Verdict.WARNED)
    assert finished.counts == {
        "failed": 0,
        "error": 0,
        "waived": 0,
        "warned": 1,
        "untested": 0,
        "excluded": 0,
        "passed": 2,
        "inapplicable": 0,
    }
    assert list(finished.counts) == [one.value for one in Verdict]
    assert finished.clause_verdict("c") is Verdict.WARNED
    assert finished.clause_verdict("d") is None
    assert {name: len(cells) for name, cells in finished.by_clause.items()} == {"c": 3, "d": 0}
