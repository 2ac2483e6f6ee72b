"""All faults."""

from tests.faults import answers, doors, effects, endpoints, lists
from tests.faults.base import FAULTS, Fault

__all__ = ["FAULTS", "Fault", "answers", "doors", "effects", "endpoints", "lists"]
