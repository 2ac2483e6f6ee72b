"""A stored run on the desk of a forger, and what a forger edits in it."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from conformance.judging.coverage import CUT_SHORT
from conformance.log.chain import LINK, Chain
from conformance.run import runfile
from tests.servers import stored, text_of

Line = dict[str, Any]


@dataclass
class Draft:
    """A stored run on the desk of a forger: run.json and the lines of the log.

    ``failing`` are the ids of the exchanges that show the failures. ``chain`` says whether the
    forger computes the digests of all lines again.
    """

    said: dict[str, Any]
    lines: list[Line]
    failing: frozenset[str]
    chain: bool = True
    files: dict[str, str] = field(default_factory=dict)

    @property
    def exchanges(self) -> list[Line]:
        """The lines of exchanges."""
        return [line for line in self.lines if "exchange" in line]

    @property
    def failures(self) -> list[Line]:
        """The lines of the exchanges that show the failures."""
        return [line for line in self.exchanges if line["exchange"] in self.failing]

    @property
    def cases(self) -> set[str]:
        """The ids of the cases that fail."""
        return {line["case"] for line in self.failures}

    @property
    def operations(self) -> list[str]:
        """The operations that fail."""
        return sorted({line["operation"] for line in self.failures} - {"*"})

    def keep(self, is_kept: Callable[[Line], bool]) -> None:
        """Keep only some lines of the log."""
        self.lines = [line for line in self.lines if is_kept(line)]

    def number(self) -> None:
        """Number the exchanges again, without a gap."""
        for number, line in enumerate(self.exchanges, 1):
            line["exchange"] = str(number)

    def write(self, directory: Path) -> Path:
        """Write the forged run into a new directory."""
        directory.mkdir()
        chain = Chain()
        if self.chain:
            bare = [{name: row[name] for name in row if name != LINK} for row in self.lines]
            texts = [chain.link(row) for row in bare]
            self.said["log_head"] = chain.head
        else:
            texts = [json.dumps(row) for row in self.lines]
        (directory / runfile.LOG).write_text("".join(f"{text}\n" for text in texts))
        (directory / runfile.RUN).write_text(json.dumps(self.said))
        for name, text in self.files.items():
            (directory / name).write_text(text)
        return directory


def draft_of(run: Path, failing: frozenset[str]) -> Draft:
    """A stored run, to be forged."""
    texts = text_of(run, runfile.PACKED).splitlines()
    return Draft(stored(run), [json.loads(text) for text in texts], failing)


# --- the responses --------------------------------------------------------------------------------


def answered(**members: Any) -> Callable[[Draft], None]:
    """Each failing response says something else."""

    def edit(draft: Draft) -> None:
        for line in draft.failures:
            line["response"] |= members

    return edit


def bodies(**members: Any) -> Callable[[Draft], None]:
    """The body of each failing response says something else about itself."""

    def edit(draft: Draft) -> None:
        for line in draft.failures:
            line["response"]["body"] |= members

    return edit


def unchained(draft: Draft) -> None:
    """A status is edited, and no digest is computed again."""
    draft.failures[0]["response"]["status"] = 404
    draft.chain = False


def without_response(draft: Draft) -> None:
    """The failing requests got no response."""
    for line in draft.failures:
        del line["response"]
        line["failure"] = "the connection was closed"


def swapped(draft: Draft) -> None:
    """The failing responses have the body of a good one."""
    good = next(line for line in draft.exchanges if line["exchange"] not in draft.failing)
    for line in draft.failures:
        line["response"] = good["response"]


# --- the requests ---------------------------------------------------------------------------------


def dropped(draft: Draft) -> None:
    """The failing exchanges are gone."""
    draft.keep(lambda line: line.get("exchange") not in draft.failing)


def dropped_and_numbered(draft: Draft) -> None:
    """The same, and the others have numbers without a gap."""
    dropped(draft)
    draft.number()


def all_dropped(draft: Draft) -> None:
    """Every case ended, and sent nothing."""
    draft.keep(lambda line: "exchange" not in line)


def ended_early(draft: Draft) -> None:
    """The log ends before the first failure, with an end."""
    first = draft.lines.index(draft.failures[0])
    draft.lines = [*draft.lines[:first], draft.lines[-1]]


def cut_off(draft: Draft) -> None:
    """The log breaks off before the first failure."""
    draft.lines = draft.lines[: draft.lines.index(draft.failures[0])]


def broken_off(draft: Draft) -> None:
    """The same, and the log says that the target was down."""
    cut_off(draft)
    draft.lines += [{"incomplete": "the target is down"}, {"run_end": True}]


def labelled(**members: Any) -> Callable[[Draft], None]:
    """Each failing exchange says that it was sent for something else."""

    def edit(draft: Draft) -> None:
        for line in draft.failures:
            line.update(members)

    return edit


def another_request(draft: Draft) -> None:
    """The failing probes become the request of another exchange."""
    good = next(line for line in draft.exchanges if line["exchange"] not in draft.failing)
    for line in draft.failures:
        line["request"], line["response"] = good["request"], good["response"]


def tried_again(draft: Draft) -> None:
    """After each failure comes a second attempt that went well."""
    lines = []
    for line in draft.lines:
        lines.append(line)
        if line.get("exchange") in draft.failing:
            better = copy.deepcopy(line) | {"attempt": 2}
            better["response"]["status"] = 404
            lines.append(better)
    draft.lines = lines
    draft.number()


def numbered_alike(draft: Draft) -> None:
    """The failing exchanges have the number of another one."""
    for line in draft.failures:
        line["exchange"] = draft.exchanges[0]["exchange"]


def reversed_log(draft: Draft) -> None:
    """The exchanges come in the opposite order."""
    contents = [line for line in draft.lines if "content" in line]
    others = [line for line in draft.lines[:-1] if "content" not in line]
    draft.lines = [*contents, *reversed(others), draft.lines[-1]]


def voided(draft: Draft) -> None:
    """The failing exchanges are void."""
    draft.lines.insert(-1, {"void": sorted(draft.failing)})


def voided_and_left_out(draft: Draft) -> None:
    """The same, and their cases were never chosen."""
    voided(draft)
    draft.said["selected"] = sorted(set(draft.said["selected"]) - draft.cases)


# --- the cases ------------------------------------------------------------------------------------


def cases_dropped(draft: Draft, *, planned: bool = True, chosen: bool = True) -> None:
    """The failing cases are gone from the log; perhaps they are still planned or chosen."""
    cases = draft.cases
    draft.keep(lambda line: line.get("case") not in cases and line.get("case_end") not in cases)
    draft.number()
    if not planned:
        draft.said["plan"] = [row for row in draft.said["plan"] if row["id"] not in cases]
    if not chosen:
        draft.said["selected"] = sorted(set(draft.said["selected"]) - cases)


def planned_otherwise(**members: Any) -> Callable[[Draft], None]:
    """The failing cases are gone from the log, and the plan says something else about them."""

    def edit(draft: Draft) -> None:
        cases = draft.cases
        for row in draft.said["plan"]:
            if row["id"] in cases:
                row.update(members)
        cases_dropped(draft)

    return edit


def rules(**members: Any) -> Callable[[Draft], None]:
    """The plan says something else about the failing cases, which stay in the log."""

    def edit(draft: Draft) -> None:
        for row in draft.said["plan"]:
            if row["id"] in draft.cases:
                row.update(members)

    return edit


def over_budget(draft: Draft) -> None:
    """The failing cases were over the budget."""
    _unsent(draft, "the request budget is used up (budget: in the target file)")


def crashed(draft: Draft) -> None:
    """The failing cases are said to have crashed before their first request."""
    _unsent(draft, "the scenario crashed: KeyError")


def cut_short(draft: Draft) -> None:
    """The failing cases were cut short before their first request."""
    _unsent(draft, CUT_SHORT)


def _unsent(draft: Draft, outcome: str) -> None:
    """Let the failing cases end in some way without a request."""
    cases = draft.cases
    draft.keep(lambda line: line.get("case") not in cases)
    draft.number()
    for line in draft.lines:
        if line.get("case_end") in cases:
            line["outcome"] = outcome


def emptied(draft: Draft, *, kept: int = 0, chosen: bool = False) -> None:
    """Nothing was planned, and hardly anything sent."""
    draft.said["plan"] = []
    draft.said["selected"] = None if chosen else []
    contents = [line for line in draft.lines if "content" in line]
    draft.lines = [*contents, *draft.exchanges[:kept], draft.lines[-1]]


def has_nothing(draft: Draft) -> None:
    """Nothing was planned or sent, because the target is said to have nothing."""
    emptied(draft, chosen=True)
    draft.said["target"]["inapplicable"] = sorted({row["operation"] for row in draft.said["cells"]})


def plan_dropped(draft: Draft) -> None:
    """The failing cases are gone from the plan, and nothing else changes."""
    cases = draft.cases
    draft.said["plan"] = [row for row in draft.said["plan"] if row["id"] not in cases]


def moved(draft: Draft) -> None:
    """The failing cases are gone, and all requests went elsewhere."""
    cases_dropped(draft, planned=False, chosen=False)
    readdressed(draft, hosts=False)


# --- the declaration ------------------------------------------------------------------------------


def waived(draft: Draft, *, expires: date, judged_on: str | None = None) -> None:
    """The failures were waived afterwards."""
    clauses = {row["clause"] for row in draft.said["cells"] if row["verdict"] == "failed"}
    draft.said["target"]["waivers"] = [
        {
            "clause": clause,
            "operations": [],
            "statement": "It is fine.",
            "owner": "me",
            "ticket": "T-1",
        }
        | {"expires": expires.isoformat()}
        for clause in sorted(clauses)
    ]
    if judged_on:
        draft.said["judged_on"] = judged_on


def declared(**members: Any) -> Callable[[Draft], None]:
    """The target file says something else."""
    return lambda draft: draft.said["target"].update(members)


def said(**members: Any) -> Callable[[Draft], None]:
    """The file run.json says something else."""
    return lambda draft: draft.said.update(members)


# --- another run ----------------------------------------------------------------------------------

ELSEWHERE = "http://api.example.com"


def readdressed(draft: Draft, *, hosts: bool = True, peer: bool = False) -> None:
    """The run is said to be of another server, also in every request."""
    origin = draft.said["target"]["url"].partition("/api")[0]
    for line in draft.exchanges:
        line["request"]["url"] = line["request"]["url"].replace(origin, ELSEWHERE)
        if hosts:
            line["request"]["headers"] = [
                [name, "api.example.com" if name == "Host" else value]
                for name, value in line["request"]["headers"]
            ]
    draft.said["target"]["url"] = draft.said["target"]["url"].replace(origin, ELSEWHERE)
    if peer:
        draft.said["peer"] = {"host": "api.example.com", "addresses": ["203.0.113.7"]}


def without_failures(edit: Callable[[Draft], object]) -> Callable[[Draft], None]:
    """Besides another edit, the failing exchanges are gone, and the others are numbered again."""

    def both(draft: Draft) -> None:
        dropped_and_numbered(draft)
        edit(draft)

    return both


def by_workers(draft: Draft) -> None:
    """The second half of the requests came from another worker."""
    half = len(draft.exchanges) // 2
    for number, line in enumerate(draft.exchanges[half:], 1):
        line["exchange"] = f"gw1-{number}"


def lacking(draft: Draft) -> None:
    """The log lacks the body of the first response."""
    draft.exchanges[0]["response"]["body"] = {"left_out": True, "size": 9_000}


# --- stored results -------------------------------------------------------------------------------


def better(draft: Draft) -> None:
    """Cells, counts, causes and exit code say that everything passed."""
    for row in draft.said["cells"]:
        if row["verdict"] == "failed":
            row["verdict"] = "passed"
    draft.said["counts"] |= {"failed": 0}
    draft.said |= {"exit_code": 0, "causes": []}


def worse_before(draft: Draft) -> None:
    """An earlier run had three more causes."""
    better(draft)
    draft.said["past"] = [
        {"run": "last", "finished": draft.said["started"], "target": draft.said["target"]["name"]}
        | {"scope": "full", "suite": "1", "contract": "1", "exit_code": 1}
        | {"counts": {"failed": 5}, "causes": {"gone": "was there"}, "cells": {}}
    ]


# --- what a replay cannot see ---------------------------------------------------------------------


def made_good(draft: Draft) -> None:
    """The failing responses are those of a good server, and no later request changes."""
    answered(status=404)(draft)


def made_up(draft: Draft) -> None:
    """A response says what the target never said, and no later request changes."""
    draft.exchanges[-1]["response"]["headers"].append(["Server", "Acme"])


def made_up_elsewhere(draft: Draft) -> None:
    """The run is said to be of another server, wherever its address stands."""
    readdressed(draft, peer=True)
    draft.said["target"]["name"] = "Acme"


def made_up_earlier(draft: Draft) -> None:
    """Everything is said to have happened a month earlier."""
    month = timedelta(days=30)

    def earlier(text: str) -> str:
        return (datetime.fromisoformat(text) - month).isoformat()

    for line in draft.exchanges:
        line["started"] = earlier(line["started"])
    draft.said |= {name: earlier(draft.said[name]) for name in ("started", "finished")}
    draft.said["judged_on"] = draft.said["started"][:10]
