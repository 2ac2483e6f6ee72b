"""The sheet of a certificate, its badge, and the registry that publishes certificates."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from conformance.base.errors import UsageError
from conformance.certify import page, registry
from conformance.certify.certificate import Certificate, Counts, Grade, Signer
from conformance.certify.registry import Checked
from tests import browser
from tests.browser import require_browser  # noqa: F401

NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)
CERTIFIED = Certificate(
    digest="3f" * 32,
    grade=Grade.CERTIFIED,
    product="Voice Gateway",
    version="4.2.0",
    profile="full@1",
    profile_digest="ab" * 32,
    contract="KaiCalls API v1",
    contract_digest="cd" * 32,
    suite="0.1.0",
    suite_digest="ef" * 32,
    target="https://staging.example.com/api/v1",
    addresses=("203.0.113.7",),
    tls_key="12" * 32,
    started="2026-11-20T10:00:00+00:00",
    ended="2026-11-20T10:14:02+00:00",
    issued="2026-11-21T09:00:00+00:00",
    expires="2027-05-20T00:00:00+00:00",
    seed=812736,
    nonce="9f3c" * 8,
    identity="plain",
    relation="vendor",
    signers=(
        Signer("vendor@example.com", Grade.SELF_DECLARED),
        Signer("certifier@example.org", Grade.CERTIFIED),
    ),
    counts=Counts(judged=2480, waived=0, inapplicable=0, untested=41, excluded=0, of=2521),
    not_judged=("rate-window",),
    remains=("A server that knows the keys of the certifier may behave differently for them.",),
    vendor_knew_seed=False,
    address="https://conformance.example.org/certificates/1",
)
DECLARED = replace(
    CERTIFIED,
    digest="4a" * 32,
    grade=Grade.SELF_DECLARED,
    signers=CERTIFIED.signers[:1],
    nonce="",
    tls_key="",
    address="",
    addresses=(),
    vendor_knew_seed=True,
)
LONGEST = replace(
    CERTIFIED,
    product="A product whose name is as long as a marketing department can make it, and longer",
    version="2026.11.29-release-candidate-3+build.18273645",
    addresses=tuple(f"2001:db8:85a3::8a2e:370:73{number:02}" for number in range(6)),
    signers=CERTIFIED.signers * 3,
    not_judged=tuple(f"a-clause-with-a-long-name-{number}" for number in range(60)),
    remains=CERTIFIED.remains * 6,
    target=f"https://{'staging.' * 12}example.com/api/v1",
    address=f"https://conformance.example.org/certificates/{'3f' * 32}",
)
HOSTILE = "<script>alert(1)</script>\u202e{{ 7 * 7 }}\x1b[31m"


# --- the sheet ------------------------------------------------------------------------------------


def test_a_self_declaration_says_so_in_its_first_line_and_on_its_badge() -> None:
    """Nobody can take it for a certificate."""
    sheet = page.render(DECLARED)
    assert "<h1>Self-declaration of conformance</h1>" in sheet
    assert "Self-declared: the vendor ran it (vendor@example.com) until 2027-05-20" in sheet
    assert "Certificate of conformance" not in sheet
    assert "self-declared: full@1 until 2027-05-20" in page.badge_of(DECLARED)


def test_a_certificate_names_its_certifier_and_not_the_vendor_in_its_first_line() -> None:
    """The vendor signed it, too, but does not answer for it."""
    assert CERTIFIED.first_line == "Certified by certifier@example.org until 2027-05-20"


def test_what_was_not_recomputed_shows_on_the_sheet_and_on_the_badge() -> None:
    """Whoever leaves evidence out cannot show a sheet as if it were there."""
    lacking = replace(DECLARED, not_recomputed=3)
    for shown in (page.render(lacking), page.badge_of(lacking), lacking.first_line):
        assert "not everything could be recomputed" in shown
    assert "recomputed" not in page.render(DECLARED)


def test_what_was_not_recomputed_shows_in_a_registry_and_is_not_green() -> None:
    """Nobody has to open the certificate to see it."""
    lacking = replace(CERTIFIED, not_recomputed=3)
    assert "not all recomputed" in page.render_index([lacking], NOW)
    assert "not all recomputed" not in page.render_index([CERTIFIED], NOW)
    green = page.COLOURS[Grade.CERTIFIED]
    assert green in page.badge_of(CERTIFIED)
    assert green not in page.badge_of(lacking)
    row = registry.row(lacking)
    assert (row["not_recomputed"], row["remains"]) == (3, list(lacking.remains))


def test_the_texts_of_a_vendor_are_inert() -> None:
    """A product may be called anything."""
    odd = replace(CERTIFIED, product=HOSTILE, version=HOSTILE, remains=(HOSTILE,), address=HOSTILE)
    for text in (page.render(odd), page.render_index([odd], NOW), page.badge_of(odd)):
        assert "<script" not in text
        assert "\u202e" not in text
        assert "\x1b" not in text
        assert "49[" not in text


def test_a_product_in_letters_that_look_like_latin_ones_says_so() -> None:
    """The sheet, the registry and the badge name the alphabet of a copied name."""
    copied = replace(CERTIFIED, product="\u0410\u0421\u041c\u0415")  # ACME in Cyrillic
    for text in (page.render(copied), page.render_index([copied], NOW), page.badge_of(copied)):
        assert "(in Cyrillic letters)" in text
    assert "letters)" not in page.render(CERTIFIED)


def test_the_code_holds_address_and_digest() -> None:
    """A reader of the printed sheet finds the bundle, and can compare its digest."""
    assert page.reference(CERTIFIED) == f"{CERTIFIED.address}#sha256:{CERTIFIED.digest}"
    assert page.reference(DECLARED) == f"sha256:{DECLARED.digest}"
    assert page.render(CERTIFIED).count("<svg") == 1


def test_the_sheet_of_a_challenged_run_names_the_option_for_its_time_stamps() -> None:
    """Without it, a certificate that needs them does not verify."""
    assert CERTIFIED.nonce
    assert "--stamp-roots" in page.render(CERTIFIED)
    assert "--stamp-roots" not in page.render(replace(CERTIFIED, nonce=""))


@pytest.mark.browser
@pytest.mark.usefixtures("require_browser")
@pytest.mark.parametrize("certificate", [CERTIFIED, DECLARED, LONGEST])
def test_a_certificate_is_one_printed_page_and_fits_a_phone(
    certificate: Certificate, tmp_path: Path
) -> None:
    """Even with long names and many clauses that were not judged."""
    path = tmp_path / "certificate.html"
    path.write_text(page.render(certificate), encoding="utf-8")
    assert browser.pages(path) == 1
    assert browser.measured(path, 390)["width"] == 390


# --- the registry ---------------------------------------------------------------------------------


class Verifier:
    """Stands for the verification of bundles: each file holds the digest of its certificate."""

    def __init__(self, *certificates: Certificate) -> None:
        self.valid: Mapping[str, Certificate] = {each.digest: each for each in certificates}

    def __call__(self, path: Path) -> Checked:
        certificate = self.valid.get(path.read_text("utf-8"))
        if certificate is None:
            return Checked(path, None, ("EXPIRED: it was valid until yesterday",))
        return Checked(path, certificate)


def bundle(directory: Path, certificate: Certificate) -> Path:
    """A file that the verifier takes for the bundle of a certificate."""
    path = directory / f"{certificate.product}.zip"
    path.write_text(certificate.digest, encoding="utf-8")
    return path


@pytest.fixture
def filled(tmp_path: Path) -> Path:
    """A registry with two bundles."""
    verify = Verifier(CERTIFIED, DECLARED)
    for certificate in (CERTIFIED, DECLARED):
        registry.add(bundle(tmp_path, certificate), tmp_path / "registry", verify)
    return tmp_path / "registry"


def test_a_refused_bundle_is_not_added(tmp_path: Path) -> None:
    """The registry stays empty."""
    checked = registry.add(bundle(tmp_path, CERTIFIED), tmp_path / "registry", Verifier())
    assert checked.problems
    assert not (tmp_path / "registry").exists()


def test_a_bundle_added_twice_is_there_once(tmp_path: Path, filled: Path) -> None:
    """Its name is its digest."""
    registry.add(bundle(tmp_path, CERTIFIED), filled, Verifier(CERTIFIED))
    assert len(list(filled.iterdir())) == 2


def test_a_bundle_with_fewer_signatures_does_not_replace_another(
    tmp_path: Path, filled: Path
) -> None:
    """The vendor's own bundle has the same statement as the one that a certifier signed, too."""
    before = (filled / f"{CERTIFIED.digest}.zip").read_bytes()
    bare = tmp_path / "bare.zip"
    bare.write_text(f"{CERTIFIED.digest}\n", encoding="utf-8")
    alone = replace(CERTIFIED, grade=Grade.SELF_DECLARED, signers=CERTIFIED.signers[:1])

    def verify(path: Path) -> Checked:
        return Checked(path, alone if path == bare else CERTIFIED)

    checked = registry.add(bare, filled, verify)
    assert checked.certificate is None
    assert "lacks" in checked.problems[0]
    assert (filled / f"{CERTIFIED.digest}.zip").read_bytes() == before


