"""No secret reaches a file or the screen, however hard a target tries: a canary test."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
from collections.abc import Callable, Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from conformance.log import archive
from conformance.run import history_file
from conformance.run.runfile import PACKED
from conformance.server.application import Application, application
from conformance.server.messages import Context, Reply, Request
from tests import servers
from tests.faults import harness
from tests.faults.base import Faulty, is_for
from tests.servers import FILES, Outcome, command, lines_of, no_traceback, run_of, stored, text_of
from tests.support import contracts

pytestmark = pytest.mark.long

TELLING = 12
"""This many characters of a secret in a row, beyond its public prefix, give it away."""

GRAM = 6
"""Characters that are compared at first."""

PREFIX = re.compile(r"kc_(live|test)_")


def _percent(text: str) -> str:
    return "".join(f"%{ord(char):02X}" for char in text)


def _escaped(text: str) -> str:
    return "".join(f"\\u{ord(char):04x}" for char in text)


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


FORMS: Mapping[str, Callable[[str], str]] = {
    "plain": lambda key: key,
    "first-20": lambda key: key[:20],
    "last-20": lambda key: key[-20:],
    "but-last": lambda key: key[:-1],
    "but-one": lambda key: key[:30] + "!" + key[31:],
    "middle-13": lambda key: key[20:33],
    "upper": str.upper,
    "reversed": lambda key: key[::-1],
    "base64": _base64,
    "base64-of-header": lambda key: _base64(f"Bearer {key}"),
    "base64-of-part": lambda key: _base64(key[9:40]),
    "base64url": lambda key: base64.urlsafe_b64encode(b"?" + key.encode()).decode().rstrip("="),
    "base64-in-lines": lambda key: (
        base64.encodebytes(b"Authorization: Bearer " + key.encode()).decode().replace("\n", " ")
    ),
    "base64-twice": lambda key: _base64(_base64(key)),
    "hex": lambda key: key.encode().hex(),
    "hex-upper": lambda key: key.encode().hex().upper(),
    "percent": _percent,
    "percent-twice": lambda key: _percent(key).replace("%", "%25"),
    "json-escaped": _escaped,
    "json-escaped-twice": lambda key: _escaped(key).replace("\\", "\\\\"),
    "html": lambda key: "".join(f"&#{ord(char)};" for char in key),
    "html-hex": lambda key: "".join(f"&#x{ord(char):x};" for char in key),
}
"""How a server may show a key. Each is undone by `_views` below."""


class Echo(Application):
    """Shows every key it gets in headers, messages and bodies, in every form."""

    def __init__(self, *parts: Any, **more: Any) -> None:
        super().__init__(*parts, **more)
        self.numbers = count()
        self.seen: set[str] = set()
        self.handed_out: list[str] = []

    def answer(self, request: Request) -> tuple[Reply, bytes]:
        """Answer as the reference does, and add the key and the secrets that were handed out."""
        reply, body = super().answer(request)
        number = next(self.numbers)
        self._hand_out(request, reply, number)
        carried = request.header("authorization") or ""
        self.seen |= {carried.rpartition(" ")[2]} - {""}
        secrets = self._secrets(carried)
        form = list(FORMS)[number % len(FORMS)]
        echoes = [FORMS[form](secret) for secret in secrets]
        if isinstance(reply.body, dict):
            reply = replace(reply, body=deepcopy(reply.body))  # it may be the contract's document
            self._show(reply.body, " ".join(echoes), number)
        name = f"X-{secrets[0]}" if secrets and number % 5 == 0 else "X-None"
        reply = replace(reply, headers=reply.headers + self._headers(echoes, name))
        body = self.encode(reply)
        if form == "json-escaped":
            body = body.replace(b"\\\\u", b"\\u")
        if number % 11 == 3:
            body = b"\xff\xfe" + body
        # nobody can know what is handed out without its name, so a sign-up stays readable
        if number % 29 == 5 and not request.path.endswith("/signup"):
            body = "".join(echoes).encode("utf-16")
        return reply, body

    def _secrets(self, carried: str) -> list[str]:
        """The key of a request, if it has one, and the secrets that were handed out last."""
        return [text.rpartition(" ")[2] for text in (carried, *self.handed_out[-3:]) if text]

    def _headers(self, echoes: list[str], name: str) -> tuple[tuple[str, str], ...]:
        """Headers whose values show secrets, and one whose name does."""
        plain = " ".join(echoes).replace("\\", "")
        return (
            ("X-Echo", plain),
            ("Set-Cookie", f"session={plain}; Path=/"),
            ("Location", f"/api/v1/next?key={plain}"),
            ("WWW-Authenticate", f'Bearer realm="{plain}"'),
            (re.sub("[^A-Za-z0-9-]", "-", name), "1"),
        )

    def _show(self, body: dict[str, Any], shown: str, number: int) -> None:
        error = body.get("error")
        if isinstance(error, dict):
            error["message"] = f"The key {shown} is not good"
            error["details"] = [{shown: shown}] if number % 3 else shown
        else:
            body["debug"] = {"key": shown}

    def _hand_out(self, request: Request, reply: Reply, number: int) -> None:
        """Put secrets into the answer to a sign-up, also if it asks for a payment."""
        if not request.path.endswith("/signup") or reply.status not in (201, 402):
            return
        token = (
            base64.urlsafe_b64encode(hashlib.sha256(f"{number}".encode()).digest())
            .decode()
            .rstrip("=")
        )
        links = {
            "checkout_url": f"https://checkout.example.com/c/{token[::-1]}",
            "dashboard_magic_link": f"https://app.example.com/magic?token={token}",
        }
        assert isinstance(reply.body, dict)
        reply.body.update(links)
        self.handed_out += [
            *links.values(),
            *([reply.body["api_key"]] if "api_key" in reply.body else []),
        ]

    def all_headers(self, request: Request, reply: Reply, body: bytes) -> list[tuple[str, str]]:
        """Only what a header may hold goes out."""
        return [
            (name, re.sub(r"[^\x20-\x7e]", "?", value)[:6000])
            for name, value in super().all_headers(request, reply, body)
        ]


@dataclass(frozen=True)
class Leaky:
    """A run against the echoing server, and the secrets that were in play."""

    outcome: Outcome
    run: Path
    app: Echo
    keys: Mapping[str, str]


ECHOED = (
    *("GET /calls", "POST /calls", "PATCH /agents", "POST /sms/send", "POST /signup"),
    *("GET /webhooks", "POST /webhooks", "DELETE /webhooks", "POST /webhooks/rotate-secret"),
)
"""The routes that the echoing server is said to have."""


@pytest.fixture(scope="module")
def leaky(tmp_path_factory: pytest.TempPathFactory) -> Leaky:
    """A full run with all keys, on some operations of every kind, against the echoing server."""
    directory = tmp_path_factory.mktemp("leaky")
    app = servers.faulty(Echo, seed=7)
    assert isinstance(app, Echo)
    with servers.serving(app) as origin:
        servers.target_file(app, origin, directory / "t.yaml", only=list(ECHOED))
        environment = servers.without_waiting(directory)
        outcome = command(
            "run", "--target", "t.yaml", "--yes", "--pytest-html", cwd=directory, env=environment
        )
    return Leaky(outcome, run_of(directory), app, servers.keys_of(app))


# --- finding secrets, without the code that hides them --------------------------------------------


def _tokens(text: str) -> str:
    """Each run of characters that may be a secret or an encoded one, without repetitions."""
    return "\n".join(dict.fromkeys(re.findall(r"[^\s\"'<>(){}\[\],]{8,}", text)))


def _unbase64(text: str) -> str:
    plain = text.replace("-", "+").replace("_", "/")
    runs = [plain[shift:] for shift in range(4)]
    return "\n".join(base64.b64decode(run[: len(run) // 4 * 4]).decode("latin-1") for run in runs)


def _unhex(text: str) -> str:
    return "\n".join(
        bytes.fromhex(text[at:][: len(text[at:]) // 2 * 2]).decode("latin-1") for at in (0, 1)
    )


def _unescape(text: str) -> str:
    return re.sub(
        r"\\+u([0-9a-fA-F]{4})|\\+x([0-9a-fA-F]{2})",
        lambda match: chr(int(match[1] or match[2], 16)),
        text,
    )


UNDO: Mapping[str, tuple[str, Callable[[str], str]]] = {
    "percent": (r"[^\n]*%[^\n]*", unquote),
    "html": (r"[^\n]*&[^\n]*", html.unescape),
    "escapes": (r"[^\n]*\\[^\n]*", _unescape),
    "nul": (
        r"[^\n]*(?:\0|\\u0000)[^\n]*",
        lambda text: text.replace("\0", "").replace("\\u0000", ""),
    ),
    "base64": (r"[A-Za-z0-9+/_-]{16,}", _unbase64),
    "hex": (r"[0-9a-fA-F]{24,}", _unhex),
}
"""How an encoding looks, and how it is undone."""


def _views(text: str, depth: int = 2) -> Iterable[tuple[str, str]]:
    """The text, and its other readings once up to two encodings are undone."""
    yield "plain", text
    yield "reversed", text[::-1]
    if depth:
        for name, (looks, undo) in UNDO.items():
            undone = "\n".join(undo(part) for part in set(re.findall(looks, text)))
            if undone:
                for further, view in _views(undone, depth - 1):
                    yield f"{name}, {further}", view


def _core(secret: str) -> str:
    """The part of a secret that is not public: a key without its prefix, the token of a link."""
    return re.split(r"[/=]", secret)[-1] if "://" in secret else PREFIX.sub("", secret)


def _without_filler(text: str) -> str:
    """The text with one sign for a long row of the same one: bodies of a megabyte hold nothing."""
    return re.sub(r"(.)\1{200,}", r"\1", text)


def leaks(text: str, secrets: Mapping[str, str]) -> list[str]:
    """The secrets of which a text holds a long piece, and in which encoding."""
    cores = {name: _core(secret).casefold() for name, secret in secrets.items()}
    holders: dict[str, set[str]] = {}
    for name, core in cores.items():
        for gram in _stretches(core, GRAM):
            holders.setdefault(gram, set()).add(name)
    found = set()
    for view, shown in _views(_tokens(_without_filler(text))):
        folded = shown.casefold()
        # of the characters of a telling piece, wherever it stands, these steps meet a whole gram
        grams = holders.keys() & set(_stretches(folded, GRAM, TELLING - GRAM + 1))
        for name in {name for gram in grams for name in holders[gram]}:
            if any(piece in folded for piece in _stretches(cores[name], TELLING)):
                found.add(f"{name} ({view})")
    return sorted(found)


def _stretches(text: str, length: int, step: int = 1) -> Iterable[str]:
    """The stretches of so many characters that begin at each step of a text."""
    return (text[at : at + length] for at in range(0, len(text) - length + 1, step))


SAMPLE = (
    "kc_live_"
    + base64.urlsafe_b64encode(hashlib.sha256(b"sample").digest()).decode().rstrip("=")
    + "z"
)


@pytest.mark.parametrize("form", FORMS)
def test_leaks_are_found(form: str) -> None:
    """The search of this test finds a key in every form that the server shows it in."""
    text = json.dumps({"message": f"The key {FORMS[form](SAMPLE)} is not good"})
    assert leaks(text, {"sample": SAMPLE})
    assert not leaks(text, {"other": SAMPLE[:8] + SAMPLE[8:].swapcase()[::2] * 2})


# --- what a run leaves ----------------------------------------------------------------------------


def test_hostile_echo_is_judged(leaky: Leaky) -> None:
    """A run against the echoing server is whole and ends with a documented exit code."""
    assert leaky.outcome.code in (0, 1), leaky.outcome.said
    no_traceback(leaky.outcome)
    assert stored(leaky.run)["incomplete"] is None
    assert {role for role, key in leaky.keys.items() if key not in leaky.app.seen} <= {"read_only"}
    assert len(leaky.app.handed_out) > 5


def _secrets(leaky: Leaky) -> dict[str, str]:
    return {
        **leaky.keys,
        **{f"handed-out-{number}": secret for number, secret in enumerate(leaky.app.handed_out)},
    }


@pytest.mark.parametrize("name", [*sorted(FILES), "pytest.html", "printed"])
def test_no_secret_leaves_the_run(leaky: Leaky, name: str) -> None:
    """No key and no handed-out secret, or part of one, is in a file or on the screen."""
    text = leaky.outcome.said if name == "printed" else text_of(leaky.run, name)
    if name == PACKED:
        text = _with_contents(text)
    assert leaks(text, _secrets(leaky)) == []


def _with_contents(log: str) -> str:
    """A log with the bodies that it holds compressed in place of their lines."""
    shown: list[str] = []
    contents: dict[str, str] = {}
    for line in log.splitlines():
        entry = json.loads(line)
        if "zlib" in entry:
            dictionary = contents.get(entry.get("dictionary"), "")
            contents[entry["content"]] = archive.unpacked(entry["zlib"], dictionary)
        else:
            shown.append(line)
    return "\n".join([*shown, *contents.values()])


def test_no_other_file(leaky: Leaky) -> None:
    """A run leaves no other files than those searched here."""
    assert {path.name for path in leaky.run.iterdir()} == {*FILES, "pytest.html"}
    beside = {path.name for path in leaky.run.parent.iterdir()}
    assert beside == {leaky.run.name, "latest", history_file.NAME}
    assert leaks((leaky.run.parent / history_file.NAME).read_text(), _secrets(leaky)) == []


def test_redaction_keeps_what_is_no_secret(leaky: Leaky) -> None:
    """A text that only looks like the public part of a handed-out link stays."""
    bodies = "".join(
        (line.get("response", {}).get("body") or {}).get("text") or ""
        for line in lines_of(leaky.run)
    )
    assert "https://recordings.example.com/" in bodies
    late = [line for line in lines_of(leaky.run) if line["scenario"] in ("generated", "creation")]
    addresses = "".join((line["request"].get("body") or {}).get("text") or "" for line in late)
    assert not re.search(r"\{(secret|link|found|plain):", addresses)


def test_placeholders_stand_for_keys(leaky: Leaky) -> None:
    """Requests in the log show the placeholder of their key, whichever key it is."""
    told = {
        value
        for line in lines_of(leaky.run)
        for name, value in line["request"]["headers"]
        if name.lower() == "authorization"
    }
    assert {
        "Bearer {key:full}",
        "Bearer {key:full~last-char}",
        "Bearer {key:expired}",
        "Bearer {key:scope:calls:read}",
    } <= told


def test_libraries_log_no_answer(tmp_path: Path) -> None:
    """The HTTP library quotes a broken answer, but not in a file and not on the screen."""
    body = b'{"calls": [], "agents": [], "has_more": false}'
    lines = (
        b"HTTP/1.1 200 OK",
        b"Content-Type: application/json",
        b"no colon " + SAMPLE.encode(),
        b"\x00: " + SAMPLE.encode(),
    )

    def answer(write: Callable[[bytes], Any]) -> None:
        write(b"\r\n".join((*lines, b"Content-Length: %d" % len(body), b"", body)))

    with servers.raw({"odd": answer}) as site:
        outcome = command("run", "--url", f"{site}/odd/api/v1", "--key", SAMPLE, cwd=tmp_path)
    assert outcome.code == 1, outcome.said
    run = run_of(tmp_path)
    texts = {path.name: text_of(run, path.name) for path in run.iterdir()}
    assert {
        name: leaks(text, {"key": SAMPLE})
        for name, text in {**texts, "printed": outcome.said}.items()
        if SAMPLE[8:20] in text
    } == {}


class ShowsSigningSecrets(Faulty):
    """list_webhooks shows the signing secret of each webhook."""

    def succeed(self, context: Context, body: Any) -> Reply:
        if is_for(context, "list_webhooks"):
            shown = [{**each, "webhook_secret": SIGNING_SECRET} for each in body["webhooks"]]
            body = {**body, "webhooks": shown}
        return super().succeed(context, body)


SIGNING_SECRET = "whsec_Zq7Wm2Xv9Rt4Lp8Nc3Kd"


def test_secrets_of_an_operation_that_is_not_there_are_taken_out() -> None:
    """A target without creations of webhooks may still show their secrets, and is blamed for it."""
    contract = contracts.real()
    run = harness.run(
        contract,
        application(contract, kind=ShowsSigningSecrets),
        aim=harness.Aim(("list-items",), ("walk",), ("list_webhooks",)),
        changes={"only": ["list_webhooks"]},
    )
    bodies = [each.response.body.text or "" for each in run.exchanges if each.response]
    assert any("{secret:webhook_secret-" in body for body in bodies)
    assert not any(SIGNING_SECRET in body for body in bodies)
    assert "key-secret" in {cell.clause for cell in run.cells if cell.findings}
