"""Texts about the contract and the plan, for people, and the same as data."""

from __future__ import annotations

import json
import textwrap
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from importlib import resources
from pathlib import Path
from typing import Any

from conformance import checks
from conformance.contract import packaged
from conformance.errors import UsageError
from conformance.evidence import Log
from conformance.judging import verdict
from conformance.model import Case, Cell, Clause, Contract, Effect
from conformance.plan import Plan
from conformance.run.planning import Prepared, load_suite
from conformance.scenarios import REGISTRY
from conformance.selection import nearest, wanted


def kills(spec: Path | None) -> dict[str, Any]:
    """The kill matrix of the packaged contract, by the name of the fault.

    Each row says what the fault ``does``, its ``depth``, the clauses that it ``breaks``, and those
    that the suite ``found`` broken. Empty for another contract.
    """
    if spec is not None and spec.resolve() != packaged().resolve():
        return {}
    text = resources.files("conformance").joinpath("kills.json").read_text(encoding="utf-8")
    matrix: dict[str, Any] = json.loads(text)
    return matrix


def clause(contract: Contract, name: str, matrix: Mapping[str, Any] | None = None) -> str:
    """What a clause demands, its source, how it is verified, and the faults that prove that.

    Raises UsageError for an unknown one.
    """
    if name not in contract.clauses:
        raise UsageError(
            f"there is no clause {name}{nearest(name, contract.clauses)}; `clauses` lists them"
        )
    clause = contract.clauses[name]
    return "\n".join(
        [
            f"{clause.id}  ({clause.level}, {clause.basis}, area {clause.area})",
            "",
            *textwrap.wrap(clause.text, 96),
            "",
            *_reasoning(clause),
            *_source(contract, clause),
            "",
            *_verification(clause),
            *_proof(clause, matrix or {}),
        ]
    )


def _item(text: str) -> list[str]:
    """A text as an indented item of a list, in lines."""
    return textwrap.wrap(text, 94, initial_indent="  ", subsequent_indent="    ")


def _reasoning(clause: Clause) -> list[str]:
    if not clause.because:
        return []
    return [*textwrap.wrap(f"Because: {clause.because}", 96), ""]


def _source(contract: Contract, clause: Clause) -> list[str]:
    lines = [f"Source: {contract.page_address}"]
    for name in clause.sources:
        entry = contract.page[name]
        lines += _item(f"{entry.section}, {entry.place}: {entry.says}")
    return lines


def _verification(clause: Clause) -> list[str]:
    if not clause.rules:
        return [f"Not verified: {clause.uncovered}"]
    lines = ["Verified by:"]
    for rule in clause.rules:
        lines += _item(f"{rule}: {checks.RULES[rule].summary} ({_scenarios(rule)})")
    if clause.uncovered:
        lines += ["", f"No operation: {clause.uncovered}"]
    return lines


def _scenarios(rule: str) -> str:
    """The scenarios that feed a rule."""
    if checks.RULES[rule].passive:
        return "every exchange"
    load_suite()
    return ", ".join(each.name for each in REGISTRY.values() if rule in each.rules)


def _proof(clause: Clause, matrix: Mapping[str, Any]) -> list[str]:
    faults = [
        f"{fault}: {row['does']}" for fault, row in matrix.items() if clause.id in row["breaks"]
    ]
    if not faults:
        return []
    lines = ["", "Proven by servers with these faults, each of which it catches:"]
    for fault in faults:
        lines += _item(fault)
    return lines


def ledger(contract: Contract) -> list[dict[str, Any]]:
    """The clauses as data."""
    return [_as_data(clause) for clause in contract.clauses.values()]


def _as_data(clause: Clause) -> dict[str, Any]:
    members = {
        "id": clause.id,
        "area": clause.area,
        "level": clause.level.value,
        "basis": clause.basis,
        "text": clause.text,
        "source": list(clause.sources),
        "verified_by": list(clause.rules),
    }
    if clause.because:
        members["because"] = clause.because
    if clause.uncovered:
        members["uncovered"] = clause.uncovered
    return members


