"""The judges, one module per subject. Importing this package registers every rule in ``RULES``."""

from conformance.checks import (
    envelope,
    issued,
    keys,
    limits,
    pages,
    requests,
    tenants,
    triggers,
    waiting,
    walks,
    writes,
)
from conformance.judging.rules import RULES, Rule

__all__ = [
    "RULES",
    "Rule",
    "envelope",
    "issued",
    "keys",
    "limits",
    "pages",
    "requests",
    "tenants",
    "triggers",
    "waiting",
    "walks",
    "writes",
]
