"""What is wrong in the server with FastAPI: defaults of the framework, and mistakes of haste."""

from __future__ import annotations

from tests.vendors.rows import EVERY, Wrong

WEBHOOKS = (
    "list_webhooks",
    "create_webhook",
    "update_webhook",
    "delete_webhook",
    "rotate_webhook_secret",
)
NO_SCOPE = ("scope-required", "status-403", "code-forbidden")
NO_OBJECT = ("status-404", "code-not_found")
NO_KEY = ("code-unauthorized", "status-401")
LOST = ("paging-complete", "paging-precision")
CRASH = ("status-no-5xx-for-mistakes",)
ONE_GAP = "One key for a scope that this API does not have is missing, so no wrong scope is tried."

WRONG = (
    # --- envelope ---
    Wrong(
        "unrouted-detail",
        'An unknown path or method gets {"detail": "Not Found"} of the framework.',
        ("*",),
        ("envelope-unrouted",),
        ("envelope-structure",),
    ),
    Wrong(
        "validation-422",
        "For webhooks the handler of failed validations is missing: 422 with a list in detail.",
        WEBHOOKS,
        ("status-400", "status-listed", "code-bad_request", "code-invalid_request"),
        ("envelope-structure", *CRASH),
    ),
    Wrong(
        "detail-404",
        'An unknown agent gets {"detail": "Agent not found"}.',
        ("read_agent",),
        ("envelope-structure",),
        ("code-not_found", "business-object"),
    ),
    Wrong(
        "one-code-for-both",
        "A missing member of a new lead gets invalid_request, as every failed validation does.",
        ("create_lead",),
        ("code-bad_request",),
    ),
    Wrong(
        "provider-plain-500",
        "An exception of the voice provider becomes Internal Server Error in plain text.",
        ("create_call",),
        ("code-vapi_error", "envelope-json"),
        ("envelope-structure", "status-500"),
    ),
    Wrong(
        "bad-gateway",
        "A call that cannot be placed is answered with 502.",
        ("create_call",),
        ("code-call_failed", "status-listed"),
        ("status-500",),
    ),
    # --- keys ---
    Wrong(
        "key-like",
        "Keys are looked up with LIKE, so that case does not count and % matches anything.",
        EVERY,
        NO_KEY,
    ),
    Wrong(
        "expired-open",
        "The date on which a key expires is not compared.",
        EVERY,
        ("key-expired",),
        NO_KEY,
    ),
    Wrong(
        "missing-key-403",
        "A request without a key gets 403 forbidden, as the bearer class of the framework did.",
        EVERY,
        ("code-unauthorized",),
        ("status-401",),
    ),
    Wrong(
        "test-keys-refused",
        "Only keys with the prefix kc_live_ are looked up.",
        EVERY,
        ("key-prefixes",),
    ),
    Wrong(
        "scope-forgotten",
        "To change an agent takes no scope: the dependency is missing.",
        ("update_agent",),
        NO_SCOPE,
        ("refused-unchanged",),
    ),
    Wrong(
        "scope-by-area",
        "Only the word before the colon of a scope counts, so calls:read opens a new call.",
        ("create_call",),
        NO_SCOPE,
        ("refused-unchanged",),
        survives=ONE_GAP,
    ),
    Wrong("scope-401", "A key without events:read gets 401.", ("list_events",), NO_SCOPE),
    Wrong(
        "scope-of-another-name",
        "To replay an event takes events:read.",
        ("replay_event",),
        ("scope-opens",),
        NO_SCOPE,
    ),
    # --- tenants ---
    Wrong(
        "change-anybody",
        "A lead is changed by its id alone, whosever it is.",
        ("update_lead",),
        ("business-object",),
    ),
    Wrong(
        "filter-trusted",
        "business_id of the query replaces the business of the key.",
        ("list_phone_numbers",),
        ("business-filter", "business-rows"),
    ),
    Wrong(
        "delete-says-yes",
        "A deletion that met no row is answered like one that did.",
        ("delete_webhook",),
        NO_OBJECT,
        ("business-object", "deleted-resource"),
    ),
    Wrong(
        "foreign-agent",
        "The agent of a new lead may be one of another business.",
        ("create_lead",),
        ("business-object",),
    ),
    Wrong(
        "replay-anybody",
        "An event of another business is replayed.",
        ("replay_event",),
        ("business-object",),
        survives="The answer shows only the id of the event, which passes as an unknown event.",
    ),
    Wrong(
        "number-of-anybody",
        "A number of another business is shown to whoever names it.",
        ("read_phone_number",),
        ("business-object",),
    ),
    Wrong(
        "agent-instead-of-business",
        "With agent_id, transcripts are chosen by the agent alone.",
        ("list_transcripts",),
        ("business-rows", "business-object", "business-filter"),
    ),
    # --- pages ---
    Wrong(
        "over-the-maximum",
        "The largest page is said to have 100 items, and has up to 500.",
        ("list_calls",),
        ("paging-limit-maximum",),
    ),
    Wrong(
        "no-paging",
        "The pool of numbers comes as a whole: after and limit are ignored.",
        ("list_available_numbers",),
        ("paging-limit", "paging-supported"),
        ("paging-exclusive", "paging-samples", "paging-limit-maximum", "has-more-true"),
    ),
    # --- walks ---
    Wrong(
        "inclusive-cursor",
        "The cursor is compared with <=, so that its item comes again.",
        ("list_calls",),
        ("paging-exclusive",),
        ("paging-supported", "has-more-true", "paging-complete"),
    ),
    Wrong(
        "seconds-shown",
        "created_at is shown in whole seconds and compared as text with microseconds.",
        ("list_agents",),
        ("paging-exclusive", "paging-precision"),
        ("paging-supported", "has-more-true"),
    ),
    Wrong(
        "filter-dropped-after",
        "The query is built for after or for a filter, not for both.",
        ("list_leads",),
        ("paging-filter-kept",),
        ("business-filter",),
    ),
    Wrong(
        "last-filter-only",
        "Of two filters only one is applied.",
        ("list_calls",),
        ("paging-filter-kept",),
    ),
    Wrong(
        "full-page-means-more",
        "has_more says whether the page is full.",
        ("list_webhooks",),
        ("has-more-true",),
        survives="The suite notes an empty last page and does not grade it.",
    ),
    Wrong(
        "next-page-ascending",
        "With after the order is forgotten, so that the next page begins at the oldest item.",
        ("list_events",),
        ("paging-order",),
        (
            "paging-complete",
            "paging-exclusive",
            "paging-supported",
            "has-more-true",
            "has-more-false",
        ),
    ),
    Wrong(
        "cursor-in-seconds",
        "The cursor becomes a number of whole seconds.",
        ("list_transcripts",),
        LOST,
    ),
    Wrong(
        "order-by-number",
        "Numbers are ordered by their digits, and the cursor cuts by time.",
        ("list_phone_numbers",),
        ("paging-order",),
        ("paging-complete", "paging-exclusive", "has-more-false", "has-more-true", *LOST),
    ),
    # --- requests ---
    Wrong("created-200", "A new agent is answered with 200.", ("create_agent",), ("status-201",)),
    Wrong(
        "deleted-204",
        "A deleted webhook is answered with 204.",
        ("delete_webhook",),
        ("status-200", "status-listed"),
    ),
    Wrong(
        "null-for-unknown",
        "An unknown lead is answered with 200 and null.",
        ("read_lead",),
        NO_OBJECT,
        ("business-object", "success-members", "read-resource"),
    ),
    Wrong(
        "blank-name",
        "An agent may have an empty name.",
        ("create_agent",),
        ("status-400",),
        survives="A required text is tried as null and left out, but never empty.",
    ),
    Wrong(
        "email-unchecked",
        "Any text is taken as an address of a lead.",
        ("create_lead",),
        ("code-invalid_request", "status-400"),
    ),
    Wrong(
        "phone-unchecked",
        "Any text is called.",
        ("create_call",),
        ("code-invalid_request", "status-400"),
    ),
    Wrong(
        "change-of-nobody",
        "A change of an unknown agent says that it was updated.",
        ("update_agent",),
        NO_OBJECT,
        ("business-object",),
    ),
    Wrong(
        "wrapped",
        'A call stands in a wrapper: {"call": {...}}.',
        ("read_call",),
        ("success-members", "read-resource"),
    ),
    Wrong(
        "body-as-dict",
        "The body of a replay is a plain dict, and event_id is taken with [].",
        ("replay_event",),
        ("code-bad_request", "status-400", *CRASH),
        ("code-invalid_request",),
    ),
    Wrong(
        "huge-limit-crashes",
        "A limit has no upper bound and does not fit into an integer of SQLite.",
        ("list_events",),
        CRASH,
        survives="A limit beyond 64 bits is tried on one list of a run.",
    ),
    Wrong(
        "surrogate-crashes",
        "A text with half a character cannot be stored as UTF-8.",
        EVERY,
        CRASH,
    ),
    Wrong(
        "infinite-score",
        "The score 1e999 is infinite, and the answer cannot be written as JSON.",
        ("update_lead",),
        CRASH,
        survives="Odd numbers stand in a member that no operation has, and never in score.",
    ),
    # --- writes ---
    Wrong(
        "unsent-members-reset",
        "A change of an agent writes all members, and those that were not sent become null.",
        ("update_agent",),
        ("changed-resource",),
    ),
    Wrong(
        "notes-lost",
        "The notes of a new lead are not stored.",
        ("create_lead",),
        ("created-resource",),
        survives="A lost text passes as null where the contract gives it a fixed sample.",
    ),
    Wrong(
        "call-before-check",
        "A call is stored before its agent is looked up.",
        ("create_call",),
        ("refused-unchanged", "business-object"),
        ("created-resource",),
        survives="No list is looked at after a call that is refused for its agent.",
    ),
    Wrong(
        "release-keeps",
        "A released number stays in the list of its business.",
        ("release_phone_number",),
        ("deleted-resource",),
    ),
    Wrong(
        "change-adds-another",
        "A change of a webhook stores another one beside it.",
        ("update_webhook",),
        ("changed-resource",),
    ),
    Wrong(
        "agent-twice",
        "An agent is stored twice, with two ids.",
        ("create_agent",),
        ("created-resource",),
    ),
    Wrong(
        "empty-text-ignored",
        "A change of a lead to an empty text or to 0 is ignored, because it is tested with if.",
        ("update_lead",),
        ("changed-resource",),
        survives="A change never sends an empty text or 0.",
    ),
    Wrong(
        "false-becomes-true",
        "is_active: false of a new webhook becomes true, by the word or.",
        ("create_webhook",),
        ("created-resource",),
    ),
    # --- limits ---
    Wrong(
        "proxy-headers",
        "uvicorn trusts X-Forwarded-For of a local client, and the limit counts by it.",
        ("sign_up",),
        ("signup-limit",),
        ("signup-per-address",),
    ),
    Wrong(
        "limiter-text",
        "The limiter answers 429 with a text in error.",
        ("sign_up",),
        ("envelope-structure",),
        ("code-rate_limit_exceeded", "status-429"),
    ),
)
