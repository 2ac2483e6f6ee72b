"""A GitHub for the tests of a module."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.ci.fake_github import FakeGitHub, github


@pytest.fixture(scope="module")
def running() -> Iterator[FakeGitHub]:
    """A GitHub for all tests of a module."""
    with github() as one:
        yield one


@pytest.fixture
def fake(running: FakeGitHub) -> FakeGitHub:
    """A GitHub without any comment."""
    running.forget()
    return running
