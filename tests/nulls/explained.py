"""Why clauses may pass on servers that implement nothing."""

from __future__ import annotations

ERRORS = "It is about errors alone, and these are correct errors."
NEVER = "It forbids something, and these servers never do that."
SUCCESSES = "It is about successes alone, and these have the right form."
ONE_PAGE = "It is about a single page, and the example is a correct one."
ACCEPTS_ALL = "Whoever accepts everything accepts this, too. status-401 and status-403 fail there."
LEFT_OPEN = "The contract leaves open whether a value that cannot be parsed is ignored."

EXPLAINED: dict[str, str] = {
    "envelope-json": ERRORS,
    "envelope-structure": ERRORS,
    "envelope-code": ERRORS,
    "envelope-message": ERRORS,
    "envelope-message-human": ERRORS,
    "envelope-unrouted": "Unknown paths get a correct error.",
    "status-listed": NEVER,
    "status-no-5xx-for-mistakes": NEVER,
    "code-registered": ERRORS,
    "code-not_found": "A name that is not part of the request reads an example, which fits it.",
    "code-invalid_request": LEFT_OPEN,
    "key-prefixes": ACCEPTS_ALL,
    "scope-opens": ACCEPTS_ALL,
    "key-secret": NEVER,
    "business-object": "The response shows no object of the other business.",
    "business-filter": "The list is refused, or shows nothing beyond what it always shows.",
    "business-inside": NEVER,
    "business-figures": "Figures that are the same for everybody belong to nobody.",
    "paging-cursor-position": ONE_PAGE,
    "paging-limit": ONE_PAGE,
    "paging-limit-maximum": ONE_PAGE,
    "list-items": ONE_PAGE,
    "has-more-present": ONE_PAGE,
    "paging-samples": ONE_PAGE,
    "paging-filter-kept": "The one item of the example matches the filter on each page.",
    "has-more-true": "The example says has_more, and the request with its cursor returns a page.",
    "paging-ties": "It is a NOTE, which no profile scores.",
    "status-200": SUCCESSES,
    "status-201": SUCCESSES,
    "read-resource": "The response does not show that it is another resource.",
    "status-400": LEFT_OPEN,
    "status-404": "The resource that does not exist gets 404, or a response that may be about it.",
    "success-members": SUCCESSES,
    "http-complete": "The responses are complete HTTP.",
    "success-json": SUCCESSES,
    "created-resource": "A text may appear late. Its list shows at least no second one.",
    "changed-resource": "No source says what an action changes, and nothing else changes.",
    "created-at": "The same example is shown everywhere, with the same created_at.",
    "status-402-signup-only": NEVER,
}
"""A sentence for each clause of which a null server passes a cell."""
