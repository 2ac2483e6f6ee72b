"""The reference server in process: what it answers, and what no request makes it do."""

from __future__ import annotations

import base64
import io
import itertools
import json
import shutil
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from werkzeug.test import Client, TestResponse

from conformance import target
from conformance.contract import load, packaged
from conformance.errors import UsageError
from conformance.model import Contract
from conformance.server import Application, application, declaration, target_file
from conformance.server.moments import Clock, key_of, moment_of, render, sort_key
from conformance.server.special import triggers
from conformance.values import instant

BASE = "/api/v1"
ACCOUNT = {"business_name": "Test", "email": "test@example.com"}


class Api:
    """A client of an application in process."""

    def __init__(self, app: Application) -> None:
        self.app = app
        self.client = Client(app)
        self.target = declaration(app, f"http://localhost{BASE}")
        self.keys: dict[str, str] = {**self.target["keys"], **self.target["scoped_keys"]}

    def send(self, method: str, path: str, key: str | None = "full", **rest: Any) -> TestResponse:
        """Send a request under the base path with the key of an identity."""
        headers = dict(rest.pop("headers", {}))
        if key:
            headers["Authorization"] = f"Bearer {self.keys.get(key, key)}"
        return self.client.open(BASE + path, method=method, headers=headers, **rest)

    def get(self, path: str, key: str | None = "full", **query: Any) -> TestResponse:
        """Get with a query."""
        return self.send("GET", path, key, query_string=query)

    def walk(
        self, path: str, collection: str, key: str = "full", **query: Any
    ) -> list[dict[str, Any]]:
        """All items of a list, page by page."""
        found: list[dict[str, Any]] = []
        while True:
            page = self.get(path, key, **query).json or {}
            found += page[collection]
            if not page["has_more"]:
                return found
            assert page[collection]
            query["after"] = found[-1]["created_at"]

    def agent(self, key: str = "full") -> str:
        """The id of an agent of a key."""
        page = self.get("/agents", key, limit=1).json or {}
        return str(page["agents"][0]["id"])

    def forward(self, seconds: Any) -> TestResponse:
        """Move the clock on."""
        return self.client.post("/_sandbox/clock", json={"seconds": seconds})


@pytest.fixture(scope="module")
def contract() -> Contract:
    """The packaged contract."""
    return load()


@pytest.fixture
def api(contract: Contract) -> Api:
    """A client of a new server."""
    return Api(application(contract))


def refused(response: TestResponse, status: int, code: str) -> bool:
    """Whether an answer is an error in the envelope, with a status and code."""
    body = response.json
    assert response.content_type == "application/json"
    assert (response.status_code, body["error"]["code"]) == (status, code) if body else False
    return bool(body and isinstance(body["error"]["message"], str) and body["error"]["message"])


# --- seeds ---


def test_the_main_business_has_350_calls_and_130_agents(api: Api) -> None:
    """The main business has 350 calls and 130 agents, the other 60 and 12, the empty one none."""
    sizes = {
        k: (len(api.walk("/calls", "calls", k)), len(api.walk("/agents", "agents", k)))
        for k in ("full", "other", "empty")
    }
    assert sizes == {"full": (350, 130), "other": (60, 12), "empty": (0, 0)}


def test_seeded_calls_have_distinct_times_newest_first(api: Api) -> None:
    """No two calls share a created_at, and they come newest first."""
    times = [instant(call["created_at"]) or 0 for call in api.walk("/calls", "calls", limit=100)]
    assert times == sorted(set(times), reverse=True)


def test_some_neighbours_differ_only_in_fractions_of_a_second(api: Api) -> None:
    """Neighbours a few milliseconds and a microsecond apart stand among the newest 15, and again below; else > 1 s."""
    texts = [call["created_at"] for call in api.walk("/calls", "calls", limit=100)]
    times = [instant(text) or 0 for text in texts]
    gaps = [float(a - b) for a, b in itertools.pairwise(times)]
    for part in (gaps[:14], gaps[30:]):
        assert any(gap < 0.00001 for gap in part)
        assert any(0.001 < gap < 1 for gap in part)
    assert all(gap < 1 or gap > 1.1 for gap in gaps)
    widths = Counter(len(text) for text in texts)
    assert set(widths) == {
        len("2026-04-17T12:00:00Z"),
        len("2026-04-17T12:00:00.123Z"),
        len("2026-04-17T12:00:00.123456Z"),
    }
    assert widths[20] > 200


