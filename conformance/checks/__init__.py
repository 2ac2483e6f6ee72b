"""The judges. Importing this package registers every rule in ``RULES``."""

from conformance.checks import access, envelope, limits, lists, paging, requests, success, writes
from conformance.checks.base import RULES, Rule

__all__ = ["RULES", "Rule", "access", "envelope", "limits", "lists", "paging", "requests", "success", "writes"]
