"""The nine subjects that clauses, checks, scenarios, examples, faults and variants are filed by."""

from __future__ import annotations

import pkgutil
from importlib import import_module

SUBJECTS = (
    "envelope",
    "keys",
    "tenants",
    "pages",
    "walks",
    "requests",
    "writes",
    "limits",
    "triggers",
)


def load(package: str) -> None:
    """Import the modules of each subject of a package, in the order of the subjects.

    A subject is one module, or a package whose modules are imported by name.
    Raises ModuleNotFoundError for a subject that has neither.
    """
    for subject in SUBJECTS:
        name = f"{package}.{subject}"
        module = import_module(name)
        for part in pkgutil.iter_modules(getattr(module, "__path__", ())):
            import_module(f"{name}.{part.name}")
