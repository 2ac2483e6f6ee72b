"""Target file, environment and flags -> Target: what is under test, and what may be done to it.

A Target has two halves. ``Target.keys`` are secrets and go to the transport alone; the public
``declaration`` is what plans, judges and reports may see, and what a replay is judged by.
"""

from __future__ import annotations

import ipaddress
import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from conformance import yamlfile
from conformance.contract import packaged
from conformance.errors import TargetError
from conformance.model import KEY_ROLES, SCOPE, Contract, Declaration, Effect, Open, Trigger, Waiver

KEY_VARIABLE = "CONFORMANCE_KEY"
DEFAULT_BUDGET = 12_000
DEFAULT_TIMEOUT = 15.0
FICTIONAL_NUMBER = "+12025550100"


def declaration_to_json(declaration: Declaration) -> dict[str, Any]:
    """The declaration as stored in run.json."""
    return {
        "name": declaration.name,
        "url": declaration.url,
        "allow": [effect.value for effect in Effect if effect in declaration.allow],
        "keys": sorted(declaration.keys),
        "full_declared": declaration.full_declared,
        "businesses": dict(declaration.businesses),
        "phone_numbers": list(declaration.phone_numbers),
        "maximum": dict(declaration.maximum),
        "collections": dict(declaration.collections),
        "inputs": {operation: dict(values) for operation, values in declaration.inputs.items()},
        "triggers": [_trigger_to_json(trigger) for trigger in declaration.triggers],
        "clock": dict(declaration.clock) if declaration.clock else None,
        "addresses": list(declaration.addresses),
        "inapplicable": sorted(declaration.inapplicable),
        "waivers": [_waiver_to_json(waiver) for waiver in declaration.waivers],
    }


def declaration_from_json(value: Mapping[str, Any]) -> Declaration:
    """The inverse of ``declaration_to_json``. Raises KeyError, TypeError or ValueError."""
    return Declaration(
        name=value["name"],
        url=value["url"],
        allow=frozenset(Effect(effect) for effect in value["allow"]),
        keys=frozenset(value["keys"]),
        full_declared=value["full_declared"],
        businesses=value["businesses"],
        phone_numbers=tuple(value["phone_numbers"]),
        maximum=value["maximum"],
        collections=value["collections"],
        inputs=value["inputs"],
        triggers=tuple(Trigger(**trigger) for trigger in value["triggers"]),
        clock=value["clock"],
        addresses=tuple(value["addresses"]),
        inapplicable=frozenset(value["inapplicable"]),
        waivers=tuple(_waiver(waiver) for waiver in value["waivers"]),
    )


@dataclass(frozen=True)
class Target:
    """A server under test with the secrets to reach it. Never printed, never stored."""

    declaration: Declaration
    keys: Mapping[str, str] = field(repr=False)
    budget: int = DEFAULT_BUDGET
    rate: float | None = None  # requests per second, at most
    timeout: float = DEFAULT_TIMEOUT  # seconds for one request

    def shared(self, index: int, count: int) -> Target:
        """The part of one of several workers: its own addresses, and its share of budget and rate."""
        own = replace(self.declaration, addresses=self.declaration.addresses[index::count])
        return replace(
            self, declaration=own, budget=self.budget // count, rate=self.rate and self.rate / count
        )


def named(contract: Contract, declaration: Declaration) -> Contract:
    """The contract with the members that hold the items of a list as the target names them, where the contract does not."""
    operations = dict(contract.operations)
    for name, member in declaration.collections.items():
        operation = operations.get(name)
        if operation and operation.paging and operation.paging.collection is None:
            operations[name] = replace(
                operation, paging=replace(operation.paging, collection=member)
            )
    return replace(contract, operations=operations)


def _trigger_to_json(trigger: Trigger) -> dict[str, Any]:
    more = {"payment": trigger.payment, "firm": trigger.firm}
    told = {"code": trigger.code, "operation": trigger.operation, "input": dict(trigger.input)}
    return told | {name: value for name, value in more.items() if value}


def _waiver(row: Mapping[str, Any]) -> Waiver:
    return Waiver(
        row["clause"],
        tuple(row.get("operations", ())),
        row["reason"],
        row["owner"],
        date.fromisoformat(row["expires"]),
    )


def _waiver_to_json(waiver: Waiver) -> dict[str, Any]:
    return {
        "clause": waiver.clause,
        "operations": list(waiver.operations),
        "reason": waiver.reason,
        "owner": waiver.owner,
        "expires": waiver.expires.isoformat(),
    }


