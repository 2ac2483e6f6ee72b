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
    """The profile in a valid file, whose name is that of the file.

    A clause that the file does not name was added to the contract later. A fault is added for each
    clause, operation or cell that the contract does not have.
    """
    content = file.value
    name = file.name.removeprefix(PREFIX).removesuffix(".yaml")
    faults += _unknown(file, clauses, operations)
    not_scored = {
        each: (str(row["reason"]), str(row["why"])) for each, row in content["not_scored"].items()
    }
    why = f"The contract got this clause after version {content['version']} of the profile."
    for clause in clauses:
        if clause not in content["scored"] and clause not in not_scored:
            not_scored[clause] = (Unscored.ADDED_LATER.value, why)
    return Profile(
        name=name,
        digest=digest_of(content),
        scored=frozenset(content["scored"]),
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
)
"""The members of a file that become fields as they are."""


def digest_of(content: Mapping[str, Any]) -> str:
    """The SHA-256, in hex, of the content of a profile in its RFC 8785 form."""
    return hashlib.sha256(rfc8785.dumps(dict(content))).hexdigest()


def _unknown(
    file: YamlFile, clauses: Collection[str], operations: Collection[str]
) -> Iterator[str]:
    """A fault for each name that the contract does not have, and for each clause in two lists."""
    content = file.value
    for index, clause in enumerate(content["scored"]):
        yield from _not_among(file, ("scored", index), "clause", clause, clauses)
    for index, operation in enumerate(content["may_be_inapplicable"]):
        place = ("may_be_inapplicable", index)
        yield from _not_among(file, place, "operation", operation, operations)
    for name in content["not_scored"]:
        place = ("not_scored", name)
        clause, bracket, rest = name.partition("[")
        yield from _not_among(file, place, "clause", clause, clauses)
        if bracket:
            known = [WHOLE_API, *operations]
            yield from _not_among(file, place, "operation", rest.removesuffix("]"), known)
        elif name in content["scored"]:
            yield file.fault(place, f"the clause {name} is scored and not scored")


def _not_among(
    file: YamlFile, place: Place, noun: str, name: str, known: Collection[str]
) -> Iterator[str]:
    """A fault if a name is not a known one."""
    if name not in known:
        yield file.fault(place, f"the contract has no {noun} {name}{nearest(name, known)}")
