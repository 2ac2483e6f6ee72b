"""The reports of a finished run: they agree, hold, and let nothing of the target act."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import jsonschema
import pytest

from conformance.model import Body, Request, Run, Verdict
from conformance.report import FORMATS, ctrf, html, view, write_all
from conformance.report.console import summary
from conformance.report.curl import curl, variable
from conformance.report.text import clean
from tests import report_example as example

RUNS: tuple[Callable[[], Run], ...] = (example.failing, example.passing)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with the reports of the failing run."""
    directory = tmp_path_factory.mktemp("reports")
    write_all(example.failing(), directory)
    return directory


# --- agreement ------------------------------------------------------------------------------------


def test_the_example_has_all_seven_verdicts() -> None:
    """The fabricated run shows each verdict at least once."""
    assert all(example.failing().counts.values())


def test_every_format_is_written(written: Path) -> None:
    """write_all writes the files of the registry and no other."""
    assert {path.name for path in written.iterdir()} == {name for name, _ in FORMATS}


@pytest.mark.parametrize("make", RUNS)
def test_formats_agree_on_the_counts(make: Callable[[], Run], tmp_path: Path) -> None:
    """Console, JUnit, CTRF and HTML show the same number of cells for every verdict."""
    run = make()
    write_all(run, tmp_path)
    expected = {verdict: number for verdict, number in run.counts.items() if number}
    tests = json.loads((tmp_path / "results.ctrf.json").read_text())["results"]["tests"]
    assert Counter(test["rawStatus"] for test in tests) == expected
    cases = ET.parse(tmp_path / "junit.xml").getroot().findall(".//testcase/properties/property[@name='verdict']")
    assert Counter(case.get("value") for case in cases) == expected
    tiles = re.findall(r'<li class="v-\w+(?: zero)?"><b>([0-9,]+)</b>.*?</span> (\w+)</span>', html.render(run))
    assert {name: int(number.replace(",", "")) for number, name in tiles} == run.counts
    line = summary(run, width=80, colour=False).splitlines()[-1]
    assert {name: int(number) for number, name in re.findall(r"([0-9]+) (\w+)(?=[, ])", line.partition(" (")[0] + ",")} == {
        "passed": run.counts["passed"],
        **expected,
    }


def test_names_are_unique(written: Path) -> None:
    """JUnit and CTRF hold one unique name per cell, the same in both."""
    cells = sorted(cell.name for cell in example.failing().cells)
    tests = json.loads((written / "results.ctrf.json").read_text())["results"]["tests"]
    cases = ET.parse(written / "junit.xml").getroot().iter("testcase")
    assert sorted(test["name"] for test in tests) == cells
    assert sorted(case.get("name", "") for case in cases) == cells
    assert len(set(cells)) == len(cells)


def test_reports_depend_on_the_run_only(tmp_path: Path) -> None:
    """Two writings of one run are the same bytes."""
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        write_all(example.failing(), tmp_path / name)
    for name, _ in FORMATS:
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


# --- JUnit ----------------------------------------------------------------------------------------


def test_junit_maps_verdicts(written: Path) -> None:
    """Failed is a failure, error an error; untested, waived and inapplicable are skipped; the rest is plain."""
    wanted = {"failed": "failure", "error": "error", "untested": "skipped", "waived": "skipped", "inapplicable": "skipped"}
    for case in ET.parse(written / "junit.xml").getroot().iter("testcase"):
        verdict = next(p.get("value", "") for p in case.iter("property") if p.get("name") == "verdict")
        assert [child.tag for child in case if child.tag in ("failure", "error", "skipped")] == (
            [wanted[verdict]] if verdict in wanted else []
        )


