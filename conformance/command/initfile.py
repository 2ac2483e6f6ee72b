"""The text of a commented target file, generated from its schema and the names in a contract."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import MISSING, fields
from typing import Any

import yaml

from conformance.model import KEY_ROLES, Contract, Json, KeyName
from conformance.target import KEY_VARIABLE, Target, names, schema

WIDTH = 98
ACTIVE = ("name", "url", "allow")
"""Members that are active in the file; the others are commented out."""


def text(contract: Contract, found: Mapping[str, tuple[Json, str]] = {}) -> str:
    """A target file that allows only reads; everything else in it is commented out.

    Each member of the schema comes with its description and an example that uses names from the
    contract. ``found`` holds values of members by name, each with how it was seen. These members
    are active.
    """
    parts = [
        f"# Target file: the server under test ({contract.title} {contract.version}).\n"
        "# Keep keys out of it: ${NAME} is replaced by the environment variable NAME, and\n"
        "# --key-file FILE reads the full key from a file.\n"
    ]
    for name, member in schema()["properties"].items():
        if name in found:
            value, how = found[name]
            lines = [*_comment(member), f"# {how}", *_lines(name, value)]
        else:
            lines = [*_comment(member), *_example(contract, name, member)]
        parts.append("\n".join(lines) + "\n")
    return "\n".join(parts)


def key_table() -> str:
    """The keys of a target file as a Markdown table, for the documentation."""
    lines = ["| key | description | business | valid |", "|---|---|---|---|"]
    for role in KEY_ROLES.values():
        business = role.business or "any"
        valid = "no" if role.dead else "yes"
        lines.append(f"| `{role.name}` | {role.what} | {business} | {valid} |")
    return "\n".join(lines)


def _comment(member: Mapping[str, Any]) -> Iterator[str]:
    """Comment lines: the description of a member, and those of the parts that its example omits."""
    sentences = [member["description"]]
    inner = member.get("items", member)
    parts = inner.get("properties", {})
    in_example = inner.get("required", parts)  # see _sample
    for name, part in parts.items():
        if name not in in_example:
            sentences.append(f"- `{name}`: {part['description']}")
    for sentence in sentences:
        for line in textwrap.wrap(sentence, WIDTH):
            yield f"# {line}"


def _example(contract: Contract, name: str, member: Mapping[str, Any]) -> Iterator[str]:
    """The lines of an example for a member, commented out unless the member is active."""
    if name == "keys":
        yield from _keys()
        return
    mark = "" if name in ACTIVE else "# "
    for line in _lines(name, _value(contract, name, member)):
        yield mark + line


def _keys() -> Iterator[str]:
    """A line for each key: the full key is active, the others are comments."""
    yield "keys:"
    for role in KEY_ROLES.values():
        line = f"#   {role.name}: ${{{role.name.upper()}_KEY}}"
        if role.name == KeyName.FULL:
            line = f"  full: ${{{KEY_VARIABLE}}}"
        yield f"{line:<34}# {role.what}"


def _value(contract: Contract, name: str, member: Mapping[str, Any]) -> Json:
    """An example for a member: from the contract, else the default, else from the schema."""
    if name in _EXAMPLES:
        return _EXAMPLES[name](contract)
    if name in _DEFAULTS:
        return _DEFAULTS[name]
    return _sample(member, names.known(contract))


def _sample(part: Mapping[str, Any], known: Mapping[str, Collection[str]]) -> Json:
    """A value that fits a part of the schema: its first example, or else one made of names.

    ``known`` has the names of the contract by kind; ``x-names`` in the schema says which kind to
    use. A text is the first of them. An object has only its required members, or all known names
    if ``x-names`` names its members.
    """
    if "examples" in part:
        return part["examples"][0]
    if "x-names" in part:
        return next(iter(known[part["x-names"]]), "")
    if part["type"] == "array":
        return [_sample(part["items"], known)]
    if "properties" in part:
        required = part["required"]
        return {name: _sample(part["properties"][name], known) for name in required}
    value = _sample(part["additionalProperties"], known)
    return dict.fromkeys(known[part["propertyNames"]["x-names"]], value)


# --- YAML -----------------------------------------------------------------------------------------


def _lines(name: str, value: Json) -> Iterator[str]:
    """A member as YAML: on one line if it fits, else with one line per item or member."""
    line = f"{name}: {_flow(value)}"
    if len(line) <= WIDTH:
        yield line
        return
    yield f"{name}:"
    if isinstance(value, list):
        for item in value:
            yield f"  - {_flow(item)}"
    else:
        for member, inner in value.items():
            yield f"  {member}: {_flow(inner)}"


def _flow(value: Json) -> str:
    """A value as YAML on one line."""
    dumped = yaml.safe_dump(value, default_flow_style=True, sort_keys=False, width=10_000)
    return str(dumped).removesuffix("...\n").strip()  # without the mark after a bare scalar


# --- examples that only the contract can give -----------------------------------------------------


def _url(contract: Contract) -> Json:
    return f"https://api.example.com{contract.base_path}"


def _scoped_keys(contract: Contract) -> Json:
    """An environment variable for each scope, in the order of the contract."""
    keys = {}
    for operation in contract.operations.values():
        for scope in operation.scopes:
            variable = re.sub(r"[:-]", "_", scope.upper())
            keys[scope] = f"${{{variable}_KEY}}"
    return keys


def _collections(contract: Contract) -> Json:
    """The lists for which the contract does not name the member that holds the items."""
    collections = {}
    for operation in contract.operations.values():
        if operation.paging and operation.paging.collection is None:
            collections[operation.id] = "items"
    return collections


def _inputs(contract: Contract) -> Json:
    """A text for a made-up parameter of a creation; a run fills ``{}`` with unique words."""
    creations = contract.operations_by("create")
    if not creations:
        return {}
    return {creations[0].id: {"parameter": "text {}"}}


def _only(contract: Contract) -> Json:
    """One operation by its id, and another by its route."""
    first, *_, last = contract.operations.values()
    return [first.id, last.route]


def _absent(contract: Contract) -> Json:
    """The first filter that a server may lack."""
    for operation in contract.operations.values():
        for parameter in operation.plain_filters:
            return {operation.id: [parameter.name]}
    return {}


def _triggers(contract: Contract) -> Json:
    """A trigger for each code that the contract says an operation provokes."""
    triggers = []
    for operation in contract.operations.values():
        for code in operation.provokes:
            triggers.append({"code": code, "operation": operation.id, "input": {}})
    return triggers


_EXAMPLES: Mapping[str, Callable[[Contract], Json]] = {
    "url": _url,
    "scoped_keys": _scoped_keys,
    "collections": _collections,
    "inputs": _inputs,
    "only": _only,
    "absent": _absent,
    "triggers": _triggers,
}
_DEFAULTS = {
    member.name: member.default
    for member in fields(Target)
    if member.default not in (MISSING, None)
}
"""Default values of the members of a target."""
