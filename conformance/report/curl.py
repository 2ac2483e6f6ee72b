"""A logged request as one line for a shell.

The log holds text that a target or a generator chose, so nothing of it may become shell syntax:
every argument is quoted, also against history expansion in an interactive shell, against curl's own
syntax (globs in URLs, ``@file`` in data and headers), and against what repaints a terminal. Only the
placeholders of secrets become shell variables, with names that cannot be anything else's.
"""

from __future__ import annotations

import base64
import re
import shlex
from urllib.parse import urlsplit

from conformance.model import Body, Request
from conformance.model.placeholder import PATTERN
from conformance.report.text import amount, clean

_BARE_IN_DOUBLE = re.compile(r"[^\"$`\\!]*")
_NOT_SENT_BY_HAND = {"connection", "accept-encoding"}


def curl(request: Request) -> str:
    """The request as one line of shell, to run once the variables of its secrets are exported.

    What curl cannot send is named in a comment at the end.
    """
    headers, lost = _headers(request)
    feed, data, remark = _data(request.body)
    words = [feed + "curl", "-i", *_method(request, bool(data))]
    if re.search(r"[][{}]", request.url):
        words.append("-g")
    if "/." in _path(request.url):
        words.append("--path-as-is")
    url = request.url.replace("\0", "%00")
    words += [*headers, *data, *(["--url"] if url.startswith("-") else []), _word(url)]
    remarks = [
        *remark,
        *([f"without {amount(lost, 'header')} that curl cannot send"] if lost else []),
    ]
    return " ".join(words) + (f" # {'; '.join(remarks)}" if remarks else "")


def _path(url: str) -> str:
    """The path of a URL, or all of what is none."""
    try:
        return urlsplit(url).path
    except ValueError:
        return url


def variable(placeholder: str) -> str:
    """The shell variable of a secret: ``{key:full~last-char}`` is KEY_FULL_LAST_CHAR."""
    return re.sub(r"[^A-Z0-9]+", "_", placeholder.strip("{}").upper()).strip("_")


def _method(request: Request, has_data: bool) -> list[str]:
    if request.method == "HEAD":
        return ["-I"]
    if request.method == "GET" and not has_data:
        return []
    return ["-X", _word(request.method)]


def _headers(request: Request) -> tuple[list[str], int]:
    """The ``-H`` words, and how many headers are left out because curl would not send them as they are."""
    words: list[str] = []
    lost = 0
    size = request.body.size if request.body else 0
    for name, value in request.headers:
        lower = name.lower()
        if lower in _NOT_SENT_BY_HAND or (lower == "content-length" and value == str(size)):
            continue
        if lower == "host" and value == request.url.partition("//")[2].partition("/")[0]:
            continue
        if not name or name.startswith("@") or re.search("[\0\r\n]", name + value):
            lost += 1
            continue
        words += ["-H", _word(f"{name}: {value}" if value.strip() else f"{name};")]
    if request.body and not any(name.lower() == "content-type" for name, _ in request.headers):
        words += ["-H", "Content-Type:"]
    return words, lost


def _data(body: Body | None) -> tuple[str, list[str], list[str]]:
    """What is piped in, the words that send the body, and remarks on it."""
    if body is None:
        return "", [], []
    if body.withheld:
        return "", [], ["without the body, which was withheld"]
    remark = ["the body was cut in the log"] if body.cut else []
    binary = body.base64
    if binary is None and "\0" in (body.text or ""):
        binary = base64.b64encode((body.text or "").encode("utf-8", "surrogatepass")).decode()
    if binary is not None:
        return f"printf %s {_word(binary)} | base64 -d | ", ["--data-binary", "@-"], remark
    return "", ["--data-raw", _word(body.text or "")], remark


def _word(text: str) -> str:
    """One shell word that is exactly the text, with variables for placeholders."""
    if not PATTERN.search(text):
        return _literal(text)
    parts: list[tuple[bool, str]] = []
    at = 0
    for match in PATTERN.finditer(text):
        parts += [(False, text[at : match.start()]), (True, variable(match[0]))]
        at = match.end()
    parts = [part for part in (*parts, (False, text[at:])) if part[1]]
    if all(
        named or (_BARE_IN_DOUBLE.fullmatch(part) and clean(part) == part) for named, part in parts
    ):
        return f'"{"".join(_in_double(parts))}"'
    return "".join(f'"${part}"' if named else _literal(part) for named, part in parts)


def _in_double(parts: list[tuple[bool, str]]) -> list[str]:
    """The parts as they stand between double quotes; braces where a name would run on into the text."""
    words: list[str] = []
    for place, (named, part) in enumerate(parts):
        follower = parts[place + 1] if place + 1 < len(parts) else (True, "")
        runs_on = not follower[0] and re.match(r"[A-Za-z0-9_\[]", follower[1])
        words.append((f"${{{part}}}" if runs_on else f"${part}") if named else part)
    return words


def _literal(text: str) -> str:
    """A text quoted; ``$'..'`` where it holds characters that act or hide."""
    if clean(text) == text:
        return shlex.quote(text)
    return "$'" + "".join(_escaped(char) for char in text) + "'"


def _escaped(char: str) -> str:
    if char in "\\'!" or clean(char) != char:
        return {"\n": r"\n", "\t": r"\t"}.get(char) or "".join(
            f"\\x{byte:02x}" for byte in char.encode("utf-8", "surrogatepass")
        )
    return char
