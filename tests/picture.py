"""`python -m tests.picture` writes docs/report.png: the report of a server with three faults."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from conformance.report import html
from conformance.server import application
from tests import browser
from tests.faults import harness
from tests.faults.faults import FAULTS
from tests.support.contracts import real

PICTURE = Path(__file__).parent.parent / "docs" / "report.png"
PLANTED = ("revoked-key-taken", "inclusive-cursor", "errors-for-people")
NAMED = {"name": "Staging", "url": "https://staging.example.com/api/v1"}
WIDTH, HEIGHT = 1280, 800


def main() -> int:
    """Run the suite against the faulty server, and take the picture. Returns 0."""
    loaded = real()
    kind = type("Planted", tuple(FAULTS[name].kind for name in PLANTED), {})
    run = harness.run(loaded, application(loaded, kind=kind), changes=NAMED)
    with tempfile.TemporaryDirectory() as directory:
        page = Path(directory) / "report.html"
        html.write(run, page)
        browser.screenshot(page, PICTURE, WIDTH, HEIGHT)
    return 0


if __name__ == "__main__":
    sys.exit(main())
