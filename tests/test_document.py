"""``init`` reports where the OpenAPI document of a target contradicts the contract."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from conformance.drift.view import LONGEST
from conformance.examine.document import MOST, contradictions
from tests.support.contracts import real

BASE = "/api/v1"
CALL: Any = {
    "post": {"requestBody": {"$ref": "#/bodies/call"}, "responses": {"201": {}, "422": {}}}
}
BODY = {"content": {"application/json": {"schema": {"$ref": "#/schemas/call"}}}}


def document(**changes: Any) -> dict[str, Any]:
    """The document of the contract, with the base path in its paths and some paths changed."""
    told: dict[str, Any] = deepcopy(dict(real().document))
    paths = {**told["paths"], **changes}
    moved = {BASE + path: item for path, item in paths.items()}
    return told | {"paths": moved, "bodies": {"call": BODY}}


def found(told: Any) -> list[str]:
    """The sentences about a document."""
    return list(contradictions(real(), told, BASE))


def test_the_document_of_the_contract_contradicts_nothing() -> None:
    """There are no sentences about it."""
    assert found(document()) == []


def test_a_route_that_only_one_side_has_is_named() -> None:
    """Missing routes are printed as a line for the target file."""
    told = document(**{"/more": {"get": {}}})
    del told["paths"][f"{BASE}/balance"]
    assert "inapplicable: [GET /balance]" in found(told)
    assert "The target's OpenAPI document also has GET /more." in found(told)


def test_additional_requirements_and_statuses_are_named() -> None:
    """A member of a body behind references, a parameter, and a status."""
    query, key = (
        {"name": name, "in": place, "required": True}
        for name, place in (("mood", "query"), ("Authorization", "header"))
    )
    told = document(**{"/calls": CALL, "/usage": {"get": {"parameters": [query, key]}}})
    told["schemas"] = {"call": {"required": ["agent_id", "to", "mood"]}}
    said = found(told)
    for words in (
        "request body, member mood is required (in POST /calls).",
        "query parameter mood is required (in GET /usage).",
        "response 422 is new (in POST /calls).",
    ):
        assert f"In the target's OpenAPI document, {words}" in said


def test_many_contradictions_are_counted() -> None:
    """A target file is no place for hundreds of them."""
    names = [{"name": f"n{n}", "in": "query", "required": True} for n in range(MOST + 9)]
    said = found(document(**{"/usage": {"get": {"parameters": names, "responses": {}}}}))
    assert len([line for line in said if line.startswith("In the target")]) == MOST
    assert "more ways: see `drift`." in said[-1]


def test_a_long_reference_is_not_followed() -> None:
    """A document may contain many references to one that takes long to follow."""
    short, long = "x" * 9, "x" * LONGEST
    body = {"content": {"application/json": {"schema": {"required": ["mood"]}}}}
    told = document(**{"/calls": {"post": {"requestBody": {"$ref": f"#/{short}"}}}})
    assert "member mood is required (in POST /calls)" in str(found(told | {short: body}))
    told = document(**{"/calls": {"post": {"requestBody": {"$ref": f"#/{long}"}}}})
    assert "mood" not in str(found(told | {long: body}))


@pytest.mark.parametrize(
    "told",
    [
        None,
        [],
        {"paths": []},
        {"paths": {"/api/v1/calls": []}},
        {
            "paths": {
                "/api/v1/calls": {"post": {"parameters": 5, "requestBody": [], "responses": 1}}
            }
        },
        {
            "paths": {"/api/v1/calls": {"post": {"requestBody": {"$ref": "#/a"}}}},
            "a": {"$ref": "#/a"},
        },
        {"paths": {"/api/v1/calls": {"post": {"requestBody": {"$ref": "//" * 1_000}}}}},
    ],
    ids=lambda value: str(value)[:20],
)
def test_an_invalid_document_causes_no_crash(told: Any) -> None:
    """Dangling and circular references do not either."""
    assert all(len(line) < 300 for line in found(told))
