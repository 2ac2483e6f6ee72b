"""Input that sets off what cannot be provoked from outside, as the magic numbers of payment sandboxes do.

All numbers are of the fictional range (+1 NXX 555 0100 to 0199).
"""

from conformance.server.extras import Trigger

PLAIN_NUMBERS = ("+12025550100", "+12025550101", "+12025550102")
"""Numbers that are called without trouble."""

CALL_FAILED_NUMBER = "+12025550190"
VAPI_ERROR_NUMBER = "+12025550191"
DNC_NUMBER = "+12025550192"
TCPA_NUMBER = "+12025550193"
OPTED_OUT_NUMBER = "+12025550194"
SMS_FAILED_NUMBER = "+12025550195"
BLOCKED_TEXT = "blocked content trigger"
VAPI_ERROR_NAME = "vapi error trigger"
INTERNAL_ERROR_ID = "internal-error-trigger"
PAID_PLAN = "paid"

TRIGGERS = (
    Trigger("call_failed", "create_call", {"to": CALL_FAILED_NUMBER}),
    Trigger("vapi_error", "create_call", {"to": VAPI_ERROR_NUMBER}),
    Trigger("number_on_dnc", "create_call", {"to": DNC_NUMBER}, firm=True),
    Trigger("content_blocked", "send_sms", {"message": BLOCKED_TEXT}, firm=True),
    Trigger("number_opted_out", "send_sms", {"to": OPTED_OUT_NUMBER}, firm=True),
    Trigger("number_on_dnc", "send_sms", {"to": DNC_NUMBER}, firm=True),
    Trigger("tcpa_violation", "send_sms", {"to": TCPA_NUMBER}, firm=True),
    Trigger("sms_send_failed", "send_sms", {"to": SMS_FAILED_NUMBER}),
    Trigger("vapi_error", "create_agent", {"name": VAPI_ERROR_NAME}),
    Trigger("internal_error", "read_agent", {"id": INTERNAL_ERROR_ID}),
    Trigger("payment_required", "sign_up", {"plan_id": PAID_PLAN}),
)
