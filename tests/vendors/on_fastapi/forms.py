"""The bodies of requests."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, Field, HttpUrl, TypeAdapter

from tests.vendors.on_fastapi.store import on

PHONE = r"^\+[1-9][0-9]{6,14}$"
EMAIL = r"^[^@\s]+@[^@\s]+\.[^@\s]+$"
_URL = TypeAdapter(HttpUrl)


def _is_url(value: str) -> str:
    _URL.validate_python(value)
    return value


def _name(value: str) -> str:
    if not value and not on("blank-name"):
        raise ValueError("it is empty")
    return value


def _email(value: str) -> str:
    if not re.fullmatch(EMAIL, value) and not on("email-unchecked"):
        raise ValueError("it is no address")
    return value


def _callee(value: str) -> str:
    if not re.fullmatch(PHONE, value) and not on("phone-unchecked"):
        raise ValueError("it is no phone number")
    return value


Id = Annotated[str, Field(min_length=1)]
Name = Annotated[str, Field(min_length=1)]
Url = Annotated[str, AfterValidator(_is_url)]
Phone = Annotated[str, Field(pattern=PHONE)]
Email = Annotated[str, Field(pattern=EMAIL)]


class NewCall(BaseModel):
    """A call to place."""

    agent_id: Id
    to: Annotated[str, AfterValidator(_callee)]
    name: str | None = None
    context: str | None = None
    first_message: str | None = None
    lead_id: Id | None = None
    webhook_url: Url | None = None
    max_duration: int | None = Field(None, ge=1)


class NewAgent(BaseModel):
    """An agent to create."""

    business_id: Id
    name: Annotated[str, AfterValidator(_name)]
    system_prompt: Annotated[str, Field(min_length=1)]
    first_message: str | None = None
    voice: dict[str, Any] | None = None
    model: dict[str, Any] | None = None
    metadata: dict[str, Any] | None = None


class AgentChange(BaseModel):
    """What of an agent is to change."""

    id: Id
    name: Name | None = None
    inbound_prompt: str | None = None
    outbound_prompt: str | None = None
    sms_prompt: str | None = None
    first_message: str | None = None
    outbound_first_message: str | None = None
    outbound_llm: str | None = None
    sms_llm: str | None = None
    voice: dict[str, Any] | None = None
    model: dict[str, Any] | None = None
    metadata: dict[str, Any] | None = None
    max_duration: int | None = Field(None, ge=1)
    vapi_config: dict[str, Any] | None = None
    transfer_enabled: bool | None = None
    transfer_phone_number: Phone | None = None


class NewLead(BaseModel):
    """A lead to create."""

    business_id: Id
    name: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    email: Annotated[str, AfterValidator(_email)] | None = None
    phone: str | None = None
    address: str | None = None
    city: str | None = None
    state: str | None = None
    zip: str | None = None
    status: str = "new"
    source: str | None = None
    source_url: str | None = None
    source_page: str | None = None
    notes: str | None = None
    message: str | None = None
    event_date: str | None = None
    event_type: str | None = None
    agent_id: Id | None = None
    timezone: str | None = None


class LeadChange(BaseModel):
    """What of a lead is to change."""

    id: Id
    name: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    email: Email | None = None
    phone: str | None = None
    status: str | None = None
    source: str | None = None
    notes: str | None = None
    score: float | None = None


class WebhookSave(BaseModel):
    """A subscription to make, or with an id to change."""

    id: Id | None = None
    webhook_url: Url
    business_id: Id | None = None
    events: list[str] | None = None
    description: str | None = None
    is_active: bool | None = None


class WebhookReference(BaseModel):
    """A subscription that is named."""

    id: Id
    business_id: Id | None = None


class Replay(BaseModel):
    """An event to send once more."""

    event_id: Id
    business_id: Id | None = None


class Assignment(BaseModel):
    """A number to take out of the pool."""

    phone_number: Phone
    business_id: Id | None = None
    agent_id: Id | None = None


class SignUp(BaseModel):
    """A business to open."""

    business_name: Name
    email: Email
    business_type: str | None = None
    website: str | None = None
    phone_forward_to: Phone | None = None
    plan_id: str | None = None
