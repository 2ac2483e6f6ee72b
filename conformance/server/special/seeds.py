"""Sample data of the kinds whose schema tells too little."""

from __future__ import annotations

from random import Random

from conformance.server.extras import Document, Recipe

_AGENTS = ("Front desk", "Intake", "After hours", "Billing", "Scheduling", "Support", "Reception", "Follow-up")
_STATUSES = (("completed", 70), ("ended", 15), ("no-answer", 8), ("busy", 4), ("failed", 3))
_SUMMARIES = ("Asked for an appointment.", "Left a message.", "Wanted to know the opening hours.", "Asked to be called back.")


def agent_name(identifier: object) -> str:
    """The name of a seeded agent, told by its id."""
    text = str(identifier)
    return f"{_AGENTS[int(text[:2], 16) % len(_AGENTS)]} {text[2:5]}"


def _call(random: Random, index: int, document: Document) -> Document:
    status = random.choices([name for name, _ in _STATUSES], [weight for _, weight in _STATUSES])[0]
    talked = status in ("completed", "ended")
    own = document["id"]
    return {
        "conversation_id": f"conv_{own[:8]}" if talked else None,
        "status": status,
        "direction": ("inbound", "outbound")[index % 2],
        "duration": random.randint(15, 900) if talked else None,
        "agent_name": agent_name(document["agent_id"]),
        "lead_id": None,
        "summary": random.choice(_SUMMARIES) if talked else None,
        "recording_url": f"https://recordings.example.com/{own}.mp3" if talked else None,
        "quality_dimensions": {"empathy": random.randint(50, 100) / 100} if talked else None,
    }


def _agent(_random: Random, index: int, document: Document) -> Document:
    own = document["id"]
    return {
        "name": agent_name(own),
        "vapi_assistant_id": f"asst_{own[:8]}",
        "phone_number": f"+1202555{100 + index:04}",
        "prompts": {"inbound": "Take a message.", "outbound": "Ask for a time."},
        "voice": {"provider": "sample", "voiceId": "calm"},
        "model": {"provider": "sample", "model": "small", "temperature": 0.5},
        "first_message": "Hello, how can I help?",
        "status": "active",
    }


def _business(_random: Random, index: int, _document: Document) -> Document:
    return {"name": ("Main street legal", "Other side dental", "Empty hall")[index]}


RECIPES = {
    "call": Recipe(main=350, other=60, seconds=(61, 5400), spread={"agent": (60, 48, 40, 36, 34, 30)}, members=_call),
    "agent": Recipe(main=130, other=12, seconds=(7200, 200_000), members=_agent),
    "business": Recipe(members=_business),
}
"""How the kinds are seeded: enough calls for a walk past 100, some agents with many and some with few."""
