"""A bundle holds as it was signed. Every other one is refused, with its own code."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from conformance.certify import bundle, checking, issuing, recompute, seams, verifying
from conformance.certify.certificate import Grade
from conformance.certify.codes import Problem
from conformance.certify.issuing import Bodies
from conformance.certify.keys import CERTIFIER, VENDOR
from conformance.certify.seams import Terms
from conformance.certify.statement import MEMBER
from conformance.log.chain import LINK, Chain
from conformance.model import Cell, Reason, ReasonKind, Verdict
from tests.certify.bundles import (
    LABS_KEY,
    STRANGERS_KEY,
    TRUST,
    VENDORS_KEY,
    Lab,
    assembled,
    claims,
    members_of,
    rezipped,
    zipped,
)
from tests.drafts import draft_of
from tests.forgeries import UNSEEN

pytestmark = pytest.mark.long


def test_an_honest_bundle_holds_and_says_that_it_is_self_declared(lab: Lab) -> None:
    """The vendor ran the suite and signed, and the first line says so."""
    verified = lab.verify(lab.bundle)
    assert verified.problems == ()
    assert verified.exit_code == 0
    certificate = verified.certificate
    assert certificate is not None
    assert certificate.grade is Grade.SELF_DECLARED
    assert certificate.first_line.startswith(
        "Self-declared: the vendor ran it (vendor@example.org) until "
    )
    assert certificate.vendor_knew_seed
    assert certificate.counts.of == sum(
        (
            certificate.counts.judged,
            certificate.counts.waived,
            certificate.counts.inapplicable,
            certificate.counts.untested,
        )
    )


def test_equal_bundles_are_equal_files(lab: Lab, tmp_path: Path) -> None:
    """Nothing in a bundle depends on when or where it was zipped."""
    again = zipped(lab.unsigned, lab.payload, tmp_path / "again.zip")
    assert again.read_bytes() == lab.bundle.read_bytes()


# --- who signed -----------------------------------------------------------------------------------


def test_a_run_of_the_certifier_is_certified(lab: Lab, tmp_path: Path) -> None:
    """A certifier who ran the suite signs in the namespace of certifiers."""
    files, payload = assembled(
        lab.run, lab.contract, tmp_path / "files", claimed=claims("certifier")
    )
    path = zipped(files, payload, tmp_path / "b.zip", key=LABS_KEY, namespace=CERTIFIER)
    certificate = lab.verify(path).certificate
    assert certificate is not None
    assert certificate.grade is Grade.CERTIFIED
    assert certificate.first_line == (
        f"Certified by lab@example.org until {certificate.expires[:10]}"
    )
    assert not certificate.vendor_knew_seed


def test_a_vendor_cannot_say_that_a_certifier_ran_the_suite(lab: Lab, tmp_path: Path) -> None:
    """The relation is a claim; only a certifier's signature makes it count."""
    files, payload = assembled(
        lab.run, lab.contract, tmp_path / "files", claimed=claims("certifier")
    )
    assert lab.codes(zipped(files, payload, tmp_path / "b.zip")) == {"UNTRUSTED_SIGNER"}


def test_a_vendors_key_is_not_trusted_in_the_namespace_of_certifiers(
    lab: Lab, tmp_path: Path
) -> None:
    """The namespace is signed, and the trust file says who may use it."""
    path = zipped(lab.unsigned, lab.payload, tmp_path / "b.zip", namespace=CERTIFIER)
    assert lab.codes(path) == {"UNTRUSTED_SIGNER"}
    path = zipped(lab.unsigned, lab.payload, tmp_path / "c.zip", namespace="git")
    assert lab.codes(path) == {"INVALID_SIGNATURE"}


def test_a_second_signature_without_a_challenge_does_not_certify(lab: Lab, tmp_path: Path) -> None:
    """Whoever certifies a vendor's run must have challenged it."""
    with bundle.unpacked(lab.bundle) as directory:
        issuing.sign(directory, lab.payload, LABS_KEY, CERTIFIER)
        bundle.write(directory, tmp_path / "both.zip")
    verified = lab.verify(tmp_path / "both.zip")
    assert verified.certificate is not None
    assert verified.certificate.grade is Grade.SELF_DECLARED
    assert len(verified.certificate.signers) == 2
    assert "the run had no challenge" in verified.notes[0]


