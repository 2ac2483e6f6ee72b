"""What an error message reveals of a server's internals, and what a response issues."""

from __future__ import annotations

import re
from functools import lru_cache

from conformance.base.values import without_entities
from conformance.judging.outcomes import JudgeContext
from conformance.model import Placeholder, Response, SecretKind, compact
from conformance.model.placeholder import FOUND_KEY

_TRACE = (
    r"Traceback \(most recent call last\)|File \"[^\"]+\", line \d+"
    r"|^[^\S\n]++at (?:new |async )?[\w$.<>]+ ?"
    r"\((?:[^)\n]*:\d+|native|<anonymous>|Native Method|Unknown Source)\)"
    r"|^[^\S\n]++at (?:[A-Z]\w*\.){2,}\w+\("
    r"|\bat [\w$.]+\([\w$]+\.(?:java|kt|js|ts|py|go|rb):\d+"
)
_SQL = (
    r"\bSELECT\b.{1,500}\bFROM\b|\bINSERT INTO\b|\bUPDATE\b \S+ \bSET\b|\bDELETE FROM\b"
    r"|syntax error at or near|SQLSTATE|sqlite3\.|psycopg|relation \"\w+\" does not exist"
    r"|\b(?:UNIQUE|NOT NULL|FOREIGN KEY) constraint failed|\bduplicate key value violates\b"
)
_PATH = (
    r"(?<![\w:/.])/(?:usr|home|var|srv|opt|root|etc|tmp)/[\w.-]+"
    r"|(?<![\w:/.-])(?:/[\w.-]+)+\.(?:py|js|ts|rb|go|java|kt|php|cs)\b"
    r"|\b[A-Z]:\\[\w\\]+|node_modules/"
)
_INSIDE = (
    r"\b(?:10\.[0-9]{1,3}|127\.[0-9]{1,3}|192\.168|172\.(?:1[6-9]|2[0-9]|3[01]))"
    r"\.[0-9]{1,3}\.[0-9]{1,3}:[0-9]{2,5}\b"
    r"|\blocalhost:[0-9]{2,5}\b|\bECONNREFUSED\b|\bENOTFOUND\b"
)
_CREDENTIAL = (  # a text without a digit is an example of one, such as YOUR_API_KEY
    r"\bsk-(?=[A-Za-z_-]{0,100}[0-9])[A-Za-z0-9_-]{16,}"
    r"|\bBearer (?=[A-Za-z_.~+/-]*[0-9])[A-Za-z0-9_.~+/-]{20,}"
    r"|(?<![\w-])eyJ[A-Za-z0-9_-]{10,}+\.[A-Za-z0-9_-]{10,}+\."
)
_TAG = re.compile(r"<[^<>]{0,500}>")
LONGEST = 20_000
"""The most characters of an error page or of a message that are searched."""

_LEAKS = (
    ("a stack trace", re.compile(_TRACE, re.M)),
    ("an address of the inside", re.compile(_INSIDE)),
    ("a secret", re.compile(_CREDENTIAL)),
    ("SQL", re.compile(_SQL)),
    ("a file path of the server", re.compile(_PATH)),
    ("an object as text", re.compile(r"\[object [A-Z]\w{0,30}\]")),
)


def _leaked(context: JudgeContext, response: Response, message: str) -> Placeholder | None:
    """The first secret that a message shows, by its placeholder; None if it shows none.

    A link that the response hands out elsewhere may be shown again.
    """
    for secret in Placeholder.all_in(message):
        if _from_transport(context, secret) and not _handed_out(response, message, secret):
            return secret
    return None


def _from_transport(context: JudgeContext, secret: Placeholder) -> bool:
    """Whether the transport put a placeholder in; a message may hold a text that looks like one."""
    if secret.kind is SecretKind.PLAIN:
        return False
    if secret.kind is SecretKind.KEY:
        return secret.name in context.target.keys
    if secret.kind is SecretKind.UNKNOWN:
        return secret.name in context.contract.authentication.beginnings
    return secret.member in (FOUND_KEY, *context.contract.secret_members)


def _handed_out(response: Response, message: str, secret: Placeholder) -> bool:
    """Whether a secret is a link, such as to pay by, outside the message.

    The response must hold the link as the whole value of a member, and the message more than it.
    """
    if secret.kind is not SecretKind.LINK:
        return False
    link = str(secret.without_suffix)
    return f'"{link}"' in response.body.written and message != link


def visible_text(response: Response) -> str:
    """The start of a body that is not JSON, without the tags of HTML."""
    text = response.body.written[:LONGEST]
    return without_entities(_TAG.sub(" ", text))


def inside_shown(context: JudgeContext, response: Response, message: str) -> str | None:
    """What a message reveals of the inside of the server, with the text; None if nothing.

    ``message`` is in the body of ``response``, whose secrets are placeholders already.
    """
    message = message[:LONGEST]
    found = _inside(message)
    if found is not None:
        return found
    secret = _leaked(context, response, message)
    if secret is None:
        return None
    return f"a key: {compact(str(secret))}"


@lru_cache(maxsize=256)
def _inside(message: str) -> str | None:
    """What a message reveals by its words; cached, because most messages of a run are alike."""
    for what, pattern in _LEAKS:
        found = pattern.search(message)
        if found:
            return f"{what}: {compact(found[0])}"
    return None


def is_given(value: object) -> bool:
    """Whether a member holds something other than a link.

    A placeholder of an ordinary address counts as a link.
    """
    placeholder = Placeholder.parse(str(value))
    is_link = placeholder is not None and placeholder.kind in (SecretKind.LINK, SecretKind.PLAIN)
    return bool(value) and not is_link
