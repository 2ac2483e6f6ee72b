"""What a certificate rests on besides the run: challenge, time stamps and spot checks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from conformance.base.text import amount
from conformance.certify import commitment, nonce, recompute, stamps, watched
from conformance.certify.certificate import VENDOR
from conformance.certify.codes import Code, Problem
from conformance.certify.commitment import CHALLENGE, FREEZE
from conformance.certify.judged_again import judged_and_played
from conformance.certify.stamps import Certificates
from conformance.certify.trust import Trust
from conformance.model import Verdict
from conformance.run import runfile, stamping
from conformance.run.binding import NoStamp

if TYPE_CHECKING:
    from conformance.certify.statement import Claims
    from conformance.model import Contract, Profile, Run
    from conformance.run.runfile import Opened

SPOT = "spot"
"""The directory of spot checks in a bundle."""
NO_ROOTS = "Its time stamps were not checked. Add --stamp-roots FILE with their authority."
UNPROVEN = (
    "The vendor ran the suite and knew the seed, so nothing shows that the evidence was not made "
    "up."
)
CHALLENGED = (
    "The vendor ran the suite and knew the challenge, so it may have shown the best of several "
    "runs, or altered responses on their way into the log."
)
SEVERAL_KEYS = (
    "The target showed {keys:,} TLS keys during the run, so several servers, or one in between, "
    "may have responded."
)
UNNAMED = "-"
"""What a check before signing has in place of a product and a version."""


@dataclass(frozen=True)
class Terms:
    """How a certificate is checked: as of which moment, with whose trust, and for which grade.

    ``trust`` is None if nobody has signed yet. ``roots`` are the certificates of trusted
    authorities for time stamps. ``certified`` says that a certifier answers for it. ``vendors`` are
    the principals that sign as vendors; None if that is unknown.
    """

    at: datetime
    trust: Trust | None = None
    roots: Certificates = ()
    certified: bool = False
    vendors: frozenset[str] | None = None


@dataclass(frozen=True)
class Subject:
    """A judged run, what is claimed of it, and the files beside it, by name.

    ``spot`` are the spot checks in its bundle; None if it has none.
    """

    opened: Opened
    run: Run
    claims: Claims
    profile: Profile
    files: Mapping[str, bytes]
    spot: Spot | None = None


@dataclass(frozen=True)
class Spot:
    """Judged spot checks, and what in them contradicts what they say about themselves.

    ``unsure`` holds the ids of the cases whose requests could not be made again.
    """

    run: Run
    problems: tuple[Problem, ...]
    unsure: tuple[str, ...] = ()


def is_challenged(files: Mapping[str, bytes]) -> bool:
    """Whether a bundle has freeze and challenge."""
    return FREEZE in files and CHALLENGE in files


def problems(subject: Subject, terms: Terms) -> list[Problem]:
    """What is wrong with challenge, stamps and spot checks."""
    return [*_of_challenge(subject, terms), *_of_stamps(subject, terms), *_of_spot(subject)]


def notes(subject: Subject, terms: Terms) -> list[str]:
    """What was not checked, as sentences."""
    unchecked = stamping.INDEX in subject.files and not _are_stamps_checked(subject, terms)
    return [NO_ROOTS] if unchecked else []


# --- the challenge --------------------------------------------------------------------------------


def _of_challenge(subject: Subject, terms: Terms) -> Iterator[Problem]:
    """What is wrong with freeze and challenge, or with the run that has to follow them.

    Yields nothing if the bundle has neither, and the run names no challenge.
    """
    files, claims, run = subject.files, subject.claims, subject.run
    if not run.challenge_digest and not any(name in files for name in commitment.NAMES):
        return
    product = "" if claims.product == UNNAMED else claims.product
    version = "" if claims.version == UNNAMED else claims.version
    vendors = terms.vendors if claims.relation == VENDOR else None
    yield from commitment.problems(files, terms.trust, run, product, version, vendors)
    yield from nonce.problems(run)
    if not run.nonce:
        yield Problem(Code.NONCE_MISMATCH, "The run was not made for the challenge in this bundle.")


# --- time stamps ----------------------------------------------------------------------------------


def _are_stamps_checked(subject: Subject, terms: Terms) -> bool:
    """Whether time stamps are checked: because the profile requires it, or because they can be.

    A profile requires it only where a certifier answers for the certificate.
    """
    required = terms.certified and subject.profile.needs_stamps
    return required or bool(terms.roots and stamping.INDEX in subject.files)


def _of_stamps(subject: Subject, terms: Terms) -> list[Problem]:
    """What keeps the time stamps from proving when the run was made, if they are checked."""
    if not _are_stamps_checked(subject, terms):
        return []
    issued = expires = None
    if is_challenged(subject.files):
        try:
            challenge = commitment.challenge_in(subject.files[CHALLENGE])
            issued = commitment.moment(challenge.issued)
            expires = commitment.moment(challenge.expires)
        except ValueError:
            return []  # commitment.problems reports it
    return stamps.problems(
        subject.opened, subject.files, terms.roots, terms.at, issued=issued, expires=expires
    )


def stamped(files: Mapping[str, bytes]) -> dict[str, str] | None:
    """The times that the first and the last stamp state; None if there are no readable stamps."""
    if stamping.INDEX not in files:
        return None
    try:
        moments = stamps.moments(files)
        return {"first": moments[0].isoformat(), "last": moments[-1].isoformat()}
    except (ValueError, KeyError, IndexError, NoStamp):
        return None


# --- spot checks ----------------------------------------------------------------------------------


def spot_in(directory: Path, contract: Contract, full: Run) -> Spot | None:
    """The spot checks in an unpacked bundle, judged, and what is wrong; None if it has none.

    Raises UsageError for spot checks that cannot be read.
    """
    if not (directory / SPOT).is_dir():
        return None
    opened = runfile.open_run(directory / SPOT, contract)
    rejudged = judged_and_played(opened)
    found = [*recompute.mismatches(opened), *rejudged.played.mismatches]
    if opened.began.spread is None or not watched.accompanies(full, opened.began):
        text = "they do not accompany this run, but another one, or are of another target"
        found.append(Problem(Code.WATCHED, text))
    if opened.log.archive.removed:
        found.append(Problem(Code.WATCHED, "bodies were removed from their log"))
    why = recompute.why_not_recomputable(opened)
    if why:
        found.append(Problem(Code.CHOICE_MISMATCH, why))
    return Spot(rejudged.run, tuple(found), rejudged.played.unsure)


def _of_spot(subject: Subject) -> Iterator[Problem]:
    """What the spot checks show, and what is wrong with them.

    Failed cells count only if the profile scores them.
    """
    if subject.spot is None:
        return
    for each in subject.spot.problems:
        yield Problem(each.code, f"the spot checks: {each.text}", each.advice)
    if subject.spot.run.incomplete:
        yield Problem(
            Code.WATCHED, f"the spot checks are incomplete: {subject.spot.run.incomplete}"
        )
    wrong = [
        cell.name
        for cell in subject.spot.run.cells
        if cell.verdict is Verdict.FAILED
        and subject.profile.reason(cell.clause, cell.operation) is None
    ]
    if wrong:
        text = f"the spot checks break the contract in {amount(len(wrong), 'cell')}: {wrong[0]}"
        yield Problem(Code.WATCHED, text)
    if subject.spot.problems:
        return  # made-up spot checks are not compared, because that could be made to take long
    for difference in watched.differences(subject.run, subject.spot.run):
        yield Problem(Code.WATCHED, difference.text)


# --- what remains ---------------------------------------------------------------------------------


def remains(vendor_ran: bool, challenged: bool, run: Run, spot: Run | None) -> list[str]:
    """What the certificate of a run cannot show, as sentences."""
    by_vendor = CHALLENGED if challenged else UNPROVEN
    found = [by_vendor] if vendor_ran else []
    if run.peer is not None and run.peer.more_tls_keys:
        found.append(SEVERAL_KEYS.format(keys=1 + len(run.peer.more_tls_keys)))
    return [*found, *watched.remains(spot)]
