"""``profiles``: the profiles of the contract, and what a run lacks to meet them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from conformance.base.errors import Exit, UsageError
from conformance.base.text import amount, nearest, wrapped
from conformance.command.choosing import with_spec
from conformance.command.commands import load
from conformance.command.replay import RUN, recomputed
from conformance.command.saying import columns, hand_out, say

if TYPE_CHECKING:
    from conformance.model import Contract, Profile
    from conformance.report.profiles import Standing


@click.command(name="profiles")
@click.argument("name", required=False)
@click.option("--of", "stored_in", metavar="RUN", type=RUN, help="Say what a stored run lacks.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@with_spec
def profiles_(name: str | None, stored_in: Path | None, as_json: bool, spec: Path | None) -> int:
    """List the profiles of the contract, or one with the clauses that it does not score.

    With --of, say what a run lacks to meet them; exit 1 if it does not meet one.
    """
    contract = load(spec)
    chosen = _chosen(contract, name)
    if stored_in is None:
        if as_json:
            hand_out([as_data(profile) for profile in chosen])
        else:
            say(_text(chosen, in_full=name is not None))
        return 0
    from conformance.report.profiles import standings

    names = {profile.name for profile in chosen}
    run = recomputed(stored_in, contract).run
    found = [each for each in standings(run) if each.profile.name in names]
    if as_json:
        hand_out([as_data(each.profile) | each.as_data() for each in found])
    else:
        say("\n\n".join("\n".join(_standing(each)) for each in found))
    return Exit.VIOLATED if any(each.lacking for each in found) else 0


def _chosen(contract: Contract, name: str | None) -> list[Profile]:
    """The named profile, or all. Raises UsageError for an unknown one, and if there is none."""
    if not contract.profiles:
        raise UsageError(f"{contract.name} has no profiles.")
    if name is None:
        return list(contract.profiles.values())
    if name not in contract.profiles:
        suggestion = nearest(name, contract.profiles)
        known = ", ".join(contract.profiles)
        raise UsageError(f"There is no profile {name}{suggestion}. The profiles are {known}.")
    return [contract.profiles[name]]


# --- text -----------------------------------------------------------------------------------------


def _text(chosen: list[Profile], *, in_full: bool) -> str:
    """The profiles as text, optionally with everything that they do not score."""
    parts = []
    for profile in chosen:
        lines = list(_about(profile))
        if in_full:
            lines += _details(profile)
        parts.append("\n".join(lines))
    return "\n\n".join(parts)


def _about(profile: Profile) -> Iterator[str]:
    """What a profile requires, in a few lines."""
    yield f"{profile.label}  SHA-256 {profile.digest}"
    operations = amount(profile.least_operations, "operation")
    cells = amount(profile.least_cells, "cell")
    texts = (
        profile.title,
        f"{amount(len(profile.scored), 'clause')} scored on at least {operations} and {cells}.",
        f"Depth {profile.depth} or more, identity {profile.identity}, "
        f"a budget of at least {amount(profile.least_budget, 'request')}, "
        f"at most {amount(profile.most_waived, 'cell')} waived.",
    )
    for text in texts:
        yield from wrapped(text, columns(), "  ", "  ")


def _details(profile: Profile) -> Iterator[str]:
    """What a profile does not score, by reason, and the operations that a target need not have."""
    grouped: dict[tuple[str, str], list[str]] = {}
    for name, because in profile.not_scored.items():
        grouped.setdefault(because, []).append(name)
    for (reason, why), names in grouped.items():
        yield ""
        yield from wrapped(f"Not scored ({reason}): {why}", columns(), "  ", "  ")
        yield from wrapped(", ".join(names), columns(), "    ", "    ")
    if profile.may_be_inapplicable:
        yield ""
        yield "  The target need not have:"
        names = sorted(profile.may_be_inapplicable)
        yield from wrapped(", ".join(names), columns(), "    ", "    ")


def _standing(standing: Standing) -> Iterator[str]:
    """Whether a run meets a profile, and what it lacks."""
    yield f"{standing.profile.label}: {standing.state}"
    for lack in standing.lacking:
        yield from wrapped(f"{lack.code}: {lack.text}", columns(), "  ", "    ")
        yield from wrapped(lack.advice, columns(), "    ", "    ")


# --- data -----------------------------------------------------------------------------------------


def as_data(profile: Profile) -> dict[str, Any]:
    """A profile as data."""
    return {
        "name": profile.name,
        "version": profile.version,
        "digest": profile.digest,
        "title": profile.title,
        "depth": profile.depth,
        "identity": profile.identity,
        "least_operations": profile.least_operations,
        "least_cells": profile.least_cells,
        "least_budget": profile.least_budget,
        "most_waived": profile.most_waived,
        "may_be_inapplicable": sorted(profile.may_be_inapplicable),
        "scored": sorted(profile.scored),
        "not_scored": {
            name: {"reason": reason, "why": why}
            for name, (reason, why) in profile.not_scored.items()
        },
    }
