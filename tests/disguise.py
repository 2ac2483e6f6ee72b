"""What betrays the suite to a server that sees one request, or the first requests of a run.

The detector knows the clients, the templates and the words of the suite, as a server could that has
read its source. ``python -m tests.disguise LOG...`` prints its counts for the logs of plain runs.
"""

from __future__ import annotations

import gzip
import json
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any

from conformance.contract import load, packaged
from conformance.reading import SIGNS
from conformance.reading.marks import WORDS
from conformance.transport.clients import CLIENTS, OF_MESSAGE, Client

Sent = Mapping[str, Any]
"""A request as the log has it: method, url, headers and perhaps a body."""


class Tell(StrEnum):
    """What betrays a request."""

    SAMPLE = "a sample text of the suite"
    FORM = "a text in a form that the contract gives, with words of the lists"
    HEADERS = "headers that no client sends, or in no client's order"
    PROBE = "a header that is the probe itself"
    FICTION = "a number reserved for fiction"
    RESERVED = "an address at a domain reserved for examples"


BY_CHOICE = (Tell.FORM, Tell.PROBE, Tell.FICTION, Tell.RESERVED)
"""What remains: it is needed for safety, to recognize objects, or is what a probe is about."""

SAMPLES = re.compile(
    r"Sample [0-9a-f]{12}|user-[0-9a-f]{12}|(?:ref-|Hook/|Asked for |Called )[0-9a-f]{12}|via=Suite"
    r"|You answer the phone politely\.|Your appointment [0-9a-f]{12}|curl/8\.5\.0"
)
"""Texts that every run once sent."""
FICTIONAL = re.compile(r"(?:\+|%2B)1\d{3}55501\d\d")
AT_EXAMPLE = re.compile(r"[@/.]example\.(?:com|org|net)\b")
SENTENCE = 3
"""The fewest spaces of an example that is unlikely to be anyone else's text."""
USUAL = ("authorization", "content-type", "content-length", "idempotency-key")
"""Headers that a client sends as its user says."""


def tells(sent: Sent) -> set[Tell]:
    """What betrays a request by itself."""
    body = json.dumps(sent.get("body") or {}, ensure_ascii=False)
    text = f"{sent['url']}\n{sent['headers']}\n{body}"
    found = {
        Tell.SAMPLE: SAMPLES.search(text),
        Tell.FORM: any(form.search(body) for form in forms()),
        Tell.FICTION: FICTIONAL.search(text),
        Tell.RESERVED: AT_EXAMPLE.search(text),
        **_of_headers(sent["headers"]),
    }
    return {tell for tell, is_seen in found.items() if is_seen}


def _of_headers(headers: Iterable[tuple[str, str]]) -> dict[Tell, bool]:
    """Whether headers are those of no client, and whether one of them is a probe."""
    pairs = [(name, value) for name, value in headers]
    agents = [value for name, value in pairs if name.lower() == "user-agent"]
    clients = [each for each in CLIENTS if [each.agent] == agents]
    found = [_compared(client, pairs) for client in clients]
    unlike: dict[Tell, bool] = {Tell.HEADERS: True}
    return min(found, key=[{}, unlike, {Tell.PROBE: True}].index, default=unlike)


def _compared(client: Client, pairs: list[tuple[str, str]]) -> dict[Tell, bool]:
    """How headers differ from those of a client; empty if they do not."""
    known = {name.lower() for name, _ in client.headers}
    odd = [name for name, _ in pairs if name.lower() not in (*known, *USUAL)]
    changed = [name for name, usual in client.headers if usual and (name, usual) not in pairs]
    if odd or changed:
        return {Tell.PROBE: True}
    if not _in_order(client, [name for name, _ in pairs]):
        return {Tell.HEADERS: True}
    return {}


