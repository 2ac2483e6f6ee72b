"""The contract, and a client of a new server for each test."""

from __future__ import annotations

import pytest

from conformance.contract import load
from conformance.model import Contract
from conformance.server import application
from tests.server.sandbox import Api


@pytest.fixture(scope="session")
def contract() -> Contract:
    """The packaged contract."""
    return load()


@pytest.fixture
def api(contract: Contract) -> Api:
    """A client of a new server."""
    return Api(application(contract))
