"""The nine subjects that clauses, checks, scenarios, examples, faults and variants are filed by."""

from __future__ import annotations

import pkgutil
from importlib import import_module

PREFIXES = {
    "envelope": ("error", "code", "status", "route"),
    "keys": ("auth", "account", "scope", "secret"),
    "tenants": ("tenant", "owner", "figures"),
    "pages": ("list", "sample"),
    "walks": ("paging",),
    "requests": ("success", "read", "parameter", "body", "id", "transfer"),
    "writes": ("create", "update", "delete", "refused"),
    "limits": ("rate",),
    "triggers": ("trigger", "payment"),
}
"""The subjects, with the prefixes of their rules."""

SUBJECTS = tuple(PREFIXES)


def subject_of(rule: str) -> str:
    """The subject of a rule by its prefix. Raises KeyError for a prefix of no subject."""
    prefix = rule.split(".", maxsplit=1)[0]
    for subject, prefixes in PREFIXES.items():
        if prefix in prefixes:
            return subject
    raise KeyError(f"no subject has rules that begin with {prefix}")


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
