"""Servers that differ from the reference one in what the contract leaves open, and must be blamed for nothing."""

from tests.faults.base import VARIANTS
from tests.variants import answers, lists

__all__ = ["VARIANTS", "answers", "lists"]
