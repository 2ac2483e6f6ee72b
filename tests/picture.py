"""`python -m tests.picture` writes the pictures of the documentation.

report.png and terminal.svg show what the suite says about a server with thirty faults, and
fleet-site.png shows the site of a fleet. `python -m tests.picture fleet` writes only that one.
"""

from __future__ import annotations

import re
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from rich.console import Console
from rich.text import Text

from conformance import fleet_site
from conformance.model import Given, Run
from conformance.report import console, html
from tests import browser, fleet_example
from tests.faults.faults import FAULTS
from tests.thirty import THIRTY, run_of_all

DOCS = Path(__file__).parent.parent / "docs"
PAGE, TERMINAL, SITE = DOCS / "report.png", DOCS / "terminal.svg", DOCS / "fleet-site.png"
WIDTH, HEIGHT = 1280, 800
"""The size of the picture of the report in pixels."""
TARGETS = 200
"""The targets of the fleet whose site is pictured."""
COLUMNS = 88
"""The width of the terminal."""

NO_FONT = """\
<svg class="rich-terminal" viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
<style>
.{unique_id}-matrix {{ font-family: DejaVu Sans Mono, Menlo, Consolas, monospace;
font-size: {char_height}px; line-height: {line_height}px; }}
{styles}
</style>
<defs><clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}"/></clipPath>{lines}</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">{matrix}</g>
</g>
</svg>
"""
"""How rich writes an SVG, without the fonts that it would fetch from elsewhere."""


def staged(run: Run) -> Run:
    """A run that is always the same: at the same address, for as long, in the same directory."""
    target = replace(run.target, name="Staging", url="https://staging.example.com/api/v1")
    return replace(
        run,
        target=target,
        started="2026-01-31T12:00:00+00:00",
        finished="2026-01-31T12:03:56+00:00",
        place="reports/latest",
        given=Given(target="staging.yaml"),
    )


def terminal(run: Run) -> str:
    """What the terminal shows at the end of a run, as SVG."""
    text = console.summary(staged(run), width=COLUMNS, colour=True)
    recorder = Console(width=COLUMNS, record=True, file=tempfile.TemporaryFile("w"))  # noqa: SIM115
    recorder.print(Text.from_ansi(text))
    title = "kaicalls-conformance run --target staging.yaml"
    return recorder.export_svg(title=title, code_format=NO_FONT, unique_id="terminal")


def words(picture: str) -> str:
    """What a picture of a terminal says, without the numbers, which chance changes.

    Nor does it matter how wide a column of numbers is.
    """
    text = "\n".join(re.findall(r"<text[^>]*>([^<]*)<", picture))
    return re.sub(r"operations?", "operations", re.sub(r"(?:&#160;|[0-9.,])+", " ", text))


def picture_site() -> None:
    """Write the picture of the site of a fleet."""
    with tempfile.TemporaryDirectory() as directory:
        fleet_example.write(Path(directory), TARGETS)
        fleet_site.build(Path(directory))
        browser.screenshot(Path(directory, "index.html"), SITE, WIDTH, HEIGHT * 3 // 2)


def main() -> int:
    """Run the suite against the faulty server, and take the pictures. Returns 0."""
    picture_site()
    if sys.argv[1:] == ["fleet"]:
        return 0
    run = run_of_all([FAULTS[name] for name in THIRTY])
    TERMINAL.write_text(terminal(run), encoding="utf-8")
    with tempfile.TemporaryDirectory() as directory:
        page = Path(directory) / "report.html"
        html.write(staged(run), page)
        browser.screenshot(page, PAGE, WIDTH, HEIGHT)
    return 0


if __name__ == "__main__":
    sys.exit(main())
