"""Servers that are hostile or broken in transport, size or time, and a table of the results.

A mode is a way in which a server misbehaves. ``python -m tests.hostile`` tries the suite on each.
"""
