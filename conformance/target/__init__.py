"""The target of a run: its file, its keys, and which parts of the contract it offers."""

from conformance.target.target_file import (
    KEY_VARIABLE,
    Target,
    faulty,
    from_file,
    from_flags,
    named,
    schema,
)

__all__ = [
    "KEY_VARIABLE",
    "Target",
    "faulty",
    "from_file",
    "from_flags",
    "named",
    "schema",
]
