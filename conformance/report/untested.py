"""Why cells are untested, by who has to act: groups for every report."""

from __future__ import annotations

from conformance.model import Cause, Cell, Reason, ReasonKind, Run, Verdict
from conformance.report.view import NO_REASON

Missing = list[tuple[str, list[Cell]]]
"""Texts of reasons, each with its cells, the most frequent first."""

KINDS = {
    ReasonKind.BLOCKED: "Blocked by a failure",
    ReasonKind.PROVIDE: "What to provide",
    ReasonKind.NOT_RUN: "Over budget, or not run",
    ReasonKind.NOT_SELECTED: "Not selected",
    ReasonKind.OWN_LIMIT: "Limits of the suite",
    ReasonKind.DECLARED: "Declared in the target file",
}
"""The kinds of reasons of untested cells, with the titles of their groups."""

ACTS = {
    ReasonKind.BLOCKED: "The target has to be mended: see what broke.",
    ReasonKind.PROVIDE: "The person who runs the suite can act: complete the target file.",
    ReasonKind.NOT_RUN: "Run again, with more budget or time.",
    ReasonKind.NOT_SELECTED: "Nobody has to act: the run was told to leave these out.",
    ReasonKind.OWN_LIMIT: (
        "Nobody can act: the suite did not come to see this from outside. "
        "Its documentation lists what no run can see."
    ),
    ReasonKind.DECLARED: "Nobody has to act: the target file says that there is nothing to judge.",
}
"""Who has to act, by the kind of a reason."""


def missing(run: Run) -> dict[ReasonKind, Missing]:
    """Why cells are untested, by kind in the order of KINDS; kinds without a cell are left out.

    A cell with several reasons stands under each of them.
    """
    groups: dict[ReasonKind, dict[str, list[Cell]]] = {kind: {} for kind in KINDS}
    blockers = _blockers(run)
    for cell in run.cells:
        if cell.verdict is not Verdict.UNTESTED:
            continue
        for reason in cell.reasons or (Reason(ReasonKind.OWN_LIMIT, NO_REASON),):
            text = blockers.get(reason.by or "", reason.text)
            groups.setdefault(reason.kind, {}).setdefault(text, []).append(cell)
    return {kind: _most_frequent_first(texts) for kind, texts in groups.items() if texts}


def _most_frequent_first(groups: dict[str, list[Cell]]) -> Missing:
    return sorted(groups.items(), key=lambda group: (-len(group[1]), group[0]))


def _blockers(run: Run) -> dict[str, str]:
    """The worst cause of each broken cell, in the words of a reason, by the name of the cell."""
    words: dict[str, str] = {}
    for text, cause in reversed(blocking(run).items()):  # the worst one comes last
        words.update(dict.fromkeys(cause.cells, text))
    return words


def blocking(run: Run) -> dict[str, Cause]:
    """Each cause, the worst first, by the words of a reason that it blocks a cell."""
    return {
        f"blocked by cause {number}, which breaks {cause.finding.clause}": cause
        for number, cause in enumerate(run.causes, 1)
    }
