"""Causes: what has to be fixed, computed from the findings of a run."""

from __future__ import annotations

from dataclasses import replace

import pytest

from conformance.base.values import NOT_JSON, read_json
from conformance.causes import causes_of
from conformance.causes.explained import EXPLAINED
from conformance.causes.finding_key import UNREAD, Key, key_of, stable_text
from conformance.causes.telling import telling
from conformance.checks import RULES
from conformance.judging.outcomes import Violation
from conformance.model import (
    NOT_PARSED,
    Cause,
    Cell,
    Facts,
    Finding,
    Form,
    Harm,
    Operation,
    Role,
    Run,
    Step,
    Verdict,
)
from conformance.model.mistake_names import FORMS, SCENARIOS
from conformance.plan.registry import REGISTRY
from conformance.report import cards
from conformance.run.planning import load_suite
from conformance.run.seen_causes import SeenCauses
from conformance.scenarios.odd.odd_values import CONTENTS, CUT_OFF
from conformance.scenarios.requests.test_requests import FLAWS
from conformance.server import application
from conformance.server.application import Application
from conformance.server.messages import Refusal, Reply, Request
from tests import picture
from tests.faults import harness, rows
from tests.faults.base import Faulty
from tests.faults.faults import FAULTS
from tests.support import contracts
from tests.support.exchanges import answer
from tests.thirty import THIRTY, run_of_all

pytestmark = pytest.mark.long


def judged(name: str, seed: int = 0) -> Run:
    """A run against a server with one fault."""
    fault = FAULTS[name]
    loaded = contracts.real()
    return harness.run(loaded, fault.make(loaded), aim=rows.aim_at(fault), seed=seed)


def test_thirty_faults_at_once_have_at_most_thirty_three_causes() -> None:
    """Every fault has a cause that names a clause of it; the cells of all causes are the broken.

    The pictures of the documentation show this run, but for the causes among items of the same
    second: how many lists those break depends on when the run makes its objects.
    """
    run = run_of_all([FAULTS[name] for name in THIRTY])
    assert 28 <= len(run.causes) <= 33
    named = {clause for cause in run.causes for clause in cause.clauses}
    unnamed = [name for name in THIRTY if named.isdisjoint(FAULTS[name].breaks)]
    assert unnamed == []
    broken = {cell.name for cell in run.cells if cell.findings}
    assert {name for cause in run.causes for name in cause.cells} == broken
    pictured = picture.TERMINAL.read_text(encoding="utf-8")
    assert steady(picture.terminal(run)) == steady(pictured)


def steady(terminal: str) -> list[str]:
    """The words of a picture of the terminal that do not depend on when objects are created.

    Without empty lines, which a line that is left out would leave behind in another place.
    """
    lines = picture.words(terminal).splitlines()
    return [line for line in lines if line.strip() and "of the same second" not in line]


def test_a_key_without_the_scope_is_shown_with_the_scope_that_it_lacks() -> None:
    """The contract says which; the request does not."""
    run = judged("readers-replay")
    asked = [card.asked for card in cards.cards(run)]
    assert asked
    assert all(each.endswith(", although the operation needs events:replay") for each in asked)


@pytest.mark.parametrize("name", ["flag-as-text", "foreign-agent-read", "name-that-is-no-text"])
def test_an_id_is_the_same_for_every_seed(name: str) -> None:
    """Ids, times and drawn texts are no part of a cause."""
    ids = [[cause.id for cause in judged(name, seed).causes] for seed in (0, 1, 2)]
    assert ids[0] == ids[1] == ids[2]


@pytest.mark.parametrize("name", ["expired-key-taken", "any-scheme-taken", "readers-replay"])
def test_a_key_taken_with_and_without_odd_input_is_one_cause(name: str) -> None:
    """With an input that may be wrong, 400 is as good as 401, so there is no second cause."""
    assert len(judged(name).causes) == 1


def test_causes_depend_on_the_findings_alone() -> None:
    """The order of the cells changes nothing."""
    run = judged("trace-pages")
    again = causes_of(run.contract, tuple(reversed(run.cells)), run.exchanges)
    assert {cause.id for cause in again} == {cause.id for cause in run.causes}


