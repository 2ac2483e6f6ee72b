"""The toy server keeps the toy contract. Tests of the engine rely on these facts."""

import json
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from openapi_spec_validator import validate
from werkzeug.test import Client, TestResponse

from conformance import contract
from conformance.model import Contract
from tests.toy.server import ToyServer, target

TARGET = target("http://toy.test/toy/v2")
NEW_READER = {"reader": "Sam Toy", "mail": "sam@example.com"}


@pytest.fixture
def client() -> Client:
    """A client of a fresh server whose clock stands still."""
    return Client(ToyServer(lambda: 1_800_000_000.0))


def ask(
    client: Client, method: str, path: str, key: str | None = "full", **more: Any
) -> TestResponse:
    """Send one request with the key of that name, or with that very key."""
    headers = {"X-Toy-Key": TARGET["keys"].get(key, key)} if key else {}
    return client.open(f"/toy/v2{path}", method=method, headers=headers, **more)


def kind(answer: TestResponse) -> tuple[int, str]:
    """Status and kind of a refusal, after a check of its shape."""
    assert answer.json is not None
    assert set(answer.json) == {"fault"}
    assert set(answer.json["fault"]) == {"kind", "text"}
    assert answer.json["fault"]["text"]
    return answer.status_code, answer.json["fault"]["kind"]


def walk(client: Client, key: str = "full", **query: Any) -> Iterator[list[dict[str, Any]]]:
    """The pages of the shelf, up to the one whose ``another`` is false."""
    while True:
        page = ask(client, "GET", "/books", key, query_string=query).json
        assert page is not None
        yield page["books"]
        if not page["another"]:
            return
        query["from_added"] = page["books"][-1]["added"]


def shelf(client: Client, **query: Any) -> list[dict[str, Any]]:
    """The books of a walk."""
    return [book for page in walk(client, **query) for book in page]


def rows(answer: TestResponse) -> list[dict[str, Any]]:
    """The books of a page."""
    assert answer.json is not None
    books: list[dict[str, Any]] = answer.json["books"]
    return books


def test_the_contract_loads_and_is_valid_openapi() -> None:
    """The toy directory is a contract, and its document is valid OpenAPI."""
    toy = contract.load(Path(__file__).parent / "spec")
    validate(dict(toy.document))
    assert toy.base_path == "/toy/v2"
    assert list(toy.operations) == [
        "list_books",
        "create_book",
        "read_book",
        "remove_book",
        "update_book",
        "register",
    ]
    assert {o.selector.place for o in toy.operations.values() if o.selector} == {"path"}


def rules_of(loaded: Contract) -> set[str]:
    """The rules that verify the clauses of a contract."""
    return {rule for clause in loaded.clauses.values() for rule in clause.rules}


def test_it_shares_the_rules_of_the_real_contract_and_no_name() -> None:
    """Every name that an engine could have hard-coded differs."""
    toy, real = contract.load(Path(__file__).parent / "spec"), contract.load()
    assert rules_of(toy) <= rules_of(real)
    for names in ("operations", "errors", "clauses", "page", "areas"):
        assert not set(getattr(toy, names)) & set(getattr(real, names)), names
    assert toy.authentication.header != real.authentication.header
    assert not set(toy.code_pointer) & set(real.code_pointer)
    assert not set(toy.message_pointer) & set(real.message_pointer)
    assert toy.identifier != real.identifier
    assert toy.tenant != real.tenant


@pytest.mark.parametrize("size", [1, 2, 3, 7, 10, 1000])
def test_a_walk_is_the_shelf_in_order(client: Client, size: int) -> None:
    """At any page size a walk meets every book once, oldest first, and no page is empty."""
    pages = list(walk(client, page_size=size))
    assert [book["title"] for page in pages for book in page] == [
        f"Tale {number}" for number in range(40)
    ]
    assert [len(page) for page in pages[:-1]] == [min(size, 10)] * (len(pages) - 1)
    assert pages[-1]


def test_neighbours_differ_by_a_microsecond(client: Client) -> None:
    """Only an exact cursor tells some books apart, and some times have no fraction."""
    added = [book["added"] for book in shelf(client)]
    assert len(set(added)) == 40
    assert any(older[:19] == newer[:19] for older, newer in pairwise(added))
    assert {len(stamp) for stamp in added} == {
        len("2024-05-01T09:00:00+00:00"),
        len("2024-05-01T09:00:00.000001+00:00"),
    }


