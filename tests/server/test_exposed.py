"""The sandbox as others may reach it: web pages, idle connections, odd framing, and its log."""

from __future__ import annotations

import json
import re
import resource
import socket
from collections.abc import Iterator, Mapping
from contextlib import ExitStack

import pytest
import requests

from conformance.server import application
from conformance.server.store import Identity
from tests import servers
from tests.server.sandbox import Api, sign_up
from tests.servers import Sandbox
from tests.support.contracts import real

CLOCK = "/_sandbox/clock"
IDLE = 1_100


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """A process of `serve`."""
    with servers.sandbox(tmp_path_factory.mktemp("exposed")) as running:
        yield running


def origin(sandbox: Sandbox) -> str:
    """The address without the base path."""
    return sandbox.url.removesuffix("/api/v1")


def posted(sandbox: Sandbox, body: str, headers: Mapping[str, str | None]) -> requests.Response:
    """The answer to a request that moves the clock; a header of None is left out."""
    usual = {"Content-Type": "application/json", **headers}
    url = origin(sandbox) + CLOCK
    return requests.post(url, data=body.encode(), headers=usual, timeout=10)


def code_of(response: requests.Response) -> str:
    """The code in the envelope of an error."""
    error = response.json()["error"]
    assert error["message"]
    return str(error["code"])


def now(sandbox: Sandbox) -> str:
    """The day and hour of the clock."""
    return str(posted(sandbox, '{"seconds": 0}', {}).json()["now"])[:13]


# --- the clock ------------------------------------------------------------------------------------

FOREIGN: Mapping[str, Mapping[str, str]] = {
    "another origin": {"Origin": "https://evil.example"},
    "an opaque origin": {"Origin": "null"},
    "another port": {"Origin": "http://127.0.0.1:1"},
    "a name that points here": {"Host": "evil.example"},
    "a broken name": {"Host": "[::1"},
    "a name that begins like ours": {"Host": "127.0.0.1.evil.example:80"},
}


@pytest.mark.parametrize("headers", FOREIGN.values(), ids=FOREIGN)
def test_no_web_page_moves_the_clock(sandbox: Sandbox, headers: Mapping[str, str]) -> None:
    """A request from another origin, or by a name that is not this host's, gets 403."""
    before = now(sandbox)
    refused = posted(sandbox, '{"seconds": 360000}', headers)
    assert (refused.status_code, code_of(refused)) == (403, "forbidden")
    assert now(sandbox) == before


def test_its_own_origin_moves_the_clock(sandbox: Sandbox) -> None:
    """A page of the sandbox itself, and a client that sends no origin, may move it."""
    port = origin(sandbox).rpartition(":")[2]
    for headers in (
        {},
        {"Origin": origin(sandbox)},
        {"Origin": f"http://localhost:{port}", "Host": f"localhost:{port}"},
        {"Content-Type": "application/json; charset=utf-8"},
    ):
        assert posted(sandbox, '{"seconds": 0}', headers).status_code == 200


@pytest.mark.parametrize("media", ["text/plain", "application/x-www-form-urlencoded", None])
def test_only_json_moves_the_clock(sandbox: Sandbox, media: str | None) -> None:
    """What a form of a web page can send without asking first gets 400."""
    refused = posted(sandbox, '{"seconds": 1}', {"Content-Type": media})
    assert (refused.status_code, code_of(refused)) == (400, "invalid_request")


ABSURD = ("1e308", "1e400", "-1e308", "-1", "-1e-9", "NaN", "Infinity", "1e23", "9" * 5_000, "1e11")


@pytest.mark.parametrize("seconds", ABSURD, ids=lambda text: text[:9])
def test_absurd_seconds_are_refused(sandbox: Sandbox, seconds: str) -> None:
    """A number that is no span of time, or a span of centuries, gets 400 and moves nothing."""
    before = now(sandbox)
    refused = posted(sandbox, f'{{"seconds": {seconds}}}', {})
    assert (refused.status_code, code_of(refused)) == (400, "invalid_request")
    assert now(sandbox) == before


# --- connections ----------------------------------------------------------------------------------


