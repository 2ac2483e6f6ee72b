"""What a certificate rests on besides the run: challenge, time stamps and spot checks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from conformance.certify.codes import Code, Problem
from conformance.certify.trust import Trust

if TYPE_CHECKING:
    from conformance.certify.statement import Claims
    from conformance.model import Run
    from conformance.run.runfile import Opened

FREEZE, CHALLENGE = "freeze.json", "challenge.json"
ALWAYS = (
    "A server that recognizes the keys, the addresses or the order of the certifier's requests can "
    "behave differently for them.",
)
VENDOR_CHOSE = (
    "The vendor ran the suite and knew the seed, so nothing shows that the evidence was not made "
    "up."
)


@dataclass(frozen=True)
class Subject:
    """A judged run, what is claimed of it, and the files beside it, by name.

    Spot checks are in ``directory``, the unpacked bundle.
    """

    directory: Path
    opened: Opened
    run: Run
    claims: Claims
    files: Mapping[str, bytes]


def is_challenged(files: Mapping[str, bytes]) -> bool:
    """Whether a bundle has freeze and challenge."""
    return FREEZE in files and CHALLENGE in files


def problems(
    subject: Subject,
    trust: Trust | None,  # noqa: ARG001 - for the signatures of freeze and challenge
    at: datetime,  # noqa: ARG001 - for the stamps
) -> list[Problem]:
    """What is wrong with challenge, stamps and spot checks, as of a moment.

    ``trust`` is None where nobody has signed yet.
    """
    found = []
    if subject.opened.said.get("challenge_digest") and not is_challenged(subject.files):
        text = "the run was made for a challenge that is missing"
        found.append(Problem(Code.NONCE_MISMATCH, text))
    return found


def remains(vendor_ran: bool, challenged: bool) -> list[str]:
    """What the certificate cannot show, as sentences."""
    return [*ALWAYS, *([VENDOR_CHOSE] if vendor_ran and not challenged else [])]
