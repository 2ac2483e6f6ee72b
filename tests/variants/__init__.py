"""Servers that use what the contract leaves open. The suite must not blame any of them."""

from tests.faults.base import VARIANTS
from tests.subjects import load

load("tests.variants")

__all__ = ["VARIANTS"]
