"""Faults of creations, updates and deletions."""
