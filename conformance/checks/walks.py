"""Judges of pagination. Each considers all walks of a trial together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from conformance.judging.followed_pages import followed_pages
from conformance.judging.misplaced import (
    Misplaced,
    blameless,
    cut_explains,
    cuts_fraction,
    explained_by_cut,
    losses,
    repeats,
)
from conformance.judging.outcomes import Answered, JudgeContext, Outcome, Pass, Trial, Violation
from conformance.judging.pages import Item, Page
from conformance.judging.responses import answered, odd_cursor, quote
from conformance.judging.rules import passive
from conformance.judging.target_model import outcomes_at
from conformance.judging.walk_rules import walked
from conformance.judging.walks import Walks
from conformance.model import ON_NO_PAGE, Exchange, Open, Parameter, compact
from conformance.reading import id_of, takes

NAMED = 3
"""The most pages that are named if several pages of a trial show the same fault."""
FOR_THE_KEY = (401, 403)
"""Statuses of refusals that say nothing about the page."""


@walked("paging.order")
def paging_order(context: JudgeContext, trial: Trial, walks: Walks) -> Iterator[Outcome]:
    """The items of a walk run in one direction of time."""
    for page in walks.pages:
        inversion = walks.inversion(page)
        if inversion is not None:
            first, second = inversion
            actual = f"{second.text} after {first.text}"
            expected = f"{_direction(walks, page)}, as the list begins"
            yield Violation("/", expected, actual, page.ids)
            return
        if page.several:
            yield Pass(page.ids)
    for first_page, second_page in walks.steps():
        if _runs_backwards(walks, first_page, second_page):
            start = first_page.after or "the head"
            actual = f"a page after {start} on one side, and its next page on the other"
            ids = _ids(first_page, second_page)
            expected = f"{_direction(walks, first_page)} from page to page"
            yield Violation("/", expected, actual, ids)
            return


def _direction(walks: Walks, page: Page) -> str:
    """The direction of the list of a page, in words."""
    return "newest first" if walks.descending(page.filters) else "oldest first"


def _ids(*pages: Page) -> tuple[str, ...]:
    """The ids of the exchanges of some pages."""
    return tuple(page.exchange.id for page in pages)


def _runs_backwards(walks: Walks, first: Page, second: Page) -> bool:
    """Whether the ``second`` page runs backwards from the cursor that the ``first`` one gave.

    Both must show several items, or the direction of the list is not known.
    """
    return first.several and second.several and walks.backwards(second)


@walked("paging.advances")
def paging_advances(context: JudgeContext, trial: Trial, walks: Walks) -> Iterator[Outcome]:
    """Following a page's cursor returns a different page."""
    for first, second in walks.steps():
        if second.cursor in walks.tied:
            continue
        ids = _ids(first, second)
        if first.several and first.keys == second.keys:
            actual = f"the same {len(first.items)} items again"
            yield Violation("/", "another page", actual, ids)
        elif second.items and first.keys != second.keys:
            yield Pass(ids)
    yield from _refused_page(context, trial)


def _refused_page(context: JudgeContext, trial: Trial) -> Iterator[Violation]:
    """The first refusal of a page that any list must serve, except a refusal for the key."""
    for probe in trial.probes:
        answer = answered(context, probe)
        if not isinstance(answer, Answered) or not _must_be_served(context, probe):
            continue
        if not answer.ok and answer.status not in FOR_THE_KEY:
            yield Violation("status", "a page", quote(probe), answer.ids)
            return


def _must_be_served(context: JudgeContext, probe: Exchange) -> bool:
    """Whether a request is for a page of a walk that any list must serve.

    A page after a cursor that is not a timestamp need not be served: list.position blames the page
    that gave the cursor.
    """
    facts = probe.facts
    of_walk = facts.walk is not None and not facts.refusable
    return of_walk and not odd_cursor(context, probe)


@walked("paging.exclusive", sound=True)
def paging_exclusive(context: JudgeContext, trial: Trial, walks: Walks) -> Iterator[Outcome]:
    """A page starts after its cursor, and shows nothing twice."""
    for page in walks.pages:
        twice = _shown_twice(context, page)
        if twice is not None:
            actual = f"{twice} appears twice on the page"
            yield Violation("/", "each item once", actual, page.ids)
            return
    repeated = repeats(walks)
    if not cuts_fraction(walks, repeated):  # else paging.precision judges them
        yield from _judge_repeated(repeated)
    yield from _passes(blameless(walks, repeated))


def _shown_twice(context: JudgeContext, page: Page) -> str | None:
    """An id that appears twice on a page; None if there is none.

    Items without an id may be equal and still be different items.
    """
    ids = set()
    for item in page.items:
        item_id = id_of(context.contract, context.operation.kind, item.raw)
        if item_id is None:
            continue
        if item_id in ids:
            return item_id
        ids.add(item_id)
    return None


@walked("paging.complete", sound=True)
def paging_complete(context: JudgeContext, trial: Trial, walks: Walks) -> Iterator[Outcome]:
    """No item between the cursor and the end of a page is lost."""
    lost = losses(walks)
    # paging.precision judges what a cursor without its fraction of a second loses
    yield from _judge_lost([loss for loss in lost if not cut_explains(walks, loss)])
    if len(walks.items) > 1:  # a single item cannot be lost between pages
        yield from _passes(blameless(walks, lost))


