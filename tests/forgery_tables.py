"""The tables of docs/forgeries.md: each forgery, what catches it, and the test that shows it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tests import test_recompute, test_requests_made
from tests.certify import test_bundles, test_commitment
from tests.forgeries import FORGERIES, UNSEEN

Row = tuple[str, str, str, str]
"""What is forged, how, what catches it, and the test."""

MADE = "tests/test_forgeries.py::test_a_forged_run_is_caught"
RECOMPUTED = "tests/test_recompute.py::"
REQUESTED = "tests/test_requests_made.py::"
FOREIGN = "tests/command/test_foreign_runs.py::"
BUNDLED = "tests/certify/test_bundles.py::"
STAMPED = "tests/certify/test_stamps.py::"
COMMITTED = "tests/certify/test_commitment.py::"
ZIPPED = "tests/certify/test_zip.py::"
SHARE = "tests/command/test_share.py::"
WHOLE = "tests/command/test_whole_contract.py::"

ALONE: tuple[Row, ...] = (
    (
        "digests",
        "two lines change places",
        "CHAIN_BROKEN",
        f"{RECOMPUTED}test_two_lines_do_not_change_places",
    ),
    (
        "stored results",
        "an edited baseline",
        "its log is judged again",
        "tests/test_forgeries.py::test_a_forged_baseline_excuses_nothing",
    ),
    (
        "stored results",
        "a page of pytest, or a tree behind a link",
        "not copied",
        f"{FOREIGN}test_a_replay_copies_nothing_that_it_did_not_compute",
    ),
    (
        "files",
        "a pipe, a link, a device",
        "must be regular files",
        f"{FOREIGN}test_only_regular_files_are_read",
    ),
    (
        "files",
        "a member that a line has twice",
        "not a line of an evidence log",
        f"{FOREIGN}test_a_line_hides_nothing_in_a_member_that_it_has_twice",
    ),
    (
        "files",
        "a bomb of blank lines",
        "not read beyond its bound",
        f"{FOREIGN}test_blank_lines_count",
    ),
    (
        "files",
        "a bomb of long bodies",
        "not read beyond its bound",
        f"{FOREIGN}test_all_long_bodies_have_a_bound",
    ),
)
"""Forgeries of a stored run that a test of their own shows."""

TAMPERED: tuple[Row, ...] = (
    (
        "signatures",
        "a changed detached signature",
        "INVALID_SIGNATURE",
        f"{BUNDLED}test_a_changed_detached_signature_is_noticed",
    ),
    (
        "signatures",
        "a foreign key",
        "UNTRUSTED_SIGNER",
        f"{BUNDLED}test_a_strangers_signature_counts_for_nothing",
    ),
    (
        "signatures",
        "a vendor who signs as a certifier",
        "UNTRUSTED_SIGNER",
        f"{BUNDLED}test_a_vendor_cannot_say_that_a_certifier_ran_the_suite",
    ),
    ("signatures", "a revoked key", "REVOKED_SIGNER", f"{BUNDLED}test_a_revoked_key_is_refused"),
    ("times", "an expired certificate", "EXPIRED", f"{BUNDLED}test_a_certificate_expires"),
    (
        "times",
        "an expired waiver",
        "WAIVER_EXPIRED",
        "tests/test_forgeries.py::test_an_expired_waiver_ends_a_certificate",
    ),
    (
        "files",
        "an added file",
        "SUBJECT_MISMATCH",
        f"{BUNDLED}test_an_added_file_is_refused_unless_it_was_signed",
    ),
    (
        "files",
        "bodies that were left out",
        "not everything could be recomputed",
        f"{BUNDLED}test_without_bodies_the_lacking_cells_are_listed",
    ),
    (
        "time stamps",
        "the stamp of another log",
        "STAMP_INVALID",
        f"{STAMPED}test_a_stamp_of_another_log_is_refused",
    ),
    (
        "time stamps",
        "a different time than that of the stamps",
        "TIME_MISMATCH",
        f"{STAMPED}test_a_run_cannot_claim_another_time",
    ),
    (
        "time stamps",
        "lines after the last stamp",
        "TIME_NOT_PROVEN",
        f"{STAMPED}test_the_end_of_the_log_has_to_be_stamped",
    ),
    (
        "challenge",
        "an edited freeze",
        "INVALID_SIGNATURE",
        f"{COMMITTED}test_an_edited_freeze_is_refused",
    ),
    (
        "challenge",
        "texts with another nonce",
        "NONCE_MISMATCH",
        f"{COMMITTED}test_texts_with_another_nonce_are_refused",
    ),
    (
        "challenge",
        "the freeze of another vendor",
        "FREEZE_MISMATCH",
        f"{COMMITTED}test_another_vendor_cannot_use_a_freeze",
    ),
    ("zip", "a truncated zip", "BUNDLE_INVALID", f"{ZIPPED}test_a_truncated_zip_is_refused"),
    (
        "zip",
        "a path outside",
        "BUNDLE_INVALID",
        f"{ZIPPED}test_a_member_that_does_not_belong_is_refused",
    ),
    ("zip", "a link", "BUNDLE_INVALID", f"{ZIPPED}test_a_link_is_refused"),
    (
        "zip",
        "two members of one name",
        "BUNDLE_INVALID",
        f"{ZIPPED}test_two_members_of_one_name_are_refused",
    ),
    ("zip", "a bomb", "BUNDLE_INVALID", f"{ZIPPED}test_a_bomb_costs_little"),
)
"""Tamperings of a bundle that a test of their own shows."""

UNEDITED: tuple[Row, ...] = (
    (
        "declaration",
        "an area is left out while its operations are offered",
        "exit code 2",
        f"{WHOLE}test_an_area_is_not_left_out_while_its_operations_are_offered",
    ),
    (
        "declaration",
        "everything that is broken is left out",
        "No failure seen in ... of the contract",
        f"{WHOLE}test_a_part_of_the_contract_never_reads_like_all_of_it",
    ),
    (
        "declaration",
        "the same, with `--require-complete`",
        "exit code 3",
        f"{WHOLE}test_require_complete_counts_excluded_routes_that_exist",
    ),
    (
        "declaration",
        "everything is inapplicable",
        "Could not be judged",
        f"{SHARE}test_everything_inapplicable",
    ),
    (
        "declaration",
        "a waiver without end",
        "exit code 2",
        "tests/test_waivers.py::test_a_longer_waiver_is_refused",
    ),
    ("declaration", "every failure is waived", "Only waived failures seen", MADE),
    (
        "selection",
        "`budget: 1`",
        "Could not be judged",
        f"{SHARE}test_a_budget_of_one_judges_nothing",
    ),
    (
        "selection",
        "a small budget",
        "No failure seen in ... of the contract",
        f"{SHARE}test_a_small_budget_is_never_green",
    ),
    (
        "selection",
        "`--area` or `--clause`",
        "No failure seen in ... of the contract",
        f"{SHARE}test_an_area_that_passes_is_not_green",
    ),
    (
        "selection",
        "the same, for a certificate",
        "PROFILE_NOT_MET",
        f"{WHOLE}test_no_profile_is_met_by_a_part_of_the_contract",
    ),
    (
        "contract",
        "a weaker `--spec`",
        "another contract is named first",
        f"{WHOLE}test_a_weaker_contract_shows_in_every_output",
    ),
    (
        "contract",
        "the same, for a certificate",
        "CONTRACT_UNKNOWN",
        f"{WHOLE}test_no_profile_is_met_by_another_contract",
    ),
    (
        "server",
        "it recognizes the name of the suite",
        "fails with `identity: plain`",
        "tests/test_identity.py::test_a_server_that_knows_the_suite_is_caught",
    ),
    (
        "server",
        "it recognizes a run by its many keys",
        "WATCHED",
        "tests/test_watched.py::test_a_server_that_counts_keys_is_caught",
    ),
    (
        "suite",
        "a patched suite judges",
        "VERDICT_NOT_REPRODUCED",
        f"{BUNDLED}test_a_vendor_cannot_sign_another_run_than_the_log_shows",
    ),
)
"""Runs in which nobody edited anything, and what keeps each from reading like a pass."""


def stored_runs() -> list[Row]:
    """The forgeries of a stored run."""
    rows = [(each.kind, name, each.caught, MADE) for name, each in FORGERIES.items()]
    rows += _coded("the log", test_recompute.LOG_EDITS, f"{RECOMPUTED}test_a_log_fits_its_run")
    rows += _coded("run.json", test_recompute.SAID_EDITS, f"{RECOMPUTED}test_a_run_fits_its_log")
    unusable = f"{RECOMPUTED}test_what_nobody_can_compute_with_is_refused"
    rows += [("run.json", name, "not a run.json", unusable) for name in test_recompute.UNUSABLE]
    changed = f"{REQUESTED}test_a_request_that_was_changed_is_refused"
    names = test_requests_made.FORGERIES
    rows += [("one request", name, "REQUEST_MISMATCH", changed) for name in names]
    unseen = f"{BUNDLED}test_what_a_replay_cannot_see_is_disclosed"
    return [
        *rows,
        *ALONE,
        *[(each.kind, name, each.caught, unseen) for name, each in UNSEEN.items()],
    ]


def bundles() -> list[Row]:
    """The tamperings of a bundle: after it was signed, before, and in what is beside the run."""
    flipped = f"{BUNDLED}test_a_changed_byte_is_noticed_in_every_member"
    rows = [
        ("one byte", f"in {name}", code, flipped) for name, code in test_bundles.MEMBERS.items()
    ]
    other = f"{BUNDLED}test_a_vendor_cannot_sign_another_run_than_the_log_shows"
    rows += _coded("evidence", test_bundles.FORGERIES, other)
    more = f"{BUNDLED}test_a_vendor_cannot_state_more_than_the_evidence_shows"
    rows += _coded("statement", test_bundles.CLAIMS, more)
    bound = f"{COMMITTED}test_another_run_is_refused"
    return [*rows, *_coded("challenge", test_commitment.RUNS, bound), *TAMPERED]


def unedited() -> list[Row]:
    """Runs that nobody edited."""
    return list(UNEDITED)


def _coded(kind: str, edits: Mapping[str, tuple[Any, Any]], test: str) -> Iterator[Row]:
    """The rows of edits by name, each with the code that catches it."""
    for name, (_, code) in edits.items():
        yield kind, name, str(code), test


def is_there(test: str, root: Path) -> bool:
    """Whether a test exists under its name."""
    file, _, name = test.partition("::")
    return f"\ndef {name}(" in (root / file).read_text(encoding="utf-8")