def test_agents_have_many_and_few_calls(api: Api) -> None:
    """More than one agent has calls; some have 30 or more, some few; several statuses occur."""
    calls = api.walk("/calls", "calls", limit=100)
    agents = Counter(call["agent_id"] for call in calls)
    assert sum(count >= 30 for count in agents.values()) >= 3
    assert any(count <= 5 for count in agents.values())
    assert set(agents) <= {agent["id"] for agent in api.walk("/agents", "agents")}
    assert len({call["status"] for call in calls}) >= 3


def test_the_same_seed_gives_the_same_server(contract: Contract, api: Api) -> None:
    """Ids, keys and data come from the seed alone."""
    again, other = Api(application(contract)), Api(application(contract, 1))
    assert again.target == api.target
    assert again.get("/calls").json == api.get("/calls").json
    assert not set(other.keys.values()) & set(api.keys.values())
    assert not {c["id"] for c in other.walk("/calls", "calls")} & {
        c["id"] for c in api.walk("/calls", "calls")
    }


def test_keys_look_like_keys(api: Api) -> None:
    """A key is its prefix and 44 characters of base64url."""
    for name, key in api.keys.items():
        prefix = "kc_test_" if name == "test" else "kc_live_"
        assert key.startswith(prefix)
        assert len(key) == len(prefix) + 44


def test_seeded_objects_keep_the_schema(contract: Contract, api: Api) -> None:
    """What is served is what the contract says."""
    from jsonschema import Draft202012Validator

    for operation, path in (("list_calls", "/calls"), ("list_agents", "/agents")):
        schema = contract.operations[operation].schema
        assert not list(
            Draft202012Validator(dict(schema)).iter_errors(api.get(path, limit=100).json)
        )


# --- keys, scopes, businesses ---


@pytest.mark.parametrize(
    "header",
    [None, "", "Bearer", "Bearer ", "Bearer x", "Basic abc", "kc_live_x", "Bearer kc_live_ä"],
)
def test_no_key_that_works_is_401(api: Api, header: str | None) -> None:
    """A key that is missing, malformed or unknown is refused."""
    headers = {} if header is None else {"Authorization": header}
    assert refused(api.send("GET", "/calls", None, headers=headers), 401, "unauthorized")


@pytest.mark.parametrize("name", ["expired", "revoked"])
def test_expired_and_revoked_keys_are_401(api: Api, name: str) -> None:
    """A key that was good once is refused like any other."""
    assert refused(api.get("/calls", name), 401, "unauthorized")


def test_a_near_miss_of_a_key_is_401(api: Api) -> None:
    """One wrong character is enough."""
    assert refused(api.get("/calls", api.keys["full"][:-1] + "~"), 401, "unauthorized")


def test_only_the_header_carries_a_key(api: Api) -> None:
    """A key in the query or another header opens nothing."""
    key = api.keys["full"]
    assert refused(
        api.send("GET", "/calls", None, headers={"X-Api-Key": key}, query_string={"api_key": key}),
        401,
        "unauthorized",
    )


def test_scopes_open_what_they_name_and_no_more(contract: Contract, api: Api) -> None:
    """A key of one scope lists where it has the scope, and is forbidden elsewhere; a test key is a key."""
    paths = {"/calls": "calls:read", "/agents": "agents:read"}
    for path, scope in paths.items():
        for name in api.target["scoped_keys"]:
            assert api.get(path, name).status_code == (200 if name == scope else 403)
        assert refused(api.get(path, "no_scope"), 403, "forbidden")
        assert api.get(path, "read_only").status_code == api.get(path, "test").status_code == 200
    assert refused(api.send("POST", "/calls", "read_only", json={}), 403, "forbidden")


