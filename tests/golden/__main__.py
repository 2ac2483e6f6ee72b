"""Writes the golden files anew."""

from tests.golden import SPECS, write

for name in SPECS:
    write(name)