def test_junit_sums_agree(written: Path) -> None:
    """The numbers of the suites add up to those of the whole file and to the run's counts."""
    root = ET.parse(written / "junit.xml").getroot()
    counts = example.failing().counts
    for name in ("tests", "failures", "errors", "skipped"):
        assert sum(int(suite.get(name, "")) for suite in root) == int(root.get(name, ""))
    assert int(root.get("failures", "")) == counts["failed"]
    assert int(root.get("skipped", "")) == counts["untested"] + counts["waived"] + counts["inapplicable"]


# --- CTRF -----------------------------------------------------------------------------------------


def closed(required: dict[str, Any], optional: dict[str, Any] | None = None) -> dict[str, Any]:
    """The schema of an object with these members and no other."""
    members = {**required, **(optional or {})}
    return {"type": "object", "required": list(required), "properties": members, "additionalProperties": False}


TEXT, NUMBER, ANYTHING = {"type": "string", "minLength": 1}, {"type": "integer", "minimum": 0}, {"type": "object"}
STATUSES = ("passed", "failed", "skipped", "pending", "other")
CTRF_TEST = closed(
    {"name": TEXT, "status": {"enum": list(STATUSES)}, "duration": NUMBER},
    {
        "rawStatus": TEXT,
        "message": {"type": "string"},
        "trace": {"type": "string"},
        "suite": {"type": "array", "minItems": 1, "items": TEXT},
        "labels": {"type": "object", "additionalProperties": {"type": ["string", "number", "boolean"]}},
        "extra": ANYTHING,
    },
)
CTRF = closed(
    {
        "reportFormat": {"const": "CTRF"},
        "specVersion": {"const": "1.0.0"},
        "results": closed(
            {
                "tool": closed({"name": TEXT}, {"version": TEXT}),
                "summary": closed(dict.fromkeys(("tests", *STATUSES, "start", "stop"), NUMBER), {"extra": ANYTHING}),
                "tests": {"type": "array", "items": CTRF_TEST},
            },
            {
                "environment": closed(
                    {},
                    {
                        "reportName": TEXT,
                        "appName": TEXT,
                        "testEnvironment": TEXT,
                        "healthy": {"type": "boolean"},
                        "extra": ANYTHING,
                    },
                )
            },
        ),
    },
    {"generatedBy": TEXT},
)


@pytest.mark.parametrize("make", RUNS)
def test_ctrf_is_valid(make: Callable[[], Run]) -> None:
    """The document has the members that CTRF 1.0 knows, with its types, and no other."""
    jsonschema.Draft202012Validator(CTRF).validate(ctrf.document(make()))


def test_ctrf_summary_agrees() -> None:
    """The summary counts the statuses of the tests, and they map from the verdicts as documented."""
    results = ctrf.document(example.failing())["results"]
    counts = Counter(test["status"] for test in results["tests"])
    assert {name: results["summary"][name] for name in STATUSES} == {name: counts[name] for name in STATUSES}
    pairs = {(test["rawStatus"], test["status"]) for test in results["tests"]}
    assert pairs == {
        ("passed", "passed"),
        ("warned", "passed"),
        ("failed", "failed"),
        ("error", "failed"),
        ("waived", "other"),
        ("untested", "pending"),
        ("inapplicable", "skipped"),
    }
    assert results["summary"]["stop"] - results["summary"]["start"] == 91_400


# --- HAR ------------------------------------------------------------------------------------------


def test_har_holds_every_answered_exchange(written: Path) -> None:
    """evidence.har is HAR 1.2 with one entry per response; what has none is counted in the comment."""
    log = json.loads((written / "evidence.har").read_text())["log"]
    run = example.failing()
    answered = [exchange for exchange in run.exchanges if exchange.response]
    assert log["version"] == "1.2"
    assert [entry["response"]["status"] for entry in log["entries"]] == [e.response.status for e in answered if e.response]
    assert all(exchange.id in entry["comment"] for exchange, entry in zip(answered, log["entries"], strict=True))
    assert "Left out: 1 exchange without a response" in log["comment"]


