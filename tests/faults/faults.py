"""All faults, registered in the order of the subjects."""

from tests.faults.base import FAULTS, Fault
from tests.subjects import load

load("tests.faults")

__all__ = ["FAULTS", "Fault"]
