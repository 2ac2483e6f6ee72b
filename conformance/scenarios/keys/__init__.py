"""Requests with keys that must be rejected, and with keys that lack a scope."""
