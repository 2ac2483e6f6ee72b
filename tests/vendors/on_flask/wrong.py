"""What is wrong in the server with Flask: defaults of the framework, and mistakes of haste."""

from __future__ import annotations

from tests.vendors.rows import EVERY, Wrong

NO_KEY = ("code-unauthorized", "status-401")
NO_SCOPE = ("scope-required", "status-403", "code-forbidden")
NO_OBJECT = ("status-404", "code-not_found")
CRASH = ("status-no-5xx-for-mistakes",)
HTML = ("envelope-json", "envelope-structure")
SMS = ("send_sms", "read_conversation", "list_conversations", "list_messages")
WORKSPACES = (
    "list_workspaces", "read_workspace", "create_workspace", "update_workspace",
    "act_on_workspace",
)  # fmt: skip
ONE_GAP = "One key for a scope that this API does not have is missing, so no wrong scope is tried."
EVALS = ("read_eval", "list_evals", "create_eval", "update_eval", "delete_eval")

WRONG = (
    # --- envelope ---
    Wrong("html-404", "An unknown path gets the HTML page.", ("*",), ("envelope-unrouted",), HTML),
    Wrong(
        "html-405", "An unknown method gets the HTML page.", ("*",), ("envelope-unrouted",), HTML
    ),
    Wrong(
        "html-400",
        "A body that is not JSON gets the HTML page of get_json().",
        ("create_workspace",),
        ("envelope-json",),
        ("envelope-structure", "status-400"),
    ),
    Wrong(
        "html-415",
        "A body of another media type gets the HTML page of get_json().",
        ("update_workspace", "act_on_workspace"),
        ("envelope-json",),
        ("envelope-structure", "status-400"),
    ),
    Wrong(
        "key-error",
        "A missing member of a new scenario is a KeyError, and so a 500 in HTML.",
        ("create_eval",),
        ("code-bad_request", "status-400", *CRASH),
        HTML,
    ),
    Wrong(
        "error-is-text",
        'An unknown lead gets {"error": "Lead not found"}.',
        ("read_lead",),
        ("envelope-structure",),
        ("code-not_found", "business-object"),
    ),
    Wrong(
        "code-is-number",
        "The code of an unknown scenario is the number 404.",
        ("read_eval",),
        ("envelope-code",),
        ("code-registered", "code-not_found", "business-object"),
    ),
    Wrong(
        "error-with-200",
        "An unknown workspace gets the envelope of an error with 200.",
        ("read_workspace",),
        NO_OBJECT,
        ("business-object", "read-resource", "success-members"),
    ),
    Wrong(
        "code-of-its-own",
        "A key without sms:read gets 403 with code insufficient_scope.",
        ("list_messages",),
        ("code-registered",),
        NO_SCOPE,
    ),
    Wrong(
        "traceback",
        "A limit that is no number gets 400 with the traceback as its message.",
        ("list_event_deliveries",),
        ("envelope-message-human",),
    ),
    Wrong(
        "sql-in-message",
        "A second workspace with an external_ref gets the text of the SQLite error.",
        ("create_workspace",),
        ("envelope-message-human",),
        survives="No request repeats the external_ref of an object.",
    ),
    Wrong(
        "empty-message",
        "A change of an unknown lead gets an empty message.",
        ("update_lead",),
        ("envelope-message",),
    ),
    Wrong(
        "json-as-html",
        "The errors of threads are made with json.dumps and go out as text/html.",
        ("read_conversation",),
        ("envelope-json",),
    ),
    Wrong(
        "slash-308",
        "The route has a slash at its end, so that the path without it gets 308 in HTML.",
        ("read_balance",),
        ("status-listed",),
        ("status-200", "scope-opens", "key-prefixes", "key-header", *NO_KEY, *HTML),
    ),
    # --- keys ---
    Wrong(
        "decorators-swapped",
        "The check of the key stands above the route, and so is never run.",
        ("read_recording",),
        NO_KEY,
        (*NO_SCOPE, "key-expired", "key-revoked", "key-header", "business-object"),
    ),
    Wrong("revoked-for-sms", "Texts are open to revoked keys.", SMS, ("key-revoked",), NO_KEY),
    Wrong("key-in-any-case", "Keys are compared in lower case.", EVERY, NO_KEY),
    Wrong(
        "key-by-its-beginning",
        "For workspaces only the first 24 characters of a key are compared.",
        WORKSPACES,
        NO_KEY,
        ("refused-unchanged",),
    ),
    Wrong(
        "scheme-ignored",
        "The key is the last word of Authorization, whatever stands before it.",
        EVERY,
        ("key-header",),
        NO_KEY,
    ),
    Wrong(
        "no-scopes-means-all",
        "For scenarios, a key without scopes has no bounds.",
        EVALS,
        NO_SCOPE,
        ("refused-unchanged",),
    ),
    Wrong(
        "html-403",
        "A key without agents:write gets the HTML page of abort(403).",
        ("update_sms_prompt",),
        ("envelope-json",),
        ("envelope-structure", *NO_SCOPE),
    ),
    Wrong(
        "one-scope-for-patch",
        "An action on a workspace takes workspaces:write, as the change of its name does.",
        ("act_on_workspace",),
        NO_SCOPE,
        ("refused-unchanged",),
        survives=ONE_GAP,
    ),
    # --- tenants ---
    Wrong(
        "all-workspaces",
        "The list of workspaces has those of every business.",
        ("list_workspaces",),
        ("business-rows",),
        ("business-empty",),
    ),
    Wrong(
        "text-from-anybody",
        "A text goes out from an agent of another business.",
        ("send_sms",),
        ("business-object",),
    ),
    Wrong(
        "prompt-of-anybody",
        "The prompt of an agent of another business is changed.",
        ("update_sms_prompt",),
        ("business-object",),
    ),
    Wrong(
        "thread-of-anybody",
        "A thread of another business is shown.",
        ("read_conversation",),
        ("business-object",),
    ),
    Wrong(
        "thread-instead-of-business",
        "With conversation_id, texts are chosen by the thread alone.",
        ("list_messages",),
        ("business-rows", "business-object", "business-filter"),
    ),
    Wrong("empty-404", "A business without leads gets 404.", ("list_leads",), ("business-empty",)),
    Wrong(
        "lead-for-anybody",
        "business_id of a new lead may be any business.",
        ("create_lead",),
        ("business-object",),
        ("business-filter",),
    ),
    Wrong(
        "mass-assignment",
        "A change of a lead writes whatever the body holds, business_id and created_at too.",
        ("update_lead",),
        ("business-object", "changed-resource"),
        ("status-200",),
    ),
    # --- pages ---
    Wrong(
        "negative-limit",
        "limit=-1 means no limit in SQLite, so that the page exceeds its maximum.",
        ("list_messages",),
        ("paging-limit-maximum", "paging-limit", "code-invalid_request"),
    ),
    Wrong(
        "limit-crashes",
        "A limit that is no number is a ValueError, and so a 500 in HTML.",
        ("list_evals",),
        CRASH,
        HTML,
    ),
    Wrong(
        "http-date",
        "created_at is a datetime, which jsonify writes as the date of an HTTP header.",
        ("list_event_deliveries",),
        ("paging-cursor-position",),
        ("paging-precision", "paging-complete", "paging-exclusive", "paging-order"),
    ),
    Wrong(
        "more-is-one",
        "has_more is 1 or 0.",
        ("list_conversations",),
        ("has-more-present",),
        ("success-members",),
    ),
    Wrong(
        "bare-array",
        "The transcripts come as an array, without an object around it.",
        ("list_transcripts",),
        ("list-items",),
        ("has-more-present", "success-members", "paging-supported"),
    ),
    Wrong(
        "one-too-many",
        "The item that tells whether there are more is served, too.",
        ("list_evals",),
        ("paging-limit",),
        ("paging-limit-maximum", "paging-exclusive", "paging-complete"),
    ),
    # --- walks ---
    Wrong(
        "inclusive-cursor",
        "The cursor is compared with >=.",
        ("list_leads",),
        ("paging-exclusive",),
        ("paging-supported", "has-more-true"),
    ),
    Wrong(
        "milliseconds-shown",
        "created_at is shown in milliseconds and compared as text with microseconds.",
        ("list_workspaces",),
        ("paging-exclusive", "paging-precision"),
        ("paging-supported", "has-more-true"),
    ),
    Wrong(
        "cursor-is-a-day",
        "Only the date of the cursor counts.",
        ("list_messages",),
        ("paging-exclusive", "paging-precision"),
        ("paging-supported", "has-more-true", "paging-order", "paging-complete"),
    ),
    Wrong(
        "count-of-all",
        "has_more compares the number of items served with the count of the whole table.",
        ("list_agents",),
        ("has-more-true",),
        ("business-empty",),
    ),
    Wrong("never-more", "has_more is always false.", ("list_usage",), ("has-more-false",)),
    Wrong(
        "source-contains",
        "The filter source finds every source that contains the text.",
        ("list_leads",),
        ("paging-filter-kept",),
    ),
    Wrong(
        "no-order",
        "The list of scenarios has no ORDER BY.",
        ("list_evals",),
        ("paging-order",),
        ("paging-complete", "paging-exclusive", "has-more-false", "has-more-true"),
    ),
    # --- requests ---
    Wrong("created-200", "A new scenario is answered with 200.", ("create_eval",), ("status-201",)),
    Wrong(
        "unknown-is-made",
        "A change of an unknown workspace makes one.",
        ("update_workspace",),
        NO_OBJECT,
        ("business-object",),
    ),
    Wrong(
        "phone-unchecked",
        "A text goes to any word.",
        ("send_sms",),
        ("code-invalid_request", "status-400"),
    ),
    Wrong(
        "any-action",
        "An unknown action on a workspace is answered with 200.",
        ("act_on_workspace",),
        ("code-invalid_request", "status-400"),
    ),
    Wrong(
        "strip-of-a-number",
        "The name of a workspace is stripped before its type is looked at.",
        ("create_workspace",),
        CRASH,
        (*HTML, "code-invalid_request", "status-400"),
    ),
    Wrong(
        "get-of-a-list",
        "A body that is an array has no get().",
        ("create_lead",),
        CRASH,
        (*HTML, "status-400", "code-invalid_request"),
    ),
    Wrong(
        "huge-score",
        "A score that does not fit into an integer of SQLite is a 500.",
        ("list_leads",),
        CRASH,
        HTML,
    ),
    Wrong(
        "nul-in-a-path",
        "The id of a call goes into the path of a file, which may hold no NUL.",
        ("read_recording",),
        CRASH,
        HTML,
    ),
    Wrong(
        "deep-body-crashes",
        "A body that nests very deeply is a RecursionError of json, and so a 500.",
        EVERY,
        CRASH,
    ),
    # --- writes ---
    Wrong(
        "not-committed",
        "A new lead is answered with 201 and rolled back.",
        ("create_lead",),
        ("created-resource",),
    ),
    Wrong(
        "whole-replaced",
        "A change of a workspace replaces it, and metadata is lost.",
        ("update_workspace",),
        ("changed-resource",),
    ),
    Wrong(
        "deleted-but-listed",
        "A deleted scenario is hidden from reads only.",
        ("delete_eval",),
        ("deleted-resource",),
    ),
    Wrong(
        "all-changed",
        "A change of a scenario changes all scenarios of its agent.",
        ("update_eval",),
        ("changed-resource",),
    ),
    Wrong(
        "blocked-but-stored",
        "A text is stored before its content is checked.",
        ("send_sms",),
        ("refused-unchanged",),
    ),
    Wrong(
        "description-lost",
        "The description of a new scenario is not stored.",
        ("create_eval",),
        ("created-resource",),
    ),
    # --- limits, payments ---
    Wrong(
        "limit-by-address-of-mail",
        "The sign-up limit counts by e-mail address.",
        ("sign_up",),
        ("signup-limit",),
        ("status-429", "code-rate_limit_exceeded"),
    ),
    Wrong(
        "key-not-stored",
        "The key that a sign-up hands out is not known afterwards.",
        ("sign_up",),
        ("key-header",),
        ("created-resource", "business-rows"),
    ),
    Wrong(
        "terms-missing",
        "402 comes without the terms of the payment.",
        ("sign_up",),
        ("code-payment_required",),
        ("status-402",),
    ),
)

ACCUSED = (
    Wrong(
        "proof-in-x-payment",
        "Proof of payment is taken in X-PAYMENT only, as version 1 of x402 has it.",
        ("sign_up",),
        ("code-payment_required",),
    ),
)
"""Legal habits that the suite blames; a server without wrongs has them switched off."""
