"""What a message says about a cause: its request, expected and actual response, and operations."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

from conformance.base.text import amount
from conformance.base.values import cut
from conformance.causes.shown import probe_of, shown_of
from conformance.causes.telling import in_cause
from conformance.model import Cause, Exchange, Finding, Run, operation_of
from conformance.nightly.following import Places, listed
from conformance.nightly.notices import LONGEST, inactive
from conformance.nightly.transitions import Step
from conformance.report import view
from conformance.report.phrases import with_key

MOST = 3
"""Maximum number of causes that a message describes; it counts the others."""
OPERATIONS = 10
"""Maximum number of operations that it names for each."""
SHORT = 120
"""Maximum number of characters of an expected or actual response."""


@dataclass(frozen=True)
class Subject:
    """A cause to describe: its number in the report, and the routes of its operations.

    ``operation`` is the one to show it on; if empty, its main finding shows it.
    """

    number: int
    routes: tuple[str, ...]
    operation: str = ""


def subjects(step: Step) -> list[Subject]:
    """The new causes of a step, then those that reach further.

    A cause that reaches further is shown on the first operation that it newly reaches, and left out
    if the night does not show it.
    """
    found = [Subject(seen.number, _routes(seen.places)) for seen in step.new]
    for reach in step.wider:
        if reach.seen:
            first_new_place = next(iter(reach.more.values()))
            routes = _routes(reach.seen.places)
            operation = operation_of(first_new_place.cell)
            found.append(Subject(reach.seen.number, routes, operation))
    return found


def _routes(places: Places) -> tuple[str, ...]:
    """The routes of the operations of a cause, each once."""
    return tuple(dict.fromkeys(place.route for place in places.values()))


def described(run: Run | None, subjects: Sequence[Subject]) -> list[str]:
    """The lines on the first MOST causes, shortened and made inert; none without a run."""
    if run is None:
        return []
    lines = [line for each in subjects[:MOST] for line in _lines_on(run, each)]
    more = len(subjects) - MOST
    if more > 0:
        lines.append(f"and {amount(more, 'more cause')}, see the report")
    return [cut(inactive(line), LONGEST) for line in lines]


def _lines_on(run: Run, subject: Subject) -> Iterator[str]:
    """The lines on one cause, beginning with its title.

    If its finding is about the status, the actual status replaces the longer text of the finding.
    """
    cause = run.causes[subject.number - 1]
    finding, exchange = _evidence(run, cause, subject.operation)
    actual, place = finding.actual, ""
    if finding.where != "status":
        place = f" at {view.shown(finding.where, SHORT)}"
    elif exchange is not None and exchange.response:
        actual = str(exchange.status)
    yield f"Cause {subject.number}: {cause.title or finding.clause}"
    if exchange is not None:
        yield f"Request: {_request_of(exchange)}"
    place = place.removesuffix(" at /")  # the place of a whole body says nothing
    yield f"Expected{place}: {view.shown(finding.expected, SHORT)}"
    yield f"Actual: {view.shown(actual, SHORT)}"
    if subject.routes:
        yield f"Operations: {listed(subject.routes, OPERATIONS)}"
    if cause.blocks:
        are = "is" if len(cause.blocks) == 1 else "are"
        yield f"{amount(len(cause.blocks), 'cell')} {are} blocked by this cause."


def _evidence(run: Run, cause: Cause, operation: str) -> tuple[Finding, Exchange | None]:
    """The finding that shows a cause on an operation, and the exchange that best shows it.

    If the cause has no finding on the operation, or none is given, its main finding shows it. The
    exchange that the cause traces back to does not serve to show the main finding.
    """
    findings = _findings(run, cause, operation)
    if findings:
        finding = findings[0]
        return finding, probe_of(run, finding, finding.exchanges)
    ids = [each for each in shown_of(run, cause).ids if each != cause.origin]
    return cause.finding, probe_of(run, cause.finding, ids)


def _findings(run: Run, cause: Cause, operation: str) -> list[Finding]:
    """The findings of a cause on an operation, those that are like its main one first."""
    names = set(cause.cells)
    cells = [cell for cell in run.cells if cell.name in names and cell.operation == operation]
    findings = [in_cause(run, cause, each) for cell in cells for each in cell.findings]
    main = (cause.finding.rule, cause.finding.expected)

    def differs_from_main(finding: Finding) -> bool:
        return (finding.rule, finding.expected) != main

    return sorted(findings, key=differs_from_main)


def _request_of(exchange: Exchange) -> str:
    """The method, path and key of a request, and the names in its query without their values.

    Only the method if the address cannot be parsed.
    """
    try:
        parts = urlsplit(exchange.request.url)
        names = dict.fromkeys(name for name, _ in parse_qsl(parts.query, keep_blank_values=True))
    except ValueError:
        return exchange.request.method
    query = "&".join(f"{name}=…" for name in names)
    path = parts.path + (f"?{query}" if query else "")
    return f"{exchange.request.method} {view.shown(path, SHORT)} {with_key(exchange)}"
