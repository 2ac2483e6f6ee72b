"""report.html as a browser parses it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from conformance.report import html
from tests import browser, report_example
from tests.browser import require_browser

__all__ = ["require_browser"]

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("require_browser")]


@pytest.fixture
def page(tmp_path: Path) -> Path:
    """The page of the failing run."""
    path = tmp_path / "report.html"
    html.write(report_example.failing(), path)
    return path


def test_hostile_texts_stay_texts(page: Path) -> None:
    """The browser finds no element that a target tried to inject, and the title is ours."""
    dom = browser.dump_dom(page)
    assert "<title>Breaks the contract: Vendor staging &lt;script&gt;alert(1)&lt;/script&gt;" in dom
    assert not re.search(r"<(img|iframe|object|form)\b|<svg (?!class=\"(line|latency)\")", dom)
    assert dom.count("<script") == 1
    assert "&lt;img src=x onerror=" in dom


def test_page_is_whole_without_scripts(page: Path, tmp_path: Path) -> None:
    """The page runs no injected script, and shows verdict and every clause without its own."""
    script = "<script>document.title = 'owned'</script>"
    body, policy = "<body>", '<meta http-equiv="Content-Security-Policy"'
    poisoned = tmp_path / "poisoned.html"
    text = page.read_text(encoding="utf-8").partition("<script>")[0]
    poisoned.write_text(text.replace(body, body + script), encoding="utf-8")
    dom = browser.dump_dom(poisoned)
    assert "<title>Breaks the contract" in dom
    assert "Breaks the contract</h1>" in dom
    assert all(f'id="clause-{clause}"' in dom for clause in report_example.load().clauses)
    poisoned.write_text(
        poisoned.read_text(encoding="utf-8").replace(policy, "<meta"), encoding="utf-8"
    )
    assert "<title>owned</title>" in browser.dump_dom(poisoned)


def test_the_script_of_the_page_adds_copy_buttons_and_a_search(page: Path) -> None:
    """Its hash is the one that the policy of the page names; after a change of a byte none runs."""
    dom = browser.dump_dom(page)
    assert dom.count('class="copy"') == len(re.findall(r'class="(?:curl|paste)"', dom)) > 0
    assert dom.count('type="search"') == 1
    text = page.read_text(encoding="utf-8")
    page.write_text(text.replace("Filter ${subjects}", "Find ${subjects}"), encoding="utf-8")
    assert 'class="copy"' not in browser.dump_dom(page)


def test_a_page_without_causes_and_clauses_has_no_search(tmp_path: Path) -> None:
    """A run that could not be judged shows what stopped it, and nothing to search in."""
    path = tmp_path / "report.html"
    html.write(report_example.stopped(), path)
    dom = browser.dump_dom(path)
    assert 'class="copy"' in dom
    assert 'type="search"' not in dom


def test_the_filter_hides_what_does_not_match_and_counts_the_rest(page: Path) -> None:
    """It searches causes and clauses, and unfolds the areas of the clauses that it finds."""
    text = page.read_text(encoding="utf-8").replace("Content-Security-Policy", "No-Policy")
    typed = "field.value = 'key-revoked'; field.dispatchEvent(new Event('input'))"
    page.write_text(text.replace("</script>", f"{typed}</script>"), encoding="utf-8")
    dom = browser.dump_dom(page)
    assert "<output> 0 causes, 1 clauses</output>" in dom
    shown = [part for part in re.findall(r'<li class="clause"[^>]*>', dom) if "hidden" not in part]
    assert shown == ['<li class="clause" id="clause-key-revoked">']
    assert dom.count('<details class="area" open="">') == 1


def test_page_asks_nothing_of_the_network(tmp_path: Path) -> None:
    """An image that a target names is not fetched; the same image on a page without our care is."""
    with listener() as (address, asked):
        image = f'<img src="{address}/picture"><style>@import "{address}/style"</style>'
        run = report_example.failing()
        hostile = replace(run, target=replace(run.target, name=image), incomplete=image)
        path, control = tmp_path / "report.html", tmp_path / "control.html"
        html.write(hostile, path)
        browser.dump_dom(path)
        assert asked == []
        control.write_text(image)
        browser.dump_dom(control)
        assert "/picture" in asked


@contextmanager
def listener() -> Iterator[tuple[str, list[str]]]:
    """A local server that answers nothing useful and remembers the paths it was asked for."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(404)

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", asked
        finally:
            server.shutdown()


def test_a_link_opens_what_it_points_to(page: Path) -> None:
    """A cause and a clause are folded, until somebody follows a link to them."""
    run = report_example.failing()
    for place in (run.causes[-1].id, f"clause-{run.causes[0].clauses[0]}"):
        folded = browser.dump_dom(page).count('open=""')
        assert browser.dump_dom(page, place=place).count('open=""') == folded + 1


@pytest.mark.parametrize(("width", "dark"), [(1200, False), (1200, True), (420, False)])
def test_page_can_be_pictured(page: Path, tmp_path: Path, width: int, dark: bool) -> None:
    """The page renders in light, in dark and on a phone."""
    picture = browser.screenshot(page, tmp_path / "page.png", width, 900, dark)
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert picture.stat().st_size > 10_000


# --- size -----------------------------------------------------------------------------------------


def test_the_page_of_a_run_that_passes_is_short(tmp_path: Path) -> None:
    """It counts what passed, instead of listing every cell."""
    page = tmp_path / "report.html"
    html.write(report_example.everything(), page)
    assert page.stat().st_size < 100_000
    assert browser.measured(page, 1280)["elements"] < 1_000
    assert browser.pages(page) <= 2


def test_the_causes_of_a_bad_run_are_seen_at_once(tmp_path: Path) -> None:
    """The first screen has ten of them, a phone does not scroll sideways, and they fit on paper."""
    page, run = tmp_path / "report.html", report_example.breaking(61)
    assert len(run.causes) >= 30
    html.write(run, page)
    desk, phone = browser.measured(page, 1280), browser.measured(page, 390)
    assert desk["causes"] >= 10
    assert desk["height"] < 4_000
    assert (desk["width"], phone["width"]) == (1280, 390)
    assert browser.pages(page) <= 12


def test_a_hostile_page_does_not_scroll_sideways(page: Path) -> None:
    """Long words of a target are broken, also in what is unfolded."""
    measures = browser.measured(page, 390)
    assert (measures["width"], measures["unfolded"]) == (390, 390)
