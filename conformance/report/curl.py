"""A logged request as one curl command line.

The log contains text chosen by a target or a generator, so none of it may become shell syntax.
Every argument is quoted. The quoting also covers history expansion in an interactive shell, curl's
own syntax (globs in URLs, ``@file`` in data and headers), and terminal control characters. Only
placeholders of secrets become shell variables, with names that nothing else can have.
"""

from __future__ import annotations

import base64
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from conformance.base.text import amount, clean
from conformance.model import Body, Placeholder, Request, SecretKind
from conformance.model.placeholder import PATTERN

_INERT_IN_DOUBLE_QUOTES = re.compile(r"[^\"$`\\!]*")
_CONTINUES_NAME = re.compile(r"[A-Za-z0-9_\[]")
_REPEATED = re.compile(r"([A-Za-z0-9\[\]{}])\1{999,}")
"""A character repeated so often that the line should generate it instead of containing it."""
_SHORT_ESCAPES = {"\n": r"\n", "\t": r"\t"}

_SET_BY_CURL = ("connection", "accept-encoding")
"""Headers that curl sets itself and that do not change what the request means."""

PRINTED, BODY, BODY_AND_HEADERS = "-i", "-sS", "-sS -D /dev/stderr"
"""Options for what curl prints: the whole response, its body, or also its headers on stderr."""

SECRETS = {
    SecretKind.KEY: "the key {} from the target file",
    SecretKind.UNKNOWN: "a key that was never issued",
    SecretKind.PLAIN: "a text that the log left out",
}
"""What the user must put into a variable, by the kind of its secret."""


def curl(request: Request, output: str = PRINTED, *, waits: bool = True) -> str:
    """The request as one shell line, which needs the variables of its secrets exported.

    ``output`` has the options for what curl prints. If ``waits`` is false, the line runs in the
    background, at the same time as the next one. A trailing comment names what curl cannot send.
    """
    headers, left_out = _headers(request)
    data = _data(request.body)
    words = [data.feed + "curl", output]
    words += _method(request, has_data=bool(data.words))
    words += _options_for(request.url)
    words += [*headers, *data.words, *_url(request.url)]
    if not waits:
        words.append("&")
    remarks = list(data.remarks)
    if left_out:
        remarks.append(f"without {amount(left_out, 'header')} that curl cannot send")
    if remarks:
        words.append(f"# {'; '.join(remarks)}")
    return " ".join(words)


def _options_for(url: str) -> list[str]:
    """The options that stop curl from changing a URL by expanding globs or removing dots."""
    options = []
    if re.search(r"[][{}]", PATTERN.sub("", url)):
        options.append("-g")
    if "/." in _path(url):
        options.append("--path-as-is")
    return options


def variable(placeholder: str) -> str:
    """The shell variable of a secret: KEY_FULL_LAST_CHAR for ``{key:full~last-char}``."""
    return re.sub(r"[^A-Z0-9]+", "_", placeholder.strip("{}").upper()).strip("_")


def _method(request: Request, *, has_data: bool) -> list[str]:
    """The words that select the method; none if it is the one that curl uses by default."""
    if request.method == "HEAD":
        return ["-I"]
    if request.method == "GET" and not has_data:
        return []
    return ["-X", _word(request.method)]


def _url(url: str) -> list[str]:
    """The URL as the last words, after ``--url`` if curl would take it for an option."""
    word = _word(url.replace("\0", "%00"))
    if url.startswith("-"):
        return ["--url", word]
    return [word]


def _path(url: str) -> str:
    """The path of a URL; the whole text if it is not a URL."""
    try:
        return urlsplit(url).path
    except ValueError:
        return url


# --- headers --------------------------------------------------------------------------------------


def _headers(request: Request) -> tuple[list[str], int]:
    """The ``-H`` words, and the number of headers left out because curl cannot send them."""
    words: list[str] = []
    left_out = 0
    for name, value in request.headers:
        if _is_set_by_curl(request, name, value):
            continue
        if _is_sendable(name, value):
            words += ["-H", _header(name, value)]
        else:
            left_out += 1
    names = [name.lower() for name, _ in request.headers]
    if request.body and "content-type" not in names:
        words += ["-H", "Content-Type:"]  # otherwise curl adds the content type of a form
    return words, left_out


def _header(name: str, value: str) -> str:
    """The argument for a header; ``name;`` for an empty one, because curl would drop ``name:``."""
    if value.strip():
        return _word(f"{name}: {value}")
    return _word(f"{name};")


def _is_set_by_curl(request: Request, name: str, value: str) -> bool:
    """Whether curl sets a header itself, and to the same value if the value matters."""
    name = name.lower()
    if name == "content-length":
        size = request.body.size if request.body else 0
        return value == str(size)
    if name == "host":
        after_scheme = request.url.partition("//")[2]
        return value == after_scheme.partition("/")[0]
    return name in _SET_BY_CURL


def _is_sendable(name: str, value: str) -> bool:
    """Whether curl sends a header unchanged. It would read ``@name`` from a file."""
    if name == "":
        return False
    if name.startswith("@"):
        return False
    return re.search("[\0\r\n]", name + value) is None


