"""The judges, one module per subject. Importing this package registers every rule in ``RULES``."""

from conformance.checks import (
    envelope,
    keys,
    limits,
    pages,
    requests,
    tenants,
    triggers,
    walks,
    writes,
)
from conformance.judging.rules import RULES, Rule

__all__ = [
    "RULES",
    "Rule",
    "envelope",
    "keys",
    "limits",
    "pages",
    "requests",
    "tenants",
    "triggers",
    "walks",
    "writes",
]
