"""Requests with keys that must be refused, and with keys that lack a scope."""
