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
        """The names of what differs from another shard and must not."""
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
class Whole:
    """Shards that belong together, and a sentence for each problem with the given ones."""

    pieces: list[Piece]
    wrongs: list[str]

    @property
    def chosen(self) -> frozenset[str] | None:
        """The ids of the cases that were to run; None for all."""
        chosen = self.pieces[0].shard.chosen
        return None if chosen is None else frozenset(chosen)

    @property
    def run(self) -> Run:
        """The run without its log, from the earliest start to the latest end of its shards."""
        stored = [each.stored for each in self.pieces]
        started, ended = min(s.began.started for s in stored), max(s.ended for s in stored)
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


def fit_together(pieces: Sequence[Piece]) -> Whole:
    """The shards that belong to the same run as the first; there must be at least one.

    Each shard that is foreign, duplicate, missing or incomplete yields a sentence.
    """
    first, wrongs = pieces[0], []
    fitting: dict[int, Piece] = {}
    for each in pieces:
        different = first.differences(each)
        if different:
            what = ", ".join(different)
            wrongs.append(f"{each.name} belongs to another run than {first.name}: {what} differ")
        elif each.shard.number in fitting:
            wrongs.append(f"{each.name} duplicates {fitting[each.shard.number].directory}")
        else:
            fitting[each.shard.number] = each
    for number in range(1, first.shard.of + 1):
        if number not in fitting:
            wrongs.append(f"shard {number} of {first.shard.of} is missing")
    kept = [fitting[number] for number in sorted(fitting)]
    wrongs += [
        f"{each.name}: {each.stored.log.incomplete}" for each in kept if each.stored.log.incomplete
    ]
    return Whole(kept, wrongs)


def write(whole: Whole, recorder: Recorder) -> None:
    """Log everything from the shards, in the order of the plan, with new numbers.

    If anything is wrong with the shards, the log breaks off with that as the reason.
    """
    numbers = count(1)
    recorder.setup(whole.pieces[0].stored.log.setup)
    void: set[str] = set()
    for case, sent in _by_case(whole.pieces):
        for each, exchange in sent:
            logged = recorder.exchange(replace(exchange, id=f"{next(numbers)}"))
            if exchange.id in each.stored.log.void:
                void.add(logged.id)
        for each in whole.pieces:
            if case in each.stored.log.ends:
                recorder.end(case, each.stored.log.ends[case])
    if whole.wrongs:
        recorder.break_off("; ".join(whole.wrongs), void)
    recorder.close()


Sent = list[tuple[Piece, Exchange]]
"""Exchanges, each with the shard that sent it."""


def _by_case(pieces: Sequence[Piece]) -> Iterator[tuple[str, Sent]]:
    """Every exchange once, by case, in the order of the plan.

    An exchange that serves several cases was sent by each shard that needs it; the first one is
    used. Exchanges before the first case are taken from the first shard.
    """
    first, owners = pieces[0], dict[str, Piece]()  # by part, the shard whose exchanges are used
    planned = [case.id for case in first.stored.began.cases]
    after = (LOOK.id, CLEAN.id)
    before = without(first.by_case, {*planned, *after})
    for case in (*before, *planned, *after):
        sent = _exchanges_of(pieces if case not in before else [first], case)
        used = [(each, exchange) for each, exchange in sent if _is_used(each, exchange, owners)]
        yield case, used


def _exchanges_of(pieces: Iterable[Piece], case: str) -> Sent:
    """The exchanges of a case in some shards, one shard after another."""
    return [(each, exchange) for each in pieces for exchange in each.by_case.get(case, ())]


def _is_used(piece: Piece, exchange: Exchange, owners: dict[str, Piece]) -> bool:
    """Whether an exchange is used: it is of no shared part, or of the first shard that has it.

    ``owners`` records that shard, by part.
    """
    return not exchange.part or owners.setdefault(exchange.part, piece) is piece
