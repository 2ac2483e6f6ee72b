"""Writes, and the reads that show their effects."""
