"""All faults."""

from tests.faults import answers, doors, effects, lists
from tests.faults.base import FAULTS, Fault

__all__ = ["FAULTS", "Fault", "answers", "doors", "effects", "lists"]