def test_causes_are_known_while_a_run_goes_on() -> None:
    """From what its cases found so far. A finding of a known kind adds no cause."""
    run = judged("trace-pages")
    found = [
        (each.rule, Violation(each.where, each.expected, each.actual, each.exchanges))
        for cell in run.cells
        for each in cell.findings
    ]
    seen = SeenCauses(run.contract)
    new = seen.add(found, run.exchanges)
    assert [cause.id for cause in new] == [cause.id for cause in run.causes]
    assert seen.add(found, run.exchanges) == []


def test_a_fault_in_html_is_one_cause() -> None:
    """The label, the structure and the code of one page go back to one thing."""
    (cause,) = judged("trace-pages").causes
    assert {"envelope-json", "envelope-unrouted", "envelope-message-human"} <= {*cause.clauses}


def test_server_faults_are_told_by_what_provokes_them() -> None:
    """Two crashes have the same finding, and are two causes."""
    date, brackets = judged("impossible-date").causes, judged("parameter-in-brackets").causes
    assert {cause.flaw for cause in date} == {"an odd value of after"}
    assert {cause.flaw for cause in brackets} == {"a parameter in brackets"}
    assert {cause.id for cause in date}.isdisjoint(cause.id for cause in brackets)


@pytest.mark.parametrize(
    ("where", "actual"),
    [
        ("/voice", "7 is not of type 'object', 'null'"),
        ("/agents/12/voice", "'text\\n' is not of type 'object', 'null'"),
        ("/agents/3/voice", "'a long text' is not of type 'object', 'null'"),
    ],
)
def test_a_member_of_the_wrong_type_is_one_cause(where: str, actual: str) -> None:
    """Whatever the value is, in a list and in an object."""
    found = Finding("shape", "read_agent", "read.schema", where, "an object", actual, ())
    first = replace(found, where="/agents/0/voice", actual="1 is not of type 'object', 'null'")
    assert key_of(found, []) == key_of(first, [])


class Unparsed(Application):
    """Fails on every body that is not JSON."""

    def dispatch(self, request: Request) -> Reply:
        body = request.body.decode("utf-8", "replace")
        if request.method == "POST" and read_json(body).value is NOT_JSON:
            raise Refusal("internal_error")
        return super().dispatch(request)


def test_a_parser_that_stumbles_is_one_cause() -> None:
    """Whatever makes a body no JSON, one line of the server has to be mended.

    What is drawn, and what is long, may fail for other reasons, too.
    """
    loaded = contracts.real()
    aim = harness.Aim(operations=("create_agent", "create_lead"))
    run = harness.run(loaded, application(loaded, kind=Unparsed), aim=aim)
    flaws = [cause.flaw for cause in run.causes]
    assert sorted(flaws) == ["a body of a megabyte", UNREAD]


def test_what_is_said_to_be_unparsed_is_sent() -> None:
    """The words are those of the scenarios."""
    assert {CUT_OFF, *FLAWS.values(), *(odd.flaw for odd in CONTENTS.values())} >= NOT_PARSED


class Broken(Application):
    """A server that fails whatever it is asked."""

    def dispatch(self, request: Request) -> Reply:
        raise Refusal("internal_error")


def test_a_server_that_always_fails_has_one_cause() -> None:
    """No odd request provokes what a plain one shows as well; the title names a plain one."""
    loaded = contracts.real()
    aim = harness.Aim(operations=("list_calls", "read_call", "list_agents"))
    run = harness.run(loaded, application(loaded, kind=Broken), aim=aim)
    (cause,) = run.causes
    assert cause.flaw == ""
    assert cause.finding.expected.startswith("200")


