"""Writes, and the looks at what they did."""
