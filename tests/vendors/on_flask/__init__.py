"""A server with Flask and SQLite, as another vendor in a hurry builds it."""

HAS = frozenset(
    {
        "act_on_workspace", "audit_leads", "create_eval", "create_lead", "create_workspace",
        "delete_eval", "list_agents", "list_conversations", "list_evals",
        "list_event_deliveries", "list_leads", "list_messages", "list_transcripts",
        "list_usage", "list_workspaces", "read_agent", "read_balance", "read_conversation",
        "read_eval", "read_lead", "read_recording", "read_workspace", "send_sms", "sign_up",
        "update_eval", "update_lead", "update_sms_prompt", "update_workspace",
    }
)  # fmt: skip
"""The operations of this server."""
