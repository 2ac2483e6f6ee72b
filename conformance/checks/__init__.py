"""The judges. Importing this package registers every rule in ``RULES``."""

from conformance.checks import (
    access,
    effects,
    envelope,
    limits,
    lists,
    paging,
    requests,
    success,
    tenants,
    writes,
)
from conformance.checks.base import RULES, Rule

__all__ = [
    "RULES",
    "Rule",
    "access",
    "effects",
    "envelope",
    "limits",
    "lists",
    "paging",
    "requests",
    "success",
    "tenants",
    "writes",
]
