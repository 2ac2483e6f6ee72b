"""badge.svg: the verdict of a run in a few words, for a project page."""

from __future__ import annotations

from html import escape
from pathlib import Path

from conformance.model import Run, Verdict
from conformance.report import view

COLOURS = {
    Verdict.PASSED: "#1c6b36",
    Verdict.UNTESTED: "#41599b",
    Verdict.WAIVED: "#0b6070",
    Verdict.WARNED: "#845000",
    Verdict.FAILED: "#ad1f1f",
    Verdict.ERROR: "#86309c",
}
"""The background colour by the overall verdict of the run."""

CHARACTER = 6.5
"""Approximate width of a character in pixels."""
HEIGHT = 20


def write(run: Run, path: Path) -> None:
    """Write badge.svg."""
    path.write_text(text(run), encoding="utf-8", newline="\n")


def text(run: Run) -> str:
    """The badge as SVG: the headline and the number of causes. No text is from the target.

    If the contract is not the packaged one, the title shows its full digest.
    """
    label, words = f"{run.contract.title} {run.contract.version}", view.headline(run)
    counted = view.tally(run.causes)
    value = words if counted in words else f"{words}, {counted}"
    return svg(label, value, f"{run.contract.name}: {value}", _colour(run, words))


def _colour(run: Run, words: str) -> str:
    """The colour of the badge: green only if every cell of the packaged contract was judged."""
    if run.standing is Verdict.PASSED and words != view.CONFORMS:
        return COLOURS[Verdict.UNTESTED]
    return COLOURS[run.standing]


def svg(label: str, value: str, title: str, colour: str) -> str:
    """A badge with a label on grey and a value on a colour, as SVG."""
    left, right = (round(len(part) * CHARACTER) + 12 for part in (label, value))
    return f"""\
<svg xmlns="http://www.w3.org/2000/svg" width="{left + right}" height="{HEIGHT}" role="img">
<title>{escape(title)}</title>
<rect width="{left}" height="{HEIGHT}" fill="#3b4046"/>
<rect x="{left}" width="{right}" height="{HEIGHT}" fill="{colour}"/>
<g fill="#fff" font-family="Verdana, DejaVu Sans, sans-serif" font-size="11">
<text x="6" y="14">{escape(label)}</text>
<text x="{left + 6}" y="14">{escape(value)}</text>
</g>
</svg>
"""
