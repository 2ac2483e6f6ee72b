"""What a report shows of a cause: the request, the response, the evidence, and how far it goes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from conformance.base.text import amount, clean
from conformance.base.values import cut
from conformance.causes.steps import Sending, steps_of
from conformance.causes.telling import ids_of_telling
from conformance.model import (
    BROKEN,
    WHOLE_API,
    Cause,
    Cell,
    Clause,
    Exchange,
    Finding,
    Form,
    Harm,
    Run,
    Transition,
    Verdict,
    mistake_of,
    transition,
)
from conformance.report import shell_steps, unproven, view
from conformance.report.exhibit import Exhibit, exhibits

ROWS = 100
"""Operations that a card lists."""
MOST = 300
"""Causes that are shown. Nobody fixes more at once."""
ROOM = 170_000
"""Characters of evidence in a report, before they are escaped."""
FEW = 2
"""Operations that a card without evidence lists."""
DIFFERENCES = 3
"""Differences of one operation that a card lists."""
DIFFERENCE = 300
"""Characters of a difference."""

MANY = 5
"""Operations that a cause has to break, all that were judged, to be called everywhere."""
QUERY = 200
"""Characters of the requested URL that a card shows."""
SHORT = 70
"""Characters of a value in a title."""

HARMS = {
    Harm.ISOLATION: "Reaches what belongs to others",
    Harm.EFFECT: "Does what it must not",
    Harm.LOSS: "Loses or changes data",
    Harm.ANSWER: "Answers wrongly",
    Harm.FORM: "Has the wrong form",
}
"""What each harm means, for people."""


KEYED: Mapping[Form | None, str] = {
    None: "with the key {}",
    Form.MISPLACED: "with the key {} in the query",
    Form.SCHEME: "with the key {} after another scheme",
    Form.UNKNOWN: "with the invented key {}",
}
"""How a request carries a key, by what is wrong with it."""
KEYLESS: Mapping[Form | None, str] = {
    None: "without a key",
    Form.SCHEME: "with a header that holds no key",
    Form.UNKNOWN: "with the beginning of a key in place of one",
    Form.SPELLED: "without a key, by another spelling of the path",
}
"""How a request carries none."""
OF_KEYS = frozenset(Form) - {Form.OMITTED, Form.NULL, Form.INVENTED}
"""The forms that are about a key or its place."""


@dataclass(frozen=True)
class Row:
    """What a cause breaks on one operation: clauses, the first differences, and an exchange.

    Each difference says with which key it was seen. ``more`` are not shown.
    """

    operation: str
    route: str
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
    title: str
    asked: str
    rows: tuple[Row, ...]
    more: int  # operations beyond those of the rows
    everywhere: bool  # whether it breaks its first clause wherever that was judged
    exhibits: tuple[Exhibit, ...]
    waivers: tuple[str, ...]
    unproven: tuple[str, ...]  # parts of the target file that it rests on
    transition: Transition | None  # since the runs before; None if there are none
    steps: str = ""  # lines for a shell that show it; ``with_steps`` adds them
    again: str = ""  # what came when these were sent again at the end of the run

    @property
    def weight(self) -> int:
        """How many characters its evidence takes, about."""
        evidence = sum(exhibit.weight for exhibit in self.exhibits)
        return evidence + sum(len(each) for row in self.rows for each in row.differences)

    @property
    def exchanges(self) -> list[Exchange]:
        """The exchanges that show it."""
        return [exhibit.exchange for exhibit in self.exhibits]

    @property
    def operations(self) -> int:
        """How many operations it breaks."""
        return len(self.rows) + self.more

    @property
    def harm(self) -> str:
        """What it does to users."""
        return HARMS[self.cause.harm]


def cards(run: Run) -> list[Card]:
    """The causes of a run, worst first; of very many only the worst.

    Evidence is left out once there is no room for it: of the causes that matter least.
    """
    by_name = {cell.name: cell for cell in run.cells}
    shown: list[Card] = []
    room = ROOM
    for number, cause in enumerate(run.causes[:MOST], 1):
        card = _card(run, number, cause, by_name, whole=room > 0)
        room -= card.weight
        shown.append(card)
    return shown


def with_steps(run: Run, shown: list[Card]) -> list[Card]:
    """Some cards with the lines that repeat what they show. It looks through the whole log."""
    found = steps_of(run, [card.exchanges for card in shown])
    return [_with_block(run, card, sendings) for card, sendings in zip(shown, found, strict=True)]


def _with_block(run: Run, card: Card, sendings: list[Sending]) -> Card:
    """A card with its steps; without any, its requests as they were, and not what led to them."""
    alone = "\n".join(exhibit.curl for exhibit in card.exhibits)
    lines = shell_steps.block(run, sendings) or alone
    return replace(card, steps=lines, again=shell_steps.outcome(sendings))


def by_verdict(shown: list[Card]) -> dict[Verdict, list[Card]]:
    """The cards of each verdict whose cells have causes, in the order in which they are shown."""
    groups: dict[Verdict, list[Card]] = {verdict: [] for verdict in BROKEN}
    for card in shown:
        groups[card.cause.verdict].append(card)
    return groups


def _card(run: Run, number: int, cause: Cause, by_name: dict[str, Cell], *, whole: bool) -> Card:
    """A cause as a card; one that is not ``whole`` has no exhibit, and few rows."""
    cells = [by_name[name] for name in cause.cells if name in by_name]
    operations = list(dict.fromkeys(cell.operation for cell in cells))
    listed = operations[: ROWS if whole else FEW]
    finding, shown = cause.finding, ids_of_telling(cause)
    said = f"{finding.expected} {finding.actual}"
    probe, everywhere = view.probe(run, shown), _everywhere(run, cause)
    return Card(
        number=number,
        cause=cause,
        clauses=tuple(run.contract.clauses[name] for name in cause.clauses),
        title=_title(run, cause, probe, everywhere=everywhere),
        asked=_asked(probe, _mistake(cause, probe)),
        rows=tuple(_rows(run, cause, cells, listed, DIFFERENCES if whole else 1)),
        more=len(operations) - len(listed),
        everywhere=everywhere,
        exhibits=tuple(exhibits(run, shown if whole else (), finding.where, said)),
        unproven=tuple(unproven.unproven(run, cause)),
        transition=transition(cause.id, run.past),
        waivers=tuple(dict.fromkeys(cell.waiver for cell in cells if cell.waiver)),
    )


def _everywhere(run: Run, cause: Cause) -> bool:
    """Whether a cause breaks its first clause on all of many operations that it was judged on."""
    of_clause = run.by_clause[cause.clauses[0]]
    judged = {cell.name for cell in of_clause if cell.verdict in (*BROKEN, Verdict.PASSED)}
    return len(judged) >= MANY and judged <= set(cause.cells)


def _asked(exchange: Exchange | None, flaw: str) -> str:
    """The request and its key, such as ``GET /calls with the key full``."""
    if exchange is None:
        return "The log does not hold the request."
    url = cut(exchange.request.url, QUERY)
    return clean(f"{exchange.request.method} {url} {_whom(exchange)}{_flawed(flaw)}")


def _title(run: Run, cause: Cause, exchange: Exchange | None, *, everywhere: bool) -> str:
    """A cause on one line: the request, what the contract says, and what came."""
    finding = cause.finding
    route = _route(run, finding.operation)
    place = f" at {view.shown(finding.where, SHORT)}"
    came = finding.actual
    if exchange is not None and finding.where == "status":
        place, came = f" {_whom(exchange)}", str(exchange.status)
        if exchange.operation not in (finding.operation, WHOLE_API):
            place = f", then {_route(run, exchange.operation)}{place}"
    expected = view.shown(finding.expected, SHORT)
    if everywhere:
        route = f"everywhere, such as {route}"
    asked = f"{route}{place.removesuffix(' at /')}{_flawed(_mistake(cause, exchange))}"
    return f"{asked}: expected {expected}, got {view.shown(came, SHORT)}"


def _whom(exchange: Exchange) -> str:
    """The key that a request was sent with, and where that stood if not in its place.

    For a request that a limit counts, also the address that it came from.
    """
    key, address = exchange.identity or "", exchange.facts.address
    ways = KEYED if key else KEYLESS
    way = ways.get(exchange.facts.form, ways[None])
    whom = way.format(key.removeprefix("unknown:").replace("~", ", altered: "))
    return f"{whom} from {address}" if address else whom


def _mistake(cause: Cause, exchange: Exchange | None) -> str:
    """What is wrong with the request of a cause, or else what narrows its list.

    Empty where it is its key, which is named.
    """
    if cause.flaw or exchange is None:
        return cause.flaw
    if cause.finding.where != "status":
        return " and ".join(f"the filter {name}" for name in exchange.facts.filters)
    return "" if exchange.facts.form in OF_KEYS else mistake_of(exchange)


def _flawed(flaw: str) -> str:
    """The end of a sentence that names what is odd in a request."""
    if not flaw:
        return ""
    return f", with {flaw}"


def _rows(
    run: Run, cause: Cause, cells: list[Cell], operations: list[str], most: int
) -> Iterator[Row]:
    """A row for each of some operations that the cells are of; ``most`` differences each."""
    own: dict[str, list[Cell]] = {name: [] for name in operations}
    for cell in cells:
        own.get(cell.operation, []).append(cell)
    for of_one in own.values():
        yield _row(run, cause, of_one, most)


def _row(run: Run, cause: Cause, cells: list[Cell], most: int) -> Row:
    """The row of the cells of one operation, with what this cause shows of them.

    What is like its telling finding comes first. A cell may have findings of other causes, too.
    """
    found = [finding for cell in cells for finding in cell.findings]
    own = [each for each in found if not set(cause.exchanges).isdisjoint(each.exchanges)]
    findings = sorted(own or found, key=lambda finding: _unlike(cause.finding, finding))
    differences = list(dict.fromkeys(_difference(run, finding) for finding in findings))
    shown_by = findings[0].exchanges
    return Row(
        operation=view.operation_name(cells[0].operation),
        route=_route(run, cells[0].operation),
        clauses=tuple(cell.clause for cell in cells),
        differences=tuple(differences[:most]),
        more=len(differences[most:]),
        exchange=shown_by[0] if shown_by else "",
    )


def _unlike(telling: Finding, finding: Finding) -> tuple[bool, bool]:
    """How far a finding is from the telling one: of another rule, or of another expectation."""
    return finding.rule != telling.rule, finding.expected != telling.expected


def _difference(run: Run, finding: Finding) -> str:
    """A finding on one line, with the key that it was seen with."""
    sentence = cut(view.sentence(finding), DIFFERENCE)
    probe = view.probe(run, finding.exchanges)
    return sentence if probe is None else f"{sentence} ({clean(_whom(probe))})"


def _route(run: Run, name: str) -> str:
    """The method and the path of an operation, or what stands for all of them."""
    operation = run.contract.operations.get(name)
    return f"{operation.method} {operation.path}" if operation else view.operation_name(name)


def reach(card: Card) -> str:
    """How far a cause reaches, such as ``22 operations, seen in 46 exchanges, hides 12 cells``."""
    cause = card.cause
    where = amount(card.operations, "operation")
    if card.everywhere:
        where = f"everywhere: {where}"
    parts = [where, f"seen in {amount(cause.seen, 'exchange')}"]
    if cause.blocks:
        parts.append(f"hides {amount(len(cause.blocks), 'cell')}")
    return ", ".join(parts)


def overview(run: Run) -> str:
    """How many causes there are by verdict, such as ``29 causes failed, 1 cause warned``."""
    counts = Counter(cause.verdict for cause in run.causes)
    ordered = sorted(counts, key=lambda verdict: verdict.rank)
    return ", ".join(f"{amount(counts[verdict], 'cause')} {verdict}" for verdict in ordered)
