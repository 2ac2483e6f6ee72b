"""Examples of keys that are refused and taken, of new accounts, and of scopes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from conformance.model import Exchange
from tests.examples.base import (
    Example,
    Expected,
    accepted,
    example,
    examples_of,
    gap,
    noted,
    refused,
    silent,
    trouble,
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
    yield refused("403 for a key that is missing", control(), refusal("forbidden"))


@examples_of("auth.invalid", form="unknown")
def an_altered_key_is_unknown() -> Iterator[Example]:
    """A key that differs from a valid one by little is refused, too."""
    taken = answer(200, {}, form="altered")
    yield refused("an altered key taken", control(), refusal("unauthorized"), taken)


@examples_of("auth.scheme", form="scheme")
def another_scheme_is_refused() -> Iterator[Example]:
    """A key is taken in the scheme of the contract and in no other; the other may be malformed."""
    malformed = refusal("bad_request")
    yield accepted(
        "400 for a header that is malformed", control(), refusal("unauthorized"), malformed
    )
    right_scheme = refusal("unauthorized", role="control")
    yield refused("the right scheme refused", right_scheme, refusal("unauthorized"))
    yield refused("another scheme taken", control(), call_list())


@examples_of("auth.scheme", form="scheme")
def a_key_in_another_header() -> Iterator[Example]:
    """A key in another header is no key, so what refuses a missing key must refuse it."""
    taken = call_list(form="misplaced")
    turned_away = refusal("unauthorized", form="misplaced")
    guarded = refusal("unauthorized", form="missing")
    open_to_all = answer(200, EMPTY_LIST, form="missing")
    yield accepted("a key in another header refused", control(), turned_away)
    refused_as_none = "a key in another header refused, as no key is"
    yield accepted(refused_as_none, control(), guarded, turned_away)
    yield refused("a key in another header taken", control(), taken)
    guarded_but_taken = "a key in another header taken, where no key is refused"
    yield refused(guarded_but_taken, control(), guarded, taken)
    none_wanted = "a key in another header taken, where none is wanted"
    yield accepted(none_wanted, control(), open_to_all, taken)
    lost = answer(None, form="misplaced")
    yield silent("no response to a key in another header", control(), lost)


@examples_of("auth.spelling")
def a_path_is_spelled_otherwise_without_a_key() -> Iterator[Example]:
    """Another spelling of a path does not get around its key."""
    keyless: dict[str, Any] = {"form": "spelled", "identity": None}
    yield accepted("refused for the key", control(), refusal("unauthorized", **keyless))
    missing = refusal("not_found", **keyless)
    yield accepted("another path, which is not there", control(), missing)
    yield accepted("sent to the right path", control(), answer(308, text="", **keyless))
    html = answer(200, text="<p>", media="text/html", **keyless)
    yield accepted("a page for people", control(), html)
    yield refused("what the path guards", control(), call_list(**keyless))
    yield trouble("no response", control(), answer(None, **keyless))


@examples_of("auth.spelling")
def a_path_spelled_otherwise_shows_other_things() -> Iterator[Example]:
    """Only what the path itself answers with a key is guarded."""
    with_more = {**EMPTY_LIST, "page": "about"}
    for what, body, expected in (
        ("as with one", EMPTY_LIST, Expected.REFUSED),
        ("with less", {"calls": []}, Expected.ACCEPTED),
        ("with more", with_more, Expected.ACCEPTED),
        ("with nothing", None, Expected.ACCEPTED),
    ):
        sentence = f"a path spelled otherwise, answered {what}"
        yield example(expected, sentence, control(), answer(200, body, form="spelled"))
    not_found = answer(404, EMPTY_LIST, form="spelled")
    yield accepted("a path spelled otherwise, refused", control(), not_found)
    limited = refusal("rate_limit_exceeded", form="spelled")
    yield gap("429 to a path spelled otherwise", control(), limited)


@examples_of("auth.prefixes")
def keys_of_both_prefixes() -> Iterator[Example]:
    """A key of either prefix is taken; what it reaches is another matter."""
    yield accepted("both taken", control(), control(role="probe", identity="test"))
    elsewhere = refusal("not_found", identity="test")
    yield accepted("one that reaches another business", control(), elsewhere)
    yield refused("one refused", control(), refusal("unauthorized", identity="test"))
    yield gap("429 in the middle", refusal("rate_limit_exceeded", identity="test"))
    yield trouble("no response", answer(None, role="control"))
    yield silent("nothing sent", refusal("unauthorized", role="setup"))


# --- accounts that are opened ---------------------------------------------------------------------

FIRST_KEY, SECOND_KEY = "secret:api_key-1", "secret:api_key-2"


def account(**members: Any) -> Exchange:
    """An account is opened, and a key is handed out."""
    body = {"api_key": "{secret:api_key-1}", **members}
    return answer(201, body, operation="sign_up", identity=None, role="control", step="made")


def handed(identity: str, status: int, *calls: dict[str, Any]) -> Exchange:
    """A list is asked for with a key that was handed out."""
    body = {"calls": list(calls), "has_more": False} if status == 200 else error("unauthorized")
    return answer(status, body, identity=identity, step="used", side="foreign")


def two_accounts() -> tuple[Exchange, ...]:
    """Two accounts are opened, and the first key is taken after each."""
    return account(), handed(FIRST_KEY, 200), account(), handed(FIRST_KEY, 200)


@examples_of("account.key", operation="sign_up")
def each_account_has_a_key() -> Iterator[Example]:
    """Each account gets a key of its own, which stays valid; a key may wait for confirmation."""
    yield accepted("both taken", *two_accounts(), handed(SECOND_KEY, 200))
    first_refused = (*two_accounts()[:3], handed(FIRST_KEY, 401), handed(SECOND_KEY, 200))
    yield refused("the first no longer taken", *first_refused)
    yield refused("the same key again", *two_accounts(), handed(FIRST_KEY, 200))
    unconfirmed = handed(FIRST_KEY, 401)
    yield noted("none taken, as before it is confirmed", account(), unconfirmed)
    yield silent("none was handed out", account())


@examples_of("account.key", operation="sign_up")
def keys_are_used_in_any_order() -> Iterator[Example]:
    """The count of keys that are taken is compared with the count of accounts."""
    first_twice = [(FIRST_KEY, 200), (FIRST_KEY, 200)]
    for sentence, expected, accounts, uses in (
        (
            "each taken, the second first",
            Expected.ACCEPTED,
            2,
            [(SECOND_KEY, 200), (FIRST_KEY, 200)],
        ),
        ("one account, whose key is taken twice", Expected.ACCEPTED, 1, first_twice),
        (
            "a key that is taken twice, of an account that was there",
            Expected.ACCEPTED,
            0,
            first_twice,
        ),
        ("two accounts, and one key used once", Expected.ACCEPTED, 2, [(FIRST_KEY, 200)]),
        ("two accounts, and one key used twice", Expected.REFUSED, 2, first_twice),
        (
            "taken, and no scope with it",
            Expected.ACCEPTED,
            1,
            [(FIRST_KEY, 200), (FIRST_KEY, 403)],
        ),
        (
            "taken once, and not again",
            Expected.REFUSED,
            1,
            [(FIRST_KEY, 200), (FIRST_KEY, 401)],
        ),
        (
            "two keys of two accounts, none taken",
            Expected.NOTE,
            2,
            [(FIRST_KEY, 401), (SECOND_KEY, 401)],
        ),
    ):
        opened = [account() for _ in range(accounts)]
        yield example(expected, sentence, *opened, *(handed(*use) for use in uses))


def known_rows() -> Exchange:
    """The list of a business that was there before."""
    return call_list(call(1), role="setup", side="own")


@examples_of("account.rows", operation="sign_up")
def a_new_account_sees_nothing_of_others() -> Iterator[Example]:
    """The key of a new account lists no row that another business has."""
    yield accepted("nothing yet", known_rows(), handed(FIRST_KEY, 200))
    yield accepted("something of its own", known_rows(), handed(FIRST_KEY, 200, call(2)))
    yield refused("what was there before", known_rows(), handed(FIRST_KEY, 200, call(1)))
    again = (known_rows(), account(), handed(FIRST_KEY, 200, call(1)))
    yield refused("what was there before, after another account was opened", *again)
    yield silent("an account is opened, and no list is asked for", known_rows(), account())


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
    yield accepted("an account that is told as a list", listed, handed(FIRST_KEY, 200))
    yield accepted("two accounts of which neither shows its business", *two_accounts())
    lost = answer(None, operation="sign_up", role="control", step="made")
    yield accepted(
        "an account without an answer", account(business_id="b1"), lost, handed(FIRST_KEY, 200)
    )


# --- scopes ---------------------------------------------------------------------------------------


@examples_of("scope.refused")
def a_lacking_scope_is_forbidden() -> Iterator[Example]:
    """A key without the scope is forbidden, which is neither unauthorized nor not found."""
    yield from refusal_with("forbidden")
    unauthorized = refusal("unauthorized")
    yield refused("401 for a scope that is lacking", control(), unauthorized)
    yield refused("404 for a scope that is lacking", control(), refusal("not_found"))


@examples_of("scope.opens")
def a_scope_opens_its_operations() -> Iterator[Example]:
    """A key with the scope is let in, unless nobody said that it has it."""
    yield accepted("let in", answer(200, {}))
    yield accepted("let in, then refused for its content", refusal("invalid_request"))
    yield refused("403", refusal("forbidden"))
    bare = replace(TARGET, full_declared=False)
    scoped = refusal("unauthorized", identity="scope:calls:read")
    yield refused("401", scoped, target=bare)
    undeclared = "403 for a bare key, of which nobody said that it has the scope"
    yield gap(undeclared, refusal("forbidden"), target=bare)
    yield gap("429 in the middle", refusal("rate_limit_exceeded"))
    yield trouble("no response", answer(None))
