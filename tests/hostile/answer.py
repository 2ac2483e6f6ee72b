"""An answer of the right server, and how a mode changes it; answers that stand in for it."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Any


@dataclass(frozen=True)
class Answer:
    """An answer of the right server."""

    status: int
    reason: str
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def wire(self) -> bytes:
        """The answer as it goes onto the wire."""
        return self.head() + self.body

    def head(self) -> bytes:
        """Status line and headers, with the empty line."""
        headers = [f"{name}: {value}" for name, value in self.headers]
        lines = [f"HTTP/1.1 {self.status} {self.reason}", *headers, "", ""]
        return "\r\n".join(lines).encode("utf-8", "surrogatepass")

    def having(self, body: bytes | None = None, **headers: str | None) -> Answer:
        """The answer with another body, and with headers changed; None takes one out.

        An underscore in a name stands for a dash. The length fits the body unless it is given.
        """
        changed = {name.replace("_", "-"): value for name, value in headers.items()}
        if body is not None:
            changed = {"Content-Length": str(len(body)), **changed}
        names = {name.lower() for name in changed}
        kept = [pair for pair in self.headers if pair[0].lower() not in names]
        kept += [(name, value) for name, value in changed.items() if value is not None]
        return replace(self, headers=tuple(kept), body=self.body if body is None else body)

    def with_more(self, count: int, value: str) -> Answer:
        """The answer with more headers, all of one value."""
        more = tuple((f"X-More-{number}", value) for number in range(count))
        return replace(self, headers=(*self.headers, *more))

    @property
    def json(self) -> Any:
        """The body as data; None if it is no JSON."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None

    def telling(self, value: Any) -> Answer:
        """The answer with some data as its body."""
        return self.having(json.dumps(value).encode())

    def adding(self, **members: Any) -> Answer:
        """The answer with more members; as it is where the body is no object."""
        known = self.json
        return self.telling({**known, **members}) if isinstance(known, dict) else self

    def saying(self, message: str) -> Answer:
        """An error with another message; as it is where it is no error."""
        known = self.json
        if not isinstance(known, dict) or not isinstance(known.get("error"), dict):
            return self
        return self.telling({**known, "error": {**known["error"], "message": message}})


def page(status: int, reason: str, text: str = "") -> Answer:
    """An answer with a page for people."""
    body = (text or f"<html><body><h1>{status} {reason}</h1></body></html>").encode()
    headers = (("Content-Type", "text/html"), ("Content-Length", str(len(body))))
    return Answer(status, reason, headers, body)


def error(status: int, code: str, **headers: str) -> Answer:
    """An error as the contract wants it."""
    body = json.dumps({"error": {"code": code, "message": "Something is wrong."}}).encode()
    first = (("Content-Type", "application/json"), ("Content-Length", str(len(body))))
    more = ((name.replace("_", "-"), value) for name, value in headers.items())
    return Answer(status, "Error", (*first, *more), body)
