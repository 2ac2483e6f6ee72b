"""Checks the time stamps of a run: its log cannot have been made later than it claims."""

from __future__ import annotations

import hashlib
import re
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from rfc3161_client import (
    PKIStatus,
    TimeStampResponse,
    VerificationError,
    VerifierBuilder,
    decode_timestamp_response,
)

from conformance.base.errors import UsageError, reason
from conformance.certify.codes import Code, Problem
from conformance.certify.commitment import SLACK, moment
from conformance.log import schemas
from conformance.run.binding import NoStamp
from conformance.run.runfile import Opened
from conformance.run.stamping import INDEX, Stamp

LONGEST = timedelta(minutes=15)
"""Maximum time from the sending of an exchange to the first stamp of a log that contains it."""
LATEST = timedelta(minutes=5)
"""How long after the end of a run its last stamp may be made. Judging takes seconds."""
NAMED = 3
"""Stamps that a problem names."""
LARGEST = 1_000_000
"""Maximum bytes of a file of certificates."""

Certificates = Sequence[x509.Certificate]


@dataclass(frozen=True)
class Proven:
    """A stamp that holds: the log up to a line existed at a moment."""

    line: int
    at: datetime


def roots_in(path: Path) -> Certificates:
    """The certificates of trusted authorities in a PEM file. Raises UsageError for other files."""
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
        if len(content) > LARGEST:
            raise ValueError(f"more than {LARGEST:,} bytes")
        return list(dict.fromkeys(x509.load_pem_x509_certificates(content)))
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {reason(error)}") from None
    except ValueError as error:
        raise UsageError(f"{path}: not certificates in PEM: {error}") from None


def problems(
    opened: Opened,
    files: Mapping[str, bytes],
    roots: Certificates,
    now: datetime,
    *,
    issued: datetime | None = None,
    expires: datetime | None = None,
) -> list[Problem]:
    """What keeps the time stamps of a run from proving when it was made.

    ``files`` are those that the run keeps, by name. ``roots`` are the certificates of trusted
    authorities. ``issued`` and ``expires`` are the times of its challenge; None if it has none.
    """
    if INDEX not in files:
        return [NO_STAMPS]
    if not roots:
        return [NO_AUTHORITY]
    proven, wrong = _outcomes(opened.log.chain.heads, files, roots)
    if wrong:
        return wrong[:NAMED]
    if not proven:
        return [NO_STAMPS]
    try:
        return [*_ends(opened, proven, now, issued, expires), *_between(opened, proven)]
    except (ValueError, TypeError) as error:
        return [Problem(Code.TIME_NOT_PROVEN, f"A time of the run cannot be read: {error}.")]


NO_STAMPS = Problem(
    Code.TIME_NOT_PROVEN,
    "The run has no time stamps.",
    "Run with --stamp URL, where URL is that of an authority for time stamps (RFC 3161).",
)
NO_AUTHORITY = Problem(
    Code.TIME_NOT_PROVEN,
    "No authority for time stamps is trusted.",
    "Add --stamp-roots FILE with its certificate.",
)


def listed(files: Mapping[str, bytes]) -> list[Stamp]:
    """The stamps that a run lists. Raises ValueError unless they are in the order of the log."""
    rows = schemas.checked(schemas.STAMPS, files[INDEX].decode())
    stamps = [Stamp(**row) for row in rows]
    lines = [stamp.line for stamp in stamps]
    if lines != sorted(set(lines)):
        raise ValueError("its lines are not in order")
    return stamps


def moments(files: Mapping[str, bytes]) -> list[datetime]:
    """The times that the stamps of a run state. It is not checked who made them.

    Raises ValueError, KeyError or NoStamp if the list or a stamp is malformed or missing.
    """
    return [granted(files[stamp.file]).tst_info.gen_time for stamp in listed(files)]


# --- one stamp ------------------------------------------------------------------------------------


def _outcomes(
    heads: Sequence[str], files: Mapping[str, bytes], roots: Certificates
) -> tuple[list[Proven], list[Problem]]:
    """What the stamps of a run prove, and which ones prove nothing."""
    try:
        outcomes = [_outcome(stamp, heads, files, roots) for stamp in listed(files)]
    except ValueError as error:
        return [], [Problem(Code.STAMP_INVALID, f"{INDEX} cannot be read: {error}.")]
    proven = [each for each in outcomes if isinstance(each, Proven)]
    return proven, [each for each in outcomes if isinstance(each, Problem)]


