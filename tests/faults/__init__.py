"""Servers that break the contract in one place."""
