"""The site of a fleet: what it says first, its heat grid, its links, and hostile results."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest

from conformance import fleet_site
from conformance.base.errors import UsageError
from conformance.fleet_site import entries
from tests import browser, fleet_example
from tests.browser import require_browser  # noqa: F401

SMALL, LARGE = 10, 120
"""A fleet on one page, and one whose grid has two."""
HOSTILE = "<script>alert(1)</script>\u202e{{ 7 * 7 }}\x1b[31m\"' onload=x"
Change = Callable[[dict[str, Any]], object]


class Tags(HTMLParser):
    """The elements of a page with their attributes."""

    def __init__(self, page: Path) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def values(self, attribute: str) -> list[str]:
        """The values of an attribute, in order."""
        return [found[attribute] or "" for _, found in self.found if attribute in found]


def site(directory: Path, count: int = SMALL, quiet: bool = False) -> Path:
    """The directory with the site of a fleet of some size."""
    fleet_example.write(directory, count, quiet)
    fleet_site.build(directory)
    return directory


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site of a small fleet. It is only read."""
    return site(tmp_path_factory.mktemp("small"))


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site of a fleet whose grid has two pages. It is only read."""
    return site(tmp_path_factory.mktemp("large"), LARGE)


def text_of(page: Path) -> str:
    """The words of a page, without its style."""
    text = page.read_text(encoding="utf-8").partition("</style>")[2]
    return " ".join(re.sub(r"<[^>]+>", " ", text).split())


def changed(directory: Path, change: Change, number: int = 0) -> Path:
    """A small site, after a change of the line of one target."""
    fleet_example.write(directory, SMALL)
    index = directory / "index.jsonl"
    lines = index.read_text(encoding="utf-8").splitlines()
    line = json.loads(lines[number])
    change(line)
    lines[number] = json.dumps(line)
    index.write_text("".join(f"{each}\n" for each in lines), encoding="utf-8")
    fleet_site.build(directory)
    return directory


# --- the first page -------------------------------------------------------------------------------


def test_what_changed_comes_first_and_problems_come_next(small: Path) -> None:
    """Then come the grid, what all break, what only one breaks, and the clauses."""
    page = small / "index.html"
    headings = re.findall(r'<h2 id="([a-z]+)"', page.read_text(encoding="utf-8"))
    assert headings == ["changes", "problems", "grid", "all", "one", "clauses"]
    assert "1 new cause, 1 fixed, 1 clause newly untested: 8 of 10 targets judged" in text_of(page)


def test_a_quiet_night_is_one_line(tmp_path: Path) -> None:
    """Without problems, nothing comes between that line and the grid."""
    page = site(tmp_path, 8, quiet=True) / "index.html"
    headings = re.findall(r'<h2 id="([a-z]+)"', page.read_text(encoding="utf-8"))
    assert "Nothing changed: 8 of 8 targets judged" in text_of(page)
    assert headings[0] == "grid"


def test_changes_of_an_earlier_night_are_not_news(tmp_path: Path) -> None:
    """A kept result still has the changes of its own night."""

    def keep(line: dict[str, Any]) -> None:
        line.update(state="kept", words="It came late.")

    assert "Paging loses items" in text_of(site(tmp_path / "before") / "index.html")
    page = changed(tmp_path / "after", keep, number=3) / "index.html"
    assert "Paging loses items" not in text_of(page)


def test_a_problem_has_the_date_of_the_last_good_result(small: Path) -> None:
    """A target that was never judged has none."""
    words = text_of(small / "index.html")
    assert "stopped. 1 target, last good result: 2026-11-27 : Dealer Faro 9" in words
    assert "No shard brought a result. 1 target, never judged : Law office Jena 10" in words


def test_a_target_that_was_not_judged_is_a_problem(tmp_path: Path) -> None:
    """Even if the collected problems do not name it, and none has a line."""
    fleet_example.write(tmp_path, SMALL)
    path = tmp_path / "fleet.json"
    facts = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({**facts, "problems": [], "missing": ["nowhere"]}))
    fleet_site.build(tmp_path)
    words = text_of(tmp_path / "index.html")
    assert "3 problems : 1 missing, 2 not judged" in words
    assert "nowhere" in words


def test_a_clause_that_all_break_makes_the_suite_suspect(small: Path) -> None:
    """One that a single target breaks is listed, too."""
    page = (small / "index.html").read_text(encoding="utf-8")
    by_all = page.partition('id="all"')[2].partition("</section>")[0]
    by_one = page.partition('id="one"')[2].partition("</section>")[0]
    assert "the suite or the contract is suspect" in by_all
    assert fleet_example.BY_ALL in by_all
    assert fleet_example.BY_ONE in by_one
    assert "Law office Ghent 1" in by_one


def test_two_targets_make_no_clause_suspect(tmp_path: Path) -> None:
    """Too few have judged it."""
    page = (site(tmp_path, 2) / "index.html").read_text(encoding="utf-8")
    assert 'id="all"' not in page
    assert 'id="one"' not in page
    assert 'id="clauses"' in page


def test_a_first_night_has_nothing_to_compare(tmp_path: Path) -> None:
    """It does not say that nothing changed, nor that every cause is new."""
    directory = tmp_path / "first"
    fleet_example.write(directory, 4)
    index = directory / "index.jsonl"
    lines = [json.loads(line) for line in index.read_text("utf-8").splitlines()]
    text = "".join(json.dumps({**line, "trend": line["trend"][-1:]}) + "\n" for line in lines)
    index.write_text(text, encoding="utf-8")
    fleet_site.build(directory)
    assert any(line["new"] for line in lines)
    words = text_of(directory / "index.html")
    assert "The first night: 4 of 4 targets judged" in words
    assert "Since last night" not in words


def test_a_fleet_without_targets_has_a_page(tmp_path: Path) -> None:
    """It says that it has none."""
    assert "0 of 0 targets judged" in text_of(site(tmp_path, 0) / "index.html")


# --- the grid -------------------------------------------------------------------------------------


def test_a_cell_links_to_its_cause_in_the_report(small: Path) -> None:
    """A broken cell leads to the cause, and an untested one to its clause."""
    found = Tags(small / "index.html").found
    titles = {each["title"]: each["href"] for tag, each in found if tag == "a" and "title" in each}
    links = [href for title, href in titles.items() if (title or "").startswith("failed")]
    assert links
    assert all(re.fullmatch(r"targets/[\w-]+/report\.html#cause-[\w-]+", str(x)) for x in links)
    assert any("#clause-" in str(href) for href in titles.values())


def test_a_cell_without_a_link_leads_to_its_clause(tmp_path: Path) -> None:
    """The report has an anchor for each."""
    fleet_example.write(tmp_path, SMALL)
    for path in tmp_path.glob("targets/*/target.json"):
        path.write_text("[", encoding="utf-8")
    fleet_site.build(tmp_path)
    links = Tags(tmp_path / "index.html").values("href")
    assert any(each.endswith(f"report.html#clause-{fleet_example.BY_ALL}") for each in links)


def test_each_target_has_a_row_and_a_place_in_the_list_of_names(large: Path) -> None:
    """The grid shows the worst first, 100 on a page; the list of names is sorted."""
    pages = sorted((large / "grid").iterdir())
    rows = [[x for x in Tags(page).values("id") if x.startswith("t-")] for page in pages]
    assert [len(each) for each in rows] == [100, LARGE - 100]
    hrefs = [x for x in Tags(large / "targets.html").values("href") if "#t-" in x]
    assert {f"t-{x.partition('#t-')[2]}" for x in hrefs} == {x for each in rows for x in each}
    names = re.findall(r"#t-clinic-aachen-(\d+)", "".join(hrefs))
    assert names == sorted(names, key=int)


def test_a_clause_that_is_the_same_everywhere_has_no_column(small: Path) -> None:
    """If all pass it, or none was tested on it; the page names it below the grid."""
    page = (small / "index.html").read_text(encoding="utf-8")
    clauses = json.loads((small / "fleet.json").read_text(encoding="utf-8"))["clauses"]
    columns = set(re.findall(r'class="clause[^>]*><span>([^<]+)<', page))
    named = page.partition("<summary>Left out: ")[2].partition("</details>")[0]
    left_out = set(re.findall("<code>([^<]+)<", named))
    assert columns
    assert left_out
    assert columns | left_out == {each["id"] for each in clauses}
    assert not columns & left_out
    assert fleet_example.BY_ALL in columns


def test_a_trend_has_a_gap_for_a_night_that_is_missing(tmp_path: Path) -> None:
    """It is not drawn as a night without causes."""

    def lose(line: dict[str, Any]) -> None:
        line["trend"] = [{"date": "2026-11-01", "causes": each, "judged": True} for each in (4, 2)]
        line["trend"].insert(1, {"date": "2026-11-02", "causes": None, "judged": False})

    page = (changed(tmp_path, lose, number=1) / "index.html").read_text(encoding="utf-8")
    drawn = page.partition('aria-label="Causes, oldest first: 4, not judged, 2"')[2]
    assert drawn.partition("</svg>")[0].count("<polyline") == 2


def test_origin_and_age_of_a_result_are_shown(tmp_path: Path) -> None:
    """Nobody takes a declaration, or a result of last week, for the fleet's own of this night."""

    def declare(line: dict[str, Any]) -> None:
        line["origin"] = "self-declared"

    directory = changed(tmp_path, declare)
    for name in ("index.html", "targets.html"):
        words = text_of(directory / name)
        assert "self-declared" in words
        assert "of 2026-11-27" in words


