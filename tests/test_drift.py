"""Drift: what differs between the OpenAPI document of a target and the contract."""

from __future__ import annotations

import gzip
import json
import random
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from copy import deepcopy
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest

from conformance.base.errors import Unjudgeable
from conformance.drift import fetching, forms
from conformance.drift.change import MOST, Drift, Kind
from conformance.drift.compare import drift
from conformance.drift.description import Description
from conformance.drift.view import Views
from conformance.transport.wire import BODY_LIMIT
from tests import servers
from tests.servers import command
from tests.support.contracts import real

Document = dict[str, Any]
CALLS, CALL = "/paths/~1calls/post", "/components/schemas/Call"
NEW_CALL = "/components/schemas/NewCall"
CODES = ["unauthorized", "forbidden", "not_found", "bad_request", "invalid_request"]


def document() -> Document:
    """A copy of the document of the contract."""
    copied: Document = json.loads(json.dumps(real().document))
    return copied


def at(told: Document, pointer: str) -> Any:
    """The value at a JSON pointer."""
    value: Any = told
    for step in pointer[1:].split("/"):
        value = value[int(step) if isinstance(value, list) else step.replace("~1", "/")]
    return value


def found_in(told: Any) -> Drift:
    """The drift of a document."""
    return drift(real(), told, "/api/v1")


def lines(told: Any) -> list[tuple[str, bool, str]]:
    """The changes of a document: kind, whether it breaks, and the sentence."""
    return [(each.kind, each.breaks, each.sentence) for each in found_in(told).changes]


# --- no drift -------------------------------------------------------------------------------------


def test_the_document_of_the_contract_has_no_drift() -> None:
    """It is what it is compared with."""
    assert found_in(document()) == Drift(())


def _with_base(told: Document) -> None:
    told["paths"] = {f"/api/v1{path}": item for path, item in told["paths"].items()}


def _with_other_servers(told: Document) -> None:
    told["servers"] = [{"url": "https://example.com/v1"}]
    told["paths"] = {f"/v1{path}": item for path, item in told["paths"].items()}


def _with_more_members(told: Document) -> None:
    at(told, f"{CALL}/properties")["mood"] = {"type": "string"}
    at(told, f"{NEW_CALL}/properties")["mood"] = {"type": ["string", "null"]}
    at(told, CALLS)["parameters"] = [{"name": "dry", "in": "query", "schema": {"type": "boolean"}}]


def _with_a_required_member_in_responses(told: Document) -> None:
    at(told, f"{CALL}/properties")["mood"] = {"type": "string"}
    at(told, CALL).setdefault("required", []).append("mood")


def _as_version_3_0(told: Document) -> None:
    """The same document in OpenAPI 3.0: nullable, and limits that are excluded by a boolean."""
    told["openapi"] = "3.0.3"
    told["components"]["schemas"] = _older(told["components"]["schemas"])
    told["paths"] = _older(told["paths"])


def _older(value: Any) -> Any:
    if isinstance(value, list):
        return [_older(each) for each in value]
    if not isinstance(value, dict):
        return value
    changed = {name: _older(member) for name, member in value.items()}
    types = value.get("type")
    if isinstance(types, list) and "null" in types:
        others = [each for each in types if each != "null"]
        changed |= {"nullable": True}
        changed["type"] = others[0]
        if len(others) > 1:
            del changed["type"]
            changed["anyOf"] = [{"type": each} for each in others]
            changed["anyOf"][0]["nullable"] = True
            del changed["nullable"]
    for name, excluding in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
        if isinstance(value.get(excluding), int):
            changed |= {name: value[excluding], excluding: True}
    if "const" in value:
        changed["enum"] = [changed.pop("const")]
    return changed


def _with_renamed_path_parameters(told: Document) -> None:
    told["paths"] = {
        path.replace("{", "{the_"): json.loads(
            json.dumps(item).replace('"in": "path", "name": "', '"in": "path", "name": "the_')
        )
        for path, item in told["paths"].items()
    }


def _with_ranges_of_statuses(told: Document) -> None:
    for item in told["paths"].values():
        for operation in item.values():
            responses = operation["responses"]
            errors = [status for status in responses if status.startswith("5")]
            for status in errors:
                responses["5XX"] = responses.pop(status)


def _with_all_codes_everywhere(told: Document) -> None:
    """As most frameworks do: one schema for all errors."""
    code = at(told, "/components/schemas/Error/properties/error/properties/code")
    code["enum"] = list(real().errors)
    for response in told["components"]["responses"].values():
        content = response["content"]["application/json"]
        content["schema"] = {"$ref": "#/components/schemas/Error"}