@pytest.mark.parametrize(
    ("cursor", "first"),
    [
        ("2024-05-01T09:00:00+00:00", "Tale 1"),
        ("2024-05-01T09:00:00.0000009999999Z", "Tale 1"),
        ("2024-05-01T11:30:00.000001+02:30", "Tale 2"),
        ("2024-05-01T08:59:59.9999999-00:00", "Tale 0"),
        ("2024-05-01T04:30:00.0000019-04:30", "Tale 2"),
    ],
)
def test_a_cursor_is_exact(client: Client, cursor: str, first: str) -> None:
    """A page begins strictly after its cursor, whatever its digits and its offset."""
    assert (
        rows(ask(client, "GET", "/books", query_string={"from_added": cursor}))[0]["title"] == first
    )


def test_a_filter_and_a_branch_hold_on_every_page(client: Client) -> None:
    """A filter holds on every page, the other branch has six books, and the empty one has none."""
    by_author = [book["title"] for book in shelf(client, author="A Toy", page_size=3)]
    assert by_author == [f"Tale {number}" for number in range(0, 40, 2)]
    pages = list(walk(client, "other", page_size=4))
    assert [len(page) for page in pages] == [4, 2]
    assert {book["branch"] for page in pages for book in page} == {"south"}
    assert ask(client, "GET", "/books", "empty").json == {"books": [], "another": False}


@pytest.mark.parametrize(
    "query",
    [
        "page_size=0",
        "page_size=-1",
        "page_size=x",
        "page_size=",
        "from_added=soon",
        "from_added=2024-05-01T09:00:00%2B99:00",
    ],
)
def test_a_senseless_query_is_refused(client: Client, query: str) -> None:
    """An invalid page size or cursor is refused as not right."""
    assert kind(ask(client, "GET", "/books", query_string=query)) == (422, "not-right")


@pytest.mark.parametrize(
    "key",
    [None, "revoked", "expired", TARGET["keys"]["full"][:-1], "Bearer " + TARGET["keys"]["full"]],
)
@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/books"), ("POST", "/books"), ("GET", "/books/x"), ("DELETE", "/books/x")],
)
def test_a_request_without_a_valid_key_is_refused(
    client: Client, method: str, path: str, key: str | None
) -> None:
    """An absent, revoked, expired or cut key is refused, and so is a key after a scheme."""
    assert kind(ask(client, method, path, key)) == (401, "no-key")


def test_a_right_opens_its_own_operations_only(client: Client) -> None:
    """A key with one right opens the operations of that right, and a key without rights none."""
    look, change = (TARGET["scoped_keys"][right] for right in ("books:look", "books:change"))
    body = {"title": "New", "author": "A Toy"}
    assert ask(client, "GET", "/books", look).status_code == 200
    assert ask(client, "POST", "/books", change, json=body).status_code == 201
    assert kind(ask(client, "POST", "/books", look, json=body)) == (403, "no-right")
    assert kind(ask(client, "GET", "/books", change)) == (403, "no-right")
    assert kind(ask(client, "GET", "/books", "no_scope")) == (403, "no-right")


def test_a_book_is_created_changed_and_removed(client: Client) -> None:
    """A new book comes last, can be read and changed, and is gone for good once removed."""
    made = ask(client, "POST", "/books", json={"title": "New", "author": "A Toy"}).json
    assert made is not None
    address = f"/books/{made['isbn']}"
    assert ask(client, "GET", address).json == made
    assert list(walk(client))[-1][-1] == made
    changed = ask(client, "PATCH", address, json={"year": 2001})
    assert changed.status_code == 200
    assert ask(client, "GET", address).json == changed.json == made | {"year": 2001}
    assert ask(client, "DELETE", address).status_code == 200
    assert kind(ask(client, "GET", address)) == (404, "gone-missing")
    again = ask(client, "POST", "/books", json={"title": "New", "author": "A Toy"}).json
    assert again is not None
    assert again["isbn"] != made["isbn"]


