"""A kind that is added to the document is served with no new code."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import yaml

from conformance.contract import load, packaged
from conformance.model import Contract
from conformance.server import application
from tests.server.sandbox import Api, refused

SCHEMAS = """
Thing: &thing
  type: object
  required: [id, label]
  properties: &members
    id: {type: string}
    label: {type: string}
    created_at: {type: string}
ThingList:
  type: object
  properties:
    things: {type: array, items: *thing}
    has_more: {type: boolean}
NewThing:
  type: object
  required: [label]
  properties: *members
Done:
  type: object
  properties:
    id: {type: string}
    deleted: {type: boolean}
"""
PATH = """
get:
  operationId: getThings
  security: &security [{bearerAuth: ['things:all']}]
  parameters:
    - {name: id, in: query, schema: {type: string}, x-conformance: &of_thing {references: thing}}
    - {$ref: '#/components/parameters/After'}
    - {$ref: '#/components/parameters/Limit'}
  responses: {'200': &done {description: Done., content: {application/json: {schema: {}}}}}
  x-conformance:
    modes:
      - id: read_thing
        action: read
        kind: thing
        when: id
        schema: '#/components/schemas/Thing'
      - id: list_things
        action: list
        kind: thing
        collection: things
        schema: '#/components/schemas/ThingList'
post:
  operationId: makeThing
  security: *security
  requestBody:
    content: {application/json: {schema: {$ref: '#/components/schemas/NewThing'}}}
  responses: {'201': *done}
  x-conformance:
    modes:
      - id: create_thing
        action: create
        kind: thing
        schema: '#/components/schemas/Thing'
delete:
  operationId: dropThing
  security: *security
  parameters:
    - name: id
      in: query
      required: true
      schema: {type: string}
      x-conformance: *of_thing
  responses: {'200': *done}
  x-conformance:
    modes:
      - id: delete_thing
        action: delete
        kind: thing
        schema: '#/components/schemas/Done'
"""


@pytest.fixture(scope="module")
def wider(tmp_path_factory: pytest.TempPathFactory) -> Contract:
    """The packaged contract with a path for things."""
    spec = tmp_path_factory.mktemp("wider") / "spec"
    shutil.copytree(packaged(), spec)
    file: Path = spec / "openapi.yaml"
    document = yaml.safe_load(file.read_text())
    document["components"]["schemas"] |= yaml.safe_load(SCHEMAS)
    document["paths"]["/things"] = yaml.safe_load(PATH)
    file.write_text(json.dumps(document, indent=2))
    return load(spec)


@pytest.fixture
def things(wider: Contract) -> Api:
    """A client of a server of that contract."""
    return Api(application(wider))


def test_an_added_kind_has_objects_and_a_key_for_its_scope(things: Api) -> None:
    """The main business has the usual number of things, and the scope has a key."""
    assert "things:all" in things.target["scoped_keys"]
    assert len(things.walk("/things", "things", limit=7)) == 115


def test_an_added_kind_is_created_read_and_deleted(things: Api) -> None:
    """A new thing can be read until it is deleted, and can be deleted once."""
    made = things.send("POST", "/things", json={"label": "New"}).json or {}
    by_id = {"id": made["id"]}
    assert things.get("/things", id=made["id"]).json == made
    assert things.send("DELETE", "/things", query_string=by_id).json == {**by_id, "deleted": True}
    assert refused(things.send("DELETE", "/things", query_string=by_id), 404, "not_found")


def test_an_added_kind_is_protected_like_any_other(things: Api) -> None:
    """A required parameter is required, and a foreign thing is out of reach."""
    newest = things.walk("/things", "things")[0]["id"]
    assert refused(things.send("DELETE", "/things"), 400, "bad_request")
    assert refused(things.get("/things", "other", id=newest), 404, "not_found")
