"""Examples of walks: pages of one list that are fetched with the cursor of the page before."""

from tests.examples.walks import complete, exclusive, flags, matches, order, precision, shared

__all__ = ["complete", "exclusive", "flags", "matches", "order", "precision", "shared"]