def test_a_foreign_book_is_as_missing_as_an_unknown_one(client: Client) -> None:
    """Neither can be read, changed or removed, and the foreign book does not change."""
    foreign = rows(ask(client, "GET", "/books", "other"))[0]
    for isbn in (foreign["isbn"], "9999999999999"):
        for method in ("GET", "PATCH", "DELETE"):
            assert kind(ask(client, method, f"/books/{isbn}", json={"title": "Mine"})) == (
                404,
                "gone-missing",
            )
    assert rows(ask(client, "GET", "/books", "other"))[0] == foreign


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/nowhere"),
        ("PUT", "/books"),
        ("GET", "/books/"),
        ("GET", "/books/a/b"),
        ("GET", "/register"),
    ],
)
def test_an_unknown_path_or_method_is_gone_missing(client: Client, method: str, path: str) -> None:
    """The refusal has the same shape as any other."""
    assert kind(ask(client, method, path)) == (404, "gone-missing")


@pytest.mark.parametrize("lacking", ["title", "author"])
def test_a_missing_member_is_lacking(client: Client, lacking: str) -> None:
    """A new book without a title or an author is refused as lacking."""
    body = {name: "x" for name in ("title", "author") if name != lacking}
    assert kind(ask(client, "POST", "/books", json=body)) == (422, "lacking")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"\xff",
        b"[]",
        b"null",
        b'"x"',
        b"[" * 100_000,
        b'{"title": "\\ud800", "author": "x"}',
        b'{"title": NaN, "author": "x"}',
        b'{"title": "", "author": "x"}',
        b'{"title": null, "author": "x"}',
        b'{"title": {"not": "a string"}, "author": "x"}',
        b'{"title": "x", "author": "x", "year": true}',
        b'{"title": "x", "author": "x", "year": 1.5}',
        b'{"title": "x", "author": "x", "year": 1e999}',
        b'{"title": "x", "author": "x", "year": ' + b"9" * 5000 + b"}",
    ],
)
def test_an_odd_body_is_refused_and_breaks_nothing(client: Client, body: bytes) -> None:
    """No body makes the library fail, and no refused book is stored."""
    assert kind(ask(client, "POST", "/books", data=body, content_type="application/json")) == (
        422,
        "not-right",
    )
    assert sum(len(page) for page in walk(client)) == 40


def test_an_odd_text_is_stored_unchanged(client: Client) -> None:
    """An odd text is still a text, so the library stores it and serves it unchanged."""
    title = "\0 ' \" % 𝔗 <b>"
    made = ask(client, "POST", "/books", json={"title": title, "author": "x"}).json
    assert made is not None
    assert made["title"] == title
    assert ask(client, "GET", f"/books/{made['isbn']}").json == made


def test_three_registrations_a_minute_come_from_one_address(client: Client) -> None:
    """A fourth one is refused, another address is not, and a minute later the first can again."""

    def register(address: str = "127.0.0.1") -> TestResponse:
        return ask(
            client,
            "POST",
            "/register",
            None,
            json=NEW_READER,
            environ_base={"REMOTE_ADDR": address},
        )

    assert [register().status_code for _ in range(3)] == [201, 201, 201]
    assert kind(register()) == (429, "too-often")
    assert register("127.0.0.2").status_code == 201
    for seconds, status in ((59, 429), (1, 201)):
        assert client.post("/clock", json={"seconds": seconds}).status_code == 200
        assert register().status_code == status


def test_a_token_is_a_key_of_its_own_branch(client: Client) -> None:
    """A new reader gets a token that opens an empty branch."""
    reader = ask(client, "POST", "/register", None, json=NEW_READER).json
    assert reader is not None
    assert ask(client, "GET", "/books", reader["token"]).json == {"books": [], "another": False}


def test_keys_are_long_and_distinct() -> None:
    """Every key has the prefix and 24 characters or more, so that redaction can find it."""
    keys = [*TARGET["keys"].values(), *TARGET["scoped_keys"].values()]
    assert len(set(keys)) == 8
    assert all(key.startswith("toy-") and len(key) >= 28 for key in keys)
    assert json.loads(json.dumps(TARGET)) == TARGET


def test_a_fault_is_one_overridden_method() -> None:
    """Overriding one method breaks one promise."""

    class Forgetful(ToyServer):
        def another(self, rows: list[dict[str, Any]], size: int) -> bool:
            return False

    assert len(list(walk(Client(Forgetful(lambda: 0.0)), page_size=3))) == 1
