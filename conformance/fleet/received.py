"""Finds the results that were handed in, and takes at most one for each target.

Whoever hands in results may be hostile: names are checked, links refused, and files bounded.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from conformance.base.errors import UsageError
from conformance.base.text import amount, clean
from conformance.fleet import accepting, unit
from conformance.fleet.accepting import Accepted, Trusted
from conformance.fleet.plan import Fleet, Member
from conformance.fleet.unit import Result, State
from conformance.fleet.verified import Expected, Kind, Problem, Unfit, run_in
from conformance.model import Contract

MOST = 200_000
"""Maximum number of entries in a directory of results."""
STRANGERS = 50
"""Maximum number of unknown folders that problems name."""
NAMED = 80
"""Characters of the name of an unknown folder that a problem quotes."""


@dataclass(frozen=True)
class Taken:
    """The result of a target that counts, None if none does, and what is wrong with its results."""

    accepted: Accepted | None
    problems: tuple[Problem, ...] = ()


def folders(directories: Iterable[Path]) -> dict[str, list[Path]]:
    """The entries of directories of results, by their names. Raises UsageError for too many."""
    found: dict[str, list[Path]] = {}
    for directory in directories:
        for path in _entries_of(directory):
            found.setdefault(path.name, []).append(path)
    return found


def _entries_of(directory: Path) -> Iterator[Path]:
    """The entries of a directory of results, without hidden ones, sorted.

    Raises UsageError if it is not a directory, or has more than MOST entries.
    """
    if not directory.is_dir():
        raise UsageError(f"{directory}: there is no directory of results")
    for count, path in enumerate(sorted(directory.iterdir())):
        if count >= MOST:
            raise UsageError(f"{directory}: has more than {MOST:,} entries")
        if not path.name.startswith("."):
            yield path


def unknown_folders(fleet: Fleet, found: Mapping[str, list[Path]]) -> list[Problem]:
    """A problem for each folder whose name is not the id of a target of the plan.

    At most STRANGERS are named, and one more problem counts the rest.
    """
    known = {member.id for member in fleet.targets}
    names = [name for name in found if name not in known]
    problems = [
        Problem(clean(name)[:NAMED], Kind.FOREIGN, "The plan has no such target.")
        for name in names[:STRANGERS]
    ]
    more = len(names) - STRANGERS
    if more > 0:
        words = f"The plan does not have {amount(more, 'more target')}."
        problems.append(Problem("and others", Kind.FOREIGN, words))
    return problems


def take(
    fleet: Fleet,
    member: Member,
    paths: Sequence[Path],
    contract: Contract,
    trusted: Trusted | None,
) -> Taken:
    """The first result of a target that counts, and the problems of those before it.

    If there are several results, another problem says which one counts.
    """
    if not paths:
        return Taken(None, (Problem(member.id, Kind.MISSING, "No result arrived."),))
    expected = Expected(contract, fleet.pins, fleet.path_of(member))
    problems = []
    for path in paths:
        try:
            accepted = _accepted(path, member, expected, trusted)
        except Unfit as unfit:
            problems.append(Problem(member.id, unfit.kind, unfit.words))
            continue
        if len(paths) > 1:
            words = f"{len(paths)} results arrived. That in {path.parent.name} counts."
            problems.append(Problem(member.id, Kind.DOUBLED, clean(words)))
        return Taken(accepted, tuple(problems))
    return Taken(None, tuple(problems))


def _accepted(path: Path, member: Member, expected: Expected, trusted: Trusted | None) -> Accepted:
    """The run of a result, judged again. Raises Unfit for a result that does not count.

    A published run counts only if the plan says that the target has one.
    """
    _require_folder(path)
    result = _result(path)
    _require_planned(result, member, expected)
    if result.state is not State.DONE:
        kind, words = _why_not_done(result)
        raise Unfit(kind, words)
    if os.path.lexists(path / unit.RUN):  # a published bundle has none
        _require_folder(path / unit.RUN)
    if result.origin != accepting.FLEET:
        if member.published is None:
            raise Unfit(Kind.REFUSED, "It was published, but the plan names no published run.")
        return accepting.accept(path, replace(expected, published=True), trusted)
    stored = run_in(path / unit.RUN, expected)
    return Accepted(stored.run, stored.selected)


def _why_not_done(result: Result) -> tuple[Kind, str]:
    """The kind and the words of the problem of a run that did not end normally."""
    if result.state is State.HANGING:
        return Kind.HANGING, result.words
    if result.state is State.RUNNING:
        return Kind.DIED, "It was never finished: its process or its machine was lost."
    return Kind.DIED, result.words or f"The run ended with exit code {result.exit_code}."


def _require_folder(path: Path) -> None:
    """Raise Unfit if a path is not a directory, or is a link to one."""
    if path.is_symlink() or not path.is_dir():
        raise Unfit(Kind.REFUSED, f"{path.name} is not a folder, or a link to one.")


def _result(path: Path) -> Result:
    """The result.json of a folder. Raises Unfit if it is not valid."""
    try:
        return unit.read(path)
    except UsageError as error:
        raise Unfit(Kind.REFUSED, str(error).replace(f"{path}/", "")) from None


def _require_planned(result: Result, member: Member, expected: Expected) -> None:
    """Raise Unfit unless a result says that it is for this target, plan, suite and target file.

    ``result.file`` and ``member.digest`` are digests of target files.
    """
    pins = expected.pins
    if result.target != member.id:
        raise Unfit(Kind.REFUSED, f"It says that it is the result of {result.target}.")
    if result.plan != pins.plan:
        raise Unfit(Kind.FOREIGN, f"It belongs to plan {result.plan[:12]}, not {pins.plan[:12]}.")
    if result.suite != pins.suite:
        words = f"It was made by version {result.suite} of the suite, not {pins.suite}."
        raise Unfit(Kind.SUITE, words)
    if result.file != member.digest:
        raise Unfit(Kind.REFUSED, "It was made with another target file.")
