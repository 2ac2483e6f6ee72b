"""Judges of tenants: what belongs to another tenant is neither shown nor changed."""

from conformance.checks.tenants import lists, objects

__all__ = ["lists", "objects"]
