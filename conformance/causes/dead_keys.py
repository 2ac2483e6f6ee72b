"""Whether the log of a run proves that a key is no longer valid, whatever the first look saw."""

from __future__ import annotations

from collections.abc import Iterable

from conformance.base.values import as_text, pointed
from conformance.model import DEAD_KEYS, Exchange, Run

UNAUTHORIZED, FORBIDDEN = 401, 403


def is_proven_dead(run: Run, name: str) -> bool:
    """Whether a key that should no longer be valid was refused for that.

    It got 401 at least once. Or it got nothing but 403, with one message for operations of several
    scopes, and no valid key that lacks a scope got this message.
    """
    if name not in DEAD_KEYS:
        return False
    own = [each for each in run.exchanges if each.identity == name and each.response]
    statuses = {exchange.status for exchange in own}
    if UNAUTHORIZED in statuses:
        return True
    if statuses != {FORBIDDEN}:
        return False
    operations = run.contract.operations
    scopes = {operations[each.operation].scopes for each in own if each.operation in operations}
    others = [
        each
        for each in run.exchanges
        if each.status == FORBIDDEN and each.identity and each.identity not in DEAD_KEYS
    ]
    said = _messages(run, own)
    lacking = _messages(run, others)
    return len(scopes) > 1 and len(said) == 1 and bool(lacking) and said.isdisjoint(lacking)


def _messages(run: Run, exchanges: Iterable[Exchange]) -> set[str | None]:
    """The messages of some errors; None for an error without one."""
    return {as_text(pointed(each.json, run.contract.message_pointer)) for each in exchanges}
