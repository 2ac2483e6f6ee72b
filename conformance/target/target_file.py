"""Builds a Target, what is tested and what is allowed, from target file, environment and options.

A Target has two halves. ``Target.keys`` are secrets, passed only to the transport. The public
``declaration`` is all that plans, judges and reports may see, and what a replay is judged by.
"""

from __future__ import annotations

import ipaddress
import os
import re
import ssl
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import date
from itertools import islice
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import SplitResult, urlsplit

from conformance.base import tls
from conformance.base.errors import TargetError, reason
from conformance.base.tls import Trust
from conformance.base.values import picked
from conformance.base.yaml_file import Place, YamlFile
from conformance.log import convert
from conformance.model import Contract, Declaration, Effect, KeyName
from conformance.target import form, keyring, names, scope, waivers
from conformance.target.form import faulty
from conformance.target.keyring import GivenKey

KEY_VARIABLE = "CONFORMANCE_KEY"
DEFAULT_BUDGET = 13_000
DEFAULT_TIMEOUT = 15.0
HOSTS = 200
"""Maximum number of addresses used from a network."""


@dataclass(frozen=True)
class Target:
    """A server under test with the secrets for it. Never printed, never stored."""

    declaration: Declaration
    keys: Mapping[str, str] = field(repr=False)  # by role
    budget: int = DEFAULT_BUDGET  # maximum number of requests
    rate: float | None = None  # maximum number of requests per second
    timeout: float = DEFAULT_TIMEOUT  # seconds per request
    ca: Path | None = None  # certificates of a private authority
    areas: Mapping[str, str] = field(default_factory=dict)  # excluded areas, with their places
    warnings: tuple[str, ...] = ()  # for whoever runs the suite

    @property
    def trust(self) -> Trust:
        """Which certificates are accepted."""
        return Trust(self.ca, self.declaration.verify)

    def shared(self, index: int, count: int) -> Target:
        """The share of worker ``index`` of ``count``: own addresses, and a part of each limit."""
        addresses = self.declaration.addresses[index::count]
        disk = self.declaration.disk // count
        return replace(
            self,
            declaration=replace(self.declaration, addresses=addresses, disk=disk),
            budget=self.budget // count,
            rate=self.rate and self.rate / count,
        )


def with_collections(contract: Contract, declaration: Declaration) -> Contract:
    """The contract, completed by the collection members that the target declares.

    A member that the contract itself names takes precedence.
    """
    operations = dict(contract.operations)
    for name, member in declaration.collections.items():
        paging = operations[name].paging if name in operations else None
        if paging and paging.collection is None:
            paging = replace(paging, collection=member)
            operations[name] = replace(operations[name], paging=paging)
    return replace(contract, operations=operations)


def from_flags(contract: Contract, url: str, key: str | None) -> Target:
    """A target defined by its address and at most one key, which allows only reads.

    Raises TargetError for a malformed address or key.
    """
    url = _checked_url(url, "--url")
    keys = {KeyName.FULL.value: keyring.checked(key, "--key")} if key else {}
    declaration = Declaration(
        name=urlsplit(url).netloc,
        url=url,
        allow=frozenset({Effect.READ}),
        keys=frozenset(keys),
        full_declared=False,
    )
    return Target(declaration, keys, warnings=_path_warnings(contract, url))


def from_file(
    contract: Contract,
    path: Path,
    url: str | None = None,
    key: str | None = None,
    *,
    today: date | None = None,
) -> Target:
    """Read a target file. ``url`` and ``key`` override those in the file.

    If the file has no keys, the full key is read from the environment. ``today`` is the day of the
    run in UTC, by default the current one. Raises TargetError with all faults.
    """
    file = form.valid(path)
    faults: list[str] = []
    if url:
        file.value["url"] = _checked_url(url, "--url")
    was_inserted = _insert_full_key(file.value, key)
    full_declared = not was_inserted  # any full key is that of the file
    names.check(contract, file, form.schema(), faults)
    waivers.check(file, today or waivers.this_day(), faults)
    given = keyring.read(contract, file)
    keys = _keys(file, given, faults)
    written_in_file = given if full_declared else _of_file(given)
    derived = {
        "key_scopes": keyring.scopes(given),
        "inapplicable": scope.lacking(contract, file.value),
        "areas": scope.areas(contract, file),
        "keys": sorted(keys),
        "full_declared": full_declared,
        "addresses": _addresses(file, faults),
        "url": _url(file, faults),
        **_authority(file, path.parent, faults),
        "warnings": keyring.warnings(path, written_in_file),
    }
    if faults:
        raise faulty(faults)
    target = _target(file.value | derived, keys)
    off_path = _path_warnings(contract, target.declaration.url)
    return replace(target, warnings=(*target.warnings, *off_path))


def declared(contract: Contract, path: Path, today: date) -> Declaration:
    """What a target file declares, read without the environment. It has no keys.

    Raises TargetError with the faults that do not concern keys.
    """
    file = form.valid(path)
    faults: list[str] = []
    names.check(contract, file, form.schema(), faults)
    waivers.check(file, today, faults)
    derived = {
        "inapplicable": scope.lacking(contract, file.value),
        "keys": [],
        "full_declared": False,
        "addresses": _addresses(file, faults),
        "url": _url(file, faults),
    }
    if faults:
        raise faulty(faults)
    return _target(file.value | derived, {}).declaration


