"""Faults that mix up businesses."""
