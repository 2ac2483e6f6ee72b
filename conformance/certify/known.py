"""Contracts of older versions of the suite, so that a certificate can say which version has one."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

FILE = Path(__file__).with_name("known.json")


@cache
def contracts() -> dict[str, str]:
    """The version of the suite that has a contract, by the digest of the contract."""
    found: dict[str, str] = json.loads(FILE.read_text(encoding="utf-8"))["contracts"]
    return found
