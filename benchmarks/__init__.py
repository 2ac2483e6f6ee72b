"""Benchmarks: what the suite costs its users, beside something that they know.

``python -m benchmarks`` runs them. Only the ratios mean anything: the figures are those of one run
on one machine, and other runs and machines have others.
"""

from __future__ import annotations

NAMES = (
    "schemathesis",
    "replayed",
    "workers",
    "replay",
    "verify",
    "sizes",
    "startup",
    "memory",
    "site",
    "fleet",
)
"""The benchmarks. Each is a module whose ``rows`` measures in some tries, and gives table rows."""
