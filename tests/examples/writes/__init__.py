"""Examples of writes: what is created, changed and deleted, and what refusals leave alone."""

from tests.examples.writes import (
    changed,
    created,
    deleted,
    lasting,
    neighbours,
    read_back,
    refusals,
    shown,
)

__all__ = [
    "changed",
    "created",
    "deleted",
    "lasting",
    "neighbours",
    "read_back",
    "refusals",
    "shown",
]
