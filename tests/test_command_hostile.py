"""The command against hostile servers that attack terminal, browser, memory and keys."""

from __future__ import annotations

import json
import re
import socket
import zlib
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from html.parser import HTMLParser
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from conformance.model import Operation
from conformance.server.application import Application
from conformance.server.messages import Refusal, Reply, Request
from conformance.server.store import Row
from tests import browser, servers
from tests.browser import require_browser
from tests.servers import Outcome, allowed, command, no_traceback, run_of, stored

pytestmark = pytest.mark.long

__all__ = ["require_browser"]

KEY = "kc_live_" + "h0StiLe" * 7
TEXTS = (
    "<script>alert(1)</script>",
    "<script>document.title='owned'</script>",
    '"><img src=x onerror="document.title=\'owned\'">',
    "'><svg onload=document.title='owned'>",
    "</script></pre></table></details><h1 id=owned>owned</h1>",
    "]]></failure><testcase name='owned'/>",
    "{{ 7 * 7 }}{% for x in y %}",
    "javascript:alert(1)",
    "\x1b[2J\x1b[1;31mall passed\x1b[0m\x1b]0;owned\x07",
    "\x9b31m\x85\x00\x08\x7f\r\n999 passed (999 cells, 9 clauses, 9 requests)\n",
    "\u202egnp.exe \u2066hidden\u2069 \u200b\ufeff\u2028\u2029",
    "\ud800 half \udfff",
    "$(touch owned) `touch owned` ; touch owned & ' \" \\ \n touch owned #",
    "{key:full} {secret:api_key-1} {key:full~last-char}",
    "%s %(x)s {0} {x!r}",
)


class Hostile(Application):
    """A server with hostile texts in codes, messages, names, members and headers."""

    def __init__(self, *parts: Any, **more: Any) -> None:
        super().__init__(*parts, **more)
        self.numbers = count()

    def text(self) -> str:
        """The next hostile text; some are long, but a body of six of them is not yet cut."""
        number = next(self.numbers)
        return TEXTS[number % len(TEXTS)] + ("x" * 600_000 if number % 60 == 7 else "")

    def refused(self, request: Request, refusal: Refusal) -> Reply:
        """Hostile code, message and members."""
        reply = super().refused(request, refusal)
        text = self.text()
        code = text if next(self.numbers) % 2 else self.code_of(refusal)
        return Reply(
            reply.status, {"error": {"code": code, "message": text, text: text}, text: [text]}
        )

    def render_item(self, operation: Operation, row: Row) -> dict[str, Any]:
        """Hostile members."""
        text = self.text()[:2000]
        return {
            **super().render_item(operation, row),
            "name": text,
            text: {text: [text]},
            "created_at": text,
        }

    def all_headers(self, request: Request, reply: Reply, body: bytes) -> list[tuple[str, str]]:
        """Hostile headers, unless the server stops them."""
        text = re.sub(r"[\r\n\0]|[^\x00-\xff]", "?", self.text()[:5000])
        return [
            *super().all_headers(request, reply, body),
            ("X-Hostile", text),
            ("Link", f"<{quote(text[:50])}>"),
        ]


@dataclass(frozen=True)
class Ran:
    """What the command did, and the run that it left."""

    outcome: Outcome
    run: Path


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    """A run against the server of hostile texts, which also has a hostile name."""
    directory = tmp_path_factory.mktemp("hostile")
    app = servers.faulty(Hostile)
    with servers.serving(app) as origin:
        path = servers.target_file(
            app,
            origin,
            directory / "t.yaml",
            name=TEXTS[0] + TEXTS[10] + "\x1b[31m",
            allow=["read"],
        )
        outcome = command(
            "run", "--target", path, "--depth", "quick", "--pytest-html", cwd=directory
        )
    return Ran(outcome, run_of(directory))


def test_hostile_texts_break_nothing(hostile: Ran) -> None:
    """Hostile texts give findings and exit 1, every file parses, and the terminal is safe."""
    assert hostile.outcome.code == 1, hostile.outcome.said[-3000:]
    no_traceback(hostile.outcome)
    told = stored(hostile.run)
    assert told["incomplete"] is None
    assert told["counts"]["error"] == 0, [
        cell for cell in told["cells"] if cell["verdict"] == "error"
    ][:3]
    assert told["counts"]["failed"] > 5
    json.loads((hostile.run / "results.ctrf.json").read_text(encoding="utf-8"))
    assert hostile.outcome.memory < allowed(600)
    assert hostile.outcome.seconds < 240
    assert len(hostile.outcome.said) < 300_000


