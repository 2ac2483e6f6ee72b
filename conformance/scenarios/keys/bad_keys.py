"""Sends bad keys in place of a valid one, and valid keys in places where they do not belong."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from conformance.model import DEAD_KEYS, Effect, Exchange, Facts, Form, KeyName, Placeholder
from conformance.plan.registry import Depth
from conformance.scenarios.client.client import Client
from conformance.scenarios.keys import key_forms
from conformance.scenarios.keys.key_forms import RefusedKeys
from conformance.scenarios.keys.widened import has_options, later_page, widened_values
from conformance.transport.message import Message, encoded, message_for
from conformance.transport.near_misses import BASIC

DEAD_FORMS = tuple(Form(role) for role in DEAD_KEYS)
QUERY_NAMES = ("key", "access_token")
"""Query parameters that a server may take a key from, in addition to the contract's secrets."""


def send_bad_keys(client: Client, values: dict[str, Any]) -> list[Exchange]:
    """Send no key, then each form of a bad one. Returns the exchanges on the unaltered path.

    One of the dead keys is left out if it is sent later, with the optional parameters of a read.
    """
    operation, keys = client.operation, client.params(RefusedKeys)
    sent = [_send_without_key(client, values)]
    if operation.method == "GET":
        _send_to_respelled_paths(client, values)
    for place in keys.of(key_forms.MISPLACED):
        sent.append(_send_misplaced(client, values, place))
    for text in keys.of(key_forms.MALFORMED):
        sent.append(_send_malformed(client, values, text))
    may_send_options = operation.effect is Effect.READ and client.target.opens(operation)
    one_is_sent_later = may_send_options and has_options(client, values)
    for form in (Form.UNKNOWN, Form.ALTERED, *DEAD_FORMS):
        if one_is_sent_later and form is _later_dead_form(client):
            continue
        for key in keys.of(form):
            sent.append(client.mistake(operation, values, key=key, facts=Facts(form=form)))
    return sent


def _later_dead_form(client: Client) -> Form:
    """The form of the dead key that is sent with the optional parameters: expired or revoked.

    Which of them depends on the operation alone.
    """
    return DEAD_FORMS[len(client.operation.id) % len(DEAD_FORMS)]


def _send_without_key(client: Client, values: dict[str, Any]) -> Exchange:
    """Send no key, with headers that claim a local address, which no server may trust."""
    message = message_for(client.operation, values)
    more = (("X-Forwarded-For", "127.0.0.1"), ("Accept", "*/*"))
    message = replace(message, headers=(*message.headers, *more))
    return _send_without_valid_key(client, message, Form.MISSING)


def _send_without_valid_key(
    client: Client, message: Message, form: Form, carried: tuple[tuple[str, str], ...] = ()
) -> Exchange:
    """Send a message with the headers ``carried``, if any, in place of the one with a key."""
    facts = Facts(mistake=True, form=form)
    return client.raw(message, client.operation.id, carried=carried, key=None, facts=facts)


def _send_to_respelled_paths(client: Client, values: dict[str, Any]) -> None:
    """Send no key to other spellings of the path, which a server may treat as the same path.

    A deep run sends all of them, any other run two for a list and one for another read.
    """
    message = message_for(client.operation, values)
    path, mark, query = encoded(message).partition("?")
    spellings = [f"{path}/", path.upper(), f"/{path}"]
    if client.depth is not Depth.DEEP:
        count = 2 if client.operation.action == "list" else 1
        spellings = spellings[:count]
    facts = Facts(mistake=True, odd=True, form=Form.SPELLED)
    for spelling in spellings:
        # no operation is named, because this may not be a path of the API
        spelled = replace(message, raw_target=f"{spelling}{mark}{query}")
        client.raw(spelled, carried=(), key=None, facts=facts)


def _send_misplaced(client: Client, values: dict[str, Any], place: str) -> Exchange:
    """Send a valid key in a place where it does not belong."""
    message = replace(message_for(client.operation, values), misplaced=True)
    if place == key_forms.IN_QUERY:
        form = Form.MISPLACED
        message = replace(message, query=(*message.query, *_in_query(client)))
    else:
        form = Form.SCHEME
        header = (client.contract.authentication.header, _after_scheme(client, place))
        message = replace(message, headers=(*message.headers, header))
    facts = Facts(mistake=True, form=form)
    return client.raw(message, client.operation.id, carried=(), key=KeyName.FULL, facts=facts)


def _in_query(client: Client) -> Iterator[tuple[str, str]]:
    """The main key under every name by which a query may carry one."""
    for name in (*QUERY_NAMES, *sorted(client.contract.secret_members)):
        yield name, str(_main_key(client))


def _main_key(client: Client) -> Placeholder:
    """The placeholder of the key that makes most requests."""
    return Placeholder.of_identity(client.target.main_key or KeyName.FULL)


def _after_scheme(client: Client, place: str) -> str:
    """The main key after another scheme, or as the user name of Basic authentication."""
    key = _main_key(client)
    if place == key_forms.BASIC_USER:
        return f"Basic {replace(key, suffix=BASIC)}"
    return f"{place} {key}"


def _send_malformed(client: Client, values: dict[str, Any], text: str) -> Exchange:
    """Send a header without a key.

    A mere prefix or an endless text after the scheme may be taken for a key, so it counts as one
    that was never issued.
    """
    authentication = client.contract.authentication
    token = text.removeprefix(f"{authentication.scheme} ")
    resembles_key = token in (*authentication.prefixes, key_forms.ENDLESS)
    form = Form.UNKNOWN if resembles_key else Form.SCHEME
    message = message_for(client.operation, values)
    return _send_without_valid_key(client, message, form, ((authentication.header, text),))


def send_dead_keys_beside_options(client: Client, values: dict[str, Any]) -> None:
    """Send an expired and a revoked key, one of them with every optional parameter.

    The other one requests a later page if the operation is a list, and so do both if it has no
    optional parameter. A key with neither to add is not sent.
    """
    operation, keys = client.operation, client.params(RefusedKeys)
    form_with_options, page = _later_dead_form(client), later_page(client)
    for form in DEAD_FORMS:
        for key in keys.of(form):
            if form is form_with_options and has_options(client, values):
                request = widened_values(client, values)
            elif page:
                request = {**values, **page}
            else:
                continue
            client.mistake(operation, request, key=key, facts=Facts(form=form))