def test_idle_connections_block_nobody(sandbox: Sandbox) -> None:
    """With 1,100 connections that are idle or half sent, the next request is answered."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < IDLE + 200:
        pytest.skip("too few files may be open here")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, IDLE + 200), hard))
    host, port = origin(sandbox).removeprefix("http://").split(":")
    try:
        with ExitStack() as stack:
            for number in range(IDLE):
                idle = stack.enter_context(socket.create_connection((host, int(port)), 10))
                if number % 2:
                    idle.sendall(b"POST /api/v1/calls HTTP/1.1\r\nHost: x\r\nContent-Le")
            for _ in range(3):
                assert requests.get(f"{sandbox.url}/openapi.json", timeout=10).status_code == 200
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


FRAMINGS = {
    "length first": b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
    "length last": b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
    "odd letters": b"transfer-ENCODING: Chunked\r\ncontent-length: 0\r\n",
}


@pytest.mark.parametrize("version", [b"1.1", b"1.0"])
@pytest.mark.parametrize("headers", FRAMINGS.values(), ids=FRAMINGS)
def test_two_framings_are_refused(sandbox: Sandbox, headers: bytes, version: bytes) -> None:
    """A request with a length and chunks gets 400, and nothing after it is read."""
    host, port = origin(sandbox).removeprefix("http://").split(":")
    smuggled = b"GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n"
    head = b"POST /api/v1/calls HTTP/" + version + b"\r\nHost: x\r\nConnection: keep-alive\r\n"
    with socket.create_connection((host, int(port)), 10) as connection:
        connection.sendall(head + headers + b"\r\n0\r\n\r\n" + smuggled)
        got = b""
        while part := connection.recv(65_536):
            got += part
    assert got.startswith(b"HTTP/" + version + b" 400 ")
    assert got.count(b"HTTP/") == 1
    assert b"connection: close" in got.lower()
    assert b'"error"' in got


# --- the log --------------------------------------------------------------------------------------


def spellings(key: str) -> Mapping[str, str]:
    """The key in forms that a client may put into an address."""
    secret = key.removeprefix("kc_live_").removeprefix("kc_test_")
    return {
        "whole": key,
        "without its prefix": secret,
        "reversed": key[::-1],
        "in capitals": key.upper(),
        "in small letters": secret.lower(),
        "encoded": "".join(f"%{ord(sign):02X}" for sign in secret),
        "encoded twice": "".join(f"%25{ord(sign):02x}" for sign in key),
    }


@pytest.mark.parametrize("form", spellings(""))
def test_no_key_reaches_the_log(sandbox: Sandbox, form: str) -> None:
    """Whatever form of a key stands in path or query, its line has a placeholder instead."""
    for key in sandbox.keys.values():
        told = spellings(key)[form]
        requests.get(f"{sandbox.url}/agents?key={told}", timeout=10)
        requests.get(f"{sandbox.url}/{told}", timeout=10)
    log = sandbox.log.read_text(encoding="utf-8")
    assert "{key}" in log
    for key in sandbox.keys.values():
        for spelling in spellings(key).values():
            assert spelling[10:30] not in log


def test_ids_stay_in_the_log(sandbox: Sandbox) -> None:
    """An id and a cursor are no keys."""
    name = "b85d83fa-b0f0-4f30-ad30-c8088c2888e2"
    after = "2026-04-17T12:00:00.123456Z"
    requests.get(f"{sandbox.url}/calls?id={name}&after={after}", timeout=10)
    assert f"id={name}&after={after}" in sandbox.requests()[-1]["query"]


# --- the store ------------------------------------------------------------------------------------


@pytest.fixture
def small() -> Api:
    """A sandbox that holds five created objects."""
    api = Api(application(real()))
    api.app.store.most = 5
    return api


def test_the_oldest_created_objects_are_given_up(small: Api) -> None:
    """Beyond its bound the sandbox holds the newest created objects, and all that it began with."""
    seeded = [item["id"] for item in small.walk("/agents", "agents")]
    made = [_agent(small, f"agent {number}") for number in range(8)]
    left = [item["id"] for item in small.walk("/agents", "agents")]
    assert sorted(left) == sorted([*seeded, *made[3:]])
    assert small.get("/agents", id=made[0]).status_code == 404
    assert small.get("/agents", id=made[7]).status_code == 200


def test_large_objects_are_given_up_sooner(small: Api) -> None:
    """The bound is one of size, too: also a change that makes an object large counts."""
    small.app.store.most_characters = 5_000
    first = _agent(small, "first")
    second = _agent(small, "x" * 3_000)
    assert small.get("/agents", id=first).status_code == 200
    changed = {"id": second, "name": "y" * 4_900}
    assert small.send("PATCH", "/agents", json=changed).status_code == 200
    assert small.get("/agents", id=first).status_code == 404
    assert small.get("/agents", id=second).status_code == 200


def test_a_business_that_is_given_up_takes_its_key(small: Api) -> None:
    """The key of an account that is gone is unknown, and opens nothing."""
    key = (sign_up(small).json or {})["api_key"]
    assert small.get("/agents", key).status_code == 200
    for number in range(5):
        _agent(small, f"agent {number}")
    assert small.get("/agents", key).status_code == 401


def test_keys_and_notes_of_the_start_stay(small: Api) -> None:
    """What the sandbox needs itself is not counted."""
    for number in range(20):
        small.app.store.set_evictable_note(f"a:{number}", "b")
    store = small.app.store
    assert [store.note(f"a:{number}") for number in (0, 14, 15, 19)] == [None, None, "b", "b"]
    assert store.note("contract")
    assert isinstance(store.key(small.keys["full"]), Identity)


def _agent(api: Api, name: str) -> str:
    """The id of a new agent."""
    sent = {"business_id": api.target["businesses"]["main"], "system_prompt": "Answer briefly."}
    made = api.send("POST", "/agents", json={**sent, "name": name})
    assert made.status_code == 201, made.text
    found = re.search(r'"(?:id|agent_id)": ?"([^"]+)"', json.dumps(made.json))
    assert found
    return found[1]