def test_objects_of_another_business_are_out_of_reach(api: Api) -> None:
    """A foreign id is 404 in reads, changes and references; a filter by it gives an empty list."""
    foreign = api.agent("other")
    assert refused(api.get("/agents", id=foreign), 404, "not_found")
    assert refused(
        api.send("PATCH", "/agents", json={"id": foreign, "name": "Mine"}), 404, "not_found"
    )
    assert refused(
        api.send("POST", "/calls", json={"agent_id": foreign, "to": "+12025550100"}),
        404,
        "not_found",
    )
    assert api.get("/calls", agent_id=foreign).json == {"calls": [], "has_more": False}
    assert (api.get("/agents", "other", id=foreign).json or {})["name"] != "Mine"


def test_a_foreign_business_id_is_forbidden(api: Api) -> None:
    """The id of another business, or of none, is 403 in a query and in a body; the own one is fine."""
    other, main = api.target["businesses"]["other"], api.target["businesses"]["main"]
    agent = {"name": "A", "system_prompt": "B"}
    for business in (other, "unknown"):
        assert refused(api.get("/calls", business_id=business), 403, "forbidden")
        assert refused(
            api.send("POST", "/agents", json={**agent, "business_id": business}), 403, "forbidden"
        )
    assert len(api.walk("/calls", "calls", business_id=main, limit=100)) == 350
    assert len(api.walk("/agents", "agents", "other")) == 12


# --- lists ---


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 50, 100, 1000])
def test_a_walk_at_any_size_gives_every_call_once(api: Api, limit: int) -> None:
    """Pages of any size, one after the other, are the list."""
    whole = [call["id"] for call in api.walk("/calls", "calls", limit=100)]
    assert [call["id"] for call in api.walk("/calls", "calls", limit=limit)] == whole


def test_a_walk_with_filters_gives_every_match_once(api: Api) -> None:
    """Filters narrow a walk to what matches."""
    calls = api.walk("/calls", "calls", limit=100)
    agent, status = Counter((call["agent_id"], call["status"]) for call in calls).most_common(1)[0][
        0
    ]
    wanted = [call for call in calls if (call["agent_id"], call["status"]) == (agent, status)]
    assert api.walk("/calls", "calls", agent_id=agent, status=status, limit=4) == wanted
    assert api.walk("/calls", "calls", status="nothing") == []


def test_has_more_is_exact(api: Api) -> None:
    """has_more is false as soon as nothing is left, also when the page is full."""
    assert (api.get("/agents", "other", limit=12).json or {})["has_more"] is False
    assert (api.get("/agents", "other", limit=11).json or {})["has_more"] is True


def test_a_cursor_of_any_precision_and_zone_is_exact(api: Api) -> None:
    """after means an instant: the same one in another zone or with more digits gives the same page."""
    page = (api.get("/calls", limit=15).json or {})["calls"]
    at = next(index for index, call in enumerate(page) if call["created_at"].endswith("09.250Z"))
    below = page[at + 1]["id"]

    def first(after: str) -> str:
        return str((api.get("/calls", after=after, limit=1).json or {})["calls"][0]["id"])

    text = page[at]["created_at"]
    hour = int(text[11:13])
    shifted = f"{text[:11]}{hour + 2:02}{text[13:-1]}+02:00"
    assert first(text) == first(text[:-1] + "000000000Z") == first(shifted) == below
    assert first(text[:-1] + "0000000000001Z") == page[at]["id"]
    assert first(text[:-4] + "249999999999Z") == below


def test_a_cursor_may_lie_anywhere_in_time(api: Api) -> None:
    """A cursor before everything gives nothing, one after everything the first page."""
    assert api.get("/calls", after="0001-01-01").json == {"calls": [], "has_more": False}
    assert api.get("/calls", after="9999-12-31T23:59:59Z").json == api.get("/calls").json


@pytest.mark.parametrize("limit", ["0", "-1", "abc", "1.5", "1e2", " 5", "٣", "00", "+5", "0x10"])
def test_a_limit_that_is_no_positive_number_is_400(api: Api, limit: str) -> None:
    """limit must be a whole number above zero."""
    assert refused(api.get("/calls", limit=limit), 400, "invalid_request")


