"""Judges of writes: what is created, changed and deleted, and what a refusal leaves alone."""

from conformance.checks.writes import changed, created, deleted, refused

__all__ = ["changed", "created", "deleted", "refused"]
