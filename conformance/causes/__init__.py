"""Causes: what has to be fixed, derived only from the findings of a run.

Findings with the same key form a group, whatever the operation. A group that explains another one
absorbs it. Each group that remains is a cause.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from conformance.causes.common_words import words_of_all
from conformance.causes.consequences import OF_LASTING_EFFECTS
from conformance.causes.finding_key import Key, place_of
from conformance.causes.folding import root_groups
from conformance.causes.groups import Group, groups_of
from conformance.causes.harm import harm_of
from conformance.causes.instances import instances_of
from conformance.causes.sightings import Sighting, sightings_of
from conformance.causes.telling import plainest
from conformance.causes.titles import title_of, told_apart
from conformance.causes.unmasked_secrets import issuer_of_shown
from conformance.model import Cause, Cell, Contract, Exchange, Finding, Level, Verdict, worst

__all__ = [
    "Key",
    "Sighting",
    "causes_of",
    "following_by_cause",
    "place_of",
    "sightings_by_cause",
    "sightings_of",
]

OF_REPORTS = "figures."
"""Prefix of the rules about reports."""
MOST_LISTED = 20
"""Maximum number of exchanges that a cause lists."""


def causes_of(
    contract: Contract, cells: Iterable[Cell], exchanges: Iterable[Exchange]
) -> tuple[Cause, ...]:
    """The causes of the findings in some cells, worst first.

    They are ordered by harm, then by whether the clause is a MUST, then by the verdict, then by
    the number of cells explained.
    """
    cells = tuple(cells)
    by_id = {exchange.id: exchange for exchange in exchanges}
    roots = root_groups(contract, groups_of(contract, cells, by_id))
    blocked = _blocked(cells)
    causes = [_cause(contract, root, by_id, blocked) for root in roots]
    return tuple(sorted(_titled(contract, roots, causes, by_id), key=_worst_first))


def _titled(
    contract: Contract, roots: list[Group], causes: list[Cause], by_id: dict[str, Exchange]
) -> list[Cause]:
    """The causes for some groups with their titles."""
    titles = []
    for root, cause in zip(roots, causes, strict=True):
        operations = _named_operations(root, by_id)
        more = words_of_all(contract, root, by_id)
        titles.append(title_of(contract, root.key, cause.finding, operations, more))
    texts = told_apart(titles)
    return [replace(cause, title=text) for cause, text in zip(causes, texts, strict=True)]


def _named_operations(root: Group, by_id: dict[str, Exchange]) -> list[str]:
    """The operations that the title of a cause names.

    The figures that an operation reports are judged as part of the whole API. For them, the title
    names the operations that returned them.
    """
    if not root.key.rule.startswith(OF_REPORTS):
        return root.own_operations
    reports = [
        by_id[sighting.shown_by] for sighting in root.sightings if sighting.shown_by in by_id
    ]
    return list(dict.fromkeys(exchange.operation for exchange in reports))


def sightings_by_cause(
    contract: Contract, cells: Iterable[Cell], exchanges: Iterable[Exchange]
) -> dict[str, list[Sighting]]:
    """The sightings of each cause of the findings in some cells, by the id of the cause."""
    by_id = {exchange.id: exchange for exchange in exchanges}
    sightings: dict[str, list[Sighting]] = {}
    for root in root_groups(contract, groups_of(contract, cells, by_id)):
        sightings[root.id] = [sighting for part in root.parts() for sighting in part.sightings]
    return sightings


def following_by_cause(
    contract: Contract, cells: Iterable[Cell], exchanges: Iterable[Exchange]
) -> dict[str, set[str]]:
    """The names of the cells that are broken only as a consequence, by the id of the cause.

    Their requests fail on objects that a wrong write of the same cause has left behind or removed.
    A cell with any other finding of the cause is left out.
    """
    by_id = {exchange.id: exchange for exchange in exchanges}
    following: dict[str, set[str]] = {}
    for root in root_groups(contract, groups_of(contract, cells, by_id)):
        broken_directly: set[str] = set()
        consequences: set[str] = set()
        for part in root.parts():
            for sighting in part.sightings:
                if part.key.rule in OF_LASTING_EFFECTS and not part.is_own(sighting):
                    consequences.add(sighting.cell.name)
                else:
                    broken_directly.add(sighting.cell.name)
        following[root.id] = consequences - broken_directly
    return following


def _worst_first(cause: Cause) -> tuple[int, int, int, int, str]:
    """The sort key of a cause: harm, MUST or not, verdict, number of cells, and the id."""
    is_not_must = cause.finding.level is not Level.MUST
    return cause.harm.rank, is_not_must, cause.verdict.rank, -len(cause.cells), cause.id


def _blocked(cells: Iterable[Cell]) -> dict[str, list[str]]:
    """The names of the cells that each failed cell blocks, by the name of the failed cell."""
    blocked: dict[str, list[str]] = {}
    for cell in cells:
        for reason in cell.reasons:
            if reason.by:
                blocked.setdefault(reason.by, []).append(cell.name)
    return blocked


def _cause(
    contract: Contract, root: Group, by_id: dict[str, Exchange], blocked: dict[str, list[str]]
) -> Cause:
    """The cause for a group and the groups folded into it, without a title."""
    finding = _main_finding(contract, root, by_id)
    cells: dict[str, Cell] = {}
    exchange_ids: set[str] = set()
    for part in root.parts():
        cells |= part.cells
        exchange_ids |= part.exchanges.keys()
    in_order = [name for name in by_id if name in exchange_ids]
    clauses = [finding.clause, *(cell.clause for cell in cells.values())]
    blocked_cells = [name for broken in cells for name in blocked.get(broken, ())]
    return Cause(
        id=root.id,
        family=root.key.id,
        origin=root.origin,
        harm=harm_of(contract, root.key, finding),
        verdict=worst(cell.verdict for cell in cells.values()) or Verdict.FAILED,
        finding=finding,
        clauses=tuple(dict.fromkeys(clauses)),
        cells=tuple(cells),
        exchanges=tuple(in_order[:MOST_LISTED]),
        seen=len(exchange_ids),
        flaw=root.key.flaw,
        blocks=tuple(dict.fromkeys(blocked_cells)),
        instances=instances_of(contract, root.due_refusals(by_id)),
    )


def _main_finding(contract: Contract, root: Group, by_id: dict[str, Exchange]) -> Finding:
    """The main finding of a group, with the exchanges that show it best.

    Without an origin, these are the plainest ones. For a secret that is shown again, they are the
    exchange that issued it and the first that shows it. If requests fail on a stored value, they
    are the write that stored it, which is the origin, and the first failure.
    """
    if not root.origin:
        finding = plainest(root, by_id)
        issuer = issuer_of_shown(contract, finding, by_id)
        if issuer is None:
            return finding
        return replace(finding, exchanges=(issuer.id, *finding.exchanges[:1]), apart=False)
    failing = [name for name in root.finding.exchanges if name != root.origin]
    finding = _with_status(root.finding, failing, by_id)
    return replace(finding, exchanges=(root.origin, *failing[:1]), apart=False)


def _with_status(finding: Finding, names: Sequence[str], by_id: dict[str, Exchange]) -> Finding:
    """A finding that quotes the status of the first of some exchanges, if it is on the status.

    ``names`` are the ids of these exchanges. Any other finding stays as it is.
    """
    first = by_id.get(names[0]) if names else None
    if first and finding.where == "status" and not finding.actual.startswith(f"{first.status}"):
        return replace(finding, actual=f"{first.status}")
    return finding
