"""Errors: unknown routes, faults of the server, and messages."""

from __future__ import annotations

from typing import Any

import pytest
from werkzeug.test import Client

from conformance.model import Contract
from conformance.server import Application, application
from tests.server.sandbox import Api, refused


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "TRACE", "PUT", "DELETE", "QUERY", "get"])
def test_an_unknown_method_is_404(api: Api, method: str) -> None:
    """A method that a path does not have is not found; the answer to HEAD has no body."""
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
def test_an_unknown_path_is_404(api: Api, path: str) -> None:
    """A path that the contract does not have is not found, even without a key."""
    assert refused(api.client.get(path), 404, "not_found")


def test_a_fault_of_the_server_reveals_no_detail(contract: Contract) -> None:
    """An exception becomes an error in the envelope with a fixed message."""

    class Broken(Application):
        def maximum(self, operation: Any) -> int:
            raise ValueError("secret detail")

    app = application(contract)
    broken = Api(app)
    broken.client = Client(Broken(contract, app.store, app.clock, app.extras))
    response = broken.get("/calls")
    assert refused(response, 500, "internal_error")
    assert "secret" not in response.text


def test_a_message_never_repeats_the_request(api: Api) -> None:
    """An error shows neither the values nor the key of the request."""
    for response in (
        api.get("/calls", "kc_live_marker"),
        api.get("/calls", id="marker"),
        api.get("/calls", limit="marker"),
    ):
        assert response.status_code >= 400
        assert "marker" not in response.text
