"""The words of a title that depend on all findings of a cause together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from conformance.base.values import as_text, pointed
from conformance.causes.finding_key import ERROR, FILTERED, LACKED, READ_BACK, SHAPE
from conformance.causes.groups import Group
from conformance.causes.other_objects import changed_others
from conformance.causes.outdated_reads import list_of_deleted, outdated_read
from conformance.causes.sightings import Sighting
from conformance.causes.unmasked_secrets import unmasked_by
from conformance.model import ON_NO_PAGE, CodeRole, Contract, Exchange, Step
from conformance.reading import query_value

VALID = " for a valid request"
"""The end of what is expected of a request that a server has to accept."""
SEVERAL = 3
"""The fewest members that are not as sent for a title to name none of them."""


def words_of_all(contract: Contract, root: Group, by_id: Mapping[str, Exchange]) -> dict[str, str]:
    """The words that are known of a cause, by the names that templates have for them."""
    sightings = [sighting for part in root.parts() for sighting in part.sightings]
    filters = _filters_of_all(contract, sightings, by_id)
    words = {
        "errors": _of_errors(root),
        "filters": " and ".join(filters),
        "later": _of_later_pages(contract, sightings, by_id),
        "wraps": _of_wrapped(root, by_id),
        "refuses": _of_refused(sightings),
        "coded": _of_code(contract, sightings, by_id),
        "others": changed_others(contract, sightings, by_id),
        "outdated": outdated_read(contract, sightings, by_id),
        "showing": list_of_deleted(contract, sightings, by_id),
        "issuer": unmasked_by(contract, sightings, by_id),
        "only_filter": _of_filtered_walks(contract, root, filters),
        "accepting": _of_accepting(contract, sightings, by_id),
        "only_for": _of_operations(contract, root),
    }
    members_not_as_sent = {
        sighting.finding.where for sighting in sightings if sighting.own_key.rule in READ_BACK
    }
    if len(members_not_as_sent) >= SEVERAL:
        words["all"] = "what was sent"
    if any(sighting.finding.actual == ON_NO_PAGE for sighting in sightings):
        words["wrongly"] = "incorrectly"
    return {name: word for name, word in words.items() if word}


def _of_errors(root: Group) -> str:
    """The status of the errors with a wrong form; empty if there are none, or several statuses."""
    errors = [part.key for part in root.parts() if part.key.rule == ERROR]
    statuses = {key.shape.partition(" ")[0] for key in errors}
    return statuses.pop() if len(statuses) == 1 else ""


def _filters_of_all(
    contract: Contract, sightings: Sequence[Sighting], by_id: Mapping[str, Exchange]
) -> list[str]:
    """The names of the filters that every finding may be about, sorted."""
    filters = [
        _filters_of(contract, sighting, by_id[sighting.shown_by])
        for sighting in sightings
        if sighting.shown_by in by_id
    ]
    return sorted(set.intersection(*filters)) if filters else []


def _of_filtered_walks(contract: Contract, root: Group, filters: Sequence[str]) -> str:
    """The only filter with which walks fail; empty if there is none, or several.

    Also empty if walks fail without a filter, too. A parameter that the route of an operation
    names already (``when``) does not count.
    """
    operations = [contract.operations.get(name) for name in root.operations]
    in_routes = {operation.when for operation in operations if operation is not None}
    others = [name for name in filters if name not in in_routes]
    needs_filter = root.is_filtered or root.key.flaw == FILTERED
    return others[0] if needs_filter and len(others) == 1 else ""


def _filters_of(contract: Contract, sighting: Sighting, shown: Exchange) -> set[str]:
    """The filters of a request that a finding may be about.

    If the finding names a member, that is the filter which compares this member. Without such a
    filter, these are all filters of the request.
    """
    operation = contract.operations.get(sighting.cell.operation)
    parameters = [operation.parameter(name) for name in shown.facts.filters] if operation else []
    member = sighting.finding.where.rpartition("/")[2]
    named = {each.name for each in parameters if each is not None and each.filters == member}
    return named or set(shown.facts.filters)


def _of_operations(contract: Contract, root: Group) -> str:
    """The words for the operations of a cause if they are exactly all of a sort; otherwise empty.

    The sorts are writes, and operations without a scope. Operations that need no key belong to
    neither.
    """
    keyed = [operation for operation in contract.operations.values() if operation.keyed]
    if root.operations.keys() == {each.id for each in keyed if each.method != "GET"}:
        return "writes"
    if root.operations.keys() == {each.id for each in keyed if not each.scopes}:
        return "operations without a scope"
    return ""


def _of_later_pages(
    contract: Contract, sightings: Sequence[Sighting], by_id: Mapping[str, Exchange]
) -> str:
    """The words for a cause for which all requests have a cursor; empty for any other."""
    for sighting in sightings:
        operation = contract.operations.get(sighting.cell.operation)
        paging = operation.paging if operation else None
        if paging is None or sighting.shown_by not in by_id:
            return ""
        if query_value(by_id[sighting.shown_by], paging.after) is None:
            return ""
    return "on later pages"


def _of_refused(sightings: Sequence[Sighting]) -> str:
    """The word for a cause with a valid request that was refused; empty for any other."""
    for sighting in sightings:
        if sighting.finding.expected.endswith(VALID):
            return "refuses"
    return ""


def _of_code(
    contract: Contract, sightings: Sequence[Sighting], by_id: Mapping[str, Exchange]
) -> str:
    """The registered code that comes with another status in all responses; empty if there is none.

    Then the server did what it should, but for the status. The code for a failure of the server
    itself does not count.
    """
    codes: set[str] = set()
    for sighting in sightings:
        shown = by_id.get(sighting.shown_by)
        code = as_text(pointed(shown.json, contract.code_pointer)) if shown is not None else None
        row = contract.errors.get(code or "")
        if shown is None or row is None or row.role is CodeRole.INTERNAL:
            return ""
        if row.status == shown.status:
            return ""
        codes.add(row.code)
    return codes.pop() if len(codes) == 1 else ""


def _of_accepting(
    contract: Contract, sightings: Sequence[Sighting], by_id: Mapping[str, Exchange]
) -> str:
    """The route of the only operation that accepts deleted objects; empty if there are several.

    Also empty if a sighting has no such operation. Then a look may still find its object, which
    therefore was not deleted.
    """
    by_sighting = [
        _accepting_deleted([by_id[name] for name in sighting.exchange_ids if name in by_id])
        for sighting in sightings
    ]
    accepting = set[str]().union(*by_sighting)
    if len(accepting) != 1 or not all(by_sighting):
        return ""
    return contract.operations[accepting.pop()].exact_route


def _accepting_deleted(exchanges: Sequence[Exchange]) -> set[str]:
    """The operations that accept an object which no look finds after its deletion."""
    looks = [each for each in exchanges if each.facts.step is Step.AFTER]
    if not looks or any(look.ok for look in looks):
        return set()
    return {each.operation for each in exchanges if each.facts.step is Step.DELETED and each.ok}


def _of_wrapped(root: Group, by_id: Mapping[str, Exchange]) -> str:
    """The word for responses that all wrap their object in another one; empty for any other.

    Each response lacks a member that an object in it has.
    """
    shapes = [
        sighting for sighting in root.sightings if sighting.own_key.rule == root.key.rule == SHAPE
    ]
    is_wrapped = bool(shapes) and all(_is_wrapped(sighting, by_id) for sighting in shapes)
    return "wraps" if is_wrapped else ""


def _is_wrapped(sighting: Sighting, by_id: Mapping[str, Exchange]) -> bool:
    """Whether a response lacks a member that an object in it has."""
    lacked = LACKED.match(sighting.finding.actual)
    body = by_id[sighting.shown_by].json if sighting.shown_by in by_id else None
    if lacked is None or sighting.finding.where != "/" or not isinstance(body, dict):
        return False
    return any(isinstance(value, dict) and lacked[1] in value for value in body.values())
