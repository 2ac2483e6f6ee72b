"""Reads the profiles of a contract from ``profiles/``."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Mapping
from typing import Any

import rfc8785

from conformance.base.text import nearest
from conformance.base.yaml_file import Place, YamlFile
from conformance.model import WHOLE_API, Profile, Unscored

PREFIX = "profiles/"
"""The directory of profiles in a contract. The digest of the contract leaves it out."""


def profile(
    file: YamlFile, clauses: Collection[str], operations: Collection[str], faults: list[str]
) -> Profile:
    """The profile in a file that fits its schema, named after the file.

    A clause that the file does not name was added to the contract later, and is not scored. Adds a
    fault for each clause, operation or cell that the contract does not have, or that appears twice.
    """
    content = file.value
    name = file.name.removeprefix(PREFIX).removesuffix(".yaml")
    faults += _faulty_names(file, clauses, operations)
    not_scored = {unscored: (kind, why) for kind, unscored, why in _unscored(content)}
    added_later = f"The contract got this clause after version {content['version']} of the profile."
    for clause in clauses:
        if clause not in content["scored"] and clause not in not_scored:
            not_scored[clause] = (Unscored.ADDED_LATER, added_later)
    return Profile(
        name=name,
        digest=digest_of(content),
        scored=frozenset(content["scored"]),
        operations=frozenset(content["operations"]),
        not_scored=not_scored,
        may_be_inapplicable=frozenset(content["may_be_inapplicable"]),
        **{member: content[member] for member in PLAIN_MEMBERS},
    )


PLAIN_MEMBERS = (
    "version",
    "title",
    "least_operations",
    "least_cells",
    "least_budget",
    "depth",
    "identity",
    "most_waived",
    "needs_stamps",
    "lacks_nothing",
)
"""The members of a file that become fields as they are."""


def digest_of(content: Mapping[str, Any]) -> str:
    """The SHA-256, in hex, of the content of a profile in its RFC 8785 form."""
    return hashlib.sha256(rfc8785.dumps(dict(content))).hexdigest()


def _unscored(content: Mapping[str, Any]) -> Iterator[tuple[Unscored, str, str]]:
    """Each clause or cell that a profile does not score: kind of reason, name, and reason."""
    for kind, sentences in content["not_scored"].items():
        for name, why in sentences.items():
            yield Unscored(kind), name, why


def _faulty_names(
    file: YamlFile, clauses: Collection[str], operations: Collection[str]
) -> Iterator[str]:
    """A fault for each name that the contract does not have, and for each one in two lists."""
    content = file.value
    for index, clause in enumerate(content["scored"]):
        yield from _not_among(file, ("scored", index), "clause", clause, clauses)
    for member in ("operations", "may_be_inapplicable"):
        for index, operation in enumerate(content[member]):
            yield from _not_among(file, (member, index), "operation", operation, operations)
    listed = set(content["scored"])
    for kind, name, _ in _unscored(content):
        place = ("not_scored", kind, name)
        clause, bracket, rest = name.partition("[")
        yield from _not_among(file, place, "clause", clause, clauses)
        if bracket:
            known = [WHOLE_API, *operations]
            yield from _not_among(file, place, "operation", rest.removesuffix("]"), known)
        if name in listed:
            yield file.fault(place, f"{name} appears in another list, too")
        listed.add(name)


def _not_among(
    file: YamlFile, place: Place, noun: str, name: str, known: Collection[str]
) -> Iterator[str]:
    """A fault if a name is not a known one."""
    if name not in known:
        yield file.fault(place, f"the contract has no {noun} {name}{nearest(name, known)}")
