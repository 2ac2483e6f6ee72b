"""The words of a title that only all findings of a cause together tell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from conformance.causes.finding_key import ERROR, LACKED, READ_BACK, SHAPE
from conformance.causes.groups import Group
from conformance.causes.sightings import Sighting
from conformance.model import ON_NO_PAGE, Contract, Exchange
from conformance.reading import query_value

VALID = " for a valid request"
"""The end of what is expected of a request that a server has to accept."""
SEVERAL = 3
"""The fewest members that are not as sent for a title to name none of them."""


def words_of_all(contract: Contract, root: Group, by_id: Mapping[str, Exchange]) -> dict[str, str]:
    """The words, by the names that templates have for them."""
    sightings = [one for part in root.whole() for one in part.sightings]
    words = {
        "errors": _of_errors(root),
        "filters": _of_filters(sightings, by_id),
        "later": _of_later_pages(contract, sightings, by_id),
        "wraps": _of_wrapped(root, by_id),
        "refuses": _of_refused(sightings),
    }
    members = {one.finding.where for one in sightings if one.key.rule in READ_BACK}
    if len(members) >= SEVERAL:
        words["all"] = "what was sent"
    if any(one.finding.actual == ON_NO_PAGE for one in sightings):
        words["wrongly"] = "incorrectly"
    return {name: word for name, word in words.items() if word}


def _of_errors(root: Group) -> str:
    """The status of wrong errors; empty if some have another one."""
    errors = [part.key for part in root.whole() if part.key.rule == ERROR]
    statuses = {key.shape.partition(" ")[0] for key in errors}
    return statuses.pop() if len(statuses) == 1 else ""


def _of_filters(sightings: Sequence[Sighting], by_id: Mapping[str, Exchange]) -> str:
    """The filters that all requests have; empty if there are none."""
    shown = [by_id[one.shown_by] for one in sightings if one.shown_by in by_id]
    filters = [set(exchange.facts.filters) for exchange in shown]
    return " and ".join(sorted(set.intersection(*filters))) if filters else ""


def _of_later_pages(
    contract: Contract, sightings: Sequence[Sighting], by_id: Mapping[str, Exchange]
) -> str:
    """That all requests have a cursor."""
    for one in sightings:
        operation = contract.operations.get(one.cell.operation)
        paging = operation.paging if operation else None
        if paging is None or one.shown_by not in by_id:
            return ""
        if query_value(by_id[one.shown_by], paging.after) is None:
            return ""
    return "on later pages"


def _of_refused(sightings: Sequence[Sighting]) -> str:
    """That valid requests are refused."""
    for one in sightings:
        if one.finding.expected.endswith(VALID):
            return "refuses"
    return ""


def _of_wrapped(root: Group, by_id: Mapping[str, Exchange]) -> str:
    """That an object in each response has the member that the response lacks."""
    shapes = [one for one in root.sightings if one.key.rule == root.key.rule == SHAPE]
    is_wrapped = bool(shapes) and all(_is_wrapped(one, by_id) for one in shapes)
    return "wraps" if is_wrapped else ""


def _is_wrapped(one: Sighting, by_id: Mapping[str, Exchange]) -> bool:
    """Whether a response lacks a member that an object in it has."""
    lacked = LACKED.match(one.finding.actual)
    body = by_id[one.shown_by].json if one.shown_by in by_id else None
    if lacked is None or one.finding.where != "/" or not isinstance(body, dict):
        return False
    return any(isinstance(value, dict) and lacked[1] in value for value in body.values())
