"""The titles of causes, by rule: sentences of harm, for the person who has to fix the target."""

from __future__ import annotations

from collections.abc import Mapping

from conformance.causes.data_templates import OF_DATA
from conformance.causes.finding_key import ERROR, FAULT
from conformance.causes.forms import (
    ACCEPTED,
    ANY,
    LACKING,
    STATUS,
    Cases,
    always,
    of_errors,
    refusals,
)
from conformance.causes.write_templates import OF_WRITES

_OF_RESPONSES: Mapping[str, Cases] = {
    FAULT: always(
        '"{coded}" comes with a wrong status',
        "{route} fails on {flaw}",
        "The server fails on {flaw}",
        "{route} fails on {sort} requests",
        "The server fails on {sort} requests",
    ),
    # --- errors ---
    ERROR: {
        **of_errors("Errors of {route}", "Errors with status {errors}", "Errors"),
        "a message for people": (
            "Errors of {route} reveal internals",
            "Errors reveal internals of the server",
        ),
    },
    "code.pairing": always(
        '"{code}" comes with a wrong status', "A code comes with a wrong status"
    ),
    "status.listed": {
        ACCEPTED: (
            "{route} succeeds with the unlisted status {got}",
            "Successes have the unlisted status {got}",
            "Successes have an unlisted status",
        ),
        ANY: (
            "{route} {refuses} valid requests with {got}",
            "{route} {refuses} valid requests",
            "{route} returns the unlisted status {got}",
            "Responses have the unlisted status {got}",
            "Responses have an unlisted status",
        ),
    },
    "status.client-mistake": always("Client mistakes cause server errors"),
    "route.unknown": {
        ACCEPTED: ("Unknown paths succeed",),
        ANY: ("Unknown paths get a wrong status",),
    },
    # --- keys ---
    "auth.missing": refusals("A missing key", "{route} needs no key", "Operations need no key"),
    "auth.invalid": refusals(
        "An invalid key",
        "{route} accepts invalid keys",
        "Invalid keys work for {only_for}",
        "Invalid keys work",
    ),
    "auth.expired": refusals(
        "An expired key",
        "An expired key still works for {route}",
        "An expired key still works for {only_for}",
        "An expired key still works",
    ),
    "auth.revoked": refusals(
        "A revoked key",
        "A revoked key still works for {route}",
        "A revoked key still works for {only_for}",
        "A revoked key still works",
    ),
    "auth.scheme": {
        "a valid key to be accepted": ("{route} refuses a valid key", "A valid key is refused"),
        "in the header": ("{route} takes keys from elsewhere", "Keys work outside of their header"),
        **refusals(
            "A key in another scheme",
            "{route} accepts keys in another scheme",
            "Keys work in another scheme",
        ),
    },
    "auth.spelling": always("Another spelling of a path needs no key"),
    "auth.prefixes": always(
        "{route} refuses keys with a documented prefix", "Keys with a documented prefix are refused"
    ),
    "account.key": {
        STATUS: ("The key of a new account does not work",),
        ANY: ("Two accounts get the same key",),
    },
    "account.prefix": always("A new key starts with no documented prefix"),
    "account.rows": {
        "of its own": ("Two accounts get the same {tenant}",),
        "existing account": ("{route} hands out the key of an existing account",),
        ANY: ("A new account sees items of another {tenant}",),
    },
    "scope.refused": {
        "as for other keys": (
            "{route} checks {flaw}",
            "Operations check {flaw}",
            "{route} accepts some keys without its scope",
            "{route} accepts keys without its scope",
            "Some keys work beyond their scopes",
        ),
        **refusals(
            "A key without the scope",
            "{route} checks {flaw}",
            "Operations check {flaw}",
            "{route} ignores the scopes of keys",
            "Keys work beyond their scopes",
        ),
    },
    "scope.opens": always(
        "{route} refuses a key that has the scope", "Keys are refused although they have the scope"
    ),
    "secret.elsewhere": always(
        "{issuer} leaves secrets unmasked", "{route} reveals secrets", "Responses reveal secrets"
    ),
    "secret.again": always("{route} shows a secret again", "Changes show secrets again"),
    "secret.new": always("{route} issues a secret twice", "A secret is issued twice"),
    # --- limits ---
    "rate.allowance": always("Requests within the rate limit are refused"),
    "rate.limit": refusals(
        "A request beyond the rate limit", "The rate limit accepts too many requests"
    ),
    "rate.window": always("The rate limit ends too early"),
    "rate.evasion": always("A client can evade the rate limit"),
    "rate.address": always("One address uses up the rate limit of others"),
    "rate.reset": {
        "within the next": ("The rate limit holds only once",),
        ANY: ("The rate limit lasts too long",),
    },
    "rate.retry-after": {
        "at most": ("The waiting time of the rate limit is too long",),
        ANY: ("The waiting time of the rate limit is unreadable",),
    },
    # --- pages ---
    "list.items": always("{route} returns no array of items", "Lists have no array of items"),
    "list.more-flag": {
        LACKING: (
            '{route} lacks "{member}"',
            'Lists lack "{member}"',
            "Lists do not say if more follows",
        ),
        ANY: (
            '{route} returns no boolean as "{member}"',
            'Lists return no boolean as "{member}"',
            "Lists do not say clearly if more follows",
        ),
    },
    "list.limit": always("{route} exceeds the limit of a page", "Pages exceed their limit"),
    "list.maximum": always("{route} exceeds its maximum", "Pages exceed their maximum"),
    "list.position": {
        LACKING: (
            '{object} lacks "{member}" in lists',
            'Items lack "{member}"',
            "Items lack their time",
        ),
        ANY: ('"{member}" is not a timestamp with a zone', "Items have no timestamp with a zone"),
    },
    "sample.accepted": always("{route} refuses the printed example", "Printed examples fail"),
    # --- requests ---
    "parameter.missing": refusals(
        "A missing parameter",
        "{route} accepts a missing parameter",
        "Missing parameters are accepted",
    ),
    "parameter.blank": refusals(
        "Null for a required parameter",
        "{route} accepts null for a required value",
        "Null is accepted for required values",
    ),
    "parameter.invalid": refusals(
        "An invalid value",
        "{route} accepts {flaw}",
        "{route} accepts an invalid value",
        "Operations accept {flaw}",
        "Invalid values are accepted",
    ),
    "parameter.unparsable": refusals(
        "An unparsable value",
        "{route} accepts an unparsable value",
        "Unparsable values are accepted",
    ),
    "body.broken": refusals(
        "A body that is not an object",
        "{route} accepts a body that is not an object",
        "Bodies that are not objects are accepted",
    ),
    "id.unknown": refusals(
        "An unknown id", "{route} succeeds for an unknown id", "Requests for unknown ids succeed"
    ),
    "id.reference": {
        **refusals(
            "A dangling reference",
            "{route} accepts a dangling reference",
            "Dangling references are accepted",
        ),
        ANY: ("{route} stores a dangling reference", "Dangling references are stored"),
    },
    "read.asked": always("{route} returns another object", "Reads return another object"),
    "id.picked": always(
        "{route} returns what was not asked for", "Reads return what was not asked for"
    ),
    "success.status": {
        "for a valid request": ("{route} refuses valid requests", "Valid requests are refused"),
        "because the body reports one": (
            "{route} reports errors with the status of a success",
            "Errors have the status of a success",
        ),
        ANY: (
            "{route} returns {got} instead of {wanted}",
            "Successes return {got} instead of {wanted}",
            "Successes have a wrong status",
        ),
    },
    "success.label": always("{route} does not label its JSON", "Successes are not labelled JSON"),
    "success.members": always(
        '{route} returns a wrong type of "{member}"', "Writes return members of a wrong type"
    ),
    "success.shape": {
        "a JSON value": (
            "{stored} makes {route} unreadable",
            "{stored} makes responses unreadable",
            "Responses to {flaw} are not JSON",
            "{route} returns no JSON",
            "Successes are not JSON",
        ),
        LACKING: (
            "{route} {wraps} its object in another one",
            '{object} lacks "{member}"',
            'Responses lack "{member}"',
            "{object} lacks a member",
            "Responses lack a member",
        ),
        ANY: (
            '{object} has an invalid "{member}"',
            'Responses have an invalid "{member}"',
            "{route} returns wrong types",
            "Responses have members of a wrong type",
        ),
    },
    "transfer.whole": always("{route} sends broken responses", "Responses are cut or broken"),
}

OF_UNROUTED = of_errors("Errors for unknown paths or methods")
"""The forms for the form of errors that belong to no operation."""
TEMPLATES: Mapping[str, Cases] = {**_OF_RESPONSES, **OF_DATA, **OF_WRITES}
"""The forms of a title by rule, or by what replaces the rule in a key."""
