"""Phone numbers for requests: those of the target file, or numbers reserved for fiction.

Nobody has a number from +1 NXX 555 0100 to 0199, so no call and no text reaches a person.
"""

from __future__ import annotations

from conformance.base.drawing import one_of, stable_hash
from conformance.model import Declaration

AREAS = (
    *(205, 207, 208, 209, 214, 216, 218, 225, 229, 231, 240, 248, 251, 253, 260, 269, 270, 281),
    *(303, 304, 307, 308, 309, 316, 319, 330, 334, 352, 360, 361, 402, 406, 409, 417, 425, 432),
    *(479, 501, 503, 505, 507, 509, 515, 520, 530, 541, 559, 563, 570, 573, 601, 605, 608, 614),
)
"""Area codes of the United States."""
UNRESERVED = 80
"""Fictional numbers of an area that are used. Sandboxes often give the last ones a meaning."""


def phone_number(target: Declaration, key: str) -> str:
    """The phone number that a run uses, which follows from its key."""
    if target.phone_numbers:
        return one_of(target.phone_numbers, f"{key} number")
    return _fictional(key, 0)


def second_phone_number(target: Declaration, key: str) -> str | None:
    """A number to replace the first one by in a change; None if the target file gives only one."""
    if not target.phone_numbers:
        return _fictional(key, 1)
    others = [each for each in target.phone_numbers if each != phone_number(target, key)]
    return one_of(others, f"{key} second number") if others else None


def _fictional(key: str, distance: int) -> str:
    """The fictional number that follows from a key, or one at a distance from it."""
    line = (stable_hash(f"{key} line") + distance) % UNRESERVED
    return f"+1{one_of(AREAS, f'{key} area')}555{100 + line:04}"
