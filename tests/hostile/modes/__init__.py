"""The hostile modes, by what they spoil. Importing this package registers all of them."""

from tests.hostile.base import MODES
from tests.hostile.modes import (
    answers,
    bodies,
    codings,
    dying,
    framing,
    secrets,
    silence,
    sizes,
    texts,
    tls,
    waits,
)

__all__ = [
    "MODES",
    "answers",
    "bodies",
    "codings",
    "dying",
    "framing",
    "secrets",
    "silence",
    "sizes",
    "texts",
    "tls",
    "waits",
]
