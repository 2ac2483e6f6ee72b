"""What a run lacks to meet a profile: a function of the judged run and the profile alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from conformance.base.options import Depth
from conformance.base.text import amount
from conformance.model import Cell, Profile, ReasonKind, Run, Unscored, Verdict
from conformance.model.judgement import JUDGED
from conformance.model.profile import ANY

NAMED = 3
"""Cells or operations that a sentence names."""


class Lack(StrEnum):
    """The kinds of shortfalls, for machines."""

    CONTRACT = "PROFILE_CONTRACT"
    INCOMPLETE = "PROFILE_INCOMPLETE"
    SELECTION = "PROFILE_SELECTION"
    BUDGET = "PROFILE_BUDGET"
    DEPTH = "PROFILE_DEPTH"
    IDENTITY = "PROFILE_IDENTITY"
    OPERATIONS = "PROFILE_OPERATIONS"
    INAPPLICABLE = "PROFILE_INAPPLICABLE"
    CELLS = "PROFILE_CELLS"
    FAILED = "PROFILE_FAILED"
    WAIVED = "PROFILE_WAIVED"
    ERROR = "PROFILE_ERROR"
    UNTESTED = "PROFILE_UNTESTED"
    LACKING = "PROFILE_LACKING"


@dataclass(frozen=True)
class Shortfall:
    """Something that keeps a run from meeting a profile, and what to do about it."""

    code: Lack
    text: str
    advice: str

    def __str__(self) -> str:
        return f"{self.code}: {self.text}"


ACTS = {
    ReasonKind.BLOCKED: "Fix the failure that blocks them.",
    ReasonKind.NOT_RUN: "Run again with a higher budget or more time.",
    ReasonKind.NOT_SELECTED: "Run again without --area and --clause, at depth full.",
    ReasonKind.OWN_LIMIT: "Run again. If they stay untested, see the page on faults out of reach.",
}
"""What to do about untested cells by the kind of their reason; the reason says it for others."""


def shortfalls(run: Run, profile: Profile) -> list[Shortfall]:
    """Everything that keeps a run from meeting a profile; empty if it meets it."""
    found = [*_of_choice(run, profile), *_of_offer(run, profile), *_of_cells(run, profile)]
    if profile.lacks_nothing:
        found += _of_cases(run)
    return found


# --- how the run was made -------------------------------------------------------------------------


def _of_choice(run: Run, profile: Profile) -> Iterator[Shortfall]:
    """Shortfalls of the contract, an early end, the selection, the depth and the identity."""
    if not run.contract.packaged:
        text = f"the run was judged by another contract, with the digest {run.contract.digest}"
        yield Shortfall(Lack.CONTRACT, text, "Run again without --spec.")
    if run.incomplete:
        text = f"the run is incomplete: {run.incomplete}"
        yield Shortfall(Lack.INCOMPLETE, text, "Run again, to the end.")
    yield from _of_selection(run, profile)
    depths = list(Depth)
    if depths.index(Depth(run.depth)) < depths.index(Depth(profile.depth)):
        text = f"the depth is {run.depth}, but must be at least {profile.depth}"
        yield Shortfall(Lack.DEPTH, text, f"Run again with --depth {profile.depth}.")
    if profile.identity not in (ANY, run.target.identity):
        text = f"the identity is {run.target.identity}, and has to be {profile.identity}"
        advice = f"Add to the target file: identity: {profile.identity}"
        yield Shortfall(Lack.IDENTITY, text, advice)


def _of_selection(run: Run, profile: Profile) -> Iterator[Shortfall]:
    """Shortfalls of which cases were to run: spot checks, a part of the suite, a small budget."""
    if run.spread is not None:
        text = "these are spot checks, which send only a few requests"
        yield Shortfall(Lack.SELECTION, text, "Use the full run that they accompany.")
    chosen = run.selection
    if chosen is None:
        text = "it is not known which cases were to run, because pytest chose them"
        yield Shortfall(Lack.SELECTION, text, "Run again with the command.")
        return
    only = [*chosen.areas, *chosen.clauses, *([chosen.shard] if chosen.shard else [])]
    if only:
        text = f"only a part of the suite was chosen: {_listed(only)}"
        advice = "Run again without --area and --clause. Merge shards first."
        yield Shortfall(Lack.SELECTION, text, advice)
    if chosen.budget < profile.least_budget:
        text = f"the budget is {chosen.budget:,}, and has to be at least {profile.least_budget:,}"
        yield Shortfall(Lack.BUDGET, text, f"Run again with --budget {profile.least_budget}.")


# --- what the target offers -----------------------------------------------------------------------


def _of_offer(run: Run, profile: Profile) -> Iterator[Shortfall]:
    """Shortfalls of what the target offers according to its file.

    These are too few operations, required ones or their parameters that are declared to be missing,
    and routes that are declared inapplicable although the run found them or did not look.
    """
    target = run.target
    offered = len(profile.operations - target.inapplicable)
    if offered < profile.least_operations:
        least = profile.least_operations
        text = f"the target offers {amount(offered, 'operation')}, but must offer {least}"
        yield Shortfall(
            Lack.OPERATIONS,
            text,
            "Implement more operations, and take them out of inapplicable: in the target file.",
        )
    required = profile.operations - profile.may_be_inapplicable
    missing = sorted(target.inapplicable & required)
    if missing:
        text = f"{amount(len(missing), 'operation')} may not be inapplicable: {_listed(missing)}"
        advice = "Take them out of inapplicable: in the target file, or add them to only:."
        yield Shortfall(Lack.INAPPLICABLE, text, advice)
    absent = sorted(target.absent.keys() & required)
    if absent:
        what = amount(len(absent), "operation")
        text = f"parameters of {what} may not be absent: {_listed(absent)}"
        yield Shortfall(Lack.INAPPLICABLE, text, "Take them out of absent: in the target file.")
    hidden = [*run.still_there, *run.not_asked_for]
    if hidden:
        text = (
            f"{amount(len(hidden), 'route')} declared inapplicable exist, or were not tried: "
            f"{_listed(hidden)}"
        )
        advice = "Declare only what the target lacks, and let the run look at it first."
        yield Shortfall(Lack.INAPPLICABLE, text, advice)


# --- the cells ------------------------------------------------------------------------------------


def _of_cells(run: Run, profile: Profile) -> Iterator[Shortfall]:
    """Shortfalls of the cells: scored ones, and failures of optional ones."""
    scored, must_not_fail = [], []
    for cell in run.cells:
        unscored_as = profile.reason(cell.clause, cell.operation)
        if unscored_as is None:
            scored.append(cell)
        if unscored_as in (None, Unscored.OPTIONAL):
            must_not_fail.append(cell)
    judged = sum(cell.verdict in JUDGED for cell in scored)
    if judged < profile.least_cells:
        least = f"{profile.least_cells:,}"
        text = f"{amount(judged, 'scored cell')} judged, and there have to be at least {least}"
        yield Shortfall(Lack.CELLS, text, "Offer more operations, and provide what is untested.")
    yield from _of_verdict(must_not_fail, Verdict.FAILED)
    yield from _of_verdict(scored, Verdict.ERROR)
    yield from _of_waived(scored, profile)
    for advice, names in _untested(scored).items():
        text = f"{amount(len(names), 'cell')} untested: {_listed(names)}"
        yield Shortfall(Lack.UNTESTED, text, advice)


def _of_verdict(cells: list[Cell], verdict: Verdict) -> Iterator[Shortfall]:
    """The shortfall of the cells with a verdict, failed or error; nothing if there are none."""
    names = _names_with(cells, verdict)
    if not names:
        return
    what = f"{amount(len(names), 'cell')} {verdict}: {_listed(names)}"
    if verdict is Verdict.FAILED:
        yield Shortfall(Lack.FAILED, what, "Fix the causes that the report lists.")
    else:
        yield Shortfall(Lack.ERROR, what, "Run again.")


def _of_waived(scored: list[Cell], profile: Profile) -> Iterator[Shortfall]:
    """Shortfalls of scored cells that nobody has to judge, by a waiver or the target file."""
    waived = _names_with(scored, Verdict.WAIVED)
    if len(waived) > profile.most_waived:
        most = profile.most_waived
        text = f"{amount(len(waived), 'cell')} waived ({_listed(waived)}); at most {most} may be"
        yield Shortfall(Lack.WAIVED, text, "Fix what they accept, and remove their waivers.")
    required = [cell for cell in scored if cell.operation not in profile.may_be_inapplicable]
    lacking = _names_with(required, Verdict.INAPPLICABLE)
    if lacking:
        text = f"{amount(len(lacking), 'cell')} inapplicable: {_listed(lacking)}"
        advice = "Take their operations out of inapplicable: and absent: in the target file."
        yield Shortfall(Lack.INAPPLICABLE, text, advice)


def _of_cases(run: Run) -> Iterator[Shortfall]:
    """Shortfalls of cases that could run, but with less than they can make use of."""
    cases_of: dict[str, list[str]] = {}  # ids of cases, by what to provide
    for case in run.cases:
        if case.gap is None:
            for advice in case.lacks:
                cases_of.setdefault(advice, []).append(case.id)
    for advice, names in cases_of.items():
        text = f"{amount(len(names), 'case')} would try more: {_listed(names)}"
        yield Shortfall(Lack.LACKING, text, advice)


def _names_with(cells: list[Cell], verdict: Verdict) -> list[str]:
    """The names of the cells with a verdict."""
    return [cell.name for cell in cells if cell.verdict is verdict]


def _untested(scored: list[Cell]) -> Mapping[str, list[str]]:
    """The names of untested cells by what to do about them, the most cells first.

    A cell with several reasons is listed under each. One without a reason counts as a limit of the
    suite.
    """
    by_advice: dict[str, list[str]] = {}
    for cell in scored:
        if cell.verdict is not Verdict.UNTESTED:
            continue
        advices = {ACTS.get(reason.kind, reason.text) for reason in cell.reasons}
        for advice in sorted(advices) or [ACTS[ReasonKind.OWN_LIMIT]]:
            by_advice.setdefault(advice, []).append(cell.name)
    most_first = sorted(by_advice, key=lambda advice: -len(by_advice[advice]))
    return {advice: by_advice[advice] for advice in most_first}


def _listed(names: list[str]) -> str:
    """The first few names, and how many more there are."""
    more = f" and {len(names) - NAMED:,} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more