def test_hostile_lines_are_no_lines(hostile: Ran) -> None:
    """No line of the output is one that the target made up; the last ones are ours."""
    lines = hostile.outcome.out.splitlines()
    assert not [
        line for line in lines if line.startswith(("999 passed", "all passed", " touch owned"))
    ]
    *_, counts, verdict, again, report = lines
    assert re.fullmatch(
        r"[0-9,]+ passed, .*\([0-9,]+ cells, [0-9]+ clauses, [0-9,]+ requests\)", counts
    )
    assert verdict.startswith("✕ Breaks the contract: ")
    assert again.startswith("  kaicalls-conformance rerun ")
    assert report.endswith("/report.html")


def test_a_replay_of_hostile_texts(hostile: Ran, tmp_path: Path) -> None:
    """A replay of hostile evidence agrees with the run."""
    outcome = command("replay", hostile.run, cwd=tmp_path)
    assert outcome.code == 1, outcome.said[-3000:]
    no_traceback(outcome)
    assert stored(run_of(tmp_path))["cells"] == stored(hostile.run)["cells"]


@pytest.mark.parametrize("name", sorted({*servers.FILES, "pytest.html"}))
def test_files_hold_no_active_character(hostile: Ran, name: str) -> None:
    """No file holds a raw control character; what a person may print to a terminal stays text."""
    assert not re.findall("[\x00-\x08\x0b-\x1f\x7f]", servers.text_of(hostile.run, name))


