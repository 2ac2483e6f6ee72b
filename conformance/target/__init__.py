"""The target of a run: its file, its keys, and what of the contract it declares to have."""

from conformance.target.target_file import (
    FICTIONAL_NUMBER,
    KEY_VARIABLE,
    Target,
    faulty,
    from_file,
    from_flags,
    named,
    schema,
)

__all__ = [
    "FICTIONAL_NUMBER",
    "KEY_VARIABLE",
    "Target",
    "faulty",
    "from_file",
    "from_flags",
    "named",
    "schema",
]
