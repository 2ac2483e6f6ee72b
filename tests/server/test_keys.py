"""Keys and scopes."""

from __future__ import annotations

import pytest

from conformance.model import Contract
from tests.server.sandbox import Api, refused


@pytest.mark.parametrize(
    "header",
    [None, "", "Bearer", "Bearer ", "Bearer x", "Basic abc", "kc_live_x", "Bearer kc_live_ä"],
)
def test_a_request_without_a_working_key_is_401(api: Api, header: str | None) -> None:
    """A missing, malformed or unknown key is refused."""
    headers = {} if header is None else {"Authorization": header}
    assert refused(api.send("GET", "/calls", None, headers=headers), 401, "unauthorized")


@pytest.mark.parametrize("name", ["expired", "revoked"])
def test_expired_and_revoked_keys_are_401(api: Api, name: str) -> None:
    """A key that worked once is refused like an unknown one."""
    assert refused(api.get("/calls", name), 401, "unauthorized")


def test_a_near_miss_of_a_key_is_401(api: Api) -> None:
    """One wrong character makes a key unknown."""
    assert refused(api.get("/calls", api.keys["full"][:-1] + "~"), 401, "unauthorized")


def test_only_the_header_carries_a_key(api: Api) -> None:
    """A key in the query or in another header opens nothing."""
    key = api.keys["full"]
    assert refused(
        api.send("GET", "/calls", None, headers={"X-Api-Key": key}, query_string={"api_key": key}),
        401,
        "unauthorized",
    )


def test_a_scope_opens_its_own_operations_only(contract: Contract, api: Api) -> None:
    """A key with one scope is forbidden elsewhere, and a test key works like a live key."""
    paths = {"/calls": "calls:read", "/agents": "agents:read"}
    for path, scope in paths.items():
        for name in api.target["scoped_keys"]:
            assert api.get(path, name).status_code == (200 if name == scope else 403)
        assert refused(api.get(path, "no_scope"), 403, "forbidden")
        assert api.get(path, "read_only").status_code == api.get(path, "test").status_code == 200
    assert refused(api.send("POST", "/calls", "read_only", json={}), 403, "forbidden")
