"""Input that sets off what cannot be provoked from outside, as the magic numbers of payment sandboxes do.

All numbers are of the fictional range (+1 NXX 555 0100 to 0199).
"""

from conformance.server.extras import Trigger

PLAIN_NUMBERS = ("+12025550100", "+12025550101", "+12025550102")
"""Numbers that are called without trouble."""

CALL_FAILED_NUMBER = "+12025550190"
VAPI_ERROR_NUMBER = "+12025550191"
DNC_NUMBER = "+12025550192"
VAPI_ERROR_NAME = "vapi error trigger"
INTERNAL_ERROR_ID = "internal-error-trigger"
PAID_PLAN = "paid"

TRIGGERS = (
    Trigger("call_failed", "create_call", {"to": CALL_FAILED_NUMBER}),
    Trigger("vapi_error", "create_call", {"to": VAPI_ERROR_NUMBER}),
    Trigger("number_on_dnc", "create_call", {"to": DNC_NUMBER}),
    Trigger("vapi_error", "create_agent", {"name": VAPI_ERROR_NAME}),
    Trigger("internal_error", "read_agent", {"id": INTERNAL_ERROR_ID}),
    Trigger("payment_required", "sign_up", {"plan_id": PAID_PLAN}),
)
