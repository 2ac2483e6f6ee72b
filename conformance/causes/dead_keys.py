"""Whether the log of a run proves that a key is no longer valid, whatever the first look saw."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from conformance.base.values import as_text, pointed
from conformance.model import DEAD_KEYS, KEY_ROLES, Exchange, Run

UNAUTHORIZED, FORBIDDEN = 401, 403
VALID = KEY_ROLES.keys() - set(DEAD_KEYS)
"""The roles of keys that must be valid."""
SEVERAL = 2
"""The fewest scopes for which refusals must have the same message."""


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
    return statuses == {FORBIDDEN} and _has_own_message(run, own)


def _has_own_message(run: Run, refused: Sequence[Exchange]) -> bool:
    """Whether refusals of a key have one message for several scopes, which no valid key got.

    At least one valid key must have been refused with another message, or nothing is proven.
    """
    operations = run.contract.operations
    scopes = {operations[each.operation].scopes for each in refused if each.operation in operations}
    messages = _messages(run, refused)
    if len(scopes) < SEVERAL or len(messages) != 1:
        return False
    of_valid_keys = [each for each in run.exchanges if each.identity in VALID]
    forbidden = [each for each in of_valid_keys if each.status == FORBIDDEN]
    messages_to_valid_keys = _messages(run, forbidden)
    return bool(messages_to_valid_keys) and messages.isdisjoint(messages_to_valid_keys)


def _messages(run: Run, exchanges: Iterable[Exchange]) -> set[str | None]:
    """The messages of some errors; None for an error without one."""
    return {as_text(pointed(each.json, run.contract.message_pointer)) for each in exchanges}
