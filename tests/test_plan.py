"""The plan: which cases there are, which can run, in which order, and why others cannot."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from functools import cache

import pytest

from conformance import target
from conformance.base.errors import UsageError
from conformance.base.options import Choice, Depth
from conformance.base.text import nearest
from conformance.checks import RULES
from conformance.model import (
    DEAD_KEYS,
    KEY_ROLES,
    Case,
    Contract,
    Declaration,
    Effect,
    Selection,
    resource_of,
)
from conformance.plan.build import Plan, build
from conformance.plan.registry import (
    BAD_KEYS_ALLOWED,
    REGISTRY,
    Draft,
    Planning,
    Scenario,
    scenario,
)
from conformance.plan.selection import select, wanted
from conformance.run import planning
from conformance.scenarios.keys.key_forms import RefusedKeys
from conformance.scenarios.keys.scopes import named_keys, other_scopes
from conformance.scenarios.keys.test_keys import Keys
from conformance.scenarios.writes.planned_writes import WrongKeys
from conformance.target import Target
from conformance.transport.near_misses import ALTERATIONS, NO_PREFIX, OTHER_PREFIX
from tests.page import PAGE_CODES
from tests.support import contracts
from tests.support.contracts import contract_of

CONTRACTS = ("real", "toy")
ADVICE = re.compile(
    r"\((?:keys|scoped_keys|businesses|clock|addresses|triggers): .*in the target file\)"
    r"|^add \w+ to allow: in the target file"
)


def embedded(name: str) -> Declaration:
    """The declaration of the embedded server."""
    return contracts.embedded(name).declaration


@cache
def planned(name: str, declared: str = "embedded", seed: int = 0) -> Plan:
    """The plan of a contract for the embedded server, or for a target known by address and key."""
    contract = contract_of(name)
    bare = target.from_flags(
        contract, f"https://h.test{contract.base_path}", "key-0123456789"
    ).declaration
    full = embedded(name)
    declarations = {
        "embedded": full,
        "bare": bare,
        "keyless": replace(bare, keys=frozenset()),
        "read-only": replace(full, allow=frozenset({Effect.READ})),
        "no flood": replace(full, allow=frozenset(Effect) - {Effect.FLOOD}),
        "writing": replace(full, allow=frozenset({Effect.READ, Effect.WRITE})),
    }
    return planning.planned(contract, declarations[declared], seed)


DECLARED = ("embedded", "bare", "keyless", "read-only", "no flood", "writing")


@pytest.mark.parametrize("declared", DECLARED)
@pytest.mark.parametrize("name", CONTRACTS)
def test_ids_are_unique_and_plain(name: str, declared: str) -> None:
    """Every case has a permanent id of printable ASCII: scenario and operation."""
    ids = [case.id for case in planned(name, declared).cases]
    assert len(ids) == len(set(ids)) > 30
    assert all(re.fullmatch(r"[a-z-]+\[[\x21-\x7e]+\]", identifier) for identifier in ids), ids


@pytest.mark.parametrize("name", CONTRACTS)
def test_the_same_plan_twice(name: str) -> None:
    """Contract, target and seed decide the plan; a target only changes which of the cases run."""
    plan = planned(name)
    contract = contract_of(name)
    assert planning.planned(contract, embedded(name), 0) == plan
    assert {case.id for case in planned(name, seed=7).cases} == {case.id for case in plan.cases}
    ids = {
        case.id for case in plan.cases if case.scenario != "trigger"
    }  # a target may name triggers of its own
    for declared in DECLARED:
        assert {
            case.id for case in planned(name, declared).cases if case.scenario != "trigger"
        } == ids


@pytest.mark.parametrize("name", CONTRACTS)
def test_every_rule_is_fed_or_passive(name: str) -> None:
    """Cases feed trial rules only, and every trial rule that a clause names has a scenario."""
    plan, contract = planned(name), contract_of(name)
    fed = {rule for case in plan.cases for rule in case.rules}
    assert all(RULES[rule].trial for rule in fed)
    named = {rule for clause in contract.clauses.values() for rule in clause.rules}
    assert {rule for rule in named if RULES[rule].trial} - {
        r for s in REGISTRY.values() for r in s.rules
    } == set()


@pytest.mark.parametrize("declared", ["bare", "keyless", "read-only"])
@pytest.mark.parametrize("name", CONTRACTS)
def test_a_read_only_target_gets_reads_only(name: str, declared: str) -> None:
    """Unless the target file allows more, no case runs that could change anything if accepted."""
    contract, plan = contract_of(name), planned(name, declared)
    assert {case.effect for case in plan.runnable} <= {Effect.READ}
    assert all(
        case.operation == "*" or contract.operations[case.operation].effect is Effect.READ
        for case in plan.runnable
    )
    assert len(plan.runnable) > (0 if declared == "keyless" else 5)


@pytest.mark.parametrize("name", CONTRACTS)
def test_what_spends_runs_only_where_it_is_allowed(name: str) -> None:
    """A target that allows writes gets no case that spends or floods, a refused one included."""
    assert {case.effect for case in planned(name, "writing").runnable} == {
        Effect.READ,
        Effect.WRITE,
    }
    assert {case.effect for case in planned(name).runnable} == set(Effect)


@pytest.mark.parametrize("declared", ["read-only", "no flood", "bare", "writing"])
@pytest.mark.parametrize("name", CONTRACTS)
def test_few_bad_keys_without_flood(name: str, declared: str) -> None:
    """Without flood a run sends at most 20 requests with a bad key; the others are gaps."""
    plan = planned(name, declared)
    assert 0 < bad_keys(plan) <= BAD_KEYS_ALLOWED
    assert name == "toy" or bad_keys(planned(name)) > BAD_KEYS_ALLOWED


def test_without_flood_each_altered_key_is_tried_on_one_operation() -> None:
    """A server that compares only a part of a key does so everywhere."""
    plan = planned("real", "no flood")
    forms = [case.params.by_form for case in plan.runnable if isinstance(case.params, RefusedKeys)]
    altered = [key for by_form in forms for key in by_form.get("altered", ())]
    names = [key.partition("~")[2] for key in altered]
    assert set(names) == {*ALTERATIONS, NO_PREFIX, OTHER_PREFIX}
    assert max(len(by_form.get("altered", ())) for by_form in forms) == 1


def bad_keys(plan: Plan) -> int:
    """How many requests of a plan carry a key that was never issued."""
    keys = [case.params.by_form for case in plan.runnable if isinstance(case.params, RefusedKeys)]
    return sum(len(forms.get(form, ())) for forms in keys for form in ("unknown", "altered"))


def test_bad_keys_are_counted_over_the_whole_run() -> None:
    """The allowance is shared by all scenarios; a case that cannot run uses up nothing of it."""
    contract = contracts.real()
    given = replace(embedded("real"), allow=frozenset({Effect.READ}))
    operation = contract.operations["list_calls"]

    def scenario(name: str, **members: object) -> Scenario:
        drafts = [Draft(operation, f"{name}{number}", bad_keys=8, **members) for number in range(2)]  # type: ignore[arg-type]
        return Scenario(name, lambda: None, lambda _: drafts, (), 1)

    plan = build(
        Planning(contract, given, 0),
        [scenario("a", needs=("scope:nobody",)), scenario("b"), scenario("c")],
    )
    assert [case.id for case in plan.runnable] == ["b[list_calls-b0]", "b[list_calls-b1]"]
    over = [case for case in plan.cases if case.scenario == "c"]
    assert [case.effect for case in over] == [Effect.FLOOD, Effect.FLOOD]
    assert all("flood" in (case.gap or "") for case in over)


def test_a_write_scope_is_not_tried_on_the_reads_of_its_resource() -> None:
    """No source says whether it includes them. Another resource is tried, and reads on writes."""
    contract = contracts.real()
    listed = {"name:reader": ("leads:read",), "name:writer": ("leads:write", "sms:write")}
    given = replace(embedded("real"), keys=frozenset({"full", *listed}), key_scopes=listed)
    planning = Planning(contract, given, 0)

    def tried(operation: str) -> list[str]:
        return named_keys(planning, contract.operations[operation], opening=False)

    assert tried("list_leads") == []
    assert tried("read_conversation") == ["name:reader"]
    assert tried("update_lead") == ["name:reader"]
    assert tried("list_calls") == ["name:reader", "name:writer"]
    for operation in contract.operations.values():
        if operation.effect is Effect.READ:
            resources = {resource_of(scope) for scope in operation.scopes}
            others = {resource_of(scope) for scope in other_scopes(planning, operation)}
            assert resources.isdisjoint(others), operation.id


@pytest.mark.parametrize("declared", DECLARED)
@pytest.mark.parametrize("name", CONTRACTS)
def test_a_gap_names_what_to_provide(name: str, declared: str) -> None:
    """Why a case cannot run is an advice that names the member of the target file."""
    for case in planned(name, declared).cases:
        assert case.gap is None or ADVICE.search(case.gap), (case.id, case.gap)


def test_a_read_only_key_stands_for_keys_of_one_scope() -> None:
    """The full key alone, which has every scope, is left to the writes."""
    contract = contracts.real()
    few = replace(embedded("real"), keys=frozenset({"full", "read_only"}))
    plan = planning.planned(contract, few, 0)
    tried = {case.operation: case.params for case in plan.cases if case.scenario == "scope-opens"}
    for name, params in tried.items():
        reads = contract.operations[name].effect is Effect.READ
        assert isinstance(params, Keys)
        if params.roles in (("full",), ("read_only",)):
            assert (params.roles == ("read_only",)) is reads


@pytest.mark.parametrize("role", sorted(KEY_ROLES.keys() - {*DEAD_KEYS, "full"}))
def test_a_missing_key_leaves_a_gap(role: str) -> None:
    """No probe is left out in silence: a case cannot run without the key, or says what it adds.

    Keys that were valid once are an exception: the judges of their rules name the key to give.
    """
    whole = embedded("real")
    without = replace(whole, keys=whole.keys - {role})
    cases = planning.planned(contracts.real(), without, 0).cases
    gaps = [case.gap for case in cases if case.gap is not None]
    gaps += [lack for case in cases for lack in case.lacks]
    assert gaps
    assert set(gaps) == {KEY_ROLES[role].advice}


def test_a_read_only_key_alone_reads_everything_and_is_tried_with_every_write() -> None:
    """Only what must succeed as a write waits for a key with every scope."""
    contract = contract_of("real")
    alone = replace(embedded("real"), keys=frozenset({"read_only"}))
    runnable = {case.id for case in planning.planned(contract, alone, 0).runnable}
    for operation in contract.operations.values():
        if operation.keyed and operation.effect is Effect.READ:
            assert f"plain-read[{operation.id}]" in runnable or operation.action != "read"
        elif operation.scopes:
            assert f"missing-scope[{operation.id}]" in runnable
            assert f"refused-key[{operation.id}]" in runnable
    assert "creation[create_agent]" not in runnable
    gaps = {case.id: case.gap for case in planning.planned(contract, alone, 0).cases}
    assert gaps["creation[create_agent]"] == KEY_ROLES["full"].advice


@pytest.mark.parametrize("role", ["full", "test", "read_only", "scope:calls:read"])
def test_each_of_the_main_keys_is_enough(role: str) -> None:
    """The first of them that is given makes the requests; a dead or a foreign key makes none."""
    dead_too = replace(embedded("real"), keys=frozenset({role, "revoked", "other", "no_scope"}))
    assert dead_too.main_key == role
    assert dead_too.opens(contract_of("real").operations["list_calls"])
    assert replace(dead_too, keys=dead_too.keys - {role}).main_key is None


def test_the_embedded_server_leaves_few_gaps() -> None:
    """Against the embedded server everything of the real contract can run.

    A code that the page does not have may want a trigger.
    """
    known = {None, *(code for code, _ in PAGE_CODES)}
    gaps = {case.id: case.gap for case in planned("real").cases if case.gap and case.about in known}
    assert gaps == {}


@pytest.mark.parametrize("name", CONTRACTS)
def test_reads_come_before_writes_and_limits_last(name: str) -> None:
    """Walks run before anything changes the data; limits and the clock come last."""
    contract, cases = contract_of(name), planned(name).cases
    reading = [place for place, case in enumerate(cases) if _walks(case)]
    writing = [place for place, case in enumerate(cases) if _writes(contract, case)]
    assert max(reading) < min(writing)
    scenarios = [case.scenario for case in cases]
    assert scenarios.count("rate-limit") == 4
    assert scenarios[-4:] == ["rate-limit"] * 4
    plain = [place for place, name in enumerate(scenarios) if name in PLAIN_WRITES]
    assert max(plain) < scenarios.index("generated")


PLAIN_WRITES = ("creation", "update", "trigger")


def _walks(case: Case) -> bool:
    """Whether a case reads the rows of a list."""
    judges_rows = "tenant.rows" in case.rules
    judges_pages = any(rule.startswith("paging.") for rule in case.rules)
    return case.effect is Effect.READ and (judges_rows or judges_pages)


def _writes(contract: Contract, case: Case) -> bool:
    """Whether a case or its operation writes."""
    if case.effect in (Effect.WRITE, Effect.SPEND):
        return True
    operation = contract.operations.get(case.operation)
    return operation is not None and operation.effect is not Effect.READ


def test_what_a_pool_gets_back_is_deleted_first() -> None:
    """Where a release does nothing, the other cases take all numbers that the pool has."""
    changing = (case.id for case in planned("real").cases if case.effect is not Effect.READ)
    assert next(changing) == "deletion[release_phone_number]"


@pytest.mark.parametrize("name", CONTRACTS)
def test_an_inapplicable_operation_has_no_case(name: str) -> None:
    """What the target declares not to have is not asked for."""
    contract = contract_of(name)
    missing = next(iter(contract.operations_by("create"))).id
    given = replace(embedded(name), inapplicable=frozenset({missing}))
    cases = planning.planned(contract, given, 0).cases
    assert cases
    assert all(case.operation != missing for case in cases)


@pytest.mark.parametrize("name", CONTRACTS)
def test_the_plan_of_a_run_keeps_what_the_target_lacks(name: str) -> None:
    """Its cases never run, ask for nothing, and are those of a target that lacks nothing."""
    contract = contract_of(name)
    missing = next(iter(contract.operations_by("create"))).id
    declared = replace(embedded(name), inapplicable=frozenset({missing}))
    plan = planning.prepare(contract, Target(declared, {}), Choice()).plan
    lost = [case for case in plan.cases if case.inapplicable]
    assert missing in {case.operation for case in lost}
    assert {case.id for case in plan.cases} >= {case.id for case in planned(name).cases}
    assert not {case.id for case in lost} & {case.id for case in plan.runnable}
    assert {case.lacks for case in lost} == {()}


def test_a_case_runs_without_a_key_that_it_only_wants() -> None:
    """Without a revoked key the refused write is still sent, and says what more keys would add."""
    given = embedded("real")
    fewer = replace(given, keys=given.keys - {*DEAD_KEYS, "no_scope"})
    plan = planning.planned(contract_of("real"), fewer, 0)
    case = next(case for case in plan.runnable if case.id == "refused-creation[create_agent]")
    assert case.params == WrongKeys(("read_only",))
    assert [advice.partition(" (")[0] for advice in case.lacks] == [
        "give an expired key",
        "give a revoked key",
        "give a valid key without any scope",
    ]


def test_requests_are_counted_by_effect() -> None:
    """The usual number of requests counts cases that run, by the class of each."""
    plan = planned("real", "read-only")
    assert plan.requests() == {
        Effect.READ: sum(case.cost for case in plan.runnable),
        Effect.WRITE: 0,
        Effect.SPEND: 0,
        Effect.FLOOD: 0,
    }
    assert all(count > 0 for count in planned("real").requests().values())


def test_two_cases_with_one_id_are_a_bug() -> None:
    """A scenario that drafts one case twice is found out at once."""
    contract = contracts.real()
    draft = Draft(contract.operations["list_calls"], "x")
    twice = Scenario("a", lambda: None, lambda _: [draft, draft], (), 0)
    with pytest.raises(ValueError, match=r"a\[list_calls-x\]"):
        build(Planning(contract, embedded("real"), 0), [twice])


@pytest.mark.parametrize("need", ["fulll", "business:man", "addresse", ""])
def test_a_misspelt_need_is_a_bug(need: str) -> None:
    """A scenario that needs what no target file can give is found out at once."""
    contract = contracts.real()
    draft = Draft(contract.operations["list_calls"], needs=("full", need))
    scenario = Scenario("a", lambda: None, lambda _: [draft], (), 0)
    with pytest.raises(ValueError, match=f"the scenario a needs {need!r}"):
        build(Planning(contract, embedded("real"), 0), [scenario])


# --- selection ------------------------------------------------------------------------------------


def chosen(name: str, areas: tuple[str, ...] = (), clauses: tuple[str, ...] = ()) -> Plan:
    """What a selection leaves of the plan for the embedded server."""
    contract = contract_of(name)
    return select(planned(name), contract, wanted(contract, areas, clauses))


def test_nothing_selected_is_everything() -> None:
    """Without a selector the whole plan runs."""
    assert chosen("real") == planned("real")


def test_a_clause_selects_the_cases_that_feed_its_rules() -> None:
    """A clause picks the cases with one of its rules, in the order of the plan."""
    found = chosen("real", clauses=("status-404", "key-revoked"))
    rules = {"id.unknown", "auth.revoked"}
    assert found.cases == tuple(case for case in planned("real").cases if rules & set(case.rules))
    assert 0 < len(found.cases) < len(planned("real").cases)


def test_a_clause_about_a_code_selects_the_triggers_of_that_code() -> None:
    """The clause of one code does not run the triggers of the others."""
    found = chosen("real", clauses=("code-vapi_error",))
    assert found.cases
    assert {case.about for case in found.cases} == {"vapi_error"}


def test_a_clause_that_any_exchange_proves_selects_every_case_that_may_prove_it() -> None:
    """A clause whose rules judge every exchange is not starved of exchanges."""
    found = chosen("real", clauses=("has-more-present",))
    lists = {
        operation.id for operation in contract_of("real").operations.values() if operation.paging
    }
    assert found.cases == tuple(case for case in planned("real").cases if case.operation in lists)


@pytest.mark.parametrize("name", CONTRACTS)
def test_areas_select_their_clauses(name: str) -> None:
    """Each area of a contract selects something; all of them select everything."""
    contract = contract_of(name)
    for area in contract.areas:
        assert chosen(name, (area,)).cases
        assert {clause.area for clause in wanted(contract, (area,), ())} == {area}
    assert chosen(name, tuple(contract.areas)) == planned(name)


@pytest.mark.parametrize(
    ("areas", "clauses", "says"),
    [
        ((), ("status-40",), "did you mean status-40"),
        ((), ("paging_complete",), "did you mean paging-complete?"),
        ((), ("paging-complete", "qqqq"), "no clause qqqq. List them with"),
        (("limit",), (), "The areas are "),
        (("limits", ""), (), "no area"),
    ],
)
def test_a_selector_that_matches_nothing_is_an_error(
    areas: tuple[str, ...], clauses: tuple[str, ...], says: str
) -> None:
    """An unknown area or clause is wrong usage, with the name that may have been meant."""
    with pytest.raises(UsageError, match=re.escape(says)):
        wanted(contracts.real(), areas, clauses)


def test_a_suggestion_is_close_or_none() -> None:
    """A name that is like no other gets no suggestion."""
    assert nearest("statsu", ["status", "paging"]) == " (did you mean status?)"
    assert nearest("zzz", ["status", "paging"]) == ""
    assert nearest("x", []) == ""


def test_no_scenario_uses_what_the_target_does_not_have() -> None:
    """Neither as its own operation nor on the way; no key is asked for that only it would need."""
    contract = contract_of("real")
    lists = {each.id for each in contract.operations_by("list")} - {"list_agents"}
    evals = {each.id for each in contract.operations.values() if "/evals" in each.path}
    given = replace(
        embedded("real"), inapplicable=frozenset(lists | evals), keys=frozenset({"full"})
    )
    planned_for = planning.planned(contract, given, 0)
    assert {case.operation for case in planned_for.cases}.isdisjoint(lists | evals)
    advice = " ".join(text for case in planned_for.cases for text in (case.gap or "", *case.lacks))
    assert "scope:agents" not in advice
    assert "agents:" in advice
    assert "evals:" not in advice


# --- the budget -----------------------------------------------------------------------------------


def _odd(plan: Plan) -> int:
    """The requests of the odd cases of a plan."""
    return sum(case.cost for case in plan.runnable if case.scenario == "odd-request")


def _few_operations() -> Declaration:
    """The embedded target without most of its operations."""
    kept = list(contract_of("real").operations)[:12]
    others = frozenset(contract_of("real").operations) - set(kept)
    return replace(embedded("real"), inapplicable=others)


def test_a_small_target_gets_more_odd_requests() -> None:
    """What the other cases leave of the budget goes to odd requests, the same in each plan."""
    contract, small = contract_of("real"), _few_operations()
    usual = planning.planned(contract, small, 0)
    deeper = planning.planned(contract, small, 0, budget=12_000)
    assert _odd(deeper) > 2 * _odd(usual)
    assert sum(deeper.requests().values()) <= planning.USUAL
    assert planning.planned(contract, small, 0, budget=12_000) == deeper
    assert {case.id for case in deeper.cases} == {case.id for case in usual.cases}


def test_a_small_budget_leaves_nothing_to_spend() -> None:
    """A budget below the usual plan adds nothing, and so does the plan of a whole target."""
    contract, small = contract_of("real"), _few_operations()
    assert planning.planned(contract, small, 0, budget=100) == planning.planned(contract, small, 0)
    whole = planning.planned(contract, embedded("real"), 0)
    assert planning.planned(contract, embedded("real"), 0, budget=12_000) == whole


def test_a_megabyte_is_sent_to_few_operations() -> None:
    """A large body fills the log, so only some operations get one, however much is left."""
    plan = planning.planned(contract_of("real"), _few_operations(), 0, budget=12_000)
    odd = [case.params for case in plan.cases if case.scenario == "odd-request"]
    assert sum("body-megabyte" in str(params) for params in odd) == 2


@pytest.mark.parametrize("effects", [{Effect.READ}, {Effect.READ, Effect.WRITE}])
def test_a_quick_run_tries_wrong_keys(effects: set[Effect]) -> None:
    """Also where few are allowed, some operations get wrong keys."""
    contract = contracts.real()
    declared = replace(contracts.embedded("real").declaration, allow=frozenset(effects))
    plans = planning.plans_for(contract, declared, 0, Depth.QUICK, Selection((), (), 12_000, ""))
    tried = [case for case in plans.chosen.runnable if case.scenario == "refused-key"]
    assert len(tried) > 1


def test_two_modules_cannot_give_a_scenario_the_same_name() -> None:
    """A module that is loaded again replaces its own scenario."""
    scenarios: dict[str, Scenario] = {}

    def loaded(module: str) -> Callable[[], None]:
        def test_of_keys() -> None:
            """Sends nothing."""

        test_of_keys.__module__ = module
        return test_of_keys

    register = scenario(lambda _: [], registry=scenarios)
    register(loaded("first"))
    register(loaded("first"))
    assert list(scenarios) == ["of-keys"]
    with pytest.raises(ValueError, match="two scenarios have the name of-keys"):
        register(loaded("second"))
