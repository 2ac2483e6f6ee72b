"""Texts of a hostile target in the reports: visible, inert, cut to size."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from conformance.base.text import clean
from conformance.causes import causes_of
from conformance.model import Reason, ReasonKind, Verdict
from conformance.report import FILES, console, html, view, write_all
from conformance.report.console import summary
from conformance.report.exhibit import exhibits
from tests import report_example as example


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with the reports of the failing run."""
    directory = tmp_path_factory.mktemp("reports")
    write_all(example.failing(), directory)
    return directory


ACTIVE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)


@pytest.mark.parametrize(
    "char",
    [
        "\x00",
        "\x1b",
        "\x9b",
        "\x85",
        "\u202e",
        "\u2066",
        "\u200b",
        "\ufeff",
        "\ud800",
        "\ufffe",
        "\U000e0041",
    ],
)
def test_clean_makes_characters_visible(char: str) -> None:
    """What acts or hides becomes ASCII that says which character it was."""
    assert re.fullmatch(r"a\\[xuU][0-9a-f]+b", clean(f"a{char}b"))


def test_clean_keeps_what_people_write() -> None:
    """Letters, marks and symbols of any script stay as they are."""
    text = "Grüße, 日本語, Ω ≤ π, naïve, עברית, 😀"
    assert clean(text) == text


def test_clean_keeps_lines_only_on_request() -> None:
    """A line end is escaped where a text must stay one line, a carriage return always."""
    assert clean("a\nb\tc\r") == r"a\nb\tc\r"
    assert clean("a\nb\tc\r", lines=True) == "a\nb\tc\\r"


@pytest.mark.parametrize("name", FILES)
def test_reports_hold_no_active_character(written: Path, name: str) -> None:
    """No report holds a control character, a reversal of direction or half a character."""
    assert not ACTIVE.search((written / name).read_text(encoding="utf-8", errors="surrogatepass"))


def test_console_is_inert_and_plain() -> None:
    """Without colour the summary is printable lines; colour adds only our own codes."""
    plain = summary(example.failing(), width=80, colour=False)
    assert not ACTIVE.search(plain)
    assert re.sub("\x1b\\[[0-9;]*m", "", summary(example.failing(), width=80, colour=True)) == plain
    assert "999 passed" not in [line.strip()[:10] for line in plain.splitlines()]


def test_console_is_short_and_to_the_point() -> None:
    """A line for each cause, then the counts, the verdict, and what to do. All fit the width."""
    run = example.failing()
    lines = summary(run, width=80, colour=False).splitlines()
    assert len(lines) < 40
    causes = [line for line in lines if re.match(r" *[0-9]+ .* [0-9]+ operations?$", line)]
    assert len(causes) == min(console.CAUSES, len(run.causes))
    assert max(len(cause) for cause in causes) <= 80
    *_, counts, verdict, again = lines
    failed, cells = run.counts["failed"], len(run.cells)
    assert re.fullmatch(
        rf"[0-9,]+ passed, {failed} failed, .* \({cells:,} cells, [0-9]+ clauses, 60 requests\)",
        counts,
    )
    counted = view.tally(run.causes)
    assert verdict == f"✕ Breaks the contract: {counted} ({view.share(run)} judged, 1:31)"
    assert again.startswith("  kaicalls-conformance rerun 1 --of ")


def test_details_hold_lines_to_paste() -> None:
    """The steps of a cause stand at the left edge, without a label."""
    text = summary(example.failing(), width=80, colour=False, details=True)
    for label in ("reach", "request", "where", "expected", "actual", "cause"):
        assert f"\n      {label} " in text
    assert re.search("^curl -i ", text, re.MULTILINE)
    assert not re.search("^ *999 passed", text, re.MULTILINE)


