"""Faults of lists that a client walks page by page."""
