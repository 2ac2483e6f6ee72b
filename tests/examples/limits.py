"""Examples of the limit of sign-ups by address: how many it lets pass, and when again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from conformance.model import Exchange
from tests.examples.base import (
    Example,
    Expected,
    accepted,
    example,
    examples_of,
    gap,
    judge_error,
    refused,
    silent,
)
from tests.support.exchanges import answer, control, proxy, refusal, without_response

OTHER_ADDRESS = "127.0.0.3"


def sign_up(result: str, step: str, address: str) -> Exchange:
    """A sign-up from an address.

    The result is + for accepted, - for refused by the limit, or a letter: w, the status of the
    limit with another code; h, a proxy under that status; p, a proxy that failed; b, a bad
    request; f, forbidden; $, payment required; x, no answer.
    """
    label: dict[str, Any] = {
        "operation": "sign_up",
        "identity": None,
        "step": step,
        "address": address,
    }
    if result == "+":
        account = {"api_key": "{secret:api_key-1}", "business_id": "b"}
        return answer(201, account, **label)
    if result == "x":
        return without_response(control(**label))
    if result in "hp":
        return proxy(429 if result == "h" else 502, **label)
    code, status = {
        "-": ("rate_limit_exceeded", None),
        "w": ("bad_request", 429),
        "b": ("bad_request", None),
        "f": ("forbidden", None),
        "$": ("payment_required", None),
    }[result]
    return refusal(code, status, **label)


def burst(results: str, address: str = "127.0.0.2") -> list[Exchange]:
    """Sign-ups from a fresh address, one after the other."""
    return [sign_up(result, "count", address) for result in results]


def later(step: str, results: str, address: str = "127.0.0.9") -> list[Exchange]:
    """Sign-ups of a later step, from a different address than the burst."""
    return [sign_up(result, step, address) for result in results]


def two_others(earlier: str, elsewhere: str) -> list[Exchange]:
    """A burst that meets the limit, and two other addresses, asked before and after it.

    ``earlier`` holds the results of the first one, of which there is one, and of the second.
    """
    first, second = "127.0.0.8", "127.0.0.9"
    before = [*later("earlier", earlier[:1], first), *later("earlier", earlier[1:], second)]
    after = zip(elsewhere, (first, second), strict=False)
    return [
        *before,
        *burst("+++++-"),
        *(sign_up(result, "elsewhere", address) for result, address in after),
    ]


# --- how many are accepted ------------------------------------------------------------------------


@examples_of("rate.allowance", operation="sign_up")
def five_are_taken() -> Iterator[Example]:
    """A fresh address may send five requests before the limit refuses one."""
    fifth = "request 5 from a fresh address"
    moved = answer(200, {}, operation="(clock)", identity=None, step="tick")
    yield accepted("five requests are accepted, the sixth is refused", *burst("+++++-"))
    yield refused("the fifth request is refused", moved, *burst("++++-"), mentions=fifth)
    yield refused("the first request is refused", moved, *burst("-"))
    sentence = "the fifth request is refused, and without a clock an earlier run may be why"
    yield gap(sentence, *burst("++++-"))
    not_fresh = (*burst("+++-"), *burst("+++++-", OTHER_ADDRESS))
    sentence = "one address is refused early, and another one only after five requests"
    yield accepted(sentence, *not_fresh)
    both_early = (moved, *burst("++++-"), *burst("-", OTHER_ADDRESS))
    sentence = "two addresses are refused early, and the finding has the"
    yield refused(f"{sentence} place of the first", *both_early, mentions=fifth)
    ids = "('e2', 'e3', 'e4', 'e5', 'e6')"
    yield refused(f"{sentence} exchanges of the first", *both_early, mentions=ids)
    yield gap("one of the five requests is refused for another reason", *burst("++b++-"))
    yield gap("one of the five requests is answered by a proxy", *burst("++p++-"))
    yield silent("no request counts towards the limit", control())


@examples_of("rate.limit", operation="sign_up")
def the_sixth_is_refused() -> Iterator[Example]:
    """Beyond the limit a request is refused with its status, and with its code if it has one."""
    yield accepted("the sixth request is refused", *burst("+++++-"))
    bare = "the sixth request is refused without a code"
    yield accepted(bare, *burst("+++++h"))
    yield accepted("the third request is refused, which rate.allowance judges", *burst("++-"))
    yield refused("the sixth request is refused with another code", *burst("+++++w"))
    yield refused("the sixth request is forbidden", *burst("+++++f"))
    other_fails = burst("b", OTHER_ADDRESS)
    sentence = "the sixth request is forbidden, and another address fails"
    yield refused(sentence, *burst("+++++f"), *other_fails)


@examples_of("rate.limit", operation="sign_up")
def two_addresses_are_compared() -> Iterator[Example]:
    """A window may end within one burst, but not within two; then the limit is wider."""
    yield refused(
        "six requests are accepted from each of two addresses",
        *burst("++++++"),
        *burst("++++++", OTHER_ADDRESS),
        mentions="429 for request 6 within 3600 s",
    )
    for first, second, expected, mentions in (
        ("++++++-", "+++++++-", Expected.REFUSED, "429 for request 6 within 3600 s"),
        ("+++++-", "+++++-", Expected.ACCEPTED, ""),
        ("++-", "++-", Expected.ACCEPTED, ""),
        ("++++++-", "+++++-", Expected.ACCEPTED, ""),
    ):
        bursts = (*burst(first), *burst(second, OTHER_ADDRESS))
        sentence = f"two addresses are answered {first} and {second}"
        yield example(expected, sentence, *bursts, mentions=mentions)


@examples_of("rate.limit", operation="sign_up")
def the_limit_is_not_met() -> Iterator[Example]:
    """Too few requests, or requests that fail for another reason, show no limit."""
    yield gap("the sixth request wants a payment", *burst("+++++$"))
    for results in ("++++++", "+++++++"):
        yield gap(f"{len(results)} requests are accepted, from one address only", *burst(results))
    for results in ("+++++", "+++"):
        both = (*burst(results), *burst(results, OTHER_ADDRESS))
        yield gap(f"only {len(results)} requests are sent from each of two addresses", *both)
    yield gap("all requests fail for another reason", *burst("bbbbbb"))
    for results, what in (("++b+++", "is a bad request"), ("++x+++", "gets no answer")):
        both = (*burst(results), *burst(results, OTHER_ADDRESS))
        yield gap(f"one of six requests {what}, from each of two addresses", *both)
    late = (*burst("++x++++"), *burst("++b++++", OTHER_ADDRESS))
    yield refused("six of seven requests are accepted from each of two addresses", *late)
    yield judge_error("the sixth request is answered by a proxy", *burst("+++++p"))
    yield silent("no request counts towards the limit", control())


# --- whom the limit is for ------------------------------------------------------------------------


@examples_of("rate.address", operation="sign_up")
def the_limit_is_for_an_address() -> Iterator[Example]:
    """While one address is refused, another one is served."""
    yield accepted("another address is accepted", *two_others("+++", "+"))
    yield accepted("the second other address is accepted", *two_others("+++", "-+"))
    yield refused("both others are refused, which were served before", *two_others("+++", "--"))
    for results, which in (("-++", "first was"), ("++-", "second was"), ("---", "two were")):
        sentence = f"both others are refused, and the {which} at the limit before"
        yield gap(sentence, *two_others(results, "--"))
    unmet = [*later("earlier", "+++"), *burst("++++++"), *later("elsewhere", "--")]
    yield silent("the limit was never met", *unmet)
    yield silent("the others fail for another reason", *two_others("+++", "bb"))


@examples_of("rate.evasion", operation="sign_up")
def the_limit_is_not_evaded() -> Iterator[Example]:
    """No header of a request makes its address another one."""
    limited = burst("+++++-")
    yield accepted(
        "a request that claims another address is refused", *limited, *later("evasion", "-")
    )
    yield refused(
        "a request that claims another address is accepted", *limited, *later("evasion", "+")
    )
    yield silent("the limit was never met", *burst("++++++"), *later("evasion", "+"))


# --- when requests are accepted again -------------------------------------------------------------


@examples_of("rate.reset", operation="sign_up")
def the_limit_ends_after_an_hour() -> Iterator[Example]:
    """When the window is over, the address is served again."""
    limited = burst("+++++-")
    yield accepted("the address is accepted an hour later", *limited, *later("later", "+"))
    yield refused("the address is refused an hour later", *limited, *later("later", "-"))
    unasked = later("again", "+++++")
    yield silent("no request opens the next hour", *limited, *unasked)
    yield silent("the limit was never met", *burst("++++++"), *later("later", "-"))


@examples_of("rate.reset", operation="sign_up")
def a_clock_that_was_not_moved_tells_nothing() -> Iterator[Example]:
    """Where the target did not move its clock, the address may well be refused still."""
    limited, refused_later = burst("+++++-"), later("later", "-")
    for status, word in ((200, "taken"), (404, "refused")):
        moved = answer(status, {}, operation="(clock)", identity=None, step="tick")
        expected = Expected.REFUSED if status == 200 else Expected.GAP
        sentence = f"the request that moves the clock was {word}"
        yield example(expected, sentence, *limited, moved, *refused_later)


@examples_of("rate.reset", operation="sign_up")
def the_limit_holds_in_the_next_hour() -> Iterator[Example]:
    """In the next window the address is served five times, and no more."""
    served = (*burst("+++++-"), *later("later", "+"))
    sixth = "429 for request 6 within the next 3600 s, too"
    for results, expected, mentions in (
        ("+++++", Expected.REFUSED, sixth),
        ("++++++", Expected.REFUSED, sixth),
        ("++++", Expected.ACCEPTED, ""),
        ("++++-", Expected.ACCEPTED, ""),
    ):
        sentence = f"after one request of the next hour come {results}"
        again = later("again", results)
        yield example(expected, sentence, *served, *again, mentions=mentions)


@examples_of("rate.reset")
def an_operation_has_no_limit() -> Iterator[Example]:
    """The rule is silent about operations without a limit."""
    refused_later = later("later", "-")
    yield silent(
        "an operation without a limit is refused an hour later", *burst("+++++-"), *refused_later
    )


@examples_of("rate.window", operation="sign_up")
def the_limit_lasts_for_its_window() -> Iterator[Example]:
    """Just under half a window later, only requests that have come free by then are accepted."""
    limited = burst("+++++-")
    sentence = "minutes later the address is"
    still_refused = later("soon", "-")
    yield accepted(f"{sentence} still refused", *limited, *still_refused)
    yield refused(
        f"{sentence} accepted six times, so three times from each of two",
        *limited,
        *later("soon", "++++++"),
        mentions="429 to one of 3 requests, 1740 s after 5 were accepted",
    )
    seven = later("soon", "+++++++")
    yield refused(f"{sentence} accepted seven times, which is once more", *limited, *seven)
    freed = later("soon", "++-")
    yield accepted(f"{sentence} accepted as often as requests have come free", *limited, *freed)
    one_address = later("soon", "+++")
    at_the_end = f"{sentence} accepted three times, as at the end of a window"
    yield silent(at_the_end, *limited, *one_address)


@examples_of("rate.window", operation="sign_up")
def the_limit_lasts_for_some_seconds() -> Iterator[Example]:
    """Seconds later, nothing has come free, except perhaps at the end of a window."""
    limited = burst("+++++-")
    yield accepted("the address is still refused", *limited, *later("shortly", "-"))
    yield refused(
        "each of two addresses is accepted again",
        *limited,
        *later("shortly", "++"),
        mentions="429 to one of 1 requests, 5 s after 5 were accepted",
    )
    yield silent("one address is accepted again", *limited, *later("shortly", "+"))


@examples_of("rate.retry-after")
def when_to_come_back() -> Iterator[Example]:
    """Retry-After is a number of seconds or a date."""
    for text in ("0", "3600", "Wed, 21 Oct 2026 07:28:00 GMT"):
        limited = refusal("rate_limit_exceeded", headers=[("retry-after", text)])
        yield accepted(text, limited)
    for text in ("soon", "1.5", "-1", "60s", "2026-10-21T07:28:00Z"):
        limited = refusal("rate_limit_exceeded", headers=[("Retry-After", text)])
        yield refused(text, limited)
    for seconds, expected in (("7200", Expected.ACCEPTED), ("3600000", Expected.REFUSED)):
        header = [("Retry-After", seconds)]
        limited = refusal("rate_limit_exceeded", headers=header, operation="sign_up")
        yield example(expected, f"{seconds} s for a limit of one hour", limited)
    yield accepted("no such header", refusal("rate_limit_exceeded"))
    yield silent("another refusal without it", refusal("not_found"))
    yield silent("no response", answer(None))
