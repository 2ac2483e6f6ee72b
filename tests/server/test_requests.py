"""Input: missing, invalid and odd values."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from tests.server.sandbox import Api, refused


def test_an_unknown_object_is_404(api: Api) -> None:
    """An unknown id is not found in a read, a change or a reference."""
    assert refused(api.get("/calls", id="unknown"), 404, "not_found")
    assert refused(api.send("PATCH", "/agents", json={"id": "unknown"}), 404, "not_found")
    assert refused(
        api.send("POST", "/calls", json={"agent_id": "unknown", "to": "+12025550100"}),
        404,
        "not_found",
    )


@pytest.mark.parametrize("member", ["agent_id", "to"])
def test_a_missing_member_is_bad_request(api: Api, member: str) -> None:
    """A missing required member has a code of its own."""
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
    """A value of the wrong type or form has another code, and nothing is stored."""
    sent = {"agent_id": api.agent(), "to": "+12025550100", **change}
    assert refused(api.send("POST", "/calls", json=sent), 400, "invalid_request")
    assert len(api.walk("/calls", "calls", limit=100)) == 350


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
def test_an_odd_body_is_400(api: Api, method: str, path: str, name: str) -> None:
    """No body makes the server fail, and none of these is accepted."""
    response = api.send(method, path, data=ODD[name], content_type="application/json")
    assert response.status_code == 400
    assert refused(response, 400, (response.json or {})["error"]["code"])


def test_a_wrong_media_type_is_400(api: Api) -> None:
    """A body labelled as something else than JSON is refused; a charset is accepted."""
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
def test_an_odd_query_is_no_fault(api: Api, query: str) -> None:
    """No query makes the server fail."""
    assert api.send("GET", "/calls", query_string=query).status_code in (200, 404)
