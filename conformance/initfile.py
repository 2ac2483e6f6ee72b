"""The text of a commented target file, made from its schema and from the names in a contract."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import MISSING, fields
from typing import Any

import yaml

from conformance.model import KEY_ROLES, Contract, Json
from conformance.target import KEY_VARIABLE, Target, names, schema

WIDTH = 98
ACTIVE = ("name", "url", "allow")
"""Members that stand in the file as they are; the others stand in it as comments."""


def text(contract: Contract) -> str:
    """A target file that only reads; everything else stands in it as a comment."""
    parts = [
        f"# Target file: the server under test ({contract.title} {contract.version}).\n"
        "# Keep keys out of it: ${NAME} takes the environment variable NAME.\n"
    ]
    for name, member in schema()["properties"].items():
        parts.append("\n".join([*_comment(member), *_example(contract, name, member)]) + "\n")
    return "\n".join(parts)


def key_table() -> str:
    """The keys of a target file as a Markdown table, for the documentation."""
    rows = [
        f"| `{role.name}` | {role.what} | {role.business or 'any'} | {'no' if role.dead else 'yes'} |"
        for role in KEY_ROLES.values()
    ]
    return "\n".join(["| key | what it is | business | valid |", "|---|---|---|---|", *rows])


def _comment(member: Mapping[str, Any]) -> Iterator[str]:
    """What a member means, and the parts of it that its example leaves out."""
    texts = [member["description"]]
    inner = member.get("items", member)
    for name, part in inner.get("properties", {}).items():
        if name not in inner.get("required", (name,)):
            texts.append(f"{name}: {part['description']}")
    for sentence in texts:
        yield from (f"# {line}" for line in textwrap.wrap(sentence, WIDTH))


def _example(contract: Contract, name: str, member: Mapping[str, Any]) -> Iterator[str]:
    """The lines of a member with an example value."""
    if name == "keys":
        yield from _keys()
        return
    if name in _EXAMPLES:
        value = _EXAMPLES[name](contract)
    else:
        value = _DEFAULTS.get(name) or _sample(member, names(contract))
    mark = "" if name in ACTIVE else "# "
    yield from (mark + line for line in _lines(name, value))


def _lines(name: str, value: Json) -> Iterator[str]:
    """A member as YAML: on one line if it fits, else with a line for each part of its value."""
    line = f"{name}: {_flow(value)}"
    if len(line) <= WIDTH:
        yield line
        return
    yield f"{name}:"
    if isinstance(value, list):
        yield from (f"  - {_flow(item)}" for item in value)
    else:
        yield from (f"  {member}: {_flow(inner)}" for member, inner in value.items())


def _flow(value: Json) -> str:
    """A value as YAML on one line."""
    dumped = yaml.safe_dump(value, default_flow_style=True, sort_keys=False, width=10_000)
    return str(dumped).removesuffix("...\n").strip()


def _keys() -> Iterator[str]:
    """A line for each key: the full one as it is usually given, the others as comments."""
    yield "keys:"
    for role in KEY_ROLES.values():
        line = f"#   {role.name}: ${{{role.name.upper()}_KEY}}"
        if role.name == "full":
            line = f"  full: ${{{KEY_VARIABLE}}}"
        yield f"{line:<34}# {role.what}"


def _sample(part: Mapping[str, Any], known: Mapping[str, Collection[str]]) -> Json:
    """A value that fits a part of the schema, with names that the contract has."""
    if "examples" in part:
        return part["examples"][0]
    if "x-names" in part:
        return next(iter(known[part["x-names"]]), "")
    if part["type"] == "array":
        return [_sample(part["items"], known)]
    if "properties" in part:
        members = part["properties"].items()
        return {name: _sample(inner, known) for name, inner in members if name in part["required"]}
    own = known[part["propertyNames"]["x-names"]]
    return {name: _sample(part["additionalProperties"], known) for name in own}


# --- examples that only the contract can give -----------------------------------------------------


def _url(contract: Contract) -> Json:
    return f"https://api.example.com{contract.base_path}"


def _scoped_keys(contract: Contract) -> Json:
    scopes = dict.fromkeys(scope for o in contract.operations.values() for scope in o.scopes)
    variables = {scope: scope.upper().translate(str.maketrans(":-", "__")) for scope in scopes}
    return {scope: f"${{{variable}_KEY}}" for scope, variable in variables.items()}


def _collections(contract: Contract) -> Json:
    lists = [operation for operation in contract.operations.values() if operation.paging]
    return {o.id: "items" for o in lists if o.paging and o.paging.collection is None}


def _inputs(contract: Contract) -> Json:
    creations = contract.operations_by("create")
    return {operation.id: {"parameter": "text {}"} for operation in creations[:1]}


def _triggers(contract: Contract) -> Json:
    return [
        {"code": code, "operation": operation.id, "input": {}}
        for operation in contract.operations.values()
        for code in operation.provokes
    ]


_EXAMPLES: Mapping[str, Callable[[Contract], Json]] = {
    "url": _url,
    "scoped_keys": _scoped_keys,
    "collections": _collections,
    "inputs": _inputs,
    "triggers": _triggers,
}
_DEFAULTS = {
    member.name: member.default for member in fields(Target) if member.default is not MISSING
}
"""Values that a target has without a file that says otherwise."""
