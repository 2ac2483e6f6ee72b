"""Examples of cursors that lose the fraction of a second, which is a fault of its own."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.model import Exchange
from tests.examples.base import Example, Expected, accepted, example, examples_of, refused, silent
from tests.examples.walks.shared import FRACTIONS, LINE, time_of
from tests.support.exchanges import call, page, walked


def cut_off() -> tuple[Exchange, Exchange]:
    """The page after a cursor begins in the next second, so two items of that second are lost."""
    after = time_of(FRACTIONS[1])
    return page("w", FRACTIONS[:2], True, limit=2), page("w", FRACTIONS[4:6], True, after, 2)


def cut_off_upwards() -> tuple[Exchange, ...]:
    """Oldest first, the page after a cursor begins with its item, since its second is not over."""
    oldest = FRACTIONS[3::-1]
    return (
        page("w", oldest[:1], True, limit=1),
        page("w", oldest[1:2], True, time_of(oldest[0]), 1),
        page("w", oldest[1:3], True, time_of(oldest[1]), 2),
    )


@examples_of("paging.precision")
def neighbours_within_a_second() -> Iterator[Example]:
    """A cursor keeps the fraction of its second, so neighbours within a second stay apart."""
    told_apart = (*walked(FRACTIONS, 1), *walked(FRACTIONS, 8))
    yield accepted("neighbours within a second are neither lost nor repeated", *told_apart)
    after = time_of(FRACTIONS[0])
    yield accepted(
        "a page begins in the second of its cursor, and ends in another",
        page("w", FRACTIONS[:1], True),
        page("w", FRACTIONS[1:], True, after),
    )
    yield silent("no two items within a second", *walked(LINE, 2))


@examples_of("paging.precision")
def the_fraction_is_cut_off() -> Iterator[Example]:
    """A cursor loses its fraction if only items within its second are lost or repeated."""
    whole = walked(FRACTIONS, 8)
    yield refused("the next page begins in the next second", *whole, *cut_off())
    headless = page("v", FRACTIONS[1:2], True, limit=1)
    sentence = "the next page begins in the next second, and the head of the list is lost"
    yield refused(sentence, *whole, headless, *cut_off())
    longer = walked([call(9), call(7), *FRACTIONS], 10)
    loses_a_second = page("v", FRACTIONS[:1], True, 9, 1)
    sentence = "the next page loses more than its second"
    yield silent(sentence, *longer, loses_a_second, *cut_off())
    yield refused(
        "the next page begins with the item of its cursor, oldest first", *cut_off_upwards()
    )


def _empty_after_the_first(calls: list[dict[str, str]]) -> list[Exchange]:
    """A whole walk, and an empty page after the first item of the list."""
    return [*walked(calls, 8), page("v", [], False, time_of(calls[0]), 1)]


@examples_of("paging.precision")
def a_page_is_empty_too_early() -> Iterator[Example]:
    """A cursor without its fraction loses the rest of its second, and nothing else."""
    sentence = "a page is empty where only items of the second of its cursor are left"
    yield refused(sentence, *_empty_after_the_first(FRACTIONS[:4]))
    sentence = "a page is empty where items of the next second are left, too"
    yield silent(sentence, *_empty_after_the_first(FRACTIONS))


@examples_of("paging.complete")
def an_empty_page_loses_a_second() -> Iterator[Example]:
    """No lost fraction explains that the items of another second are lost."""
    sentence = "a page is empty where items of two seconds are left"
    yield refused(sentence, *_empty_after_the_first(FRACTIONS))


@examples_of("paging.exclusive")
def a_cut_fraction_is_blamed_once() -> Iterator[Example]:
    """What a cut fraction explains is a violation of paging.precision alone."""
    sentence = "the fraction of a cursor is cut off, which paging.precision judges"
    yield accepted(sentence, *cut_off_upwards())


def _cursor_again(expected: Expected) -> Iterator[Example]:
    """The item of a cursor comes again, also where nothing was cut off."""
    first = page("w", FRACTIONS[:2], True)
    again = page("w", FRACTIONS[1:3], True, time_of(FRACTIONS[1]))
    for beyond, second in ((8, 7), (1, 0)):
        sentence = f"the item of a cursor with a fraction comes again, and no item after {beyond} s"
        yield example(expected, sentence, first, again, page("v", [second], True, beyond))


def _newer_than_the_cursor(expected: Expected) -> Iterator[Example]:
    """The pages hold what is newer than their cursor in place of what is older."""
    yield example(
        expected,
        "the next page holds what is newer than its cursor",
        *walked(FRACTIONS, 8),
        page("w", [FRACTIONS[0]], True, time_of(FRACTIONS[1]), 1),
        page("w", [], False, time_of(FRACTIONS[0])),
    )


@examples_of("paging.exclusive")
def a_page_disregards_its_cursor() -> Iterator[Example]:
    """No cut fraction explains an item that comes again, or one from before."""
    yield from _cursor_again(Expected.REFUSED)
    yield from _newer_than_the_cursor(Expected.REFUSED)


@examples_of("paging.precision")
def no_fraction_is_cut_off() -> Iterator[Example]:
    """A page that disregards its cursor says nothing about fractions."""
    yield from _cursor_again(Expected.SILENT)
    yield from _newer_than_the_cursor(Expected.SILENT)
