"""Payments, and the triggers of the target file."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from typing import Any

from werkzeug.test import TestResponse

from conformance.model import Contract
from conformance.server import application
from conformance.server.extras import MagicInput
from conformance.server.special import triggers
from tests.server.sandbox import ACCOUNT, Api, refused, sign_up


def base64_of(text: bytes) -> str:
    """Bytes in base64."""
    return base64.b64encode(text).decode()


def sign_up_for_paid_plan(api: Api, proof: str | None) -> TestResponse:
    """Sign up for the plan that has to be paid for, with a proof of payment if there is one."""
    headers = {"PAYMENT-SIGNATURE": proof} if proof is not None else {}
    return sign_up(api, headers=headers, plan_id=triggers.PAID_PLAN)


def test_a_paid_plan_demands_payment_until_it_is_proved(api: Api) -> None:
    """The body and a header hold the terms. Requests without payment do not count as sign-ups."""
    for proof in (None, "", "!!", "e30", base64_of(b"[]"), base64_of(b"no"), "é"):
        response = sign_up_for_paid_plan(api, proof)
        assert refused(response, 402, "payment_required")
        body = response.json or {}
        assert isinstance(body["x402Version"], int)
        members = {"scheme", "network", "amount", "asset", "payTo", "resource"}
        assert members <= set(body["accepts"][0])
        terms = json.loads(base64.b64decode(response.headers["PAYMENT-REQUIRED"]))
        assert terms == {name: body[name] for name in ("x402Version", "accepts")}
    assert sign_up_for_paid_plan(api, base64_of(b'{"x402Version": 1}')).status_code == 201


def test_a_target_file_declares_triggers_for_the_errors_of_a_provider(api: Api) -> None:
    """The codes that nobody can provoke from outside have a trigger."""
    codes = {trigger["code"] for trigger in api.target["triggers"]}
    assert codes >= {"call_failed", "vapi_error", "number_on_dnc", "internal_error"}


def test_every_declared_trigger_sets_off_its_code(contract: Contract, api: Api) -> None:
    """A trigger of the target file makes its operation answer with its code and store nothing."""
    main = api.target["businesses"]["main"]
    base = {
        "create_call": {"agent_id": api.agent(), "to": "+12025550100"},
        "create_agent": {"business_id": main, "name": "A", "system_prompt": "B"},
        "send_sms": {"from_agent_id": api.agent(), "to": "+12025550100", "message": "Hello"},
        "sign_up": ACCOUNT,
    }
    for trigger in api.target["triggers"]:
        operation = contract.operations[trigger["operation"]]
        code = contract.errors[trigger["code"]]
        values = {**base.get(operation.id, {}), **trigger["input"]}
        place = "query_string" if operation.method == "GET" else "json"
        rest: dict[str, Any] = {place: values}
        response = api.send(operation.method, operation.path, **rest)
        assert refused(response, code.status, code.code)
    assert len(api.walk("/calls", "calls", limit=100)) == 350
    assert len(api.walk("/agents", "agents")) == 130


def test_a_provoked_code_without_a_magic_input_gets_a_magic_text(contract: Contract) -> None:
    """The first free text of the body triggers it, so a new code needs no line of the server."""
    operation = replace(contract.operations["create_call"], provokes=("tcpa_violation",))
    widened = replace(contract, operations={**contract.operations, operation.id: operation})
    derived = [magic for magic in application(widened).triggers if magic.code == "tcpa_violation"]
    assert (
        MagicInput("tcpa_violation", "create_call", {"name": "tcpa_violation trigger"}) in derived
    )
    known = [(magic.operation, magic.code) for magic in application(contract).triggers]
    assert len(known) == len(set(known))