def from_flags(contract: Contract, url: str, key: str | None) -> Target:
    """A target known by its address and one key: only what reads is allowed."""
    url = _checked_url(contract, url, "--url")
    keys = {"full": _checked_key(key, "--key")} if key else {}
    name = urlsplit(url).netloc
    declaration = Declaration(
        name, url, frozenset({Effect.READ}), frozenset(keys), full_declared=False
    )
    return Target(declaration, keys)


def from_file(
    contract: Contract, path: Path, url: str | None = None, key: str | None = None
) -> Target:
    """Read a target file; ``url`` and ``key`` replace what it says, the key of the environment stands in for none.

    Raises TargetError with every fault.
    """
    faults: list[str] = []
    file = yamlfile.read(path, str(path), faults)
    if file is None or not yamlfile.validate(
        file, schema(), faults, secret=("keys", "scoped_keys")
    ):
        raise _faulty(faults)
    data = file.value
    if url:
        data["url"] = _checked_url(contract, url, "--url")
    declared = "full" in data.get("keys", {})
    undeclared = key or (None if declared else os.environ.get(KEY_VARIABLE))
    if undeclared:
        data.setdefault("keys", {})["full"] = _checked_key(
            undeclared, "--key" if key else KEY_VARIABLE
        )
    _check_names(contract, file, faults)
    keys = _keys(file, faults)
    addresses = _addresses(file, faults)
    try:
        data["url"] = _checked_url(
            contract, data["url"], file.fault(("url",), "url").removesuffix(": url")
        )
    except TargetError as error:
        faults.append(str(error))
    if faults:
        raise _faulty(faults)
    declaration = _declaration(data, frozenset(keys), addresses, full_declared=not undeclared)
    return Target(
        declaration,
        keys,
        data.get("budget", DEFAULT_BUDGET),
        data.get("rate"),
        data.get("timeout", DEFAULT_TIMEOUT),
    )


def schema() -> dict[str, Any]:
    """The JSON Schema of target files, with the names of the keys."""
    text = (packaged() / "meta" / "target.schema.json").read_text(encoding="utf-8")
    whole: dict[str, Any] = json.loads(text)
    keys = whole["properties"]["keys"]
    secret = keys["additionalProperties"]
    keys["properties"] = {role.name: secret | {"title": role.what} for role in KEY_ROLES.values()}
    keys["additionalProperties"] = False
    return whole


def _declaration(
    data: Mapping[str, Any],
    keys: frozenset[str],
    addresses: tuple[str, ...],
    *,
    full_declared: bool,
) -> Declaration:
    return Declaration(
        name=data.get("name", urlsplit(data["url"]).netloc),
        url=data["url"],
        allow=frozenset(Effect(effect) for effect in data.get("allow", ["read"])) | {Effect.READ},
        keys=keys,
        full_declared=full_declared,
        businesses=data.get("businesses", {}),
        phone_numbers=tuple(data.get("phone_numbers", ())),
        maximum=data.get("maximum", {}),
        collections=data.get("collections", {}),
        inputs=data.get("inputs", {}),
        triggers=tuple(Trigger(**trigger) for trigger in data.get("triggers", ())),
        clock=data.get("clock"),
        addresses=addresses,
        inapplicable=frozenset(data.get("inapplicable", ())),
        waivers=tuple(_waiver(waiver) for waiver in data.get("waivers", ())),
    )


def _faulty(faults: list[str]) -> TargetError:
    return TargetError(
        "\n".join(["The target file is not usable:", *(f"  {fault}" for fault in faults)])
    )


