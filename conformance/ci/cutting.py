"""Cuts Markdown to the size that a page takes. The worst comes first, so the end is left out."""

from __future__ import annotations

from conformance.base.text import amount

FENCE = "```"


def cut(text: str, limit: int) -> str:
    """The first lines of a text within ``limit`` bytes, with the number of lines left out.

    A code block that is cut is closed.
    """
    if len(text.encode()) <= limit:
        return text
    lines = text.splitlines()
    room = limit - 100  # for the last sentence
    kept: list[str] = []
    for line in lines:
        room -= len(line.encode()) + 1
        if room < 0:
            break
        kept.append(line)
    left_out = amount(len(lines) - len(kept), "more line")
    fences = [line for line in kept if line.startswith(FENCE)]
    if len(fences) % 2:  # the last block is open
        kept.append(FENCE)
    return "\n".join([*kept, "", f"{left_out} in the report of this run.", ""])
