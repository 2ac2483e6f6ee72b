"""Odd values that a server stored, and on which its later responses fail.

A server may accept an odd value, and fail from then on to show the object that has it, or show it
in a body that is not JSON. These requests are innocent: the cause is the request that stored the
value.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

from conformance.base.values import NOT_JSON, as_text
from conformance.causes.finding_key import is_fault
from conformance.model import Contract, Exchange, Operation
from conformance.reading import Answer, query_value, sent_members

EARLIER = " stored earlier"
"""The end of the flaw of a value that a write stored without failing itself."""
NAMED = 3
"""Maximum number of members that a flaw names."""
HALF_A_CHARACTER = re.compile(r"\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F])")
"""Half a character, as a pattern in a JSON text."""
HARDEST = (
    HALF_A_CHARACTER,
    re.compile(r"\\u0000"),
    re.compile(r"\b(NaN|Infinity)\b|\d[eE]\d{3}|\d{30}"),
)
"""What is hard to show once it is stored, the hardest first, as patterns in a JSON text."""


@dataclass(frozen=True)
class Stored:
    """An odd value that was stored: by which exchange, and what is odd, in words."""

    origin: str
    flaw: str


def stored_values(contract: Contract, exchanges: Mapping[str, Exchange]) -> dict[str, Stored]:
    """The stored value that makes a request fail, by the id of each exchange that fails on one.

    All failures on values with the same flaw have one origin: the first write with it that fails
    itself, or else the first write with it.
    """
    reader = _Reader(contract)
    for place, exchange in enumerate(exchanges.values()):
        reader.read(place, exchange)
    blamed = reader.blamed  # the write by the id of the failing exchange
    blamed |= dict(_spoilt_objects(contract, exchanges, reader.broken_by.values()))
    first: dict[str, Exchange] = {}  # by flaw
    for write in blamed.values():
        flaw = str(write.facts.flaw)
        earlier = first.get(flaw)
        if earlier is None or (_fails(write) and not _fails(earlier)):
            first[flaw] = write
    found = {}
    for name, write in blamed.items():
        origin = first[str(write.facts.flaw)]
        found[name] = Stored(origin.id, _words(origin))
    return found


def _words(write: Exchange) -> str:
    """The flaw of the stored value that a write sent, in words.

    If the write itself failed, it is the flaw of its request. Otherwise, the words name the members
    with values that are hard to show, if there are any.
    """
    flaw = str(write.facts.flaw)
    if _fails(write):
        return flaw
    members = sent_members(write).items()
    texts = {name: json.dumps(value) for name, value in members}
    names = [name for name, text in texts.items() if any(one.search(text) for one in HARDEST)]
    what = f"an odd value of {', '.join(names[:NAMED])}" if names else flaw
    return f"{what}{EARLIER}"


def _rank_of_hardness(write: Exchange) -> int:
    """The place in HARDEST of the hardest value that a write sent; 0 is the hardest.

    The length of HARDEST if it sent no such value.
    """
    text = write.request.body.written if write.request.body else ""
    for place, pattern in enumerate(HARDEST):
        if pattern.search(text):
            return place
    return len(HARDEST)


def is_garbled(exchange: Exchange) -> bool:
    """Whether a success has a body that is not JSON. False if the log lacks a part of it."""
    response = exchange.response
    if response is None or not response.ok or not response.body.is_whole_text:
        return False
    return (
        response.json is NOT_JSON and not response.why_unjudgeable and response.body.written != ""
    )


def _fails(exchange: Exchange) -> bool:
    """Whether a response is a server fault, or a success that nobody can read."""
    return is_fault(exchange.status or 0) or is_garbled(exchange)


def flaw_of_write(exchange: Exchange) -> str:
    """What is odd in a write; empty if nothing is, and for requests that are no writes."""
    is_odd_write = exchange.facts.mistake and exchange.request.method != "GET"
    return str(exchange.facts.flaw or "") if is_odd_write else ""


def _may_store(exchange: Exchange) -> bool:
    """Whether an odd write succeeded or failed. Even a failed one may have stored its value."""
    return bool(flaw_of_write(exchange)) and (exchange.ok or _fails(exchange))


# --- who stored it --------------------------------------------------------------------------------


@dataclass
class _Reader:
    """Reads a log in order, to find the write that makes each later request fail.

    ``blamed`` has the write by the id of the failing exchange. The rest describes the log so far.
    """

    contract: Contract
    blamed: dict[str, Exchange] = field(default_factory=dict)
    writes: list[tuple[int, Exchange]] = field(default_factory=list)  # that may have been stored
    worked: dict[str, int] = field(
        default_factory=dict
    )  # by operation, the place of its last success
    broken_by: dict[str, Exchange] = field(
        default_factory=dict
    )  # by operation, the write that spoilt it
    failing: set[str] = field(default_factory=set)  # operations whose last valid request failed

    def read(self, place: int, exchange: Exchange) -> None:
        """Read the next exchange."""
        operation = self.contract.operations.get(exchange.operation)
        if operation is None:
            return
        if exchange.request.method == "GET":
            self._read_look(place, exchange, operation)
        elif _may_store(exchange):
            self.writes.append((place, exchange))

    def _read_look(self, place: int, exchange: Exchange, operation: Operation) -> None:
        """Note whether a look works; if it fails, blame a write.

        The first failure of a valid look is blamed on a write since the last success. Later
        failures of the operation are blamed on this write, too, but not those of invalid looks
        while valid ones work.
        """
        is_valid = not exchange.facts.mistake
        if exchange.ok and is_valid and not is_garbled(exchange):
            self.worked[operation.id] = place
            self.failing.discard(operation.id)
        if not _fails(exchange):
            return
        if is_valid:
            self.failing.add(operation.id)
            write = self.broken_by.get(operation.id) or self._suspect(exchange, operation)
            if write is not None:
                self.broken_by[operation.id] = write
        write = self.broken_by.get(operation.id)
        if write is not None and operation.id in self.failing:
            self.blamed[exchange.id] = write

    def _suspect(self, look: Exchange, operation: Operation) -> Exchange | None:
        """The write that most likely spoilt a look since its last success; None if there is none.

        It is the write with the hardest value to an object that the look may show. Without one, it
        is a write that spoilt another look. For a garbled look, a garbled write comes first.
        """
        last_success = self.worked.get(operation.id)
        if last_success is None:
            return None
        writes = [write for place, write in self.writes if place > last_success]
        own = [write for write in writes if self._is_of(write, look, operation)]
        spoiling = [write for write in writes if write in self.broken_by.values()]
        likely = sorted(own or spoiling, key=_rank_of_hardness)
        if is_garbled(look):
            likely.sort(key=is_garbled, reverse=True)
        return next(iter(likely), None)

    def _is_of(self, write: Exchange, look: Exchange, operation: Operation) -> bool:
        """Whether a write is to an object that a look may show.

        It is of the same kind, and if the look selects one object, the write names this one.
        """
        if self.contract.operations[write.operation].kind != operation.kind:
            return False
        if operation.selector is None:
            return True
        return query_value(look, operation.selector.name) in _ids(self.contract, write)


def _ids(contract: Contract, write: Exchange) -> set[str]:
    """The texts in a write that may be the id of its object, and the id that its response shows."""
    answer = Answer(contract, contract.operations[write.operation], write)
    ids = {value for value in sent_members(write).values() if isinstance(value, str)}
    return ids if answer.id is None else ids | {str(answer.id)}


def _spoilt_objects(
    contract: Contract, exchanges: Mapping[str, Exchange], writes: Collection[Exchange]
) -> Iterator[tuple[str, Exchange]]:
    """The ids of requests that fail on an object that one of ``writes`` spoilt, with that write."""
    if not writes:
        return
    by_object: dict[str, Exchange] = {}
    spoiling = {write.id for write in writes}
    for exchange in exchanges.values():
        named = object_of(contract, exchange)
        if named is None:
            continue
        if _fails(exchange) and named in by_object:
            yield exchange.id, by_object[named]
        elif exchange.id in spoiling:
            by_object[named] = exchange


def object_of(contract: Contract, exchange: Exchange) -> str | None:
    """The id of the object that a request selects; None if it selects none, or several."""
    operation = contract.operations.get(exchange.operation)
    if operation is None or operation.selector is None:
        return None
    name = operation.selector.name
    return as_text(sent_members(exchange).get(name)) or query_value(exchange, name)