# --- files ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["small", "large"])
def test_every_link_leads_to_a_file_of_the_site(name: str, request: pytest.FixtureRequest) -> None:
    """And to an element on it, if it names one."""
    directory: Path = request.getfixturevalue(name)
    ids = {}
    for page in directory.glob("**/*.html"):
        tags = Tags(page)
        ids[page.resolve()] = set(tags.values("id"))
        assert len(tags.values("id")) == len(ids[page.resolve()])
    for page in [*directory.glob("*.html"), *directory.glob("grid/*.html")]:
        for href in set(Tags(page).values("href")):
            parts = urlsplit(href)
            assert not parts.scheme
            assert not parts.netloc
            to = (page.parent / unquote(parts.path)).resolve() if parts.path else page.resolve()
            assert to.is_file(), href
            assert not parts.fragment or parts.fragment in ids[to], href


def test_a_smaller_fleet_leaves_no_old_pages(tmp_path: Path) -> None:
    """The site is replaced as a whole, and nothing temporary remains."""
    site(tmp_path, LARGE)
    (tmp_path / "index.jsonl").write_text(
        "".join((tmp_path / "index.jsonl").open(encoding="utf-8").readlines()[:5]),
        encoding="utf-8",
    )
    fleet_site.build(tmp_path)
    assert list((tmp_path / "grid").iterdir()) == []
    assert {each.name for each in tmp_path.iterdir()} == {
        "badge.svg",
        "fleet.json",
        "grid",
        "index.html",
        "index.jsonl",
        "targets",
        "targets.html",
    }


