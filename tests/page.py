"""The two tables of the errors page, kept a second time to catch typos in ``spec/``."""

PAGE_STATUSES = (200, 201, 400, 401, 402, 403, 404, 429, 500)
PAGE_CODES = (
    ("unauthorized", 401),
    ("forbidden", 403),
    ("not_found", 404),
    ("bad_request", 400),
    ("invalid_request", 400),
    ("vapi_error", 500),
    ("call_failed", 500),
    ("payment_required", 402),
    ("content_blocked", 400),
    ("number_opted_out", 400),
    ("number_on_dnc", 400),
    ("tcpa_violation", 400),
    ("rate_limit_exceeded", 429),
    ("sms_send_failed", 500),
    ("internal_error", 500),
)
"""The rows of the table of error codes, in order. The registry may hold more."""