def test_har_keeps_bodies_as_received(written: Path) -> None:
    """Text stays text, bytes are base64 and say so, a withheld body is absent and says so."""
    entries = json.loads((written / "evidence.har").read_text())["log"]["entries"]
    contents = [entry["response"]["content"] for entry in entries]
    assert contents[0]["text"].startswith('{"error"')
    assert contents[3]["encoding"] == "base64"
    assert "text" not in contents[4]
    assert "withheld" in contents[4]["comment"]


# --- hostile texts --------------------------------------------------------------------------------

ACTIVE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


@pytest.mark.parametrize(
    "char", ["\x00", "\x1b", "\x9b", "\x85", "\u202e", "\u2066", "\u200b", "\ufeff", "\ud800", "\ufffe", "\U000e0041"]
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


@pytest.mark.parametrize("name", ["report.html", "junit.xml", "results.ctrf.json"])
def test_reports_hold_no_active_character(written: Path, name: str) -> None:
    """No report holds a control character, a reversal of direction or half a character."""
    assert not ACTIVE.search((written / name).read_text(encoding="utf-8", errors="surrogatepass"))


def test_console_is_inert_and_plain() -> None:
    """Without colour the summary is printable lines; with colour only our own colour codes are added."""
    plain = summary(example.failing(), width=80, colour=False)
    assert not ACTIVE.search(plain)
    assert re.sub("\x1b\\[[0-9;]*m", "", summary(example.failing(), width=80, colour=True)) == plain
    assert "999 passed" not in [line.strip()[:10] for line in plain.splitlines()]


def test_console_is_short_and_to_the_point() -> None:
    """Failures name clause, where, expected, actual and how to repeat; the last line counts."""
    lines = summary(example.failing(), width=80, colour=False).splitlines()
    text = "\n".join(lines)
    for label in ("where", "expected", "actual", "repeat    curl -i"):
        assert f"      {label}" in text
    assert "    and 4 more" in lines
    assert re.fullmatch(r"[0-9]+ passed, 12 failed, .* \(413 cells, [0-9]+ clauses, 60 requests\)", lines[-1])


class Tags(HTMLParser):
    """Collects the elements of a page with their attributes, and the ids."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def test_page_holds_no_foreign_element() -> None:
    """The page of a hostile target has no script, image, frame, form or event handler."""
    page = html.render(example.failing())
    assert example.SCRIPT not in page
    assert "&lt;script&gt;alert(1)" in page
    tags = Tags(page).found
    allowed = (
        "html head meta title style body a header nav main section footer h1 h2 h3 p ul li dl dt dd div span b strong code pre br"
    )
    allowed += " details summary table caption thead tbody tr th td time"
    assert {tag for tag, _ in tags} <= set(allowed.split())
    assert not [name for _, attributes in tags for name in attributes if name.startswith("on")]
    assert "49" not in re.findall(r"\{\{ (.*?) \}\}", page)


def test_page_asks_nothing_of_the_network() -> None:
    """The page refers to itself only, one link to the documentation aside, and its policy forbids the rest."""
    run = example.failing()
    tags = Tags(html.render(run)).found
    assert not [attributes for _, attributes in tags if "src" in attributes or "srcset" in attributes]
    links = {attributes["href"] or "" for _, attributes in tags if "href" in attributes}
    assert {link for link in links if not link.startswith("#")} == {run.contract.page_address}
    policy = next(attributes["content"] for _, attributes in tags if attributes.get("http-equiv") == "Content-Security-Policy")
    assert (policy or "").startswith("default-src 'none'; style-src 'unsafe-inline'")
    assert "url(" not in html.render(run).partition("</style>")[0]


def test_links_of_the_page_lead_somewhere() -> None:
    """Ids are unique, each inner link has its target, and every clause has an anchor."""
    run = example.failing()
    tags = Tags(html.render(run)).found
    ids = [attributes["id"] for _, attributes in tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    links = {(attributes["href"] or "")[1:] for _, attributes in tags if (attributes.get("href") or "").startswith("#")}
    assert links <= set(ids)
    assert {f"clause-{clause}" for clause in run.contract.clauses} <= set(ids)


def test_page_says_what_it_left_out() -> None:
    """Cut, withheld and binary bodies, lost responses and further findings are named as such."""
    page = html.render(example.failing())
    for text in ("cut here", "Body withheld (512 bytes)", "Not UTF-8", "None: the connection was reset", "6 more findings"):
        assert text in page


def test_page_stays_small() -> None:
    """A run that fails everywhere, with long hostile bodies, makes a page below 1.5 MB that names what it leaves out."""
    run = example.failing()
    ids = tuple(exchange.id for exchange in run.exchanges)
    broken = [replace(cell, verdict=Verdict.FAILED, exchanges=ids) for cell in run.cells]
    cells = tuple(replace(cell, findings=tuple(example.finding(cell, n, n % 2 == 0) for n in range(30))) for cell in broken)
    page = html.render(replace(run, cells=cells))
    assert len(page.encode()) < 1_500_000
    assert "30 findings not shown here" in page


# --- words ----------------------------------------------------------------------------------------


def _with(**changes: Any) -> Run:
    return replace(example.passing(), **changes)


def test_headline_follows_the_exit_code() -> None:
    """0 conforms, 1 breaks the contract, 3 could not be judged; a failure wins over an early end."""
    assert view.headline(example.passing()) == "Conforms"
    assert view.headline(example.failing()) == "Breaks the contract"
    assert view.headline(_with(incomplete="stopped")) == "Could not be judged"


def test_incomplete_run_says_so_first() -> None:
    """The reason of an early end stands before the counts."""
    page = html.render(_with(incomplete="the target went away"))
    assert page.index("the target went away") < page.index('id="counts"')
    assert "the target went away" in summary(_with(incomplete="the target went away"), width=80, colour=False)


def test_missing_is_grouped_and_counted() -> None:
    """Each reason stands once, with the number of cells that wait for it, the most frequent first."""
    run = example.failing()
    groups = view.missing(run)
    assert sum(len(cells) for _, cells in groups) == run.counts["untested"]
    assert [len(cells) for _, cells in groups] == sorted((len(cells) for _, cells in groups), reverse=True)


def test_clauses_without_cells_have_a_reason() -> None:
    """A clause without cells is listed with its reason and is in no count."""
    run = example.failing()
    page = html.render(run)
    for clause, reason in view.without_cells(run):
        assert reason in page
        assert f'id="clause-{clause.id}"' in page


def test_an_empty_run_has_a_page() -> None:
    """A run that ended before its first request still gives every report."""
    run = _with(cells=(), exchanges=(), incomplete="nothing answered", finished="")
    assert "Could not be judged" in html.render(run)
    jsonschema.Draft202012Validator(CTRF).validate(ctrf.document(run))
    assert summary(run, width=80, colour=True)


# --- curl -----------------------------------------------------------------------------------------

STUB = """#!/bin/sh
[ "$#" -eq 0 ] || printf '%s\\0' "$@"
case " $* " in *" @- "*) printf 'stdin:'; cat ;; esac
"""
NASTY = [
    "plain",
    "$(touch owned) `touch owned` ${HOME} $KEY",
    "'; touch owned; '",
    '" ; touch owned ; "',
    "a\nb\r\ttouch owned",
    "\x1b[31m \u202e \u200b é 日本 !! !touch \\' \\\\ \\",
    "@/etc/passwd",
    "-o owned",
    "{key:full} $(touch owned) \"'\\ !x\n",
    "{key:a$(touch owned)b} {key:full",
    "{key:full}x{key:full~last-char}[0]",
    HOSTILE_TEXT := example.HOSTILE.replace("\0", ""),
]


def shell(line: str, directory: Path) -> bytes:
    """What curl would be given by a line of bash, each argument ended by NUL."""
    bin_dir = directory / "bin"
    bin_dir.mkdir(exist_ok=True)
    (bin_dir / "curl").write_text(STUB)
    (bin_dir / "curl").chmod(0o755)
    env = {"PATH": f"{bin_dir}:{os.environ['PATH']}", "KEY_FULL": "s e*cret", "KEY_FULL_LAST_CHAR": "near", "LC_ALL": "C.UTF-8"}
    work = directory / "work"
    work.mkdir(exist_ok=True)
    encoded = os.fsencode(line)
    done = subprocess.run(["bash", "-c", encoded], capture_output=True, cwd=work, env=env, check=True, timeout=20)
    assert list(work.iterdir()) == []
    assert done.stderr == b""
    return done.stdout


def filled(text: str) -> bytes:
    """The text with the secrets of the environment in it, as bytes."""
    return text.replace("{key:full}", "s e*cret").replace("{key:full~last-char}", "near").encode("utf-8", "surrogatepass")


@pytest.mark.parametrize("text", NASTY)
def test_curl_gets_the_text_and_the_shell_gets_nothing(text: str, tmp_path: Path) -> None:
    """Whatever stands in URL and body arrives as it is; nothing of it is run, and the line is inert."""
    request = Request("POST", f"https://a.test/x?q={text}", (("X-Key", "{key:full}"),), Body(text, size=len(text)))
    line = curl(request)
    assert clean(line) == line
    arguments = shell(line, tmp_path).split(b"\0")
    assert arguments[arguments.index(b"--data-raw") + 1] == filled(text)
    assert arguments[-2] == b"https://a.test/x?q=" + filled(text)
    assert b"X-Key: s e*cret" in arguments


@pytest.mark.parametrize("text", [text for text in NASTY if not re.search("[\r\n]", text)])
def test_curl_gets_headers_as_they_are(text: str, tmp_path: Path) -> None:
    """A header arrives whatever its value."""
    assert f"X-Odd: {text}".encode("utf-8", "surrogatepass") in shell(
        curl(Request("GET", "https://a.test/", (("X-Odd", text),))), tmp_path
    ).split(b"\0") or filled(f"X-Odd: {text}") in shell(curl(Request("GET", "https://a.test/", (("X-Odd", text),))), tmp_path)


def test_curl_pipes_bytes(tmp_path: Path) -> None:
    """A body that is no text goes through base64 and arrives byte for byte."""
    body = example.bodies()[3]
    assert shell(curl(Request("PUT", "https://a.test/", (), body)), tmp_path).endswith(b"stdin:" + bytes(range(256)) * 40)
    nul = curl(Request("PUT", "https://a.test/", (), Body("a\0b", size=3)))
    assert shell(nul, tmp_path).endswith(b"stdin:a\0b")


def test_curl_says_what_it_cannot_send(tmp_path: Path) -> None:
    """Headers that would break the request or read a file, and bodies that were withheld, are left out and named."""
    request = Request("POST", "https://a.test/", (("@/etc/passwd", "x"), ("A", "b\r\nC: d")), Body(size=5, withheld=True))
    line = curl(request)
    assert line.endswith("# without the body, which was withheld; without 2 headers that curl cannot send")
    assert shell(line, tmp_path).split(b"\0")[:-1] == [b"-i", b"-X", b"POST", b"-H", b"Content-Type:", b"https://a.test/"]


def test_curl_reads_well() -> None:
    """A common request becomes a short line with the key as a variable."""
    request = Request("GET", "https://a.test/v1/calls?limit=3", (("Authorization", "Bearer {key:full}"), ("Host", "a.test")))
    assert curl(request) == """curl -i -H "Authorization: Bearer $KEY_FULL" 'https://a.test/v1/calls?limit=3'"""
    assert variable("{key:full~last-char}") == "KEY_FULL_LAST_CHAR"
    assert curl(Request("HEAD", "https://a.test/")) == "curl -i -I https://a.test/"