@pytest.mark.parametrize(
    "after",
    ["yesterday", "2026-13-01T00:00:00Z", "12", "2026-04-17T12:00:00." + "1" * 5000 + "Z", "\0"],
)
def test_a_cursor_that_is_no_timestamp_is_400(api: Api, after: str) -> None:
    """after must be a timestamp."""
    assert refused(api.get("/agents", after=after), 400, "invalid_request")


def test_limits_are_cut_to_the_maximum_and_empty_values_are_absent(api: Api) -> None:
    """More than the maximum gives the maximum; an empty value and an unknown parameter give the default."""
    for limit, length in (("101", 100), ("9" * 5000, 100), ("0100", 100), ("", 20)):
        assert len((api.get("/calls", limit=limit).json or {})["calls"]) == length
    assert (
        api.get("/calls", after="", id="", agent_id="", unknown="x").json == api.get("/calls").json
    )
    assert set(api.target["maximum"].values()) == {100}


# --- objects ---


def test_a_created_call_is_read_and_listed(api: Api) -> None:
    """A new call is answered with 201, read back, and the newest of the list."""
    answer = api.send(
        "POST",
        "/calls",
        json={"agent_id": api.agent(), "to": "+12025550100", "name": "Sam", "strange": 1},
    )
    assert answer.status_code == 201
    made = answer.json or {}
    assert made["status"] == "queued"
    assert "strange" not in made
    assert api.get("/calls", id=made["id"]).json == made
    assert (api.get("/calls", limit=1).json or {})["calls"] == [made]
    assert len(api.walk("/calls", "calls", limit=100)) == 351


def test_an_agent_is_created_and_changed(api: Api) -> None:
    """A new agent holds what was sent; an update answers id and updated, and is read back; its id stays."""
    main = api.target["businesses"]["main"]
    sent = {
        "business_id": main,
        "name": "Zoë",
        "system_prompt": "Be kind",
        "voice": {"voiceId": "calm"},
    }
    made = api.send("POST", "/agents", json=sent).json or {}
    assert (made["name"], made["voice"], made["business_id"]) == ("Zoë", {"voiceId": "calm"}, main)
    changed = api.send(
        "PATCH", "/agents", json={"id": made["id"], "name": "New", "max_duration": 5}
    )
    assert (changed.status_code, changed.json) == (200, {"id": made["id"], "updated": True})
    assert api.get("/agents", id=made["id"]).json == {**made, "name": "New"}


def test_new_objects_never_share_a_time(contract: Contract) -> None:
    """Objects made in the same instant get times of their own, also in the answer."""
    api = Api(application(contract, clock=Clock(lambda: 1_800_000_000_000_000_000)))
    sent = {"agent_id": api.agent(), "to": "+12025550100"}
    made = [(api.send("POST", "/calls", json=sent).json or {})["created_at"] for _ in range(20)]
    assert made == [render(1_800_000_000_000_000 + index) for index in range(20)]
    assert [call["created_at"] for call in api.walk("/calls", "calls", limit=3)[:20]] == made[::-1]


def test_an_unknown_object_is_404(api: Api) -> None:
    """What is not there is not found."""
    assert refused(api.get("/calls", id="unknown"), 404, "not_found")
    assert refused(api.send("PATCH", "/agents", json={"id": "unknown"}), 404, "not_found")
    assert refused(
        api.send("POST", "/calls", json={"agent_id": "unknown", "to": "+12025550100"}),
        404,
        "not_found",
    )


@pytest.mark.parametrize("member", ["agent_id", "to"])
def test_a_missing_member_is_bad_request(api: Api, member: str) -> None:
    """A required member that is missing is told by its own code."""
    sent = {"agent_id": api.agent(), "to": "+12025550100"}
    del sent[member]
    assert refused(api.send("POST", "/calls", json=sent), 400, "bad_request")


