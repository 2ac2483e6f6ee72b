"""Profiles: frozen, complete, and met by nothing less than what they say."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from conformance import contract
from conformance.base.errors import SpecError
from conformance.base.options import Choice
from conformance.certify import assess
from conformance.certify.codes import Code
from conformance.checks import RULES
from conformance.judging import verdict
from conformance.judging.shortfalls import Lack, shortfalls
from conformance.log.evidence import Log
from conformance.model import (
    PLAIN,
    SCOPE,
    WHOLE_API,
    Cell,
    Contract,
    Level,
    Reason,
    ReasonKind,
    Run,
    Unscored,
    Verdict,
)
from conformance.report import badge, ctrf, html, view
from conformance.run import members
from conformance.run.planning import prepare
from conformance.target import Target
from tests.support.contracts import embedded, real

DIGESTS = {
    "core@1": "1d47ee4ded7e79511e0ee057704cdd1654da535383f5e76d19afd674145d1358",
    "full@1": "609261125f05204af207dfff535865680781e43c09424ead946b9721510598a8",
}
"""The digest of each version of each profile. A published version never changes."""

KNOWN = frozenset(RULES)
NAMES = ("core", "full")


# --- what a profile says --------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_a_published_version_is_frozen(name: str) -> None:
    """Whoever changes a profile raises its version, and adds its digest to the table above."""
    profile = real().profiles[name]
    assert DIGESTS[profile.label] == profile.digest


@pytest.mark.parametrize("name", NAMES)
def test_a_profile_has_every_clause_once(name: str) -> None:
    """Each clause is scored, or has a reason that is no other than the four, and a sentence."""
    profile = real().profiles[name]
    excepted = {each for each in profile.not_scored if "[" not in each}
    assert profile.scored | excepted == set(real().clauses)
    assert not profile.scored & excepted
    for reason, why in profile.not_scored.values():
        assert reason in list(Unscored)
        assert why.endswith(".")
    notes = {each.id for each in real().clauses.values() if each.level is Level.NOTE}
    assert not notes & profile.scored


def test_the_highest_profile_waives_and_excepts_nothing() -> None:
    """The profile ``full`` has every operation, and includes what ``core`` scores."""
    core, full = (real().profiles[name] for name in NAMES)
    assert (full.most_waived, full.may_be_inapplicable) == (0, frozenset())
    assert full.least_operations == len(full.operations)
    assert core.scored <= full.scored
    required = core.operations - core.may_be_inapplicable
    assert core.least_operations == len(required)


# --- reading --------------------------------------------------------------------------------------


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    """A copy of the packaged contract."""
    return Path(shutil.copytree(contract.packaged(), tmp_path / "spec"))


def with_clause(spec: Path) -> Contract:
    """The contract of a copy with one more clause."""
    path = spec / "clauses" / "envelope.yaml"
    more = (
        "  - id: envelope-new\n"
        "    text: Every error response has a JSON body, as before.\n"
        "    level: MUST\n"
        "    basis: stated\n"
        "    source: [envelope.sentence]\n"
        "    verified_by: [error.json]\n"
    )
    path.write_text(path.read_text(encoding="utf-8") + more, encoding="utf-8")
    return contract.load(spec, KNOWN)


def test_the_digest_of_the_contract_leaves_profiles_out(spec: Path) -> None:
    """Another profile is no other contract, but no longer the packaged one either."""
    path = spec / "profiles" / "core.yaml"
    path.write_text(path.read_text().replace("most_waived: 5", "most_waived: 500"))
    changed = contract.load(spec, KNOWN)
    assert changed.digest == real().digest
    assert changed.profiles["core"].digest != real().profiles["core"].digest
    assert not changed.packaged


def test_a_comment_is_not_part_of_a_profile(spec: Path) -> None:
    """The digest is that of the content, in one form."""
    path = spec / "profiles" / "core.yaml"
    path.write_text(path.read_text() + "# a comment\n")
    assert contract.load(spec, KNOWN).profiles == real().profiles


FAULTS = {
    "an unknown clause": ("  - envelope-json\n", "  - envelope-jsn\n", "no clause envelope-jsn"),
    "an unknown operation": ("- read_balance", "- read_balanc", "no operation read_balanc"),
    "a cell of an unknown operation": ("[list_usage]", "[list_usag]", "no operation list_usag"),
    "a clause in both lists": (
        "  - envelope-json\n",
        "  - paging-ties\n",
        "paging-ties appears in another list",
    ),
    "an unknown reason": ("  optional:", "  difficult:", "difficult"),
    "an unknown member": ("most_waived: 5", "most_waved: 5", "most_waved"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_in_a_profile_is_named(spec: Path, name: str) -> None:
    """Names that the contract does not have are reported with file and line."""
    old, new, said = FAULTS[name]
    path = spec / "profiles" / "core.yaml"
    path.write_text(path.read_text().replace(old, new, 1))
    with pytest.raises(SpecError) as caught:
        contract.load(spec, KNOWN)
    assert any(said in fault for fault in caught.value.faults)
    assert all(fault.startswith("profiles/core.yaml:") for fault in caught.value.faults)


# --- what a run lacks -----------------------------------------------------------------------------


@cache
def target() -> Target:
    """The embedded server with every key, to which the suite goes as an ordinary client."""
    known = embedded()
    return replace(known, declaration=replace(known.declaration, identity=PLAIN))


def judged(loaded: Contract, aimed_at: Target, choice: Choice) -> Run:
    """A run in which every case that can run has passed."""
    prepared = prepare(loaded, aimed_at, choice)
    run = prepared.begun(datetime.now(UTC), require_complete=False)
    cells = verdict.cells(
        *(prepared.contract, aimed_at.declaration, RULES, prepared.plan.cases, Log()),
        today=verdict.ANY_DAY,
        selected=prepared.selected,
    )
    can_run = {(case.operation, rule) for case in prepared.chosen.runnable for rule in case.rules}
    return replace(
        run, incomplete=None, cells=tuple(_passed(loaded, each, can_run) for each in cells)
    )


def _passed(loaded: Contract, cell: Cell, can_run: set[tuple[str, str]]) -> Cell:
    """The cell as it is if each case that can run passes."""
    if cell.verdict is Verdict.INAPPLICABLE:
        return cell
    rules = loaded.clauses[cell.clause].rules
    fed = [(cell.operation, rule) in can_run for rule in rules if RULES[rule].trial]
    return replace(cell, verdict=Verdict.PASSED, reasons=()) if all(fed) else cell


@cache
def good() -> Run:
    """A run that meets every profile."""
    run = judged(real(), target(), Choice())
    passed = (replace(cell, verdict=Verdict.PASSED, reasons=()) for cell in run.cells)
    return replace(run, cells=tuple(passed))


def lacks(run: Run, name: str) -> set[Lack]:
    """The codes of what a run lacks."""
    return {each.code for each in shortfalls(run, run.contract.profiles[name])}


@pytest.mark.parametrize("name", NAMES)
def test_a_run_without_a_gap_meets_every_profile(name: str) -> None:
    """The embedded server offers everything, and everything passed."""
    assert shortfalls(good(), real().profiles[name]) == []


def test_every_shortfall_has_a_sentence_and_advice() -> None:
    """A run of nothing is told what to do, in sentences; a certificate has a code for it."""
    run = replace(good(), cells=(), selection=None, incomplete="It stopped.", depth="quick")
    found = assess.shortfalls(run, real().profiles["full"])
    assert len(found) == 4
    for each in found:
        assert each.code is Code.PROFILE_NOT_MET
        assert each.text.startswith("full@1: ")
        assert each.advice.endswith(".")


def verdicts(run: Run, given: Mapping[str, Verdict]) -> Run:
    """A run in which some clauses have other verdicts."""
    cells = (
        replace(cell, verdict=given[cell.clause]) if cell.clause in given else cell
        for cell in run.cells
    )
    return replace(run, cells=tuple(cells))


def changed(**members: Any) -> Callable[[], Run]:
    """A run with other members."""
    return lambda: replace(good(), **members)


def with_cells(**given: Verdict) -> Callable[[], Run]:
    """A run in which some clauses have other verdicts."""
    return lambda: verdicts(good(), {name.replace("_", "-"): each for name, each in given.items()})


def chosen(**members: Any) -> Callable[[], Run]:
    """A run of a part of the suite."""
    return lambda: judged(real(), target(), Choice(**members))


def declared(**members: Any) -> Callable[[], Run]:
    """A run of a target that declares something else."""

    def made() -> Run:
        known = target()
        other = replace(known, declaration=replace(known.declaration, **members))
        return judged(real(), other, Choice())

    return made


def all_but(*kept: str) -> frozenset[str]:
    """The operations of the contract without some."""
    return frozenset(real().operations.keys() - set(kept))


FIRST = (Lack.OPERATIONS, Lack.CELLS, Lack.INAPPLICABLE)
UNEDITED: dict[str, tuple[Callable[[], Run], tuple[Lack, ...]]] = {
    "only one operation": (declared(inapplicable=all_but("list_usage")), FIRST),
    "only two operations": (declared(inapplicable=all_but("list_agents", "read_agent")), FIRST),
    "another contract": (
        lambda: replace(good(), contract=replace(real(), packaged=False)),
        (Lack.CONTRACT,),
    ),
    "waivers until 9999": (with_cells(status_404=Verdict.WAIVED), (Lack.WAIVED,)),
    "one clause": (chosen(clauses=("envelope-json",)), (Lack.SELECTION, Lack.UNTESTED)),
    "one area": (chosen(areas=("pages",)), (Lack.SELECTION, Lack.UNTESTED)),
    "a shard": (chosen(shard="1/2"), (Lack.SELECTION,)),
    "a budget of one": (chosen(budget=1), (Lack.BUDGET,)),
    "a budget of a hundred": (chosen(budget=100), (Lack.BUDGET, Lack.UNTESTED)),
    "depth quick": (chosen(depth="quick"), (Lack.DEPTH, Lack.UNTESTED)),
    "chosen by pytest": (changed(selection=None), (Lack.SELECTION,)),
    "broken off": (changed(incomplete="The target is down."), (Lack.INCOMPLETE,)),
    "a failure": (with_cells(has_more_false=Verdict.FAILED), (Lack.FAILED,)),
    "a failure nobody must provide for": (
        with_cells(paging_precision=Verdict.FAILED),
        (Lack.FAILED,),
    ),
    "an error": (with_cells(status_200=Verdict.ERROR), (Lack.ERROR,)),
    "one key": (declared(keys=frozenset({"full"})), (Lack.UNTESTED,)),
    "only reads": (declared(allow=frozenset({"read"})), (Lack.UNTESTED,)),
    "a parameter that is absent": (
        declared(absent={"list_calls": ("status",)}),
        (Lack.INAPPLICABLE,),
    ),
}
"""Runs that nobody edited and that show less than a profile asks for, and some codes of each."""


@cache
def unedited(case: str) -> Run:
    """One of these runs."""
    return UNEDITED[case][0]()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("case", UNEDITED)
def test_no_unedited_run_meets_a_profile_by_showing_less(case: str, name: str) -> None:
    """Neither target file nor options nor waivers shrink a profile."""
    _, expected = UNEDITED[case]
    assert set(expected) <= lacks(unedited(case), name)


ALL_JUDGED = "chosen by pytest"
"""The one of them in which every cell was judged."""


def only(clause: str) -> Run:
    """A run in which one clause was chosen, and passed."""
    reason = Reason(ReasonKind.NOT_SELECTED, "It was not chosen.")
    cells = (
        cell
        if cell.clause == clause
        else replace(cell, verdict=Verdict.UNTESTED, reasons=(reason,))
        for cell in good().cells
    )
    return replace(good(), cells=tuple(cells))


@pytest.mark.parametrize("case", [*sorted(UNEDITED.keys() - {ALL_JUDGED}), "one clause passed"])
def test_no_run_that_shows_less_is_green(case: str) -> None:
    """Neither headline nor badge looks like that of a run that judged the whole contract."""
    run = unedited(case) if case in UNEDITED else only("status-200")
    assert view.headline(run) != view.headline(good()) == "Conforms"
    green = badge.COLOURS[Verdict.PASSED]
    assert green in badge.text(good())
    assert green not in badge.text(run)


def test_the_full_profile_wants_an_ordinary_client() -> None:
    """A server cannot recognize the suite by its name in a run for ``full``."""
    run = judged(real(), embedded(), Choice())
    assert Lack.IDENTITY in lacks(run, "full")
    assert Lack.IDENTITY not in lacks(run, "core")


def test_the_full_profile_wants_every_key() -> None:
    """Without keys of a single scope, cases run with fewer requests."""
    keys = {name for name in target().declaration.keys if not name.startswith(SCOPE)}
    run = declared(keys=frozenset(keys))()
    assert Lack.LACKING in lacks(run, "full")
    assert Lack.LACKING not in lacks(run, "core")


def test_a_warning_and_few_waivers_are_no_shortfall() -> None:
    """A SHOULD may be broken, and ``core`` allows a few waivers."""
    warned = with_cells(key_secret=Verdict.WARNED)()
    assert not lacks(warned, "full")
    waived = with_cells(envelope_unrouted=Verdict.WAIVED)()
    assert not lacks(waived, "core")
    assert lacks(waived, "full") == {Lack.WAIVED}


def test_core_lets_a_target_lack_what_it_names() -> None:
    """A server without evals and reports meets ``core`` as far as its cells go."""
    core = real().profiles["core"]
    run = declared(inapplicable=core.may_be_inapplicable)()
    cells = (
        cell
        if cell.verdict is Verdict.INAPPLICABLE
        else replace(cell, verdict=Verdict.PASSED, reasons=())
        for cell in run.cells
    )
    run = replace(run, cells=tuple(cells))
    untried = [each for each in shortfalls(run, core) if "were not tried" not in each.text]
    assert untried == []


# --- clauses that come later ----------------------------------------------------------------------


@pytest.fixture
def later(spec: Path) -> Contract:
    """The contract with a clause that no profile names, as the next release packages it."""
    return replace(with_clause(spec), packaged=True)


@pytest.mark.parametrize("name", NAMES)
def test_an_added_clause_changes_no_profile(later: Contract, name: str) -> None:
    """It runs and shows, but neither digest nor verdict of the profile changes."""
    before, after = real().profiles[name], later.profiles[name]
    assert (after.digest, after.scored) == (before.digest, before.scored)
    reason, why = after.not_scored["envelope-new"]
    assert reason == Unscored.ADDED_LATER
    assert why == "The contract got this clause after version 1 of the profile."
    for worst in (Verdict.FAILED, Verdict.UNTESTED, Verdict.WAIVED):
        more = (Cell("envelope-new", "list_calls", worst), Cell("envelope-new", WHOLE_API, worst))
        run = replace(good(), contract=later, cells=(*good().cells, *more))
        assert shortfalls(run, after) == []


@pytest.mark.parametrize("name", NAMES)
def test_an_added_operation_changes_no_profile(name: str) -> None:
    """Neither its cells nor its absence count before the next version."""
    profile, first = real().profiles[name], next(iter(real().operations.values()))
    added = {**real().operations, "new": replace(first, id="new")}
    failed = Cell("status-200", "new", Verdict.FAILED)
    run = replace(
        good(),
        contract=replace(real(), operations=added),
        target=replace(good().target, inapplicable=frozenset({"new"})),
        cells=(*good().cells, failed),
    )
    found = [each for each in shortfalls(run, profile) if "were not tried" not in each.text]
    assert found == []


# --- where it shows -------------------------------------------------------------------------------


def test_every_run_has_the_versions_and_digests() -> None:
    """They are in run.json and in CTRF."""
    run = good()
    expected = {name: {"version": 1, "digest": real().profiles[name].digest} for name in NAMES}
    assert members.to_json(run, None)["profiles"] == expected
    extra = ctrf.document(run)["results"]["environment"]["extra"]["profiles"]
    assert extra == {
        name: {**members, "met": True, "lacking": []} for name, members in expected.items()
    }


def test_the_page_says_what_is_missing_in_one_fold() -> None:
    """The summary of the fold names each profile; it says what is missing, cut to a dozen."""
    run = chosen(clauses=("envelope-json",))()
    page = html.render(run)
    assert "Profiles: core@1 not met, full@1 not met</summary>" in page
    assert "only a part of the suite was chosen: envelope-json" in page
    assert "Profiles: core@1 met, full@1 met</summary>" in html.render(good())
    fold = page.partition("Profiles: ")[2].partition("</details>")[0]
    assert fold.count("<li>") <= 24
