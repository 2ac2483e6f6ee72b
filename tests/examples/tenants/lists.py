"""Examples of lists: what a business sees of the rows of another."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from conformance.model import Exchange
from tests.examples.base import Example, accepted, examples_of, gap, judge_error, refused, silent
from tests.support.exchanges import (
    answer,
    at,
    call,
    call_list,
    endless,
    page,
    proxy,
    refusal,
    with_request_body,
    without_response,
)

OWN_CALL = call(1, business_id="b_main")
FOREIGN_CALL = call(2, business_id="b_other")


@examples_of("tenant.filter")
def a_list_filtered_by_another_business() -> Iterator[Example]:
    """A list that is asked for another business is refused or empty."""
    yield accepted("an empty list", call_list())
    yield accepted("forbidden, or not found", refusal("forbidden"), refusal("not_found"))
    yield refused("a list of rows", call_list(call(1)))
    yield refused("401", refusal("unauthorized"))
    yield gap("429 in the middle", refusal("rate_limit_exceeded"))
    yield judge_error("502 of a proxy", proxy())
    yield judge_error("a body without end", endless(200))
    misplaced = refusal("invalid_request", placed=True)
    yield accepted("an id in an unusual place is called invalid", misplaced)
    foreign, own = {"agent_id": "a-2"}, {"agent_id": "a-1"}
    invalid = refusal("invalid_request", query=foreign)
    taken = call_list(query=own, role="setup")
    yield refused("an id in its own parameter is called invalid", taken, invalid)
    refused_too = refusal("invalid_request", query=own, role="setup")
    yield accepted("an id is called invalid where an own one is, too", refused_too, invalid)
    narrower = refusal("invalid_request", query={**foreign, "limit": "5"})
    yield accepted("a request is called invalid that has more than an id", taken, narrower)


@examples_of("tenant.filter")
def a_filter_that_may_be_ignored() -> Iterator[Example]:
    """Rows that are listed without the filter, too, are no rows of the other business."""
    unfiltered = page("", [2, 1], False, role="control", step="unfiltered")
    yield accepted("the same rows as without the filter", unfiltered, page("", [2, 1], False))
    more = page("", [3, 2], False)
    yield refused("a row that is not listed without the filter", unfiltered, more, mentions="c-3")
    yield refused(
        "rows, where the list without the filter got no response",
        without_response(unfiltered),
        page("", [1], False),
    )


def seen_by(side: str, *calls: dict[str, Any]) -> Exchange:
    """The list that one of two businesses sees: the side is own or foreign."""
    return call_list(*calls, role="control", side=side)


@examples_of("tenant.rows")
def two_businesses_list_their_rows() -> Iterator[Example]:
    """Two businesses have no row in common, and no row of one names the other."""
    own, foreign = seen_by("own", OWN_CALL), seen_by("foreign", FOREIGN_CALL)
    yield accepted("two lists with no row in common", own, foreign)
    nameless = (seen_by("own", call(1)), seen_by("foreign", call(2)))
    yield accepted("rows that do not name their business", *nameless)
    yield refused(
        "a row that both lists hold", seen_by("own", call(1), call(2)), seen_by("foreign", call(2))
    )
    nobodys = call(9, business_id=None)
    own_and_shared = seen_by("own", OWN_CALL, nobodys)
    shared = seen_by("foreign", FOREIGN_CALL, nobodys)
    yield silent("a row of no business that both lists hold", own_and_shared, shared)
    unnamed = (seen_by("own", OWN_CALL, call(9)), seen_by("foreign", FOREIGN_CALL, call(9)))
    yield silent("such a row that leaves out what others name", *unnamed)
    both_own = seen_by("own", OWN_CALL, FOREIGN_CALL)
    yield refused("a row that names the other business", both_own, seen_by("foreign", call(3)))
    yield silent("one of the two lists is empty", own, seen_by("foreign"))
    limited = refusal("rate_limit_exceeded", role="control", side="foreign")
    yield silent("one of the two lists is refused with 429", own, limited)


@examples_of("tenant.rows")
def rows_without_an_id() -> Iterator[Example]:
    """Rows without an id that look alike may be two rows."""
    busy = {"status": "busy", "created_at": at(1)}
    answered = {"status": "answered", "created_at": at(1)}
    different = (seen_by("own", busy), seen_by("foreign", answered))
    yield accepted("rows without an id that differ", *different)
    alike = (seen_by("own", busy), seen_by("foreign", busy, answered))
    yield silent("rows without an id that are alike", *alike)


@examples_of("owner.named")
def a_row_names_its_business() -> Iterator[Example]:
    """No row of a list names a business that the key is not of."""
    yield accepted("a row of the business itself", call_list(OWN_CALL))
    both = seen_by("own", OWN_CALL, FOREIGN_CALL)
    yield silent("a list that tenant.rows compares with another", both)
    later_page = call_list(OWN_CALL, FOREIGN_CALL, query={"after": at(9)})
    yield refused("a row of another business, on a later page", later_page)
    told_to_empty = call_list(OWN_CALL, identity="empty")
    yield refused("a row of another business, in the list of an empty one", told_to_empty)
    unknown = call_list(call(1, business_id="b_third"))
    yield accepted("a row of an unknown business", unknown)
    yield accepted(
        "a row of another business, in the list of that business",
        call_list(FOREIGN_CALL, identity="other"),
    )


@examples_of("owner.inside", operation="read_agent")
def an_object_holds_what_is_its_own() -> Iterator[Example]:
    """Nothing in it says that it is of another business, however deep it stands."""

    def agent(**members: Any) -> Exchange:
        return answer(200, {"id": "a1", **members}, operation="read_agent")

    yield accepted("an object of the own business", agent(business_id="b_main"))
    yield accepted("an object that names no business", agent())
    inside = agent(calls=[{"steps": {"business_id": "b_other"}}])
    yield refused("another business is named deep inside", inside)
    yield accepted("a business that nobody declared", agent(business_id="b_third"))


LONG, OTHER_LONG = "0f1e2d3c-aaaa-4bbb-8ccc-0123456789ab", "9a8b7c6d-aaaa-4bbb-8ccc-0123456789ab"


@examples_of("owner.nested")
def a_row_holds_no_object_of_another_business() -> Iterator[Example]:
    """No id of a row of one business stands anywhere in the rows of the other."""
    foreign = seen_by("foreign", call(2, OTHER_LONG))
    own = seen_by("own", call(1, LONG))
    yield accepted("rows that hold nothing", own, foreign)
    holding = call(1, LONG, similar=[{"call": OTHER_LONG}])
    yield refused("a row that holds the id of another business", seen_by("own", holding), foreign)
    theirs = seen_by("foreign", call(2, OTHER_LONG, next=LONG))
    yield refused("the other way round", own, theirs)
    both = seen_by("own", holding, call(2, OTHER_LONG))
    yield accepted("an object that both list", both, foreign)
    counted = seen_by("foreign", call(2, "conversation-000002"))
    twice = seen_by("own", call(1, "conversation-000001", last="conversation-000002"))
    yield accepted("ids that each business counts by itself", twice, counted)
    shown = answer(200, call(2, OTHER_LONG), operation="read_call", identity="other")
    sought = refusal("not_found", identity="other", step="foreign", sought=LONG)
    yield accepted("an object of the other business", shown, sought)
    nested = answer(
        200, call(2, OTHER_LONG, similar=[LONG]), operation="read_call", identity="other"
    )
    yield refused("an object that holds one of the main business", nested, sought)


@examples_of("owner.across", operation="read_call")
def an_answer_holds_nothing_that_another_business_lists() -> Iterator[Example]:
    """What one business alone is shown in a run stands in no answer to the other one."""
    foreign = call_list(call(2, OTHER_LONG), identity="other")
    yield accepted("an own object", foreign, answer(200, call(1, LONG), operation="read_call"))
    holding = {"total": 1, "examples": [{"id": OTHER_LONG}]}
    report = answer(200, holding, operation="audit_leads")
    yield refused("a report that names an object of another business", foreign, report)
    yield refused("the same, before its owner is shown it", report, foreign)
    own = call_list(call(2, OTHER_LONG), identity="full")
    yield silent("an object that both are shown", foreign, own, report)
    url = f"https://kaicalls.test/api/v1/leads/audit?hot={OTHER_LONG}"
    yield silent("an answer to a request that names it", foreign, asking(report, url))
    yield silent("a refusal", foreign, refusal("not_found"))
    update = answer(200, {"id": "a"}, operation="update_agent", identity="other")
    word = "first-message-of-2-agents"
    words = answer(200, {"member": word}, operation="read_schemas")
    sent = asking(update, f"https://kaicalls.test/api/v1/agents?with={word}")
    yield accepted("a word that the other business sent", foreign, sent, words)
    wordy = call_list(call(2, "a-word-as-an-id"), identity="other")
    mentioned = answer(200, {"kind": "a-word-as-an-id"}, operation="read_schemas")
    yield accepted("an id that is a mere word", foreign, wordy, mentioned)


def asking(exchange: Exchange, url: str) -> Exchange:
    """An exchange that asked for another URL."""
    return replace(exchange, request=replace(exchange.request, url=url))


@examples_of("tenant.empty")
def a_new_business_lists_nothing() -> Iterator[Example]:
    """The list of an empty business is an empty page that ends."""
    yield accepted("an empty page", call_list())
    yield refused("an error in place of a page", refusal("not_found"))
    yield refused("an empty page with has_more true", answer(200, {"calls": [], "has_more": True}))
    yield refused("a page with a row", page("", [1], False))
    two_rows = page("", [1, 2], False)
    yield refused("an error, and then rows", refusal("not_found"), two_rows, mentions="2 items")
    yield gap("429 in the middle", refusal("rate_limit_exceeded"))
    yield judge_error("502 of a proxy", proxy())


@examples_of("tenant.empty", operation="list_usage")
def a_list_that_is_never_empty() -> Iterator[Example]:
    """Where rows may come into being by themselves, rows prove nothing."""
    usage = answer(200, {"usage": [{}], "has_more": False}, operation="list_usage")
    yield gap("rows of a list that may fill by itself", usage)


@examples_of("tenant.belongs", operation="list_evals")
def a_list_shows_what_another_business_created() -> Iterator[Example]:
    """A list shows nothing that another business created in the run."""

    def created(name: str) -> Exchange:
        exchange = answer(201, {"id": "e1"}, operation="create_eval", identity="full")
        return with_request_body(exchange, {"name": name})

    def listed(name: str, identity: str) -> Exchange:
        body = {"evals": [{"id": "e1", "name": name}], "has_more": False}
        return answer(200, body, operation="list_evals", identity=identity)

    yield silent("its own business", created("One"), listed("One", "full"))
    yield refused("another business", created("One"), listed("One", "other"))
    yield accepted("an object with the same number", created("One"), listed("Two", "other"))
