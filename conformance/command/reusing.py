"""``run --reuse`` and ``nightly``: looks for the objects of earlier runs before a run begins."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from conformance.base.errors import Unjudgeable, UsageError
from conformance.base.options import Choice
from conformance.command.commands import load

if TYPE_CHECKING:
    from conformance.model import Reuse
    from conformance.run.planning import Prepared


def reuse_of(choice: Choice) -> Reuse | None:
    """The chosen reuse of objects, still without the objects: the target has to show them first.

    None if no reuse was chosen. Raises UsageError for options that do not go together.
    """
    from conformance.model import Reuse

    if choice.turns < 1 or (choice.turns > 1 and choice.reuse is None):
        raise UsageError(f"--turns {choice.turns}: pass 1 or more, together with --reuse")
    if choice.reuse is None:
        return None
    if choice.shard:
        raise UsageError("--reuse cannot be used with --shard: shards would share the objects.")
    return Reuse(turns=choice.turns)


def drop_unusable_reuse(prepared: Prepared, directory: Path) -> Prepared:
    """The prepared run, without reuse if it may not write or if a directory has no run yet."""
    from conformance.model import Effect
    from conformance.run import runfile

    writes = Effect.WRITE in prepared.target.declaration.allow
    if writes and any(directory.glob(f"*/{runfile.RUN}")):
        return prepared
    return replace(prepared, reuse=None, choice=replace(prepared.choice, reuse=None, turns=1))


def with_objects(prepared: Prepared) -> Prepared:
    """The prepared run with the objects of earlier runs that it may use again. Sends only reads.

    If the target is down, there are no objects, and the run itself reports that. Spot checks are
    prepared without reuse, so they get none, whatever was chosen.
    """
    from conformance.run.reusing import reusable
    from conformance.run.session import Session
    from conformance.transport.http import HttpWire

    choice = prepared.choice
    if choice.reuse is None or prepared.reuse is None:
        return prepared
    contract = load(choice.spec, choice.challenges, choice.edition)
    try:
        with closing(HttpWire(prepared.target.timeout, prepared.target.trust)) as wire:
            found = reusable(Session(prepared, wire), contract, choice.reuse, choice.turns)
    except Unjudgeable:
        return prepared
    return replace(prepared, reuse=found)
