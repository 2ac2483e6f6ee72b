"""Workspaces and scenarios."""

from __future__ import annotations

import sqlite3
from typing import Any

from flask import Blueprint, g, request

from tests.vendors.on_flask.data import Thing, wrong
from tests.vendors.on_flask.paging import page
from tests.vendors.on_flask.web import (
    ApiError,
    argument,
    body,
    data,
    identify,
    invalid,
    missing,
    needs,
    own_business,
    owned,
    require,
    text,
)

routes = Blueprint("workspaces", __name__)
STATES = {"pause": "paused", "resume": "active", "cancel": "cancelled", "teardown": "torn_down"}


@routes.get("/workspaces")
@needs("workspaces:read")
def workspaces() -> Any:
    """A page of workspaces, or one."""
    id_ = argument("id")
    if id_ is None:
        return page("workspaces", "workspaces", {})
    found = data().find("workspaces", id_, g.business)
    if found is None and wrong("error-with-200"):
        return {"error": {"code": "not_found", "message": "No such workspace"}}
    return owned("workspaces", id_)


@routes.post("/workspaces")
@needs("workspaces:write")
def new_workspace() -> Any:
    """Create a workspace."""
    content = body()
    if wrong("strip-of-a-number") and content.get("name") is not None:
        content["name"] = content["name"].strip()
    values = {"name": text(content, "name", True), "external_ref": text(content, "external_ref")}
    values["metadata"] = mapping(content, "metadata")
    return made(values), 201


def made(values: Thing) -> Thing:
    """A new workspace. Raises ApiError if there is one with the same external_ref."""
    try:
        return data().insert(
            "workspaces",
            business_id=g.business,
            lifecycle_state="active",
            updated_at=data().tick(),
            **values,
        )
    except sqlite3.IntegrityError as error:
        said = str(error) if wrong("sql-in-message") else "external_ref is taken"
        raise ApiError(400, "invalid_request", said) from None


def mapping(content: Thing, name: str) -> Any:
    """An object of the body."""
    value = content.get(name)
    if value is not None and not isinstance(value, dict):
        raise invalid(name)
    return value


def named_changes(content: Thing) -> Thing:
    """The name and the metadata that a body changes."""
    change: Thing = {}
    if "name" in content:
        change["name"] = text(content, "name", True)
    if "metadata" in content:
        change["metadata"] = mapping(content, "metadata")
    return change


def state_after(action: Any) -> str:
    """The state that an action leads to."""
    known = isinstance(action, str) and action in STATES
    if not known and not wrong("any-action"):
        raise invalid("action")
    return STATES[action] if known else "active"


@routes.patch("/workspaces")
def change_workspace() -> Any:
    """Change a workspace, or act on it."""
    identify()
    content = body()
    acts = "action" in content
    require("lifecycle:write" if acts and not wrong("one-scope-for-patch") else "workspaces:write")
    id_ = text(content, "id", True)
    change = named_changes(content)
    if acts:
        change["lifecycle_state"] = state_after(content["action"])
    elif wrong("unknown-is-made") and data().find("workspaces", id_, g.business) is None:
        return made({"name": "Unnamed", **change})
    elif wrong("whole-replaced"):
        change = {"name": None, "metadata": None, **change}
    owned("workspaces", id_)
    assert id_ is not None
    data().update("workspaces", id_, {**change, "updated_at": data().tick()})
    return owned("workspaces", id_)


# --- scenarios ------------------------------------------------------------------------------------


def scenario(row: Thing) -> Thing:
    """A scenario as answers show it."""
    return {name: value for name, value in row.items() if name != "deleted"}


@routes.get("/evals")
@needs("evals:read")
def evals() -> Any:
    """A page of scenarios, or one."""
    id_ = argument("id")
    if id_ is not None:
        return scenario(living(id_))
    bounds = [] if wrong("deleted-but-listed") else [("deleted = ?", 0)]
    return page("evals", "evals", {"agent_id": argument("agent_id")}, bounds, scenario)


def living(id_: str) -> Thing:
    """A scenario that is not deleted. Raises ApiError if there is none."""
    try:
        row = owned("evals", id_)
        if row["deleted"]:
            raise ApiError(404, "not_found", "The scenario is deleted")
    except ApiError as error:
        if wrong("code-is-number") and request.method == "GET":
            raise ApiError(404, 404, error.message) from None
        raise
    return row


def turns(content: Thing, required: bool) -> Any:
    """The messages of a scenario."""
    value = content.get("messages")
    if value is None and required:
        raise missing("messages")
    if value is not None and not is_turns(value):
        raise invalid("messages")
    return value


def is_turns(value: Any) -> bool:
    """Whether a value is an array of objects."""
    return isinstance(value, list) and all(isinstance(turn, dict) for turn in value)


@routes.post("/evals")
@needs("evals:write")
def new_eval() -> Any:
    """Create a scenario."""
    content = body()
    if wrong("key-error"):
        [content[name] for name in ("agent_id", "business_id", "name", "messages")]
    values = {name: text(content, name, True) for name in ("agent_id", "business_id", "name")}
    values["description"] = text(content, "description")
    if wrong("description-lost"):
        values["description"] = None
    sent = turns(content, True)
    own_business(values["business_id"])
    owned("agents", values["agent_id"])
    row = data().insert("evals", deleted=0, messages=sent, **values)
    return scenario(row), 200 if wrong("created-200") else 201


@routes.patch("/evals")
@needs("evals:write")
def change_eval() -> Any:
    """Change some members of a scenario."""
    content = body()
    row = living(text(content, "id", True) or "")
    change: Thing = {}
    if "name" in content:
        change["name"] = text(content, "name", True)
    if "description" in content:
        change["description"] = text(content, "description")
    if "messages" in content:
        change["messages"] = turns(content, False)
    ids = [row["id"]]
    if wrong("all-changed"):
        query = "SELECT id FROM evals WHERE agent_id = ?"
        ids = [found[0] for found in data().db.execute(query, (row["agent_id"],))]
    for id_ in ids:
        data().update("evals", id_, change)
    return scenario(living(row["id"]))


@routes.delete("/evals")
@needs("evals:write")
def delete_eval() -> Any:
    """Delete a scenario."""
    id_ = argument("id")
    if id_ is None:
        raise missing("id")
    data().update("evals", living(id_)["id"], {"deleted": 1})
    return {"id": id_, "deleted": True}
