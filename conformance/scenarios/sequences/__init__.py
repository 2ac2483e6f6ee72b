"""Sequences: many writes of one object, with looks at it between them."""
