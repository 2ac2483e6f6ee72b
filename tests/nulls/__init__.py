"""Servers that implement nothing, and which clauses pass on them nevertheless."""
