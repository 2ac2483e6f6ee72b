"""Checks the evidence of a certificate: the verdict is made again from the log, and compared.

``certify`` and ``verify`` both use this module, so nothing is signed that ``verify`` would refuse.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from conformance import __version__
from conformance.base import files
from conformance.base.errors import UsageError
from conformance.base.text import amount
from conformance.certify import assess, bundle, known, recompute, seams
from conformance.certify.codes import Code, Problem
from conformance.certify.judged_again import Rejudged, judged_and_played
from conformance.certify.requests import Played
from conformance.certify.seams import Terms
from conformance.certify.statement import Claims, Judged, canonical_digest
from conformance.certify.suite import suite_digest
from conformance.model import Cell, Contract, Given, Profile, ReasonKind, Run, Verdict
from conformance.report import ctrf, html, junit
from conformance.run import members, runfile
from conformance.run.runfile import Opened

DERIVED = frozenset({"cells", "counts", "causes", "exit_code", "uncovered"})
"""Members of run.json that follow from the bodies in the log."""
BODIES_LACK = frozenset({ReasonKind.BLOCKED, ReasonKind.PROVIDE, ReasonKind.OWN_LIMIT})
"""Kinds of reasons for which a cell may be untested only because bodies were removed."""
MOST_DAYS = 366
"""Maximum days from the end of a run to the expiry of its certificate."""
NOT_OURS = "{} is not what the suite writes for this run"
SLACK = timedelta(minutes=5)
"""How far the clocks of the signer and of the reader may differ."""
NAMED = 3
"""Examples that a problem names."""


@dataclass(frozen=True)
class Evidence:
    """The judged evidence of a bundle, and what is wrong with it.

    ``judged`` and ``opened`` are None if it cannot be judged at all. ``not_recomputed`` names the
    cells, reports and requests that could not be recomputed, and ``notes`` say what was not
    checked.
    """

    problems: tuple[Problem, ...]
    opened: Opened | None = None
    judged: Judged | None = None
    not_recomputed: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def check(
    directory: Path,
    contract: Contract,
    claims: Claims,
    terms: Terms,
    earlier: Rejudged | None = None,
) -> Evidence:
    """Judge the run in an unpacked bundle again, and find everything wrong with it.

    ``earlier`` is the run as judged before the bundle was made. It is used if the log is still the
    same, so that nothing is judged twice. If the claims have faults, or the run cannot be read,
    nothing else is checked.
    """
    faults = [Problem(Code.STATEMENT_MISMATCH, fault) for fault in claims.faults]
    if faults:
        return Evidence(tuple(faults))
    try:
        return _evidence_of(directory, contract, claims, terms, earlier)
    except UsageError as error:
        text = str(error).replace(f"{directory}/", "")  # which is a temporary one
        return Evidence((Problem(Code.RUN_INVALID, text),))


def _evidence_of(
    directory: Path, contract: Contract, claims: Claims, terms: Terms, earlier: Rejudged | None
) -> Evidence:
    """The evidence in an unpacked bundle, judged again. The claims must have no faults.

    Another contract or suite is not judged. Raises UsageError for a run that cannot be read.
    """
    opened = runfile.open_run(directory, contract)
    foreign = [*_other_contract(opened), *_other_suite(opened, claims)]
    profile, unknown = profile_of(contract, claims.profile)
    if profile is None or foreign:
        return Evidence((*foreign, *unknown))
    mismatches = recompute.mismatches(opened)
    rejudged = _judged_and_played(opened, earlier)
    run, played = bare(rejudged.run), rejudged.played
    stated_run, not_recomputed, differing = _as_stated(run, opened)
    changed = _changed_reports(directory, run)
    if opened.log.archive.removed:  # reports that show removed bodies cannot be recomputed
        not_recomputed, changed = (*not_recomputed, *changed), []
    beside = bundle.beside(directory)
    spot = seams.spot_in(directory, contract, stated_run)
    subject = seams.Subject(opened, stated_run, claims, profile, beside, spot)
    problems = [
        *mismatches,
        *played.mismatches,
        *_choice_not_recomputable(opened),
        *differing,
        *(Problem(Code.REPORT_MISMATCH, NOT_OURS.format(each)) for each in changed),
        *assess.shortfalls(stated_run, profile),
        *_times(stated_run, claims, terms.at),
        *seams.problems(subject, terms),
        *_without_canonical_form(opened),
    ]
    return Evidence(
        tuple(problems),
        opened,
        Judged(stated_run, opened.said, spot.run if spot else None, seams.stamped(beside)),
        (*not_recomputed, *_requests_not_recomputed(opened, played, spot)),
        tuple(seams.notes(subject, terms)),
    )


def _judged_and_played(opened: Opened, earlier: Rejudged | None) -> Rejudged:
    """The run judged again, and what playing it back shows.

    Returns ``earlier`` if that was judged from the same log. If bodies of responses were removed,
    the run cannot be played back, so nothing is found wrong with its requests.
    """
    if opened.log.archive.removed:
        return Rejudged(opened.judged(), Played(requests=len(opened.log.exchanges)))
    if earlier is not None and earlier.run.log_head == opened.log.chain.head:
        return earlier
    return judged_and_played(opened)


def _requests_not_recomputed(opened: Opened, played: Played, spot: seams.Spot | None) -> list[str]:
    """The requests that could not be recomputed, including those of spot checks, in a few words."""
    requests = [f"requests of the case {case}" for case in played.unsure]
    if opened.log.archive.removed:
        requests = ["all requests"]
    if spot is not None:
        requests += [f"requests of the spot check {case}" for case in spot.unsure]
    return requests


def bare(run: Run) -> Run:
    """A run as a bundle has it: without its history, baseline, options and paths."""
    return replace(run, past=(), baseline=None, given=Given(), place="")


def profile_of(contract: Contract, label: str) -> tuple[Profile | None, list[Problem]]:
    """The profile with a label such as ``core@1``, or what is wrong with it."""
    labels = {profile.label: profile for profile in contract.profiles.values()}
    if label in labels:
        return labels[label], []
    text = f"the profile {label} is not one of {', '.join(labels) or 'this contract'}"
    return None, [Problem(Code.PROFILE_UNKNOWN, text)]


# --- by what it was judged ------------------------------------------------------------------------


def _other_contract(opened: Opened) -> Iterator[Problem]:
    """A problem if the run was judged by a different contract than the one packaged with the suite.

    Its advice is the version of the suite that has that contract, if one is known.
    """
    digest = opened.said["spec"]["digest"]
    if digest == opened.contract.digest and opened.contract.packaged:
        return
    version = known.contracts().get(digest)
    text = f"the run was judged by a contract that this suite does not have, {digest}"
    advice = f"Version {version} of the suite has it." if version else ""
    yield Problem(Code.CONTRACT_UNKNOWN, text, advice)


def _other_suite(opened: Opened, claims: Claims) -> Iterator[Problem]:
    """A problem unless this very suite made the run, and certified it.

    Only the same version, unchanged, can reproduce the verdict.
    """
    version = opened.said["suite"]["version"]
    if version != __version__:
        text = f"version {version} of the suite made the run, and this is {__version__}"
        advice = f"Verify with: pip install 'kaicalls-conformance[certify]=={version}'"
        yield Problem(Code.SUITE_UNKNOWN, text, advice)
    elif claims.suite_digest != suite_digest():
        text = (
            f"the suite that certified the run has the digest {claims.suite_digest}, "
            f"and this one has {suite_digest()}"
        )
        yield Problem(Code.SUITE_UNKNOWN, text, "One of them was changed.")


def _choice_not_recomputable(opened: Opened) -> Iterator[Problem]:
    """A problem if this suite cannot recompute the plan or the choice of the cases."""
    why = recompute.why_not_recomputable(opened)
    if why:
        yield Problem(Code.CHOICE_MISMATCH, why)


def _without_canonical_form(opened: Opened) -> Iterator[Problem]:
    """A problem if run.json has a value that canonical JSON, and so a signature, cannot cover."""
    try:
        canonical_digest([opened.said["target"], opened.said.get("challenges")])
    except ValueError as error:
        text = f"the declaration has a value that canonical JSON cannot express: {error}"
        yield Problem(Code.STATEMENT_MISMATCH, text)


# --- the verdict ----------------------------------------------------------------------------------


def _as_stated(run: Run, opened: Opened) -> tuple[Run, tuple[str, ...], list[Problem]]:
    """The judged run, with the verdicts that run.json states where these are believed.

    A stated verdict that the log does not show is believed only for a cell that may be untested
    because bodies were removed from the log. Any other difference is a problem, except in the
    members of run.json that follow from removed bodies. Returns the run, the names of the cells
    whose stated verdict is believed, and the problems.
    """
    made = json.loads(json.dumps(members.to_json(run, opened.selected)))  # with lists for tuples
    stated = opened.results.verdicts
    if not opened.log.archive.removed:
        problems = [
            *_differing_cells(run.cells, stated),
            *_differing(opened.said, made, made.keys() | opened.said.keys()),
        ]
        return run, (), problems
    lacking = _operations_lacking_bodies(opened)
    gaps = {case.gap for case in run.cases if case.gap}
    cells, believed = [], []
    for cell in run.cells:
        verdict = stated.get(cell.name, cell.verdict)
        is_believed = verdict is not cell.verdict and may_lack_bodies(cell, lacking, gaps)
        cells.append(replace(cell, verdict=verdict) if is_believed else cell)
        if is_believed:
            believed.append(cell.name)
    not_from_bodies = (made.keys() | opened.said.keys()) - DERIVED
    problems = [
        *_differing(opened.said, made, not_from_bodies),
        *_differing_cells(cells, stated),
    ]
    return replace(run, cells=tuple(cells)), tuple(believed), problems


def _operations_lacking_bodies(opened: Opened) -> set[str]:
    """The operations of which the log lacks bodies of responses."""
    return {
        exchange.operation
        for exchange in opened.log.exchanges
        if exchange.response and exchange.response.body.left_out
    }


def may_lack_bodies(cell: Cell, lacking: Set[str], gaps: Set[str]) -> bool:
    """Whether a cell may be untested because bodies were removed from the log.

    Either its operation has responses without bodies, as those in ``lacking``, or one of its
    reasons is of a kind that removed bodies can cause. ``gaps`` are the reasons why cases of the
    plan never ran; for a cell with only such reasons, no body could have shown more.
    """
    never_ran = cell.reasons and all(reason.text in gaps for reason in cell.reasons)
    if cell.verdict is not Verdict.UNTESTED or never_ran:
        return False
    kinds = {reason.kind for reason in cell.reasons}
    return cell.operation in lacking or not kinds.isdisjoint(BODIES_LACK)


def _differing(
    said: Mapping[str, Any], made: Mapping[str, Any], names: Set[str]
) -> Iterator[Problem]:
    """A problem if some of the named members of run.json do not follow from its log.

    ``said`` has the stored members of run.json, and ``made`` those recomputed from the log.
    """
    differing = sorted(name for name in names if said.get(name) != made.get(name))
    if differing:
        text = f"run.json has other values than the log shows: {', '.join(differing)}"
        yield Problem(Code.VERDICT_NOT_REPRODUCED, text)


def _differing_cells(cells: Iterable[Cell], stated: Mapping[str, Verdict]) -> Iterator[Problem]:
    """A problem if run.json gives cells a verdict that the log does not show; it names some."""
    made = {cell.name: cell.verdict for cell in cells}
    names = sorted(name for name in made.keys() | stated if made.get(name) != stated.get(name))
    if names:
        text = f"{amount(len(names), 'cell')} other than the log shows: {', '.join(names[:NAMED])}"
        yield Problem(Code.VERDICT_NOT_REPRODUCED, text)


def _changed_reports(directory: Path, run: Run) -> list[str]:
    """The names of the reports in a bundle that differ from what the suite writes for a run."""
    with files.private(), tempfile.TemporaryDirectory(prefix="conformance-") as name:
        own = Path(name)
        write_reports(run, own)
        return [
            report
            for report in bundle.REPORTS
            if (directory / report).read_bytes() != (own / report).read_bytes()
        ]


def write_reports(run: Run, directory: Path) -> None:
    """Write the reports of a bundle into a directory. The page lists no other files."""
    page = html.render(run)
    (directory / bundle.PAGE).write_text(page, encoding="utf-8", newline="\n")
    junit.write(run, directory / bundle.JUNIT)
    ctrf.write(run, directory / bundle.CTRF)


# --- when -----------------------------------------------------------------------------------------


def _times(run: Run, claims: Claims, at: datetime) -> Iterator[Problem]:
    """What is wrong with the times of a certificate that is checked at a moment.

    The certificate must be issued after the run and not in the future, expire at most MOST_DAYS
    after the run, and not have expired. If a cell is waived, no waiver may have expired.
    """
    ended = _utc_moment(run.finished)
    issued, expires = _utc_moment(claims.issued), _utc_moment(claims.expires)
    if ended > issued + SLACK:
        text = f"the certificate was issued at {issued}, before the run ended at {ended}"
        yield Problem(Code.TIME_MISMATCH, text)
    if issued > at + SLACK:
        text = f"the certificate was issued at {issued}, which is after now, {at}"
        yield Problem(Code.TIME_MISMATCH, text)
    if expires > ended + timedelta(days=MOST_DAYS):
        text = f"the certificate is to hold for more than {MOST_DAYS} days after the run"
        yield Problem(Code.TIME_MISMATCH, text)
    if at > expires:
        yield Problem(Code.EXPIRED, f"the certificate expired at {expires}")
    if run.counts[Verdict.WAIVED]:
        for waiver in run.target.waivers:
            if waiver.expires < at.date():
                text = f"the waiver for {waiver.clause} expired on {waiver.expires}"
                yield Problem(Code.WAIVER_EXPIRED, text)


def _utc_moment(text: str) -> datetime:
    """The moment of a valid ISO 8601 timestamp; one without a time zone is in UTC."""
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
