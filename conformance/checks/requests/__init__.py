"""Judges of requests: valid ones succeed as documented, mistakes are refused for what they are."""

from conformance.checks.requests import mistakes, named, successes, transfer

__all__ = ["mistakes", "named", "successes", "transfer"]
