"""What a report shows for a cause: request, response, evidence, and the operations it affects."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from conformance.base.text import amount, clean
from conformance.base.values import cut
from conformance.causes.handlers import OTHER_SCOPE
from conformance.causes.shown import Shown, probe_of, shown_of
from conformance.causes.steps import steps_of
from conformance.causes.telling import in_cause
from conformance.model import (
    BROKEN,
    WHOLE_API,
    Cause,
    Cell,
    Clause,
    Exchange,
    Finding,
    Harm,
    Run,
    Transition,
    Verdict,
    transition,
)
from conformance.report import shell_steps, unproven, view
from conformance.report.exhibit import Exhibit, exhibits, place_in
from conformance.report.phrases import flawed, mistake, route, with_key
from conformance.report.pictures import NOTHING, Picture, pictures_of

ROWS, FEW = 100, 2
"""Maximum number of operations that a card lists if it has evidence, and if it has none."""
MOST = 300
"""Maximum number of causes that are shown. Nobody fixes more than this at once."""
ROOM = 170_000
"""Characters of evidence in a report, before escaping."""
DIFFERENCES, DIFFERENCE = 3, 300
"""Maximum number of differences that a card lists for one operation, and of characters of each."""
MANY = 5
"""A cause is called "everywhere" if it breaks all judged operations, and at least this many."""
QUERY = 200
"""Characters of the request URL that a card shows."""
SHORT = 70
"""Maximum characters of a value in an example."""
HARMS = {
    Harm.ISOLATION: "Reaches data of others",
    Harm.EFFECT: "Acts although it must not",
    Harm.LOSS: "Loses or changes data",
    Harm.ANSWER: "Misleads clients",
    Harm.FORM: "Breaks the format",
}
"""The heading above the causes with each harm, most severe first."""


@dataclass(frozen=True)
class Row:
    """What a cause breaks in one operation: clauses, the first differences, and an exchange.

    Each difference names its key; ``more`` counts those not shown. ``exchange`` is the id of the
    exchange that shows the first one, and ``asked`` its request. Without one, ``asked`` is a route.
    """

    operation: str
    route: str
    asked: str
    clauses: tuple[str, ...]
    differences: tuple[str, ...]
    more: int
    exchange: str


@dataclass(frozen=True)
class Card:
    """A cause as a report shows it."""

    number: int
    cause: Cause
    clauses: tuple[Clause, ...]
    example: str  # the request, the expected response and the actual one, on one line
    asked: str
    where: str  # the place of the value that is wrong, as precisely as the exhibits show it
    rows: tuple[Row, ...]
    more: int  # operations without a row
    everywhere: bool  # whether it breaks its first clause in every judged operation
    exhibits: tuple[Exhibit, ...]
    waivers: tuple[str, ...]
    unproven: tuple[str, ...]  # unproven parts of the target file that it depends on
    transition: Transition | None  # compared with earlier runs; None if there are none
    steps: str = ""  # shell lines that reproduce it; ``with_steps`` adds these and what follows
    again: str = ""  # a sentence on what the same steps showed at the end of the run
    picture: Picture = NOTHING  # drawings, and sentences on whose the ids in the finding are

    @property
    def title(self) -> str:
        """What is wrong, in a few words."""
        return self.cause.title

    @property
    def doubt(self) -> str:
        """Why the target may not be to blame, in a few words; empty if that is certain."""
        return self.cause.doubt

    @property
    def instances(self) -> tuple[str, ...]:
        """The wrong values that were accepted or that provoke it, each on one line."""
        return self.cause.instances

    @property
    def weight(self) -> int:
        """The approximate size of its evidence in characters."""
        evidence = sum(exhibit.weight for exhibit in self.exhibits)
        return evidence + sum(len(each) for row in self.rows for each in row.differences)

    @property
    def exchanges(self) -> list[Exchange]:
        """The exchanges that show it."""
        return [exhibit.exchange for exhibit in self.exhibits]

    @property
    def operations(self) -> int:
        """The number of operations it breaks."""
        return len(self.rows) + self.more

    @property
    def extent(self) -> str:
        """The number of operations, or the route of the only one if the title does not name it."""
        if self.operations == 1 and self.rows and self.rows[0].route not in self.title:
            return self.rows[0].route
        return amount(self.operations, "operation")

    @property
    def harm(self) -> str:
        """The heading of the harm that it does to users."""
        return HARMS[self.cause.harm]


def cards(run: Run) -> list[Card]:
    """The first MOST causes of a run, the most severe first.

    Once the evidence fills ROOM, the remaining, less severe causes are shown without evidence.
    """
    by_name = {cell.name: cell for cell in run.cells}
    shown: list[Card] = []
    room = ROOM
    for number, cause in enumerate(run.causes[:MOST], 1):
        card = _card(run, number, cause, by_name, in_full=room > 0)
        room -= card.weight
        shown.append(card)
    return shown


def with_steps(run: Run, shown: list[Card]) -> list[Card]:
    """The cards, with the shell lines that reproduce them, and pictures. Scans the whole log."""
    evidence = [Shown(card.cause.finding, tuple(card.exchanges)) for card in shown]
    found = steps_of(run, evidence)
    pictures = pictures_of(run, [(card.cause, card.exhibits) for card in shown])
    return [
        replace(
            card,
            picture=picture,
            steps=shell_steps.block(run, sendings),
            again=shell_steps.outcome(sendings),
        )
        for card, sendings, picture in zip(shown, found, pictures, strict=True)
    ]


def _card(run: Run, number: int, cause: Cause, by_name: dict[str, Cell], *, in_full: bool) -> Card:
    """The card of a cause. Without ``in_full``, it has no exhibits and only a few rows."""
    cells = [by_name[name] for name in cause.cells if name in by_name]
    operations = list(dict.fromkeys(cell.operation for cell in cells))
    most_rows, most_differences = (ROWS, DIFFERENCES) if in_full else (FEW, 1)
    listed = operations[:most_rows]
    shown = shown_of(run, cause)
    probe, everywhere = _probe(run, cause, shown.ids), _everywhere(run, cause)
    exhibited = tuple(exhibits(run, shown.ids if in_full else (), cause.finding))
    return Card(
        number=number,
        cause=cause,
        clauses=tuple(run.contract.clauses[name] for name in cause.clauses),
        example=_example(run, cause, probe, everywhere=everywhere),
        asked=_asked(run, cause, probe),
        where=place_in(exhibited, shown, probe),
        rows=tuple(_rows(run, cause, cells, listed, most_differences)),
        more=len(operations) - len(listed),
        everywhere=everywhere,
        exhibits=exhibited,
        unproven=tuple(unproven.unproven(run, cause)),
        transition=transition(cause, run.past),
        waivers=tuple(dict.fromkeys(cell.waiver for cell in cells if cell.waiver)),
    )


def _probe(run: Run, cause: Cause, shown_by: Sequence[str]) -> Exchange | None:
    """The exchange that shows a cause best, but never the write that stored the odd value."""
    return probe_of(run, cause.finding, [name for name in shown_by if name != cause.origin])


def _everywhere(run: Run, cause: Cause) -> bool:
    """Whether a cause breaks its first clause in every judged operation, and in at least MANY."""
    of_clause = run.by_clause[cause.clauses[0]]
    judged = {cell.name for cell in of_clause if cell.verdict in (*BROKEN, Verdict.PASSED)}
    return len(judged) >= MANY and judged <= set(cause.cells)


def _asked(run: Run, cause: Cause, exchange: Exchange | None) -> str:
    """The request with its key, such as ``GET /calls with the key full``.

    If the key lacks the scope of the operation, that scope, too.
    """
    if exchange is None:
        return "The log does not contain the request."
    request = f"{exchange.request.method} {cut(exchange.request.url, QUERY)}"
    flaw = flawed(mistake(cause, exchange))
    operation = run.contract.operations.get(cause.finding.operation)
    if operation is not None and cause.finding.rule == OTHER_SCOPE and operation.scopes:
        flaw = f", although the operation needs {' or '.join(operation.scopes)}"
    return clean(f"{request} {with_key(exchange)}{flaw}")


def _example(run: Run, cause: Cause, exchange: Exchange | None, *, everywhere: bool) -> str:
    """The cause on one line: a request, the expected response, and the actual one.

    For a wrong status, it names the key, and also the operation that failed if it is another one.
    For anything else, it names the place, except for "/", the whole body.
    """
    finding = cause.finding
    asked = route(run, finding.operation)
    place = f" at {view.shown(finding.where, SHORT)}"
    actual = finding.actual
    if exchange is not None and finding.where == "status":
        place, actual = f" {with_key(exchange)}", str(exchange.status)
        if exchange.operation not in (finding.operation, WHOLE_API):
            place = f", then {route(run, exchange.operation)}{place}"
    expected = view.shown(finding.expected, SHORT)
    if everywhere:
        asked = f"everywhere, such as {asked}"
    asked = f"{asked}{place.removesuffix(' at /')}{flawed(mistake(cause, exchange))}"
    return f"{asked}: expected {expected}, got {view.shown(actual, SHORT)}"


def _rows(
    run: Run, cause: Cause, cells: list[Cell], operations: list[str], most: int
) -> Iterator[Row]:
    """A row for each of the given operations, with at most ``most`` differences each."""
    for operation in operations:
        own_cells = [cell for cell in cells if cell.operation == operation]
        yield _row(run, cause, own_cells, most)


def _row(run: Run, cause: Cause, cells: list[Cell], most: int) -> Row:
    """The row for the cells of one operation, with the findings that belong to this cause.

    Findings similar to the main one come first. A cell may also have findings of other causes,
    which are left out. If no finding shares an exchange with the cause, all of them are used.
    """
    found = [finding for cell in cells for finding in cell.findings]
    ids = set(cause.exchanges)
    own = [in_cause(run, cause, each) for each in found if not ids.isdisjoint(each.exchanges)]
    findings = sorted(own or found, key=lambda finding: _unlike(cause.finding, finding))
    differences = list(dict.fromkeys(_difference(run, finding) for finding in findings))
    probe = _quoted(run, findings[0])
    operation = cells[0].operation
    own_route = route(run, operation)
    asked = own_route
    if probe is not None:
        url = probe.request.url.removeprefix(run.target.url)
        asked = clean(f"{probe.request.method} {cut(url, QUERY)}")
    return Row(
        operation=view.operation_name(operation),
        route=own_route,
        asked=asked,
        clauses=tuple(cell.clause for cell in cells),
        differences=tuple(differences[:most]),
        more=len(differences[most:]),
        exchange="" if probe is None else probe.id,
    )


def _unlike(main: Finding, finding: Finding) -> tuple[bool, bool]:
    """A sort key: findings with the same rule and expectation as the main one come first."""
    return finding.rule != main.rule, finding.expected != main.expected


def _difference(run: Run, finding: Finding) -> str:
    """A finding on one line, with the key of its request."""
    sentence = cut(view.sentence(finding), DIFFERENCE)
    probe = _quoted(run, finding)
    return sentence if probe is None else f"{sentence} ({clean(with_key(probe))})"


def _quoted(run: Run, finding: Finding) -> Exchange | None:
    """The exchange that a finding quotes: the first, if each of them shows it on its own."""
    ids = finding.exchanges[:1] if finding.apart else finding.exchanges
    return probe_of(run, finding, ids)


def reach(card: Card) -> str:
    """The extent of a cause, such as ``22 operations, seen in 46 exchanges, hides 12 cells``."""
    cause = card.cause
    where = amount(card.operations, "operation")
    if card.everywhere:
        where = f"everywhere: {where}"
    parts = [where, f"seen in {amount(cause.seen, 'exchange')}"]
    if cause.blocks:
        parts.append(f"hides {amount(len(cause.blocks), 'cell')}")
    return ", ".join(parts)
