"""The outcome of a night: its exit code, nightly.out.json for programs, nightly.md for people."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from conformance.base import files
from conformance.base.errors import Exit
from conformance.base.text import amount
from conformance.model import Json
from conformance.model.judgement import JUDGED
from conformance.nightly.facts import Seen
from conformance.nightly.losses import WAY_OUT
from conformance.nightly.notices import LISTED, NEW_FAULTS, Kind, Notice, ordered
from conformance.nightly.transitions import Step
from conformance.report.markdown import inert
from conformance.report.overall import Overall

DATA, PAGE = "nightly.out.json", "nightly.md"
LATER = "Later nights are compared with it."
LOSING = (Kind.LESS, Kind.UNTESTED)
"""The kinds of notices that a wrong target file may explain."""


@dataclass(frozen=True)
class Outcome:
    """The outcome of a night.

    ``new`` are the causes that the last good night did not have, and ``target`` is the name and
    the address. ``place`` is the directory of the run; empty if nothing was stored. ``page`` is the
    absolute path of its report. ``reproduce`` is the command that repeats the first new cause, and
    ``claim`` the headline of the report, which says how much of the contract was judged.
    ``less`` are lines on what is no longer judged, and ``setup`` sentences on what is wrong
    with the target file. ``unsent`` is the number of messages that wait to be sent. ``stopped``
    says in full why the night could not be judged, if its notice does not. ``described`` are lines
    on the first causes that are new, or reach further. ``is_first`` means that no night ended
    before.
    """

    step: Step
    notices: Sequence[Notice]
    new: Sequence[Seen]
    judged_all: bool
    counts: Mapping[str, int]
    causes: int
    target: str
    place: str = ""
    page: str = ""
    reproduce: str = ""
    claim: str = ""
    less: Sequence[str] = ()
    setup: Sequence[str] = ()
    unsent: int = 0
    stopped: str = ""
    described: Sequence[str] = ()
    is_first: bool = False

    @property
    def exit_code(self) -> Exit:
        """1 if something is new, else 3 if not everything could be judged or sent, else 0.

        A failure is always new, because no night with a failure becomes the last good one.
        """
        if self.new or self.counts.get("failed") or self._tells_of_new_faults:
            return Exit.VIOLATED
        if self.unsent or not self.judged_all:
            return Exit.UNJUDGED
        return Exit.CONFORMS

    @property
    def verdict(self) -> Overall:
        """What the night says about the target, whether or not that is new."""
        if self.counts.get("failed"):
            return Overall.BROKEN
        return Overall.CONFORMS if self.judged_all else Overall.UNJUDGED

    @property
    def report(self) -> str:
        """The path of the report; empty if there is none."""
        return f"{self.place}/report.html" if self.place else ""

    @property
    def headline(self) -> str:
        """The night in one sentence, or two."""
        if self.exit_code is Exit.VIOLATED:
            return self._headline_on_causes
        if self.exit_code is Exit.UNJUDGED:
            return self._headline_if_unjudged
        return self._headline_on_notices

    @property
    def _tells_of_new_faults(self) -> bool:
        """Whether a notice is about a fault that the night before did not have."""
        return any(notice.kind in NEW_FAULTS for notice in self.notices)

    @property
    def _headline_if_unjudged(self) -> str:
        """The headline of a night in which something could not be judged or sent."""
        if self.less:
            return "Less is judged than in the last good night."
        if not self.judged_all:
            return "Not everything could be judged." if self.judged else "Nothing could be judged."
        return "Not everything could be sent."

    @property
    def _headline_on_notices(self) -> str:
        """The headline of a night that was judged completely, and without anything new."""
        if self.is_first:
            return f"{self._first_night} nothing wrong. {LATER}"
        if self.notices:
            return f"{amount(len(self.notices), 'notice')}, and no new cause."
        return "Nothing is new."

    @property
    def judged(self) -> int:
        """The number of judged cells."""
        return sum(self.counts.get(verdict, 0) for verdict in JUDGED)

    @property
    def _first_night(self) -> str:
        """How the headline of a first night begins: with the number of judged cells."""
        return f"First night: {amount(self.judged, 'cell')} judged,"

    @property
    def _headline_on_causes(self) -> str:
        """The headline of a night with a failure, or with something else that is new."""
        causes = amount(len(self.step.state.open), "cause")
        if self.is_first:
            return f"{self._first_night} {causes} found. {LATER}"
        if self._tells_of_new_faults or not self.step.state.open:
            return "Something is new."
        if any(notice.kind is Kind.UNSTABLE for notice in self.notices):
            return f"Still broken: {causes}, and some results come and go from night to night."
        return f"Still broken: {causes}, reported before. Nothing new since last night."

    @property
    def reasons(self) -> list[str]:
        """The lines on why the night was not judged, and on what is no longer judged.

        If less is judged, they also say what is wrong with the target file, and end with what to
        do.
        """
        kinds = {notice.kind for notice in self.notices}
        stopped = [self.stopped] if self.stopped else []
        if not self.less and kinds.isdisjoint(LOSING):
            return stopped
        wrong = [f"Wrong in the target file: {each}" for each in self.setup]
        lost = [line for line in self.less if line != WAY_OUT]
        way_out = [line for line in self.less if line == WAY_OUT]
        return [*stopped, *lost, *wrong, *way_out]

    @property
    def details(self) -> list[str]:
        """The lines that follow the notices in a message.

        The command to reproduce is given only for a cause that is new or reaches further.
        """
        lines = [*self.described, *self.reasons, f"Target: {self.target}"]
        if self.reproduce and self.step.new_or_wider:
            lines.append(f"Reproduce the first: {self.reproduce}")
        if self.place:
            lines.append(f"Report: {self.page}")
        return lines


def write(outcome: Outcome, directory: Path) -> None:
    """Write both files of a night into its directory."""
    data = json.dumps(_data(outcome), indent=1)
    page = "\n".join(_markdown(outcome))
    for name, text in ((DATA, data), (PAGE, page)):
        with files.replacing_text(directory / name) as stream:
            stream.write(f"{text}\n")


def _data(outcome: Outcome) -> dict[str, Json]:
    """The outcome for programs."""
    return {
        "verdict": outcome.verdict,
        "headline": outcome.claim or None,
        "exit_code": int(outcome.exit_code),
        "counts": dict(outcome.counts),
        "causes": outcome.causes,
        "new": [{"id": seen.id, "title": seen.words} for seen in outcome.new],
        "fixed": [{"id": name, "title": cause.words} for name, cause in outcome.step.fixed.items()],
        "untested": list(outcome.step.lost),
        "notices": len(outcome.notices),
        "run": outcome.place or None,
        "report": outcome.report or None,
    }


def _markdown(outcome: Outcome) -> Iterator[str]:
    """The outcome for people, as Markdown without active content."""
    yield f"# {outcome.headline}"
    yield ""
    yield f"Target: {inert(outcome.target)}"
    yield ""
    yield from _listed([str(notice) for notice in ordered(outcome.notices)])
    new_tonight = {seen.id for seen in outcome.step.new}
    still = [seen.words for seen in outcome.new if seen.id not in new_tonight]
    if still:
        yield from ("", "Reported before, and new since the last good night:", "")
        yield from _listed(still)
    for line in (*outcome.described, *outcome.reasons):
        yield from ("", inert(line))
    if outcome.reproduce:
        yield from ("", "To reproduce the first:", "", f"    {outcome.reproduce}")
    yield from ("", _counted(outcome))
    if outcome.place:
        yield from ("", f"Report: {inert(outcome.page)}")
    if outcome.unsent:
        messages = amount(outcome.unsent, "message")
        yield from ("", f"{messages} could not be sent; the next night tries again.")


def _listed(texts: Sequence[str]) -> Iterator[str]:
    """The first LISTED texts as a list, and a last item that counts the others."""
    for text in texts[:LISTED]:
        yield f"- {inert(text)}"
    if len(texts) > LISTED:
        yield f"- and {len(texts) - LISTED} more"


def _counted(outcome: Outcome) -> str:
    """The headline of the report, the cells by verdict, and the number of causes."""
    claim = f"{outcome.claim}: " if outcome.claim else ""
    parts = [f"{count:,} {name}" for name, count in outcome.counts.items() if count]
    cells = ", ".join(parts) or "No cell was judged"
    return f"{claim}{cells}. {amount(outcome.causes, 'cause')}."
