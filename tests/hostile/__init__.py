"""Servers that are hostile or broken in their transport, size or time, and a table of what came.

A mode is a way in which a server misbehaves. ``python -m tests.hostile`` tries the suite on each.
"""
