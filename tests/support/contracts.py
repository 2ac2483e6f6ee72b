"""The two contracts that the tests use, and the targets that go with them."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from conformance import contract
from conformance.checks import RULES
from conformance.model import Contract, Declaration, Effect, Operation
from conformance.server import application, target_file
from conformance.target import Target, from_file

TOY = Path(__file__).parent.parent / "toy" / "spec"
URL = "https://api.example.test/api/v1"
TARGET = Declaration(
    name="example",
    url=URL,
    allow=frozenset(Effect),
    keys=frozenset({"full", "other"}),
    full_declared=True,
    businesses={"main": "b_main", "other": "b_other"},
    phone_numbers=("+12025550101",),
    maximum={"list_calls": 3},
)
"""The target of the examples. Nothing runs against it."""


@cache
def real() -> Contract:
    """The contract in ``spec/``."""
    return contract.load(rules=frozenset(RULES))


@cache
def toy() -> Contract:
    """The small contract in ``tests/toy/spec``."""
    return contract.load(TOY, frozenset(RULES))


CONTRACTS = {"real": real, "toy": toy}


def contract_of(name: str) -> Contract:
    """One of the two contracts."""
    return CONTRACTS[name]()


@cache
def operations() -> Mapping[str, Operation]:
    """The operations of both contracts by id; the real contract wins."""
    return {**toy().operations, **real().operations}


@cache
def embedded(name: str = "real") -> Target:
    """The embedded server of a contract as a target with every effect allowed and every key."""
    loaded = contract_of(name)
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "target.yaml"
        path.write_text(
            target_file(application(loaded), f"http://127.0.0.1:1{loaded.base_path}"),
            encoding="utf-8",
        )
        return from_file(loaded, path)
