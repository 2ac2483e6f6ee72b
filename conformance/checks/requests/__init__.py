"""Judges of requests: valid ones succeed as documented, and mistakes get the matching error."""

from conformance.checks.requests import mistakes, named, successes, transfer

__all__ = ["mistakes", "named", "successes", "transfer"]
