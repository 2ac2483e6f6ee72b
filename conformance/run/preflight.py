"""Checks before the first case: is there a server, is it this API, and does it accept the key?

One successful read answers all three. A single broken operation is a finding, not a reason to stop,
so a target is given up only if every plain read fails in the same way.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from conformance.base.drawing import stable_hash
from conformance.base.errors import TargetError, Unjudgeable
from conformance.base.values import NOT_JSON, without
from conformance.model import (
    PREFLIGHT,
    UNAVAILABLE,
    WHOLE_API,
    Case,
    Effect,
    Exchange,
    Operation,
    Response,
)
from conformance.run.session import Session
from conformance.scenarios.client.client import Client
from conformance.scenarios.client.memory import Memory
from conformance.target import Target
from conformance.transport.patience import LIMITED

IS_IT_UP = "Check that the server is up and that the address is right."
ATTEMPTS = 4
"""Number of reads that are tried before a target is given up; on 403 or 404, all are tried."""
BAD_REQUEST = 400
FORBIDDEN, NOT_FOUND = 403, 404
TLS_ONLY = re.compile(r"\b(HTTPS|SSL-enabled)\b")
"""How common servers and proxies tell a client that it should use TLS."""
REFUSED = (401, 403)
"""Statuses of a read whose key is rejected."""
CASE = Case("preflight[api]", PREFLIGHT, WHOLE_API, "", (), Effect.READ)


def require_key(target: Target) -> None:
    """Raise TargetError for a target without a key, because hardly anything could be judged."""
    if target.declaration.main_key is None:
        raise TargetError(
            "A key is required. Set CONFORMANCE_KEY, pass --key-file, "
            "or set keys: full in the target file. For reads, keys: read_only is enough."
        )


def check(session: Session) -> None:
    """Send a few plain reads. Raises Unjudgeable with the reason if all fail in the same way."""
    require_key(session.target)
    client = Client(session.sender, CASE, 1, Memory(), seed=session.choice.seed, key=session.key)
    failed = _failed_reads(client)
    # A transfer that breaks off is a finding, not a reason to stop.
    if not failed or any(exchange.facts.broken for exchange in failed):
        return
    problem = _problem(session, failed)
    if problem:
        raise Unjudgeable(problem)


def _failed_reads(client: Client) -> list[Exchange]:
    """Send plain reads; returns those that failed, none if a success shows that this is the API.

    A success shows it if the read needs a key, or if no key was rejected before. Any target may
    return 404 for a few reads, and a key may lack a few scopes, so after a 404 or a 403 all reads
    are tried, not just ATTEMPTS.
    """
    failed: list[Exchange] = []
    statuses: set[int | None] = set()
    offered = without(client.contract.operations, client.target.inapplicable)
    reads = sorted(
        plain_reads(offered.values()), key=lambda read: stable_hash(f"{client.seed} {read.id}")
    )
    for operation in sorted(reads, key=_rank, reverse=True):  # equal ranks stay in drawn order
        exchange = client.call(operation, {})
        if not (exchange.ok and isinstance(exchange.json, dict | list)):
            failed.append(exchange)
            statuses.add(exchange.status)
        elif operation.keyed or statuses.isdisjoint(REFUSED):
            return []
        if len(failed) >= ATTEMPTS and statuses.isdisjoint((NOT_FOUND, FORBIDDEN)):
            break
    return failed


def plain_reads(operations: Iterable[Operation]) -> list[Operation]:
    """The operations that are reads and need nothing but a key.

    Reads that require a key come first, and of these the lists, because they show most.
    """
    plain = [operation for operation in operations if operation.plain_read]
    return sorted(plain, key=_rank, reverse=True)


def _rank(operation: Operation) -> tuple[bool, bool]:
    """The sort key: reads that require a key rank higher, and of these the lists."""
    return operation.keyed, operation.paging is not None


def _problem(session: Session, failed: list[Exchange]) -> str | None:
    """The common problem of all failed reads, as a sentence; None if they differ."""
    url = session.target.declaration.url
    responses = [exchange.response for exchange in failed if exchange.response is not None]
    if not responses:
        return f"No usable response from {url}: {failed[0].failure}. {IS_IT_UP}"
    asked = f"{failed[0].request.method} {failed[0].request.url}"
    return (
        _endless(url, responses, asked)
        or _kept_away(url, responses)
        or _refused_key(session, failed)
        or _unheld(url, responses, asked)
        or _plain_to_tls(url, responses)
        or _no_json(url, responses, asked)
        or _wrong_path(url, failed, session.contract.base_path)
    )


def _endless(url: str, responses: list[Response], asked: str) -> str | None:
    """The problem if every body exceeded a limit."""
    if not all(response.body.cut for response in responses):
        return None
    return f"{url} sends bodies that do not end within the limits of size and time: {asked}"


def _kept_away(url: str, responses: list[Response]) -> str | None:
    """The problem if every read hit a rate limit, or was intercepted in front of the target."""
    statuses = {response.status for response in responses}
    if statuses == {LIMITED}:
        return f"{url} returns 429 for every read. Set rate: in the target file, or retry later."
    if statuses.issubset(UNAVAILABLE):
        return f"A proxy in front of {url} returns {min(statuses)}. Is the server behind it up?"
    return None


def _refused_key(session: Session, failed: list[Exchange]) -> str | None:
    """The problem if the key was rejected by every read, except those with 404 or no response."""
    keyed = [each for each in failed if session.contract.operations[each.operation].keyed]
    statuses = {each.status for each in keyed if each.status not in (None, NOT_FOUND)}
    if not statuses or not statuses.issubset(REFUSED):
        return None
    return (
        f"{session.target.declaration.url} rejects the main key on every read ({min(statuses)}). "
        "Does that key (--key, or full under keys: in the target file) belong to this server?"
    )


def _unheld(url: str, responses: list[Response], asked: str) -> str | None:
    """The problem if every response exceeds what the suite keeps or reads."""
    reasons = [response.why_unjudgeable for response in responses]
    return f"{url} cannot be judged by {asked}: {reasons[0]}." if all(reasons) else None


def _wrong_path(url: str, failed: list[Exchange], base_path: str) -> str | None:
    """The problem if every read returned 404."""
    if any(exchange.status != NOT_FOUND for exchange in failed):
        return None
    return (
        f"{url} returns 404 for every read that needs only a key ({len(failed)} reads). "
        f"Is the path of the address right? In the contract it is {base_path}."
    )


def _plain_to_tls(url: str, responses: list[Response]) -> str | None:
    """The problem if every response says that plain HTTP was sent to a port with TLS."""
    if not url.startswith("http://") or any(each.status != BAD_REQUEST for each in responses):
        return None
    if not all(TLS_ONLY.search(each.body.written) for each in responses):
        return None
    return f"{url}: the server speaks TLS on this port. Try https{url.removeprefix('http')}"


def _no_json(url: str, responses: list[Response], asked: str) -> str | None:
    """The problem if no response was JSON."""
    if any(response.json is not NOT_JSON for response in responses):
        return None
    media = responses[0].header("Content-Type") or "no content type"
    return (
        f"{url} does not look like this API: "
        f"{asked} returned {responses[0].status} with {media}, which is not JSON."
    )
