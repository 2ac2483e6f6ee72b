"""The frozen nouns of the suite.

Contract side: Contract, Operation, Parameter, ErrorCode, Clause. Evidence side: Exchange with its
Request and Response. Judgement side: Finding, Cell, Verdict. Nothing here does I/O.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Any

from conformance.values import NOT_JSON, strict_json

Json = Any
"""A value as ``json.loads`` gives it."""

WHOLE_API = "*"
"""Stands for the operation in a cell that belongs to no single operation."""


class Effect(StrEnum):
    """The worst that a request does if the server wrongly accepts it, mildest first."""

    READ = "read"
    WRITE = "write"
    SPEND = "spend"
    FLOOD = "flood"


class Level(StrEnum):
    """What breaking a clause means: failed, warned, or a note that is never graded."""

    MUST = "MUST"
    SHOULD = "SHOULD"
    NOTE = "NOTE"


class Verdict(StrEnum):
    """Verdicts of a cell, worst first."""

    FAILED = "failed"
    ERROR = "error"
    WAIVED = "waived"
    WARNED = "warned"
    UNTESTED = "untested"
    PASSED = "passed"
    INAPPLICABLE = "inapplicable"

    @property
    def rank(self) -> int:
        """Place in the order of severity; 0 is the worst."""
        return list(Verdict).index(self)


def worst(verdicts: Iterable[Verdict]) -> Verdict | None:
    """The worst of some verdicts, or None where there are none."""
    return min(verdicts, key=lambda verdict: verdict.rank, default=None)


# --- the contract ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Parameter:
    """One input of an operation: a query, path or header parameter, or a member of its JSON body."""

    name: str
    place: str  # "query", "path", "header" or "body"
    required: bool
    schema: Mapping[str, Json]
    refers: str | None = None  # the kind of object whose id it holds
    by: str | None = (
        None  # the member of that object that it holds, where that is not its identifier
    )
    filters: str | None = None  # the member of an item that a list is narrowed by
    compare: str | None = None  # "at-least" or "at-most" where the filter is a bound
    joined: bool = False  # a filter that takes several values, joined by commas
    advised: bool = False  # sent in every valid request, for some servers may want it
    weak: bool = False  # no strong source names it: a server may well ignore it
    loose: bool = False  # a bound of a time, and no source says of which time of an item
    lack: str | None = None  # "open" where no source says that a request without it is refused
    shows_as: str | None = None  # the member of the object that shows what was sent
    phone: bool = False
    fresh: str | None = None  # template of a value that must be new each time
    refuse: tuple[Json, ...] = ()  # values that no reading can accept
    example: Json = None


@dataclass(frozen=True)
class Paging:
    """Names that a list pages by: two query parameters and two members."""

    after: str
    limit: str
    more: str
    position: str
    collection: str | None
    usual: str | None = None  # a name that the collection may have, where no source says it


@dataclass(frozen=True)
class Rate:
    """At most ``requests`` within ``seconds`` from one address."""

    requests: int
    seconds: int


@dataclass(frozen=True)
class Payment:
    """Where the terms of an x402 payment stand: a header, or members of the body."""

    terms_header: str
    version: str
    terms: str
    proof_header: str


@dataclass(frozen=True)
class Operation:
    """One mode of one method and path."""

    id: str
    method: str
    path: str
    action: str  # list, read, create, update, delete, fetch or perform
    kind: str | None
    when: str | None  # the query parameter or body member that selects this mode
    only: bool  # no other mode takes a request without ``when``
    parameters: tuple[Parameter, ...]
    scopes: tuple[str, ...]  # any of them opens it; empty where no source states one
    beside: str | None  # a scope that may be wanted as well
    keyed: bool  # a key is wanted; False where it is not, or where that is open
    takes_key: bool  # a key may be sent
    effect: Effect
    successes: tuple[int, ...]  # the statuses of a success; several where the sources leave it open
    schema: Mapping[str, Json]  # of the body of a success, self-contained
    paging: Paging | None = None
    provokes: tuple[str, ...] = ()
    rate: Rate | None = None
    payment: Payment | None = None
    secrets: tuple[str, ...] = ()  # members of a success that are secrets
    key: str | None = None  # the one of them that is a key of this API
    area: str = ""  # the tag of the operation
    wrapper: str | None = None  # the member of a success that holds the object
    absent_open: bool = (
        False  # what names nothing may be answered as a success that does not show it
    )
    empty_open: bool = False  # a business without data may still have items here
    input_open: bool = False  # what a valid request holds is open
    pool: bool = False  # the items belong to no business
    polling: bool = False  # the cursor may be a lower bound of what is new

    @property
    def success(self) -> int:
        """The status of a success that this operation is likeliest to have."""
        return self.successes[-1] if self.action == "create" else self.successes[0]

    @property
    def body(self) -> tuple[Parameter, ...]:
        """The members of the JSON body."""
        return tuple(p for p in self.parameters if p.place == "body")

    def parameter(self, name: str) -> Parameter | None:
        """The parameter of that name, if the operation has it."""
        return next((p for p in self.parameters if p.name == name), None)

    @property
    def selector(self) -> Parameter | None:
        """The required parameter that names the one object which the operation reads, changes or works on."""
        if self.action not in ("read", "update", "delete", "perform"):
            return None
        references = [p for p in self.parameters if p.refers and p.required]
        own = next((p for p in references if p.refers == self.kind), None)
        return own or next(iter(references if self.action == "read" else ()), None)

    @property
    def filters(self) -> tuple[Parameter, ...]:
        """The parameters that narrow a list."""
        return tuple(p for p in self.parameters if p.filters)


@dataclass(frozen=True)
class ErrorCode:
    """A row of the registry of error codes."""

    code: str
    status: int
    role: str
    meaning: str
    source: str


@dataclass(frozen=True)
class About:
    """The row of a table that a clause or a case is about: a code or a status."""

    code: str | None = None
    status: int | None = None


@dataclass(frozen=True)
class Clause:
    """One normative statement of the contract."""

    id: str
    area: str
    text: str
    level: Level
    basis: str
    sources: tuple[str, ...]
    rules: tuple[str, ...]
    because: str = ""
    about: About | None = None
    uncovered: str = ""


@dataclass(frozen=True)
class PageEntry:
    """An entry of the index of the authoritative page."""

    id: str
    section: str
    place: str
    normative: bool
    says: str
    not_testable: str = ""
    example: Json = None


@dataclass(frozen=True)
class Authentication:
    """How a key travels: a header, the scheme before the key (or none), and how keys begin."""

    header: str
    scheme: str | None
    prefixes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Contract:
    """The whole of a contract directory, read-only."""

    title: str
    version: str
    digest: str  # sha256 over the files, hex
    base_path: str
    document: Mapping[str, Json]  # the OpenAPI document
    operations: Mapping[str, Operation]
    errors: Mapping[str, ErrorCode]
    clauses: Mapping[str, Clause]
    areas: Mapping[str, str]  # area -> title
    page: Mapping[str, PageEntry]
    page_address: str
    statuses: frozenset[int]
    code_pointer: tuple[str, ...]
    message_pointer: tuple[str, ...]
    identifier: str
    identifiers: Mapping[str, str]  # of the kinds whose objects are told apart by another member
    tenant: str | None
    authentication: Authentication

    def identifier_of(self, kind: str | None) -> str:
        """The member that tells objects of a kind apart."""
        return self.identifiers.get(kind or "", self.identifier)

    def codes_of(self, role: str) -> tuple[str, ...]:
        """The codes that have a role."""
        return tuple(code.code for code in self.errors.values() if code.role == role)

    def operations_by(self, action: str, kind: str | None = None) -> tuple[Operation, ...]:
        """The operations of one action, on one kind if given."""
        return tuple(
            o
            for o in self.operations.values()
            if o.action == action and (kind is None or o.kind == kind)
        )

    def list_of(self, kind: str | None) -> Operation | None:
        """The list of a kind, if it has one; of several the first."""
        return next(
            (o for o in self.operations.values() if o.action == "list" and o.kind == kind), None
        )


# --- evidence -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Body:
    """A body as logged: text, or base64 of what is not UTF-8. ``size`` counts the bytes received."""

    text: str | None = None
    base64: str | None = None
    size: int = 0
    cut: bool = False  # more came than is kept
    withheld: bool = False  # left out because it held a secret in an encoded form


@dataclass(frozen=True)
class Request:
    """A request as sent, secrets replaced by placeholders."""

    method: str
    url: str
    headers: tuple[tuple[str, str], ...] = ()
    body: Body | None = None


@dataclass(frozen=True)
class Response:
    """A response as received, secrets replaced by placeholders."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: Body = field(default_factory=Body)

    def header(self, name: str) -> str | None:
        """The first header of that name, whatever its case."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)

    @cached_property
    def json(self) -> Json:
        """The body as strict JSON, or NOT_JSON."""
        if self.body.text is None or self.body.cut or self.body.withheld:
            return NOT_JSON
        return strict_json(self.body.text)

    @property
    def ok(self) -> bool:
        """Whether the status is in the two hundreds."""
        return 200 <= self.status < 300


@dataclass(frozen=True)
class Exchange:
    """One request with its response, or the reason why there is none.

    ``role`` is probe, control, setup, confirm or retry; ``attempt`` counts repetitions of the case;
    ``facts`` are what the stimulus says of the request, for its judge.
    """

    id: str
    case: str
    stimulus: str
    attempt: int
    operation: str
    role: str
    identity: str | None
    facts: Mapping[str, Json]
    request: Request
    response: Response | None
    failure: str | None = None
    started: str = ""
    elapsed_ms: float = 0.0

    def fact(self, name: str) -> Json:
        """A fact by name, or None."""
        return self.facts.get(name)


# --- judgement ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Finding:
    """One observed departure from a clause."""

    clause: str
    operation: str
    rule: str
    where: str  # "status", a header name, or a JSON pointer into the body
    expected: str
    actual: str
    exchanges: tuple[str, ...]
    level: Level = Level.MUST


@dataclass(frozen=True)
class Cell:
    """A clause on an operation, with its verdict and what it rests on."""

    clause: str
    operation: str
    verdict: Verdict
    exchanges: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    notes: tuple[Finding, ...] = ()
    reasons: tuple[str, ...] = ()  # why untested or error, and what to provide
    waiver: str | None = None

    @property
    def name(self) -> str:
        """The unique name of the cell in every report."""
        return f"{self.clause}[{self.operation}]"


def compact(value: Json, width: int = 200) -> str:
    """JSON text of a value, cut to a width."""
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, default=str)
    return text if len(text) <= width else text[: width - 1] + "…"


@dataclass(frozen=True)
class Case:
    """One planned run of a stimulus: an operation, a variant, and the rules that it feeds.

    ``gap`` says why it cannot run and what to provide; ``cost`` is the usual number of requests.
    """

    id: str
    stimulus: str
    operation: str
    variant: str
    rules: tuple[str, ...]
    effect: Effect
    cost: int = 2
    about: str | None = None  # the code that the case is about
    params: Mapping[str, Json] = field(default_factory=dict)
    gap: str | None = None
    optional: bool = False  # more depth where it can run; its gap leaves no cell untested


@dataclass(frozen=True)
class Run:
    """A finished run: everything that a report may show. Holds no secret."""

    contract: Contract
    suite: str  # version of the suite
    seed: int
    target: Mapping[str, Json]  # name, url, allow ... as declared, without keys
    started: str  # ISO 8601
    finished: str
    judged_on: str  # date
    incomplete: str | None  # why the run ended early, or None
    cases: tuple[Case, ...]
    cells: tuple[Cell, ...]
    exchanges: tuple[Exchange, ...]
    require_complete: bool = False

    @cached_property
    def counts(self) -> dict[str, int]:
        """Cells by verdict, all seven, worst first."""
        return {
            verdict.value: sum(cell.verdict is verdict for cell in self.cells)
            for verdict in Verdict
        }

    @cached_property
    def by_clause(self) -> dict[str, tuple[Cell, ...]]:
        """The cells of each clause, in the order of the ledger; empty for a clause without cells."""
        found: dict[str, list[Cell]] = {clause: [] for clause in self.contract.clauses}
        for cell in self.cells:
            found[cell.clause].append(cell)
        return {clause: tuple(cells) for clause, cells in found.items()}

    @cached_property
    def exchange(self) -> dict[str, Exchange]:
        """Exchanges by id."""
        return {exchange.id: exchange for exchange in self.exchanges}

    @property
    def exit_code(self) -> int:
        """1 a MUST is broken, else 3 something could not be judged, else 0."""
        counts = self.counts
        if counts["failed"]:
            return 1
        if self.incomplete or counts["error"] or (self.require_complete and counts["untested"]):
            return 3
        return 0

    def clause_verdict(self, clause: str) -> Verdict | None:
        """The worst verdict of the cells of a clause; None where it has no cells."""
        return worst(cell.verdict for cell in self.by_clause[clause])
