"""All faults."""

from tests.faults import (
    answers,
    deep_answers,
    deep_cursor,
    deep_doors,
    deep_filters,
    deep_limits,
    deep_odd,
    deep_pages,
    deep_refused,
    deep_shared,
    deep_sides,
    deep_tenants,
    deep_writes,
    doors,
    effects,
    endpoints,
    lists,
)
from tests.faults.base import FAULTS, Fault

__all__ = [
    "FAULTS",
    "Fault",
    "answers",
    "deep_answers",
    "deep_cursor",
    "deep_doors",
    "deep_filters",
    "deep_limits",
    "deep_odd",
    "deep_pages",
    "deep_refused",
    "deep_shared",
    "deep_sides",
    "deep_tenants",
    "deep_writes",
    "doors",
    "effects",
    "endpoints",
    "lists",
]
