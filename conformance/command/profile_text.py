"""Descriptions of profiles, and of what a run lacks to meet them, as text and as data."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from conformance.base.text import amount, wrapped
from conformance.command.saying import columns
from conformance.model import Profile, Unscored
from conformance.report.profiles import Standing


def text_of(chosen: list[Profile], *, in_full: bool) -> str:
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
    clauses_by_reason: dict[tuple[Unscored, str], list[str]] = {}
    for clause, reason in profile.not_scored.items():
        clauses_by_reason.setdefault(reason, []).append(clause)
    for (kind, why), clauses in clauses_by_reason.items():
        yield ""
        yield from wrapped(f"Not scored ({kind}): {why}", columns(), "  ", "  ")
        yield from wrapped(", ".join(clauses), columns(), "    ", "    ")
    if profile.may_be_inapplicable:
        yield ""
        yield "  The target need not have:"
        names = sorted(profile.may_be_inapplicable)
        yield from wrapped(", ".join(names), columns(), "    ", "    ")


def standings(found: list[Standing]) -> str:
    """Whether a run meets some profiles, and what it lacks."""
    return "\n\n".join("\n".join(_standing(each)) for each in found)


def _standing(standing: Standing) -> Iterator[str]:
    """Whether a run meets a profile, and what it lacks."""
    yield f"{standing.profile.label}: {standing.state}"
    for lack in standing.lacking:
        yield from wrapped(f"{lack.code}: {lack.text}", columns(), "  ", "    ")
        yield from wrapped(lack.advice, columns(), "    ", "    ")


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
        "lacks_nothing": profile.lacks_nothing,
        "may_be_inapplicable": sorted(profile.may_be_inapplicable),
        "operations": sorted(profile.operations),
        "scored": sorted(profile.scored),
        "not_scored": {name: list(words) for name, words in profile.not_scored.items()},
    }
