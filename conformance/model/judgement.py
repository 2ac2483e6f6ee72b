"""The judgement side of the model: planned cases, findings and cells."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from conformance.model.contract import Level
from conformance.model.operation import Effect, Json


class Verdict(StrEnum):
    """Verdicts of a cell, worst first."""

    FAILED = "failed"
    ERROR = "error"
    WAIVED = "waived"
    WARNED = "warned"
    UNTESTED = "untested"
    EXCLUDED = "excluded"
    PASSED = "passed"
    INAPPLICABLE = "inapplicable"

    @property
    def rank(self) -> int:
        """The position in the order of severity; 0 is the worst."""
        return list(Verdict).index(self)


def worst(verdicts: Iterable[Verdict]) -> Verdict | None:
    """The worst of some verdicts, or None if there are none."""
    return min(verdicts, key=lambda verdict: verdict.rank, default=None)


JUDGED = (Verdict.FAILED, Verdict.WAIVED, Verdict.WARNED, Verdict.PASSED)
"""The verdicts that rest on evidence."""

BROKEN = (Verdict.FAILED, Verdict.WAIVED, Verdict.WARNED)
"""The verdicts of cells whose findings have a cause, in display order."""

NONE_OF_ITS_OWN = "no item of its own"
"""How ``expected`` begins if a list that is filtered by another business shows own items."""
ON_NO_PAGE = "it is on no page"
"""``actual`` of a finding about an item that no page of a list shows."""
NEW_ID = "the id of the new object"
"""``expected`` of a finding about a creation whose response shows no id."""
HELD = "another business already has it"
"""How ``expected`` ends if a request took an item that another business already had."""
UNSTORED = "200 for an object that was created"
"""``expected`` of a finding about an object that its creation did not store."""


@dataclass(frozen=True)
class Finding:
    """One observed departure from a clause.

    ``apart`` means that each of its exchanges shows it on its own.
    """

    clause: str
    operation: str
    rule: str
    where: str  # "status", a header name, or a JSON pointer into the body
    expected: str
    actual: str
    exchanges: tuple[str, ...]
    level: Level = Level.MUST
    apart: bool = False


class ReasonKind(StrEnum):
    """What prevents a cell from being judged. The most useful to resolve comes first."""

    BLOCKED = "blocked"
    """A failure, named in the text, that must be fixed first."""
    PROVIDE = "provide"
    """Something that the user can provide, as the text says."""
    NOT_RUN = "not-run"
    """A selected case that did not run: it was over budget, or the run ended first."""
    NOT_SELECTED = "not-selected"
    """A case that was not selected."""
    OWN_LIMIT = "own-limit"
    """A limit of the suite itself; nothing can be provided."""
    DECLARED = "declared"
    """The target file declares that there is nothing to judge."""
    CHALLENGED = "challenged"
    """An accepted challenge excludes the cell, or a rule of it."""
    ERROR = "error"
    """A lost connection, or a bug in the suite."""


@dataclass(frozen=True)
class Reason:
    """Why a cell is untested or in error: the kind of reason, and a sentence for people.

    ``by`` is the name of the failed cell that blocks it. ``place`` is where the target file may
    give what is missing, such as ``keys: expired``; empty if it is not a matter of the file.
    """

    kind: ReasonKind
    text: str
    by: str | None = None
    place: str = ""


@dataclass(frozen=True)
class Cell:
    """A clause on an operation, with its verdict and the evidence for it."""

    clause: str
    operation: str
    verdict: Verdict
    exchanges: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    notes: tuple[Finding, ...] = ()
    reasons: tuple[Reason, ...] = ()  # why untested, excluded or error
    waiver: str | None = None
    challenges: tuple[int, ...] = ()  # the numbers of challenges that exclude it or a rule of it

    @property
    def name(self) -> str:
        """The unique name of the cell in every report."""
        return f"{self.clause}[{self.operation}]"

    @property
    def why(self) -> tuple[str, ...]:
        """The texts of its reasons."""
        return tuple(reason.text for reason in self.reasons)

    @property
    def own_notes(self) -> tuple[Finding, ...]:
        """Its notes, without those that its findings repeat."""
        found = {(finding.rule, finding.where) for finding in self.findings}
        return tuple(note for note in self.notes if (note.rule, note.where) not in found)

    @property
    def chosen(self) -> bool:
        """Whether the user selected the cell. An unselected cell that was judged counts, too."""
        return all(reason.kind is not ReasonKind.NOT_SELECTED for reason in self.reasons)


RENAMED_RULES = {"paging.empty": "tenant.empty"}
"""Rule ids of earlier versions and their current ids; stored runs may contain the old ones."""


def operation_of(cell: str) -> str:
    """The operation in the name of a cell."""
    return cell.partition("[")[2].removesuffix("]")


@dataclass(frozen=True)
class Params:
    """What a scenario decides for a case while planning it.

    Each scenario that decides something has a subclass of its own.
    """


@dataclass(frozen=True)
class Case:
    """One planned run of a scenario: an operation, a variant, and the rules that it feeds.

    ``gap`` says why it cannot run and what to provide, and ``place`` where the target file may give
    it, such as ``keys: expired``. ``lacks`` says what to provide so that it can test more. ``cost``
    is the usual number of requests. ``at_most`` ends the case after that many requests of its own,
    but not before one to its operation. These show most of what the case may find. If it is 0, the
    case runs to its end.
    """

    id: str
    scenario: str
    operation: str
    variant: str
    rules: tuple[str, ...]
    effect: Effect
    cost: int = 2
    about: str | None = None  # the code that the case is about
    params: Params | Mapping[str, Json] = field(default_factory=dict)  # a mapping when read back
    gap: str | None = None
    place: str = ""
    lacks: tuple[str, ...] = ()
    wants: tuple[str, ...] = ()  # the places of the target file for what it lacks
    at_most: int = 0
    inapplicable: bool = False  # the target lacks the parameters that it needs
    optional: bool = False  # only adds depth: its gap leaves no cell untested


class Harm(StrEnum):
    """What a cause does to the users of a target, worst first."""

    ISOLATION = "isolation"
    """Unauthorized access: someone gets in, or sees or changes what belongs to others."""
    EFFECT = "effect"
    """Something happens, costs money or is stored although it must not."""
    LOSS = "loss"
    """Data is lost, duplicated or shown incorrectly."""
    ANSWER = "answer"
    """A request gets a different response from what the contract promises."""
    FORM = "form"
    """A response is correct in substance, but not in the format of the contract."""

    @property
    def rank(self) -> int:
        """The position in the order of severity; 0 is the worst."""
        return list(Harm).index(self)


def id_of_cause(family: str, operations: Iterable[str]) -> str:
    """The id of a cause: its family, or a digest of family and operation if it has only one."""
    names = set(operations)
    if len(names) != 1:
        return family
    digest = hashlib.sha256(f"{family} {names.pop()}".encode(errors="replace")).hexdigest()
    return f"cause-{digest[:8]}"


@dataclass(frozen=True)
class Cause:
    """One thing that is wrong with the target, with everything that it explains.

    ``title`` says what is wrong in a few words, without values of the target. ``id`` is the same in
    every run that shows the cause. ``clauses`` are those that it breaks, and ``cells`` the names of
    the cells; both begin with those of the main ``finding``. ``exchanges`` are the first of the
    ``seen`` exchanges that show it, in log order. ``flaw`` is what is odd about the requests that
    provoke it. ``blocks`` are the names of the cells that cannot be judged because of it. ``doubt``
    says in a few words why the target may not be to blame; empty if that is certain.
    ``family`` is the id without the operation, which several causes may share.
    ``instances`` name the wrong values that were accepted or that provoke it, one on a line.
    ``origin`` is the exchange that stored the odd value on which the others fail.
    """

    id: str
    harm: Harm
    verdict: Verdict
    finding: Finding
    clauses: tuple[str, ...]
    cells: tuple[str, ...]
    exchanges: tuple[str, ...]
    seen: int
    title: str = ""
    flaw: str = ""
    blocks: tuple[str, ...] = ()
    doubt: str = ""
    family: str = ""
    instances: tuple[str, ...] = ()
    origin: str = ""

    @property
    def operations(self) -> set[str]:
        """The operations of its cells."""
        return {operation_of(cell) for cell in self.cells}

    @property
    def parts(self) -> set[str]:
        """For each of its operations, the id of this cause if it affected only that one.

        Empty without a family.
        """
        if not self.family:
            return set()
        return {id_of_cause(self.family, [name]) for name in self.operations}

    def is_same(self, other: Cause) -> bool:
        """Whether a cause of another run is the same.

        A cause that has spread or was fixed in part has another id, but shares an operation.
        """
        return self.id == other.id or not self.parts.isdisjoint(other.parts)
