"""The judgement side of the model: planned cases, findings and cells."""

from __future__ import annotations

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
    PASSED = "passed"
    INAPPLICABLE = "inapplicable"

    @property
    def rank(self) -> int:
        """Place in the order of severity; 0 is the worst."""
        return list(Verdict).index(self)


def worst(verdicts: Iterable[Verdict]) -> Verdict | None:
    """The worst of some verdicts, or None where there are none."""
    return min(verdicts, key=lambda verdict: verdict.rank, default=None)


JUDGED = (Verdict.FAILED, Verdict.WAIVED, Verdict.WARNED, Verdict.PASSED)
"""The verdicts that rest on evidence."""

BROKEN = (Verdict.FAILED, Verdict.WAIVED, Verdict.WARNED)
"""The verdicts of cells whose findings have a cause, in the order in which they are shown."""


@dataclass(frozen=True)
class Finding:
    """One observed departure from a clause.

    It was seen ``apart`` if each of its exchanges shows it alone.
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
    """What kind of thing keeps a cell from its verdict. What helps most comes first."""

    BLOCKED = "blocked"
    """A failure, which the text names: fix it first."""
    PROVIDE = "provide"
    """Something that a person can provide, as the text says."""
    NOT_RUN = "not-run"
    """A chosen case that did not run: over budget, or the run ended before it."""
    NOT_SELECTED = "not-selected"
    """A case that was not chosen."""
    OWN_LIMIT = "own-limit"
    """A limit of the suite itself; nobody can provide anything."""
    DECLARED = "declared"
    """The target file declares that there is nothing to judge."""
    ERROR = "error"
    """A lost connection, or a bug of ours."""


@dataclass(frozen=True)
class Reason:
    """Why a cell is untested or in error: what kind of thing it is, and a sentence for people.

    ``by`` is the name of the failed cell that blocks it.
    """

    kind: ReasonKind
    text: str
    by: str | None = None


@dataclass(frozen=True)
class Cell:
    """A clause on an operation, with its verdict and what it rests on."""

    clause: str
    operation: str
    verdict: Verdict
    exchanges: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    notes: tuple[Finding, ...] = ()
    reasons: tuple[Reason, ...] = ()  # why untested or error
    waiver: str | None = None

    @property
    def name(self) -> str:
        """The unique name of the cell in every report."""
        return f"{self.clause}[{self.operation}]"

    @property
    def why(self) -> tuple[str, ...]:
        """The texts of its reasons."""
        return tuple(reason.text for reason in self.reasons)

    @property
    def chosen(self) -> bool:
        """Whether the run was to judge it; a cell that was judged by the way counts, too."""
        return all(reason.kind is not ReasonKind.NOT_SELECTED for reason in self.reasons)


RENAMED_RULES = {"paging.empty": "tenant.empty"}
"""Rule ids of earlier versions, with today's; stored runs may hold the old ones."""


@dataclass(frozen=True)
class Params:
    """What a scenario decides for one of its cases when it plans it.

    Each scenario that decides something has a class of its own.
    """


@dataclass(frozen=True)
class Case:
    """One planned run of a scenario: an operation, a variant, and the rules that it feeds.

    ``gap`` says why it cannot run and what to provide. ``lacks`` says what to provide for it to try
    more. ``cost`` is the usual number of requests.
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
    lacks: tuple[str, ...] = ()
    quick: bool = False  # runs in a quick run, whatever clause it feeds
    inapplicable: bool = False  # the target lacks the parameters that it needs
    optional: bool = False  # more depth where it can run; its gap leaves no cell untested


class Harm(StrEnum):
    """What a cause does to the users of a target, worst first."""

    ISOLATION = "isolation"
    """Somebody gets in, or sees or changes what belongs to others."""
    EFFECT = "effect"
    """Something happens, costs or is stored that must not."""
    LOSS = "loss"
    """Data is lost, doubled or shown wrong."""
    ANSWER = "answer"
    """A request gets another response than the contract promises."""
    FORM = "form"
    """A response is right, but does not look as the contract says."""

    @property
    def rank(self) -> int:
        """Place in the order of severity; 0 is the worst."""
        return list(Harm).index(self)


@dataclass(frozen=True)
class Cause:
    """One thing that is wrong with the target, with all that it explains.

    ``id`` is the same in every run that shows the cause. ``clauses`` are those that it breaks, and
    ``cells`` the names of the cells; both begin with those of the ``finding`` that tells most.
    The first of the ``seen`` exchanges that show it are ``exchanges``, in the order of the log.
    ``flaw`` is what is odd in the requests that provoke it. ``blocks`` are the names of the cells
    that cannot be judged because of it.
    """

    id: str
    harm: Harm
    verdict: Verdict
    finding: Finding
    clauses: tuple[str, ...]
    cells: tuple[str, ...]
    exchanges: tuple[str, ...]
    seen: int
    flaw: str = ""
    blocks: tuple[str, ...] = ()
