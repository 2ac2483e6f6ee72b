"""The list of leads, which has many filters, and one lead."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query

from tests.vendors.on_fastapi.access import Caller, scope
from tests.vendors.on_fastapi.lists import Paging, serve, shown, stored
from tests.vendors.on_fastapi.store import on

router = APIRouter()
Text = Annotated[str | None, Query(min_length=1)]
Moment = Annotated[datetime | None, Query()]
Score = Annotated[int | None, Query(ge=-1_000_000, le=1_000_000)]
EQUAL = ("source", "agent_id", "phone", "email")
BOUNDS = {
    "created_after": "created >= ?",
    "created_before": "created <= ?",
    "updated_after": "json_extract(doc, '$.updated_at') >= ?",
    "updated_before": "json_extract(doc, '$.updated_at') <= ?",
    "score_gte": "json_extract(doc, '$.score') >= ?",
    "score_lte": "json_extract(doc, '$.score') <= ?",
}
ONE_OF = "instr(',' || ? || ',', ',' || json_extract(doc, '$.status') || ',') > 0"
"""The status may be several, with commas."""


@router.get("/leads")
async def leads(
    who: Annotated[Caller, scope("leads:read")],
    page: Paging,
    id: Text = None,
    status: Text = None,
    source: Text = None,
    agent_id: Text = None,
    phone: Text = None,
    email: Text = None,
    created_after: Moment = None,
    created_before: Moment = None,
    updated_after: Moment = None,
    updated_before: Moment = None,
    score_gte: Score = None,
    score_lte: Score = None,
    business_id: Text = None,
) -> Any:
    """A page of leads, or one."""
    given = dict(locals())
    if id is not None:
        if on("null-for-unknown") and who.store.one("leads", who.business, id) is None:
            return None
        return shown("leads", who.find("leads", id))
    who.check(business_id)
    filters = {name: given[name] for name in EQUAL}
    bounds = [(BOUNDS[name], bound(given[name])) for name in BOUNDS if given[name] is not None]
    if status is not None:
        bounds.append((ONE_OF, status))
    return serve(who, "leads", page, filters, bounds)


def bound(value: Any) -> Any:
    """A bound as it is stored."""
    return stored(value) if isinstance(value, datetime) else value
