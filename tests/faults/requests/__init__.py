"""Faults of requests."""
