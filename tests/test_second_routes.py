"""The second server has what the contract has, and is written without it."""

from __future__ import annotations

from pathlib import Path

from tests.second.actions import SIGNUP
from tests.second.intake import ROUTES
from tests.second.lists import register
from tests.second.wire import PUBLIC
from tests.support.contracts import real

ROOT = Path(__file__).parent.parent


def test_the_second_server_has_the_operations_of_the_contract() -> None:
    """It has every method of every path of the contract, and no other."""
    register()
    routes = {(method, path) for path, methods in ROUTES.items() for method in methods}
    operations = real().operations.values()
    assert routes == {(operation.method, operation.path) for operation in operations}


def test_the_second_server_has_the_parameters_of_the_contract() -> None:
    """Its forms have every parameter of every operation."""
    register()
    for operation in real().operations.values():
        route = ROUTES[operation.path][operation.method]
        body = SIGNUP if operation.path == PUBLIC else route.body
        known = {
            "query": set(route.query.fields),
            "body": set(body.fields) if body else set(),
            "header": {"Idempotency-Key"},
        }
        missing = [p.name for p in operation.parameters if p.name not in known[p.place]]
        assert not missing, operation.id


def test_the_second_server_is_independent() -> None:
    """It imports nothing of the suite and opens none of its files."""
    for module in sorted((ROOT / "tests" / "second").glob("*.py")):
        text = module.read_text(encoding="utf-8")
        assert "import conformance" not in text
        assert "from conformance" not in text
        assert "spec/" not in text