HARMLESS: list[Callable[[Document], None]] = [
    _with_base,
    _with_other_servers,
    _with_more_members,
    _with_a_required_member_in_responses,
    _as_version_3_0,
    _with_renamed_path_parameters,
    _with_ranges_of_statuses,
    _with_all_codes_everywhere,
]


@pytest.mark.parametrize("change", HARMLESS, ids=lambda change: change.__name__)
def test_what_says_the_same_or_only_adds_is_no_drift(change: Callable[[Document], None]) -> None:
    """Optional members, another spelling of the same, and either version of OpenAPI."""
    told = document()
    change(told)
    assert lines(told) == []


# --- each kind ------------------------------------------------------------------------------------

Row = tuple[str, Any, str, bool, str]
QUERY = {"name": "mood", "in": "query", "required": True, "schema": {"type": "string"}}
BODY, OK = f"{CALLS}/requestBody", f"{CALLS}/responses"
ROWS: dict[str, Row] = {
    # operations
    "operation gone": ("/paths/~1balance", None, "gone", True, "operation is gone"),
    "operation new": ("/paths/~1more", {"get": {}}, "new", False, "operation is new"),
    # parameters
    "parameter gone": (
        "/paths/~1calls/get/parameters/4", None, "gone", True, "query parameter status is gone",
    ),
    "parameter required": (
        "/paths/~1calls/get/parameters/4/required", True, "narrower", True,
        "query parameter status must be sent",
    ),
    "parameter new and required": (
        f"{CALLS}/parameters", [QUERY], "new", True, "query parameter mood is required",
    ),
    "parameter of fewer values": (
        "/paths/~1calls/get/parameters/4/schema/enum", ["done", "busy"], "narrower", True,
        "query parameter status must be one of busy, done",
    ),
    "parameter with a tighter limit": (
        "/components/parameters/Limit/schema/minimum", 5, "narrower", True,
        "query parameter limit has the minimum 5 instead of 1",
    ),
    "parameter with another limit": (
        "/components/parameters/Limit/schema/maximum", 100, "narrower", True,
        "query parameter limit has the maximum 100",
    ),
    "parameter with a looser limit": (
        "/components/parameters/Limit/schema/minimum", 0, "wider", False,
        "query parameter limit has the minimum 0 instead of 1",
    ),
    # requests
    "body gone": (BODY, None, "gone", True, "request body is gone"),
    "body optional": (f"{BODY}/required", False, "wider", False, "request body may be left out"),
    "media type gone": (
        f"{BODY}/content", {"text/csv": {}}, "gone", True,
        "request body is not available as application/json",
    ),
    "member of a request gone": (
        f"{NEW_CALL}/properties/agent_id", None, "gone", True,
        "request body, member agent_id is gone",
    ),
    "member of a request required": (
        f"{NEW_CALL}/required", ["agent_id", "to", "context"], "narrower", True,
        "request body, member context must be sent",
    ),
    "new member of a request required": (
        f"{NEW_CALL}/required", ["agent_id", "to", "mood"], "new", True,
        "request body, member mood is required",
    ),
    "member of a request optional": (
        f"{NEW_CALL}/required", [], "wider", False, "request body, member to may be left out",
    ),
    "type of a request narrower": (
        f"{NEW_CALL}/properties/agent_id/type", "integer", "narrower", True,
        "request body, member agent_id must not be string",
    ),
    "pattern of a request": (
        f"{NEW_CALL}/properties/to/pattern", "^0", "narrower", True,
        "request body, member to has the pattern ^0 instead of ",
    ),
    # responses
    "success gone": (f"{OK}/201", None, "gone", True, "response 201 is gone"),
    "success new": (f"{OK}/202", {}, "new", True, "response 202 is new"),
    "error gone": (f"{OK}/404", None, "gone", False, "response 404 is gone"),
    "error new": (f"{OK}/422", {}, "new", True, "response 422 is new"),
    "response not described": (
        f"{OK}/201/content", {}, "wider", False, "response 201 is not described",
    ),
    "member of a response gone": (
        f"{CALL}/properties/id", None, "gone", True, "response 201, member id is gone",
    ),
    "member of a response optional": (
        f"{CALL}/required", [], "wider", True, "response 201, member id may be missing",
    ),
    "type of a response wider": (
        f"{CALL}/properties/id/type", ["string", "null"], "wider", True,
        "response 201, member id may also be null",
    ),
    "values of a response": (
        f"{CALL}/properties/id/enum", ["one"], "narrower", False,
        "response 201, member id is always one of one",
    ),
    # codes
    "code new": (
        "/components/responses/RateLimited/content/application~1json/schema",
        {"properties": {"error": {"properties": {"code": {"enum": ["slow_down"]}}}}},
        "wider", True, "response 429, member error.code may also be slow_down",
    ),
    "code gone": (
        "/components/responses/RateLimited/content/application~1json/schema",
        {"properties": {"error": {"properties": {"code": {"enum": ["slow_down"]}}}}},
        "narrower", False, "response 429, member error.code is never rate_limit_exceeded",
    ),
    # security
    "security required": (
        "/paths/~1openapi.json/get/security", [{"bearerAuth": []}], "narrower", True,
        "security is required",
    ),
    "security not required": (f"{CALLS}/security", [], "wider", False, "security is not required"),
    "another scheme": (
        "/components/securitySchemes/bearerAuth",
        {"type": "apiKey", "in": "header", "name": "X-Key"}, "narrower", True,
        "security takes only a key in the header X-Key",
    ),
    "another scope": (
        f"{CALLS}/security", [{"bearerAuth": ["calls:write", "admin"]}], "narrower", True,
        "security requires the scope admin",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", ROWS)
def test_a_drift_of_each_kind_is_found(name: str) -> None:
    """With its kind, its sentence, and whether it breaks clients."""
    pointer, value, kind, breaks, sentence = ROWS[name]
    told = document()
    place, _, last = pointer.rpartition("/")
    owner = at(told, place)
    key: Any = int(last) if isinstance(owner, list) else last.replace("~1", "/")
    if value is None:
        del owner[key]
    else:
        owner[key] = value
    found = lines(told)
    assert any(each[:2] == (kind, breaks) and each[2].startswith(sentence) for each in found), found


def test_all_kinds_appear_in_the_table() -> None:
    """Each kind breaks clients somewhere; only what is new and gone is on both sides alike."""
    assert {row[2] for row in ROWS.values()} == {str(kind) for kind in Kind}
    assert {row[2] for row in ROWS.values() if row[3]} == {str(kind) for kind in Kind}


def test_equal_changes_are_one_with_all_their_operations() -> None:
    """A schema that many operations share is one line."""
    told = document()
    at(told, f"{CALL}/properties/id")["type"] = ["string", "null"]
    (change,) = [
        each for each in found_in(told).changes if each.subject == "response 201, member id"
    ]
    assert change.routes == ("POST /calls",)
    told["components"]["responses"]["NotFound"]["content"] = {"text/html": {}}
    (change,) = [each for each in found_in(told).changes if each.kind is Kind.GONE]
    assert len(change.routes) > 50
    assert found_in(told).changes[-1].id != change.id


# --- hostile documents ----------------------------------------------------------------------------


def _chain(name: str, count: int) -> Document:
    """Schemas of which each contains the next twice: 2 ** count parts."""
    schemas: Document = {
        f"{name}{number}": {"allOf": [{"$ref": f"#/components/schemas/{name}{number + 1}"}] * 2}
        for number in range(count)
    }
    return schemas | {f"{name}{count}": {"type": "object"}}


LOOP = {"$ref": "#/components/schemas/Loop"}
HOSTILE_SCHEMAS: dict[str, Any] = {
    "itself": {"$ref": f"#{CALL}"},
    "a loop": LOOP,
    "its own part": {"allOf": [{"$ref": f"#{CALL}"}], "properties": {"id": {"type": "string"}}},
    "a member of itself": {"properties": {"id": {"$ref": f"#{CALL}"}}},
    "twice the next": {"$ref": "#/components/schemas/Deep0"},
    "elsewhere": {"$ref": "https://example.com/schema.json"},
    "nowhere": {"$ref": "#/components/schemas/None"},
    "a number": 5,
    "wrong keywords": {"type": 5, "enum": 3, "required": "id", "properties": [], "minLength": "x"},
    "many": {"anyOf": [{"type": "string"}] * 3000},
}


@pytest.mark.parametrize("name", HOSTILE_SCHEMAS)
def test_a_hostile_schema_is_read_within_bounds(name: str) -> None:
    """Cycles, explosions and wrong types neither hang nor crash the comparison."""
    told = document()
    told["components"]["schemas"] |= {"Loop": LOOP, **_chain("Deep", 25)}
    told["components"]["schemas"]["Call"] = HOSTILE_SCHEMAS[name]
    assert found_in(told).changes


JUNK: list[Any] = [
    None, True, -1, "x", "#/", [], {}, [None], [[[]]], {"$ref": 5}, {"type": [5, None]},
    {"enum": [{}, [], None]}, {"allOf": 5}, {"anyOf": [None, 5]}, {"minimum": "x"}, {"in": 5},
    {"exclusiveMinimum": True}, {"const": {"a": [1]}}, "\ud800", {"name": [], "in": "query"},
]  # fmt: skip


def _places(value: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place in a value below its top."""
    members: Any = value.items() if isinstance(value, dict) else enumerate(value)
    for step, member in members:
        yield (*place, step)
        if isinstance(member, dict | list):
            yield from _places(member, (*place, step))


@pytest.mark.parametrize("seed", range(5))
def test_junk_anywhere_in_a_document_is_read(seed: int) -> None:
    """Whatever has a wrong type counts as missing."""
    drawn, told = random.Random(seed), document()
    for place in drawn.sample(list(_places(told)), 300):
        value: Any = told
        with suppress(KeyError, IndexError, TypeError):  # what is above may be junk already
            for step in place[:-1]:
                value = value[step]
            value[place[-1]] = deepcopy(drawn.choice(JUNK))
    told["paths"] |= {"/calls": {"get": {"security": [{"x": JUNK}], "parameters": JUNK}}}
    assert forms.text(found_in(json.loads(json.dumps(told))), real(), "x")


def test_a_schema_that_is_too_large_is_refused() -> None:
    """Each of many parts repeats all members of the others."""
    told = document()
    members: Document = {f"m{number}": {} for number in range(2000)}
    told["components"]["schemas"]["Call"] = {
        "anyOf": [{"properties": dict(members), "title": str(number)} for number in range(2000)]
    }
    with pytest.raises(ValueError, match="larger than any that the suite compares"):
        found_in(told)


def _shared(told: Document, part: Any, places: Document) -> None:
    """Let many places of a document refer to one part."""
    told["components"]["part"] = part
    told["paths"] |= {f"/{number}": dict(places) for number in range(500)}


PART = {"$ref": "#/components/part"}
MANY: list[int] = [1] * 50_000
FANS: dict[str, tuple[Any, Document]] = {
    "parameters": ({"get": {}, "parameters": MANY}, PART),
    "contents": (
        {"content": {str(number): 1 for number in range(50_000)}},
        {"get": {"responses": {"200": PART}}},
    ),
    "security": ({}, {"get": {"security": MANY}}),
    "scopes": ({}, {"get": {"security": [{"a": MANY}]}}),
}


@pytest.mark.parametrize("name", FANS)
def test_a_large_part_of_many_operations_is_refused(name: str) -> None:
    """It is read again for each operation, which would take hours."""
    told, (part, places) = document(), FANS[name]
    _shared(told, part, places)
    with pytest.raises(ValueError, match="larger than any that the suite compares"):
        found_in(told)


@pytest.mark.parametrize("keyword", ["enum", "required"])
def test_values_count_as_work(keyword: str) -> None:
    """Joining parts takes time for each value and each name, not only for each member."""
    told = document()
    told["components"]["part"] = {keyword: [str(number) for number in range(50_000)]}
    told["components"]["schemas"]["Call"] = {"allOf": [dict(PART) for _ in range(100)]}
    with pytest.raises(ValueError, match="larger than any that the suite compares"):
        found_in(told)


def test_a_huge_text_is_cut_before_it_is_read() -> None:
    """Many references to one security scheme would read its text many times."""
    told = document()
    told["components"] |= {"part": {"type": "http", "scheme": "A" * 1_000_000}}
    told["components"]["securitySchemes"] = {str(number): PART for number in range(2000)}
    told["paths"]["/calls"]["get"]["security"] = [{str(number): []} for number in range(2000)]
    changes = [each for each in found_in(told).changes if each.subject == "security"]
    assert all(len(each.words) < 200 for each in changes)
    assert len(Description(told).operations["GET /calls"].ways) == 1


def test_the_number_of_changes_is_bounded() -> None:
    """What is left out is counted."""
    told = document()
    told["paths"] |= {f"/more/{number}": {"get": {}} for number in range(MOST + 7)}
    found = found_in(told)
    assert found.more == 7
    assert "7 more places" in forms.text(found, real(), "x")


EVIL = "</script>|`\x1b[31m##[error]\u202e" + "x" * 500


def test_texts_of_the_document_are_shown_inert_and_cut() -> None:
    """Names and values act neither on a terminal nor in Markdown."""
    told = document()
    at(told, f"{CALL}/properties/id")["enum"] = [EVIL]
    told["paths"] |= {f"/{EVIL}": {"get": {}}}
    at(told, f"{NEW_CALL}/required").append(EVIL)
    found = found_in(told)
    for shown in (forms.text(found, real(), EVIL), forms.markdown(found, real(), EVIL)):
        body = shown.partition("\n")[2]
        assert "\x1b" not in body
        assert "\u202e" not in body
        assert "x" * 200 not in body
    rows = [line for line in forms.markdown(found, real(), "x").splitlines() if "script" in line]
    assert rows
    assert all(line.count("|") == 4 and "`" in line for line in rows)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[]", "it is not a JSON object"),
        ("{", "it is not a JSON object"),
        ("[" * 600 + "]" * 600, "nested more than"),
        ('{"openapi": "2.0"}', "not an OpenAPI document of version 3"),
        ('{"swagger": "2.0"}', "not an OpenAPI document of version 3"),
        ('{"openapi": "3.1.0"}', "it describes no operation"),
        ('{"openapi": "3.1.0", "paths": {"/x": {"get": 5}}}', "it describes no operation"),
    ],
)
def test_what_is_no_document_cannot_be_compared(text: str, reason: str) -> None:
    """The error gives the reason."""
    with pytest.raises(Unjudgeable, match=reason):
        fetching.drift_of_text(real(), text)


def test_references_with_escapes_are_followed() -> None:
    """Slashes and tildes in names, and percent encoding."""
    views = Views({"a/b": {"c~d": {"e f": {"type": "string"}}}})
    assert views.view({"$ref": "#/a~1b/c~0d/e%20f"}).types == {"string"}


# --- the command ----------------------------------------------------------------------------------


class Publisher(BaseHTTPRequestHandler):
    """Serves one text at every path, compressed if ``gzips``, and notes what it was asked."""

    text = ""
    gzips = False
    asked: ClassVar[list[tuple[str, str | None]]] = []

    def do_GET(self) -> None:
        """Send the text."""
        self.asked.append((self.path, self.headers.get("Authorization")))
        body = self.text.encode()
        self.send_response(200)
        if self.gzips:
            body = gzip.compress(body)
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Log nothing."""


@pytest.fixture
def published() -> Iterator[str]:
    """The address of a server that publishes a document."""
    Publisher.asked, Publisher.gzips = [], False
    with HTTPServer(("127.0.0.1", 0), Publisher) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/api/v1"
        server.shutdown()
        thread.join()


def test_the_command_compares_what_a_target_serves(published: str, tmp_path: Path) -> None:
    """Exit code 1 for what breaks clients, 0 for anything else, 3 without a document."""
    told = document()
    Publisher.text = json.dumps(told)
    outcome = command("drift", "--url", published, cwd=tmp_path)
    assert (outcome.code, outcome.err) == (0, "")
    assert "No drift" in outcome.out
    assert "(published edition)" in outcome.out
    assert Publisher.asked == [("/api/v1/openapi.json", None)]

    at(told, f"{CALL}/properties/id")["type"] = "integer"
    Publisher.text = json.dumps(told)
    outcome = command("drift", "--url", published, "--json", cwd=tmp_path)
    said = json.loads(outcome.out)
    assert (outcome.code, said["breaking"]) == (1, len([c for c in said["changes"] if c["breaks"]]))
    assert said["contract"]["edition"] == "published"

    Publisher.text = "no"
    outcome = command("drift", "--url", published, cwd=tmp_path)
    assert outcome.code == 3
    assert "it is not a JSON object" in outcome.err


def test_a_compressed_document_may_be_as_large_as_a_plain_one(
    published: str, tmp_path: Path
) -> None:
    """The limit is that of the document, not that of other responses."""
    told = document()
    told["info"]["description"] = "x" * (BODY_LIMIT + 1)
    Publisher.text, Publisher.gzips = json.dumps(told), True
    outcome = command("drift", "--url", published, cwd=tmp_path)
    assert (outcome.code, outcome.err) == (0, "")


def test_the_command_compares_a_file(tmp_path: Path) -> None:
    """With an edition, and as Markdown; a wrong use has exit code 2."""
    file = tmp_path / "openapi.json"
    file.write_text(json.dumps(document()))
    outcome = command("drift", "--file", file, "--edition", "clients", "--markdown", cwd=tmp_path)
    assert outcome.code == 1
    assert "may also be rate_limit_exceeded" in outcome.out
    assert "(clients edition)" in outcome.out
    assert command("drift", cwd=tmp_path).code == 2
    assert command("drift", "--file", file, "--url", "http://x", cwd=tmp_path).code == 2


def test_the_reference_server_has_no_drift(tmp_path: Path) -> None:
    """It publishes the contract."""
    with servers.sandbox(tmp_path) as sandbox:
        outcome = command("drift", "--target", sandbox.target, cwd=tmp_path)
    assert (outcome.code, "No drift" in outcome.out) == (0, True), outcome.said
