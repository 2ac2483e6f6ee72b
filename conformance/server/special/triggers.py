"""Magic inputs for errors that clients cannot otherwise provoke.

Payment sandboxes have magic card numbers for the same purpose. The phone numbers here are
fictional (+1 NXX 555 0100 to 0199).
"""

from conformance.server.extras import MagicInput

PLAIN_NUMBERS = ("+12025550100", "+12025550101", "+12025550102")
"""Numbers that trigger nothing."""

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
    MagicInput("call_failed", "create_call", {"to": CALL_FAILED_NUMBER}),
    MagicInput("vapi_error", "create_call", {"to": VAPI_ERROR_NUMBER}),
    MagicInput("number_on_dnc", "create_call", {"to": DNC_NUMBER}, robust=True),
    MagicInput("content_blocked", "send_sms", {"message": BLOCKED_TEXT}, robust=True),
    MagicInput("number_opted_out", "send_sms", {"to": OPTED_OUT_NUMBER}, robust=True),
    MagicInput("number_on_dnc", "send_sms", {"to": DNC_NUMBER}, robust=True),
    MagicInput("tcpa_violation", "send_sms", {"to": TCPA_NUMBER}, robust=True),
    MagicInput("sms_send_failed", "send_sms", {"to": SMS_FAILED_NUMBER}),
    MagicInput("vapi_error", "create_agent", {"name": VAPI_ERROR_NAME}),
    MagicInput("internal_error", "read_agent", {"id": INTERNAL_ERROR_ID}),
    MagicInput("payment_required", "sign_up", {"plan_id": PAID_PLAN}),
)
