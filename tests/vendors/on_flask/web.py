"""What all routes need: errors, the key of a request, its body, and pages of lists."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from functools import wraps
from typing import Any

from flask import Response, abort, current_app, g, jsonify, request, session

from tests.vendors.on_flask.data import Data, Thing, wrong

PHONE = re.compile(r"\+[1-9][0-9]{6,14}")
EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


class ApiError(Exception):
    """An error of the API."""

    def __init__(self, status: int, code: Any, message: str, **more: Any) -> None:
        super().__init__(message)
        self.status, self.code, self.message, self.more = status, code, message, more

    def response(self) -> Response:
        """The envelope."""
        body = {"error": {"code": self.code, "message": self.message}, **self.more}
        answer = jsonify(body)
        answer.status_code = self.status
        return answer


def data() -> Data:
    """The data of the application."""
    found: Data = current_app.config["DATA"]
    return found


def missing(name: str) -> ApiError:
    """A required parameter is missing."""
    return ApiError(400, "bad_request", f"{name} is required")


def invalid(name: str) -> ApiError:
    """A parameter is not valid."""
    return ApiError(400, "invalid_request", f"{name} is not valid")


# --- keys -----------------------------------------------------------------------------------------


def needs(scope: str | None) -> Callable[[Callable[[], Any]], Callable[[], Any]]:
    """A decorator: the request needs a valid key, and one with the scope."""

    def decorate(view: Callable[[], Any]) -> Callable[[], Any]:
        @wraps(view)
        def checked() -> Any:
            open_to_all = wrong("decorators-swapped") and view.__name__ == "recording"
            if open_to_all:
                g.business = None
            else:
                identify()
                if scope is not None:
                    require(scope)
            return view()

        return checked

    return decorate


def identify() -> None:
    """Find the key of the request. Raises ApiError if it is not valid."""
    words = request.headers.get("Authorization", "").split(" ")
    refused = ApiError(401, "unauthorized", "Invalid or expired API key")
    if len(words) != 2 or (words[0] != "Bearer" and not wrong("scheme-ignored")):
        raise refused
    key = lookup(words[1])
    if key is None or (key["expires_at"] and key["expires_at"] < datetime.now(UTC).isoformat()):
        raise refused
    if key["revoked"] and not (wrong("revoked-for-sms") and request.path.endswith(SMS)):
        raise refused
    g.business, g.scopes = key["business_id"], json.loads(key["scopes"])
    session["last"] = request.path


SMS = ("/sms/send", "/sms/conversations", "/sms/messages")


def lookup(token: str) -> Any:
    """The row of a key."""
    column, value = "token", token
    if wrong("key-in-any-case"):
        column, value = "lower(token)", token.lower()
    if wrong("key-by-its-beginning") and request.path.endswith("/workspaces"):
        column, value = "substr(token, 1, 24)", token[:24]
    query = f"SELECT * FROM keys WHERE {column} = ?"
    return data().db.execute(query, (value,)).fetchone()


def require(scope: str) -> None:
    """Raises ApiError if the key lacks a scope."""
    if scope in g.scopes:
        return
    if wrong("no-scopes-means-all") and scope.startswith("evals:") and not g.scopes:
        return
    if wrong("html-403") and request.path.endswith("/update-prompt"):
        abort(403)
    own = wrong("code-of-its-own") and request.path.endswith("/sms/messages")
    raise ApiError(403, "insufficient_scope" if own else "forbidden", f"Missing scope {scope}")


# --- input ----------------------------------------------------------------------------------------


def body() -> Thing:
    """The body as an object. Raises ApiError for another value."""
    try:
        content = request.get_json()
    except RecursionError:
        if wrong("deep-body-crashes"):
            raise
        raise invalid("body") from None
    if not isinstance(content, dict):
        if wrong("get-of-a-list") and request.path.endswith("/leads") and request.method == "POST":
            raise AttributeError("get")
        raise invalid("body")
    if not wrong("infinity-stored"):
        try:
            json.dumps(content, allow_nan=False)  # json reads a number too large as infinite
        except ValueError:
            raise invalid("body") from None
    return content


def text(content: Thing, name: str, required: bool = False) -> str | None:
    """A text of the body."""
    value = content.get(name)
    if value is None:
        if required:
            raise missing(name)
        return None
    if not isinstance(value, str) or (required and not value.strip()):
        raise invalid(name)
    try:
        value.encode()
    except UnicodeEncodeError:
        raise invalid(name) from None
    return value


def argument(name: str) -> str | None:
    """A text of the query; an empty one is none."""
    return request.args.get(name) or None


def whole(name: str, least: int = -10_000, most: int = 1_000_000) -> int | None:
    """A whole number of the query."""
    value = argument(name)
    if value is None:
        return None
    if not re.fullmatch(r"-?[0-9]{1,30}", value) or not value.isascii():
        raise invalid(name)
    if not least <= int(value) <= most and not wrong("huge-score"):
        raise invalid(name)
    return int(value)


def moment(name: str) -> str | None:
    """A moment of the query as it is stored, or None if it cannot be read."""
    value = argument(name)
    try:
        read = datetime.fromisoformat((value or "").replace(" ", "+"))
        read = read if read.tzinfo else read.replace(tzinfo=UTC)
        return read.astimezone(UTC).isoformat(timespec="microseconds")
    except (ValueError, OverflowError):
        return None


def owned(table: str, id_: Any, anybody: bool = False) -> Thing:
    """A row of the business. Raises ApiError if it has none with this id."""
    thing = data().find(table, id_, None if anybody or g.business is None else g.business)
    if thing is None:
        raise ApiError(404, "not_found", f"Nothing in {table} has this id")
    return thing


def own_business(name: str | None) -> None:
    """Raises ApiError if a request names another business."""
    if name is not None and name != g.business:
        raise ApiError(403, "forbidden", "The key has no access to this business")
