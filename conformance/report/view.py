"""What every report says of a run, said once: order, words, groups and counts.

All numbers come from ``run.counts`` and ``run.cells``, so that the formats agree.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from conformance.model import WHOLE_API, Cell, Clause, Exchange, Finding, Role, Run, Verdict
from conformance.report.curl import curl
from conformance.report.text import amount, clean, cut

LIMIT = 1000
"""Characters of an expected or actual value that a report shows."""

CURL_LIMIT = 2000
"""Characters of a body that a curl line is written for; a longer one helps nobody."""


@dataclass(frozen=True)
class Sign:
    """How a verdict is shown, and what it means."""

    symbol: str
    meaning: str


SIGNS = {
    Verdict.FAILED: Sign("✕", "A MUST of the contract was broken."),
    Verdict.ERROR: Sign(
        "!", "The suite could not judge: the connection was lost, or the suite has a bug."
    ),
    Verdict.WAIVED: Sign("≈", "Failed, and a valid waiver (reason, owner, expiry) covers it."),
    Verdict.WARNED: Sign("▲", "A SHOULD of the contract was broken."),
    Verdict.UNTESTED: Sign(
        "○", "Something is missing, not selected or over budget. Never counts as passed."
    ),
    Verdict.PASSED: Sign("✓", "Judged on evidence, and nothing found."),
    Verdict.INAPPLICABLE: Sign("–", "The target declares that it has no such operation."),
}
"""Each verdict, worst first."""

PROBLEMS = (Verdict.FAILED, Verdict.ERROR, Verdict.WAIVED, Verdict.WARNED)
"""The verdicts that are shown with their evidence."""

NO_CELLS = "No operation that was selected is one that this clause speaks of."
"""Why a clause has no cells, where the ledger does not say."""

NO_REASON = "No reason was recorded."


def headline(run: Run) -> str:
    """The overall verdict, in the words of the exit code; not to be quoted for more than was judged."""
    conforms = "Conforms as far as judged" if run.counts["untested"] else "Conforms"
    return {0: conforms, 1: "Breaks the contract"}.get(run.exit_code, "Could not be judged")


def qualification(run: Run) -> str:
    """One sentence on what the headline rests on, and what it leaves open."""
    counts, total = run.counts, len(run.cells)
    judged = total - counts["untested"] - counts["error"] - counts["inapplicable"]
    parts = [f"{judged:,} of {amount(total, 'cell')} judged"]
    parts += [
        f"{counts[name]:,} {name}"
        for name in ("failed", "error", "waived", "warned", "untested")
        if counts[name]
    ]
    wanted = " Completeness was required." if run.require_complete and counts["untested"] else ""
    return f"{', '.join(parts)}.{wanted}"


def counts_line(run: Run) -> str:
    """``152 passed, 3 failed (155 cells, 42 clauses, 961 requests)``: verdicts that occur, and passed."""
    order = (Verdict.PASSED, *(verdict for verdict in Verdict if verdict is not Verdict.PASSED))
    verdicts = [
        f"{run.counts[v.value]:,} {v.value}"
        for v in order
        if run.counts[v.value] or v is Verdict.PASSED
    ]
    clauses = sum(bool(cells) for cells in run.by_clause.values())
    size = (
        amount(len(run.cells), "cell"),
        amount(clauses, "clause"),
        amount(len(run.exchanges), "request"),
    )
    return f"{', '.join(verdicts)} ({', '.join(size)})"


def operation_name(operation: str) -> str:
    """An operation as people read it."""
    return "whole API" if operation == WHOLE_API else operation


def problems(run: Run, verdict: Verdict) -> Iterator[tuple[Clause, tuple[Cell, ...]]]:
    """The cells of one verdict by clause, in the order of the ledger."""
    for clause, cells in run.by_clause.items():
        found = tuple(cell for cell in cells if cell.verdict is verdict)
        if found:
            yield run.contract.clauses[clause], found


def missing(run: Run) -> list[tuple[str, tuple[Cell, ...]]]:
    """What untested cells lack: each reason with its cells, the most frequent first."""
    groups: dict[str, list[Cell]] = {}
    for cell in run.cells:
        if cell.verdict is Verdict.UNTESTED:
            for reason in dict.fromkeys(cell.reasons or (NO_REASON,)):
                groups.setdefault(reason, []).append(cell)
    return sorted(
        ((reason, tuple(cells)) for reason, cells in groups.items()),
        key=lambda group: (-len(group[1]), group[0]),
    )


def notes(run: Run) -> list[tuple[Clause, tuple[Finding, ...]]]:
    """The notes by clause, in the order of the ledger."""
    found = (
        (clause, tuple(note for cell in cells for note in cell.notes))
        for clause, cells in run.by_clause.items()
    )
    return [(run.contract.clauses[clause], seen) for clause, seen in found if seen]


def without_cells(run: Run) -> list[tuple[Clause, str]]:
    """The clauses that have no verdict, with the reason."""
    clauses = (run.contract.clauses[clause] for clause, cells in run.by_clause.items() if not cells)
    return [(clause, clause.uncovered or NO_CELLS) for clause in clauses]


def exchanges_of(run: Run, ids: Iterable[str]) -> list[Exchange]:
    """The exchanges of some ids that the run holds, in that order."""
    return [run.exchange[name] for name in ids if name in run.exchange]


def probe(run: Run, ids: Iterable[str]) -> Exchange | None:
    """The exchange that shows a finding best: its first probe, else its first."""
    found = exchanges_of(run, ids)
    return next(
        (exchange for exchange in found if exchange.role is Role.PROBE), found[0] if found else None
    )


def repeat_line(exchange: Exchange) -> str:
    """The curl line of an exchange, or where to find a request that is too long for one."""
    body = exchange.request.body
    if body is None or max(len(body.text or ""), len(body.base64 or "")) <= CURL_LIMIT:
        line = curl(exchange.request)
        if len(line) <= 2 * CURL_LIMIT:
            return line
    return f"# too long for a line of shell; the request is {clean(exchange.id)} in exchanges.jsonl"


def duration_ms(run: Run, cell: Cell) -> int:
    """How long the exchanges took that a cell rests on. Cells share exchanges, so these do not add up."""
    return round(sum(exchange.elapsed_ms for exchange in exchanges_of(run, cell.exchanges)))


def epoch_ms(moment: str) -> int:
    """An ISO 8601 moment in milliseconds since 1970; 0 for none."""
    if not moment:
        return 0
    parsed = datetime.fromisoformat(moment)
    return round((parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).timestamp() * 1000)


class Difference(Protocol):
    """What a finding and a violation have in common."""

    @property
    def where(self) -> str:
        """A place in the response, such as a JSON pointer or a header."""

    @property
    def expected(self) -> str:
        """What the contract wants there."""

    @property
    def actual(self) -> str:
        """What was there."""


def said(finding: Difference) -> str:
    """A finding or a violation in one line."""
    return f"{shown(finding.where)}: expected {shown(finding.expected)}, actual {shown(finding.actual)}"


def shown(text: str, limit: int = LIMIT) -> str:
    """A text of one line, inert and cut."""
    return cut(clean(text), limit)


def message(cell: Cell) -> str:
    """Why a cell has its verdict, in one line; empty for one that passed."""
    if cell.findings:
        more = len(cell.findings) - 1
        return said(cell.findings[0]) + (f" (and {amount(more, 'more finding')})" if more else "")
    return "; ".join(shown(reason) for reason in cell.reasons)


def account(run: Run, cell: Cell, limit: int = 20) -> str:
    """All about a cell in plain lines: clause, findings, how to repeat each, reasons, waiver."""
    clause = run.contract.clauses[cell.clause]
    lines = [f"{clause.id} ({clause.level}, {clause.basis}): {clause.text}"]
    for finding in cell.findings[:limit]:
        lines += [
            f"where: {shown(finding.where)}",
            f"expected: {shown(finding.expected)}",
            f"actual: {shown(finding.actual)}",
        ]
        lines += (
            [f"exchanges: {', '.join(clean(name) for name in finding.exchanges)}"]
            if finding.exchanges
            else []
        )
        exchange = probe(run, finding.exchanges)
        lines += [f"repeat: {repeat_line(exchange)}"] if exchange else []
    more = len(cell.findings) - limit
    lines += [f"and {amount(more, 'more finding')}"] if more > 0 else []
    lines += [f"reason: {shown(reason)}" for reason in cell.reasons]
    lines += [f"waiver: {shown(cell.waiver)}"] if cell.waiver else []
    return "\n".join(lines)
