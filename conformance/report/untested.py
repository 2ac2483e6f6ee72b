"""Why cells are untested, grouped for every report by who has to act."""

from __future__ import annotations

from collections import Counter

from conformance.base.text import amount
from conformance.model import Cause, Cell, Reason, ReasonKind, Run, Verdict
from conformance.report.view import NO_REASON

Missing = list[tuple[str, list[Cell]]]
"""The texts of reasons, each with its cells, the most frequent first."""

KINDS = {
    ReasonKind.BLOCKED: "Blocked by a failure",
    ReasonKind.PROVIDE: "What to provide",
    ReasonKind.NOT_RUN: "Over budget, or not run",
    ReasonKind.NOT_SELECTED: "Not selected",
    ReasonKind.OWN_LIMIT: "Limits of the suite",
    ReasonKind.DECLARED: "Declared in the target file",
}
"""The title of each group of reasons for untested cells, by their kind."""

BRIEFLY = {
    ReasonKind.BLOCKED: "blocked by a failure",
    ReasonKind.PROVIDE: "lacking what you can provide",
    ReasonKind.NOT_RUN: "over budget or not run",
    ReasonKind.NOT_SELECTED: "not selected by depth or options",
    ReasonKind.OWN_LIMIT: "beyond the limits of the suite",
    ReasonKind.DECLARED: "declared in the target file",
}
"""What follows the number of cells in a sentence, by the kind of their reasons."""

ACTS = {
    ReasonKind.BLOCKED: "Fix the target: see what broke.",
    ReasonKind.PROVIDE: "Complete the target file.",
    ReasonKind.NOT_RUN: "Run again with a higher budget or more time.",
    ReasonKind.NOT_SELECTED: "No action needed: these were not selected for this run.",
    ReasonKind.OWN_LIMIT: (
        "Run again: the next run may get far enough to judge this. "
        "The documentation lists what no run can observe."
    ),
    ReasonKind.DECLARED: "No action needed: the target file declares these inapplicable.",
}
"""What to do about the reasons of each kind."""

NO_HARM = "No harm found."
NOTHING_LEFT = "Nothing is left to do."

NEXT = {
    ReasonKind.NOT_RUN: "run again with a higher budget or more time",
    ReasonKind.NOT_SELECTED: "run in full, without a selection",
}
"""How to have more cells judged, for the kinds of reasons whose text does not say so."""


def missing(run: Run) -> dict[ReasonKind, Missing]:
    """Why cells are untested, by kind in the order of KINDS. Kinds without a cell are left out.

    A cell with several reasons appears under each of them. The text of a reason that names a
    blocking cell is replaced by one that names the worst cause of that cell, if it has any.
    """
    groups: dict[ReasonKind, dict[str, list[Cell]]] = {kind: {} for kind in KINDS}
    blocked_by = _blocked_by(run)
    for cell in run.cells:
        if cell.verdict is not Verdict.UNTESTED:
            continue
        for reason in cell.reasons or (Reason(ReasonKind.OWN_LIMIT, NO_REASON),):
            text = blocked_by.get(reason.by or "", reason.text)
            groups.setdefault(reason.kind, {}).setdefault(text, []).append(cell)
    return {kind: _most_frequent_first(texts) for kind, texts in groups.items() if texts}


def summary(run: Run) -> str:
    """How many cells are untested by kind, such as ``98 blocked by a failure, 3 not run``."""
    found = {kind: len(cells_of(reasons)) for kind, reasons in missing(run).items()}
    parts = [f"{cells:,} {BRIEFLY[kind]}" for kind, cells in found.items()]
    if sum(found.values()) > run.counts[Verdict.UNTESTED]:
        parts.append("some for several reasons")
    return ", ".join(parts)


def next_step(run: Run) -> str:
    """Two sentences: the run found no harm, and what to do next to have the most cells judged.

    Empty for a run that ended early, found a cause or had errors. Shards and spot checks are only
    part of something else, so for them, or if no step helps, it is only the first one.
    """
    if run.causes or run.differences or run.counts[Verdict.ERROR]:
        return ""
    if run.incomplete or not run.judged:
        return ""
    if run.spread or (run.selection and run.selection.shard):
        return NO_HARM
    to_do = NOTHING_LEFT if run.standing is Verdict.PASSED else _best_step(run)
    return f"{NO_HARM} {to_do}".rstrip()


def _best_step(run: Run) -> str:
    """What to do next to have the most cells judged; empty if no step helps.

    Only cells that need nothing else count.
    """
    steps: Counter[str] = Counter()
    for cell in run.cells:
        if cell.verdict is Verdict.UNTESTED and len(cell.reasons) == 1:
            (reason,) = cell.reasons
            if reason.kind in (ReasonKind.PROVIDE, *NEXT):
                steps[NEXT.get(reason.kind, reason.text).rstrip(".")] += 1
    if not steps:
        return ""
    ((step, cells),) = steps.most_common(1)
    return f"Next, to have {amount(cells, 'more cell')} judged: {step}."


def cells_of(reasons: Missing) -> list[Cell]:
    """The cells of some reasons, each once."""
    return list({cell.name: cell for _, cells in reasons for cell in cells}.values())


def _most_frequent_first(groups: dict[str, list[Cell]]) -> Missing:
    return sorted(groups.items(), key=lambda group: (-len(group[1]), group[0]))


def _blocked_by(run: Run) -> dict[str, str]:
    """For each broken cell, by name: the reason of cells that it blocks, naming its worst cause."""
    texts: dict[str, str] = {}
    for text, cause in reversed(blocking(run).items()):  # the worst cause comes last and wins
        texts.update(dict.fromkeys(cause.cells, text))
    return texts


def blocking(run: Run) -> dict[str, Cause]:
    """The causes, worst first, by the text of a reason that names them as blocking a cell."""
    return {
        f"blocked by cause {number}: {cause.title}": cause
        for number, cause in enumerate(run.causes, 1)
    }