def _in_order(client: Client, names: list[str]) -> bool:
    """Whether headers come in the order in which a client sends them."""
    places = [name.lower() for name, _ in client.headers]
    rest = places.index(OF_MESSAGE)
    order = [places.index(each.lower()) if each.lower() in places else rest for each in names]
    return order == sorted(order)


def forms() -> tuple[re.Pattern[str], ...]:
    """Patterns of all texts that the templates of the contract can give."""
    if not _FORMS:
        _FORMS.extend(re.compile(_form(template)) for template in sorted(_templates()))
    return tuple(_FORMS)


_FORMS: list[re.Pattern[str]] = []


def _templates() -> Iterator[str]:
    """The templates of fresh texts, and the sentences among the examples of bodies."""
    yield SIGNS
    for operation in load(packaged()).operations.values():
        for member in operation.body:
            texts = [str(each) for each in (member.fresh or member.example, *member.also)]
            yield from (text for text in texts if member.fresh or text.count(" ") >= SENTENCE)


def _form(template: str) -> str:
    """A pattern for a template with any words of the lists."""
    lists = json.loads(WORDS.read_text(encoding="utf-8"))
    given, family, place = ("|".join(lists[kind]) for kind in ("given", "family", "place"))
    site, person = f"(?i:{family})-(?i:{place})", f"(?i:{given}).(?i:{family}).?\\d{{5}}"
    fields = {
        "{}": f"{site}-{person}",
        "{company}": f"(?:{family})",
        "{place}": f"(?:{place})",
        "{given}": f"(?:{given})",
        "{family}": f"(?:{family})",
        "{number}": r"\d{5}",
        "{site}": site,
        "{mail}": person,
    }
    pattern = re.escape(json.dumps(template, ensure_ascii=False)[1:-1])
    for name, field in fields.items():
        pattern = pattern.replace(re.escape(name), field)
    return pattern


def counted(requests: Iterable[Sent]) -> Counter[Tell]:
    """How many requests have each tell."""
    return Counter(tell for each in requests for tell in tells(each))


def betrayed(requests: Iterable[Sent]) -> int:
    """How many requests have any tell but those that remain by choice."""
    return sum(bool(tells(each).difference(BY_CHOICE)) for each in requests)


def opening(requests: Iterable[Sent], count: int = 10) -> set[str]:
    """The routes among the first requests of a run."""
    first = [each for _, each in zip(range(count), requests, strict=False)]
    return {f"{each['method']} {each['url'].partition('?')[0]}" for each in first}


def traits(sent: Sent) -> Iterator[str]:
    """What a request shows that an honest client may never show, whatever its values are."""
    names = [name.lower() for name, _ in sent["headers"]]
    yield f"headers {' '.join(names)}"
    body = (sent.get("body") or {}).get("text", "")
    if body and sent["method"] in ("GET", "HEAD"):
        yield "a body with GET"
    try:
        members = json.loads(body) if body else {}
    except ValueError:
        yield "a body that is not JSON"
        return
    for name, value in members.items() if isinstance(members, dict) else ():
        yield f"{name}: {type(value).__name__}"


def only_in(requests: Iterable[Sent], honest: Iterable[Sent]) -> Counter[str]:
    """The traits of some requests that no honest request has, with their counts."""
    known = {trait for each in honest for trait in traits(each)}
    return Counter(trait for each in requests for trait in traits(each) if trait not in known)


def requests_in(log: Path) -> list[Sent]:
    """The requests in a log, packed or not."""
    opened = gzip.open if log.suffix == ".gz" else open
    with opened(log, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    return [row["request"] for row in rows if "request" in row]


if __name__ == "__main__":
    for name in sys.argv[1:]:
        sent = requests_in(Path(name))
        alone = sum(bool(tells(each)) for each in sent)
        print(f"{name}: {len(sent)} requests, {alone} betrayed, {betrayed(sent)} needlessly")
        print(*(f"  {count:5} {tell}" for tell, count in counted(sent).most_common()), sep="\n")
        print(f"  first ten requests: {len(opening(sent))} routes")
