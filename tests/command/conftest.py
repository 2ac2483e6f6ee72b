"""What the tests of the command share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests import servers
from tests.servers import Sandbox


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """A process of `serve`, shared by the tests that only read."""
    with servers.sandbox(tmp_path_factory.mktemp("sandbox")) as running:
        yield running
