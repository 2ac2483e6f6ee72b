"""A small GitHub: the comments of one pull request, over real HTTP."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

from tests.servers import serving

TOKEN = "ghs_token"
ISSUES = "/repos/example/calls/issues"


@dataclass
class FakeGitHub:
    """The comments of pull request 7 of example/calls, and what was asked of them.

    ``refuses`` is a status that every write gets, as from a fork.
    """

    comments: list[dict[str, Any]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    refuses: int = 0
    url: str = ""

    def forget(self) -> None:
        """Become as at the beginning, at the same address."""
        self.comments.clear()
        self.asked.clear()
        self.refuses = 0

    def post(self, body: str, author: str = "github-actions[bot]", kind: str = "Bot") -> None:
        """Add a comment."""
        user = {"login": author, "type": kind}
        self.comments.append({"id": 100 + len(self.comments), "user": user, "body": body})

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
        self.asked.append(f"{method} {path}")
        status, value = self._respond(method, path, environ)
        start_response(f"{status} -", [("Content-Type", "application/json")])
        return [json.dumps(value).encode()]

    def _respond(self, method: str, path: str, environ: dict[str, Any]) -> tuple[int, Any]:
        if environ.get("HTTP_AUTHORIZATION") != f"Bearer {TOKEN}":
            return 401, {"message": "Bad credentials"}
        if method == "GET" and path == f"{ISSUES}/7/comments":
            page = int(parse_qs(environ["QUERY_STRING"])["page"][0])
            return 200, self.comments[(page - 1) * 100 : page * 100]
        if self.refuses:
            return self.refuses, {"message": "Resource not accessible by integration"}
        return self._write(method, path, json.loads(environ["wsgi.input"].read())["body"])

    def _write(self, method: str, path: str, body: str) -> tuple[int, Any]:
        if len(body) > 65_536:
            return 422, {"message": "body is too long"}
        if method == "POST" and path == f"{ISSUES}/7/comments":
            self.post(body)
            return 201, self.comments[-1]
        found = [each for each in self.comments if path == f"{ISSUES}/comments/{each['id']}"]
        if method != "PATCH" or not found:
            return 404, {"message": "Not Found"}
        found[0]["body"] = body
        return 200, found[0]


@contextmanager
def github() -> Iterator[FakeGitHub]:
    """A running one."""
    fake = FakeGitHub()
    with serving(fake) as fake.url:
        yield fake
