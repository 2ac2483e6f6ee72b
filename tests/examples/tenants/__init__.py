"""Examples of what one business may see of another."""

from tests.examples.tenants import lists, objects

__all__ = ["lists", "objects"]