def test_the_site_shows_what_verifies_now_and_drops_what_does_not(
    tmp_path: Path, filled: Path
) -> None:
    """Nobody has to remove an expired certificate."""
    site = tmp_path / "site"
    for valid in [(CERTIFIED, DECLARED), (DECLARED,)]:
        registry.publish(registry.entries(filled, Verifier(*valid)), site, NOW)
        index = json.loads((site / "index.json").read_text("utf-8"))
        assert {each["digest"] for each in index["certificates"]} == {c.digest for c in valid}
        assert {path.name for path in (site / "certificates").iterdir()} == {
            each.digest for each in valid
        }
    assert CERTIFIED.digest not in (site / "index.html").read_text("utf-8")


def test_a_renamed_bundle_is_refused(filled: Path) -> None:
    """Otherwise one certificate could take the place of another."""
    (filled / f"{CERTIFIED.digest}.zip").rename(filled / f"{'00' * 32}.zip")
    found = registry.entries(filled, Verifier(CERTIFIED, DECLARED))
    assert [each.certificate for each in found] == [DECLARED, None]
    assert "SUBJECT_MISMATCH" in found[1].problems[0]


def test_a_directory_with_other_files_is_not_replaced(tmp_path: Path, filled: Path) -> None:
    """A mistyped --output must not cost anybody their files."""
    site = tmp_path / "home"
    site.mkdir()
    (site / "letter.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(UsageError, match="other than a registry site"):
        registry.publish([], site, NOW)
    assert (site / "letter.txt").exists()


def test_each_null_of_a_row_has_a_reason() -> None:
    """A reader never has to guess whether a value is missing or unknown."""
    for certificate in (CERTIFIED, DECLARED):
        row = registry.row(certificate)
        nulls = {name for name, value in row.items() if value is None}
        assert row["missing"].keys() == nulls
    assert {"nonce", "tls_key", "address", "addresses"} <= registry.row(DECLARED)["missing"].keys()


@pytest.mark.browser
@pytest.mark.usefixtures("require_browser")
def test_the_site_links_to_every_certificate(tmp_path: Path, filled: Path) -> None:
    """The list and the sheets are files that need no server."""
    site = tmp_path / "site"
    registry.publish(registry.entries(filled, Verifier(CERTIFIED, DECLARED)), site, NOW)
    shown = browser.dump_dom(site / "index.html")
    linked = re.findall(r'href="(certificates/[^"]+)"', shown)
    assert len(linked) == 2
    assert all((site / each).is_file() for each in linked)
