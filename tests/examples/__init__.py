"""Examples of what each judge accepts, rejects and leaves open, filed by subject.

Importing this package builds nothing: ``examples_about`` builds the examples of one subject.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from importlib import import_module

from conformance.checks import RULES
from tests.examples.base import ENTRIES, Example, Expected
from tests.subjects import SUBJECTS


@cache
def examples_about(subject: str) -> tuple[Example, ...]:
    """The examples of one subject."""
    module = import_module(f"{__name__}.{subject}").__name__
    entries = [entry for entry in ENTRIES if f"{entry.group.__module__}.".startswith(f"{module}.")]
    return tuple(example for entry in entries for example in entry.examples())


@cache
def all_examples() -> tuple[Example, ...]:
    """The examples of every subject."""
    return tuple(example for subject in SUBJECTS for example in examples_about(subject))


def rules_without(expected: Expected) -> Iterator[str]:
    """The rules that have no example of this kind."""
    covered = {example.rule for example in all_examples() if example.expected is expected}
    return (rule for rule in RULES if rule not in covered)