def test_pages_stay_small(large: Path) -> None:
    """A page of the grid is below 600 KB, and the first page below 250 KB."""
    assert (large / "grid" / "001.html").stat().st_size < 600_000
    assert (large / "index.html").stat().st_size < 250_000


# --- hostile results ------------------------------------------------------------------------------


def test_hostile_texts_are_inert(tmp_path: Path) -> None:
    """Whatever a target is called, and whatever its causes are, pages only show it."""

    def poison(line: dict[str, Any]) -> None:
        cause = {"id": f"x{HOSTILE}", "title": HOSTILE}
        line.update(name=HOSTILE, words=HOSTILE, new=[cause], fixed=[cause], untested=[HOSTILE])
        line.update(judged_on=HOSTILE, verdict=HOSTILE, origin="certified")
        line["certificate"] = {"product": HOSTILE, "version": HOSTILE, "until": HOSTILE}

    directory = changed(tmp_path, poison)
    path = directory / "fleet.json"
    facts = json.loads(path.read_text(encoding="utf-8"))
    facts["problems"].append({"target": HOSTILE, "kind": HOSTILE, "words": HOSTILE})
    facts["clauses"][0].update(title=HOSTILE, area=HOSTILE)
    facts.update(date=HOSTILE, suite=HOSTILE, contract={**facts["contract"], "name": HOSTILE})
    path.write_text(json.dumps(facts), encoding="utf-8")
    fleet_site.build(directory)
    for name, scripts in (("index.html", 0), ("targets.html", 1), ("badge.svg", 0)):
        text = (directory / name).read_text(encoding="utf-8")
        assert text.count("<script") == scripts
        assert not set("\u202e\x1b") & set(text)
        assert "onload=x" not in [tag for _, each in Tags(directory / name).found for tag in each]
    assert "&lt;script&gt;" in (directory / "index.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "href",
    [
        "javascript:alert(1)",
        "https://example.com/#cause-1",
        "../../../etc/passwd",
        "//example.com/x#a",
        'report.html#a"><b',
        "#:~:text=x",
        7,
        None,
    ],
)
def test_a_hostile_link_leads_to_the_report_of_its_target(href: object) -> None:
    """Only a plain fragment of it is kept."""
    link = entries.link("one", href)
    assert re.fullmatch(r"targets/one/report\.html(#[\w.-]+)?", link)


