"""What a certificate rests on besides the run: challenge, time stamps and spot checks."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from conformance.certify.codes import Code, Problem
from conformance.certify.trust import Trust

if TYPE_CHECKING:
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


def is_challenged(files: Mapping[str, bytes]) -> bool:
    """Whether a bundle has freeze and challenge."""
    return FREEZE in files and CHALLENGE in files


def problems(
    opened: Opened,
    files: Mapping[str, bytes],
    trust: Trust | None,  # noqa: ARG001 - for the signatures of freeze and challenge
    at: datetime,  # noqa: ARG001 - for the stamps
) -> list[Problem]:
    """What is wrong with challenge, stamps and spot checks. ``files`` are those beside the run."""
    found = []
    if opened.said.get("challenge_digest") and not is_challenged(files):
        text = "the run was made for a challenge that is missing"
        found.append(Problem(Code.NONCE_MISMATCH, text))
    return found


def remains(vendor_ran: bool, challenged: bool) -> list[str]:
    """What the certificate cannot show, as sentences."""
    return [*ALWAYS, *([VENDOR_CHOSE] if vendor_ran and not challenged else [])]
