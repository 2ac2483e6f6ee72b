"""The server as a sandbox: accounts, clock, target file, journal and database."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from conformance import target
from conformance.base.errors import UsageError
from conformance.model import Contract
from conformance.server import application, target_file
from conformance.server.moments import moment_of
from tests.server.sandbox import Api, refused, sign_up


def test_the_server_publishes_the_document_of_its_contract(contract: Contract, api: Api) -> None:
    """The document needs no key, and an invalid one does no harm."""
    assert (
        api.get("/openapi.json", None).json
        == api.get("/openapi.json", "bad").json
        == contract.document
    )


def test_sign_up_opens_an_account_whose_key_works(api: Api) -> None:
    """The new key reaches the new business and no other."""
    account = sign_up(api).json or {}
    assert [a["id"] for a in api.walk("/agents", "agents", account["api_key"])] == [
        account["agent_id"]
    ]
    assert api.get("/calls", account["api_key"]).json == {"calls": [], "has_more": False}
    sent = {"agent_id": account["agent_id"], "to": "+12025550100"}
    assert (api.send("POST", "/calls", account["api_key"], json=sent).json or {})[
        "business_id"
    ] == account["business_id"]


def test_the_clock_moves_forward_and_never_back(api: Api) -> None:
    """The clock takes zero or more seconds; anything else is refused and changes nothing."""
    before = moment_of((api.forward(0).json or {})["now"])
    wrong: list[Any] = [-1, "5", None, True, 1e300, 10**30, [], float("inf")]
    for seconds in wrong:
        assert refused(api.forward(seconds), 400, "invalid_request")
    assert refused(api.client.get("/_sandbox/clock"), 404, "not_found")
    assert refused(api.client.post("/_sandbox/clock", data=b"\xff"), 400, "invalid_request")
    after = moment_of((api.forward(3600).json or {})["now"])
    assert 3600 <= (after - before) / 1e6 < 3660


def test_the_target_file_describes_the_server(contract: Contract, api: Api, tmp_path: Path) -> None:
    """The target file is the declaration below some comments, and matches the schema."""
    text = target_file(api.app, "http://127.0.0.1:1/api/v1")
    assert text.startswith("#")
    data = yaml.safe_load(text)
    assert data == {**api.target, "url": "http://127.0.0.1:1/api/v1"}
    assert not list(Draft202012Validator(target.schema()).iter_errors(data))
    assert len(set(api.keys.values())) == len(api.keys)


def test_the_journal_has_a_line_per_request_and_no_key(contract: Contract) -> None:
    """Each request is a line of JSON with the name of the identity and without any key."""
    journal = io.StringIO()
    api = Api(application(contract, journal=journal))
    key = api.keys["calls:read"]
    api.get("/calls", "calls:read", limit=1, secret=key)
    api.get(f"/{key}", None)
    api.send("GET", "/none", None, query_string="x=" + key.replace("_", "%5F"))
    lines = [json.loads(line) for line in journal.getvalue().splitlines()]
    assert [(line["method"], line["status"], line["role"]) for line in lines] == [
        ("GET", 200, "calls:read"),
        ("GET", 404, None),
        ("GET", 404, None),
    ]
    assert set(lines[0]) == {"at", "method", "path", "query", "status", "address", "role", "ms"}
    assert key[8:] not in journal.getvalue()


def test_a_database_file_keeps_objects(contract: Contract, tmp_path: Path) -> None:
    """A database outlives its server, and a server with another seed refuses it."""
    file = str(tmp_path / "data.sqlite")
    first = Api(application(contract, database=file))
    sent = {"agent_id": first.agent(), "to": "+12025550100"}
    made = first.send("POST", "/calls", json=sent).json
    first.app.store.close()
    second = Api(application(contract, database=file))
    assert (second.get("/calls", limit=1).json or {})["calls"] == [made]
    assert second.send("POST", "/calls", json=sent).status_code == 201
    second.app.store.close()
    with pytest.raises(UsageError):
        application(contract, 1, database=file)
