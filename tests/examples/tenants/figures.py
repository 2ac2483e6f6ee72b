"""Examples of reports of figures that name another business."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from conformance.model import Exchange
from tests.examples.base import (
    Example,
    accepted,
    examples_of,
    gap,
    judge_error,
    refused,
    silent,
)
from tests.support.exchanges import answer, endless, refusal

REPORT: dict[str, Any] = {"operation": "read_balance"}


def own(figure: Any = 12, **members: Any) -> Exchange:
    """The plain report of the main business."""
    body = {"plan": "starter", "used": [figure], **members}
    return answer(200, body, role="control", step="before", **REPORT)


def owner(figure: Any = 40, **members: Any) -> Exchange:
    """The report of the other business, with its own key."""
    body = {"plan": "starter", "used": [figure], **members}
    labels: dict[str, Any] = {"role": "setup", "identity": "other", "sought": "b_other"}
    return answer(200, body, step="owner", **labels, **REPORT)


def named(figure: Any, **members: Any) -> Exchange:
    """The report of the main business, asked for in the name of the other."""
    body = {"plan": "starter", "used": [figure], **members}
    return answer(200, body, step="foreign", sought="b_other", **REPORT)


def later(figure: Any, sought: str | None = None, **members: Any) -> Exchange:
    """The plain report, asked for again, or in the name of an own object."""
    body = {"plan": "starter", "used": [figure], **members}
    return answer(200, body, role="setup", step="after", sought=sought, **REPORT)


@examples_of("figures.own", operation="read_balance")
def a_report_names_another_business() -> Iterator[Example]:
    """The report shows what it shows without that name, or nothing, or it is refused."""
    yield accepted("the own figures", own(), owner(), named(12))
    yield refused("the figures of the other business", own(), owner(), named(40))
    yield refused("the same, and the own figures stand still", own(), owner(), named(40), later(12))
    narrowed = owner(40, of="agent"), named(0, of="agent"), later(3, sought="a1", of="agent")
    yield accepted("what an own object shows, too", own(of="all"), *narrowed, later(12, of="all"))
    yield accepted("figures that move", own(), owner(), named(40), later(41))
    yield accepted("figures of nobody", own(), owner(), named(7))
    yield accepted("no figure, as the other business has none", own(), owner(0), named(0))
    yield accepted("the report of the other business is not seen", own(), named(40))
    yield accepted("both businesses have the same figures", own(), owner(12), named(12))
    echoed = own(of="b_main"), owner(of="b_other"), named(12, of="b_other")
    yield accepted("the name that was asked for", *echoed)
    for code in ("forbidden", "not_found", "invalid_request"):
        kept = refusal(code, step="foreign", sought="b_other", **REPORT)
        yield accepted(f"refused with {code}", own(), owner(), kept)
    kept = refusal("unauthorized", step="foreign", sought="b_other", **REPORT)
    yield refused("refused with unauthorized", own(), owner(), kept)


@examples_of("figures.own", operation="read_balance")
def a_report_of_every_business() -> Iterator[Example]:
    """The plain report names no other business."""
    yield refused("it names the other business", own(of="b_other"), owner(), named(12))
    yield refused("alone", own(of="b_other"))
    yield accepted("it names its own business", own(of="b_main"), owner(), named(12))
    yield refused("the name of a member is the other business", own(b_other=1), owner(), named(12))
    yield accepted("the name of a member is the own business", own(b_main=1), owner(), named(12))


@examples_of("figures.own", operation="read_balance")
def a_report_that_proves_nothing() -> Iterator[Example]:
    """Without the own report there is nothing to compare with."""
    yield silent("no report", named(40), owner())
    unseen = refusal("not_found", role="control", step="before", **REPORT)
    yield silent("a report that is refused", unseen, owner(), named(40))
    text = answer(200, role="control", step="before", text="fine", **REPORT)
    yield silent("a report that is no JSON", text, owner(), named(40))
    limited = refusal("rate_limit_exceeded", step="foreign", **REPORT)
    yield gap("429 in the middle", own(), owner(), limited)
    yield judge_error("a body without end", own(), owner(), endless(200, step="foreign", **REPORT))


# --- kept answers, and a business without data ----------------------------------------------------


def others(step: str, figure: Any) -> Exchange:
    """The report of the other business once more, under a URL of its own or the usual one."""
    body = {"plan": "starter", "used": [figure]}
    return answer(200, body, step=step, identity="other", **REPORT)


@examples_of("figures.own", operation="read_balance")
def a_report_that_is_kept_by_its_url() -> Iterator[Example]:
    """The other business gets the report of the first one until it asks under another URL."""
    kept = own(), owner(12)
    fresh = others("uncached", 40)
    yield refused("the same figures again and again", *kept, fresh, others("cached", 12), named(12))
    moving = others("cached", 40)
    yield accepted("figures that moved meanwhile", *kept, fresh, moving, named(12))
    same = others("uncached", 12)
    yield accepted("the same figures everywhere", *kept, same, others("cached", 12), named(12))


def empty(body: Any, *query: tuple[str, str], **labels: Any) -> Exchange:
    """The report of a business without data."""
    return answer(200, body, identity="empty", query=query, **labels, **REPORT)


@examples_of("figures.empty", operation="read_balance")
def a_report_without_data_is_narrowed() -> Iterator[Example]:
    """A parameter does not make more of nothing."""
    plain = empty({"total": 0, "hot": [], "days": 0}, step="before", role="setup")
    yield accepted("nothing", plain, empty({"total": 0, "hot": [], "days": 0}, step="narrowed"))
    yield refused("a figure", plain, empty({"total": 4}, step="narrowed"), mentions="4")
    yield refused("an object", plain, empty({"hot": [{"id": "l-1"}]}, step="narrowed"))
    rows = {"total": 0, "hot": [{"week": "2026-W17", "calls": 0}]}
    yield accepted("rows without an object", plain, empty(rows, step="narrowed"))
    yield accepted(
        "what was asked for", plain, empty({"days": 30}, ("days", "30"), step="narrowed")
    )
    yield silent("it was refused", plain, refusal("invalid_request", step="narrowed", **REPORT))
    yield silent("it has data", refusal("forbidden", step="before", **REPORT))


def grown(*figures: Any, made: int = 4) -> Iterator[Exchange]:
    """The report of the other business, before and after the main one has made some leads."""
    labels: dict[str, Any] = {"role": "setup", "identity": "other", **REPORT}
    *before, after = figures
    for figure in before:
        yield answer(200, {"used": [figure]}, step="before", **labels)
    for _ in range(made):
        yield answer(201, {"id": "l1"}, operation="create_lead", role="setup", step="write")
    yield answer(200, {"used": [after]}, step="after", **labels)


@examples_of("figures.grown", operation="read_balance")
def a_report_counts_what_another_business_made() -> Iterator[Example]:
    """A figure that stood still does not grow by what only another business has made."""
    yield accepted("the figure stands still", *grown(12, 12, 12))
    yield refused("it grows by four, for four objects", *grown(12, 12, 16))
    yield accepted("it grows by less", *grown(12, 12, 13))
    yield accepted("it grew before that, too", *grown(8, 12, 16))
    yield accepted("a text", *grown("12", "12", "16"))
    yield accepted("nothing was made", *grown(12, 12, 12, made=0))
    yield silent("the log lacks one of the two earlier reports", *grown(12, 16))
    rows = [[{"business_id": "b_main", "used": count}] for count in (12, 12, 16)]
    sentence = "it is a figure of the business that made them, which figures.own judges"
    yield accepted(sentence, *grown(*rows))


@examples_of("figures.own", operation="read_balance")
def a_report_of_the_other_business_names_the_main_one() -> Iterator[Example]:
    """No report names a business that its key cannot reach."""
    yield accepted("each names its own", own(of="b_main"), owner(of="b_other"), named(12))
    yield refused("the other one names the main one", own(), owner(of="b_main"), named(12))
