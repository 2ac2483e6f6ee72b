"""The handles of the application are the interface of the faults and variants."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import tests.faults.matrix  # noqa: F401 - registers every fault and variant
from conformance.server import Application
from conformance.server.handles import HANDLES
from tests.faults.base import FAULTS, VARIANTS

NAMES = {name for handles in HANDLES.values() for name in handles}


def servers() -> set[type]:
    """The classes of the faults and variants, and those that they share."""
    classes: set[type] = set()
    for kind in _subclasses(Application):
        classes.update(base for base in kind.__mro__ if _is_of_faults(base))
    return classes


def _subclasses(kind: type[Application]) -> Iterator[type[Application]]:
    for subclass in kind.__subclasses__():
        yield subclass
        yield from _subclasses(subclass)


def _is_of_faults(kind: type) -> bool:
    return kind.__module__.startswith(("tests.faults.", "tests.variants."))


def test_every_fault_and_variant_has_a_class() -> None:
    """The classes found here are those of the registries, and the classes that these share."""
    assert len(servers()) >= len(FAULTS) + len(VARIANTS) > 0


def test_a_fault_overrides_nothing_but_handles() -> None:
    """Every method of the application that a fault or a variant overrides is listed."""
    for kind in servers():
        overridden = {name for name in vars(kind) if hasattr(Application, name)}
        methods = {name for name in overridden if not name.startswith("__")}
        assert methods <= NAMES, kind


def test_the_handles_are_the_public_methods_of_the_application() -> None:
    """Every listed method exists, every public method is listed, and none is listed twice."""
    public: set[str] = set()
    for layer in Application.__mro__:
        methods = [name for name, member in vars(layer).items() if callable(member)]
        public.update(name for name in methods if not name.startswith("_"))
    assert public == NAMES
    assert len(NAMES) == sum(len(handles) for handles in HANDLES.values())


@pytest.mark.parametrize("subject", HANDLES)
def test_each_handle_says_in_a_sentence_what_overriding_it_changes(subject: str) -> None:
    """The sentence is one sentence of at most 25 words."""
    for sentence in HANDLES[subject].values():
        assert sentence.endswith(".")
        assert sentence.count(".") == 1
        assert len(sentence.split()) <= 25