WRONG: list[dict[str, Any]] = [
    {"to": "letters"},
    {"to": "+12025550100\n"},
    {"to": 5},
    {"to": None},
    {"agent_id": ""},
    {"max_duration": 0},
    {"max_duration": "5"},
    {"webhook_url": "no url"},
    {"name": {"not": "a string"}},
    {"name": ["x"]},
]


@pytest.mark.parametrize("change", WRONG)
def test_a_member_that_fails_its_check_is_invalid_request(
    api: Api, change: Mapping[str, Any]
) -> None:
    """A value of the wrong type or form is told by the other code, and nothing is stored."""
    sent = {"agent_id": api.agent(), "to": "+12025550100", **change}
    assert refused(api.send("POST", "/calls", json=sent), 400, "invalid_request")
    assert len(api.walk("/calls", "calls", limit=100)) == 350


# --- odd input ---

ODD = {
    "empty": b"",
    "blank": b"  ",
    "broken": b'{"agent_id": ',
    "text": b'"text"',
    "array": b"[]",
    "null": b"null",
    "number": b"5",
    "deep array": b'{"metadata": {"x": ' + b"[" * 5000 + b"]" * 5000 + b"}}",
    "deep object": b'{"x": ' * 500 + b"1" + b"}" * 500,
    "very deep": b"[" * 200_000,
    "not utf-8": b'{"name": "\xff\xfe"}',
    "utf-16": '{"name": "x"}'.encode("utf-16"),
    "bom": b'\xef\xbb\xbf{"name": "x"}',
    "surrogate": b'{"name": "\\ud800"}',
    "surrogate name": b'{"\\udfff": 1}',
    "nul": b'{"name": "a\\u0000b"}',
    "huge whole": b'{"max_duration": ' + b"9" * 10_000 + b"}",
    "big whole": b'{"max_duration": 99999999999999999999}',
    "huge real": b'{"metadata": {"x": 1e999}}',
    "nan": b'{"metadata": {"x": NaN}}',
    "long": b'{"name": "' + b"x" * 3_000_000 + b'"}',
}


@pytest.mark.parametrize("name", ODD)
@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "/calls"), ("POST", "/agents"), ("PATCH", "/agents"), ("POST", "/signup")],
)
def test_odd_bodies_are_400(api: Api, method: str, path: str, name: str) -> None:
    """No body makes the server fail: what cannot be meant is refused."""
    response = api.send(method, path, data=ODD[name], content_type="application/json")
    assert response.status_code == 400
    assert refused(response, 400, (response.json or {})["error"]["code"])


def test_a_wrong_media_type_is_400(api: Api) -> None:
    """A body that is called something else than JSON is refused; a charset is fine."""
    body = json.dumps({"agent_id": api.agent(), "to": "+12025550100"})
    for kind in (
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
    ):
        assert refused(
            api.send("POST", "/calls", data=body, content_type=kind), 400, "invalid_request"
        )
    assert (
        api.send(
            "POST", "/calls", data=body, content_type="Application/JSON; charset=utf-8"
        ).status_code
        == 201
    )


QUERIES = [
    "id=%00",
    "id=%ff%fe",
    "agent_id=%ED%A0%80",
    "status=" + "x" * 100_000,
    "&&=&a",
    "id=%F0%9F%92%A9",
    "id=a&id=b",
]


@pytest.mark.parametrize("query", QUERIES, ids=range(len(QUERIES)))
def test_odd_queries_are_no_fault(api: Api, query: str) -> None:
    """No query makes the server fail."""
    assert api.send("GET", "/calls", query_string=query).status_code in (200, 404)


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "TRACE", "PUT", "DELETE", "QUERY", "get"])
def test_unknown_methods_are_404(api: Api, method: str) -> None:
    """A method that a path does not have is not found; HEAD gets no body."""
    response = api.send(method, "/calls")
    assert response.status_code == 404
    if method == "HEAD":
        assert response.data == b""
    else:
        assert refused(response, 404, "not_found")


PATHS = [
    "/api/v1/none",
    "/api/v1",
    "/api/v1/",
    "/",
    "/calls",
    "/api/v1/calls/",
    "/api/v2/calls",
    "/%ff",
    "/api/v1//calls",
]


