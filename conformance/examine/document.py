"""Sentences on how the OpenAPI document of a target contradicts the contract, for a target file."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.drift.change import Alike, Drift, Kind
from conformance.drift.compare import OPERATION, drift
from conformance.model import Contract, Json
from conformance.model.routes import few

MOST = 10
"""Contradictions that get a sentence. ``drift`` shows all of them."""


def contradictions(contract: Contract, document: Json, base: str) -> Iterator[str]:
    """A sentence for each difference that matters; paths in the document may begin with ``base``.

    Nothing for a document that cannot be compared.
    """
    try:
        found = drift(contract, document, base)
    except ValueError:
        return
    yield from _of_routes(contract, found)
    breaking = [change for change in found.breaking if change.subject != OPERATION]
    for change in breaking[:MOST]:
        yield f"In the target's OpenAPI document, {change.sentence} (in {few(change.routes)})."
    if len(breaking) > MOST:
        yield f"It breaks clients in {len(breaking) - MOST:,} more ways: see `drift`."


def _of_routes(contract: Contract, found: Drift) -> Iterator[str]:
    """Sentences about the routes that only the contract or only the document has.

    If the document lacks most routes of the contract, they are only counted.
    """
    lacking, extra = _routes(found, Kind.GONE), _routes(found, Kind.NEW)
    described = len(contract.routes) - len(lacking)
    if len(lacking) > described:
        yield f"The target's OpenAPI document has {described} of {len(contract.routes)} routes."
    elif lacking:
        yield (
            "The target's OpenAPI document lacks some routes. "
            "If the server lacks them too, declare them:"
        )
        yield f"inapplicable: [{', '.join(lacking)}]"
    if extra:
        yield f"The target's OpenAPI document also has {few(extra)}."


def _routes(found: Drift, kind: Kind) -> list[str]:
    """The routes that the document lacks, or has in addition: all of their operations."""
    changes: list[Alike] = [each for each in found.changes if each.subject == OPERATION]
    return [route for change in changes if change.kind is kind for route in change.routes]
