"""The codes of everything that can be wrong with a stored run, a bundle or a signature."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from conformance.base.text import clean

LONGEST = 500
"""Maximum characters of a sentence, which may quote what somebody stored."""


class Code(StrEnum):
    """What is wrong, for machines. Public: a code never changes its meaning."""

    # a stored run does not fit what it says about itself
    CHAIN_BROKEN = "CHAIN_BROKEN"
    PLAN_MISMATCH = "PLAN_MISMATCH"
    CHOICE_MISMATCH = "CHOICE_MISMATCH"
    CASE_MISMATCH = "CASE_MISMATCH"
    REQUEST_MISMATCH = "REQUEST_MISMATCH"
    NUMBER_MISMATCH = "NUMBER_MISMATCH"
    ADDRESS_MISMATCH = "ADDRESS_MISMATCH"
    IDENTITY_MISMATCH = "IDENTITY_MISMATCH"
    TIME_MISMATCH = "TIME_MISMATCH"
    # a bundle, or what is signed in it
    BUNDLE_INVALID = "BUNDLE_INVALID"
    RUN_INVALID = "RUN_INVALID"
    INVALID_SIGNATURE = "INVALID_SIGNATURE"
    UNTRUSTED_SIGNER = "UNTRUSTED_SIGNER"
    REVOKED_SIGNER = "REVOKED_SIGNER"
    EXPIRED = "EXPIRED"
    SUBJECT_MISMATCH = "SUBJECT_MISMATCH"
    STATEMENT_MISMATCH = "STATEMENT_MISMATCH"
    REPORT_MISMATCH = "REPORT_MISMATCH"
    VERDICT_NOT_REPRODUCED = "VERDICT_NOT_REPRODUCED"
    # what was judged, and by what
    PROFILE_UNKNOWN = "PROFILE_UNKNOWN"
    PROFILE_NOT_MET = "PROFILE_NOT_MET"
    CONTRACT_UNKNOWN = "CONTRACT_UNKNOWN"
    SUITE_UNKNOWN = "SUITE_UNKNOWN"
    WAIVER_EXPIRED = "WAIVER_EXPIRED"
    # when it was judged, and on whose challenge
    NONCE_MISMATCH = "NONCE_MISMATCH"
    FREEZE_MISMATCH = "FREEZE_MISMATCH"
    TIME_NOT_PROVEN = "TIME_NOT_PROVEN"
    STAMP_INVALID = "STAMP_INVALID"
    WATCHED = "WATCHED"


@dataclass(frozen=True)
class Problem:
    """Something that is wrong: its code, a sentence for people, and perhaps what to do."""

    code: Code
    text: str
    advice: str = ""

    def __str__(self) -> str:
        text = clean(self.text)
        if len(text) > LONGEST:
            text = f"{text[:LONGEST]}..."
        sentence = text if text.endswith(".") else f"{text}."
        return f"{self.code}: {sentence} {clean(self.advice)}".rstrip()
