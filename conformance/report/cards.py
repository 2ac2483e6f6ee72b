"""What a report shows for a cause: request, response, evidence, and the operations it affects."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
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
"""Causes that are shown. Nobody fixes more than this at once."""
ROOM = 170_000
"""Characters of evidence in a report, before escaping."""
FEW = 2
"""Operations that a card without evidence lists."""
DIFFERENCES = 3
"""Differences that a card lists for one operation."""
DIFFERENCE = 300
"""Characters of a difference."""

MANY = 5
"""A cause is called "everywhere" if it breaks all judged operations, and at least this many."""
QUERY = 200
"""Characters of the request URL that a card shows."""
SHORT = 70
"""Characters of a value in an example."""

HARMS = {
    Harm.ISOLATION: "Breaks isolation",
    Harm.EFFECT: "Has a forbidden effect",
    Harm.LOSS: "Loses or changes data",
    Harm.ANSWER: "Returns the wrong response",
    Harm.FORM: "Returns the wrong format",
}
"""The label of each harm in reports."""


KEYED: Mapping[Form | None, str] = {
    None: "with the key {}",
    Form.MISPLACED: "with the key {} in the query",
    Form.SCHEME: "with the key {} after another scheme",
    Form.UNKNOWN: "with the invented key {}",
}
"""How an example describes the key of a request, by what is wrong with it."""
KEYLESS: Mapping[Form | None, str] = {
    None: "without a key",
    Form.SCHEME: "with a header that contains no key",
    Form.UNKNOWN: "with only the prefix of a key",
    Form.SPELLED: "without a key, using another spelling of the path",
}
"""The same for a request without a key."""
OF_KEYS = frozenset(Form) - {Form.OMITTED, Form.NULL, Form.INVENTED}
"""The forms that concern a key or where it is sent."""


@dataclass(frozen=True)
class Row:
    """What a cause breaks in one operation: clauses, the first differences, and an exchange.

    Each difference names the key it was seen with. ``more`` counts those not shown.
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
    example: str  # the request, the expected response and the actual one, on one line
    asked: str
    rows: tuple[Row, ...]
    more: int  # operations without a row
    everywhere: bool  # whether it breaks its first clause in every judged operation
    exhibits: tuple[Exhibit, ...]
    waivers: tuple[str, ...]
    unproven: tuple[str, ...]  # unproven parts of the target file that it depends on
    transition: Transition | None  # compared with earlier runs; None if there are none
    steps: str = ""  # shell lines that reproduce it; added by ``with_steps``
    again: str = ""  # the result of sending these again at the end of the run

    @property
    def title(self) -> str:
        """What is wrong, in a few words."""
        return self.cause.title

    @property
    def instances(self) -> tuple[str, ...]:
        """The wrong values that have to be refused, one on a line."""
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
    def harm(self) -> str:
        """The label of the harm that it does to users."""
        return HARMS[self.cause.harm]


