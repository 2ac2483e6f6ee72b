"""Judges of pagination, on the walks of a trial."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.judging.answers import odd_cursor, said, unusable
from conformance.judging.outcomes import JudgeContext, Outcome, Pass, Trial, Violation
from conformance.judging.walks import Item, Page, Walks, inversion, walked
from conformance.model import compact
from conformance.reading import id_of, takes

MOST = 3
"""Pages of a trial that are told where several show the same fault."""


def _turned(found: Walks) -> tuple[Page, Page] | None:
    """A page and the one that its last item leads to, where all of that lies on the other side."""
    steps = [(a, b, a.last) for a, b in found.steps() if a.items[1:] and b.items[1:]]
    return next(
        (
            (a, b)
            for a, b, last in steps
            if last and all(found.beyond(last.at, item.at) for item in b.items)
        ),
        None,
    )


def _near(page: Page, item: Item) -> bool:
    """Whether an item stands in the second of the cursor of a page."""
    return page.cursor is not None and item.at // 1 == page.cursor // 1


@walked("paging.order")
def paging_order(context: JudgeContext, trial: Trial, found: Walks) -> Iterator[Outcome]:
    """The items of a walk run in one direction of time."""
    for page in found.pages:
        pair = inversion(found, page.items)
        if pair:
            direction = "newest first" if found.descending else "oldest first"
            actual = f"{pair[1].text} after {pair[0].text}"
            yield Violation("/", f"{direction}, as the list begins", actual, (page.exchange.id,))
            return
        if len(page.items) > 1:
            yield Pass((page.exchange.id,))
    turned = _turned(found)
    if turned:
        direction = "newest first" if found.descending else "oldest first"
        first, _ = turned
        actual = (
            f"a page after {first.after or 'the head'} on one side, and its next page on the other"
        )
        yield Violation(
            "/",
            f"{direction} from page to page",
            actual,
            tuple(page.exchange.id for page in turned),
        )


@walked("paging.advances")
def paging_advances(context: JudgeContext, trial: Trial, found: Walks) -> Iterator[Outcome]:
    """The cursor of a page brings another page."""
    for first, second in found.steps():
        ids = (first.exchange.id, second.exchange.id)
        again = [i.key for i in first.items] == [i.key for i in second.items]
        if second.cursor in found.tied:
            continue
        if len(first.items) > 1 and again:
            yield Violation("/", "another page", f"the same {len(first.items)} items again", ids)
        elif second.items:
            yield Pass(ids)
    yield from _refused_pages(context, trial)


def _refused_pages(context: JudgeContext, trial: Trial) -> Iterator[Outcome]:
    """Pages that were asked for with a cursor of the target, or with a limit that any list must take, and did not come."""
    for probe in trial.probes:
        excuse = unusable(context, probe)
        if probe.facts.walk is None or probe.facts.refusable or excuse or probe.response is None:
            continue
        if odd_cursor(context, probe):
            continue
        if not probe.response.ok and probe.response.status not in (401, 403):
            yield Violation("status", "a page", said(probe), (probe.id,))
            return


def _repeats(found: Walks) -> list[tuple[Page, Item]]:
    """Items that stand at or before the cursor of their page, the first of each page."""
    repeats = []
    for page in found.pages:
        if page.cursor is None or page.cursor in found.tied:
            continue
        item = next((item for item in page.items if not found.beyond(item.at, page.cursor)), None)
        if item is not None:
            repeats.append((page, item))
    return repeats


def _blunt(found: Walks, repeats: list[tuple[Page, Item]]) -> bool:
    """Whether what was repeated shows a cursor that lost its fraction, and not one that is inclusive."""
    if not all(_near(page, item) for page, item in repeats):
        return False
    fractions = all(page.cursor and page.cursor % 1 for page, _ in repeats)
    alike = {page.filters for page, _ in repeats}
    others = [page for page in found.pages if page.filters in alike and page.items]
    whole = [page for page in others if page.cursor and not page.cursor % 1]
    kept = any(
        item.at == page.cursor and found.passes(item, page.filters)
        for page in whole
        for item in found.untied
    )
    return fractions and kept


def _backwards(found: Walks) -> bool:
    """Whether a page holds only what stands before its cursor."""
    pages = [(page, page.cursor) for page in found.pages if page.items and page.cursor is not None]
    return any(all(found.beyond(cursor, item.at) for item in page.items) for page, cursor in pages)


def _again(repeats: list[tuple[Page, Item]]) -> Iterator[Violation]:
    for page, item in repeats[:MOST]:
        yield Violation(
            "/", f"only items after {page.after}", f"{item.text} {item.key}", (page.exchange.id,)
        )


def _missing(losses: list[tuple[Page, Item]]) -> Iterator[Violation]:
    for page, item in losses[:MOST]:
        expected = (
            f"{item.text} {item.key}, which comes after {page.after or 'the head of the list'}"
        )
        yield Violation("/", expected, "it is on no page", (page.exchange.id,))


def _others(found: Walks, blamed: list[tuple[Page, Item]]) -> Iterator[Pass]:
    """The pages with a cursor and items that are not to blame."""
    bad = [page for page, _ in blamed]
    for page in found.pages:
        if page.cursor is not None and page.items and page not in bad:
            yield Pass((page.exchange.id,))


@walked("paging.exclusive", sound=True)
def paging_exclusive(context: JudgeContext, trial: Trial, found: Walks) -> Iterator[Outcome]:
    """A page starts after its cursor: nothing at or before it is served again, and nothing twice on one page."""
    for page in found.pages:
        ids = [
            id_of(context.contract, found.operation.kind, item.raw) for item in page.items
        ]  # without one two may be alike
        twice = next(
            (one for place, one in enumerate(ids) if one is not None and one in ids[:place]), None
        )
        if twice is not None:
            yield Violation(
                "/", "each item once", f"{twice} stands twice on the page", (page.exchange.id,)
            )
            return
    repeats = _repeats(found)
    if not _blunt(found, repeats):
        yield from _again(repeats)
    yield from _others(found, repeats)


def _losses(found: Walks) -> list[tuple[Page, Item]]:
    """Items that another walk shows between the cursor of a page and its end, and the page does not."""
    losses = []
    for page in found.pages:
        if page.cursor in found.tied or (page.after is not None and page.cursor is None):
            continue
        shown = page.keys
        end = page.last.at if page.last else None
        between = found.between(page.cursor, end, page.filters)
        lost = next(
            (item for item in between if item.key not in shown and found.certain(item, page)), None
        )
        losses += [(page, lost)] if lost else []
    return losses


@walked("paging.complete", sound=True)
def paging_complete(context: JudgeContext, trial: Trial, found: Walks) -> Iterator[Outcome]:
    """No item between the cursor and the end of a page is lost."""
    losses = _losses(found)
    yield from _missing([(page, item) for page, item in losses if not _near(page, item)])
    yield from _others(found, losses)


@walked(
    "paging.precision",
    hint="two neighbours in the list must differ only in the fraction of a second",
    sound=True,
)
def paging_precision(context: JudgeContext, trial: Trial, found: Walks) -> Iterator[Outcome]:
    """The cursor tells items apart that differ only in the fraction of a second."""
    repeats, losses = _repeats(found), _losses(found)
    if _blunt(found, repeats):
        yield from _again(repeats)
        return
    if any(p.cursor is not None and not _near(p, i) for p, i in losses) or _backwards(found):
        return  # more is wrong than a blunt cursor explains: paging.complete or paging.exclusive blames it
    yield from _missing([(page, item) for page, item in losses if _near(page, item)])
    bad = [page for page, _ in [*repeats, *losses]]
    for page in found.pages:
        if page.items and page not in bad and _near(page, page.items[0]):
            yield Pass((page.exchange.id,))


@walked("paging.more-false", sound=True)
def paging_more_false(context: JudgeContext, trial: Trial, found: Walks) -> Iterator[Outcome]:
    """The flag is true while items remain after the page."""
    lost = {page.place for page, _ in _losses(found) if not page.items}
    for page in found.pages:
        end = page.last.at if page.last else page.cursor
        if page.place in lost:
            continue  # the page is empty because what it should hold was lost, and its flag agrees with that
        remaining = (
            found.between(end, None, page.filters)
            if end is not None and end not in found.tied
            else []
        )
        remaining = [
            item
            for item in remaining
            if item.key not in page.unplaced and found.certain(item, page)
        ]
        if not page.more and remaining:
            expected = f"true, as {remaining[0].text} {remaining[0].key} comes after the page"
            yield Violation("/" + _flag(found), expected, "false", (page.exchange.id,))
            return
        if page.more and remaining:
            yield Pass((page.exchange.id,))


@walked("paging.more-true", sound=True)
def paging_more_true(context: JudgeContext, trial: Trial, found: Walks) -> Iterator[Outcome]:
    """When the flag is true a next page can be fetched, and in the end it is false."""
    for page in found.pages:
        if page.more and not page.items:
            yield Violation(
                "/" + _flag(found),
                "false, as the page is empty and nothing comes after it",
                "true",
                (page.exchange.id,),
            )
            return
    for first, second in found.steps():
        ids = (first.exchange.id, second.exchange.id)
        if first.more and second.items:
            yield Pass(ids)
        elif first.more:
            yield Violation(
                "/" + _flag(found), "false, as the next page is empty", "true", ids, note=True
            )


def _flag(found: Walks) -> str:
    assert found.operation.paging is not None
    return found.operation.paging.more


@walked(
    "paging.filter",
    hint="the list must hold several items that a filter takes, and others that it leaves out",
)
def paging_filter(context: JudgeContext, trial: Trial, found: Walks) -> Iterator[Outcome]:
    """Every page of a filtered list holds what the filter takes, and nothing else."""
    yield from _refused_pages(context, trial)
    later = False
    for page in (p for p in found.pages if p.filters):
        for item in page.items:
            for name, value in page.filters:
                parameter = found.operation.parameter(name)
                if parameter and takes(parameter, item.raw, value) is False:
                    member = parameter.filters or ""
                    expected = (
                        f"{parameter.compare or 'one of'} {value}"
                        if parameter.compare or parameter.joined
                        else compact(value)
                    )
                    yield Violation(
                        f"/{member}", expected, compact(item.raw[member]), (page.exchange.id,)
                    )
                    return
        later = later or (page.cursor is not None and bool(page.keys))
    if later:
        yield Pass(tuple(page.exchange.id for page in found.pages if page.filters))


@walked("paging.ties", confirm=False)
def paging_ties(context: JudgeContext, trial: Trial, found: Walks) -> Iterator[Outcome]:
    """Whether items with one timestamp stand at the border of a page; reported, never graded."""
    among = next(
        ((page, page.last) for page in found.pages if page.last and page.last.at in found.tied),
        None,
    )
    if among:
        text = f"several items have {among[1].text}, and a page ends among them"
        yield Violation("/", "created times that differ", text, (among[0].exchange.id,), note=True)
    if found.steps():
        yield Pass(tuple(page.exchange.id for page in found.pages))