@pytest.mark.parametrize("path", PATHS)
def test_unknown_paths_are_404(api: Api, path: str) -> None:
    """A path that the contract does not have is not found, with or without a key."""
    assert refused(api.client.get(path), 404, "not_found")


def test_a_fault_of_the_server_shows_nothing_of_its_inside(contract: Contract) -> None:
    """An exception is an answer in the envelope with a fixed message."""

    class Broken(Application):
        def maximum(self, operation: Any) -> int:
            raise ValueError("secret detail")

    app = application(contract)
    broken = Api(app)
    broken.client = Client(Broken(contract, app.store, app.clock, app.extras))
    response = broken.get("/calls")
    assert refused(response, 500, "internal_error")
    assert "secret" not in response.text


def test_messages_never_repeat_what_was_sent(api: Api) -> None:
    """The text of an error holds neither values nor keys."""
    for response in (
        api.get("/calls", "kc_live_marker"),
        api.get("/calls", id="marker"),
        api.get("/calls", limit="marker"),
    ):
        assert response.status_code >= 400
        assert "marker" not in response.text


# --- discovery ---


def test_the_openapi_document_is_the_one_that_is_served(contract: Contract, api: Api) -> None:
    """The document needs no key, and a bad one does no harm."""
    assert (
        api.get("/openapi.json", None).json
        == api.get("/openapi.json", "bad").json
        == contract.document
    )


# --- sign-up, payment, triggers ---


def sign_up(
    api: Api, address: str = "127.0.0.1", headers: Mapping[str, str] | None = None, **more: Any
) -> TestResponse:
    """Sign up from an address."""
    return api.send(
        "POST",
        "/signup",
        None,
        json={**ACCOUNT, **more},
        headers=headers or {},
        environ_overrides={"REMOTE_ADDR": address},
    )


def test_sign_up_opens_an_account_whose_key_works(api: Api) -> None:
    """The new key reaches the new business and nothing else."""
    account = sign_up(api).json or {}
    assert [a["id"] for a in api.walk("/agents", "agents", account["api_key"])] == [
        account["agent_id"]
    ]
    assert api.get("/calls", account["api_key"]).json == {"calls": [], "has_more": False}
    sent = {"agent_id": account["agent_id"], "to": "+12025550100"}
    assert (api.send("POST", "/calls", account["api_key"], json=sent).json or {})[
        "business_id"
    ] == account["business_id"]


def test_sign_up_checks_its_input(api: Api) -> None:
    """Missing and malformed members have their codes, and do not count against the limit."""
    for _ in range(3):
        assert refused(
            api.send("POST", "/signup", None, json={"email": "a@b.example"}), 400, "bad_request"
        )
        assert refused(sign_up(api, email="no-at-sign.example.com"), 400, "invalid_request")
        assert refused(sign_up(api, business_name={"not": "a string"}), 400, "invalid_request")
    assert sign_up(api).status_code == 201


def test_the_sixth_sign_up_of_an_hour_is_refused_by_address(api: Api) -> None:
    """Five an hour from one address, whatever headers say; others are free; an hour later all are back."""
    for _ in range(5):
        assert sign_up(api, "127.0.0.9").status_code == 201
    for forwarded in ("", "10.0.0.1"):
        response = sign_up(
            api,
            "127.0.0.9",
            {"X-Forwarded-For": forwarded, "X-Real-IP": forwarded, "Forwarded": f"for={forwarded}"},
        )
        assert refused(response, 429, "rate_limit_exceeded")
        assert 3590 <= int(response.headers["Retry-After"]) <= 3600
    assert sign_up(api, "127.0.0.10").status_code == 201
    api.forward(3500)
    assert sign_up(api, "127.0.0.9").status_code == 429
    api.forward(100)
    assert [sign_up(api, "127.0.0.9").status_code for _ in range(6)] == [201] * 5 + [429]