def test_a_cause_is_worded_by_the_clause_of_most_cells() -> None:
    """A number that begins with 2 is not a success status."""
    run = judged("foreign-agent-read")
    cell = next(cell for cell in run.cells if cell.findings)

    def found(clause: str, operation: str, expected: str) -> Cell:
        first = cell.findings[0]
        finding = replace(first, clause=clause, operation=operation, where="/", expected=expected)
        return replace(cell, clause=clause, operation=operation, findings=(finding,))

    cells = [
        found("business-object", "read_agent", "20 items"),
        found("business-rows", "list_agents", "3 items"),
        found("business-rows", "list_calls", "3 items"),
    ]
    (cause,) = causes_of(run.contract, cells, run.exchanges)
    assert (cause.clauses[0], cause.finding.clause) == ("business-rows", "business-rows")


def test_a_cause_is_shown_by_its_plainest_exchange() -> None:
    """With the key full and without a mistake; of several such exchanges, by the shortest."""
    run = judged("foreign-agent-read")
    cell = next(cell for cell in run.cells if cell.findings)
    some = replace(run.exchange[cell.findings[0].exchanges[0]], facts=Facts())
    address = f"{some.request.url}&limit=5"
    longer = replace(some.request, url=address)
    seen = [
        replace(some, id="revoked", identity="revoked"),
        replace(some, id="mistaken", facts=Facts(mistake=True, flaw="a parameter twice")),
        replace(some, id="long", request=longer),
        replace(some, id="plain"),
    ]
    names = tuple(each.id for each in seen)
    found = replace(cell.findings[0], where="status", exchanges=names, apart=True)
    (cause,) = causes_of(run.contract, [replace(cell, findings=(found,))], seen)
    assert cause.finding.exchanges == ("plain",)
    assert [each.id for each in telling(replace(run, exchanges=tuple(seen)), cause)] == ["plain"]
    assert cause.exchanges == names


def test_a_cause_is_shown_by_the_response_that_it_quotes() -> None:
    """Another one may have another value there: an item that is foreign to another key."""
    run = judged("rows-of-all-on-later-pages")
    (cause,) = run.causes
    (shown,) = run.exchanges_of(cause.finding.exchanges)
    own = run.target.businesses["other" if shown.identity == "other" else "main"]
    assert cause.finding.where == "/business_id"
    assert own not in cause.finding.actual


def test_a_cause_that_takes_two_requests_quotes_the_last_response() -> None:
    """The first one is right: the request is refused when it is repeated."""
    (cause,) = judged("repetition-refused").causes
    assert cause.finding.where == "status"
    assert cause.finding.actual.startswith("400")


def test_what_belongs_to_others_comes_first_and_form_last() -> None:
    """A leak is worse than a lost item, and that is worse than a missing member."""
    loaded = contracts.real()
    names = ("call-without-status", "item-lost-deep-down", "foreign-agent-read")
    kinds = tuple(FAULTS[name].kind for name in names)
    aim = harness.Aim(operations=("read_call", "list_calls", "read_agent"))
    run = harness.run(loaded, application(loaded, kind=type("Three", kinds, {})), aim=aim)
    assert [cause.harm for cause in run.causes] == [Harm.ISOLATION, Harm.LOSS, Harm.FORM]


@pytest.mark.parametrize("name", ["forbidden-for-missing-key", "forbidden-for-expired-key"])
def test_a_refusal_with_another_status_is_a_wrong_answer(name: str) -> None:
    """Nothing was reached, so nobody else is harmed."""
    for cause in judged(name).causes:
        assert cause.harm in (Harm.ANSWER, Harm.FORM), cause


def test_a_cause_names_the_cells_that_it_blocks() -> None:
    """What cannot be judged because of a failure stands under its cause."""
    run = judged("flag-as-text")
    blocked = {cell.name for cell in run.cells if any(reason.by for reason in cell.reasons)}
    assert blocked
    assert {name for cause in run.causes for name in cause.blocks} == blocked


def test_a_run_without_findings_has_no_cause() -> None:
    """Untested and passed cells go back to nothing."""
    run = judged("foreign-agent-read")
    good = [replace(cell, verdict=Verdict.PASSED) for cell in run.cells]
    assert causes_of(run.contract, good, run.exchanges) == ()


