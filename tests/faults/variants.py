"""All variants."""

from tests.faults import variants_answers, variants_lists
from tests.faults.base import VARIANTS, Variant

__all__ = ["VARIANTS", "Variant", "variants_answers", "variants_lists"]
