"""Servers that use the freedom of the contract; the suite must blame none of them."""

from tests.faults.base import VARIANTS
from tests.subjects import load

load("tests.variants")

__all__ = ["VARIANTS"]
