"""Examples of keys that are refused and accepted, of new accounts, and of scopes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from conformance.model import Body, Exchange
from tests.examples.base import (
    Example,
    Expected,
    accepted,
    example,
    examples_of,
    gap,
    judge_error,
    noted,
    refused,
    silent,
)
from tests.examples.common import refusal_with
from tests.support.contracts import TARGET
from tests.support.exchanges import (
    EMPTY_LIST,
    answer,
    call,
    call_list,
    control,
    error,
    refusal,
    with_request_body,
)

# --- keys that must be refused --------------------------------------------------------------------


@examples_of("auth.missing", form="missing")
@examples_of("auth.invalid", form="unknown")
@examples_of("auth.expired", form="expired")
@examples_of("auth.revoked", form="revoked")
@examples_of("auth.scheme", form="scheme")
def a_bad_key_is_unauthorized() -> Iterator[Example]:
    """Whatever is wrong with a key, it is refused as unauthorized."""
    yield from refusal_with("unauthorized")


@examples_of("auth.missing", form="missing")
def a_missing_key_is_not_forbidden() -> Iterator[Example]:
    """A missing key is not answered like a missing scope."""
    yield refused("403 for a missing key", control(), refusal("forbidden"))


@examples_of("auth.invalid", form="unknown")
def an_altered_key_is_unknown() -> Iterator[Example]:
    """A key that differs from a valid one by little is refused, too."""
    taken = answer(200, {}, form="altered")
    yield refused("an altered key is accepted", control(), refusal("unauthorized"), taken)


@examples_of("auth.scheme", form="scheme")
def another_scheme_is_refused() -> Iterator[Example]:
    """A key is accepted in the scheme of the contract only. Another scheme may be malformed."""
    malformed = refusal("bad_request")
    yield accepted("400 for a malformed header", control(), refusal("unauthorized"), malformed)
    right_scheme = refusal("unauthorized", role="control")
    yield refused(
        "a valid key in the right scheme is refused", right_scheme, refusal("unauthorized")
    )
    yield refused("a key in another scheme is accepted", control(), call_list())


@examples_of("auth.scheme", form="scheme")
def a_key_in_another_header() -> Iterator[Example]:
    """A key in another header is no key, so what refuses a missing key must refuse it."""
    taken = call_list(form="misplaced")
    turned_away = refusal("unauthorized", form="misplaced")
    guarded = refusal("unauthorized", form="missing")
    open_to_all = answer(200, EMPTY_LIST, form="missing")
    yield accepted("a key in another header is refused", control(), turned_away)
    refused_as_none = "a key in another header is refused, as a missing key is"
    yield accepted(refused_as_none, control(), guarded, turned_away)
    yield refused("a key in another header is accepted", control(), taken)
    guarded_but_taken = "a key in another header is accepted, and a missing key is refused"
    yield refused(guarded_but_taken, control(), guarded, taken)
    none_wanted = "a key in another header is accepted, and so is a missing key"
    yield silent(none_wanted, control(), open_to_all, taken)
    nothing_found = refusal("not_found", role="control")
    yield silent("no request finds anything", nothing_found, turned_away)
    lost = answer(None, form="misplaced")
    yield silent("no response to a key in another header", control(), lost)


@examples_of("auth.spelling")
def a_path_is_spelled_otherwise_without_a_key() -> Iterator[Example]:
    """Another spelling of a path does not get around its key."""
    keyless: dict[str, Any] = {"form": "spelled", "identity": None}
    yield accepted(
        "another spelling of the path is unauthorized",
        control(),
        refusal("unauthorized", **keyless),
    )
    missing = refusal("not_found", **keyless)
    yield accepted("another spelling of the path is not found", control(), missing)
    yield accepted(
        "another spelling of the path is redirected", control(), answer(308, text="", **keyless)
    )
    html = answer(200, text="<p>", media="text/html", **keyless)
    yield accepted("another spelling of the path shows a page for people", control(), html)
    yield refused(
        "another spelling of the path shows the list without a key", control(), call_list(**keyless)
    )
    yield judge_error("no response", control(), answer(None, **keyless))


@examples_of("auth.spelling")
def a_path_spelled_otherwise_shows_other_things() -> Iterator[Example]:
    """Only what the path itself answers with a key is guarded."""
    with_more = {**EMPTY_LIST, "page": "about"}
    for what, body, expected in (
        ("what a key opens", EMPTY_LIST, Expected.REFUSED),
        ("with less", {"calls": []}, Expected.ACCEPTED),
        ("with more", with_more, Expected.ACCEPTED),
        ("with null", None, Expected.ACCEPTED),
    ):
        sentence = f"another spelling of the path answers {what}"
        yield example(expected, sentence, control(), answer(200, body, form="spelled"))
    not_found = answer(404, EMPTY_LIST, form="spelled")
    yield accepted("another spelling of the path answers 404 with a list", control(), not_found)
    limited = refusal("rate_limit_exceeded", form="spelled")
    yield gap("another spelling of the path answers 429", control(), limited)


@examples_of("auth.prefixes")
def keys_of_both_prefixes() -> Iterator[Example]:
    """A key of either prefix is accepted, whatever it reaches."""
    yield accepted("both keys are accepted", control(), control(role="probe", identity="test"))
    elsewhere = refusal("not_found", identity="test")
    yield accepted("the second key reaches another business", control(), elsewhere)
    yield refused(
        "the second key is unauthorized", control(), refusal("unauthorized", identity="test")
    )
    yield gap("429 for the second key", refusal("rate_limit_exceeded", identity="test"))
    yield judge_error("no response", answer(None, role="control"))
    yield silent("only a request that prepares the case", refusal("unauthorized", role="setup"))


# --- accounts that are opened ---------------------------------------------------------------------

FIRST_KEY, SECOND_KEY = "secret:api_key-1", "secret:api_key-2"


def account(key: str = FIRST_KEY, **members: Any) -> Exchange:
    """An account is opened, and a key is handed out."""
    body = {"api_key": f"{{{key}}}", **members}
    return answer(201, body, operation="sign_up", identity=None, role="control", step="made")


def handed(identity: str, status: int, *calls: dict[str, Any]) -> Exchange:
    """A list is asked for with a key that was handed out."""
    body = {"calls": list(calls), "has_more": False} if status == 200 else error("unauthorized")
    return answer(status, body, identity=identity, step="used", side="foreign")


def turned_away(message: str) -> Exchange:
    """The first key that was handed out is refused with a message."""
    body = error("unauthorized", message)
    return answer(401, body, identity=FIRST_KEY, step="used", side="foreign")


def two_accounts() -> tuple[Exchange, ...]:
    """Two accounts are opened, and the first key is accepted after each."""
    return account(), handed(FIRST_KEY, 200), account(), handed(FIRST_KEY, 200)


@examples_of("account.key", operation="sign_up")
def each_account_has_a_key() -> Iterator[Example]:
    """Each account gets a key of its own, which stays valid; a key may wait for confirmation."""
    yield accepted("both keys are accepted", *two_accounts(), handed(SECOND_KEY, 200))
    first_refused = (*two_accounts()[:3], handed(FIRST_KEY, 401), handed(SECOND_KEY, 200))
    yield refused("the first key is refused once the second account is open", *first_refused)
    yield refused("two accounts with the same key", *two_accounts(), handed(FIRST_KEY, 200))
    unconfirmed = handed(FIRST_KEY, 401)
    yield noted("the key is refused, as before a confirmation", account(), unconfirmed)
    yield silent("the new key is never used", account())
    yield silent("the list is not there for any key", account(), handed(FIRST_KEY, 404))


@examples_of("account.prefix", operation="sign_up")
def new_keys_start_with_a_prefix() -> Iterator[Example]:
    """Each key that is handed out starts with a documented prefix."""
    odd = account("unprefixed:api_key-1")
    yield accepted("both keys start with a prefix", account(), account(SECOND_KEY))
    yield refused("the key starts with no documented prefix", odd)
    yield refused("the second key starts with no documented prefix", account(), odd)
    yield silent("no key is handed out", answer(201, {"api_key": None}, operation="sign_up"))


@examples_of("account.key", operation="sign_up")
def keys_are_used_in_any_order() -> Iterator[Example]:
    """As many keys are accepted as accounts were opened."""
    first, second = handed(FIRST_KEY, 200), handed(SECOND_KEY, 200)
    first_refused, second_refused = handed(FIRST_KEY, 401), handed(SECOND_KEY, 401)
    one, two = (account(),), (account(), account())
    yield accepted("both keys are accepted, the second one first", *two, second, first)
    yield accepted("two accounts, and one key that is accepted once", *two, first)
    yield refused("two accounts, and one key that is accepted twice", *two, first, first)
    yield noted("two accounts, and both keys are refused", *two, first_refused, second_refused)
    yield accepted("one account, whose key is accepted twice", *one, first, first)
    lacks_scope = handed(FIRST_KEY, 403)
    yield accepted("the key is accepted, and then lacks a scope", *one, first, lacks_scope)
    yield refused("the key is accepted once, and then refused", *one, first, first_refused)
    twice = (turned_away("First refusal"), turned_away("Second refusal"))
    sentence = "the key is refused twice, and the finding shows the first refusal"
    yield noted(sentence, *one, *twice, mentions="First refusal")
    unopened = "a key that is accepted twice, and no account that is opened"
    yield accepted(unopened, first, first)


def known_rows() -> Exchange:
    """The list of a business that was there before."""
    return call_list(call(1), role="setup", side="own")


@examples_of("account.rows", operation="sign_up")
def a_new_account_sees_nothing_of_others() -> Iterator[Example]:
    """The key of a new account lists no row that another business has."""
    yield accepted("the new account sees nothing", known_rows(), handed(FIRST_KEY, 200))
    yield accepted(
        "the new account sees a row of its own", known_rows(), handed(FIRST_KEY, 200, call(2))
    )
    yield refused(
        "the new account sees a row of another business",
        known_rows(),
        handed(FIRST_KEY, 200, call(1)),
    )
    again = (known_rows(), account(), handed(FIRST_KEY, 200, call(1)))
    yield refused("the new account sees a row of another business, after a second account", *again)
    yield silent("an account is opened, and its key asks for no list", known_rows(), account())


@examples_of("account.rows", operation="sign_up")
def each_account_has_a_business() -> Iterator[Example]:
    """Two accounts that name their business name two."""
    for business, expected in (
        ("b1", Expected.REFUSED),
        ("b2", Expected.ACCEPTED),
        ("b0", Expected.ACCEPTED),
        (None, Expected.ACCEPTED),
    ):
        accounts = (account(business_id="b1"), account(business_id=business))
        sentence = f"accounts of b1 and {business}"
        yield example(expected, sentence, *accounts, handed(FIRST_KEY, 200))
    listed = answer(201, ["opened"], operation="sign_up", role="control", step="made")
    yield accepted("an account that is answered as a list", listed, handed(FIRST_KEY, 200))
    yield accepted("two accounts that do not show their business", *two_accounts())
    lost = answer(None, operation="sign_up", role="control", step="made")
    yield accepted(
        "two accounts, of which one got no response",
        account(business_id="b1"),
        lost,
        handed(FIRST_KEY, 200),
    )


# --- scopes ---------------------------------------------------------------------------------------


@examples_of("scope.refused")
def a_lacking_scope_is_forbidden() -> Iterator[Example]:
    """A key without the scope is forbidden, which is neither unauthorized nor not found."""
    yield from refusal_with("forbidden")
    unauthorized = refusal("unauthorized")
    yield refused("401 for a missing scope", control(), unauthorized)
    yield refused("404 for a missing scope", control(), refusal("not_found"))


WIDE = {"status": "sample", "limit": "2"}
"""A query with optional parameters."""
CALL = {"agent_id": "a", "to": "+12025550100", "context": "Sample"}
"""The body of a creation with an optional member."""


def asked(role: str = "probe", identity: str = "scope:agents:read", **query: str) -> Exchange:
    """A list that is called invalid, with a key that lacks its scope."""
    return refusal("invalid_request", query=query, role=role, identity=identity)


def created(body: Any, *, taken: bool = False, **labels: Any) -> Exchange:
    """A creation with a body; it is called invalid unless it is taken."""
    labels["operation"] = "create_call"
    exchange = answer(201, {}, **labels) if taken else refusal("bad_request", **labels)
    return with_request_body(exchange, body)


@examples_of("auth.expired", form="expired")
@examples_of("scope.refused")
def the_input_may_be_refused_before_the_key() -> Iterator[Example]:
    """The order of checks is open, so 400 is wrong only for an input that the main key may send."""
    wide = asked(**WIDE)
    setup: dict[str, Any] = {"role": "setup", "query": WIDE}
    yield accepted("400 for an input that nobody sent", control(), wide)
    yield refused("400 for the input of the control", control(query=WIDE), wide)
    turned = dict(reversed(WIDE.items()))
    yield refused("the same in another order", control(query=turned), wide)
    yield refused("400 for an input that was accepted", control(), call_list(**setup), wide)
    yield refused("the same, later", control(), wide, call_list(**setup))
    yield accepted(
        "400 for an input that was called invalid", control(), asked("setup", "full", **WIDE), wide
    )
    another_key = call_list(**setup, identity="scope:agents:write")
    yield accepted("400 for an input that another key sent", control(), another_key, wide)
    elsewhere = answer(200, {}, operation="list_leads", **setup)
    yield accepted("400 for an input of another operation", control(), elsewhere, wide)
    yield refused("a success for an input that nobody sent", control(), call_list(query=WIDE))
    yield refused("404 for an input that nobody sent", control(), refusal("not_found", query=WIDE))
    other_value = control(query={**WIDE, "status": "completed"})
    yield accepted("400 for a different value than that of the control", other_value, wide)
    other_id = control(query={**WIDE, "agent_id": "a"})
    yield refused(
        "400 for a different id than that of the control", other_id, asked(**WIDE, agent_id="b")
    )
    own = control(query={**WIDE, "business_id": "a"})
    yield refused("400 for another business", own, asked(**WIDE, business_id="b"))


@examples_of("auth.revoked", form="revoked", operation="create_call")
@examples_of("scope.refused", operation="create_call")
def the_control_of_a_write_comes_after_it() -> Iterator[Example]:
    """One that comes before may have taken what the probe asks for."""
    valid = created(CALL, taken=True, role="control")
    yield refused("400 before its control", created(CALL), valid)
    yield accepted("400 after its control", valid, created(CALL))
    fewer = {"agent_id": "a", "to": "+12025550100"}
    yield accepted(
        "400 for a body with more members",
        created(CALL),
        created(fewer, taken=True, role="control"),
    )
    yield refused("400 for another agent", created({**CALL, "agent_id": "b"}), valid)
    unread = replace(valid.request, body=Body(text="{", cut=True))
    yield accepted(
        "400 for a body that the log does not hold",
        replace(created(CALL), request=unread),
        replace(valid, request=unread),
    )
    text = created("sample")
    yield accepted("400 for a body that is no object", text, valid)
    yield refused(
        "400 for a text like that of the control",
        text,
        created("sample", taken=True, role="control"),
    )


@examples_of("auth.revoked", form="revoked", operation="delete_eval")
@examples_of("auth.missing", form="missing", operation="delete_eval")
@examples_of("scope.refused", operation="delete_eval")
def an_accepted_deletion_fails_its_control() -> Iterator[Example]:
    """What was deleted without the right key is not there for the control, which comes after it."""
    here: dict[str, Any] = {"operation": "delete_eval"}
    gone = refusal("not_found", role="control", **here)
    yield refused("the deletion is accepted", answer(200, {}, **here), gone)
    yield gap("the deletion is refused", refusal("forbidden", **here), gone)
    yield gap("the deletion is accepted after its control", gone, answer(200, {}, **here))
    lost = answer(None, role="control", **here)
    yield refused("no response to the control", answer(200, {}, **here), lost)


@examples_of("scope.opens")
def a_scope_opens_its_operations() -> Iterator[Example]:
    """A key with the scope is let in. A key whose scopes are not declared may lack it."""
    yield accepted("a key with the scope is let in", answer(200, {}))
    yield accepted(
        "a key with the scope is let in, and the content is refused", refusal("invalid_request")
    )
    yield refused("403 for a key with the scope", refusal("forbidden"))
    bare = replace(TARGET, full_declared=False)
    scoped = refusal("unauthorized", identity="scope:calls:read")
    yield refused("401 for a key with the scope", scoped, target=bare)
    undeclared = "403 for a key whose scopes are not declared"
    yield gap(undeclared, refusal("forbidden"), target=bare)
    yield gap("429 for a key with the scope", refusal("rate_limit_exceeded"))
    yield judge_error("no response", answer(None))


# --- secrets --------------------------------------------------------------------------------------


@examples_of("secret.elsewhere", operation="list_webhooks")
def a_success_shows_no_secret() -> Iterator[Example]:
    """Neither a key of the run, nor what looks like one, nor what another answer handed out."""
    here: dict[str, Any] = {"operation": "list_webhooks"}
    yield accepted("nothing of that kind", answer(200, {"webhooks": []}, **here))
    for secret in ("{key:full}", "{found:key-1}", "{secret:webhook_secret-1}"):
        shown = answer(200, {"webhooks": [{"note": f"see {secret}"}]}, **here)
        yield refused(secret, shown)
    for harmless in ("{key:nobody}", "{plain:key-1}", "{link:next-1}", "{key:full~part}"):
        yield accepted(harmless, answer(200, {"webhooks": [{"note": harmless}]}, **here))
    yield silent("an error, which other rules judge", refusal("not_found", **here))
    mistaken = answer(200, {"url": "?key={key:full}"}, mistake=True, **here)
    yield silent("a request that carried the key where none belongs", mistaken)


@examples_of("secret.elsewhere", operation="read_schemas")
def a_document_shows_a_key_as_an_example() -> Iterator[Example]:
    """What looks like a key in an answer that is no object is a note; a key of the run is not."""
    here: dict[str, Any] = {"operation": "read_schemas"}
    yield noted("what looks like a key", answer(200, {"example": "{found:key-1}"}, **here))
    yield refused("a key of the run", answer(200, {"example": "{key:full}"}, **here))


@examples_of("secret.elsewhere", operation="sign_up")
def the_answer_that_hands_out_a_key_shows_it() -> Iterator[Example]:
    """A sign-up shows its new key, and no other."""
    new = {"api_key": "{secret:api_key-1}"}
    yield accepted("the new key", answer(201, new, operation="sign_up"))
    yield refused("the key of the run", answer(201, {"api_key": "{key:full}"}, operation="sign_up"))


@examples_of("secret.again", operation="update_webhook")
def a_change_shows_no_old_secret() -> Iterator[Example]:
    """A change may issue a secret, but not show one that was issued before."""
    secret = {"webhook_secret": "{secret:webhook_secret-1}"}
    first = answer(201, secret, operation="create_webhook")
    change: dict[str, Any] = {"operation": "update_webhook"}
    other = answer(200, {"webhook_secret": "{secret:webhook_secret-2}"}, **change)
    yield accepted("no secret", first, answer(200, {"id": "w"}, **change))
    yield accepted("a masked secret", first, answer(200, {"webhook_secret": "...cret"}, **change))
    yield accepted("a new secret", first, other)
    yield refused("the secret of the creation", first, answer(200, secret, **change))
    yield refused("the secret of an earlier change", other, other)
    yield silent("the change is refused", refusal("forbidden", **change))


@examples_of("secret.new", operation="rotate_webhook_secret")
def work_hands_out_a_new_secret() -> Iterator[Example]:
    """A secret that the trial saw before is an old one."""
    first = answer(201, {"webhook_secret": "{secret:webhook_secret-1}"}, operation="create_webhook")
    work: dict[str, Any] = {"operation": "rotate_webhook_secret", "step": "write"}
    again = answer(200, {"webhook_secret": "{secret:webhook_secret-1}"}, **work)
    new = answer(200, {"webhook_secret": "{secret:webhook_secret-2}"}, **work)
    yield accepted("another secret", first, new)
    yield accepted("no secret, which other rules judge", first, answer(200, {}, **work))
    yield refused("the secret of the start", first, again)
    yield silent("the work is refused", first, refusal("forbidden", **work))
    yield silent("no work", first)
