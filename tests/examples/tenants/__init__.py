"""Examples of what one business may see of another."""

from tests.examples.tenants import figures, lists, objects

__all__ = ["figures", "lists", "objects"]