def _insert_full_key(data: dict[str, Any], key: str | None) -> bool:
    """Insert the full key from --key or the environment into the content of a target file.

    It replaces the full key of the file. The environment counts only if the file has no keys.
    Returns whether a key was inserted.
    """
    keys = data.setdefault("keys", {})
    where = "--key" if key else KEY_VARIABLE
    if not key and not keys:  # a file without a full key may be restricted on purpose
        key = os.environ.get(KEY_VARIABLE)
    if not key:
        return False
    key = keyring.checked(key, where)
    if isinstance(keys, list):
        others = [entry for entry in keys if entry.get("role") != KeyName.FULL]
        data["keys"] = [*others, {"role": KeyName.FULL.value, "key": key}]
    else:
        keys[KeyName.FULL.value] = key
    return True


def _of_file(given: Iterable[GivenKey]) -> list[GivenKey]:
    """The keys that the file itself gives if the full key was inserted."""
    return [key for key in given if key.role != KeyName.FULL]


def _target(data: Mapping[str, Any], keys: Mapping[str, str]) -> Target:
    """The target of a checked file, whose members become the fields of the same names.

    A target without a name is named after its host. Reads are always allowed.
    """
    defaults = {"name": urlsplit(data["url"]).netloc, "allow": []}
    declared = defaults | picked(data, _names_of(Declaration))
    declared["allow"] = [Effect.READ, *declared["allow"]]
    other_fields = picked(data, _names_of(Target) - {"declaration", "keys"})
    return Target(convert.from_json(declared, Declaration), keys, **other_fields)


def _names_of(noun: type[Declaration | Target]) -> set[str]:
    return {field.name for field in fields(noun)}


# --- keys -----------------------------------------------------------------------------------------


def _keys(file: YamlFile, given_keys: Iterable[GivenKey], faults: list[str]) -> dict[str, str]:
    """The keys of a file by role, with environment variables resolved.

    Adds a fault for each that is malformed or not set, and for a role or a key that appears twice.
    """
    keys: dict[str, str] = {}
    places: dict[str, Place] = {}
    for given in given_keys:
        if given.role in keys:
            message = (
                f"two keys have the role {given.role}: give them different scopes or businesses"
            )
            faults.append(file.fault(given.place, message))
            continue
        places[given.role] = given.place
        try:
            where = "/".join(str(step) for step in given.place)
            keys[given.role] = keyring.checked(keyring.from_environment(given.text), where)
        except TargetError as error:
            faults.append(file.fault(given.place, str(error)))
    values = list(keys.values())
    for role, key in keys.items():
        if values.count(key) > 1:
            message = f"{role} has the same key as another role; each role needs its own key"
            faults.append(file.fault(places[role], message))
    return keys


# --- addresses ------------------------------------------------------------------------------------


def _url(file: YamlFile, faults: list[str]) -> str | None:
    """The address in a file; None, and a fault, if it cannot be used."""
    try:
        return _checked_url(file.value["url"], file.where(("url",)))
    except TargetError as error:
        faults.append(str(error))
        return None


def _path_warnings(contract: Contract, url: str) -> tuple[str, ...]:
    """A warning if a checked address does not end with the base path of the contract."""
    parts = urlsplit(url)
    if parts.path.endswith(contract.base_path):
        return ()
    expected = f"{parts.scheme}://{parts.netloc}{contract.base_path}"
    return (
        f"{url} does not end with {contract.base_path}, the base path in the contract. "
        f"If the API is not mounted elsewhere, use {expected}.",
    )


def _checked_url(url: str, where: str) -> str:
    """The address without a trailing slash. Raises TargetError if it cannot be used."""
    parts = _split(url, where)
    path = parts.path.rstrip("/")
    if parts.username or parts.password:
        _refuse(where, "remove user name and password from the address; give keys separately")
    if parts.query or parts.fragment:
        _refuse(where, "the address must end with the base path, without a query or fragment")
    return f"{parts.scheme}://{parts.netloc}{path}"


def _split(url: str, where: str) -> SplitResult:
    """The parts of an http or https address. Raises TargetError for any other text."""
    quoted = repr(re.sub(r"//[^/@]*@", "//...@", url))  # without a password
    try:
        parts = urlsplit(url)
    except ValueError as error:
        _refuse(where, f"{quoted} is not an address: {error}")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        _refuse(where, f"{quoted} is not an http or https address, such as https://host/path")
    try:
        _ = parts.port  # raises ValueError if it is not a port number
    except ValueError as error:
        _refuse(where, f"{quoted} is not an address: {error}")
    return parts


def _authority(file: YamlFile, folder: Path, faults: list[str]) -> dict[str, Path]:
    """The member ``ca`` as a path below the folder of the file; empty if the file has none.

    Adds a fault if there are no certificates.
    """
    if "ca" not in file.value:
        return {}
    place = folder / file.value["ca"]
    try:
        tls.check(place)
    except (OSError, ssl.SSLError) as error:
        why = reason(error)
        message = f"{place} contains no PEM certificates of an authority: {why}"
        faults.append(file.fault(("ca",), message))
    return {"ca": place}


def _refuse(where: str, message: str) -> NoReturn:
    raise TargetError(f"{where}: {message}") from None


def _addresses(file: YamlFile, faults: list[str]) -> list[str]:
    """The addresses that requests may be sent from; adds a fault for each malformed entry."""
    addresses: list[str] = []
    for index, text in enumerate(file.value.get("addresses", ())):
        try:
            addresses += _hosts(text)
        except ValueError:
            message = f"{text!r} is neither an IP address nor a network such as 127.0.0.0/8"
            faults.append(file.fault(("addresses", index), message))
    return addresses


def _hosts(text: str) -> list[str]:
    """A single address, or up to HOSTS addresses of a network. Raises ValueError for other texts.

    The first host of a network is left out.
    """
    network = ipaddress.ip_network(text, strict=False)
    if network.num_addresses == 1:
        return [str(network[0])]
    return [str(host) for host in islice(network.hosts(), 1, HOSTS + 1)]
