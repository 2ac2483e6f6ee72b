"""A finished run: everything that a report can show."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from conformance.model.challenge import InForce
from conformance.model.contract import Contract
from conformance.model.declaration import Declaration
from conformance.model.exchange import Exchange
from conformance.model.judgement import JUDGED, Case, Cause, Cell, Verdict, worst
from conformance.model.past import Baseline, Past
from conformance.model.reuse import Reuse
from conformance.model.routes import existence_shown
from conformance.model.setup import Remark
from conformance.model.spread import Difference, Spread


@dataclass(frozen=True)
class Given:
    """How the command line specified the target of a run, so that a rerun can do the same.

    ``embedded`` means that none was given. ``target`` and ``spec`` are the paths as given. ``url``
    means that an address was given, with a target file or instead of one.
    """

    embedded: bool = False
    target: str = ""
    url: bool = False
    spec: str = ""


@dataclass(frozen=True)
class Selection:
    """What a user chose: areas and clauses, all if there are none, and the budget of requests.

    ``shard`` is a part of that, such as ``2/5``; empty for all of it.
    """

    areas: tuple[str, ...]
    clauses: tuple[str, ...]
    budget: int
    shard: str = ""


@dataclass(frozen=True)
class Peer:
    """The deployment of a target as its connections saw it.

    ``tls_key`` is the SHA-256 of its public key in hex, None if it showed none. ``more_tls_keys``
    are those that other connections of the run saw.
    """

    host: str
    addresses: tuple[str, ...]
    tls_key: str | None = None
    more_tls_keys: tuple[str, ...] = ()


@dataclass(frozen=True)
class Run:
    """A finished run: everything that a report can show. Contains no secrets."""

    contract: Contract
    suite: str  # version of the suite
    seed: int
    target: Declaration
    started: str  # ISO 8601
    finished: str
    judged_on: str  # date
    incomplete: str | None  # why the run ended early, or None
    cases: tuple[Case, ...]
    cells: tuple[Cell, ...]
    exchanges: tuple[Exchange, ...]
    require_complete: bool = False
    causes: tuple[Cause, ...] = ()  # what has to be fixed, worst first
    depth: str = "full"  # how thorough it was: a value of options.Depth
    setup: tuple[Remark, ...] = ()  # the results of the first look, before the first case
    past: tuple[Past, ...] = ()  # earlier runs with the same target and scope, oldest first
    baseline: Baseline | None = None  # the run whose failures do not count in the exit code
    given: Given = field(default_factory=Given)
    selection: Selection | None = None  # None if it is not known
    salts: tuple[str, ...] = ("",)  # of its texts; several if runs were merged
    log_head: str = ""  # the digest of the last line of its log
    spread: Spread | None = None  # how its requests are spread over time; None for a full run
    differences: tuple[Difference, ...] = ()  # from the full run that it accompanies
    drawn_by: Mapping[str, str] | None = None  # the versions of what draws cases, or unknown
    nonce: str = ""  # of the certifier's challenge; empty without one
    challenge_digest: str = ""  # SHA-256 of the file of that challenge, in hex
    reuse: Reuse | None = None  # the objects of earlier runs that it may use; None for new ones
    peer: Peer | None = None  # the deployment as seen; None if nobody looked
    place: str = ""  # its directory, for readers of its reports; never stored

    @cached_property
    def counts(self) -> dict[str, int]:
        """The number of cells with each verdict, worst first.

        The keys are the values of the verdicts. All reports and the exit code take their counts
        from here, so that they agree.
        """
        counts = {verdict.value: 0 for verdict in Verdict}
        for cell in self.cells:
            counts[cell.verdict.value] += 1
        return counts

    @property
    def profiles(self) -> dict[str, dict[str, str | int]]:
        """Version and digest of each profile of the contract, by name."""
        return {
            profile.name: {"version": profile.version, "digest": profile.digest}
            for profile in self.contract.profiles.values()
        }

    @cached_property
    def challenges(self) -> InForce:
        """The accepted challenges of the contract, and those of them that took effect."""
        numbers = {number for cell in self.cells for number in cell.challenges}
        return InForce(self.contract.challenges.digest, tuple(sorted(numbers)))

    @cached_property
    def by_clause(self) -> dict[str, tuple[Cell, ...]]:
        """The cells by clause id, in ledger order.

        A clause without cells has an empty tuple. Raises KeyError if a cell has a clause that is
        not in the contract.
        """
        cells_of: dict[str, list[Cell]] = {clause: [] for clause in self.contract.clauses}
        for cell in self.cells:
            cells_of[cell.clause].append(cell)
        return {clause: tuple(cells) for clause, cells in cells_of.items()}

    @cached_property
    def exchange(self) -> dict[str, Exchange]:
        """The exchanges by id."""
        return {exchange.id: exchange for exchange in self.exchanges}

    def exchanges_of(self, ids: Iterable[str]) -> list[Exchange]:
        """The exchanges with the given ids, in that order. Unknown ids are skipped."""
        return [self.exchange[name] for name in ids if name in self.exchange]

    @cached_property
    def again(self) -> dict[str, Exchange]:
        """The exchanges sent again at the end of the run, by the id of the original."""
        repeating = [exchange for exchange in self.exchanges if exchange.facts.again]
        return {str(exchange.facts.again): exchange for exchange in repeating}

    @cached_property
    def broken(self) -> list[Cell]:
        """The cells with findings, whatever their verdict, in ledger order."""
        return [cell for cell in self.cells if cell.findings]

    @cached_property
    def cause_of(self) -> dict[str, tuple[int, Cause]]:
        """The worst cause of each broken cell and its number from 1, by the name of the cell."""
        found: dict[str, tuple[int, Cause]] = {}
        for number, cause in enumerate(self.causes, 1):  # the worst comes first
            for name in cause.cells:
                found.setdefault(name, (number, cause))
        return found

    @property
    def exit_code(self) -> int:
        """1 if a MUST is broken, else 3 if something could not be judged, else 0.

        A difference between spot checks and their full run gives 1, too. With a baseline, only new
        failures do. With ``require_complete``, an untested cell could not be judged, nor could a
        route that the target file leaves out, if it exists or was not requested. A run could not be
        judged at all if no cell was, or if the target file leaves out every operation.
        """
        if self.differences or (self.counts["failed"] and not self.nothing_new):
            return 1
        if self.incomplete or self._shows_nothing:
            return 3
        unjudged = self.counts["error"]
        if self.require_complete:
            unjudged += self.counts["untested"] + len(self.still_there) + len(self.not_asked_for)
        return 3 if unjudged else 0

    @property
    def nothing_new(self) -> bool:
        """Whether the run has a baseline, and every failure was in it already."""
        return self.baseline is not None and not self.baseline.new

    @property
    def _shows_nothing(self) -> bool:
        """Whether no cell was judged, or the target file declares every operation absent."""
        if not self.judged:
            return True
        return self.contract.operations.keys() <= self.target.inapplicable

    @property
    def judged(self) -> int:
        """The number of cells that were judged on evidence, with any result."""
        return sum(self.counts[verdict] for verdict in JUDGED)

    @property
    def holding(self) -> int:
        """The number of cells that were judged and broke no MUST."""
        return self.counts[Verdict.PASSED] + self.counts[Verdict.WARNED]

    @property
    def still_there(self) -> list[str]:
        """The routes that the target file declares absent although the target has them."""
        return [route for route, found in self._left_out.items() if True in found]

    @property
    def not_asked_for(self) -> list[str]:
        """Those routes that received no request."""
        return [route for route, found in self._left_out.items() if not found]

    @cached_property
    def _left_out(self) -> dict[str, set[bool]]:
        """Whether the responses show each route that the target file declares absent."""
        target = self.target
        return existence_shown(self.contract, target.inapplicable, target.url, self.exchanges)

    @cached_property
    def standing(self) -> Verdict:
        """The verdict on the run as a whole: the worst of its cells, unless the exit code decides.

        PASSED only if every cell passed. If the target file or an accepted challenge leaves one
        out, and nothing is worse, the run is UNTESTED. ERROR without any cell.
        """
        if self.exit_code == 1:
            return Verdict.FAILED
        if self.exit_code:
            return Verdict.ERROR
        verdicts = {cell.verdict for cell in self.cells}
        found = worst(verdicts - {Verdict.INAPPLICABLE}) or Verdict.ERROR
        is_limited = found is Verdict.PASSED and self.counts[Verdict.INAPPLICABLE]
        if found is Verdict.EXCLUDED or is_limited:
            return Verdict.UNTESTED
        return found

    def clause_verdict(self, clause: str) -> Verdict | None:
        """The worst verdict of the cells of a clause; None if it has no cells."""
        return worst(cell.verdict for cell in self.by_clause[clause])