def test_the_clock_moves_on_and_never_back(api: Api) -> None:
    """The switch takes a number of seconds of zero or more; anything else is refused and does nothing."""
    before = moment_of((api.forward(0).json or {})["now"])
    wrong: list[Any] = [-1, "5", None, True, 1e300, 10**30, [], float("inf")]
    for seconds in wrong:
        assert refused(api.forward(seconds), 400, "invalid_request")
    assert refused(api.client.get("/_sandbox/clock"), 404, "not_found")
    assert refused(api.client.post("/_sandbox/clock", data=b"\xff"), 400, "invalid_request")
    after = moment_of((api.forward(3600).json or {})["now"])
    assert 3600 <= (after - before) / 1e6 < 3660


def test_a_paid_plan_asks_for_payment_until_it_is_proved(api: Api) -> None:
    """The terms stand beside the error and in a header; only a well-formed proof opens; nothing counts but success."""
    for proof in (
        None,
        "",
        "!!",
        "e30",
        base64.b64encode(b"[]").decode(),
        base64.b64encode(b"no").decode(),
        "é",
    ):
        response = sign_up(
            api,
            headers={"PAYMENT-SIGNATURE": proof} if proof is not None else {},
            plan_id=triggers.PAID_PLAN,
        )
        assert refused(response, 402, "payment_required")
        body = response.json or {}
        assert isinstance(body["x402Version"], int)
        assert {"scheme", "network", "amount", "asset", "payTo", "resource"} <= set(
            body["accepts"][0]
        )
        terms = json.loads(base64.b64decode(response.headers["PAYMENT-REQUIRED"]))
        assert terms == {name: body[name] for name in ("x402Version", "accepts")}
    good = base64.b64encode(b'{"x402Version": 1}').decode()
    assert (
        sign_up(api, headers={"PAYMENT-SIGNATURE": good}, plan_id=triggers.PAID_PLAN).status_code
        == 201
    )


def test_every_declared_trigger_sets_off_its_code(contract: Contract, api: Api) -> None:
    """A trigger of the target file makes the operation answer its code, and stores nothing."""
    base = {
        "create_call": {"agent_id": api.agent(), "to": "+12025550100"},
        "create_agent": {
            "business_id": api.target["businesses"]["main"],
            "name": "A",
            "system_prompt": "B",
        },
        "send_sms": {"from_agent_id": api.agent(), "to": "+12025550100", "message": "Hello"},
        "sign_up": ACCOUNT,
    }
    assert {t["code"] for t in api.target["triggers"]} >= {
        "call_failed",
        "vapi_error",
        "number_on_dnc",
        "internal_error",
    }
    for trigger in api.target["triggers"]:
        operation, code = (
            contract.operations[trigger["operation"]],
            contract.errors[trigger["code"]],
        )
        values = {**base.get(operation.id, {}), **trigger["input"]}
        rest: dict[str, Any] = (
            {"query_string": values} if operation.method == "GET" else {"json": values}
        )
        assert refused(api.send(operation.method, operation.path, **rest), code.status, code.code)
    assert len(api.walk("/calls", "calls", limit=100)) == 350
    assert len(api.walk("/agents", "agents")) == 130


# --- the target file, the journal, the database ---


def test_the_target_file_says_what_the_server_is(
    contract: Contract, api: Api, tmp_path: Path
) -> None:
    """The target file is the declaration, with comments at its head, and is a target file."""
    from jsonschema import Draft202012Validator

    text = target_file(api.app, "http://127.0.0.1:1/api/v1")
    assert text.startswith("#")
    data = yaml.safe_load(text)
    assert data == {**api.target, "url": "http://127.0.0.1:1/api/v1"}
    assert not list(Draft202012Validator(target.schema()).iter_errors(data))
    assert len(set(api.keys.values())) == len(api.keys)


def test_the_journal_has_a_line_per_request_and_no_key(contract: Contract) -> None:
    """Each request is one line of JSON that names the identity, never its key."""
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


def test_a_database_file_keeps_what_was_made(contract: Contract, tmp_path: Path) -> None:
    """A file outlives the server, and is not taken for another seed."""
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


# --- any contract ---


