"""What is special about one API. Only this folder of the package names it.

The reference server derives everything else from the contract. An entry here names an operation, a
kind or a code. The server ignores entries that are not in the served contract.
"""

from conformance.server.extras import Extras
from conformance.server.special import (
    accounts,
    agents,
    calls,
    discovery,
    numbers,
    runs,
    seeds,
    texts,
    triggers,
    webhooks,
)

EXTRAS = Extras(
    triggers=triggers.TRIGGERS,
    makers={
        "sign_up": accounts.open_account,
        "assign_phone_number": numbers.assign,
        "release_phone_number": numbers.release,
        "send_sms": texts.send,
        "create_webhook": webhooks.create,
        "update_webhook": webhooks.update,
        "rotate_webhook_secret": webhooks.rotate,
        "act_on_workspace": runs.act_on_workspace,
        "create_communication_run": runs.create,
        "change_communication_run": runs.change,
        "run_eval": runs.run_eval,
        "run_agent_evals": runs.run_agent_evals,
        "read_agent_version": agents.version,
        "read_openapi": discovery.document,
        "read_schemas": discovery.schemas,
        "read_capabilities": discovery.capabilities,
    },
    completers={"call": calls.complete},
    recipes=seeds.RECIPES,
    phone_numbers=triggers.PLAIN_NUMBERS,
    terms=accounts.TERMS,
)
"""The extras of this API."""
