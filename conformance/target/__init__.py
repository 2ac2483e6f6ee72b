"""The target of a run: its file, its keys, and which parts of the contract it offers."""

from conformance.target.form import faulty, schema
from conformance.target.target_file import (
    KEY_VARIABLE,
    Target,
    declared,
    from_file,
    from_flags,
    with_collections,
)
from conformance.target.waivers import this_day, waivers_of

__all__ = [
    "KEY_VARIABLE",
    "Target",
    "declared",
    "faulty",
    "from_file",
    "from_flags",
    "schema",
    "this_day",
    "waivers_of",
    "with_collections",
]