@walked(
    "paging.precision",
    hint="Needs two neighbours in the list that differ only in the fraction of a second.",
    asks=None,
    sound=True,
)
def paging_precision(context: JudgeContext, trial: Trial, walks: Walks) -> Iterator[Outcome]:
    """The cursor separates items that differ only in the fraction of a second."""
    repeated, lost = repeats(walks), losses(walks)
    if cuts_fraction(walks, repeated):
        yield from _judge_repeated(repeated)
        return
    if not explained_by_cut(walks, lost):
        return  # paging.complete or paging.exclusive blames it
    yield from _judge_lost([loss for loss in lost if loss.near])
    for page in blameless(walks, [*repeated, *lost]):
        first_item = page.items[0]
        if page.near(first_item):  # its cursor, in the same second, was told apart from it
            yield Pass(page.ids)


def _judge_repeated(repeated: list[Misplaced]) -> Iterator[Violation]:
    """A violation for each page that shows an item not after its cursor, for at most NAMED."""
    for repeat in repeated[:NAMED]:
        page, item = repeat.page, repeat.item
        expected = f"only items after {page.after}"
        yield Violation("/", expected, f"{item.text} {item.key}", page.ids)


def _judge_lost(lost: list[Misplaced]) -> Iterator[Violation]:
    """A violation for each page that fails to show an item, for at most NAMED."""
    for loss in lost[:NAMED]:
        page, item = loss.page, loss.item
        place = "is at the head of the list"
        if page.after:
            place = f"follows {page.after} in the list"
        expected = f"{item.text} {item.key}, which {place}"
        yield Violation("/", expected, ON_NO_PAGE, page.ids)


def _passes(pages: Iterable[Page]) -> Iterator[Pass]:
    """A pass for each page."""
    for page in pages:
        yield Pass(page.ids)


@walked("paging.more-false", sound=True)
def paging_more_false(context: JudgeContext, trial: Trial, walks: Walks) -> Iterator[Outcome]:
    """The flag is true while items remain after the page."""
    for page in walks.pages:
        item = walks.first_following(page)
        if item is None or page.more is None:
            continue
        if not page.more:
            expected = f"true, as the list goes on with {item.text} {item.key}"
            yield Violation(_flag(context), expected, "false", page.ids)
            return
        yield Pass(page.ids)


@passive("paging.more-early", hint="No page said that nothing followed.", whole=True)
def paging_more_early(context: JudgeContext, exchange: Exchange) -> Iterator[Outcome]:
    """The flag is true while an item remains that pages before and after this one show."""
    found = followed_pages(context).get(exchange.id)
    if found is None:
        return
    page, item = found
    if page.more:
        yield Pass(page.ids)
    else:
        expected = f"true, as the list goes on with {item.text} {item.key}"
        yield Violation(_flag(context), expected, "false", page.ids)


@walked("paging.more-true", sound=True)
def paging_more_true(context: JudgeContext, trial: Trial, walks: Walks) -> Iterator[Outcome]:
    """When the flag is true a next page can be fetched, and in the end it is false."""
    flag = _flag(context)
    for page in walks.pages:
        if page.more and not page.items:
            expected = "false, as the page is empty and nothing comes after it"
            yield Violation(flag, expected, "true", page.ids)
            return
    for first, second in walks.steps():
        if not first.more:
            continue
        ids = _ids(first, second)
        if second.items:
            yield Pass(ids)
        else:
            expected = "false, as the next page is empty"
            yield Violation(flag, expected, "true", ids, note=True)


def _flag(context: JudgeContext) -> str:
    """The JSON pointer to the flag that says whether more follows."""
    assert context.operation.paging is not None
    return "/" + context.operation.paging.more


@walked(
    "paging.filter",
    hint="Needs a list with several items that a filter matches, and others that it excludes.",
    asks=None,
)
def paging_filter(context: JudgeContext, trial: Trial, walks: Walks) -> Iterator[Outcome]:
    """Every page of a filtered list holds what the filter takes, and nothing else."""
    yield from _refused_page(context, trial)
    filtered = [page for page in walks.pages if page.filters]
    for page in filtered:
        misfit = _misfit(context, page)
        if misfit is not None:
            yield misfit
            return
    if any(page.continues_with_items for page in filtered):
        yield Pass(_ids(*filtered))


def _misfit(context: JudgeContext, page: Page) -> Violation | None:
    """A violation for the first item that shows that a filter of its page excludes it, if any."""
    for name, value in page.filters:
        parameter = context.operation.parameter(name)
        if parameter is None or Open.FILTER_IGNORED in parameter.open:
            continue
        member = parameter.filters
        for item in page.items:
            if takes(parameter, item.raw, value) is False:
                expected = _accepted_values(parameter, value)
                actual = compact(item.raw[member])
                return Violation(f"/{member}", expected, actual, page.ids)
    return None


def _accepted_values(parameter: Parameter, value: str) -> str:
    """The values of an item that a filter lets through, in words."""
    if parameter.compare:
        return f"{parameter.compare} {value}"
    if parameter.joined:
        return f"one of {value}"
    return compact(value)


@passive("paging.matches", hint="No filtered list showed what the run had written.", whole=True)
def paging_matches(context: JudgeContext, exchange: Exchange) -> list[Outcome]:
    """A filtered list shows no object of the run that the filter excludes, by what was sent."""
    return outcomes_at(context, exchange, "paging.matches")


@walked("paging.ties", confirm=False)
def paging_ties(context: JudgeContext, trial: Trial, walks: Walks) -> Iterator[Outcome]:
    """No page ends among items that share a timestamp; reported, never graded."""
    end = _end_in_tie(walks)
    if end is not None:
        page, item = end
        actual = f"several items have {item.text}, and a page ends among them"
        yield Violation("/", "created times that differ", actual, page.ids, note=True)
    if any(walks.steps()):
        yield Pass(_ids(*walks.pages))


def _end_in_tie(walks: Walks) -> tuple[Page, Item] | None:
    """The first page whose last item shares its timestamp with others, and that item."""
    for page in walks.pages:
        if page.last and page.last.at in walks.tied:
            return page, page.last
    return None