# --- body -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Data:
    """How a body is sent: a command that feeds curl, the words for curl, and remarks."""

    feed: str = ""
    words: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()


def _data(body: Body | None) -> _Data:
    """How to send a body: as an argument, or through a pipe.

    The pipe decodes base64 if no argument can contain the bytes of the body. It prints the body in
    pieces if a character is repeated very often in it.
    """
    if body is None:
        return _Data()
    if body.withheld:
        return _Data(remarks=("without the body, which was withheld",))
    remarks = ("the log contains only the beginning of the body",) if body.cut else ()
    encoded = _base64_if_needed(body)
    if encoded is not None:
        feed = f"printf %s {_word(encoded)} | base64 -d | "
    elif _REPEATED.search(body.kept):
        commands = "; ".join(_printing_commands(body.kept))
        feed = f"{{ {commands}; }} | "
    else:
        return _Data("", ("--data-raw", _word(body.kept)), remarks)
    return _Data(feed, ("--data-binary", "@-"), remarks)


def _printing_commands(text: str) -> Iterator[str]:
    """The commands that print a text in which some character is repeated very often."""
    end = 0
    for match in _REPEATED.finditer(text):
        yield f"printf %s {_word(text[end : match.start()])}"
        yield f"head -c {len(match[0])} /dev/zero | tr '\\0' {shlex.quote(match[1])}"
        end = match.end()
    yield f"printf %s {_word(text[end:])}"


def _base64_if_needed(body: Body) -> str | None:
    """The base64 of a body that no argument can contain; None for any other body."""
    if body.base64 is not None:
        return body.base64
    if "\0" not in body.kept:
        return None
    return base64.b64encode(body.kept.encode("utf-8", "surrogatepass")).decode()


# --- words ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Part:
    """A part of a word: text, or the name of a variable."""

    text: str
    is_variable: bool = False

    @property
    def fits_double_quotes(self) -> bool:
        """Whether the shell leaves it unchanged between double quotes."""
        if self.is_variable:
            return True
        if _INERT_IN_DOUBLE_QUOTES.fullmatch(self.text) is None:
            return False
        return _is_inert(self.text)

    @property
    def continues_name(self) -> bool:
        """Whether a shell would read its first character as part of the variable name before it."""
        if self.is_variable:
            return False
        return _CONTINUES_NAME.match(self.text) is not None

    @property
    def quoted(self) -> str:
        """The part as a word of its own."""
        if self.is_variable:
            return f'"${self.text}"'
        return _literal(self.text)


def _word(text: str) -> str:
    """One shell word that yields exactly this text, with variables for placeholders."""
    if not PATTERN.search(text):
        return _literal(text)
    parts = _parts(text)
    if all(part.fits_double_quotes for part in parts):
        return f'"{_in_double_quotes(parts)}"'
    return "".join(part.quoted for part in parts)


def _parts(text: str) -> list[_Part]:
    """The non-empty parts of the text: variables for placeholders, and the text between them."""
    parts: list[_Part] = []
    end = 0
    for match in PATTERN.finditer(text):
        parts.append(_Part(text[end : match.start()]))
        parts.append(_Part(variable(match[0]), is_variable=True))
        end = match.end()
    parts.append(_Part(text[end:]))
    return [part for part in parts if part.text]


def _in_double_quotes(parts: list[_Part]) -> str:
    """The parts as they go between double quotes.

    The name of a variable gets braces if the text after it would become part of the name.
    """
    pieces = []
    following = [*parts[1:], _Part("")]
    for part, next_part in zip(parts, following, strict=True):
        if not part.is_variable:
            pieces.append(part.text)
        elif next_part.continues_name:
            pieces.append(f"${{{part.text}}}")
        else:
            pieces.append(f"${part.text}")
    return "".join(pieces)


def _literal(text: str) -> str:
    """The quoted text, as ``$'..'`` if it contains control or invisible characters."""
    if _is_inert(text):
        return shlex.quote(text)
    return "$'" + "".join(_escaped(char) for char in text) + "'"


def _escaped(char: str) -> str:
    """A character as written between ``$'`` and ``'``."""
    if char in _SHORT_ESCAPES:
        return _SHORT_ESCAPES[char]
    if char not in "\\'!" and _is_inert(char):
        return char
    return "".join(f"\\x{byte:02x}" for byte in char.encode("utf-8", "surrogatepass"))


def _is_inert(text: str) -> bool:
    """Whether a text contains no control or invisible characters."""
    return clean(text) == text


def unset_checks(text: str) -> Iterator[str]:
    """For each secret in a text, a shell line that fails with a message if its variable is unset.

    Values that a step takes from a response are skipped, because other lines set them.
    """
    for secret in dict.fromkeys(Placeholder.all_in(text)):
        if secret.kind is SecretKind.VALUE:
            continue
        content = SECRETS.get(secret.kind, "a secret from an earlier response").format(secret.name)
        altered = f", altered: {secret.suffix}" if secret.suffix else ""
        yield f': "${{{variable(str(secret))}:?must be {content}{altered}}}"'