@pytest.mark.parametrize("name", ["../up", "a/b", "", ".hidden", "a b", "x\n", "<b>", "é"])
def test_an_id_that_is_not_safe_is_refused(tmp_path: Path, name: str) -> None:
    """It would lead out of the directory, or into a tag."""
    with pytest.raises(UsageError, match=r"index\.jsonl:1: the id"):
        changed(tmp_path, lambda line: line.update(id=name))


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("grid", "FZ"),
        ("grid", "FP"),
        ("causes", "many"),
        ("causes", 1e999),
        ("new", [{"id": "x"}]),
        ("trend", 7),
    ],
)
def test_a_line_of_another_form_is_refused(tmp_path: Path, member: str, value: object) -> None:
    """The message names the line, and no site appears."""
    with pytest.raises(UsageError, match=r"index\.jsonl:1: "):
        changed(tmp_path, lambda line: line.update({member: value}))
    assert not (tmp_path / "index.html").exists()


def test_pages_ask_nothing_of_the_network(large: Path) -> None:
    """The policy allows our own style and script by their digests, and nothing else."""
    for page in [*large.glob("*.html"), *large.glob("grid/*.html")]:
        tags = Tags(page)
        assert not tags.values("src")
        assert not tags.values("style")
        policy = next(each["content"] for _, each in tags.found if "http-equiv" in each)
        script = "script-src 'sha256-[^']+'; " if page.name == "targets.html" else ""
        allowed = f"default-src 'none'; style-src 'sha256-[^']+'; {script}base-uri 'none'; "
        assert re.fullmatch(f"{allowed}form-action 'none'", str(policy))


# --- in a browser ---------------------------------------------------------------------------------


@pytest.mark.browser
@pytest.mark.usefixtures("require_browser")
def test_no_page_scrolls_sideways(small: Path, large: Path) -> None:
    """On a phone, only the grid does, inside its own region that the keyboard reaches."""
    for page in (small / "index.html", large / "grid" / "001.html", large / "targets.html"):
        measures = browser.measured(page, 390)
        assert (measures["width"], measures["unfolded"]) == (390, 390)
    found = [each for _, each in Tags(small / "index.html").found if each.get("role") == "region"]
    assert [each["tabindex"] for each in found] == ["0"]


@pytest.mark.browser
@pytest.mark.usefixtures("require_browser")
def test_the_list_of_names_can_be_filtered(large: Path, tmp_path: Path) -> None:
    """By a part of the name or of the result. The policy lets the script run."""
    page = large / "targets.html"
    assert browser.dump_dom(page).count('type="search"') == 1
    typed = "field.value = 'brought a'; field.dispatchEvent(new Event('input'))"
    text = page.read_text(encoding="utf-8").replace("Content-Security-Policy", "No-Policy")
    copy = tmp_path / "targets.html"
    copy.write_text(text.replace("</script>", f"{typed}</script>"), encoding="utf-8")
    dom = browser.dump_dom(copy)
    assert "<output> 1 found</output>" in dom
    assert len(re.findall(r"<li>", dom.partition("<main")[2])) == 1


@pytest.mark.browser
@pytest.mark.usefixtures("require_browser")
def test_the_first_screen_has_changes_and_problems(large: Path, tmp_path: Path) -> None:
    """In a window of 1280 by 800, the heading of each is in the upper half."""
    script = """<script>document.title = ["changes", "problems"]
      .map((id) => document.getElementById(id).getBoundingClientRect().bottom)
      .join()</script>"""
    text = (large / "index.html").read_text(encoding="utf-8")
    copy = tmp_path / "index.html"
    copy.write_text(text.replace("Content-Security-Policy", "No-Policy") + script, "utf-8")
    dom = browser.dump_dom(copy, "--window-size=1280,800")
    places = dom.partition("<title>")[2].partition("</title>")[0].split(",")
    assert [float(place) < 400 for place in places] == [True, True]