class Page(HTMLParser):
    """The elements, the title and the text of a page."""

    def __init__(self, dom: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.title = self.text = self._open = ""
        self.feed(dom)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._open = tag
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        if self._open == "title" and not self.title:
            self.title = data.strip()
        elif self._open not in ("script", "style"):
            self.text += data


@pytest.mark.browser
@pytest.mark.usefixtures("require_browser")
@pytest.mark.parametrize("name", ["report.html", "pytest.html"])
def test_pages_are_inert(hostile: Ran, name: str) -> None:
    """A browser finds no injected element in a page, and its title is ours."""
    page = Page(browser.dump_dom(hostile.run / name, "--virtual-time-budget=3000"))
    assert page.title
    assert page.title != "owned"
    for tag, attributes in page.tags:
        assert not {"onerror", "onload"} & set(attributes), (tag, attributes)
        assert attributes.get("id") != "owned"
        assert attributes.get("src") != "x"
    if name == "report.html":
        assert not {tag for tag, _ in page.tags} & {"img", "iframe", "object", "form"}
        assert [attributes for tag, attributes in page.tags if tag == "script"] == [{}]
        drawn = [attributes.get("class") for tag, attributes in page.tags if tag == "svg"]
        assert set(drawn) <= {"line", "latency"}
        assert "alert(1)" in page.text


# --- answers that are no proper HTTP --------------------------------------------------------------

Write = Callable[[bytes], Any]


def _head(*lines: str, status: str = "200 OK") -> bytes:
    return "\r\n".join([f"HTTP/1.1 {status}", *lines, "", ""]).encode("latin-1")


def _sends(*parts: bytes) -> servers.Answer:
    def answer(write: Write) -> None:
        for part in parts:
            write(part)

    return answer


def _zeros(container: int) -> tuple[bytes, bytes]:
    """The start of a compressed stream of zeros, and a part that adds 16 MiB each time."""
    packer = zlib.compressobj(9, wbits=container)
    first = packer.compress(bytes(1 << 20)) + packer.flush(zlib.Z_FULL_FLUSH)
    return first, packer.compress(bytes(1 << 24)) + packer.flush(zlib.Z_FULL_FLUSH)


def _bomb(write: Write) -> None:
    first, again = _zeros(31)
    write(_head("Content-Type: application/json", "Content-Encoding: gzip") + first)
    for _ in range(64):
        write(again)


def _double_bomb(write: Write) -> None:
    first, again = _zeros(31)
    packer = zlib.compressobj(9, wbits=31)
    inner = packer.compress(first + again * 600) + packer.flush()
    write(
        _head(
            "Content-Type: application/json",
            "Content-Encoding: gzip, gzip",
            f"Content-Length: {len(inner)}",
        )
        + inner
    )


def _many_headers(write: Write) -> None:
    write(
        b"HTTP/1.1 200 OK\r\n"
        + b"".join(b"X-%d: y\r\n" % number for number in range(100_000))
        + b"\r\n{}"
    )


def _endless_header(write: Write) -> None:
    write(b"HTTP/1.1 200 OK\r\nX-Long: ")
    for _ in range(100_000):
        write(b"y" * 4096)


def _endless_trailer(write: Write) -> None:
    write(
        _head("Content-Type: application/json", "Transfer-Encoding: chunked") + b"2\r\n{}\r\n0\r\n"
    )
    for number in range(3_000_000):
        write(b"X-%d: y\r\n" % number)


JSON = "Content-Type: application/json"
ANSWERS: Mapping[str, servers.Answer] = {
    "nothing": _sends(),
    "garbage": _sends(b"\x00\xff\x1b[2J\x1b[31mnot HTTP\r\n\r\n", b"\x80" * 5000),
    "banner": _sends(b"SSH-2.0-\x1b]0;owned\x07<script>alert(1)</script>\r\n"),
    "word-status": _sends(b"HTTP/1.1 abc \x1b[31mOK\r\n\r\n"),
    "huge-status": _sends(b"HTTP/1.1 99999 OK\r\nContent-Length: 2\r\n\r\n{}"),
    "small-status": _sends(b"HTTP/1.1 007 OK\r\nContent-Length: 2\r\n\r\n{}"),
    "status-999": _sends(_head(JSON, "Content-Length: 2", status="999 \x1b[31mOwned") + b"{}"),
    "status-100": _sends(b"HTTP/1.1 100 Continue\r\n\r\n" * 50_000),
    "status-101": _sends(
        _head("Upgrade: websocket", "Connection: Upgrade", status="101 Switching") + b"\x00" * 100
    ),
    "http-0.9": _sends(b"{}"),
    "negative-length": _sends(_head(JSON, "Content-Length: -5") + b"{}"),
    "word-length": _sends(_head(JSON, "Content-Length: many") + b"{}"),
    "two-lengths": _sends(_head(JSON, "Content-Length: 2", "Content-Length: 7") + b"{}     "),
    "short-body": _sends(_head(JSON, "Content-Length: 500") + b'{"calls": ['),
    "huge-length": _sends(_head(JSON, f"Content-Length: {10**30}") + b"{}"),
    "bad-chunk-size": _sends(_head(JSON, "Transfer-Encoding: chunked") + b"zz\r\n{}\r\n0\r\n\r\n"),
    "negative-chunk": _sends(_head(JSON, "Transfer-Encoding: chunked") + b"-2\r\n{}\r\n0\r\n\r\n"),
    "huge-chunk": _sends(_head(JSON, "Transfer-Encoding: chunked") + b"F" * 60 + b"\r\n{}\r\n"),
    "cut-chunk": _sends(_head(JSON, "Transfer-Encoding: chunked") + b"50\r\n{}"),
    "long-chunk-line": _sends(
        _head(JSON, "Transfer-Encoding: chunked") + b"2;" + b"x" * 200_000 + b"\r\n{}\r\n0\r\n\r\n"
    ),
    "endless-trailer": _endless_trailer,
    "bad-gzip": _sends(_head(JSON, "Content-Encoding: gzip", "Content-Length: 2") + b"{}"),
    "unknown-coding": _sends(_head(JSON, "Content-Encoding: \x1bx", "Content-Length: 2") + b"{}"),
    "hundred-codings": _sends(
        _head(JSON, "Content-Encoding: " + ", ".join(["gzip"] * 100), "Content-Length: 2") + b"{}"
    ),
    "bomb": _bomb,
    "double-bomb": _double_bomb,
    "many-headers": _many_headers,
    "endless-header": _endless_header,
    "folded-header": _sends(
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\tX: y\r\n"
        b"Content-Length: 2\r\n\r\n{}"
    ),
    "nameless-header": _sends(
        b"HTTP/1.1 200 OK\r\n: y\r\nno colon\r\n\x00\x1b: \xff\r\nContent-Length: 2\r\n\r\n{}"
    ),
    "deep-json": _sends(_head(JSON, "Content-Length: 400000") + b"[" * 400_000),
    "deep-object": _sends(
        _head(JSON, "Content-Length: 600005") + b'{"a":' * 120_000 + b"1" + b"}" * 4
    ),
    "huge-number": _sends(_head(JSON, "Content-Length: 100000") + b"9" * 100_000),
    "huge-float": _sends(_head(JSON, "Content-Length: 32") + b'{"calls":[1e999],"has_more":NaN}'),
    "wrong-charset": _sends(
        _head("Content-Type: application/json; charset=\x1b'x", "Content-Length: 2") + b"{}"
    ),
    "null-json": _sends(_head(JSON, "Content-Length: 4") + b"null"),
    "text-json": _sends(_head(JSON, "Content-Length: 29") + b'"<script>alert(1)</script> x"'),
    "redirect-loop": _sends(
        _head("Location: /redirect-loop/api/v1/calls", "Content-Length: 0", status="302 Found")
    ),
    "redirect-odd": _sends(
        _head("Location: http://[::1/\x1b", "Content-Length: 0", status="302 Found")
    ),
    "redirect-file": _sends(
        _head("Location: file:///etc/passwd", "Content-Length: 0", status="307 Found")
    ),
}


@pytest.fixture(scope="module")
def attacked(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Mapping[str, Future[Outcome]]]:
    """The runs against the servers of the selected tests, side by side."""
    wanted = [
        item.callspec.params["attack"]
        for item in request.session.items
        if hasattr(item, "callspec") and "attack" in item.callspec.params
    ]

    with servers.raw(ANSWERS) as site, ThreadPoolExecutor(3) as pool:

        def attack(name: str, directory: Path) -> Outcome:
            (directory / "t.yaml").write_text(
                f"url: {site}/{name}/api/v1\nkeys: {{full: {KEY}}}\ntimeout: 2\n", encoding="utf-8"
            )
            return command(
                "run",
                "--target",
                "t.yaml",
                "--clause",
                "paging-supported",
                "--clause",
                "status-404",
                cwd=directory,
            )

        # pytest makes its first directory of a process twice if two threads ask for one
        yield {
            name: pool.submit(attack, name, tmp_path_factory.mktemp(name))
            for name in dict.fromkeys(wanted)
        }


@pytest.mark.parametrize("attack", ANSWERS)
def test_broken_answers_end_well(attacked: Mapping[str, Future[Outcome]], attack: str) -> None:
    """Whatever comes back, the command ends with 1 or 3, in bounds, and prints clean text."""
    outcome = attacked[attack].result()
    no_traceback(outcome)
    assert outcome.code in (1, 3), outcome.said
    assert outcome.memory < allowed(500)
    assert outcome.seconds < 240
    assert KEY[8:] not in outcome.said
    assert len(outcome.said) < 100_000


# --- redirects ------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "307 Again", "308 Moved"])
def test_keys_do_not_follow_redirects(tmp_path: Path, status: str) -> None:
    """A redirect to another server is not followed: nothing arrives there, least of all the key."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        other.settimeout(0.2)
        place = f"http://localhost:{other.getsockname()[1]}/api/v1/calls"
        with servers.raw(
            {"away": _sends(_head(f"Location: {place}", "Content-Length: 0", status=status))}
        ) as site:
            outcome = command("run", "--url", f"{site}/away/api/v1", "--key", KEY, cwd=tmp_path)
        with pytest.raises(TimeoutError):
            other.accept()
    assert outcome.code in (1, 3)
    no_traceback(outcome)


def test_proxies_get_no_keys(tmp_path: Path) -> None:
    """Proxies and netrc of the environment are not used: they would get or replace the keys."""
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login a password b\n")
    seen: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as proxy:
        proxy.settimeout(0.2)
        address = f"http://127.0.0.1:{proxy.getsockname()[1]}"
        answer = b'{"error": {"code": "unauthorized", "message": "No"}}'

        def refuse(write: Write) -> None:
            seen.append(b"asked")
            write(_head(JSON, f"Content-Length: {len(answer)}", status="401 No") + answer)

        with servers.raw({"plain": refuse}) as site:
            proxies = ("http_proxy", "HTTP_PROXY", "https_proxy", "ALL_PROXY", "all_proxy")
            environment = {"HOME": str(tmp_path), **dict.fromkeys(proxies, address)}
            outcome = command(
                "run", "--url", f"{site}/plain/api/v1", "--key", KEY, cwd=tmp_path, env=environment
            )
        with pytest.raises(TimeoutError):
            proxy.accept()
    assert outcome.code == 3
    assert seen
