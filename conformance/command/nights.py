"""A night from its beginning to its end: run, compare, decide what to say, say it, remember it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from conformance.base.clock import Clock
from conformance.base.errors import Exit, StorageError, TargetError, Unjudgeable, UsageError
from conformance.base.options import Choice
from conformance.base.text import amount
from conformance.command import awaiting, cleaning, comparing, reusing
from conformance.command.commands import load
from conformance.command.concluding import add_to_history, conclude, placed, terminal, with_history
from conformance.command.directory import prune
from conformance.command.preparing import (
    check_runnable,
    embedded,
    execute,
    first_look,
    prepared_for,
)
from conformance.command.saying import say
from conformance.model import PUBLISHED, Run, Verdict
from conformance.nightly import (
    dates,
    describing,
    drifting,
    losses,
    outcome,
    silence,
    state_file,
    transitions,
    unbegun,
)
from conformance.nightly.channels import Channel, deliver_all, waiting_for
from conformance.nightly.dates import Certificate
from conformance.nightly.facts import Night, Seen, night_of
from conformance.nightly.notices import NEW_FAULTS, Message, Notice, message, ordered
from conformance.nightly.outcome import Outcome
from conformance.nightly.state import Good, State
from conformance.nightly.transitions import Step
from conformance.report import rerun, view
from conformance.run import runfile

if TYPE_CHECKING:
    from conformance.run.comparison import Comparison
    from conformance.run.planning import Prepared
    from conformance.run.runfile import Opened


@dataclass(frozen=True)
class Options:
    """What the user asked for: the run, its directory of reports, and whom to tell."""

    choice: Choice
    output: Path
    clock: Clock
    max_age: timedelta
    channels: tuple[Channel, ...] = ()
    certificates: tuple[Certificate, ...] = ()
    keep: int | None = None
    accept_less: bool = False
    details: bool = False
    metrics: Path | None = None

    @property
    def scope(self) -> str:
        """Depth, edition and selection, which all nights of a directory have in common."""
        areas, clauses = sorted(self.choice.areas), sorted(self.choice.clauses)
        edition = self.choice.edition
        editions = [] if edition == PUBLISHED else [f"{edition} edition"]
        named = [f"area {name}" for name in areas]
        return " ".join([self.choice.depth, *editions, *named, *clauses])


@dataclass(frozen=True)
class Ran:
    """The result of running a night: its facts, and the judged run; None if there is none.

    ``good`` has the verdicts of the last good night, and ``new`` the causes that it did not have.
    """

    night: Night
    run: Run | None = None
    good: Mapping[str, Verdict] | None = None
    new: tuple[Seen, ...] = ()


def night(options: Options) -> Exit:
    """Judge a target for a night, in a directory whose lock is held; returns the exit code.

    What changed is sent and printed, and what later nights need is stored.

    Raises UsageError or TargetError if the night cannot begin.
    """
    prepared = _prepared(options)
    state, notices = _begun(options, prepared)
    ran = _run_suite(options, prepared, state.good)
    step = transitions.step(state, ran.night, ran.good or {}, accept=options.accept_less)
    today = options.clock().date()
    waivers = prepared.target.declaration.waivers
    due, said = dates.due(waivers, options.certificates, today, state.said)
    drift = drifting.look(prepared.contract, prepared.target, options.choice.seed, state.drift)
    notices = ordered([*notices, *step.notices, *due, *drift.notices])
    found = _outcome(options, prepared, state, ran, step, notices)
    after = replace(step.state, said=said, ended=_moment(options.clock), drift=drift.ids)
    found = _send_messages(options, after, found)
    _say(found)
    outcome.write(found, options.output)
    spared = options.output.resolve() / after.good.run if after.good else None
    prune(options.output, options.keep, spared)
    if options.metrics:
        from conformance.nightly import measuring

        name = prepared.target.declaration.name
        measuring.write(options.metrics, options.output, name, after, found, ran.run, drift.found)
    return found.exit_code


def _prepared(options: Options) -> Prepared:
    """The planned run of a night.

    If it cannot begin, sends and stores why, as for a notice, and raises UsageError or TargetError.
    The objects of earlier nights are not used if no night was stored yet, or if the run may not
    write.
    """
    try:
        with embedded(options.choice) as server:
            prepared = prepared_for(options.choice, server, aloud=True, clock=options.clock)
        check_runnable(prepared)
    except (UsageError, TargetError) as error:
        target = str(options.choice.target or options.choice.url)
        unbegun.tell(str(error), target, options.output, options.clock, options.channels)
        raise
    if options.choice.reuse == options.output:  # the user did not choose objects
        return reusing.drop_unusable_reuse(prepared, options.output)
    return prepared


def _begun(options: Options, prepared: Prepared) -> tuple[State, list[Notice]]:
    """The state at the beginning of a night, and the notice if the night before did not arrive.

    Raises UsageError if the directory belongs to another target or another selection.
    """
    address, scope = prepared.target.declaration.url, options.scope
    stored = state_file.read(options.output)
    state = stored or State(target=address, scope=scope)
    for what, before, current in (("target", state.target, address), ("scope", state.scope, scope)):
        if before != current:
            raise UsageError(
                f"{options.output}: earlier nights here have the {what} {before}, not {current}. "
                "Specify another directory with --output."
            )
    missed = None
    if stored:
        announced = state_file.read_watch(options.output).told
        missed = silence.missed(
            state, options.clock(), options.max_age, announced, none_running=True
        )  # none is running, because the lock is held
    state = replace(state, began=_moment(options.clock), name=prepared.target.declaration.name)
    state_file.write(state, options.output)
    return state, [missed] if missed else []


def _moment(clock: Clock) -> str:
    """The current moment, to the second."""
    return clock().isoformat(timespec="seconds")


# --- the run --------------------------------------------------------------------------------------


def _run_suite(options: Options, prepared: Prepared, good: Good | None) -> Ran:
    """Run the suite, compare with the last good night, and write the reports.

    A run that had to stop gives a stopped night. So does one that would exit with 0, but whose
    files could not all be written.
    """
    older = _open_good(options, good)
    verdicts = older.results.verdicts if older else None
    look = first_look(prepared)
    awaiting.until_up(prepared.target.declaration.url, options.choice.max_seconds)
    try:
        finished, directory = execute(prepared, options.output, terminal(), yes=True, look=look)
    except (Unjudgeable, StorageError) as error:
        say(str(error), err=True)
        return Ran(Night(stopped=str(error)), good=verdicts)
    finished = with_history(finished, prepared.selected, directory)
    cleaning.note_left(finished, directory)
    found = None
    if older and good:
        finished, found = comparing.with_baseline(finished, older, options.output / good.run)
    code = conclude(finished, prepared.selected, directory, terminal(), options.details)
    add_to_history(finished, prepared.selected, directory)
    facts = night_of(finished, directory.name)
    is_unwritten = code != finished.exit_code  # conclude changes only a code of 0
    if is_unwritten:
        facts = replace(facts, stopped="Not all files of the run could be written.")
    return Ran(facts, placed(finished, directory), verdicts, _new(facts, found))


def _open_good(options: Options, good: Good | None) -> Opened | None:
    """The run of the last good night; None if there is none, or none that can be read."""
    if good is None:
        return None
    contract = load(options.choice.spec, options.choice.challenges, options.choice.edition)
    try:
        return runfile.open_run(options.output / good.run, contract)
    except UsageError as error:
        say(f"Note: everything counts as new, because the last good night cannot be read: {error}")
        return None


def _new(night: Night, found: Comparison | None) -> tuple[Seen, ...]:
    """The causes that the last good night did not have, and those that now break more cells.

    ``found`` compares the night with the last good one. If it is None, all causes are new.
    """
    if found is None:
        return night.causes
    names = {cause.id for cause in found.new}
    newly_broken = {cell.name for cell in found.broken}
    names |= {cause.id for cause in found.still if not newly_broken.isdisjoint(cause.cells)}
    return tuple(seen for seen in night.causes if seen.id in names)


# --- what is said ---------------------------------------------------------------------------------


def _outcome(
    options: Options, prepared: Prepared, state: State, ran: Ran, step: Step, notices: list[Notice]
) -> Outcome:
    """The outcome of a night that began with a state, before anything is sent."""
    verdicts, declared, run = ran.good or {}, prepared.target.declaration, ran.run
    first_cause = next(iter((*step.new_or_wider, *ran.new)), None)
    return Outcome(
        step=step,
        notices=notices,
        new=ran.new,
        judged_all=ran.night.is_complete and not step.judges_less,
        less=losses.details(state.good, verdicts, ran.night) if step.judges_less else (),
        counts=run.counts if run else {},
        causes=len(run.causes) if run else 0,
        target=f"{declared.name}, {declared.url}",
        place=run.place if run else "",
        page=str(options.output / ran.night.run / "report.html"),
        reproduce=rerun.pasted(run, str(first_cause.number)) if run and first_cause else "",
        claim=view.headline(run) if run else "",
        setup=losses.shortened(ran.night.setup),
        stopped=transitions.in_full(ran.night.stopped),
        described=describing.described(run, describing.subjects(step)),
        is_first=not state.ended,
    )


def _send_messages(options: Options, state: State, found: Outcome) -> Outcome:
    """Send the waiting messages and that of this night; returns the outcome with ``unsent`` set.

    The state is stored before the first and after each one, so that a killed night loses none.
    """
    waiting = state.unsent
    if found.notices:
        names = tuple(channel.name for channel in options.channels)
        waiting = (*waiting, replace(message(found.notices, found.details), to=names))

    def save(unsent: tuple[Message, ...]) -> None:
        state_file.write(replace(state, unsent=unsent), options.output)

    waiting = waiting_for(waiting, options.channels)
    save(waiting)
    return replace(found, unsent=len(deliver_all(waiting, options.channels, save)))


def _say(found: Outcome) -> None:
    """Print the notices of a night, and what could not be sent."""
    notices = [str(notice) for notice in found.notices]
    lines = [*(notices or [found.headline]), *found.reasons]
    if any(notice.kind in NEW_FAULTS for notice in found.notices) and found.reproduce:
        lines.append(f"  {found.reproduce}")
    if found.unsent:
        messages = amount(found.unsent, "message")
        lines.append(f"{messages} could not be sent. The next nightly run tries again.")
    say("\n".join(["", *lines]))
