"""A challenged run with time stamps, which several tests look at."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.certify import stories
from tests.certify.stories import Story


@pytest.fixture(scope="session")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    """A run that was frozen, challenged and stamped."""
    with stories.made(tmp_path_factory.mktemp("story")) as told:
        yield told