def _check_names(contract: Contract, file: yamlfile.YamlFile, faults: list[str]) -> None:
    """Operations, codes and clauses that a target file names must exist: a typo would match nothing."""
    data = file.value

    def known(place: yamlfile.Place, name: str, what: str, names: Any) -> None:
        if name not in names:
            faults.append(
                file.fault(
                    place, f"the contract has no {what} {name}; known: {', '.join(sorted(names))}"
                )
            )

    for index, trigger in enumerate(data.get("triggers", ())):
        known(("triggers", index, "code"), trigger["code"], "code", contract.errors)
        known(
            ("triggers", index, "operation"), trigger["operation"], "operation", contract.operations
        )
        if "payment" in trigger and trigger["operation"] in contract.operations:
            paid = [operation.id for operation in contract.operations.values() if operation.payment]
            known(
                ("triggers", index, "payment"),
                trigger["operation"],
                "operation that takes a payment,",
                paid,
            )
    for index, waiver in enumerate(data.get("waivers", ())):
        known(("waivers", index, "clause"), waiver["clause"], "clause", contract.clauses)
        for at, operation in enumerate(waiver.get("operations", ())):
            known(("waivers", index, "operations", at), operation, "operation", contract.operations)
    for index, operation in enumerate(data.get("inapplicable", ())):
        known(("inapplicable", index), operation, "operation", contract.operations)
    lists = [operation.id for operation in contract.operations.values() if operation.paging]
    for member in ("maximum", "collections"):
        for operation in data.get(member, {}):
            known((member, operation), operation, "list", lists)
    for operation, values in data.get("inputs", {}).items():
        known(("inputs", operation), operation, "operation", contract.operations)
        described = contract.operations.get(operation)
        if (
            described and Open.INPUT not in described.open
        ):  # what an open input holds, only the target knows
            names = {parameter.name for parameter in described.parameters}
            for name in values:
                known(("inputs", operation, name), name, f"parameter of {operation},", names)
    scopes = {scope for operation in contract.operations.values() for scope in operation.scopes}
    for scope in data.get("scoped_keys", {}):
        known(("scoped_keys", scope), scope, "scope", scopes)


def _keys(file: yamlfile.YamlFile, faults: list[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    entries = [(("keys", role), role) for role in file.value.get("keys", {})]
    entries += [
        (("scoped_keys", scope), SCOPE + scope) for scope in file.value.get("scoped_keys", {})
    ]
    for place, role in entries:
        value = file.value[place[0]][place[1]]
        variable = re.fullmatch(r"\$\{(\w+)\}", value)
        if variable:
            value = os.environ.get(variable[1], "")
            if not value:
                faults.append(
                    file.fault(place, f"the environment variable {variable[1]} is not set")
                )
                continue
        try:
            found[role] = _checked_key(value, "/".join(place))
        except TargetError as error:
            faults.append(file.fault(place, str(error)))
    places = {role: place for place, role in entries}
    values = list(found.values())
    for role in (role for role, value in found.items() if values.count(value) > 1):
        faults.append(
            file.fault(
                places[role],
                f"the key of {role} is given for another role as well; each role needs a key of its own",
            )
        )
    return found


def _checked_key(key: str, where: str) -> str:
    if not re.fullmatch(r"[\x21-\x7e]{8,}", key):
        raise TargetError(
            f"{where}: a key is at least 8 characters of printable ASCII without spaces"
        )
    return key


def _checked_url(contract: Contract, url: str, where: str) -> str:
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise TargetError(f"{where}: {_shown(url)} is not an address: {error}") from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise TargetError(
            f"{where}: {_shown(url)} is not an http or https address; write it as https://host{contract.base_path}"
        )
    if parts.username or parts.password:
        raise TargetError(
            f"{where}: the address holds a user name or password; take it out, keys go into the target file"
        )
    if parts.query or parts.fragment:
        raise TargetError(f"{where}: the address must end with the base path, without ? or #")
    try:
        _ = parts.port
    except ValueError:
        raise TargetError(f"{where}: {_shown(url)} has a port that is no port") from None
    path = parts.path.rstrip("/")
    if not path.endswith(contract.base_path):
        raise TargetError(
            f"{where}: the address must include {contract.base_path}, such as {parts.scheme}://{parts.netloc}{contract.base_path}"
        )
    return f"{parts.scheme}://{parts.netloc}{path}"


def _shown(url: str) -> str:
    return repr(re.sub(r"//[^/@]*@", "//...@", url))


def _addresses(file: yamlfile.YamlFile, faults: list[str]) -> tuple[str, ...]:
    addresses: tuple[str, ...] = ()
    for index, text in enumerate(file.value.get("addresses", ())):
        try:
            addresses += _hosts(text)
        except ValueError:
            message = f"{text!r} is neither an IP address nor a network such as 127.0.0.0/8"
            faults.append(file.fault(("addresses", index), message))
    return addresses


def _hosts(text: str) -> tuple[str, ...]:
    """A local source address, or the first hosts of a network beyond its first. Raises ValueError."""
    network = ipaddress.ip_network(text, strict=False)
    if network.num_addresses == 1:
        return (str(network[0]),)
    return tuple(str(host) for host in islice(network.hosts(), 1, 201))
