"""A run in progress: the prepared plan, the log, and the sender to the target.

pytest drives it case by case; self-tests use a plain loop.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Collection, Iterable
from dataclasses import replace
from statistics import median
from typing import TextIO

from conformance import checks
from conformance.base.errors import Unjudgeable
from conformance.base.options import Depth
from conformance.base.text import amount
from conformance.judging import verdict
from conformance.judging.judge import Judgements, findings_of, judge
from conformance.judging.outcomes import Violation
from conformance.log.evidence import Log, Recorder
from conformance.model import Case, Effect, Exchange, Operation, Role, Run
from conformance.plan.registry import registered
from conformance.reading import CLEAN, GONE, Made, made_by, removals, run_key
from conformance.run.conclusion import finished, why_unfinished
from conformance.run.lanes import Lane, lanes
from conformance.run.planning import Prepared
from conformance.run.prefetch import LARGE, Ahead
from conformance.run.put_back import initial_memory, put_back
from conformance.run.replay_steps import send_again
from conformance.scenarios.client.client import Client
from conformance.scenarios.client.memory import Memory
from conformance.scenarios.generated.generate import draw
from conformance.transport.journal import Sink
from conformance.transport.patience import CutShort, OverBudget
from conformance.transport.sender import Sender
from conformance.transport.wire import Wire

MINUTE = 60
REMOVING = 5
"""Seconds that a run which was told to stop may still spend on removing what it made."""
OWN_MS = 4
"""Milliseconds that the suite itself needs per request, on a typical machine."""

Found = list[tuple[str, Violation]]
"""Violations, each with the id of its rule."""


def _is_large(exchange: Exchange) -> bool:
    """Whether a response is so large that the target gets one request at a time from now on."""
    return exchange.response is not None and exchange.response.body.size > LARGE


def _remove(client: Client, made: Made, deletion: Operation) -> Exchange:
    """Delete an object that the run created, with the key that created it."""
    assert deletion.selector is not None  # it deletes one object by id
    values = {deletion.selector.name: made.id}
    return client.send(deletion, values, key=made.identity, role=Role.BYSTANDER)


class Session:
    """A run in progress.

    ``stream`` is the log file, None for none. ``prefix`` is prepended to the ids of exchanges.
    ``selected`` holds the ids of the cases to run, None for all. With more than one of
    ``workers``, cases overlap; ``spool`` is the file for exchanges that are sent before the turn
    of their case.
    """

    def __init__(
        self,
        prepared: Prepared,
        wire: Wire,
        stream: TextIO | None = None,
        *,
        prefix: str = "",
        require_complete: bool = False,
        workers: int = 1,
        spool: TextIO | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.contract = prepared.contract
        self.target = prepared.target
        self.plan = prepared.plan
        self.choice = prepared.choice
        self.selected = prepared.selected
        self._clock = prepared.clock
        self.announcement = prepared.announcement
        self.recorder = Recorder(stream, self.target.declaration.disk)
        self.sender = self._sender(wire, prefix, sleep)
        self._begun = prepared.begun(prepared.clock(), require_complete=require_complete)
        self.key = run_key(self.choice.seed, prepared.salt)  # determines the marks in its texts
        self._memory: Memory | None = None
        creations = self.contract.operations_by("create")
        self._pooled = {each.kind for each in creations if self.contract.takes_from_pool(each)}
        self._lanes: dict[str, Lane] = {}
        self._changing: list[Operation] = []  # the operations of cases that change something
        self._shard = prepared.shard
        self._workers = workers
        self._spool = spool
        self._ahead: Ahead | None = None
        self._known = Judgements()
        # None, because exchanges have temporary ids before their turn; a playback sets it
        self._known_trials: Judgements | None = None

    def _sender(self, wire: Wire, prefix: str, sleep: Callable[[float], None]) -> Sender:
        return Sender(
            self.contract,
            self.target,
            wire,
            self.recorder,
            seed=self.choice.seed,
            prefix=prefix,
            max_seconds=self.choice.max_seconds,
            planned=sum(case.cost for case in self._runnable(self.selected)),
            sleep=sleep,
            clock=self._clock,
        )

    @property
    def log(self) -> Log:
        """The log so far."""
        return self.recorder.log

    def pace(self) -> str:
        """How long the chosen cases will take, estimated from the responses so far, as a sentence.

        Empty for less than a minute.
        """
        latency = median([exchange.elapsed_ms for exchange in self.log.exchanges] or [0.0])
        requests = sum(case.cost for case in self._runnable(self.selected))
        seconds = requests * (latency / self._workers + OWN_MS) / 1000
        if self.target.rate:
            seconds = max(seconds, requests / self.target.rate)
        if seconds < MINUTE:
            return ""
        how = f"{latency:,.0f} ms per response, {amount(self._workers, 'case')} at a time"
        return f"This will take about {amount(round(seconds / MINUTE), 'minute')} ({how})."

    def run_case(self, case: Case, *, judged: bool = True) -> Found:
        """Run a case, and repeat it if a violation needs to be confirmed.

        Returns the violations in its own exchanges, or nothing unless ``judged`` is set. Raises
        Unjudgeable if the target is down.
        """
        if self.log.incomplete:
            return []
        before = len(self.log.exchanges)
        try:
            outcome = self._outcome(case)
        except Unjudgeable as error:
            self._stop()
            self.recorder.break_off(str(error), error.void)
            raise
        self.recorder.end(case.id, outcome)
        return self._violations(case, before) if judged else []

    def forget(self) -> None:
        """Forget what was seen of the target, because its data may have changed since."""
        if self._memory is not None:
            self._memory = Memory(self._memory.cases)

    def _outcome(self, case: Case) -> str:
        """Run a case, or wait for it if it runs before its turn; returns how it ended."""
        self._prepare(case)
        journal = self.sender.journal
        if self._ahead is None:
            return self._run_attempts(case, journal)
        return self._ahead.result(case, journal.log)

    def _prepare(self, first: Case) -> None:
        """Before the first case, gather what all cases rely on, and start the threads, if any."""
        if self._memory is not None:
            return
        cases = self._runnable(self.selected)
        of_all_shards = self._runnable(self.selected if self._shard is None else self._shard.chosen)
        self._memory = initial_memory(of_all_shards, self._begun.reuse)
        self._lanes = lanes(self.contract, (first, *of_all_shards))
        changing = [case.operation for case in of_all_shards if not self._lanes[case.id].harmless]
        known = self.contract.operations
        self._changing = [known[name] for name in dict.fromkeys(changing) if name in known]
        client = self._client(first, 1, self.sender.journal)
        draw(client)  # takes seconds, in a separate process
        self._look_for_businesses(client)
        if self._workers > 1:
            spool = None if self._spool is None else Recorder(self._spool)
            self._ahead = Ahead(
                cases,
                self._lanes,
                self._run_attempts,
                self._workers,
                spool,
                large=any(_is_large(exchange) for exchange in self.log.exchanges),
            )

    def _look_for_businesses(self, client: Client) -> None:
        """Find out the businesses of the keys; spot checks send no requests for that."""
        if self._begun.spread is None:
            with contextlib.suppress(OverBudget):
                client.knowledge.look_for_businesses()

    def _run_attempts(self, case: Case, sink: Sink) -> str:
        """Run the scenario of a case, and again to confirm a violation; returns how it ended."""
        for attempt in (1, 2):
            client = self._client(case, attempt, sink)
            outcome, sent = self._attempt(case, client), client.sender.sent
            ended = outcome in (verdict.DONE, verdict.CUT_SHORT)
            if not ended or not self._asks_again(case, sent):
                break
        return outcome

    def _attempt(self, case: Case, client: Client) -> str:
        """Run the scenario of a case once; returns how it ended."""
        outcome = verdict.DONE
        try:
            if not self._lanes[case.id].harmless and self._begun.spread is None:
                client.knowledge.gather(self._changing)  # lists as they are before any change
            try:
                registered(case.scenario).function(client)
            except CutShort:
                outcome = verdict.CUT_SHORT
            self._give_back(client)
        except OverBudget:
            return verdict.OVER_BUDGET
        except Unjudgeable:
            raise
        except Exception as error:
            return self.sender.redact(
                f"the scenario {case.scenario} crashed: {type(error).__name__}: {error}"
            )
        return outcome

    def _give_back(self, client: Client) -> None:
        """Return what a case took from a pool, which may not have enough for all cases."""
        client.case = replace(client.case, at_most=0)  # a case cut short may still return things
        for made, deletion in self._removals(made_by(self.contract, client.sender.sent)):
            if made.kind in self._pooled:
                _remove(client, made, deletion)

    def _removals(self, made: Iterable[Made]) -> list[tuple[Made, Operation]]:
        """The objects that can be removed, each with its deletion."""
        return removals(self.sender.offered, made, self.target.declaration.allow)

    def _client(self, case: Case, attempt: int, sink: Sink) -> Client:
        """A client for one attempt of a case, whose exchanges go to ``sink``."""
        memory, depth = self._memory or Memory(), Depth(self.choice.depth).of_cases
        sender, seed = self.sender.of_case(sink), self.choice.seed
        return Client(sender, case, attempt, memory, seed=seed, key=self.key, depth=depth)

    def _runnable(self, chosen: Collection[str] | None) -> tuple[Case, ...]:
        """The cases that can run among those chosen by id; None means all."""
        runnable = self.plan.runnable
        return tuple(case for case in runnable if chosen is None or case.id in chosen)

    def _asks_again(self, case: Case, sent: Iterable[Exchange]) -> bool:
        """Whether to confirm a violation: if its rule wants that, or the case may be cut short."""
        every = {each: checks.RULES[each] for each in case.rules}
        rules = {name: rule for name, rule in every.items() if rule.confirm or case.at_most}
        confirming = replace(case, rules=tuple(rules), at_most=0)  # as if it was not cut short
        target = self.target.declaration
        outcomes = judge(self.contract, target, rules, [confirming], sent, self._known_trials)
        found = [outcome for rated in outcomes.values() for _, outcome in rated]
        return bool(findings_of(found))

    def _violations(self, case: Case, before: int) -> Found:
        """The violations in the exchanges of a case after the first ``before`` of the log."""
        exchanges = [each for each in self.log.exchanges[before:] if each.case == case.id]
        target = self.target.declaration
        outcomes = judge(self.contract, target, checks.RULES, [case], exchanges, self._known)
        violations: Found = []
        for (rule, _), rated in outcomes.items():
            found = findings_of([outcome for _, outcome in rated])
            violations += [(rule, violation) for violation in found]
        return violations

    def cleaner(self, effect: Effect = Effect.READ) -> Client:
        """A client for cleaning up, beyond the budget. Its exchanges are not judged."""
        self.sender.lift_budget()
        return self._client(replace(CLEAN, effect=effect), 1, self.sender.journal)

    def clean(self, made: Iterable[Made]) -> list[Made]:
        """Remove created objects, latest first, as far as the API and the target file allow it.

        Returns the removed objects. If the target is down or takes too long, the rest remains.
        """
        gone: list[Made] = []
        with contextlib.suppress(Unjudgeable, OverBudget):
            for each, deletion in self._removals(made):
                removal = _remove(self.cleaner(deletion.effect), each, deletion)
                if removal.ok or removal.status == GONE:
                    gone.append(each)
        return gone

    def _stop(self) -> None:
        """Prevent all cases from sending anything more."""
        if self._ahead is not None:
            self._ahead.stop()

    def interrupt(self) -> None:
        """Stop sending, except to clean up, and log what cases have sent before their turn.

        Those exchanges are not judged if the run had already broken off, as with a target that is
        down.
        """
        self._stop()
        self.sender.end_within(REMOVING)
        if self._ahead is None:
            return
        kept: list[Exchange] = []
        self._ahead.log_rest(lambda sent: kept.append(self.sender.journal.keep(sent)))
        if kept and self.log.incomplete:
            self.recorder.void([exchange.id for exchange in kept])

    def finish(self, *, cleans: bool = False, tries: bool = False) -> Run:
        """Finish the run and judge it.

        With ``cleans``, the objects that the run created are removed at the end. With ``tries``,
        the steps of each cause are sent again before that. The log says if pytest stopped before
        all chosen cases had ended.
        """
        self._stop()
        self._settle()
        stopped = why_unfinished(self.plan, self.log, self.selected)
        if stopped:
            self.recorder.break_off(stopped)
        if tries and not self.log.incomplete:
            send_again(self.sender, self._finished())
        if not self.log.incomplete:
            allowed = self.target.declaration.allow
            put_back(self.contract, self.log, self._begun.reuse, allowed, self.cleaner)
        if cleans:
            self.clean(made_by(self.contract, self.log.exchanges))
        self.recorder.close()
        return self._finished()

    def _finished(self) -> Run:
        """The run, judged by the log so far."""
        ended = self._clock().isoformat(timespec="seconds")
        return finished(
            self._begun, self.log, ended=ended, selected=self.selected, known=self._known
        )

    def _settle(self) -> None:
        """Check the target again if it rejected the main key at the end."""
        try:
            if not self.log.incomplete:
                self.sender.settle()
        except (Unjudgeable, OverBudget) as error:
            self.recorder.break_off(str(error), getattr(error, "void", ()))
