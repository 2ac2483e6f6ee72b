"""Bundles for tests: honest ones, and those that somebody edited and perhaps signed again."""

from __future__ import annotations

import json
import shutil
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from conformance.base.options import Depth
from conformance.certify import bundle, checking, issuing, statement, verifying
from conformance.certify.issuing import Bodies
from conformance.certify.keys import CERTIFIER, VENDOR, PrivateKey
from conformance.certify.statement import Claims, Judged
from conformance.certify.suite import lock_digest, suite_digest
from conformance.certify.trust import Signer, Trust
from conformance.certify.verifying import Verified
from conformance.contract import with_challenges
from conformance.model import Contract, Profile, Verdict
from conformance.model.profile import ANY
from conformance.run import runfile
from tests.support.contracts import real


def key_of(number: int) -> PrivateKey:
    """A key for tests."""
    return PrivateKey(Ed25519PrivateKey.from_private_bytes(bytes([number] * 32)))


VENDORS_KEY, LABS_KEY, STRANGERS_KEY = key_of(1), key_of(2), key_of(3)
TRUST = Trust(
    (
        Signer("vendor@example.org", VENDORS_KEY.public, (VENDOR,)),
        Signer("lab@example.org", LABS_KEY.public, (CERTIFIER,)),
    )
)
Edit = Callable[[Path], object]
Change = Callable[[dict[str, Any]], object]


@dataclass(frozen=True)
class Lab:
    """A run, a contract with a profile that it meets, and its bundle: unsigned and as a zip."""

    run: Path
    contract: Contract
    unsigned: Path
    payload: bytes
    bundle: Path

    def verify(self, path: Path, trust: Trust = TRUST, at: datetime | None = None) -> Verified:
        """What becomes of a bundle."""
        return verifying.verify(path, self.contract, trust, at or datetime.now(UTC))

    def codes(self, path: Path, trust: Trust = TRUST, at: datetime | None = None) -> set[str]:
        """The codes of the problems of a bundle."""
        return {problem.code.value for problem in self.verify(path, trust, at).problems}

    def forged(
        self,
        directory: Path,
        edit: Edit = lambda _: None,
        change: Change = lambda _: None,
        key: PrivateKey = VENDORS_KEY,
        namespace: str = VENDOR,
    ) -> Path:
        """A bundle whose files and statement were edited before its vendor signed it."""
        forged = shutil.copytree(self.unsigned, directory / "forged")
        edit(forged)
        stated = json.loads(self.payload)
        stated["subject"] = [
            {"name": name, "digest": {"sha256": digest}}
            for name, digest in sorted(bundle.digests(forged).items())
        ]
        change(stated)
        payload = statement.payload(stated)
        return zipped(forged, payload, directory / "forged.zip", key=key, namespace=namespace)


def small_contract(run: Path) -> Contract:
    """The real contract with one profile, which scores the clauses that a run passed."""
    judged = runfile.open_run(run, real()).judged()
    passed = {
        clause
        for clause, cells in judged.by_clause.items()
        if cells and all(cell.verdict is Verdict.PASSED for cell in cells)
    }
    profile = Profile(
        name="small",
        version=1,
        digest="5" * 64,
        title="What a quick run shows",
        scored=frozenset(passed),
        operations=frozenset(judged.contract.operations),
        not_scored={},
        least_operations=1,
        least_cells=10,
        least_budget=1,
        depth=Depth.QUICK.value,
        identity=ANY,
        may_be_inapplicable=frozenset(judged.contract.operations),
        most_waived=0,
        needs_stamps=False,
        lacks_nothing=False,
    )
    return replace(with_challenges(real()), profiles={"small": profile})


def claims(relation: str = "vendor", days: int = 100) -> Claims:
    """What a vendor claims today."""
    now = datetime.now(UTC).replace(microsecond=0)
    return Claims(
        product="Acme",
        version="1.2",
        relation=relation,
        profile="small@1",
        issued=now.isoformat(),
        expires=(now + timedelta(days=days)).isoformat(),
        suite_digest=suite_digest(),
        lock_digest=lock_digest(),
    )


def assembled(
    run: Path,
    contract: Contract,
    directory: Path,
    bodies: Bodies = Bodies.ALL,
    claimed: Claims | None = None,
) -> tuple[Path, bytes]:
    """The files of a bundle without signatures, and the statement to sign."""
    directory.mkdir()
    opened = runfile.open_run(run, contract)
    run_again = issuing.assemble(run, opened, opened.judged(), bodies, directory)
    judged = Judged(run_again, json.loads((directory / bundle.RUN).read_text()))
    claimed = claimed or claims()
    profile, _ = checking.profile_of(contract, claimed.profile)
    assert profile is not None
    return directory, issuing.write_statement(directory, judged, profile, claimed)


def zipped(
    unsigned: Path,
    payload: bytes,
    to: Path,
    *,
    key: PrivateKey = VENDORS_KEY,
    namespace: str = VENDOR,
) -> Path:
    """A bundle of some files and a statement, signed with a key."""
    directory = shutil.copytree(unsigned, to.with_suffix(".unpacked"))
    (directory / bundle.STATEMENT).write_bytes(payload)
    issuing.sign(directory, payload, key, namespace)
    bundle.write(directory, to)
    return to


def members_of(path: Path) -> dict[str, bytes]:
    """The members of a zip by name."""
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def rezipped(members: Mapping[str, bytes], to: Path) -> Path:
    """A zip with some members."""
    with zipfile.ZipFile(to, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return to
