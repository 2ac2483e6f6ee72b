"""The input of a judge (its context and the exchanges of a trial) and its output (outcomes)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import wraps
from typing import TypeVar
from weakref import WeakKeyDictionary

from conformance.judging.capabilities import Asked
from conformance.model import (
    Case,
    Contract,
    Declaration,
    Exchange,
    Facts,
    Form,
    Operation,
    ReasonKind,
    Response,
    Role,
    Step,
)


class Outcome:
    """What a judge says about one or more exchanges."""

    about: str | None = None
    """The code or status that the outcome is about; None for no row in particular."""


@dataclass(frozen=True)
class Pass(Outcome):
    """Judged, without a violation. ``exchanges`` are the ids that it rests on.

    A refusal ``without_code`` may have the right status; it shows nothing about a code.
    """

    exchanges: tuple[str, ...]
    about: str | None = None
    without_code: bool = False


@dataclass(frozen=True)
class Violation(Outcome):
    """A breach of the contract: where, expected, actual. A ``note`` is never graded."""

    where: str
    expected: str
    actual: str
    exchanges: tuple[str, ...]
    about: str | None = None
    note: bool = False


@dataclass(frozen=True)
class Gap(Outcome):
    """Could not be judged because something is missing: why, and what to provide.

    ``kind`` says whether anybody can provide it, ``place`` where the target file may give it, and
    ``asks`` what the log may show to be there.
    """

    reason: str
    kind: ReasonKind = ReasonKind.PROVIDE
    asks: Asked | None = None
    place: str = ""


@dataclass(frozen=True)
class JudgeError(Outcome):
    """Could not be judged although nothing was missing: lost connections, or a bug in the suite."""

    reason: str
    exchanges: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class WholeLog:
    """Every exchange of a run, by the time at which it started.

    A log equals only itself, so that what is read of it once can be kept for all of its exchanges.
    """

    exchanges: tuple[Exchange, ...]

    @classmethod
    def of(cls, exchanges: Iterable[Exchange]) -> WholeLog:
        """Put exchanges in order, because the logs of several workers are merged in any order."""
        return cls(tuple(sorted(exchanges, key=lambda each: each.started)))


@dataclass(frozen=True)
class JudgeContext:
    """What a judge knows in addition to the exchanges.

    ``case_operation`` is the operation of the exchange or case; None for a case of the whole API.
    ``log`` is the whole log of the run once it is complete; None during the run.
    """

    contract: Contract
    target: Declaration
    case_operation: Operation | None
    log: WholeLog | None = None

    @property
    def operation(self) -> Operation:
        """The judged operation. Raises LookupError for a case of the whole API."""
        if self.case_operation is None:
            raise LookupError("this case belongs to no operation")
        return self.case_operation


Found = TypeVar("Found")


def once_for_each_log(
    read: Callable[[JudgeContext, WholeLog], Found],
) -> Callable[[JudgeContext], Found]:
    """Wrap a function that reads a whole log, so that it reads each log once.

    Only rules that wait for the whole log may call it.
    """
    results: WeakKeyDictionary[WholeLog, Found] = WeakKeyDictionary()

    @wraps(read)
    def found(context: JudgeContext) -> Found:
        log = context.log
        assert log is not None
        if log not in results:
            results[log] = read(context, log)
        return results[log]

    return found


@dataclass(frozen=True)
class Answered:
    """An exchange whose response can be judged: it is complete and comes from the target itself."""

    exchange: Exchange
    response: Response

    @property
    def ids(self) -> tuple[str, ...]:
        """The id of the exchange, as outcomes name it."""
        return (self.exchange.id,)

    @property
    def facts(self) -> Facts:
        """The labels that the scenario gave the request."""
        return self.exchange.facts

    @property
    def ok(self) -> bool:
        """Whether the request was accepted."""
        return self.response.ok

    @property
    def status(self) -> int:
        """The status of the response."""
        return self.response.status


@dataclass(frozen=True, eq=False)
class Trial:
    """The exchanges of one case in one attempt, in order. Retried ones are left out.

    A trial equals only itself, so that what is read of it once can be kept for all of its rules.
    """

    case: Case
    exchanges: tuple[Exchange, ...]

    @property
    def parts(self) -> list[Trial]:
        """The trial in parts. After a write, the next exchange of Step.BEFORE starts a new part."""
        parts: list[list[Exchange]] = [[]]
        for exchange in self.exchanges:
            written = any(each.facts.step is Step.WRITE for each in parts[-1])
            if written and exchange.facts.step is Step.BEFORE:
                parts.append([])
            parts[-1].append(exchange)
        return [Trial(self.case, tuple(part)) for part in parts]

    @property
    def probes(self) -> list[Exchange]:
        """The exchanges that the case is about."""
        return self._of_role(Role.PROBE)

    @property
    def controls(self) -> list[Exchange]:
        """The valid requests that must succeed."""
        return self._of_role(Role.CONTROL)

    def _of_role(self, role: Role) -> list[Exchange]:
        """The exchanges of a role, in order."""
        return [exchange for exchange in self.exchanges if exchange.role is role]

    @property
    def plain_probes(self) -> list[Exchange]:
        """The probes that are not a step of a longer case."""
        return [probe for probe in self.probes if not probe.facts.step]

    def at(self, step: Step) -> list[Exchange]:
        """The exchanges of a step, in order; none if the case did not come to it."""
        return [exchange for exchange in self.exchanges if exchange.facts.step is step]

    def last(self, step: Step) -> Exchange | None:
        """The last exchange of a step; None if the case did not come to it."""
        exchanges = self.at(step)
        return exchanges[-1] if exchanges else None

    def of_form(self, form: Form) -> list[Exchange]:
        """The exchanges whose requests are wrong in one way, in order."""
        return [exchange for exchange in self.exchanges if exchange.facts.form is form]
