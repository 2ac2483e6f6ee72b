"""Sample data for the kinds whose schema says too little."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from conformance.server.extras import Document, Recipe
from conformance.server.moments import MICRO, moment_of, render

_AGENTS = (
    "Front desk",
    "Intake",
    "After hours",
    "Billing",
    "Scheduling",
    "Support",
    "Reception",
    "Follow-up",
)
_STATUSES = {"completed": 70, "ended": 15, "no-answer": 8, "busy": 4, "failed": 3}
"""How often a call has each status, in percent."""
_FIRST = ("Ada", "Bo", "Cleo", "Dan", "Eve", "Finn", "Gil")
_LAST = ("Ash", "Birch", "Cedar", "Dale", "Elm")
_SUMMARIES = (
    "Asked for an appointment.",
    "Left a message.",
    "Wanted to know the opening hours.",
    "Asked to be called back.",
)


def agent_name(identifier: object) -> str:
    """The name of a seeded agent, derived from its id."""
    text = str(identifier)
    return f"{_AGENTS[int(text[:2], 16) % len(_AGENTS)]} {text[2:5]}"


# Each of the following functions returns members of a seeded object of its kind, which are added to
# those in ``document``. ``index`` is the number of the object.


def _call(random: Random, index: int, document: Document) -> Document:
    """The members of a call. Only one that took place has a conversation."""
    status = random.choices(list(_STATUSES), list(_STATUSES.values()))[0]
    call: Document = {
        "conversation_id": None,
        "status": status,
        "direction": ("inbound", "outbound")[index % 2],
        "duration": None,
        "agent_name": agent_name(document["agent_id"]),
        "lead_id": None,
        "summary": None,
        "recording_url": None,
        "quality_dimensions": None,
    }
    if status in ("completed", "ended"):
        call |= _conversation_of(random, document["id"])
    return call


def _conversation_of(random: Random, call_id: str) -> Document:
    """The members of a call that had a conversation."""
    return {
        "conversation_id": f"conv_{call_id[:8]}",
        "duration": random.randint(15, 900),
        "summary": random.choice(_SUMMARIES),
        "recording_url": f"https://recordings.example.com/{call_id}.mp3",
        "quality_dimensions": {"empathy": random.randint(50, 100) / 100},
    }


def _agent(_random: Random, index: int, document: Document) -> Document:
    """The members of an agent."""
    agent_id = document["id"]
    return {
        "name": agent_name(agent_id),
        "vapi_assistant_id": f"asst_{agent_id[:8]}",
        "phone_number": f"+1202555{100 + index:04}",
        "prompts": {"inbound": "Take a message.", "outbound": "Ask for a time."},
        "voice": {"provider": "sample", "voiceId": "calm"},
        "model": {"provider": "sample", "model": "small", "temperature": 0.5},
        "first_message": "Hello, how can I help?",
        "status": "active",
    }


def _recording(_random: Random, _index: int, document: Document) -> Document:
    """The members of a recording."""
    return {
        "recording_url": f"https://recordings.example.com/{document['call_id']}.mp3",
        "status": "available",
    }


def _business(_random: Random, index: int, _document: Document) -> Document:
    """The members of a business: a name for each of the three."""
    return {"name": ("Main street legal", "Other side dental", "Empty hall")[index]}


def _transcript(random: Random, _index: int, document: Document) -> Document:
    """The members of a transcript."""
    return {
        "conversation_id": f"conv_{document['call_id'][:8]}",
        "agent_name": agent_name(document["agent_id"]),
        "status": "completed",
        "duration": random.randint(15, 900),
        "summary": random.choice(_SUMMARIES),
        "transcript": "Hello, how can I help? I'd like to make an appointment.",
    }


def _lead(random: Random, index: int, _document: Document) -> Document:
    """The members of a lead."""
    first, last = _FIRST[index % len(_FIRST)], _LAST[index % len(_LAST)]
    return {
        "name": f"{first} {last}",
        "first_name": first,
        "last_name": last,
        "email": f"{first}.{last}.{index % 40}@example.com".lower(),
        "phone": _number(index % 90),
        "status": random.choices(
            ("new", "contacted", "qualified", "lost", "won"), (50, 25, 12, 8, 5)
        )[0],
        "source": random.choices(("call", "website", "referral"), (60, 30, 10))[0],
        "notes": None,
        "score": random.randint(0, 100),
        "updated_at": render(moment_of("2026-04-18T12:00:00Z") - random.randint(0, 10**6) * MICRO),
    }


def _number(index: int, area: int = 202) -> str:
    """A fictional phone number, which differs for each index; 90 have the same area code."""
    return f"+1{area + index // 90}5550{100 + index % 90}"


def _pooled(_random: Random, index: int, _document: Document) -> Document:
    """The members of a phone number that is free."""
    return {
        "phone_number": _number(index, 301),
        "country": "US",
        "capabilities": {"voice": True, "sms": True},
    }


def _phone_number(_random: Random, index: int, _document: Document) -> Document:
    """The members of a phone number of a business."""
    return {
        "phone_number": _number(index, 701),
        "capabilities": {"voice": True, "sms": True},
        "compliance": {"status": "ok"},
    }


def _conversation(_random: Random, index: int, _document: Document) -> Document:
    """The members of a conversation."""
    return {"phone_number": _number(index % 90)}


def _message(random: Random, index: int, _document: Document) -> Document:
    """The members of a message."""
    return {
        "direction": ("inbound", "outbound", "outbound")[index % 3],
        "message": random.choice(_SUMMARIES),
    }


def _webhook(_random: Random, index: int, _document: Document) -> Document:
    """The members of a subscription."""
    return {
        "url": f"https://example.com/hooks/{index}",
        "events": ["call.completed"],
        "description": None,
        "is_active": index % 4 != 0,
        "webhook_secret_masked": f"...{index:04}",
    }


def _workspace(_random: Random, index: int, _document: Document) -> Document:
    """The members of a workspace."""
    state = ("active", "active", "paused")[index % 3]
    return {
        "name": f"Workspace {index}",
        "lifecycle_state": state,
        "metadata": {},
        "external_ref": None,
    }


def _eval(_random: Random, index: int, document: Document) -> Document:
    """The members of a scenario."""
    return {
        "name": f"Greets {index}",
        "vapi_eval_id": f"eval_{document['id'][:8]}",
        "description": None,
        "messages": [{"role": "user", "content": "Hello"}],
    }


def _eval_run(_random: Random, index: int, document: Document) -> Document:
    """The members of a run of a scenario."""
    passed = index % 5 != 0
    return {
        "vapi_run_id": f"vapi_{document['run_id'][:12]}",
        "status": "completed",
        "passed": passed,
        "results": [],
    }


def _event(random: Random, index: int, _document: Document) -> Document:
    """The members of an event."""
    kind = ("call.completed", "lead.captured")[index % 2]
    return {
        "event_type": kind,
        "object_type": kind.partition(".")[0],
        "object_id": f"object_{index // 4}",
        "status": random.choices(("succeeded", "failed", "pending"), (70, 20, 10))[0],
    }


def _outcome(*words: str) -> Callable[[Random, int, Document], Document]:
    """A function that returns one of some words as the status of an object."""
    return lambda random, _index, _document: {"status": random.choice(words)}


def _job(random: Random, index: int, _document: Document) -> Document:
    """The members of a job of a communication run."""
    return {
        "channel": ("call", "sms", "sms")[index % 3],
        "status": random.choice(("done", "planned", "failed")),
    }


def _attempt(random: Random, index: int, _document: Document) -> Document:
    """The members of an attempt of a communication run."""
    return {
        "sequence_id": f"sequence_{index // 6}",
        "status": random.choice(("answered", "busy")),
        "retry_allowed": index % 2 == 0,
    }


def _run(random: Random, _index: int, document: Document) -> Document:
    """The members of a communication run."""
    words = ("scheduled", "running", "done")
    return {
        "external_ref": f"reference-{document['id'][:8]}",
        "status": random.choice(words),
        "touches": [],
    }


def _usage(random: Random, _index: int, _document: Document) -> Document:
    """The members of a logged use of the API."""
    return {"path": random.choice(("/calls", "/agents", "/leads"))}


_OWNERS = {"agent": (60, 30, 15, 8, 4, 2)}
"""Weights of the agents, the newest first: some own many objects, others few."""
_HISTORY = {"agent": (600, 60, 30)}
"""Weights of the agents, so that the list of the newest agent is longer than any page."""

RECIPES = {
    "call": Recipe(
        main=350,
        other=60,
        seconds=(61, 5400),
        spread={"agent": (60, 48, 40, 36, 34, 30)},
        members=_call,
    ),
    "agent": Recipe(main=130, other=12, seconds=(7200, 200_000), members=_agent),
    "business": Recipe(members=_business),
    "recording": Recipe(main=350, other=60, mirrors={"call_id": "call"}, members=_recording),
    "transcript": Recipe(
        main=130,
        other=12,
        seconds=(61, 5400),
        mirrors={"call_id": "call"},
        spread=_OWNERS,
        members=_transcript,
    ),
    "agent_version": Recipe(main=300, other=40, spread=_HISTORY),
    "lead": Recipe(main=160, spread=_OWNERS, members=_lead),
    "phone_number": Recipe(members=_phone_number),
    "available_number": Recipe(main=120, other=0, members=_pooled),
    "conversation": Recipe(members=_conversation),
    "message": Recipe(main=130, spread={"conversation": (30, 20, 10)}, members=_message),
    "webhook": Recipe(members=_webhook),
    "workspace": Recipe(other=8, members=_workspace),
    "eval": Recipe(spread=_OWNERS, members=_eval),
    "eval_run": Recipe(main=300, other=40, spread=_HISTORY, members=_eval_run),
    "event": Recipe(main=140, members=_event),
    "delivery": Recipe(
        main=140,
        spread={"event": (20, 10), "webhook": (40, 20, 10)},
        members=_outcome("succeeded", "failed", "succeeded"),
    ),
    "communication_run": Recipe(members=_run),
    "communication_job": Recipe(spread={"communication_run": (40, 20, 10)}, members=_job),
    "communication_attempt": Recipe(members=_attempt),
    "usage_entry": Recipe(main=120, seconds=(2, 600), members=_usage),
}
"""How to seed each kind. A walk covers over 100 calls; some agents have many calls, others few."""