def cards(run: Run) -> list[Card]:
    """The first MOST causes of a run, the most severe first.

    Once the evidence fills ROOM, the remaining, less severe causes are shown without evidence.
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
    """The cards, with the shell lines that reproduce them. Scans the whole log."""
    found = steps_of(run, [card.exchanges for card in shown])
    return [_with_block(run, card, sendings) for card, sendings in zip(shown, found, strict=True)]


def _with_block(run: Run, card: Card, sendings: list[Sending]) -> Card:
    """The card with its steps, or if there are none, with just the requests of its exhibits."""
    alone = "\n".join(exhibit.curl for exhibit in card.exhibits)
    lines = shell_steps.block(run, sendings) or alone
    return replace(card, steps=lines, again=shell_steps.outcome(sendings))


def by_verdict(shown: list[Card]) -> dict[Verdict, list[Card]]:
    """The cards grouped by verdict, in display order."""
    groups: dict[Verdict, list[Card]] = {verdict: [] for verdict in BROKEN}
    for card in shown:
        groups[card.cause.verdict].append(card)
    return groups


def _card(run: Run, number: int, cause: Cause, by_name: dict[str, Cell], *, whole: bool) -> Card:
    """The card of a cause. Without ``whole``, it has no exhibits and only a few rows."""
    cells = [by_name[name] for name in cause.cells if name in by_name]
    operations = list(dict.fromkeys(cell.operation for cell in cells))
    listed = operations[: ROWS if whole else FEW]
    finding, shown = cause.finding, ids_of_telling(cause)
    said = f"{finding.expected} {finding.actual}"
    probe, everywhere = _probe(run, cause, shown), _everywhere(run, cause)
    return Card(
        number=number,
        cause=cause,
        clauses=tuple(run.contract.clauses[name] for name in cause.clauses),
        example=_example(run, cause, probe, everywhere=everywhere),
        asked=_asked(probe, _mistake(cause, probe)),
        rows=tuple(_rows(run, cause, cells, listed, DIFFERENCES if whole else 1)),
        more=len(operations) - len(listed),
        everywhere=everywhere,
        exhibits=tuple(exhibits(run, shown if whole else (), finding.where, said)),
        unproven=tuple(unproven.unproven(run, cause)),
        transition=transition(cause, run.past),
        waivers=tuple(dict.fromkeys(cell.waiver for cell in cells if cell.waiver)),
    )


def _probe(run: Run, cause: Cause, shown: Sequence[str]) -> Exchange | None:
    """The exchange that shows a cause best. A write that stored an odd value succeeded."""
    return view.probe(run, [name for name in shown if name != cause.origin])


def _everywhere(run: Run, cause: Cause) -> bool:
    """Whether a cause breaks its first clause in every judged operation, and in at least MANY."""
    of_clause = run.by_clause[cause.clauses[0]]
    judged = {cell.name for cell in of_clause if cell.verdict in (*BROKEN, Verdict.PASSED)}
    return len(judged) >= MANY and judged <= set(cause.cells)


def _asked(exchange: Exchange | None, flaw: str) -> str:
    """The request with its key, such as ``GET /calls with the key full``."""
    if exchange is None:
        return "The log does not contain the request."
    url = cut(exchange.request.url, QUERY)
    return clean(f"{exchange.request.method} {url} {_with_key(exchange)}{_flawed(flaw)}")


def _example(run: Run, cause: Cause, exchange: Exchange | None, *, everywhere: bool) -> str:
    """The cause on one line by its plainest example: the request, and both responses."""
    finding = cause.finding
    route = _route(run, finding.operation)
    place = f" at {view.shown(finding.where, SHORT)}"
    actual = finding.actual
    if exchange is not None and finding.where == "status":
        place, actual = f" {_with_key(exchange)}", str(exchange.status)
        if exchange.operation not in (finding.operation, WHOLE_API):
            place = f", then {_route(run, exchange.operation)}{place}"
    expected = view.shown(finding.expected, SHORT)
    if everywhere:
        route = f"everywhere, such as {route}"
    asked = f"{route}{place.removesuffix(' at /')}{_flawed(_mistake(cause, exchange))}"
    return f"{asked}: expected {expected}, got {view.shown(actual, SHORT)}"


def _with_key(exchange: Exchange) -> str:
    """The key that a request was sent with, and where, if it was not in the usual place.

    For a request that counts towards a rate limit, also the address that it came from.
    """
    key, address = exchange.identity or "", exchange.facts.address
    ways = KEYED if key else KEYLESS
    way = ways.get(exchange.facts.form, ways[None])
    phrase = way.format(key.removeprefix("unknown:").replace("~", ", altered: "))
    return f"{phrase} from {address}" if address else phrase


def _mistake(cause: Cause, exchange: Exchange | None) -> str:
    """What is wrong with the request of a cause, or else the filters of its list.

    Empty if the key is what is wrong, because ``_with_key`` describes the key.
    """
    if cause.flaw or exchange is None:
        return cause.flaw
    if cause.finding.where != "status":
        return " and ".join(f"the filter {name}" for name in exchange.facts.filters)
    return "" if exchange.facts.form in OF_KEYS else mistake_of(exchange)


def _flawed(flaw: str) -> str:
    """The end of a phrase that says what is odd about a request; empty if nothing is."""
    return f", with {flaw}" if flaw else ""


def _rows(
    run: Run, cause: Cause, cells: list[Cell], operations: list[str], most: int
) -> Iterator[Row]:
    """A row for each of the given operations, with at most ``most`` differences each."""
    for operation in operations:
        of_one = [cell for cell in cells if cell.operation == operation]
        yield _row(run, cause, of_one, most)


def _row(run: Run, cause: Cause, cells: list[Cell], most: int) -> Row:
    """The row for the cells of one operation, with the findings that belong to this cause.

    Findings similar to the main one come first. A cell may also have findings of other causes.
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
    """A sort key: findings with the same rule and expectation as the main one come first."""
    return finding.rule != telling.rule, finding.expected != telling.expected


def _difference(run: Run, finding: Finding) -> str:
    """A finding on one line, with the key of its request."""
    sentence = cut(view.sentence(finding), DIFFERENCE)
    probe = view.probe(run, finding.exchanges)
    return sentence if probe is None else f"{sentence} ({clean(_with_key(probe))})"


def _route(run: Run, name: str) -> str:
    """The method and path of an operation, or the name of the whole API."""
    operation = run.contract.operations.get(name)
    return f"{operation.method} {operation.path}" if operation else view.operation_name(name)


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


def overview(run: Run) -> str:
    """The number of causes by verdict, such as ``29 causes failed, 1 cause warned``."""
    counts = Counter(cause.verdict for cause in run.causes)
    ordered = sorted(counts, key=lambda verdict: verdict.rank)
    return ", ".join(f"{amount(counts[verdict], 'cause')} {verdict}" for verdict in ordered)
