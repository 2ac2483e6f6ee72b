"""What the first page of a site says: changes, problems, and how many targets break each clause.

The lines of the targets are read one by one. Of each, only what a list needs is kept.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from conformance.base.text import amount
from conformance.fleet_site import entries
from conformance.fleet_site.entries import (
    BROKEN_LETTERS,
    JUDGED,
    NOT_PLANNED,
    Certificate,
    Clause,
    Fleet,
    Problem,
    Target,
)
from conformance.report.overall import Overall

NAMED = 3
"""Targets that a line about many of them names."""
ENOUGH = 3
"""Targets on which a clause must have been judged to list it as broken by one or by all."""

NEW, FIXED, UNTESTED = "new", "fixed", "newly untested"
NEVER = "never judged"
"""The state of a target without any result."""
CONCLUSIVE = frozenset((*BROKEN_LETTERS, "P"))
"""The letters of cells that were judged."""
ABSENT = f"I{NOT_PLANNED}"
"""The letters of clauses that a target does not have, or that were not planned for it."""


_DIGITS = re.compile(r"([0-9]{1,18})")


@dataclass(frozen=True)
class Entry:
    """What lists show of a target, and the offset of its line in the file of all targets."""

    id: str
    name: str
    offset: int
    state: str
    words: str
    verdict: str
    judged_on: str
    origin: str
    certificate: Certificate | None
    broken: int
    causes: int
    report: str | None

    @property
    def order(self) -> tuple[bool, int, int, list[str | int]]:
        """A key for sorting targets: the worst first, and those without a result last."""
        return self.report is None, -self.broken, -self.causes, self.by_name

    @property
    def by_name(self) -> list[str | int]:
        """A key for sorting targets by name, in which numbers count by their value."""
        parts = _DIGITS.split(f"{self.name.casefold()} {self.id}")  # every second part is a number
        return [int(part) if place % 2 else part for place, part in enumerate(parts)]


@dataclass(frozen=True)
class Named:
    """A target that a line names, and a link into its report; None if it has no report."""

    entry: Entry
    href: str | None


@dataclass
class Group:
    """What several targets have in common, and since when. ``named`` are the first few of them."""

    title: str
    since: str = ""
    count: int = 0
    named: list[Named] = field(default_factory=list)

    def add(self, entry: Entry, href: str | None) -> None:
        """Count a target, and name it if it is one of the first."""
        self.count += 1
        if len(self.named) < NAMED:
            self.named.append(Named(entry, href))


@dataclass
class Tally:
    """What became of a clause in all targets: the number of targets by letter."""

    clause: Clause
    letters: Counter[str] = field(default_factory=Counter)
    group: Group = field(default_factory=lambda: Group(""))

    @property
    def judged(self) -> int:
        """The number of targets on which the clause was judged."""
        return sum(count for letter, count in self.letters.items() if letter in CONCLUSIVE)

    @property
    def broken(self) -> int:
        """The number of targets that break the clause."""
        return self.group.count

    @property
    def absent(self) -> bool:
        """Whether the clause is inapplicable or not planned for every target."""
        return not set(self.letters) - set(ABSENT)

    @property
    def common_letter(self) -> str:
        """The letter shared by all targets to which the clause applies; empty if they differ."""
        letters = set(self.letters) - set(ABSENT)
        return "".join(letters) if len(letters) == 1 else ""


@dataclass
class Overview:
    """What all targets of a fleet show together."""

    fleet: Fleet
    tallies: list[Tally]
    entries: list[Entry] = field(default_factory=list)
    changes: dict[str, dict[str, Group]] = field(
        default_factory=lambda: {NEW: {}, FIXED: {}, UNTESTED: {}}
    )
    first: bool = True
    """Whether no target has an earlier result."""

    @cached_property
    def titles(self) -> dict[str, str]:
        """The titles of the clauses, by id."""
        return {clause.id: clause.title for clause in self.fleet.clauses}

    def add(self, target: Target, offset: int) -> None:
        """Count the clauses and the changes of a target, whose line begins at an offset.

        Clauses count if it has a report, and changes if it was judged for this collection.
        """
        broken = sum(letter in BROKEN_LETTERS for letter in target.grid)
        entry = _entry(target, offset, broken)
        self.entries.append(entry)
        self.first = self.first and len(target.trend) < 2  # the last night is in the trend
        if target.report is not None:
            for tally, letter in zip(self.tallies, target.grid, strict=True):
                tally.letters[letter] += 1
                if letter in BROKEN_LETTERS:
                    tally.group.add(entry, _place(entry, f"#clause-{tally.clause.id}"))
        if target.state == JUDGED:
            self._add_changes(target, entry)

    def _add_changes(self, target: Target, entry: Entry) -> None:
        """Count the new and fixed causes of a target, and its newly untested clauses."""
        for kind, causes in ((NEW, target.new), (FIXED, target.fixed)):
            for cause in causes:
                # the report does not have the causes that are fixed
                href = _place(entry, f"#{cause.id}" if kind == NEW else "")
                self._group(kind, cause.title).add(entry, href)
        for clause in target.untested:
            title = f"{clause}: {self.titles[clause]}" if clause in self.titles else clause
            self._group(UNTESTED, title).add(entry, _place(entry, f"#clause-{clause}"))

    def _group(self, kind: str, title: str) -> Group:
        return self.changes[kind].setdefault(title, Group(title))

    def widest(self, kind: str) -> list[Group]:
        """The changes of a kind, those that affect most targets first."""
        return sorted(self.changes[kind].values(), key=lambda group: -group.count)

    @property
    def changed(self) -> Counter[str]:
        """The number of changes by kind, over all targets; none on the first night."""
        if self.first:
            return Counter()
        counted = {
            kind: sum(group.count for group in groups.values())
            for kind, groups in self.changes.items()
        }
        return Counter(counted)

    @property
    def judged(self) -> int:
        """The number of targets that were judged for this collection."""
        return sum(entry.state == JUDGED for entry in self.entries)

    @property
    def verdicts(self) -> Counter[str]:
        """The number of targets by verdict. Targets without a report count as not judged."""
        return Counter(
            entry.verdict if entry.report is not None else Overall.UNJUDGED
            for entry in self.entries
        )

    @property
    def headline(self) -> str:
        """What changed, and how many targets were judged, in one sentence."""
        changed = self.changed
        parts = [
            f"{amount(changed[NEW], 'new cause')}" if changed[NEW] else "",
            f"{changed[FIXED]:,} fixed" if changed[FIXED] else "",
            f"{amount(changed[UNTESTED], 'clause')} newly untested" if changed[UNTESTED] else "",
        ]
        nothing = "The first night" if self.first else "Nothing changed"
        what = ", ".join(part for part in parts if part) or nothing
        return f"{what}: {self.judged:,} of {amount(len(self.entries), 'target')} judged"

    @property
    def passed_by_all(self) -> list[Tally]:
        """The clauses that passed on every target to which they apply."""
        return [each for each in self.tallies if each.common_letter == "P"]

    @property
    def tested_by_none(self) -> list[Tally]:
        """The clauses that are untested wherever they apply, and those that apply to no target."""
        return [each for each in self.tallies if each.common_letter == "U" or each.absent]

    @property
    def shown(self) -> list[int]:
        """The positions of the clauses that a grid shows.

        Clauses that all pass, or on which none is tested, would show the same square in each row.
        """
        left_out = {tally.clause.id for tally in (*self.passed_by_all, *self.tested_by_none)}
        return [at for at, tally in enumerate(self.tallies) if tally.clause.id not in left_out]

    @property
    def broken_by_all(self) -> list[Tally]:
        """The clauses that at least ENOUGH targets were judged on, and that all of these break."""
        return [each for each in self.tallies if each.judged == each.broken >= ENOUGH]

    @property
    def broken_by_one(self) -> list[Tally]:
        """The clauses that only one target breaks, of at least ENOUGH that were judged on them."""
        return [each for each in self.tallies if each.broken == 1 and each.judged >= ENOUGH]

    @property
    def most_broken(self) -> list[Tally]:
        """The clauses that some target breaks, those that most targets break first."""
        broken = [each for each in self.tallies if each.broken]
        return sorted(broken, key=lambda each: -each.broken)

    def problems(self) -> list[Problem]:
        """The problems of the fleet, and one for each further target that was not judged."""
        listed = list(self.fleet.problems)
        named = {problem.target for problem in listed}
        listed += [Problem(each, "missing") for each in self.fleet.missing if each not in named]
        named.update(self.fleet.missing)
        listed += [
            Problem(entry.id, "not judged", entry.words)
            for entry in self.entries
            if entry.state != JUDGED and entry.id not in named
        ]
        return listed

    def grouped_problems(self) -> dict[str, list[Group]]:
        """The problems by kind, in groups of targets with equal words and equally old last results.

        In each kind, the largest group comes first.
        """
        known = {entry.id: entry for entry in self.entries}
        kinds: dict[str, dict[tuple[str, str], Group]] = {}
        for problem in self.problems():
            name = problem.target  # not always that of a target of the plan
            entry = known.get(name) or _entry(Target(name, name, NEVER, Overall.UNJUDGED, ""), 0, 0)
            since = f"last good result: {entry.judged_on}" if entry.judged_on else "never judged"
            groups = kinds.setdefault(problem.kind, {})
            group = groups.setdefault((problem.words, since), Group(problem.words, since))
            group.add(entry, entry.report)
        return {
            kind: sorted(groups.values(), key=lambda group: -group.count)
            for kind, groups in kinds.items()
        }


def survey(fleet: Fleet, index: Path) -> Overview:
    """The overview of all targets in an index. Raises UsageError as ``entries.targets`` does."""
    overview = Overview(fleet, [Tally(clause) for clause in fleet.clauses])
    for offset, target in entries.targets(index, len(fleet.clauses)):
        overview.add(target, offset)
    return overview


def _entry(target: Target, offset: int, broken: int) -> Entry:
    """What lists show of a target, which breaks ``broken`` clauses."""
    return Entry(
        id=target.id,
        name=target.name or target.id,
        offset=offset,
        state=target.state,
        words=target.words,
        verdict=target.verdict,
        judged_on=(target.judged_on or "")[:10],
        origin=target.origin,
        certificate=target.certificate,
        broken=broken,
        causes=target.causes,
        report=None if target.report is None else entries.report_of(target.id),
    )


def _place(entry: Entry, fragment: str) -> str | None:
    """A link into the report of a target; None if it has none."""
    return None if entry.report is None else entries.link(entry.id, fragment)
