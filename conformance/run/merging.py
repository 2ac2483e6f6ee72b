"""Merges the shards of a run into the log of a run that was never split."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import count
from pathlib import Path

from conformance.base.values import without
from conformance.log.evidence import Recorder
from conformance.model import Contract, Exchange, Run
from conformance.reading import CLEAN
from conformance.run import shards
from conformance.run.runfile import Opened, open_run
from conformance.run.shards import Shard
from conformance.transport.sender import LOOK

ALIKE = ("suite", "spec", "seed", "depth", "target")
"""Members of run.json that must be equal in all shards of a run, in addition to the plan."""


@dataclass(frozen=True)
class Piece:
    """A shard of a run, as stored in a directory."""

    directory: Path
    shard: Shard
    stored: Opened

    @property
    def name(self) -> str:
        """The shard and its directory, for messages."""
        return f"shard {self.shard.number} of {self.shard.of} ({self.directory})"

    @cached_property
    def by_case(self) -> dict[str, list[Exchange]]:
        """The exchanges of the shard, by case."""
        cases: dict[str, list[Exchange]] = defaultdict(list)
        for exchange in self.stored.log.exchanges:
            cases[exchange.case].append(exchange)
        return cases

    def differences(self, other: Piece) -> list[str]:
        """What differs from another shard although it must not, by name."""
        names = [
            name for name in ALIKE if self.stored.said.get(name) != other.stored.said.get(name)
        ]
        own_plan = [case["id"] for case in self.stored.said["plan"]]
        other_plan = [case["id"] for case in other.stored.said["plan"]]
        if own_plan != other_plan or self.shard.chosen != other.shard.chosen:
            names.append("plan")
        if self.shard.of != other.shard.of:
            names.append("number of shards")
        return names


def piece(directory: Path, contract: Contract) -> Piece:
    """The shard in a directory. Raises UsageError if there is none."""
    return Piece(directory, shards.stored_in(directory), open_run(directory, contract))


@dataclass(frozen=True)
class FittingShards:
    """The shards that fit together, in order, and a sentence for each problem of a merge."""

    pieces: list[Piece]
    problems: list[str]

    @property
    def chosen(self) -> frozenset[str] | None:
        """The ids of the cases that were to run; None for all."""
        chosen = self.pieces[0].shard.chosen
        return None if chosen is None else frozenset(chosen)

    @property
    def run(self) -> Run:
        """The run without its log, from the earliest start to the latest end of its shards."""
        stored = [each.stored for each in self.pieces]
        started = min(each.began.started for each in stored)
        ended = max(each.ended for each in stored)
        began = stored[0].began
        salts = tuple(dict.fromkeys(salt for each in stored for salt in each.began.salts))
        selection = began.selection and replace(began.selection, shard="")
        return replace(
            began,
            selection=selection,
            salts=salts,
            started=started,
            finished=ended,
            incomplete=None,
            drawn_by=None,  # each shard has its own state
        )


def fit_together(pieces: Sequence[Piece]) -> FittingShards:
    """The shards that belong to the same run as the first; there must be at least one.

    Each shard that is foreign, duplicate, missing or incomplete is a problem.
    """
    first, problems = pieces[0], []
    fitting: dict[int, Piece] = {}
    for each in pieces:
        different = first.differences(each)
        if different:
            what = ", ".join(different)
            problems.append(
                f"{each.name} and {first.name} belong to different runs: they differ in {what}"
            )
        elif each.shard.number in fitting:
            problems.append(f"{each.name} duplicates {fitting[each.shard.number].directory}")
        else:
            fitting[each.shard.number] = each
    for number in range(1, first.shard.of + 1):
        if number not in fitting:
            problems.append(f"shard {number} of {first.shard.of} is missing")
    kept = [fitting[number] for number in sorted(fitting)]
    problems += [
        f"{each.name}: {each.stored.log.incomplete}" for each in kept if each.stored.log.incomplete
    ]
    return FittingShards(kept, problems)


def write(shards_to_merge: FittingShards, recorder: Recorder) -> None:
    """Log everything from the shards, in the order of the plan, with new numbers.

    If there are problems, the log says that the run broke off because of them.
    """
    numbers, pieces = count(1), shards_to_merge.pieces
    recorder.setup(pieces[0].stored.log.setup)
    void: set[str] = set()
    for case, sent in _by_case(pieces):
        for each, exchange in sent:
            logged = recorder.exchange(replace(exchange, id=f"{next(numbers)}"))
            if exchange.id in each.stored.log.void:
                void.add(logged.id)
        for each in pieces:
            if case in each.stored.log.ends:
                recorder.end(case, each.stored.log.ends[case])
    if shards_to_merge.problems:  # always, if any exchange is void: that shard broke off
        recorder.break_off("; ".join(shards_to_merge.problems), void)
    recorder.close()


Sent = list[tuple[Piece, Exchange]]
"""Exchanges, each with the shard that sent it."""


def _by_case(pieces: Sequence[Piece]) -> Iterator[tuple[str, Sent]]:
    """Every exchange once, by case, in the order of the plan.

    A part that serves several cases was sent by each shard that needs it; only that of the first
    one is used. Exchanges before the first planned case are taken from the first shard, and those
    after the last one from all shards.
    """
    first = pieces[0]
    owners: dict[str, Piece] = {}  # by part, the shard whose exchanges are used
    planned = [case.id for case in first.stored.began.cases]
    at_end = (LOOK.id, CLEAN.id)
    at_beginning = without(first.by_case, {*planned, *at_end})
    for case in (*at_beginning, *planned, *at_end):
        sources = [first] if case in at_beginning else pieces
        sent = _exchanges_of(sources, case)
        used = [(each, exchange) for each, exchange in sent if _is_used(each, exchange, owners)]
        yield case, used


def _exchanges_of(pieces: Iterable[Piece], case: str) -> Sent:
    """The exchanges of a case in some shards, one shard after another."""
    return [(each, exchange) for each in pieces for exchange in each.by_case.get(case, ())]


def _is_used(piece: Piece, exchange: Exchange, owners: dict[str, Piece]) -> bool:
    """Whether the merged log uses an exchange of a shard.

    It does unless the exchange belongs to a part of which an earlier shard is the owner. The first
    shard with a part becomes its owner, which is recorded in ``owners``.
    """
    if not exchange.part:
        return True
    owner = owners.setdefault(exchange.part, piece)
    return owner is piece
