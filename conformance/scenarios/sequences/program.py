"""Draws the order of the turns of a sequence. Nothing but the seed decides it."""

from __future__ import annotations

from enum import StrEnum

from conformance.base.drawing import stable_hash


class Turn(StrEnum):
    """A turn of a sequence: one or a few writes, and looks at what they touched."""

    CHANGE = "change"  # change one member, and then it and another one
    REPEAT = "repeat"  # change every member, and send the same again
    TOGETHER = "together"  # change two members at the same time
    REFUSED = "refused"  # changes that must be refused
    CROSSED = "crossed"  # another business asks for the object, and then works on it
    WORK = "work"  # every action on the object that puts it into no state
    EQUAL = "equal"  # create an object from the values of the first one
    STATE = "state"  # every action that puts it into a state, such as paused
    REMOVED = "removed"  # delete the object, use it, and delete it again


MIXED = (Turn.REPEAT, Turn.TOGETHER, Turn.REFUSED, Turn.CROSSED, Turn.WORK, Turn.EQUAL)
"""The turns that come in any order. The others may keep later turns from having an effect."""


def program(seed: int, kind: str, rounds: int) -> list[Turn]:
    """The turns of the sequence of a kind of object. Each round has the mixed ones in a new order.

    A change comes before and after each round, so that the turns have something to undo.
    """
    turns = [Turn.CHANGE]
    for number in range(rounds):
        turns += sorted(MIXED, key=lambda turn: stable_hash(f"{seed} {kind} {number} {turn}"))
        turns.append(Turn.CHANGE)
    return [*turns, Turn.STATE, Turn.REMOVED]
