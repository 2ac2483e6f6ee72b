"""The shards of a fleet, and the matrix of a CI job with them."""

from __future__ import annotations

import math

from conformance.fleet.plan import Fleet, Member

MOST = 256
"""Maximum number of jobs in a matrix of GitHub."""
PER_SHARD = 10
"""Average number of targets of a shard, unless that would need more than MOST shards."""


def number_for(fleet: Fleet, asked: int | None) -> int:
    """The number of shards: ``asked``, or one for every PER_SHARD targets, but at most MOST."""
    return asked or min(MOST, math.ceil(len(fleet.targets) / PER_SHARD))


def members(fleet: Fleet, number: int, of: int) -> list[Member]:
    """The targets of a shard."""
    return [member for member in fleet.targets if member.is_in(number, of)]


def matrix(fleet: Fleet, of: int) -> dict[str, list[str]]:
    """The matrix of a GitHub job, with the shards that have a target."""
    used = [number for number in range(1, of + 1) if members(fleet, number, of)]
    return {"shard": [f"{number}/{of}" for number in used]}
