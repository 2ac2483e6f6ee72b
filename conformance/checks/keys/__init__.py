"""Judges of keys: which are accepted, for what, and where keys and secrets appear."""

from conformance.checks.keys import accepted, issued

__all__ = ["accepted", "issued"]
