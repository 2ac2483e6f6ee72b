"""Servers that break the contract in one place, and servers that differ from the reference within it."""