class Tags(HTMLParser):
    """Collects the elements of a page with their attributes, and the ids."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def test_page_holds_no_foreign_element() -> None:
    """The page of a hostile target has one script, ours, and no image, frame, form or handler."""
    page = html.render(example.failing())
    assert example.SCRIPT not in page
    assert "&lt;script&gt;alert(1)" in page
    tags = Tags(page).found
    allowed = (
        "html head meta title style body a header nav main section footer h1 h2 h3 p ul ol li "
        "dl dt dd div span b strong code pre br"
    )
    allowed += " details summary table thead tbody tr th td time svg g rect polyline mark"
    allowed += " figure figcaption"
    assert {tag for tag, _ in tags} - {"script"} <= set(allowed.split())
    assert [attributes for tag, attributes in tags if tag == "script"] == [{}]
    assert not [name for _, attributes in tags for name in attributes if name.startswith("on")]
    assert "49" not in re.findall(r"\{\{ (.*?) \}\}", page)


def _policy_of(tags: list[tuple[str, dict[str, str | None]]]) -> str:
    """The content security policy of a page, from its tags."""
    (policy,) = (
        attributes["content"] or ""
        for _, attributes in tags
        if attributes.get("http-equiv") == "Content-Security-Policy"
    )
    return policy


def test_page_asks_nothing_of_the_network() -> None:
    """The page refers only to itself and to the documentation; its policy forbids the rest."""
    run = example.failing()
    tags = Tags(html.render(run)).found
    assert not [names for _, names in tags if {"src", "srcset"} & names.keys()]
    links = {attributes.get("href") or "#" for _, attributes in tags}
    assert {link for link in links if not link.startswith("#")} == {run.contract.page_address}
    policy = _policy_of(tags)
    assert policy.startswith("default-src 'none'; style-src 'unsafe-inline'")
    assert re.search(r"; script-src 'sha256-[\w+/]{43}='; base-uri 'none';", policy)
    assert "url(" not in html.render(run).partition("</style>")[0]


def test_links_of_the_page_lead_somewhere() -> None:
    """Ids are unique, each inner link has its target, and every clause has an anchor."""
    run = example.failing()
    tags = Tags(html.render(run)).found
    ids = [attributes["id"] for _, attributes in tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    links = {
        (attributes["href"] or "")[1:]
        for _, attributes in tags
        if (attributes.get("href") or "").startswith("#")
    }
    assert links <= set(ids)
    assert {f"clause-{clause}" for clause in run.contract.clauses} <= set(ids)


def test_page_says_what_it_left_out() -> None:
    """Cut, withheld and binary bodies, and lost responses are named as such."""
    run = example.failing()
    shown = exhibits(run, run.exchange, few=len(run.exchanges))
    notes = {each.response.note for each in shown if each.response}
    assert {
        "Body withheld (512 bytes): it contained an encoded secret.",
        "194,012 characters cut here.",
        "Not UTF-8: shown as base64 (10,240 bytes). 11,656 characters cut here.",
        "Truncated: the log keeps only the beginning.",
    } <= notes
    assert "None: the connection was reset" in html.render(run)


def test_page_stays_small() -> None:
    """A run that fails everywhere makes a page below 3 MB that names what it leaves out."""
    run = example.passing(tuple(example.load().operations))
    ids = tuple(exchange.id for exchange in run.exchanges)
    broken = [replace(cell, verdict=Verdict.FAILED, exchanges=ids) for cell in run.cells]
    findings = [
        [
            replace(example.finding(cell, n, n % 2 == 0), rule=f"rule-{n}.{cell.clause}")
            for n in range(10)
        ]
        for cell in broken
    ]
    cells = tuple(
        replace(cell, findings=tuple(found)) for cell, found in zip(broken, findings, strict=True)
    )
    causes = causes_of(run.contract, cells, run.exchanges)
    assert len(causes) > 300
    page = html.render(replace(run, cells=cells, causes=causes))
    assert len(page.encode()) < 3_000_000
    assert f"{len(causes) - 300:,} more causes in results.ctrf.json" in page


def test_page_of_a_dead_target_stays_small() -> None:
    """Where every cell is in error, the first ones have evidence, and the page is below 3 MB."""
    run = example.passing(tuple(example.load().operations))
    ids = tuple(exchange.id for exchange in run.exchanges)
    lost = Reason(ReasonKind.ERROR, "the connection was lost")
    cells = [
        replace(cell, verdict=Verdict.ERROR, exchanges=ids[place % 50 :], reasons=(lost,))
        for place, cell in enumerate(run.cells)
    ]
    page = html.render(replace(run, cells=tuple(cells)))
    assert 'class="exhibit"' in page
    assert len(page.encode()) < 3_000_000


# --- colours --------------------------------------------------------------------------------------


def _luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("scheme", [0, 1])
def test_colours_have_contrast(scheme: int) -> None:
    """In light and in dark every text has the contrast of WCAG AA, 4.5 to 1, on every ground."""
    style = html.render(example.passing()).partition("<style>")[2]
    block = re.findall(r":root \{(.*?)\}", style, re.DOTALL)[scheme]
    colours = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", block))
    grounds = [name for name in colours if name.endswith("-bg")] + ["page", "card", "tint"]
    pairs = [(name, f"{name}-bg") for name in Verdict] + [
        (name, ground) for name in ("ink", "soft", "link") for ground in grounds
    ]
    pairs += [(name, ground) for name in Verdict for ground in ("page", "card", "tint")]
    for name, ground in pairs:
        high, low = sorted((_luminance(colours[name]), _luminance(colours[ground])), reverse=True)
        assert (high + 0.05) / (low + 0.05) >= 4.5, (name, ground)
