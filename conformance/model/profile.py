"""The profiles of a contract: the frozen sets of clauses that a certificate rests on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from conformance.model.operation import WHOLE_API

ANY = "any"
"""The identity that a profile requires if any will do."""


class Unscored(StrEnum):
    """Why a profile does not score a clause. Its cells are judged and shown anyway."""

    OPTIONAL = "optional"
    """Nobody has to provide for it. A failure that is seen counts nevertheless."""
    ADDED_LATER = "added-later"
    """The contract got the clause after this version of the profile. The next one scores it."""
    PENDING = "pending"
    """The clause, or the way it is judged, is not settled yet."""
    CHALLENGED = "challenged"
    """A challenge of the clause was accepted."""


@dataclass(frozen=True)
class Profile:
    """A frozen set of clauses that a target has to keep, and how thoroughly that has to be judged.

    ``not_scored`` has every other clause of the contract, and single cells of scored ones, by their
    names. Each has the reason and a sentence.
    """

    name: str
    version: int
    digest: str  # SHA-256 of the RFC 8785 form of its content, in hex
    title: str
    scored: frozenset[str]  # clause ids
    operations: frozenset[str]  # those whose cells are scored; others were added later
    not_scored: Mapping[str, tuple[Unscored, str]]  # why in a word, and in a sentence
    least_operations: int  # operations that the target offers
    least_cells: int  # scored cells that were judged
    least_budget: int  # requests that the run was allowed to send
    depth: str  # the least depth: a value of options.Depth
    identity: str  # the identity that the suite must have, or ANY
    may_be_inapplicable: frozenset[str]  # operations
    most_waived: int  # scored cells
    needs_stamps: bool  # whether certifying takes time stamps of the log
    lacks_nothing: bool  # whether each case needs everything that it can make use of

    @property
    def label(self) -> str:
        """The name and the version, such as ``core@1``."""
        return f"{self.name}@{self.version}"

    def reason(self, clause: str, operation: str) -> Unscored | None:
        """Why the cell of a clause on an operation is not scored; None if it is scored."""
        for name in (f"{clause}[{operation}]", clause):
            if name in self.not_scored:
                why, _ = self.not_scored[name]
                return why
        is_scored = clause in self.scored and operation in (*self.operations, WHOLE_API)
        return None if is_scored else Unscored.ADDED_LATER
