"""Before the first case: is this a server, is it this API, does it take the key?

One valid read answers all three. Only if every plain read fails in the same way is the target
given up, for a single broken operation is a finding and no reason to stop.
"""

from __future__ import annotations

from conformance.errors import TargetError, Unjudgeable
from conformance.judging.verdict import PREFLIGHT
from conformance.model import Case, Contract, Effect, Exchange, Operation
from conformance.session import Session
from conformance.suite.client import Client
from conformance.suite.knowledge import Memory
from conformance.target import Target
from conformance.values import NOT_JSON

ASKED = 4
"""Reads that are tried before a target is given up."""
CASE = Case("preflight[api]", PREFLIGHT, "*", "", (), Effect.READ)


def want_key(target: Target) -> None:
    """Raise TargetError for a target without a key: hardly anything could be judged."""
    if "full" not in target.keys:
        raise TargetError(
            "A key is wanted: give --key (or set CONFORMANCE_KEY), or keys: full in the target file."
        )


def check(session: Session) -> None:
    """Ask for something plain. Raises Unjudgeable with what is wrong with the target."""
    want_key(session.target)
    client = Client(session.sender, CASE, 1, Memory(), seed=session.options.seed, nonce="")
    seen: list[Exchange] = []
    for operation in _plain(session.contract):
        exchange = client.call(operation, {})
        if _sound(exchange):
            return
        seen.append(exchange)
    if seen:
        problem = _problem(session, seen)
        if problem:
            raise Unjudgeable(problem)


def _plain(contract: Contract) -> list[Operation]:
    """Operations that a key alone can read."""
    reads = [
        o
        for o in contract.operations.values()
        if o.effect is Effect.READ and not any(p.required for p in o.parameters)
    ]
    return sorted(reads, key=lambda operation: not operation.keyed)[:ASKED]


def _sound(exchange: Exchange) -> bool:
    response = exchange.response
    return response is not None and response.ok and isinstance(response.json, dict | list)


def _problem(session: Session, seen: list[Exchange]) -> str | None:
    url = session.target.declaration.url
    responses = [exchange.response for exchange in seen if exchange.response is not None]
    first = seen[0]
    if not responses:
        return f"No usable answer from {url}: {first.failure}. Is the server up, and is the address right?"
    asked = f"{first.request.method} {first.request.url}"
    if all(response.body.cut for response in responses):
        return f"{url} sends bodies that do not end within the limits of size and time: {asked}"
    keyed = [
        e.response for e in seen if e.response and session.contract.operations[e.operation].keyed
    ]
    if keyed and all(response.status in (401, 403) for response in keyed):
        return f"{url} refuses the main key on every read ({keyed[0].status}). Is the key (--key, or keys: full) one of this server?"
    if all(response.json is NOT_JSON for response in responses):
        media = responses[0].header("Content-Type") or "no content type"
        return f"{url} does not look like this API: {asked} gave {responses[0].status} with {media}, no JSON."
    return None
