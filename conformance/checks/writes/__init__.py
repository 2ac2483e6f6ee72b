"""Judges of writes: creations, changes and deletions, and rejected writes, which have no effect."""

from conformance.checks.writes import changed, created, deleted, refused

__all__ = ["changed", "created", "deleted", "refused"]
