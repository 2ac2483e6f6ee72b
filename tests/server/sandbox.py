"""Helpers of the tests of the reference server: a client in process."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from werkzeug.test import Client, TestResponse

from conformance.server import Application, declaration

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
        """Send a request below the base path, with the key of that name, or with that very key."""
        headers = dict(rest.pop("headers", {}))
        if key:
            headers["Authorization"] = f"Bearer {self.keys.get(key, key)}"
        return self.client.open(BASE + path, method=method, headers=headers, **rest)

    def get(self, path: str, key: str | None = "full", **query: Any) -> TestResponse:
        """Send a GET request with a query."""
        return self.send("GET", path, key, query_string=query)

    def walk(
        self, path: str, collection: str, key: str = "full", **query: Any
    ) -> list[dict[str, Any]]:
        """Every item of a list, read page by page."""
        items: list[dict[str, Any]] = []
        while True:
            page = self.get(path, key, **query).json or {}
            items += page[collection]
            if not page["has_more"]:
                return items
            assert page[collection]
            query["after"] = items[-1]["created_at"]

    def agent(self, key: str = "full") -> str:
        """The id of the newest agent that a key can list."""
        page = self.get("/agents", key, limit=1).json or {}
        return str(page["agents"][0]["id"])

    def forward(self, seconds: Any) -> TestResponse:
        """Move the clock forward by some seconds."""
        return self.client.post("/_sandbox/clock", json={"seconds": seconds})


def refused(response: TestResponse, status: int, code: str) -> bool:
    """Whether an answer is an error in the envelope, with this status and code."""
    assert response.content_type == "application/json"
    error = (response.json or {})["error"]
    assert (response.status_code, error["code"]) == (status, code)
    return isinstance(error["message"], str) and error["message"] != ""


def sign_up(
    api: Api, address: str = "127.0.0.1", headers: Mapping[str, str] | None = None, **more: Any
) -> TestResponse:
    """Send a sign-up from an address, with more members in its body."""
    return api.send(
        "POST",
        "/signup",
        None,
        json={**ACCOUNT, **more},
        headers=headers or {},
        environ_overrides={"REMOTE_ADDR": address},
    )
