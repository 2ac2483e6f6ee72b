"""Whose the ids in a finding are: which business, of which key, and where the log shows them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from conformance.base.values import cut
from conformance.model import (
    KEY_ROLES,
    Business,
    Cause,
    Contract,
    Exchange,
    Harm,
    Operation,
    Run,
    business_of,
)
from conformance.reading import answer_of, members_of
from conformance.report.places import STATUS

MOST = 3
"""Maximum number of ids of a finding that are explained."""
TRIED = 8
"""Maximum number of words of a finding that are looked up as ids."""
SHORTEST, ID = 8, 80
"""Minimum and maximum characters of an id. A shorter word is not taken for the id of an object."""
SHORT = 8
"""Characters shown of an id that is shown in full elsewhere."""

_WORD = re.compile(r"[\w-]+")
_DIGIT = re.compile(r"\d")


@dataclass(frozen=True)
class Origin:
    """The first response that shows an object by its id."""

    exchange: Exchange
    kind: str


def ids_in(run: Run, cause: Cause, exchange: Exchange) -> list[str]:
    """The words of the finding of a cause that may be ids: the first TRIED that look like one.

    For a wrong status, ids matter only if data of others was reached. Then only the ids of
    businesses count, and the id of the object in the response of ``exchange``.
    """
    finding = cause.finding
    found = _WORD.findall(f"{finding.actual} {finding.expected}")
    of_length = [word for word in dict.fromkeys(found) if SHORTEST <= len(word) <= ID]
    words = [word for word in of_length if _DIGIT.search(word)]
    if finding.where != STATUS:
        return words[:TRIED]
    if cause.harm is not Harm.ISOLATION:
        return []
    relevant = set(run.target.businesses.values())
    answer = answer_of(run.contract, exchange)
    if answer is not None:
        relevant.add(str(answer.id))
    return [word for word in words if word in relevant]


def origins(run: Run, wanted: Iterable[str]) -> dict[str, Origin]:
    """For each of the wanted ids, the first response that shows the object with this id.

    Ids of businesses, and ids that no response shows, are left out.
    """
    not_found_yet = set(wanted) - set(run.target.businesses.values())
    found: dict[str, Origin] = {}
    for exchange in run.exchanges:
        if not not_found_yet:
            break
        answer = answer_of(run.contract, exchange) if exchange.ok else None
        if answer is None:
            continue
        name = run.contract.identifier_of(answer.operation.kind)
        shown = [answer.object, *answer.rows]
        shown_ids = {str(members_of(each).get(name)) for each in shown}
        for identifier in shown_ids & not_found_yet:
            found[identifier] = Origin(exchange, _kind_of(run.contract, name, answer.operation))
            not_found_yet.discard(identifier)
    return found


def _kind_of(contract: Contract, member: str, operation: Operation) -> str:
    """The kind of object whose id a member holds, in the objects that an operation returns.

    If any parameter of that name refers to a kind, it is that kind. For example, a transcript
    has the id of a call. Otherwise, and for the identifier that most kinds share, it is the kind of
    the returned objects themselves.
    """
    if member != contract.identifier:
        for each in contract.operations.values():
            for parameter in each.parameters:
                if parameter.name == member and parameter.references:
                    return parameter.references
    return operation.kind or "object"


def explained(
    run: Run, cause: Cause, exchange: Exchange, known: Mapping[str, Origin]
) -> tuple[str, ...]:
    """Sentences on the ids in the finding of a cause, at most MOST.

    ``exchange`` shows the finding, and ``known`` has the origins of objects by id.
    """
    sentences = []
    for identifier in ids_in(run, cause, exchange):
        business = business_with(run, identifier)
        if business is not None:
            sentences.append(_of_business(run, identifier, business, exchange))
        elif identifier in known:
            sentences.append(_of_object(run, identifier, known[identifier]))
    return tuple(sentences[:MOST])


def business_with(run: Run, identifier: object) -> Business | None:
    """The declared business with an id; None if there is none."""
    for name, declared in run.target.businesses.items():
        if declared == identifier:
            return Business(name)
    return None


def key_of(run: Run, business: Business) -> str | None:
    """The first working key of a business in the target file; None if there is none."""
    for role in KEY_ROLES.values():
        if role.business is business and role.name in run.target.keys and not role.dead:
            return role.name
    return None


def short(identifier: str) -> str:
    """The beginning of an id that is shown in full elsewhere."""
    return cut(identifier, SHORT + 1)


def key_words(identity: str | None) -> str:
    """The key of a request, such as ``the key full``, or ``no key``."""
    return f"the key {cut(identity, ID)}" if identity else "no key"


def _of_business(run: Run, identifier: str, business: Business, exchange: Exchange) -> str:
    """A sentence on the id of a business, and one on the business that asked if it is another."""
    key = key_of(run, business)
    sentence = f"{identifier} is the business {business}"
    sentence += f", of the key {key}." if key else "."
    asking = business_of(exchange.identity or "")
    if asking is None or asking is business:
        return sentence
    asking_id = run.target.businesses.get(asking, "")
    of = f"the business {asking} ({asking_id})" if asking_id else f"the business {asking}"
    return f"{sentence} The key that asked, {exchange.identity}, is of {of}."


def _of_object(run: Run, identifier: str, origin: Origin) -> str:
    """A sentence on the id of an object: which key first saw the object, and in which exchange."""
    exchange = origin.exchange
    operation = run.contract.operations[exchange.operation]
    request = f"{operation.method} {operation.path}"
    kind, key = origin.kind.replace("_", " "), key_words(exchange.identity)
    shown_by = f"{request} (exchange {exchange.id})"
    return f"The {kind} {identifier} was first shown to {key}, by {shown_by}."
