"""Examples of triggers, of what a triggered refusal leaves behind, and of payments."""

from tests.examples.triggers import answers, effects, payments

__all__ = ["answers", "effects", "payments"]