def test_a_strangers_signature_counts_for_nothing(lab: Lab, tmp_path: Path) -> None:
    """Alone it is refused. Next to a trusted one it is only noted."""
    alone = zipped(lab.unsigned, lab.payload, tmp_path / "a.zip", key=STRANGERS_KEY)
    assert lab.codes(alone) == {"UNTRUSTED_SIGNER"}
    with bundle.unpacked(lab.bundle) as directory:
        issuing.sign(directory, lab.payload, STRANGERS_KEY, VENDOR)
        bundle.write(directory, tmp_path / "b.zip")
    verified = lab.verify(tmp_path / "b.zip")
    assert verified.certificate is not None
    assert len(verified.certificate.signers) == 1
    assert "does not count" in verified.notes[0]


def test_a_freeze_is_compared_with_the_vendors_that_sign(
    lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A certifier is none of them."""
    seen: list[Terms] = []

    def problems(_subject: object, terms: Terms) -> list[Problem]:
        seen.append(terms)
        return []

    monkeypatch.setattr(seams, "problems", problems)
    lab.verify(lab.bundle)
    lab.verify(lab.forged(tmp_path, key=LABS_KEY, namespace=CERTIFIER))
    assert [set(terms.vendors or ()) for terms in seen] == [{"vendor@example.org"}, set()]


def test_a_revoked_key_is_refused(lab: Lab) -> None:
    """A key that was lost certifies nothing any more."""
    trust = replace(TRUST, revoked=frozenset({VENDORS_KEY.public.fingerprint}))
    assert lab.codes(lab.bundle, trust) == {"REVOKED_SIGNER"}


@pytest.mark.parametrize(
    ("dates", "code"),
    [
        ({"before": timedelta(days=-1)}, "EXPIRED"),
        ({"after": timedelta(days=1)}, "UNTRUSTED_SIGNER"),
    ],
)
def test_a_signer_is_trusted_when_signing_and_now(
    lab: Lab, dates: dict[str, timedelta], code: str
) -> None:
    """Outside of the dates in the trust file, a signature does not hold."""
    now = datetime.now(UTC)
    moments = {name: now + distance for name, distance in dates.items()}
    signer = replace(TRUST.signers[0], **moments)  # type: ignore[arg-type] # moments
    assert lab.codes(lab.bundle, replace(TRUST, signers=(signer,))) == {code}


def test_a_certificate_expires(lab: Lab) -> None:
    """It holds until the last moment that it names."""
    at = datetime.now(UTC) + timedelta(days=99)
    assert lab.codes(lab.bundle, at=at) == set()
    assert lab.codes(lab.bundle, at=at + timedelta(days=2)) == {"EXPIRED"}
    assert lab.codes(lab.bundle, at=at - timedelta(days=300)) == {"TIME_MISMATCH"}


# --- what was changed after it was signed ---------------------------------------------------------

MEMBERS = {
    "run.json": "SUBJECT_MISMATCH",
    "exchanges.jsonl.gz": "SUBJECT_MISMATCH",
    "report.html": "SUBJECT_MISMATCH",
    "junit.xml": "SUBJECT_MISMATCH",
    "ctrf.json": "SUBJECT_MISMATCH",
    "statement.json": "INVALID_SIGNATURE",
    "certificate.json": "BUNDLE_INVALID",
}


@pytest.mark.parametrize("name", MEMBERS)
def test_a_changed_byte_is_noticed_in_every_member(lab: Lab, tmp_path: Path, name: str) -> None:
    """One bit in the middle of a member is enough."""
    members = members_of(lab.bundle)
    changed = bytearray(members[name])
    place = members[name].index(b"Acme") if name == "statement.json" else len(changed) // 2
    changed[place] ^= 1
    codes = lab.codes(rezipped(members | {name: bytes(changed)}, tmp_path / "b.zip"))
    assert MEMBERS[name] in codes or (name == "certificate.json" and "INVALID_SIGNATURE" in codes)


def test_a_changed_detached_signature_is_noticed(lab: Lab, tmp_path: Path) -> None:
    """Both signatures of a key have to hold, and both have to be there."""
    members = members_of(lab.bundle)
    (name,) = [each for each in members if each.endswith(".sig")]
    changed = members[name].replace(b"U1NIU0lH", b"U1NIU0lI")
    path = rezipped(members | {name: changed}, tmp_path / "changed.zip")
    assert lab.codes(path) == {"INVALID_SIGNATURE"}
    del members[name]
    assert lab.codes(rezipped(members, tmp_path / "dropped.zip")) == {"INVALID_SIGNATURE"}


def test_an_added_file_is_refused_unless_it_was_signed(lab: Lab, tmp_path: Path) -> None:
    """Nothing can be slipped in beside what was signed."""
    members = members_of(lab.bundle) | {"freeze.json": b"{}"}
    assert "SUBJECT_MISMATCH" in lab.codes(rezipped(members, tmp_path / "b.zip"))


# --- what a vendor changed before signing ---------------------------------------------------------


def lines(directory: Path, edit: Callable[[list[dict[str, Any]]], Any], *, chain: bool) -> None:
    """Edit the lines of the log of an unpacked bundle; ``chain`` links them and run.json again."""
    path = directory / bundle.LOG
    entries = [json.loads(line) for line in gzip.decompress(path.read_bytes()).splitlines()]
    edit(entries)
    text = "".join(json.dumps(entry) + "\n" for entry in entries)
    if chain:
        links = Chain()
        bare = [{name: row[name] for name in row if name != LINK} for row in entries]
        text = "".join(links.link(entry) + "\n" for entry in bare)
        said(directory, lambda run: run.update(log_head=links.head))
    path.write_bytes(gzip.compress(text.encode()))


def said(directory: Path, edit: Callable[[dict[str, Any]], object]) -> None:
    """Edit run.json of an unpacked bundle."""
    path = directory / bundle.RUN
    members = json.loads(path.read_text())
    edit(members)
    path.write_text(json.dumps(members))


def dropped(entries: list[dict[str, Any]]) -> None:
    """Drop the last exchange of a log."""
    place = max(place for place, row in enumerate(entries) if "exchange" in row)
    del entries[place]


def first_dropped(entries: list[dict[str, Any]]) -> None:
    """Drop the first exchange of a log."""
    place = next(place for place, row in enumerate(entries) if "exchange" in row)
    del entries[place]


def doubled(entries: list[dict[str, Any]]) -> None:
    """Double the last exchange of a log."""
    place = max(place for place, row in enumerate(entries) if "exchange" in row)
    entries.insert(place, dict(entries[place]))


def relabelled(run: dict[str, Any]) -> None:
    """Let a cell that passed have failed."""
    cell = next(row for row in run["cells"] if row["verdict"] == "passed")
    cell["verdict"] = "failed"


FORGERIES: dict[str, tuple[Callable[[Path], object], str]] = {
    "a dropped line": (lambda files: lines(files, dropped, chain=False), "CHAIN_BROKEN"),
    "a dropped line, chained again": (
        lambda files: lines(files, first_dropped, chain=True),
        "NUMBER_MISMATCH",
    ),
    "a doubled line": (lambda files: lines(files, doubled, chain=False), "CHAIN_BROKEN"),
    "a doubled line, chained again": (
        lambda files: lines(files, doubled, chain=True),
        "NUMBER_MISMATCH",
    ),
    "another verdict of a cell": (lambda files: said(files, relabelled), "VERDICT_NOT_REPRODUCED"),
    "a removed cell": (
        lambda files: said(files, lambda run: run["cells"].pop()),
        "VERDICT_NOT_REPRODUCED",
    ),
    "other counts": (
        lambda files: said(files, lambda run: run["counts"].update(passed=9999)),
        "VERDICT_NOT_REPRODUCED",
    ),
    "an older suite": (
        lambda files: said(files, lambda run: run["suite"].update(version="0.0.1")),
        "SUITE_UNKNOWN",
    ),
    "another contract": (
        lambda files: said(files, lambda run: run["spec"].update(digest="0" * 64)),
        "CONTRACT_UNKNOWN",
    ),
    "another API": (
        lambda files: said(files, lambda run: run["spec"].update(title="Other")),
        "RUN_INVALID",
    ),
    "another seed": (
        lambda files: said(files, lambda run: run.update(seed=7)),
        "STATEMENT_MISMATCH",
    ),
    "another target": (
        lambda files: said(files, lambda run: run["target"].update(url="https://api.test/v1")),
        "ADDRESS_MISMATCH",
    ),
    "another day": (
        lambda files: said(files, lambda run: run.update(finished="2020-01-01T00:00:00+00:00")),
        "TIME_MISMATCH",
    ),
    "an impossible shard": (
        lambda files: said(files, lambda run: run["selection"].update(shard="x")),
        "RUN_INVALID",
    ),
    "a swapped report": (
        lambda files: (files / "report.html").write_text("<h1>Conforms</h1>"),
        "REPORT_MISMATCH",
    ),
    "another JUnit file": (
        lambda files: (files / "junit.xml").write_text("<testsuites/>"),
        "REPORT_MISMATCH",
    ),
    "an empty log": (
        lambda files: (files / bundle.LOG).write_bytes(gzip.compress(b"")),
        "PROFILE_NOT_MET",
    ),
    "no log": (lambda files: (files / bundle.LOG).write_bytes(b"none"), "RUN_INVALID"),
    "a history": (
        lambda files: said(files, lambda run: run.update(given={"target": "/home/x"})),
        "VERDICT_NOT_REPRODUCED",
    ),
}


@pytest.mark.parametrize("name", FORGERIES)
def test_a_vendor_cannot_sign_another_run_than_the_log_shows(
    lab: Lab, tmp_path: Path, name: str
) -> None:
    """The verdict is made again from the log, so a signature on anything else is worth nothing."""
    edit, code = FORGERIES[name]
    assert code in lab.codes(lab.forged(tmp_path, edit))


def test_a_declaration_that_cannot_be_signed_is_refused(lab: Lab, tmp_path: Path) -> None:
    """Canonical JSON has no integers beyond those that every reader has."""

    def edit(run: dict[str, Any]) -> None:
        run["target"]["inputs"] = {"list_calls": {"limit": 2**60}}

    verified = lab.verify(lab.forged(tmp_path, lambda files: said(files, edit)))
    texts = [problem.text for problem in verified.problems]
    assert any("a value that canonical JSON cannot express" in text for text in texts)


@pytest.mark.parametrize("name", UNSEEN)
def test_what_a_replay_cannot_see_is_disclosed(lab: Lab, tmp_path: Path, name: str) -> None:
    """Nothing is refused, and the first line says who vouches for it: the vendor alone."""
    draft = draft_of(lab.run, frozenset())
    UNSEEN[name].edit(draft)
    run = draft.write(tmp_path / "run")
    files, payload = assembled(run, lab.contract, tmp_path / "files")
    verified = lab.verify(zipped(files, payload, tmp_path / "b.zip"))
    assert verified.problems == ()
    assert verified.certificate is not None
    assert verified.certificate.first_line.startswith(UNSEEN[name].caught)


def particulars(**members: Any) -> Callable[[dict[str, Any]], None]:
    """A change of members of the suite's own part of a statement."""
    return lambda stated: stated["predicate"][MEMBER].update(members)


def as_passed(stated: dict[str, Any]) -> None:
    """Add a cell that was never judged to those that passed."""
    stated["predicate"]["passedTests"].append("invented@operation")


LATER = (datetime.now(UTC) + timedelta(days=900)).isoformat(timespec="seconds")

CLAIMS: dict[str, tuple[Callable[[dict[str, Any]], object], str]] = {
    "an invented cell": (as_passed, "VERDICT_NOT_REPRODUCED"),
    "a better result": (
        lambda stated: stated["predicate"].update(result="EXCELLENT"),
        "VERDICT_NOT_REPRODUCED",
    ),
    "other counts": (
        particulars(counts={"judged": 1, "waived": 0, "inapplicable": 0, "untested": 0, "of": 1}),
        "STATEMENT_MISMATCH",
    ),
    "another nonce": (particulars(nonce="0" * 32), "STATEMENT_MISMATCH"),
    "nothing that remains": (particulars(remains=[]), "STATEMENT_MISMATCH"),
    "an unknown seed": (particulars(vendor_knew_seed=False), "STATEMENT_MISMATCH"),
    "a product without a name": (particulars(product="-"), "STATEMENT_MISMATCH"),
    "another target": (particulars(deployment={"url": "https://x"}), "STATEMENT_MISMATCH"),
    "something unknown": (particulars(award="gold"), "STATEMENT_MISMATCH"),
    "a number for a truth value": (particulars(vendor_knew_seed=1), "STATEMENT_MISMATCH"),
    "another profile": (particulars(profile="gold@1"), "PROFILE_UNKNOWN"),
    "another suite": (particulars(suite_digest="0" * 64), "SUITE_UNKNOWN"),
    "another relation": (particulars(relation="auditor"), "STATEMENT_MISMATCH"),
    "an invisible product": (particulars(product="\u202eemcA"), "STATEMENT_MISMATCH"),
    "no product": (particulars(product=" "), "STATEMENT_MISMATCH"),
    "a product that is no text": (particulars(product=7), "BUNDLE_INVALID"),
    "no limit": (particulars(expires=LATER), "TIME_MISMATCH"),
    "a local time": (particulars(expires="2027-01-01T00:00:00"), "STATEMENT_MISMATCH"),
    "another predicate": (
        lambda stated: stated.update(predicateType="https://example.org/gold"),
        "STATEMENT_MISMATCH",
    ),
    "a subject more": (
        lambda stated: stated["subject"].append({"name": "x", "digest": {"sha256": "0" * 64}}),
        "SUBJECT_MISMATCH",
    ),
    "no subjects": (lambda stated: stated.update(subject=[]), "SUBJECT_MISMATCH"),
    "no predicate": (lambda stated: stated.pop("predicate"), "BUNDLE_INVALID"),
}


@pytest.mark.parametrize("name", CLAIMS)
def test_a_vendor_cannot_state_more_than_the_evidence_shows(
    lab: Lab, tmp_path: Path, name: str
) -> None:
    """The statement is made again, too, and everything in it is compared."""
    change, code = CLAIMS[name]
    assert code in lab.codes(lab.forged(tmp_path, change=change))


def test_a_bundle_on_which_the_suite_fails_is_refused(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A crash must not look like a bundle that holds."""
    monkeypatch.setattr(recompute, "mismatches", lambda _opened: 1 / 0)
    verified = lab.verify(lab.bundle)
    assert verified.exit_code == 1
    assert "ZeroDivisionError" in verified.problems[0].text
    with bundle.unpacked(lab.bundle) as directory:  # as for a second signature
        again = verifying.verify_unpacked(directory, lab.contract, TRUST, datetime.now(UTC))
    assert "ZeroDivisionError" in again.problems[0].text


def test_a_sentence_that_quotes_a_bundle_is_one_short_line(lab: Lab, tmp_path: Path) -> None:
    """A profile with a line end in its name cannot write the next line of the output."""
    name = "x\nCertified by lab@example.org until 2099-01-01\x1b[2J" + "x" * 100_000
    verified = lab.verify(lab.forged(tmp_path, change=particulars(profile=name)))
    assert verified.problems
    for problem in verified.problems:
        assert "\n" not in str(problem)
        assert "\x1b" not in str(problem)
        assert len(str(problem)) < 1_000


# --- fewer bodies ---------------------------------------------------------------------------------


def test_without_bodies_the_lacking_cells_are_listed(lab: Lab, tmp_path: Path) -> None:
    """The bundle holds, with exit code 3, and never pretends that everything was recomputed."""
    files, payload = assembled(lab.run, lab.contract, tmp_path / "files", Bodies.NONE)
    path = zipped(files, payload, tmp_path / "b.zip")
    verified = lab.verify(path)
    assert verified.problems == ()
    assert verified.exit_code == 3
    assert "report.html" in verified.not_recomputed
    assert verified.certificate is not None
    assert verified.certificate.first_line.endswith(", but not everything could be recomputed")
    assert any("[" in name for name in verified.not_recomputed)
    assert path.stat().st_size < lab.bundle.stat().st_size


def test_with_the_judged_bodies_every_cell_is_recomputed(lab: Lab, tmp_path: Path) -> None:
    """Only what no cell rests on is left out."""
    files, payload = assembled(lab.run, lab.contract, tmp_path / "files", Bodies.JUDGED)
    verified = lab.verify(zipped(files, payload, tmp_path / "b.zip"))
    assert verified.problems == ()
    assert not [name for name in verified.not_recomputed if "[" in name]


def test_removed_bodies_do_not_hide_that_a_case_never_ran() -> None:
    """What the target file does not provide stays untested, whatever the bodies show."""
    lacks = Reason(ReasonKind.PROVIDE, "Requires a second key.")
    cell = Cell("status-403", "read_call", Verdict.UNTESTED, reasons=(lacks,))
    assert checking.may_lack_bodies(cell, {"read_call"}, set())
    assert not checking.may_lack_bodies(cell, {"read_call"}, {lacks.text})


def test_removed_bodies_do_not_hide_another_verdict(lab: Lab, tmp_path: Path) -> None:
    """A cell that the remaining log shows cannot be stated otherwise."""
    files, _ = assembled(lab.run, lab.contract, tmp_path / "files", Bodies.NONE)
    fewer = replace(lab, unsigned=files)
    path = fewer.forged(tmp_path, lambda files: said(files, relabelled))
    assert "VERDICT_NOT_REPRODUCED" in lab.codes(path)
