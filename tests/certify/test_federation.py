"""A bundle that the owner of a target publishes: who vouches for it, and until when."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml

from conformance import __version__
from conformance.certify.keys import CERTIFIER
from conformance.certify.trust import Trust
from conformance.fleet import accepting, rows, unit
from conformance.fleet.accepting import Accepted, Trusted
from conformance.fleet.plan import Pins
from conformance.fleet.verified import Expected, Unfit
from tests.certify.bundles import LABS_KEY, TRUST, Lab, assembled, claims, zipped
from tests.servers import stored

pytestmark = pytest.mark.long


def accepted(lab: Lab, path: Path, folder: Path, trust: Trust | None) -> Accepted:
    """What becomes of a published bundle, with a target file that has only its address."""
    folder.mkdir()
    shutil.copyfile(path, folder / unit.BUNDLE)
    target = folder / "target.yaml"
    target.write_text(yaml.safe_dump({"url": stored(lab.run)["target"]["url"]}))
    today = datetime.now(UTC).date().isoformat()
    pins = Pins("", __version__, lab.contract.digest, seed=7, date=today, depth="quick")
    expected = Expected(lab.contract, pins, target, published=True)
    return accepting.accept(folder, expected, None if trust is None else Trusted(trust))


def test_a_bundle_of_its_vendor_is_self_declared(lab: Lab, tmp_path: Path) -> None:
    """With a certificate if its signature was checked, and without one if nobody is trusted."""
    checked = accepted(lab, lab.bundle, tmp_path / "checked", TRUST)
    assert (checked.origin, checked.certificate is not None) == ("self-declared", True)
    unchecked = accepted(lab, lab.bundle, tmp_path / "unchecked", None)
    assert (unchecked.origin, unchecked.certificate) == ("self-declared", None)
    assert unchecked.run.counts == checked.run.counts


def test_a_certifiers_bundle_is_certified(lab: Lab, tmp_path: Path) -> None:
    """Its signature is checked, and its expiry."""
    ours = claims(relation="certifier")
    unsigned, payload = assembled(lab.run, lab.contract, tmp_path / "unsigned", claimed=ours)
    path = zipped(unsigned, payload, tmp_path / "b.zip", key=LABS_KEY, namespace=CERTIFIER)
    assert accepted(lab, path, tmp_path / "good", TRUST).origin == "certified"
    with pytest.raises(Unfit, match="The certificate does not hold: UNTRUSTED_SIGNER"):
        accepted(lab, path, tmp_path / "stranger", Trust(()))
    expired = claims(relation="certifier", days=-1)
    unsigned, payload = assembled(lab.run, lab.contract, tmp_path / "old", claimed=expired)
    path = zipped(unsigned, payload, tmp_path / "c.zip", key=LABS_KEY, namespace=CERTIFIER)
    with pytest.raises(Unfit, match="The certificate does not hold: EXPIRED"):
        accepted(lab, path, tmp_path / "expired", TRUST)


def test_a_certificate_that_is_not_verified_again_is_withdrawn() -> None:
    """A result that is only kept loses its mark: its signer may have been revoked meanwhile."""
    before = {
        "certificate": {"product": "Acme", "version": "1", "until": "2999-12-31T00:00:00+00:00"},
        "origin": "certified",
        "clauses": ["old", "both"],
        "grid": "FP",
    }
    kept = rows.kept(before, "No result arrived.", ["both", "new"])
    assert (kept["origin"], kept["certificate"]) == ("self-declared", None)
    assert kept["words"] == "No result arrived. Its certificate was not verified again."
    assert kept["grid"] == "P."