def _outcome(
    stamp: Stamp, heads: Sequence[str], files: Mapping[str, bytes], roots: Certificates
) -> Proven | Problem:
    """What a stamp proves, or why it proves nothing. ``heads`` has the head after each line."""
    if stamp.file not in files:
        return Problem(Code.STAMP_INVALID, f"{stamp.file} is missing.")
    if stamp.line > len(heads) or heads[stamp.line - 1] != stamp.head:
        return Problem(Code.STAMP_INVALID, f"{stamp.file} is the stamp of another log.")
    try:
        response = granted(files[stamp.file])
        if not _is_stamp_of(response, stamp.head):
            return Problem(Code.STAMP_INVALID, f"{stamp.file} is the stamp of another log.")
        _require_trusted(response, stamp.head, roots)
        return Proven(stamp.line, response.tst_info.gen_time)
    except (NoStamp, VerificationError, ValueError) as error:
        why = re.sub(r"\s+", " ", str(error))[:200]
        text = f"{stamp.file}: no authority of --stamp-roots made this stamp: {why}."
        return Problem(Code.STAMP_INVALID, text)


def _is_stamp_of(response: TimeStampResponse, head: str) -> bool:
    """Whether a stamp is of a head, by any of the accepted hash algorithms."""
    stamped, text = response.tst_info.message_imprint.message, head.encode()
    digests = (hashlib.sha256(text), hashlib.sha384(text), hashlib.sha512(text))
    return stamped in [digest.digest() for digest in digests]


def _require_trusted(response: TimeStampResponse, head: str, roots: Certificates) -> None:
    """Raise VerificationError unless a trusted authority made the stamp of a head."""
    builder = VerifierBuilder()
    for root in roots:
        builder = builder.add_root_certificate(root)
    builder.build().verify_message(response, head.encode())


# --- all stamps together --------------------------------------------------------------------------


def _ends(
    opened: Opened,
    proven: Sequence[Proven],
    now: datetime,
    issued: datetime | None,
    expires: datetime | None,
) -> Iterator[Problem]:
    """A problem unless the stamps begin after the challenge, go forward, and end with the run.

    The last one must be of the last line, and neither in the future nor after the challenge
    expired.
    """
    first, last = proven[0].at, proven[-1].at
    finished = moment(opened.ended)
    times = [each.at for each in proven]
    if times != sorted(times):
        yield _unproven("The time stamps are not in the order of the log.")
    if issued and first < issued - SLACK:
        yield _unproven(f"The first time stamp, {first}, is older than the challenge of {issued}.")
    if expires and last > expires + SLACK:
        yield _unproven(f"The last time stamp, {last}, was made after the challenge expired.")
    if last > now + SLACK:
        yield _unproven(f"The last time stamp, {last}, is in the future.")
    if not finished - SLACK <= last <= finished + LATEST:
        yield _unproven(f"The last time stamp, {last}, is not of the end of the run, {finished}.")
    if proven[-1].line != len(opened.log.chain.heads):
        yield _unproven("The last time stamp is not of the end of the log.")


def _between(opened: Opened, proven: Sequence[Proven]) -> Iterator[Problem]:
    """A problem for the first exchange that was not sent shortly before the first stamp after it.

    An exchange may be in the log after others that were sent later, because cases overlap, but only
    minutes after its own time.
    """
    lines, log = [each.line for each in proven], opened.log
    for line, exchange in zip(log.lines, log.exchanges, strict=False):
        first_stamp = bisect_left(lines, line)
        if first_stamp == len(lines):
            return  # no stamp covers the rest of the log, which _ends reports
        claimed, stamped = moment(exchange.started), proven[first_stamp].at
        if claimed > stamped + SLACK:
            what = f"claims {claimed}, but was stamped earlier, at {stamped}"
        elif claimed < stamped - LONGEST:
            what = f"claims {claimed}, but no stamp before {stamped} contains it"
        else:
            continue
        yield _unproven(f"Exchange {exchange.id} {what}.")
        return


def _unproven(text: str) -> Problem:
    return Problem(Code.TIME_NOT_PROVEN, text)


def granted(response: bytes) -> TimeStampResponse:
    """The stamp that a response grants. Raises NoStamp if it grants none, or cannot be read."""
    try:
        stamp = decode_timestamp_response(response)
        status = PKIStatus(stamp.status)
    except Exception as error:  # whatever a malformed response makes the parser raise
        raise NoStamp(f"not a response of an authority: {str(error)[:200]}") from None
    if status is not PKIStatus.GRANTED:
        raise NoStamp(f"the authority refused: {status.name}")
    return stamp