def table(contract: Contract) -> str:
    """The clauses as lines, by area."""
    lines: list[str] = []
    for area, title in contract.areas.items():
        lines += ["", f"{area}: {title}"]
        for clause in contract.clauses.values():
            if clause.area == area:
                lines += _row(clause)
    return "\n".join(lines).strip()


def _row(clause: Clause) -> list[str]:
    text = f"{clause.id:<28} {clause.level:<6} {clause.text}"
    return textwrap.wrap(text, 110, initial_indent="  ", subsequent_indent=" " * 38)


def plan_as_json(plan: Plan) -> dict[str, Any]:
    """The cases in their order, and the usual number of requests by safety class."""
    return {
        "cases": [_case_as_data(case) for case in plan.cases],
        "requests": {effect.value: count for effect, count in plan.requests().items()},
    }


def _case_as_data(case: Case) -> dict[str, Any]:
    members = {
        "id": case.id,
        "scenario": case.scenario,
        "operation": case.operation,
        "rules": list(case.rules),
        "effect": case.effect.value,
        "requests": case.cost,
    }
    if case.gap:
        members["untested"] = case.gap
    return members


def plan(prepared: Prepared, with_cases: bool) -> str:
    """What a run would do, as text, on request with every case."""
    contract, chosen = prepared.contract, prepared.chosen
    lines = [
        f"{contract.title} {contract.version} against {prepared.target.declaration.url}",
        "",
        f"{'scenario':<26}{'cases':>6}{'run':>6}{'requests':>10}  effects",
    ]
    for name in dict.fromkeys(case.scenario for case in chosen.cases):
        cases = [case for case in chosen.cases if case.scenario == name]
        lines.append(_scenario_row(name, cases))
        if with_cases:
            lines += [_case_line(case) for case in cases]
    return "\n".join([*lines, "", *_sums(prepared), *_gaps(chosen)])


def _scenario_row(name: str, cases: Iterable[Case]) -> str:
    cases = list(cases)
    runnable = [case for case in cases if not case.gap]
    present = {case.effect for case in runnable}
    effects = ", ".join(effect for effect in Effect if effect in present) or "-"
    requests = sum(case.cost for case in runnable)
    return f"{name:<26}{len(cases):>6}{len(runnable):>6}{requests:>10}  {effects}"


def _case_line(case: Case) -> str:
    return f"    {case.id}  untested: {case.gap}" if case.gap else f"    {case.id}"


def _sums(prepared: Prepared) -> list[str]:
    """The numbers of cases, cells, clauses and requests."""
    chosen = prepared.chosen
    clauses = wanted(prepared.contract, prepared.choice.areas, prepared.choice.clauses)
    cells = len(_cells(prepared, {clause.id for clause in clauses}))
    requests = [f"{count} {effect}" for effect, count in chosen.requests().items() if count]
    return [
        f"{len(chosen.runnable)} of {len(chosen.cases)} cases run, "
        f"for {cells} cells of {len(clauses)} clauses",
        f"requests, about: {', '.join(requests) or 'none'}",
    ]


def _cells(prepared: Prepared, clauses: Collection[str]) -> list[Cell]:
    """The cells of some clauses, as a run that sends nothing has them."""
    cells = verdict.cells(
        prepared.contract,
        prepared.target.declaration,
        checks.RULES,
        prepared.chosen.cases,
        Log(),
        today=verdict.ANY_DAY,
    )
    return [cell for cell in cells if cell.clause in clauses]


def _gaps(chosen: Plan) -> list[str]:
    """What keeps cases from running, the most frequent first."""
    gaps = Counter(case.gap for case in chosen.cases if case.gap)
    if not gaps:
        return []
    return ["", "Not run:", *(f"  {count:>4}  {gap}" for gap, count in gaps.most_common())]
