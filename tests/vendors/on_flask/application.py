"""The application: blueprints, and what becomes of exceptions."""

from __future__ import annotations

from typing import Any

from flask import Flask, request
from werkzeug.exceptions import HTTPException

from tests.vendors.on_flask import others, people, workspaces
from tests.vendors.on_flask.data import Data, lock, wrong
from tests.vendors.on_flask.web import ApiError

BASE = "/api/v1"
CRASHES = {
    ("POST", "/evals"): "key-error",
    ("GET", "/evals"): "limit-crashes",
    ("POST", "/workspaces"): "strip-of-a-number",
    ("POST", "/leads"): "get-of-a-list",
    ("GET", "/leads"): "huge-score",
    ("GET", "/recordings"): "nul-in-a-path",
}
"""Where a crash shows the HTML page of Flask."""


def keeps_page(error: HTTPException) -> bool:
    """Whether the HTML page of an error goes out."""
    path = request.path.removeprefix(BASE)
    if error.code == 404:
        return wrong("html-404")
    if error.code == 405:
        return wrong("html-405")
    if error.code == 400:
        return wrong("html-400") and path == "/workspaces" and request.method == "POST"
    if error.code == 415:
        return wrong("html-415") and path == "/workspaces" and request.method == "PATCH"
    return error.code == 403


def unhandled(error: HTTPException) -> Any:
    """An error of the framework, as the API says it."""
    if keeps_page(error) or (error.code or 500) < 400:
        return error
    code = "not_found" if error.code in (404, 405) else "invalid_request"
    text = error.description or "The request cannot be read"
    return ApiError(error.code or 400, code, text).response()


def crashed(error: Exception) -> Any:
    """An exception that nobody expected."""
    name = CRASHES.get((request.method, request.path.removeprefix(BASE)))
    if name is not None and wrong(name):
        page = "<!doctype html>\n<title>500 Internal Server Error</title>\n"
        return page + "<h1>Internal Server Error</h1>\n", 500
    return ApiError(500, "internal_error", "Something went wrong").response()


def locked(application: Any) -> Any:
    """A WSGI application that serves one request at a time."""

    def serve(environ: Any, start_response: Any) -> Any:
        with lock:
            return application(environ, start_response)

    return serve


def build(data: Data) -> Flask:
    """The application over its data."""
    app = Flask("vendor")
    app.config.update(DATA=data, SECRET_KEY="not so secret")
    for module in (workspaces, people, others):
        app.register_blueprint(module.routes, url_prefix=BASE)
    app.register_error_handler(ApiError, lambda error: error.response())
    app.register_error_handler(HTTPException, unhandled)
    app.register_error_handler(Exception, crashed)
    app.wsgi_app = locked(app.wsgi_app)  # type: ignore[method-assign]
    return app
