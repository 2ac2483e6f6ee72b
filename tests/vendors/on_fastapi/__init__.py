"""A server with FastAPI, uvicorn and SQLite, as a vendor in a hurry builds it."""

HAS = frozenset(
    {
        "assign_phone_number", "create_agent", "create_call", "create_lead", "create_webhook",
        "delete_webhook", "list_agents", "list_available_numbers", "list_calls", "list_events",
        "list_leads", "list_phone_numbers", "list_transcripts", "list_webhooks", "read_agent",
        "read_call", "read_health", "read_lead", "read_openapi", "read_phone_number",
        "release_phone_number", "replay_event", "rotate_webhook_secret", "sign_up",
        "update_agent", "update_lead", "update_webhook",
    }
)  # fmt: skip
"""The operations of this server."""
