"""Writes the golden files anew."""

from tests.golden import CONTRACTS, write

for name in CONTRACTS:
    write(name)
