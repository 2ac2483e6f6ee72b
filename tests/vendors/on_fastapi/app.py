"""The application: its routes, and what becomes of exceptions."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exception_handlers import (
    http_exception_handler,
    request_validation_exception_handler,
)
from fastapi.exceptions import HTTPException, RequestValidationError
from fastapi.responses import JSONResponse, PlainTextResponse
from starlette.exceptions import HTTPException as AnyHttp

from tests.vendors.on_fastapi import hooks, leads, others, people
from tests.vendors.on_fastapi.access import ProblemError
from tests.vendors.on_fastapi.store import Store, on

BASE = "/api/v1"
CLOCK = "/clock"


async def problem(request: Request, error: ProblemError) -> Response:
    """An error of the API."""
    path = request.url.path.removeprefix(BASE)
    if on("detail-404") and path == "/agents" and request.method == "GET" and error.status == 404:
        return await http_exception_handler(request, HTTPException(404, "Agent not found"))
    if on("limiter-text") and error.status == 429:
        return JSONResponse({"error": "Rate limit exceeded: 5 per 1 hour"}, 429)
    return JSONResponse(error.body(), error.status)


async def invalid(request: Request, error: RequestValidationError) -> Response:
    """A request that fails its validation."""
    path = request.url.path.removeprefix(BASE)
    if on("validation-422") and path.startswith("/webhooks"):
        return await request_validation_exception_handler(request, error)
    faults: Any = error.errors()
    missing = any(fault["type"] == "missing" for fault in faults)
    new_lead = path == "/leads" and request.method == "POST"
    if on("one-code-for-both") and new_lead:
        missing = False
    place = ".".join(str(part) for part in faults[0]["loc"])
    code = "bad_request" if missing else "invalid_request"
    text = f"{ascii(place)[1:-1][:80]}: it is {'missing' if missing else 'not valid'}"
    return JSONResponse(ProblemError(code, text).body(), 400)


async def unrouted(request: Request, error: AnyHttp) -> Response:
    """A path or method that is not there, or a body that is not JSON at all."""
    if on("unrouted-detail") and error.status_code in (404, 405):
        return await http_exception_handler(request, error)
    code = "not_found" if error.status_code in (404, 405) else "invalid_request"
    return JSONResponse(ProblemError(code, str(error.detail)).body(), error.status_code)


async def crashed(request: Request, error: Exception) -> Response:
    """An exception that nobody expected."""
    if isinstance(error, people.ProviderDownError):
        return PlainTextResponse("Internal Server Error", 500)
    return JSONResponse(ProblemError("internal_error", "Something went wrong").body(), 500)


async def half(request: Request, error: UnicodeEncodeError) -> Response:
    """A text with half a character, which cannot be stored."""
    if on("surrogate-crashes"):
        return await crashed(request, error)
    return JSONResponse(ProblemError("invalid_request", "A text is not valid Unicode").body(), 400)


async def tick(request: Request) -> Response:
    """Move the clock of the sign-up limit."""
    request.app.state.moved += (await request.json())["seconds"]
    return JSONResponse({"moved": request.app.state.moved})


def build(store: Store) -> FastAPI:
    """The application over a store."""
    app = FastAPI(title="Calls", openapi_url=f"{BASE}/openapi.json", docs_url=None, redoc_url=None)
    app.state.store, app.state.moved = store, 0
    for module in (people, leads, hooks, others):
        app.include_router(module.router, prefix=BASE)
    app.add_route(CLOCK, tick, methods=["POST"])
    handlers: Any = {
        ProblemError: problem,
        RequestValidationError: invalid,
        AnyHttp: unrouted,
        UnicodeEncodeError: half,
        Exception: crashed,
    }
    for kind, handler in handlers.items():
        app.add_exception_handler(kind, handler)
    return app
