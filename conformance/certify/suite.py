"""What judged a run: the digest of the installed suite, and of the packages that it uses."""

from __future__ import annotations

import hashlib
import re
from functools import cache
from importlib import metadata
from pathlib import Path

import conformance

DISTRIBUTION = "kaicalls-conformance"
SUFFIXES = frozenset({".py", ".json", ".yaml", ".html", ".css", ".js", ".j2", ".ini"})
CONTRACT = "spec"
"""The directory of the contract in a wheel. It has digests of its own."""


@cache
def suite_digest() -> str:
    """The SHA-256, in hex, of the names and digests of the files of the suite."""
    root = Path(conformance.__file__).parent
    total = hashlib.sha256()
    for path in sorted(root.rglob("*")):
        name = path.relative_to(root)
        if path.suffix in SUFFIXES and name.parts[0] != CONTRACT:
            content = hashlib.sha256(path.read_bytes()).hexdigest()
            total.update(f"{name.as_posix()} {content}\n".encode())
    return total.hexdigest()


@cache
def lock_digest() -> str:
    """The SHA-256, in hex, of a line ``name==version`` for each package that the suite needs."""
    lines = {f"{name}=={version}" for name, version in _needed().items()}
    return hashlib.sha256("\n".join(sorted(lines)).encode()).hexdigest()


def _needed() -> dict[str, str]:
    """The installed packages that the suite requires, directly or not, with their versions."""
    found: dict[str, str] = {}
    pending = [DISTRIBUTION]
    while pending:
        name = pending.pop()
        try:
            distribution = metadata.distribution(name)
        except metadata.PackageNotFoundError:
            continue  # not needed on this platform
        required = [each for each in distribution.requires or () if "extra ==" not in each]
        names = {_name(each) for each in required}
        pending += names - found.keys()
        if name != DISTRIBUTION:
            found[name] = distribution.version
    return found


def _name(requirement: str) -> str:
    """The normalized name of the package that a requirement asks for."""
    found = re.match(r"[A-Za-z0-9._-]+", requirement)
    assert found is not None  # every requirement begins with a name
    return re.sub(r"[-_.]+", "-", found[0]).lower()
