"""Fabricated runs for the tests of the reports: every verdict, and texts that attack a reader."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from functools import cache

from conformance import contract
from conformance.causes import causes_of
from conformance.model import (
    NOTHING,
    WHOLE_API,
    Body,
    Cell,
    Challenge,
    Challenges,
    Clause,
    Contract,
    Declaration,
    Effect,
    Exchange,
    Finding,
    Level,
    Operation,
    Reason,
    ReasonKind,
    Request,
    Response,
    Role,
    Run,
    Verdict,
    Waiver,
)

SOME = (
    "read_call",
    "list_calls",
    "create_call",
    "read_agent",
    "list_agents",
    "create_agent",
    "update_agent",
    "sign_up",
    "read_openapi",
)
"""The operations of a fabricated run."""

SCRIPT = "<script>alert(1)</script>"
IMAGE = "</pre></details><img src=x onerror=\"document.title='owned'\">"
ANSI = "\x1b[31m\x1b]0;owned\x07\x1b[2J"
BIDI = "\u202egnp.exe\u2066\u200b"
LONE = "\ud800"
NUL = "\0"
FORGED = "\n999 passed (999 cells)\r"
HOSTILE = f"{SCRIPT}{IMAGE}{ANSI}{BIDI}{LONE}{NUL}{FORGED}{{{{ 7 * 7 }}}}]]>"

KEY = ("Authorization", "Bearer {key:full}")
JSON = ("Content-Type", "application/json")
URL = "https://api.example.test/v1"


@cache
def load() -> Contract:
    """The real contract."""
    return contract.load()


def exchange(
    number: int,
    operation: Operation | None,
    body: Body,
    request: Body | None = None,
    role: Role = Role.PROBE,
) -> Exchange:
    """An exchange with a body of the response, and one of the request where the method takes it."""
    method, path = (operation.method.upper(), operation.path) if operation else ("GET", "/nowhere")
    sent = Request(
        method,
        f"{URL}{path}?limit=3&after=2026-01-0{number % 9 + 1}T00%3A00%3A00Z",
        (KEY, JSON),
        request,
    )
    answered = Response(400 if number % 3 else 200, (JSON, ("X-Odd", HOSTILE[:60])), body)
    name = operation.id if operation else WHOLE_API
    return Exchange(
        id=f"e{number:05d}",
        case=f"paging.window[{name}-{number}]",
        scenario="paging.window",
        attempt=1,
        operation=name,
        role=role,
        identity="full",
        facts=NOTHING,
        request=sent,
        response=answered,
        started="2026-11-24T22:00:01.250Z",
        elapsed_ms=3.25,
    )


def bodies() -> list[Body]:
    """Bodies of every kind: plain, hostile, long, not UTF-8, withheld, cut, none."""
    binary = base64.b64encode(bytes(range(256)) * 40).decode()
    return [
        Body('{"error":{"code":"bad_request","message":"limit is missing"}}', size=61),
        Body(HOSTILE, size=200),
        Body(
            '{"calls":[' + '{"id":"c-1","created_at":"2026-01-01T00:00:00Z"},' * 4000 + "]}",
            size=196_012,
        ),
        Body(base64=binary, size=10_240),
        Body(size=512, withheld=True),
        Body("x" * 300, size=5_000_000, cut=True),
        Body(),
    ]


def _exchanges() -> tuple[Exchange, ...]:
    operations = [*(load().operations[name] for name in SOME), None]
    kinds = bodies()
    made = []
    for number in range(60):
        operation = operations[number % len(operations)]
        sent = (
            kinds[number % len(kinds)]
            if operation and operation.method.upper() not in ("GET", "HEAD")
            else None
        )
        made.append(
            exchange(
                number,
                operation,
                kinds[number % len(kinds)],
                sent,
                Role.CONTROL if number % 4 == 3 else Role.PROBE,
            )
        )
    made[7] = replace(made[7], response=None, failure=f"the connection was reset {ANSI}")
    return tuple(made)


def _cells_of(clause: Clause, names: Sequence[str], exchanges: tuple[Exchange, ...]) -> list[Cell]:
    targets = [WHOLE_API] if clause.area == "limits" or clause.id == "envelope-unrouted" else names
    if clause.area in ("pages", "walks"):
        targets = [name for name in names if name.startswith("list")]
    ids = tuple(exchange.id for exchange in exchanges)
    return [
        Cell(clause.id, name, Verdict.PASSED, ids[place : place + 3 + len(clause.id) % 7])
        for place, name in enumerate(targets)
    ]


CHALLENGE = Challenge(3, "paging-limit", date(2026, 11, 20), HOSTILE, HOSTILE)
EXPIRED = Waiver("paging-order", (), HOSTILE, HOSTILE, HOSTILE, date(2026, 6, 30))
LOST = Reason(ReasonKind.ERROR, f"the connection was lost {HOSTILE}")


def finding(cell: Cell, number: int = 0, hostile: bool = False) -> Finding:
    """A finding on a cell, plain or hostile."""
    return Finding(
        clause=cell.clause,
        operation=cell.operation,
        rule="paging.exclusive",
        where=f"/calls/{number}/id" + (HOSTILE if hostile else ""),
        expected="an item that no page before holds",
        actual=HOSTILE * 30 if hostile else f"c-{number}, which page 1 holds already",
        exchanges=cell.exchanges,
    )


def _mark(cell: Cell, number: int) -> Cell:  # noqa: PLR0911 - one return per verdict
    """Another verdict for some cells, chosen by place."""
    if number == 3:
        many = tuple(finding(cell, n, hostile=n == 1) for n in range(9))
        return replace(
            cell,
            verdict=Verdict.FAILED,
            findings=many,
            exchanges=("e00001", "e00002", "e00003", "e00004", "e00005"),
        )
    if cell.clause in ("paging-exclusive", "envelope-message"):
        return replace(
            cell,
            verdict=Verdict.FAILED,
            findings=(finding(cell, hostile=cell.clause == "envelope-message"),),
        )
    if cell.clause == "has-more-true":
        held = replace(cell, verdict=Verdict.ERROR, reasons=(LOST,))
        return replace(held, exchanges=("e00006", "e00007"))
    if cell.clause == "paging-order":
        waiver = "Known since June, owner platform@example.test, until 2026-12-31"
        return replace(cell, verdict=Verdict.WAIVED, findings=(finding(cell),), waiver=waiver)
    if cell.clause == "success-members":
        return replace(
            cell, verdict=Verdict.WARNED, findings=(replace(finding(cell), level=Level.SHOULD),)
        )
    if cell.clause in ("key-expired", "key-revoked", "code-vapi_error", "code-internal_error"):
        what = cell.clause.partition("-")[2]
        reason = (
            f"give keys.{what}, a key that is {what}"
            if cell.clause.startswith("key")
            else f"name a trigger for {what}"
        )
        return replace(
            cell,
            verdict=Verdict.UNTESTED,
            reasons=(Reason(ReasonKind.PROVIDE, reason),),
            exchanges=(),
        )
    if cell.clause == "paging-limit":
        reasons = (Reason(ReasonKind.CHALLENGED, str(CHALLENGE)),)
        return replace(
            cell, verdict=Verdict.EXCLUDED, reasons=reasons, challenges=(3,), exchanges=()
        )
    if cell.operation == "sign_up":
        return replace(cell, verdict=Verdict.INAPPLICABLE, exchanges=())
    if cell.clause == "paging-ties":
        return replace(cell, notes=(replace(finding(cell, hostile=True), level=Level.NOTE),))
    return cell


def passing(names: Sequence[str] = SOME) -> Run:
    """A run over some operations in which every cell passed."""
    spec, exchanges = load(), _exchanges()
    cells = [
        cell
        for clause in spec.clauses.values()
        if not clause.uncovered
        for cell in _cells_of(clause, names, exchanges)
    ]
    return Run(
        contract=spec,
        suite="0.1.0",
        seed=20261124,
        target=Declaration(
            name="Sandbox",
            url=URL,
            allow=frozenset({Effect.READ, Effect.WRITE}),
            keys=frozenset({"full", "read_only"}),
            full_declared=True,
        ),
        started="2026-11-24T22:00:00.000Z",
        finished="2026-11-24T22:01:31.400Z",
        judged_on="2026-11-24",
        incomplete=None,
        cases=(),
        cells=tuple(cells),
        exchanges=exchanges,
    )


def failing() -> Run:
    """A run with all verdicts, a hostile target and an early end."""
    run = passing()
    cells = tuple(_mark(cell, number) for number, cell in enumerate(run.cells))
    return replace(
        run,
        causes=causes_of(run.contract, cells, run.exchanges),
        target=replace(
            run.target,
            name=f"Vendor staging {SCRIPT}",
            inapplicable=frozenset({"sign_up"}),
            waivers=(EXPIRED,),
        ),
        contract=replace(run.contract, challenges=Challenges("0" * 64, (CHALLENGE,))),
        incomplete=f"the budget of 5,000 requests was spent {ANSI}",
        cells=cells,
    )


def everything() -> Run:
    """A run over all operations in which every cell passed."""
    return passing(tuple(load().operations))


def breaking(clauses: int = 60) -> Run:
    """A run over all operations that breaks the first clauses everywhere.

    60 of them have 29 causes, and 61 have 30.
    """
    run = everything()
    ruled = [clause for clause in load().clauses.values() if clause.rules]
    broken = {clause.id: clause.rules[0] for clause in ruled[:clauses]}
    cells = []
    for cell in run.cells:
        rule = broken.get(cell.clause)
        found = [replace(finding(cell), rule=rule, where=f"/{cell.clause}")] if rule else []
        verdict = Verdict.FAILED if rule else cell.verdict
        cells.append(replace(cell, verdict=verdict, findings=tuple(found)))
    causes = causes_of(run.contract, cells, run.exchanges)
    return replace(run, cells=tuple(cells), causes=causes)


def stopped() -> Run:
    """A run that ended before its first case, because the target refused the key."""
    run = everything()
    why = f"{URL} rejects the main key on every read (401)."
    reason = Reason(ReasonKind.NOT_RUN, f"not run: {why}")
    cells = [
        replace(cell, verdict=Verdict.UNTESTED, reasons=(reason,), exchanges=())
        for cell in run.cells
    ]
    return replace(run, cells=tuple(cells), exchanges=run.exchanges[:4], incomplete=why)
