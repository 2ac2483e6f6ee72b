"""What a run remembers of its target."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from conformance.model import Case
from conformance.suite.ids import Id

RETRIES_IN_A_RUN = 20
"""Requests of a run that are repeated with other values if an object was not found."""

Values = dict[str, Any]
"""Values for the parameters of an operation, by name."""


@dataclass
class Memory:
    """What a run remembers. One memory serves all cases of the run."""

    cases: tuple[Case, ...] = ()
    retries: int = RETRIES_IN_A_RUN
    created: dict[str, Id | None] = field(default_factory=dict)  # an object of our own, by kind
    spare: dict[str, Id] = field(default_factory=dict)  # the next one to delete, by kind
    lists: dict[tuple[str, str], list[Any]] = field(default_factory=dict)  # by kind and key
    listings: dict[tuple[str, str], Values | None] = field(default_factory=dict)
    readable: dict[tuple[str, str], Id] = field(default_factory=dict)  # by operation and key
    ends: dict[str, dict[str, Any]] = field(default_factory=dict)  # by list, a cursor near its end
    used: dict[str, list[Id]] = field(default_factory=dict)  # by pool, the latest last
