"""Writes the golden files anew."""

from tests.golden import write
from tests.support.contracts import CONTRACTS

for name in CONTRACTS:
    write(name)
