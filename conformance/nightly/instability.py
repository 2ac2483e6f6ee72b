"""Parts of causes that come and go: announced once, and again once they settle."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from conformance.base.text import amount
from conformance.base.values import without
from conformance.model import flips
from conformance.nightly.following import listed, parts_of, places_of
from conformance.nightly.notices import Kind, Notice
from conformance.nightly.state import Open, State

MOST = 500
"""Maximum number of unstable parts that are remembered."""


def unstable(
    state: State, kept: Mapping[str, Open], recent: Sequence[tuple[str, ...]]
) -> dict[str, str]:
    """The words of the parts that are unstable after a night, by id.

    ``kept`` are the causes that are open after the night. ``recent`` has the ids of the open parts
    after each of the last nights. A part keeps the words that it had when it became unstable.
    """
    names = list(flips(recent))[:MOST]
    fresh = {name for name in names if name not in state.unstable}
    words = {**_words(state.open, fresh), **_words(kept, fresh), **state.unstable}
    return {name: words.get(name, name) for name in names}


def _words(causes: Mapping[str, Open], fresh: set[str]) -> dict[str, str]:
    """The words of each part: those of its cause if all its parts are ``fresh``, else its route."""
    words: dict[str, str] = {}
    for name, cause in causes.items():
        places = places_of(name, cause)
        title = cause.title or cause.words
        all_are_fresh = fresh.issuperset(places)
        for part, place in places.items():
            words[part] = cause.words if all_are_fresh else f"{title}: {place.route or place.cell}"
    return words


def notices(state: State, after: State) -> Iterator[Notice]:
    """What there is to say about parts that are unstable now, and those that have settled."""
    nights = amount(len(after.recent), "night")
    for words in _joined(without(after.unstable, set(state.unstable)).values()):
        yield Notice(Kind.UNSTABLE, f"{words}, came and went within {nights}")
    settled = without(state.unstable, set(after.unstable))
    still_open = parts_of(after.open)
    stayed = [words for name, words in settled.items() if name in still_open]
    left = [words for name, words in settled.items() if name not in still_open]
    for kind, texts in ((Kind.NEW, stayed), (Kind.FIXED, left)):
        for words in _joined(texts):
            yield Notice(kind, f"{words}, no longer unstable")


def _joined(texts: Iterable[str]) -> Iterator[str]:
    """Texts such as ``TITLE: GET /leads``; those with the same title become one."""
    alike: dict[str, list[str]] = {}
    for text in sorted(set(texts)):
        title, colon, rest = text.rpartition(": ")
        alike.setdefault(f"{title}{colon}", []).append(rest)
    for title, found in alike.items():
        if title:
            yield f"{title}{listed(found)}"
        else:
            yield from found
