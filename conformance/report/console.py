"""The terminal output after a run: causes, what could not be judged, notes, and the verdict."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence

from conformance.base.text import amount, clean, clock, wrapped
from conformance.base.values import cut
from conformance.model import Cell, Run, Verdict
from conformance.report import cards, first_step, remarks, rerun, untested, view, watched
from conformance.report.cards import Card, reach
from conformance.report.since import since
from conformance.report.walk_picture import text_of

CAUSES = 30
"""Maximum number of causes that get a line. With details, all of them do."""

DOUBTS_LISTED = 5
"""Number of doubtful causes that always get a line, although they come last."""

REASONS = 12
"""Maximum number of reasons listed for errors and, with details, for each kind of untested cell."""

ALIGNED = 80
"""Maximum columns of the line of a cause, so that the extents at its end are aligned."""

LIMIT = 300
"""Characters of a text that are shown."""

_COLOURS = {
    Verdict.FAILED: "31",
    Verdict.ERROR: "35",
    Verdict.WAIVED: "36",
    Verdict.WARNED: "33",
    Verdict.UNTESTED: "34",
    Verdict.EXCLUDED: "34",
    Verdict.PASSED: "32",
    Verdict.INAPPLICABLE: "2",
}


def summary(run: Run, *, width: int, colour: bool, details: bool = False) -> str:
    """The summary of a run, ending with the verdict. Its only control sequences are our colours.

    ``width`` is in columns. With ``details``, each cause is followed by its evidence, and more
    reasons for untested cells have a line.
    """
    page = _Page(max(width, 40), colour)
    shown = cards.cards(run)
    _watched(page, run)
    _causes(page, cards.with_steps(run, shown) if details else shown, details)
    start = first_step.start(run, shown)
    if start:
        page.wrap(start.sentence, "")
        page.lines.append("")
    _errors(page, run)
    _missing(page, run, details)
    _changes(page, run)
    _notes(page, run)
    page.lines.append(view.counts_line(run))
    page.lines.append(page.paint(verdict_line(run), run.standing, bold=True))
    next_step = untested.next_step(run)
    if start:
        page.lines.append(f"  {rerun.command(run, str(start.number))}")
    elif next_step and not next_step.endswith(untested.NOTHING_LEFT):
        page.wrap(next_step, "  ")
    return "\n".join(page.lines)


def verdict_line(run: Run) -> str:
    """The verdict on one line: the headline, the causes, the share judged and the wall time.

    Such as ``✕ Breaks the contract: 27 causes, 1 warning (94.4 % judged, 3:56)``.
    """
    seconds = (view.epoch_ms(run.finished) - view.epoch_ms(run.started)) / 1000
    text, causes = view.headline(run), view.tally(run.causes)
    if causes not in text:
        text = f"{text}: {causes}"
    share = view.share(run)
    judged = "" if share in text else f"{share} judged, "
    return f"{view.SIGNS[run.standing].symbol} {text} ({judged}{clock(seconds)})"


class _Page:
    """Collects lines of at most a given width, coloured or plain."""

    def __init__(self, width: int, colour: bool) -> None:
        self.width = width
        self.colour = colour
        self.lines: list[str] = []

    def paint(self, text: str, verdict: Verdict, bold: bool = False) -> str:
        text = clean(text)
        if not self.colour:
            return text
        weight = "1;" if bold else ""
        return f"\x1b[{weight}{_COLOURS[verdict]}m{text}\x1b[0m"

    def title(self, text: str, verdict: Verdict) -> None:
        self.lines.append(self.paint(text, verdict, bold=True))

    def wrap(self, text: str, indent: str, label: str = "") -> None:
        """Add a text, wrapped to the width; ``label`` precedes its first line."""
        first = indent + (f"{label:<10}" if label else "")
        lines = wrapped(clean(text), self.width, first, " " * len(first))
        self.lines += lines or [first.rstrip()]


# --- causes ---------------------------------------------------------------------------------------


def _watched(page: _Page, run: Run) -> None:
    """Add what spot checks found to differ from the full run."""
    if not run.differences:
        return
    page.title(watched.heading(run), Verdict.FAILED)
    for line in watched.lines(run):
        page.wrap(line, "  ")
    page.lines.append("")


def _causes(page: _Page, shown: Sequence[Card], details: bool) -> None:
    """Add the first causes under headings for their harm, or all with ``details``.

    The first doubtful ones, which come last, are always among them.
    """
    last = len(shown) if details else CAUSES
    for heading, group in first_step.by_harm(shown).items():
        page.title(f"{heading} ({len(group)})", group[0].cause.verdict)
        at_least = DOUBTS_LISTED if heading == first_step.DOUBTFUL else 0
        among_first = len([card for card in group if card.number <= last])
        listed = group[: max(among_first, at_least)]
        for card in listed:
            _cause(page, card)
            if details:
                _details(page, card)
        if len(listed) < len(group):
            page.lines.append(f"    and {len(group) - len(listed):,} more; use -v to list them")
        page.lines.append("")


def _cause(page: _Page, card: Card) -> None:
    """Add a cause: number, title, doubt, and on the right its transition and its extent.

    If the line is too long, the extent becomes the number of operations where that is shorter. If
    it is still too long, the doubt gets a line of its own, and the title is cut.
    """
    columns = min(page.width, ALIGNED)
    doubt = f" ({card.doubt})" if card.doubt else ""
    title = clean(f"{card.number:>3} {card.title}")
    left = clean(f"{title}{doubt}")
    transition = f"{card.transition}, " if card.transition else ""
    right = f"{transition}{clean(card.extent)}"
    if len(left) + 2 + len(right) > columns:
        right = min(right, f"{transition}{amount(card.operations, 'operation')}", key=len)
    room = max(columns - len(right) - 2, 20)
    lines = [f"{cut(left, room):<{room}}  {right}"]
    if doubt and len(left) > room:
        lines = [f"{cut(title, room):<{room}}  {right}", f"   {clean(doubt)}"]
    page.lines += [page.paint(line, card.cause.verdict) for line in lines]


def _details(page: _Page, card: Card) -> None:
    """Add the details of a cause, with the labels in a column of their own."""
    finding, cause = card.cause.finding, card.cause
    texts = {
        "reach": reach(card),
        "request": card.asked,
        "where": card.where,
        "expected": finding.expected,
        "actual": finding.actual,
        "values": "; ".join(card.instances),
        "ids": " ".join(card.picture.ids),
        "breaks": ", ".join(cause.clauses),
        "on": ", ".join(row.operation for row in card.rows),
        "waiver": "; ".join(card.waivers),
        "unproven": "; ".join(card.unproven),
        "cause": cause.id,
    }
    for label, text in texts.items():
        if text:
            page.wrap(view.shown(text, LIMIT), "      ", label)
    if card.picture.walk:
        for line in text_of(card.picture.walk):
            page.lines.append(f"      {'walk':<10}{clean(line)}")
    page.lines += ["", *card.steps.splitlines(), ""]  # bare and not wrapped, ready to paste


def _changes(page: _Page, run: Run) -> None:
    """Add what changed since the last comparable run, and the causes that are gone."""
    found = since(run)
    if found is None:
        return
    page.wrap(f"Since {found.last.run}: {found.sentence}.", "")
    for why, descriptions in found.gone.items():
        for description in descriptions[:CAUSES]:
            page.wrap(f"{why}: {description}", "  ")
    page.lines.append("")


def _notes(page: _Page, run: Run) -> None:
    """Add remarks, the number of notes, and what the run left out or did not finish."""
    for sentence in remarks.of(run):
        page.lines.append(clean(f"Note: {sentence}"))  # not wrapped, because it may end in YAML
    noted = sum(len(found) for _, found in view.notes(run))
    if noted:
        page.wrap(f"{amount(noted, 'observation')}, never graded; see the report.", "")
    if run.incomplete:
        page.wrap(f"The run is incomplete: {view.shown(run.incomplete)}", "")
    for sentence in view.left_out(run):
        page.wrap(sentence, "")
    if page.lines and page.lines[-1]:  # no empty line after another one
        page.lines.append("")


# --- what could not be judged ---------------------------------------------------------------------


def _errors(page: _Page, run: Run) -> None:
    """Add the reasons why cells are in error, the most frequent first."""
    in_error = [cell for cell in run.cells if cell.verdict is Verdict.ERROR]
    reasons = Counter(reason for cell in in_error for reason in cell.why)
    if not reasons:
        return
    page.title("Could not be judged", Verdict.ERROR)
    for reason, count in reasons.most_common(REASONS):
        page.wrap(f"{view.shown(reason, LIMIT)} ({amount(count, 'cell')})", "  ")
    page.lines.append("")


def _missing(page: _Page, run: Run, details: bool) -> None:
    """Add the most frequent reason of each kind for untested cells; with details, up to REASONS."""
    for kind, groups in untested.missing(run).items():
        title = untested.KINDS[kind]
        page.title(f"Untested: {title[0].lower()}{title[1:]}", Verdict.UNTESTED)
        most = REASONS if details else 1
        shown = groups[:most]
        for reason, cells in shown:
            page.wrap(f"{cut(clean(reason), LIMIT)} ({amount(len(cells), 'cell')})", "  ")
        more = len(groups) - len(shown)
        if more > 0:
            page.lines.append(f"  and {amount(more, 'more reason')}; see the report")
        page.lines.append("")


# --- durations ------------------------------------------------------------------------------------


def durations(run: Run) -> str:
    """Requests and seconds by clause, by area and by scenario, in descending order.

    Clauses and areas share exchanges, so only the scenarios add up to the total.
    """
    clauses = run.contract.clauses
    blocks = [
        _costs(run, "clause", _cells_by(run, lambda cell: cell.clause)),
        _costs(run, "area", _cells_by(run, lambda cell: clauses[cell.clause].area)),
        _costs(run, "scenario", _exchanges_by_scenario(run)),
    ]
    total = _cost_line(
        len(run.exchanges), view.elapsed_ms(run.exchanges), "total, each counted once"
    )
    blocks[-1].append(total)
    return "\n".join(line for block in blocks for line in (*block, ""))


def _cells_by(run: Run, group_of: Callable[[Cell], str]) -> dict[str, set[str]]:
    """The ids of the exchanges behind the cells of each group."""
    groups: dict[str, set[str]] = defaultdict(set)
    for cell in run.cells:
        groups[group_of(cell)].update(cell.exchanges)
    return groups


def _exchanges_by_scenario(run: Run) -> dict[str, set[str]]:
    groups: dict[str, set[str]] = defaultdict(set)
    for exchange in run.exchanges:
        groups[exchange.scenario].add(exchange.id)
    return groups


def _costs(run: Run, kind: str, groups: dict[str, set[str]]) -> list[str]:
    """A heading, and a line for each group with exchanges, the most requests first.

    ``groups`` are the ids of exchanges by the name of a clause, an area or a scenario.
    """
    rows = []
    for group, ids in groups.items():
        if ids:
            exchanges = run.exchanges_of(ids)
            rows.append((len(exchanges), view.elapsed_ms(exchanges), group))
    rows.sort(reverse=True)
    return [f"requests  seconds  {kind}", *(_cost_line(*row) for row in rows)]


def _cost_line(requests: int, milliseconds: float, name: str) -> str:
    return f"{requests:>8,}{milliseconds / 1000:>9.2f}  {name}"
