"""Faults of the envelope: error bodies, messages, statuses and codes."""
