"""Sends requests to the target and turns them into exchanges without secrets."""
