"""Lengths of time in options, such as ``30s``, ``5m``, ``6h`` and ``30d``."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import click

UNITS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
"""The seconds of each unit."""


def between(least: timedelta, most: timedelta) -> Callable[[str], timedelta]:
    """The type of an option for a length of time between two bounds, which are allowed, too."""

    def period(text: str) -> timedelta:
        found = re.fullmatch(r"([0-9]{1,6})([smhd])", text)
        if not found:
            raise click.BadParameter(f"{text!r} is not a length of time such as 30s, 5m, 6h or 30d")
        length = timedelta(seconds=int(found[1]) * UNITS[found[2]])
        if not least <= length <= most:
            raise click.BadParameter(f"{text} is not between {least} and {most}")
        return length

    return period
