"""Tells apart the mistakes that the handlers of single kinds of objects make.

A target without any check of tenants has one cause. If the objects of only a few kinds are open to
other tenants, the handler of each of these kinds lacks the check. So it is with wrong values that
only a few handlers accept, with successes that have a wrong status, with walks that fail only with
a filter, and with objects that stay after their deletion.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace

from conformance.causes.finding_key import (
    FILTER,
    FILTERED,
    LISTS,
    MISSING,
    NOT_REFUSED,
    OBJECTS,
    OF_PAGES,
    OF_WALKS,
    PHONE,
    Key,
)
from conformance.causes.instances import wrong_values
from conformance.causes.sightings import Settled, Sighting
from conformance.model import Contract, Exchange

FIGURES = "figures.own"
"""The rule that finds data of another tenant in a report."""
OF_TENANTS = ("tenant.", "owner.")
"""Prefixes of the rules that find what belongs to another tenant."""
BLANK = "parameter.blank"
"""The rule that finds null accepted for a required parameter, as if that was missing."""
INVALID = "parameter.invalid"
"""The rule that finds an invalid value accepted, or refused with a wrong status or code."""
ACCEPTED_INVALID = (INVALID, NOT_REFUSED)
"""The rule and what happened instead of the refusal in the key of an accepted invalid value."""
ACCEPTED = ("status.listed", "success.status", INVALID, MISSING)
"""Rules that find a success with a wrong status, or one that should be a refusal."""
DELETIONS = ("delete.gone", "delete.shown", "delete.lasting")
"""Rules that find an object although it was deleted."""
OTHER_SCOPE, OWN_SCOPE = "scope.refused", "scope.opens"
"""Rules that find a key with another scope accepted, and one with the right scope refused."""
WRONG_SCOPE = "the wrong scope"
"""The flaw of an operation that breaks both rules: what it checks."""
NO_OBJECT = "404"
"""What a finding shows of a key that was let in, but named no object."""
MANY = 5
"""The fewest operations that let such keys in, so that the others do so for the same reason."""
VALIDATIONS = (INVALID, MISSING)
"""Rules that find an invalid request accepted, or refused with a wrong status or code."""
OF_HANDLERS = (OBJECTS, LISTS, FILTER, *OF_WALKS, *ACCEPTED, *DELETIONS)
"""Rules that single handlers may break for reasons of their own."""
FEW, FEW_ACCEPTED = 3, 2
"""The most kinds of object that count as separate mistakes: for tenants and filters, and others."""
OF_FEW = (OBJECTS, LISTS, FILTER, *OF_WALKS)
"""The rules about tenants and filters."""

Mistake = tuple[str, str]
"""A rule that handlers break. For validations, what they do instead; for walks, the flaw."""


def by_handler(
    contract: Contract, with_keys: Settled, exchanges: Mapping[str, Exchange]
) -> Settled:
    """Add the kind of object to the keys of mistakes that are made for only a few kinds.

    Confused scopes and invalid phone numbers get flaws of their own, and items that reports show
    get the key of their list.
    """
    with_keys = _join_keys_that_get_further(_join_confused_scopes(with_keys))
    with_keys = _join_phone_numbers(contract, with_keys, exchanges)
    kinds = {name: operation.kind for name, operation in contract.operations.items()}
    keys_that_explain = {key for sighting, key in with_keys if sighting.own_key.rule != key.rule}
    few = _few_kinds(kinds, with_keys)
    open_kinds = few[OBJECTS, ""] | few[LISTS, ""]
    filter_keys = _keys_of_wrong_filters(kinds, with_keys, few[FILTER, ""])

    def settled_key(sighting: Sighting, key: Key) -> Key:
        kind = kinds.get(sighting.cell.operation, "")
        if key.rule.startswith(OF_TENANTS):
            is_of_handler = kind in open_kinds and not key.names_in_member
        elif key.rule.startswith(OF_PAGES):
            is_of_handler = key in filter_keys or (_may_be_own(key) and kind in few[_mistake(key)])
        else:
            # what only follows from a deletion keeps its key, whatever the kind of object
            explains_others = key.rule in DELETIONS and key in keys_that_explain
            is_of_handler = kind in few[_mistake(key)] and _may_be_own(key) and not explains_others
        return replace(key, kind=kind) if is_of_handler else key

    with_kinds = [(sighting, settled_key(sighting, key)) for sighting, key in with_keys]
    return _join_lists(contract, with_kinds)


def _keys_of_wrong_filters(
    kinds: Mapping[str, str], with_keys: Settled, wrong: set[str]
) -> set[Key]:
    """The keys of paging rules that are broken only by lists whose filters fail.

    ``wrong`` are the kinds of object for which filters fail.
    """
    broken_kinds: dict[Key, set[str]] = defaultdict(set)
    for sighting, key in with_keys:
        if sighting.own_key.rule == key.rule and key.rule.startswith(OF_PAGES):
            broken_kinds[key].add(kinds.get(sighting.cell.operation, ""))
    return {key for key, found in broken_kinds.items() if found <= wrong}


def _few_kinds(kinds: Mapping[str, str], with_keys: Settled) -> dict[Mistake, set[str]]:
    """The kinds of object for which a mistake is made, if they are few, but more than one.

    Otherwise none: many kinds share one mistake, and one kind has no others to differ from.
    """
    found: dict[Mistake, set[str]] = defaultdict(set)
    for sighting, key in with_keys:
        kind = kinds.get(sighting.cell.operation, "")
        is_own = key.rule in OF_HANDLERS and sighting.own_key.rule == key.rule
        if kind and is_own and _may_be_own(key):
            found[_mistake(key)].add(kind)
    few: dict[Mistake, set[str]] = defaultdict(set)
    for mistake, broken_kinds in found.items():
        rule, _ = mistake
        most = FEW if rule in OF_FEW else FEW_ACCEPTED
        if 1 < len(broken_kinds) <= most:
            few[mistake] = broken_kinds
    return few


def _mistake(key: Key) -> Mistake:
    """The rule of a key, and what tells one mistake against this rule from another.

    That is the flaw for walks, and for validations what the server does instead of the refusal.
    Null for a required parameter counts as a missing one.
    """
    if key.rule in OF_WALKS:
        return key.rule, key.flaw
    rule = MISSING if key.rule == BLANK else key.rule
    return rule, key.actual if rule in VALIDATIONS else ""


def _may_be_own(key: Key) -> bool:
    """Whether the handler of one kind may be wrong, rather than a check that several share."""
    if key.rule in (LISTS, FILTER, *DELETIONS):
        return True
    if key.rule in OF_WALKS:
        return key.flaw == FILTERED
    if key.flaw == PHONE:
        return False
    is_success = key.actual == NOT_REFUSED or key.actual.startswith("2")
    return (is_success or key.rule in VALIDATIONS) and not key.names_in_member


def _join_lists(contract: Contract, with_keys: Settled) -> Settled:
    """Give what only follows from foreign items in the list at a path the key of that list.

    A report at the same path shows them, too, and so does a page whose filter by the tenant is not
    applied.
    """
    paths = {name: operation.path for name, operation in contract.operations.items()}
    list_keys = {
        paths.get(sighting.cell.operation): key for sighting, key in with_keys if key.rule == LISTS
    }

    def settled_key(sighting: Sighting, key: Key) -> Key:
        path = paths.get(sighting.cell.operation)
        by_tenant = contract.tenant and sighting.finding.where.endswith(f"/{contract.tenant}")
        follows = key.rule == FIGURES or (key.rule == FILTER and by_tenant)
        return list_keys.get(path, key) if follows else key

    return [(sighting, settled_key(sighting, key)) for sighting, key in with_keys]


def _join_confused_scopes(with_keys: Settled) -> Settled:
    """Give one key to both mistakes of an operation that accepts another scope and refuses its own.

    It is the key of the mistake to accept another scope, with the flaw WRONG_SCOPE.
    """
    accepting = {
        sighting.cell.operation: replace(key, flaw=WRONG_SCOPE)
        for sighting, key in with_keys
        if (key.rule, key.actual) == (OTHER_SCOPE, NOT_REFUSED)
    }
    refusing = {sighting.cell.operation for sighting, key in with_keys if key.rule == OWN_SCOPE}

    def settled_key(sighting: Sighting, key: Key) -> Key:
        operation = sighting.cell.operation
        if operation not in accepting or operation not in refusing:
            return key
        if key.rule == OWN_SCOPE:
            return accepting[operation]
        return replace(key, flaw=WRONG_SCOPE) if key.rule == OTHER_SCOPE else key

    return [(sighting, settled_key(sighting, key)) for sighting, key in with_keys]


def _join_keys_that_get_further(with_keys: Settled) -> Settled:
    """Give keys that get as far as a 404 the key of those that succeed, if these are many.

    Where many operations do what a key has no scope for, those that look for an object first and
    do not find it check no scope, either.
    """
    accepting: dict[Key, set[str]] = defaultdict(set)
    for sighting, key in with_keys:
        if (key.rule, key.actual) == (OTHER_SCOPE, NOT_REFUSED):
            accepting[key].add(sighting.cell.operation)

    def settled_key(key: Key) -> Key:
        if (key.rule, key.actual) != (OTHER_SCOPE, NO_OBJECT):
            return key
        of_accepted = replace(key, actual=NOT_REFUSED, shape="")
        return of_accepted if len(accepting[of_accepted]) >= MANY else key

    return [(sighting, settled_key(key)) for sighting, key in with_keys]


def _join_phone_numbers(
    contract: Contract, with_keys: Settled, exchanges: Mapping[str, Exchange]
) -> Settled:
    """Give operations that accept invalid phone numbers one key: a server checks all of them alike.

    If any operation accepts other invalid values, too, all keep their keys.
    """
    accepting: set[str] = set()
    for sighting, key in with_keys:
        exchange = exchanges.get(sighting.shown_by)
        operation = contract.operations.get(exchange.operation) if exchange else None
        if exchange is None or operation is None or (key.rule, key.actual) != ACCEPTED_INVALID:
            continue
        if not all(parameter.phone for parameter, _ in wrong_values(operation, exchange)):
            return with_keys
        accepting.add(operation.id)

    def settled_key(sighting: Sighting, key: Key) -> Key:
        is_accepted = (key.rule, key.actual) == ACCEPTED_INVALID
        is_of_phone = is_accepted and sighting.cell.operation in accepting
        return replace(key, flaw=PHONE) if is_of_phone else key

    return [(sighting, settled_key(sighting, key)) for sighting, key in with_keys]
