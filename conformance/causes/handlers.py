"""Tells apart the mistakes that the handlers of single kinds of objects make.

A target without any check of tenants has one cause. If the objects of only a few kinds are open to
other tenants, the handler of each of these kinds lacks the check. So it is with wrong values that
only a few handlers accept, with successes that have a wrong status, and with objects that stay
after their deletion.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace

from conformance.causes.finding_key import FILTER, LISTS, MISSING, OBJECTS, TAKEN, Key
from conformance.causes.sightings import Settled, Sighting
from conformance.model import Contract

FIGURES = "figures.own"
"""The rule that finds data of another tenant in a report."""
OF_PAGES = "paging."
"""Prefix of the rules about the pages of lists."""
OF_TENANTS = ("tenant.", "owner.")
"""Prefixes of the rules that find what belongs to another tenant."""
BLANK = "parameter.blank"
"""The rule that finds null accepted for a required parameter, as if that was missing."""
ACCEPTED = ("status.listed", "success.status", "parameter.invalid", MISSING)
"""Rules that find a success with a wrong status, or one that should be a refusal."""
DELETIONS = ("delete.gone", "delete.shown", "delete.lasting")
"""Rules that find a deleted object."""
REFUSED, OPENS = "scope.refused", "scope.opens"
"""Rules that find a key with another scope accepted, and one with the right scope refused."""
WRONG_SCOPE = "the wrong scope"
"""What an operation checks if it breaks both rules."""
FEW, FEW_ACCEPTED = 3, 2
"""The most kinds that count as separate mistakes: of tenants and filters, and of anything else."""


def by_handler(contract: Contract, with_keys: Settled) -> Settled:
    """The sightings; if only the handlers of a few kinds are wrong, the key names the kind."""
    with_keys = _of_scopes(with_keys)
    kinds = {name: operation.kind for name, operation in contract.operations.items()}
    rules = (OBJECTS, LISTS, FILTER, *ACCEPTED, *DELETIONS)
    explaining = {key for one, key in with_keys if one.key.rule != key.rule}
    few = {rule: _few_kinds(kinds, with_keys, rule) for rule in rules}
    open_kinds = few[OBJECTS] | few[LISTS]
    of_filters = _of_filters(kinds, with_keys, few[FILTER])

    def settled_key(one: Sighting, key: Key) -> Key:
        kind = kinds.get(one.cell.operation, "")
        if key.rule.startswith(OF_TENANTS):
            is_own = kind in open_kinds and not key.names_in_member
        elif key.rule.startswith(OF_PAGES):
            is_own = key in of_filters
        else:
            rule = MISSING if key.rule == BLANK else key.rule
            explains = key.rule in DELETIONS and key in explaining
            is_own = kind in few.get(rule, ()) and _may_be_own(key) and not explains
        return replace(key, kind=kind) if is_own else key

    return _of_lists(contract, [(one, settled_key(one, key)) for one, key in with_keys])


def _of_filters(kinds: Mapping[str, str], with_keys: Settled, wrong: set[str]) -> set[Key]:
    """The keys of page rules that only lists of some kinds break, whose filters are wrong."""
    lists: dict[Key, set[str]] = defaultdict(set)
    for one, key in with_keys:
        if one.key.rule == key.rule and key.rule.startswith(OF_PAGES):
            lists[key].add(kinds.get(one.cell.operation, ""))
    return {key for key, found in lists.items() if found <= wrong}


def _few_kinds(kinds: Mapping[str, str], with_keys: Settled, rule: str) -> set[str]:
    """The kinds of objects for which requests succeed against a rule; none if they are many.

    There is nothing to tell apart if it is only one kind.
    """
    found = {
        kinds.get(one.cell.operation, "")
        for one, key in with_keys
        if one.key.rule == key.rule == rule and _may_be_own(key)
    }
    most = FEW if rule in (OBJECTS, LISTS, FILTER) else FEW_ACCEPTED
    return found - {""} if 1 < len(found) <= most else set()


def _may_be_own(key: Key) -> bool:
    """Whether a handler is wrong, rather than a check of a member that many share."""
    is_success = key.actual == TAKEN or key.actual.startswith("2")
    if key.rule in (LISTS, FILTER, *DELETIONS):
        return True
    return is_success and not key.names_in_member


def _of_lists(contract: Contract, with_keys: Settled) -> Settled:
    """What shows one item of a list shows it to another tenant for the same reason."""
    paths = {name: operation.path for name, operation in contract.operations.items()}
    listed = {paths.get(one.cell.operation): key for one, key in with_keys if key.rule == LISTS}

    def settled_key(one: Sighting, key: Key) -> Key:
        path = paths.get(one.cell.operation)
        return listed.get(path, key) if key.rule == FIGURES else key

    return [(one, settled_key(one, key)) for one, key in with_keys]


def _of_scopes(with_keys: Settled) -> Settled:
    """An operation that accepts another scope, and refuses the right one, has confused the two."""
    accepting = {
        one.cell.operation for one, key in with_keys if (key.rule, key.actual) == (REFUSED, TAKEN)
    }
    refusing = {one.cell.operation for one, key in with_keys if key.rule == OPENS}
    confused = accepting & refusing

    def settled_key(one: Sighting, key: Key) -> Key:
        is_confused = one.cell.operation in confused and key.rule == REFUSED
        return replace(key, flaw=WRONG_SCOPE) if is_confused else key

    return [(one, settled_key(one, key)) for one, key in with_keys]
