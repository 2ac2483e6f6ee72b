"""One row of the kill matrix: the suite runs against one server, and its findings are compared.

A fault must be found with the clauses that it breaks. A variant and the reference server must be
found with nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain

from conformance.model import Cell, Run, Verdict
from conformance.server import application
from tests import titles
from tests.faults import harness
from tests.faults.base import Fault, Variant
from tests.support.contracts import real

BLAMED = (Verdict.FAILED, Verdict.WARNED)
UNBLAMED = (Verdict.PASSED, Verdict.UNTESTED, Verdict.INAPPLICABLE)
READ_REQUESTS = ("requests", "envelope")
"""The subjects of variants that may take odd requests in another way."""
SHOWN = 8
"""How many cells a complaint shows."""


@dataclass(frozen=True)
class Row:
    """The result of one server.

    ``found`` are the clauses that the suite found broken.
    ``wrong`` says what is wrong with that, and is empty if nothing is.
    ``causes`` counts what the findings go back to.
    """

    name: str
    found: tuple[str, ...]
    wrong: str
    causes: int


# --- faults ---


def judge_fault(fault: Fault, complete: bool = False, reuse: bool = False) -> Row:
    """Compare what the suite finds in a fault with the clauses that it breaks.

    With ``reuse``, it uses objects of an earlier run. It runs the cases of these clauses, or the
    whole suite if ``complete``. A fault that is everywhere is tried on one half of the core
    operations, and on both if that does not do.
    """
    if complete:
        return _row_of(fault, None, reuse)
    row = _row_of(fault, aim_at(fault, harness.half_for(fault.name)), reuse)
    return _row_of(fault, aim_at(fault), reuse) if row.wrong else row


def _row_of(fault: Fault, aim: harness.Aim | None, reuse: bool) -> Row:
    app = fault.make(real())
    run = harness.run(real(), app, aim=aim, socket=fault.socket, reuse=reuse)
    blamed = [cell for cell in run.cells if cell.verdict in BLAMED]
    found = _clauses_of(blamed)
    # an answer that breaks on the wire is lost to every other clause, and many end the run
    lost = [] if fault.socket else _with_verdict(run, Verdict.ERROR)
    ended = "" if fault.socket else _interruption(run)
    missed = [clause for clause in fault.breaks if clause not in found]
    complaints = [
        ended,
        _complaint_of_missed(run, missed, blamed),
        _complaint("blamed for more than it breaks", run, _beyond(fault, blamed)),
        _complaint("not judged", run, lost),
        _complaint_of_nameless(run, fault),
        "\n".join(titles.complaints(run.causes)),
    ]
    return Row(fault.name, found, _text(fault.does, complaints), len(run.causes))


def aim_at(fault: Fault, core: tuple[str, ...] = harness.CORE) -> harness.Aim:
    """The part of the suite that should find a fault; on the ``core`` if it is everywhere."""
    # odd requests take turns over all operations
    everywhere = () if "odd-request" in fault.by else core
    return harness.Aim(fault.breaks + fault.also, fault.by, fault.at or everywhere)


def _clauses_of(cells: Iterable[Cell]) -> tuple[str, ...]:
    """The clauses of some cells, in the order of the contract."""
    clauses = {cell.clause for cell in cells}
    return tuple(clause for clause in real().clauses if clause in clauses)


def _beyond(fault: Fault, blamed: Iterable[Cell]) -> list[Cell]:
    """The blamed cells of clauses that a fault does not break, and of operations without it."""
    known = {*fault.breaks, *fault.also}
    return [
        cell
        for cell in blamed
        if cell.clause not in known or (fault.at and cell.operation not in fault.at)
    ]


# --- servers without a fault ---


def judge_variant(variant: Variant, complete: bool = False) -> Row:
    """Compare what the suite finds in a variant with nothing.

    It must judge the operations where the variant differs, else one half of the core operations, or
    all operations if ``complete``.
    """
    operations = () if complete else variant.at or harness.half_for(variant.name)
    run = harness.run(
        real(),
        variant.make(real()),
        aim=harness.Aim(operations=operations, without=() if complete else _spared(variant)),
        changes=variant.target,
        socket=variant.socket,
    )
    cells = [cell for cell in run.cells if not operations or cell.operation in operations]
    return _unblamed(variant.name, f"{variant.id}: {variant.does}", run, cells, variant.untested)


def _spared(variant: Variant) -> tuple[str, ...]:
    """The scenarios of many requests that a short run leaves out."""
    return () if variant.subject in READ_REQUESTS else ("odd-request",)


def judge_reading(variant: Variant) -> Row:
    """Compare what a run that only reads finds in a variant with nothing."""
    run = harness.run(
        real(),
        variant.make(real()),
        changes={**variant.target, "allow": ["read"]},
        socket=variant.socket,
    )
    cells = [cell for cell in run.cells if cell.verdict is not Verdict.UNTESTED]
    does = f"{variant.id}: {variant.does} (only read)"
    return _unblamed(f"{variant.name}-read", does, run, cells)


def judge_clean(seed: int) -> Row:
    """Compare what the whole suite finds in the reference server with nothing."""
    run = harness.run(real(), application(real()), seed=seed)
    return _unblamed(f"clean-{seed}", f"The reference server, seed {seed}", run, run.cells)


def _unblamed(
    name: str, does: str, run: Run, cells: Iterable[Cell], untested: tuple[str, ...] = ()
) -> Row:
    """The row of a server that keeps the contract; only some clauses may stay untested."""
    cells = list(cells)
    blamed = [cell for cell in cells if cell.verdict not in UNBLAMED]
    unjudged = [
        cell for cell in cells if cell.verdict is Verdict.UNTESTED and cell.clause not in untested
    ]
    complaints = [
        _interruption(run),
        _complaint("blamed for", run, blamed),
        _complaint("not judged", run, unjudged),
    ]
    return Row(name, _clauses_of(blamed), _text(does, complaints), len(run.causes))


# --- complaints ---


def _with_verdict(run: Run, verdict: Verdict) -> list[Cell]:
    return [cell for cell in run.cells if cell.verdict is verdict]


def _text(does: str, complaints: Iterable[str]) -> str:
    """What a server does and the complaints about it; empty without a complaint."""
    given = [complaint for complaint in complaints if complaint]
    return "\n".join([does, *given]) if given else ""


def _interruption(run: Run) -> str:
    return f"incomplete: {run.incomplete}" if run.incomplete else ""


def _complaint(title: str, run: Run, cells: list[Cell]) -> str:
    """A title above the cells that it is about; empty without cells."""
    return f"{title}:\n{_listing(run, cells)}" if cells else ""


def _complaint_of_missed(run: Run, missed: list[str], blamed: list[Cell]) -> str:
    """The clauses that were not found above the cells that were; empty if none was missed."""
    if not missed:
        return ""
    found = f"\n{_listing(run, blamed)}" if blamed else " nothing"
    return f"not found: {', '.join(missed)}; found:{found}"


def _complaint_of_nameless(run: Run, fault: Fault) -> str:
    """What is wrong where no cause names a clause that a fault breaks; else empty."""
    named = set(chain.from_iterable(cause.clauses for cause in run.causes))
    return "" if named & {*fault.breaks} else f"its causes name only {', '.join(sorted(named))}"


def _listing(run: Run, cells: list[Cell]) -> str:
    """A line for each of the first cells: verdict, finding, and the request that shows it."""
    return "\n".join(f"  {_line(run, cell)}" for cell in cells[:SHOWN])


def _line(run: Run, cell: Cell) -> str:
    line = f"{cell.name} {cell.verdict.value}"
    if cell.findings:
        finding = cell.findings[0]
        line += f": {finding.rule} {finding.where}: expected {finding.expected}"
        line += f", got {finding.actual[:200]} <- {_request(run, finding.exchanges[-1])}"
    if cell.reasons:
        line += f" ({cell.why[0]})"
    return line


def _request(run: Run, exchange: str) -> str:
    request = run.exchange[exchange].request
    line = f"{request.method} {request.url}"
    return f"{line} {(request.body.text or '')[:200]}" if request.body else line