def test_a_waived_failure_keeps_its_cause() -> None:
    """A waiver changes the verdict of a cause, and not its id."""
    run = judged("foreign-agent-read")
    waived = [
        replace(cell, verdict=Verdict.WAIVED) if cell.findings else cell for cell in run.cells
    ]
    (cause,) = causes_of(run.contract, waived, run.exchanges)
    assert (cause.id, cause.verdict) == (run.causes[0].id, Verdict.WAIVED)


def test_a_missing_exchange_does_no_harm() -> None:
    """A cause of a cut log is worded by its finding alone."""
    run = judged("foreign-agent-read")
    causes: tuple[Cause, ...] = causes_of(run.contract, run.cells, ())
    assert [cause.clauses for cause in causes] == [("business-object",)]


def test_rules_that_explain_others_exist() -> None:
    """Each rule of the table is a rule of the suite, and explains one at least."""
    assert EXPLAINED.keys() <= RULES.keys()
    for beginnings in EXPLAINED.values():
        for beginning in beginnings:
            assert any(rule.startswith(beginning) for rule in RULES)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-04-14T01:47:15Z 7d98edbb-9e7a-4c32-9305-b78af80c651e, after it", "T ID, after it"),
        ('"a text"', '""'),
        ('{"a": 1}', "{"),
        ("12 items", "N items"),
        ("text/html", "text/html"),
    ],
)
def test_a_kind_is_without_what_differs_from_run_to_run(text: str, expected: str) -> None:
    """Times, ids, quoted texts and numbers become words."""
    assert stable_text(text) == expected


def test_an_id_is_made_of_the_whole_key() -> None:
    """Two keys that differ in one member have two ids."""
    key = Key("list.limit", "/", "N", "N")
    assert key.id != replace(key, flaw="a number").id
    assert Facts(flaw="a number").flaw == "a number"


def test_every_form_of_a_mistake_has_words() -> None:
    """A title says what is odd in a request, whatever its form, or its scenario."""
    load_suite()
    assert set(FORMS) == set(Form)
    assert SCENARIOS.keys() <= REGISTRY.keys()


@pytest.mark.parametrize("role", [Role.PROBE, Role.BYSTANDER])
@pytest.mark.parametrize("step", [None, Step.REPEATED])
def test_the_oddity_of_a_request_names_no_scenario(role: Role, step: Step | None) -> None:
    """It is for people, who do not know the internals of the suite."""
    load_suite()
    for scenario in REGISTRY:
        labelled = Facts(mistake=True, step=step)
        sent = replace(answer(500), scenario=scenario, role=role, facts=labelled)
        finding = Finding("status-500", "create_lead", "status.fault", "status", "201", "500", ())
        flaw = key_of(finding, [sent]).flaw
        assert flaw
        assert "scenario" not in flaw


class OpenAgents(Faulty):
    """read_agent works with any key, and without one."""

    def wants_key(self, operation: Operation) -> bool:
        return operation.id != "read_agent" and super().wants_key(operation)


def test_what_is_open_to_all_is_one_cause() -> None:
    """Who needs no key needs no valid one either, no scope and no business."""
    loaded = contracts.real()
    clauses = ("status-401", "key-header", "key-expired", "scope-required")
    aim = harness.Aim(clauses, operations=("read_agent", "list_agents"))
    run = harness.run(loaded, application(loaded, kind=OpenAgents), aim=aim)
    assert [cause.finding.rule for cause in run.causes] == ["auth.missing"]
    assert set(clauses) <= set(run.causes[0].clauses)


@pytest.mark.parametrize(
    ("fault", "asked"),
    [
        ("any-scheme-taken", "with the key full after another scheme"),
        ("key-in-query", "with the key full in the query"),
        ("foreign-agent-read", "with the key full, with an object of another business"),
    ],
)
def test_an_example_says_what_was_wrong_with_the_request(fault: str, asked: str) -> None:
    """It names where a key stood, and what the request asked for that it must not get."""
    examples = [card.example for card in cards.cards(judged(fault))]
    assert any(f"{asked}:" in example for example in examples), examples