def test_an_operation_added_to_the_document_is_served(tmp_path: Path) -> None:
    """A new kind is listed, read, made, changed and deleted with no new code."""
    shutil.copytree(packaged(), tmp_path / "spec")
    file = tmp_path / "spec" / "openapi.yaml"
    document = yaml.safe_load(file.read_text())
    thing = {
        "type": "object",
        "required": ["id", "label"],
        "properties": {n: {"type": "string"} for n in ("id", "label", "created_at")},
    }
    done = {
        "type": "object",
        "properties": {"id": {"type": "string"}, "deleted": {"type": "boolean"}},
    }
    listed = {
        "type": "object",
        "properties": {
            "things": {"type": "array", "items": thing},
            "has_more": {"type": "boolean"},
        },
    }
    body = {
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "required": ["label"],
                    "properties": thing["properties"],
                }
            }
        }
    }
    identifier = {
        "name": "id",
        "in": "query",
        "schema": {"type": "string"},
        "x-conformance": {"references": "thing"},
    }
    document["components"]["schemas"] |= {"Thing": thing, "ThingList": listed, "Done": done}

    def operation(
        name: str, status: str, modes: list[dict[str, Any]], **more: Any
    ) -> dict[str, Any]:
        answer = {status: {"description": "Done.", "content": {"application/json": {"schema": {}}}}}
        security = [{"bearerAuth": ["things:all"]}]
        return {
            "operationId": name,
            "security": security,
            "responses": answer,
            "x-conformance": {"modes": modes},
            **more,
        }

    schemas = "#/components/schemas/"
    read = {
        "id": "read_thing",
        "action": "read",
        "kind": "thing",
        "when": "id",
        "schema": schemas + "Thing",
    }
    many = {
        "id": "list_things",
        "action": "list",
        "kind": "thing",
        "collection": "things",
        "schema": schemas + "ThingList",
    }
    make = {"id": "create_thing", "action": "create", "kind": "thing", "schema": schemas + "Thing"}
    drop = {"id": "delete_thing", "action": "delete", "kind": "thing", "schema": schemas + "Done"}
    paging = [{"$ref": "#/components/parameters/After"}, {"$ref": "#/components/parameters/Limit"}]
    document["paths"]["/things"] = {
        "get": operation("getThings", "200", [read, many], parameters=[identifier, *paging]),
        "post": operation("makeThing", "201", [make], requestBody=body),
        "delete": operation(
            "dropThing", "200", [drop], parameters=[{**identifier, "required": True}]
        ),
    }
    file.write_text(json.dumps(document, indent=2))
    api = Api(application(load(tmp_path / "spec")))
    assert "things:all" in api.target["scoped_keys"]
    assert len(api.walk("/things", "things", limit=7)) == 115
    made = api.send("POST", "/things", json={"label": "New"}).json or {}
    assert api.get("/things", id=made["id"]).json == made
    assert api.send("DELETE", "/things", query_string={"id": made["id"]}).json == {
        "id": made["id"],
        "deleted": True,
    }
    assert refused(api.send("DELETE", "/things", query_string={"id": made["id"]}), 404, "not_found")
    assert refused(api.send("DELETE", "/things"), 400, "bad_request")
    assert refused(
        api.get("/things", "other", id=api.walk("/things", "things")[0]["id"]), 404, "not_found"
    )


# --- moments ---


PAIRS = [
    ("12:00:00Z", "12:00:00.000001Z"),
    ("12:00:00.09Z", "12:00:00.1Z"),
    ("11:59:59.9Z", "12:00:00.0Z"),
]


@pytest.mark.parametrize(("earlier", "later"), PAIRS)
def test_sort_keys_compare_as_instants_do(earlier: str, later: str) -> None:
    """Text comparison of keys is exact; trailing zeros mean nothing."""
    first, second = instant("2026-04-17T" + earlier), instant("2026-04-17T" + later)
    assert first is not None
    assert second is not None
    assert sort_key(first) < sort_key(second)
    assert sort_key(second) == sort_key(
        instant("2026-04-17T" + later.replace("Z", "000Z")) or first
    )
    assert key_of(moment_of("1969-12-31T23:59:59.5Z")) < key_of(0) < key_of(1)
