"""What all reports have in common: order, wording, groups and counts.

All numbers come from ``run.counts`` and ``run.cells``, so that the formats agree.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from conformance.base.errors import Exit
from conformance.base.text import amount, clean
from conformance.base.values import cut
from conformance.causes.shown import probe_of
from conformance.model import (
    WATCHED,
    WHOLE_API,
    Body,
    Cause,
    Cell,
    Clause,
    Exchange,
    Finding,
    Run,
    Verdict,
)
from conformance.report.curl import curl

LIMIT = 1000
"""Characters of an expected or actual value shown in a report."""

CURL_LIMIT = 2000
"""The longest body, in characters, for which a curl line is written."""

FEW = 6
"""Maximum number of names in a sentence, such as of declared omissions."""

FINDINGS_LIMIT = 20
"""Maximum number of findings that ``account`` lists for a cell."""


@dataclass(frozen=True)
class Sign:
    """The symbol and the meaning of a verdict."""

    symbol: str
    meaning: str


SIGNS = {
    Verdict.FAILED: Sign("✕", "A MUST of the contract was broken."),
    Verdict.ERROR: Sign("!", "The suite could not judge: it lost the connection, or it has a bug."),
    Verdict.WAIVED: Sign("≈", "Failed, but covered by a valid waiver (reason, owner, expiry)."),
    Verdict.WARNED: Sign("▲", "A SHOULD of the contract was broken."),
    Verdict.UNTESTED: Sign(
        "○", "No evidence: it was blocked, lacked a prerequisite, or did not run. Never a pass."
    ),
    Verdict.EXCLUDED: Sign("⊘", "Not judged: an accepted challenge of the finding excludes it."),
    Verdict.PASSED: Sign("✓", "Judged on evidence, without a finding."),
    Verdict.INAPPLICABLE: Sign(
        "–",
        "The target file declares that the target lacks this, although the contract includes it.",
    ),
}
"""The sign of each verdict, worst first."""

PROBLEMS = (Verdict.FAILED, Verdict.ERROR, Verdict.WAIVED, Verdict.WARNED)
"""The verdicts that need attention."""

NO_CELLS = "The clause applies to none of the selected operations."
"""Why a clause has no cells, if the ledger gives no reason."""

NO_REASON = "No reason was recorded."
CONFORMS = "Conforms"  # every cell of the packaged contract


# --- the whole run --------------------------------------------------------------------------------


def headline(run: Run) -> str:
    """The overall verdict, which matches the exit code, and the contract if it is not packaged.

    It claims no more than was judged: a bare "Conforms" covers every cell of the contract.
    """
    claim = _verdict(run)
    excluded = run.counts["excluded"]
    if run.exit_code == Exit.CONFORMS and excluded:
        claim += f", {excluded:,} excluded by challenges"
    return f"{claim}{run.contract.caveat}"


def _verdict(run: Run) -> str:
    """The overall verdict, and how much of the contract it covers."""
    if run.exit_code == Exit.VIOLATED:
        return WATCHED if run.differences else "Breaks the contract"
    if run.exit_code != Exit.CONFORMS:
        return "Could not be judged"
    if run.counts["failed"] and run.baseline:
        return f"Nothing new against {shown(run.baseline.name)}: {tally(run.causes)} as before"
    if run.counts["untested"] or run.still_there:
        return _none_seen(run)
    if run.holding == len(run.cells):
        return CONFORMS
    return f"Conforms in {run.holding:,} of {amount(len(run.cells), 'cell')}"


def _none_seen(run: Run) -> str:
    """The verdict if no failure was seen but only a part was judged; it says how much."""
    seen = "Only waived failures seen" if run.counts["waived"] else "No failure seen"
    if run.spread:
        return f"{seen} in {amount(len(run.exchanges), 'request')} of spot checks"
    return f"{seen} in {share(run)} of the contract"


def share(run: Run) -> str:
    """How much of the contract was judged, such as ``0.4 %``, rounded down.

    The share is of all cells, including those that the target declares inapplicable.
    """
    tenths = 1000 * run.judged // max(len(run.cells), 1)
    if run.judged and not tenths:
        return "less than 0.1 %"
    return f"{tenths / 10:g} %"


def qualification(run: Run) -> str:
    """The counts behind the headline, and what the target declares that it lacks.

    Such as ``40 of 42 cells judged, 1 failed, 2 untested.``
    """
    counts = run.counts
    parts = [f"{run.judged:,} of {amount(len(run.cells), 'cell')} judged"]
    for name in ("failed", "error", "waived", "warned", "untested", "excluded", "inapplicable"):
        if counts[name]:
            parts.append(f"{counts[name]:,} {name}")
    summary = f"{', '.join(parts)}."
    if run.require_complete and counts["untested"]:
        summary += " Completeness was required."
    absent = run.target.lacking
    if absent:
        summary += f" The target declares that it lacks {first_of(absent)}."
    return summary


def first_of(names: Sequence[str]) -> str:
    """The first FEW names, and how many more there are."""
    more = f" and {len(names) - FEW} more" if len(names) > FEW else ""
    return ", ".join(names[:FEW]) + more


def tally(causes: Iterable[Cause]) -> str:
    """The number of causes, such as ``27 causes, 1 of them in doubt, 1 warning``.

    Empty if there are none.
    """
    every = list(causes)
    counts = Counter(cause.verdict for cause in every)
    doubtful = sum(cause.verdict is Verdict.FAILED and cause.doubt != "" for cause in every)
    parts = []
    if counts[Verdict.FAILED]:
        parts.append(amount(counts[Verdict.FAILED], "cause"))
    if doubtful:
        parts.append(f"{doubtful:,} of them in doubt")
    if counts[Verdict.WARNED]:
        parts.append(amount(counts[Verdict.WARNED], "warning"))
    if counts[Verdict.WAIVED]:
        parts.append(f"{counts[Verdict.WAIVED]:,} waived")
    return ", ".join(parts)


def left_out(run: Run) -> list[str]:
    """Sentences on excluded routes that contradict the target file, or that were never checked."""
    found = {"proved to exist": run.still_there}
    why = ""
    if run.require_complete:
        found["received no request"] = run.not_asked_for
        why = ", but completeness was required"
    return [
        f"{amount(len(routes), 'route')} declared absent by the target file {what}{why}: "
        f"{', '.join(routes)}."
        for what, routes in found.items()
        if routes
    ]


def counts_line(run: Run) -> str:
    """The counts of passed cells and other verdicts, and the size of the run, on one line.

    Such as ``152 passed, 3 failed (155 cells, 42 clauses, 961 requests)``.
    """
    verdicts = [f"{run.counts['passed']:,} passed"]
    for name, count in run.counts.items():
        if count and name != "passed":
            verdicts.append(f"{count:,} {name}")
    judged_clauses = {cell.clause for cell in run.cells}
    size = [
        amount(len(run.cells), "cell"),
        amount(len(judged_clauses), "clause"),
        amount(len(run.exchanges), "request"),
    ]
    return f"{', '.join(verdicts)} ({', '.join(size)})"


def operation_name(operation: str) -> str:
    """The name of an operation for people."""
    return "whole API" if operation == WHOLE_API else operation


# --- groups ---------------------------------------------------------------------------------------


def notes(run: Run) -> list[tuple[Clause, tuple[Finding, ...]]]:
    """The notes by clause, in ledger order, without those that repeat a finding of the cell."""
    groups = []
    for name, cells in run.by_clause.items():
        noted = tuple(note for cell in cells for note in cell.own_notes)
        if noted:
            groups.append((run.contract.clauses[name], noted))
    return groups


def without_cells(run: Run) -> list[tuple[Clause, str]]:
    """The clauses without a verdict, each with the reason, in ledger order."""
    outside = []
    for name, cells in run.by_clause.items():
        clause = run.contract.clauses[name]
        if not cells:
            outside.append((clause, clause.uncovered or NO_CELLS))
    return outside


# --- exchanges ------------------------------------------------------------------------------------


def repeat_line(exchange: Exchange | None) -> str:
    """The curl line of an exchange, or a comment if it is too long; empty without an exchange."""
    if exchange is None:
        return ""
    body = exchange.request.body or Body()
    if len(body.kept) <= CURL_LIMIT:
        line = curl(exchange.request)
        if len(line) <= 2 * CURL_LIMIT:
            return line
    return f"# too long for a shell line: see exchange {clean(exchange.id)} in the log"


def elapsed_ms(exchanges: Iterable[Exchange]) -> float:
    """The total duration of some exchanges in milliseconds."""
    return sum(exchange.elapsed_ms for exchange in exchanges)


def epoch_ms(moment: str) -> int:
    """An ISO 8601 timestamp in milliseconds since 1970; 0 for an empty text."""
    if not moment:
        return 0
    parsed = datetime.fromisoformat(moment)
    zoned = parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)
    return round(zoned.timestamp() * 1000)


# --- cells and findings ---------------------------------------------------------------------------


class Difference(Protocol):
    """The members that findings and violations have in common."""

    @property
    def where(self) -> str:
        """A place in the response, such as a JSON pointer or a header."""

    @property
    def expected(self) -> str:
        """What the contract requires there."""

    @property
    def actual(self) -> str:
        """What was there."""


def shown(text: str, limit: int = LIMIT) -> str:
    """A text on one line, truncated, with control and invisible characters escaped."""
    return cut(clean(text[: limit + 1]), limit)  # clean never shortens a text


def sentence(difference: Difference) -> str:
    """A finding or a violation on one line."""
    expected, actual = shown(difference.expected), shown(difference.actual)
    return f"{shown(difference.where)}: expected {expected}, actual {actual}"


def message(cell: Cell) -> str:
    """Why a cell has its verdict, on one line: its first finding, or else its reasons.

    Empty for a cell that passed.
    """
    if not cell.findings:
        return "; ".join(shown(reason) for reason in cell.why)
    first = sentence(cell.findings[0])
    more = len(cell.findings) - 1
    if more:
        return f"{first} (and {amount(more, 'more finding')})"
    return first


def message_with_cause(run: Run, cell: Cell) -> str:
    """The message of a cell after its worst cause, such as ``[cause 2] Paging loses items: …``."""
    if cell.name not in run.cause_of:
        return message(cell)
    number, cause = run.cause_of[cell.name]
    return f"[cause {number}] {shown(cause.title)}: {message(cell)}"


def account(run: Run, cell: Cell) -> str:
    """The details of a cell in plain lines: clause, findings with curl lines, reasons, waiver.

    It lists at most FINDINGS_LIMIT findings, and the number of others.
    """
    clause = run.contract.clauses[cell.clause]
    lines = [f"{clause.id} ({clause.level}, {clause.basis}): {clause.text}"]
    for finding in cell.findings[:FINDINGS_LIMIT]:
        lines += _finding_lines(run, finding)
    more = len(cell.findings) - FINDINGS_LIMIT
    if more > 0:
        lines.append(f"and {amount(more, 'more finding')}")
    lines += [f"why: {shown(reason.text)} ({reason.kind})" for reason in cell.reasons]
    if cell.waiver:
        lines.append(f"waiver: {shown(cell.waiver)}")
    return "\n".join(lines)


def _finding_lines(run: Run, finding: Finding) -> Iterator[str]:
    yield f"where: {shown(finding.where)}"
    yield f"expected: {shown(finding.expected)}"
    yield f"actual: {shown(finding.actual)}"
    if finding.exchanges:
        yield f"exchanges: {', '.join(clean(name) for name in finding.exchanges)}"
    exchange = probe_of(run, finding, finding.exchanges)
    if exchange:
        yield f"repeat: {repeat_line(exchange)}"
