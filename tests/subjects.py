"""The nine subjects that clauses, checks, scenarios, examples, faults and variants are filed by."""

from __future__ import annotations

import pkgutil
from fnmatch import fnmatchcase
from importlib import import_module

from conformance.model import Clause

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

CLAUSES = {
    "envelope": "envelope-* code-* status-listed status-no-5xx-for-mistakes",
    "keys": "key-* scope-* status-401 status-403",
    "tenants": "business-*",
    "pages": "paging-cursor-position paging-limit paging-limit-maximum paging-samples "
    "list-items has-more-present",
    "walks": "paging-supported paging-exclusive paging-complete paging-precision paging-order "
    "paging-filter-kept paging-ties has-more-false has-more-true",
    "requests": "status-200 status-201 status-400 status-404 read-resource success-members",
    "writes": "created-resource changed-resource deleted-resource refused-unchanged",
    "limits": "signup-* status-429",
    "triggers": "status-402 status-402-signup-only status-500",
}
"""The clauses of each subject, for as long as the areas of the ledger have other names."""


def subject_of(clause: Clause) -> str:
    """The subject that a clause is filed by: its area, or its place in ``CLAUSES``.

    Raises LookupError for a clause that has neither.
    """
    if clause.area in SUBJECTS:
        return clause.area
    for subject, patterns in CLAUSES.items():
        if any(fnmatchcase(clause.id, pattern) for pattern in patterns.split()):
            return subject
    raise LookupError(clause.id)


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
