"""A headless Chromium for tests that must see a page as a browser does.

Without Chromium such a test is skipped, unless CONFORMANCE_REQUIRE_BROWSER=1 says that one is
expected here.
"""

from __future__ import annotations

import html
import json
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--hide-scrollbars",
)


def binary() -> str | None:
    """The path of a Chromium, if there is one."""
    return next((found for name in NAMES if (found := shutil.which(name))), None)


@pytest.fixture
def require_browser() -> None:
    """Skips a test where no Chromium is; fails it where one was promised."""
    if binary() is None:
        if os.environ.get("CONFORMANCE_REQUIRE_BROWSER") == "1":
            pytest.fail("no Chromium found, and CONFORMANCE_REQUIRE_BROWSER=1")
        pytest.skip("no Chromium found")


def run(
    path: Path, *flags: str, timeout: float = 60, place: str = ""
) -> subprocess.CompletedProcess[str]:
    """Open a page with an empty profile, at the element with the id ``place``, until it is done."""
    found = binary()
    assert found, "no Chromium found"
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        command = [found, *FLAGS, f"--user-data-dir={profile}", *flags]
        command.append(f"{path.resolve().as_uri()}{'#' if place else ''}{place}")
        return subprocess.run(
            command,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=True,
            encoding="utf-8",
            errors="replace",
        )


def dump_dom(path: Path, *flags: str, place: str = "") -> str:
    """The page as parsed, written out as HTML."""
    return run(path, "--dump-dom", *flags, place=place).stdout


MEASURES = """{
  width: root.scrollWidth,
  height: root.scrollHeight,
  elements: root.querySelectorAll("*").length + 1,
  causes: [...root.querySelectorAll(".cause > summary")]
    .filter((line) => line.getBoundingClientRect().bottom <= %d).length,
  unfolded: [...root.querySelectorAll("details")]
    .map((part) => { part.open = true; return root.scrollWidth; }).pop() ?? root.scrollWidth,
}"""


def measured(path: Path, width: int, height: int = 800) -> dict[str, int]:
    """The width and height of a page in a window of some size, in pixels, and what it contains.

    That is the number of elements, and of the causes that are completely inside the window.
    ``unfolded`` is the width once everything is unfolded.
    """
    inner = html.escape(path.read_text(encoding="utf-8"))
    root = "const root = this.contentDocument.documentElement"
    told = f"{root}; document.title = JSON.stringify({MEASURES % height})"
    frame = path.with_suffix(f".{width}.html")
    frame.write_text(
        f"<title></title><iframe style='border: 0; width: {width}px; height: {height}px' "
        f"onload='{told}' srcdoc=\"{inner}\"></iframe>",
        encoding="utf-8",
    )
    title = dump_dom(frame).partition("<title>")[2].partition("</title>")[0]
    measures: dict[str, int] = json.loads(title)
    return measures


def pages(path: Path) -> int:
    """The number of pages of a printed page."""
    out = path.with_suffix(".pdf")
    run(path, f"--print-to-pdf={out.resolve()}", "--no-pdf-header-footer")
    return len(re.findall(rb"/Type\s*/Page\b", out.read_bytes()))


def screenshot(
    path: Path, out: Path, width: int = 1200, height: int = 1600, dark: bool = False
) -> Path:
    """A picture of the page, in its dark colours where asked for.

    A window of Chromium is never narrower than 500, so the page then stands in a frame.
    """
    if width < 500:
        frame = out.with_suffix(".frame.html")
        style = f"border: 0; width: {width}px; height: {height}px"
        frame.write_text(
            f'<body style="margin: 0"><iframe src="{path.resolve().as_uri()}" '
            f'style="{style}"></iframe>'
        )
        path = frame
    scheme = (
        ("--blink-settings=preferredColorScheme=0",)
        if dark
        else ("--blink-settings=preferredColorScheme=1",)
    )
    run(path, f"--screenshot={out.resolve()}", f"--window-size={width},{height}", *scheme)
    return out
