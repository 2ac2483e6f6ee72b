"""Channels that Apprise serves: Slack, Teams, mail, webhooks and many more.

An address may hold secrets anywhere, so it is never shown or stored. A channel is known by its
scheme and a few digits of a digest, too few to find the address by.
"""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import apprise

from conformance.base.errors import UsageError
from conformance.nightly.channels import VARIABLE, Channel
from conformance.nightly.notices import Message

DIGITS = 4
"""Hexadecimal digits of the digest in the name of a channel."""
SCHEME = 20
"""Maximum number of characters of the scheme in the name of a channel."""
WEBHOOKS = {"http": "json", "https": "jsons"}
"""The schemes of Apprise for webhooks that get JSON, by those of their addresses."""
PARTS = re.compile(r"%2C|[/?&=,]")
"""What separates the parts of an address. Apprise writes some lists in another order each time."""
ASSET = apprise.AppriseAsset(
    app_id="Conformance",
    app_desc="Nightly conformance run",
    app_url="",
    storage_mode=apprise.PersistentStoreMode.MEMORY,
)
"""How Apprise presents the sender. It stores nothing."""


def opened(addresses: Iterable[str], config: Path | None) -> tuple[Channel, ...]:
    """The channels of some addresses and of a configuration file of Apprise.

    Raises UsageError for an address that Apprise does not understand, and for a file in which it
    finds none.
    """
    _silence()
    services = [*_services_of(addresses), *(_services_in(config) if config else ())]
    channels = {name: Channel(name, _sender(service)) for name, service in _named(services)}
    return tuple(channels.values())


def _silence() -> None:
    """Keep Apprise from logging: its messages quote addresses, and what services respond."""
    logger = logging.getLogger("apprise")
    logger.addHandler(logging.NullHandler())
    logger.propagate = False


def _services_of(addresses: Iterable[str]) -> Iterator[apprise.NotifyBase]:
    """The services of some addresses. Raises UsageError if Apprise does not understand one."""
    for number, address in enumerate(addresses, 1):
        service = apprise.Apprise.instantiate(address, asset=ASSET)
        if service is None:
            raise UsageError(
                f"{VARIABLE}: Apprise does not understand address {number}. {_form(address)}"
            )
        yield service


def _form(address: str) -> str:
    """How to write an address that Apprise does not understand, without quoting it."""
    scheme = address.partition("://")[0].lower()
    if scheme in WEBHOOKS:
        return f"Write a webhook {scheme}://host/path as {WEBHOOKS[scheme]}://host/path."
    return "https://appriseit.com/services/ lists the forms."


def _services_in(path: Path) -> list[apprise.NotifyBase]:
    """The services in a configuration file of Apprise. Raises UsageError if there are none."""
    config = apprise.AppriseConfig(asset=ASSET)
    services: list[apprise.NotifyBase] = config.services() if config.add(str(path)) else []
    if not services:
        raise UsageError(f"{path}: Apprise finds no address in this file.")
    return services


def _named(services: Iterable[apprise.NotifyBase]) -> Iterator[tuple[str, apprise.NotifyBase]]:
    """Services with their names, which are the same every night, such as ``slack-3f2a``."""
    for service in services:
        address = str(service.url())  # type: ignore[no-untyped-call]
        parts = "\n".join(sorted(PARTS.split(address)))
        digest = hashlib.sha256(parts.encode(errors="replace")).hexdigest()
        yield f"{address.partition(':')[0][:SCHEME]}-{digest[:DIGITS]}", service


def _sender(service: apprise.NotifyBase) -> Callable[[Message], bool]:
    """A function that sends a message to a service, and returns whether that succeeded."""

    def deliver(message: Message) -> bool:
        try:
            return service.notify(
                title=message.title,
                body=message.body,
                notify_type=message.tone.value,
                body_format="text",
            )
        except Exception:  # a service may raise anything, and quote its address
            return False

    return deliver
