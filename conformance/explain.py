"""Texts about the contract and the plan, for people."""

from __future__ import annotations

import json
import textwrap
from collections import Counter
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any

from conformance import checks
from conformance.contract import packaged
from conformance.errors import UsageError
from conformance.evidence import Log
from conformance.judging import verdict
from conformance.model import Clause, Contract, Declaration, Effect
from conformance.plan import Plan
from conformance.scenarios import REGISTRY
from conformance.selection import nearest, select
from conformance.session import load_suite


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
    """What a clause demands, where it comes from, how it is verified, and by which faults that is proven.

    Raises UsageError for an unknown one.
    """
    if name not in contract.clauses:
        raise UsageError(
            f"there is no clause {name}{nearest(name, contract.clauses)}; `clauses` lists them"
        )
    load_suite()
    one = contract.clauses[name]
    lines = [
        f"{one.id}  ({one.level}, {one.basis}, area {one.area})",
        "",
        *textwrap.wrap(one.text, 96),
        "",
    ]
    if one.because:
        lines += [*textwrap.wrap(f"Because: {one.because}", 96), ""]
    lines.append(f"Source: {contract.page_address}")
    for entry in (contract.page[source] for source in one.sources):
        lines += textwrap.wrap(
            f"{entry.section}, {entry.place}: {entry.says}",
            94,
            initial_indent="  ",
            subsequent_indent="    ",
        )
    lines += ["", "Verified by:" if one.rules else f"Not verified: {one.uncovered}"]
    for rule in one.rules:
        known = checks.RULES[rule]
        scenarios = (
            "every exchange"
            if known.passive
            else ", ".join(s.name for s in REGISTRY.values() if rule in s.rules)
        )
        lines += textwrap.wrap(
            f"{rule}: {known.summary} ({scenarios})",
            94,
            initial_indent="  ",
            subsequent_indent="    ",
        )
    if one.uncovered and one.rules:
        lines += ["", f"No operation: {one.uncovered}"]
    proof = {fault: row for fault, row in (matrix or {}).items() if name in row["breaks"]}
    lines += ["", "Proven by servers with these faults, each of which it catches:"] if proof else []
    for fault, row in proof.items():
        lines += textwrap.wrap(
            f"{fault}: {row['does']}", 94, initial_indent="  ", subsequent_indent="    "
        )
    return "\n".join(lines)


def ledger(contract: Contract) -> list[dict[str, Any]]:
    """The clauses as data."""
    return [
        {
            "id": c.id,
            "area": c.area,
            "level": c.level.value,
            "basis": c.basis,
            "text": c.text,
            "source": list(c.sources),
            "verified_by": list(c.rules),
            **({"because": c.because} if c.because else {}),
            **({"uncovered": c.uncovered} if c.uncovered else {}),
        }
        for c in contract.clauses.values()
    ]


def table(contract: Contract) -> str:
    """The clauses as lines, by area."""
    lines: list[str] = []
    for area, title in contract.areas.items():
        lines += ["", f"{area}: {title}"]
        lines += [_row(one) for one in contract.clauses.values() if one.area == area]
    return "\n".join(lines).strip()


def _row(one: Clause) -> str:
    return "\n".join(
        textwrap.wrap(
            f"{one.id:<28} {one.level:<6} {one.text}",
            110,
            initial_indent="  ",
            subsequent_indent=" " * 38,
        )
    )


def plan_as_json(whole: Plan) -> dict[str, Any]:
    """The plan as data: the cases in their order, and the usual number of requests by safety class."""
    return {
        "cases": [
            {
                "id": case.id,
                "scenario": case.scenario,
                "operation": case.operation,
                "rules": list(case.rules),
                "effect": case.effect.value,
                "requests": case.cost,
                **({"untested": case.gap} if case.gap else {}),
            }
            for case in whole.cases
        ],
        "requests": {effect.value: count for effect, count in whole.requests().items()},
    }


def plan(
    contract: Contract, target: Declaration, whole: Plan, named: tuple[Clause, ...], cases: bool
) -> str:
    """What a run of some clauses would do."""
    chosen = select(whole, contract, named)
    lines = [f"{contract.title} {contract.version} against {target.url}", ""]
    lines.append(f"{'scenario':<26}{'cases':>6}{'run':>6}{'requests':>10}  effects")
    for name in dict.fromkeys(case.scenario for case in chosen.cases):
        own = [case for case in chosen.cases if case.scenario == name]
        able = [case for case in own if not case.gap]
        effects = ", ".join(e for e in Effect if any(case.effect is e for case in able)) or "-"
        lines.append(
            f"{name:<26}{len(own):>6}{len(able):>6}{sum(c.cost for c in able):>10}  {effects}"
        )
        if cases:
            lines += [
                f"    {case.id}" + (f"  untested: {case.gap}" if case.gap else "") for case in own
            ]
    judged = verdict.cells(
        contract, target, checks.RULES, whole.cases, Log(), today=verdict.ANY_DAY
    )
    cells = [cell for cell in judged if contract.clauses[cell.clause] in named]
    gaps = Counter(case.gap for case in chosen.cases if case.gap)
    requests = {effect: count for effect, count in chosen.requests().items() if count}
    lines += [
        "",
        f"{len(chosen.runnable)} of {len(chosen.cases)} cases run, for {len(cells)} cells of {len(named)} clauses",
    ]
    lines.append(
        "requests, about: "
        + (", ".join(f"{count} {effect}" for effect, count in requests.items()) or "none")
    )
    if gaps:
        lines += ["", "Not run:", *(f"  {count:>4}  {gap}" for gap, count in gaps.most_common())]
    return "\n".join(lines)
