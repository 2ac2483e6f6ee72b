"""The requests that reproduce a cause: those that show it, and the earlier ones it depends on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import dropwhile

from conformance.base.text import amount
from conformance.causes.finding_key import is_fault
from conformance.causes.origins import Origin, values_of
from conformance.causes.shown import Shown
from conformance.model import Exchange, Run, Step

MOST = 8
"""Maximum number of steps of a cause. Nobody would paste more."""
WRITES = 2
"""Maximum number of writes before a read that are repeated along with it."""
MOST_THAT_FILL = 12
"""Maximum number of steps if they fill a rate limit, because most of these are alike."""
FILLING = {Step.COUNT, Step.EVASION, Step.SHORTLY, Step.SOON, Step.LATER, Step.AGAIN}
"""The steps whose requests count towards the limit of one address."""
AFTER_A_WAIT = {Step.SHORTLY, Step.LATER, Step.AGAIN}
"""The steps among these that are sent after some time."""


@dataclass(frozen=True)
class Story:
    """The exchanges that reproduce a cause, in log order.

    ``caveat`` says why a fresh server may respond otherwise; empty if it should not.
    """

    exchanges: tuple[Exchange, ...]
    caveat: str = ""


def story_of(run: Run, shown: Shown, origins: Mapping[str, Origin]) -> Story:
    """The requests that reproduce a cause, and what a fresh server may lack for that.

    For a rate limit, these are the requests that fill and exceed it. For any other cause, they are
    those that show it, optional ones, and the earlier ones that all these need. The optional ones
    showed the values that the finding names, are suspect writes, or are earlier looks. If there are
    more than MOST, the optional ones are left out, and then all but those that show it.
    """
    filling = filling_of(run, shown.exchanges)
    if filling:
        return Story(tuple(filling), _time(filling, shown))
    writes = _writes_since_success(run, shown)
    suspects = _suspects(run, shown, writes)
    caveat = ""
    if len(writes) > len(suspects):
        caveat = f"needs the state left by {_earlier(len(writes))}"
    left_out = 0
    named, looks = _named_by(run, shown, origins), _earlier_looks(run, shown)
    for optional in ([*named, *suspects, *looks], []):
        needed = _needed(run, [*shown.exchanges, *optional], shown.exchanges, origins)
        if len(needed) <= MOST:
            return Story(tuple(needed), caveat)
        left_out = len(needed) - len(shown.exchanges)
    return Story(shown.exchanges, f"needs the state left by {_earlier(left_out)}")


def _earlier(requests: int) -> str:
    """A number of earlier requests in words."""
    return amount(requests, "earlier request")


# --- rate limits ----------------------------------------------------------------------------------


def filling_of(run: Run, exchanges: Sequence[Exchange]) -> list[Exchange]:
    """The requests of one case from the last address that fill a rate limit and then exceed it.

    The last address is that of the last of ``exchanges``, and the list ends with the last request
    that is one of them. Requests that filled the limit come first: of several sent at the same
    time, the log may begin with a refused one. Empty if not all of ``exchanges`` count towards a
    limit.
    """
    steps = {exchange.facts.step for exchange in exchanges}
    if not steps or not steps <= FILLING:
        return []
    last, shown = exchanges[-1], {exchange.id for exchange in exchanges}

    def exceeds_limit(exchange: Exchange) -> bool:
        return exchange.facts.step is not Step.COUNT or exchange.status == 429

    of_attempt = [exchange for exchange in run.exchanges if _is_sent_with(last, exchange)]
    from_address = dropwhile(lambda exchange: exchange.facts.address is None, of_attempt)
    sent = sorted(from_address, key=exceeds_limit)[:MOST_THAT_FILL]
    ends = [number for number, exchange in enumerate(sent, 1) if exchange.id in shown]
    return sent[: max(ends, default=0)]


def _is_sent_with(one: Exchange, other: Exchange) -> bool:
    """Whether two exchanges are from one attempt, and from one address as far as that is known."""
    same_attempt = (one.case, one.attempt) == (other.case, other.attempt)
    return same_attempt and other.facts.address in (None, one.facts.address)


def _time(filling: Iterable[Exchange], shown: Shown) -> str:
    """The words for a story whose requests wait for a limit to end; empty for any other.

    If a request moves the clock of the server, nobody has to wait.
    """
    waits = {exchange.facts.step for exchange in shown.exchanges} & AFTER_A_WAIT
    moves = any(exchange.facts.step is Step.TICK for exchange in filling)
    return "needs the passage of time" if waits and not moves else ""


# --- earlier requests -----------------------------------------------------------------------------


def _named_by(run: Run, shown: Shown, origins: Mapping[str, Origin]) -> list[Exchange]:
    """The exchanges that first showed the values which the finding of a cause names.

    Actual values count only if a write of the run showed them first.
    """
    written = {
        value
        for value in shown.actual_values & origins.keys()
        if run.exchange[origins[value].exchange].request.method != "GET"
    }
    named = written | (shown.expected_values & origins.keys())
    return [run.exchange[origins[value].exchange] for value in sorted(named)]


def _needed(
    run: Run,
    wanted: Sequence[Exchange],
    shown: Sequence[Exchange],
    origins: Mapping[str, Origin],
) -> list[Exchange]:
    """The ``wanted`` exchanges, and those that their values come from, in log order.

    ``shown`` are the exchanges that show the cause. The reads among them also need the last writes
    to the objects that they name, because these may have produced what the reads show.
    """
    needed: dict[str, Exchange] = {}
    to_visit = list(wanted)
    for exchange in shown:
        if exchange.request.method == "GET":
            to_visit += _writes(run, exchange, origins)
    while to_visit:
        exchange = to_visit.pop()
        if exchange.id not in needed:
            needed[exchange.id] = exchange
            sources = [origins[value] for value in values_of(exchange) if value in origins]
            to_visit += [run.exchange[origin.exchange] for origin in sources]
    places = {exchange.id: place for place, exchange in enumerate(run.exchanges)}
    return sorted(needed.values(), key=lambda exchange: places[exchange.id])


def _writes(run: Run, shown: Exchange, origins: Mapping[str, Origin]) -> list[Exchange]:
    """The last accepted writes to the objects that a read names, the latest first; at most WRITES.

    Only writes after all of the objects were first shown count.
    """
    named = values_of(shown) & origins.keys()
    if not named:
        return []
    first_shown_by = {origins[value].exchange for value in named}
    writes: list[Exchange] = []
    for exchange in reversed(run.exchanges[: run.exchanges.index(shown)]):
        if exchange.id in first_shown_by or len(writes) == WRITES:
            break
        if _is_write(exchange) and not named.isdisjoint(values_of(exchange)):
            writes.append(exchange)
    return writes


def _earlier_looks(run: Run, shown: Shown) -> list[Exchange]:
    """The last success of the deciding read before the first write that shows the cause, if any.

    A server that caches its response may show the same again.
    """
    last = shown.decisive
    writes = [exchange for exchange in shown.exchanges if _is_write(exchange)]
    if last is None or last.request.method != "GET" or not writes:
        return []
    before = run.exchanges[: run.exchanges.index(writes[0])]
    return [each for each in before if each.ok and each.request == last.request][-1:]


def _is_write(exchange: Exchange) -> bool:
    """Whether a request may have changed something."""
    return exchange.ok and exchange.request.method != "GET"


def _writes_since_success(run: Run, shown: Shown) -> list[Exchange]:
    """The accepted writes between the last success of a read and its server fault, latest first.

    Empty if the same request never succeeded before, because then it fails whatever was written.
    Also empty for causes that are not shown by a server fault of a read.
    """
    failed = shown.decisive
    if failed is None or failed.request.method != "GET" or not is_fault(failed.status or 0):
        return []
    writes: list[Exchange] = []
    for exchange in reversed(run.exchanges[: run.exchanges.index(failed)]):
        if exchange.ok and exchange.request == failed.request:
            return writes
        if _is_write(exchange):
            writes.append(exchange)
    return []


def _suspects(run: Run, shown: Shown, writes: Sequence[Exchange]) -> list[Exchange]:
    """The writes that most likely made a read fail: to the same kind of object, odd ones first.

    At most WRITES of them.
    """
    if shown.decisive is None:
        return []
    kinds = {name: operation.kind for name, operation in run.contract.operations.items()}
    kind = kinds.get(shown.decisive.operation)
    alike = [each for each in writes if kinds.get(each.operation) == kind]
    return sorted(alike, key=lambda each: not (each.facts.odd or each.facts.flaw))[:WRITES]
