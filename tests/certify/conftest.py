"""A quick run with its bundle, and a challenged run with time stamps."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from conformance.certify.keys import VENDOR
from tests.certify import stories
from tests.certify.bundles import Lab, assembled, small_contract, zipped
from tests.certify.stories import Story
from tests.servers import command, run_of


@pytest.fixture(scope="session")
def quick_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory of a quick run of the embedded server."""
    directory = tmp_path_factory.mktemp("quick")
    outcome = command("run", "--depth", "quick", cwd=directory)
    assert outcome.code == 0, outcome.said
    return run_of(directory)


@pytest.fixture(scope="session")
def lab(quick_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Lab:
    """That run, a contract with a profile that it meets, and the bundle that a vendor signed."""
    contract = small_contract(quick_run)
    directory = tmp_path_factory.mktemp("lab")
    unsigned, payload = assembled(quick_run, contract, directory / "unsigned")
    bundle = zipped(unsigned, payload, directory / "bundle.zip", namespace=VENDOR)
    return Lab(quick_run, contract, unsigned, payload, bundle)


@pytest.fixture(scope="session")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    """A run that was frozen, challenged and stamped."""
    with stories.made(tmp_path_factory.mktemp("story")) as told:
        yield told
