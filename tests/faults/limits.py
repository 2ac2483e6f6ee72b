"""Faults of the limit at sign-up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass

from conformance.model import Rate
from conformance.server.messages import Context, Refusal, Request
from tests.faults.base import Entry, Faulty, fault, faults_of

# --- how many sign-ups ---


@fault("signup-limit status-429", also="code-rate_limit_exceeded", at="sign_up")
class NoLimit(Faulty):
    """Sign-ups are not limited."""

    def check_rate(self, context: Context) -> None:
        pass


@fault(
    "signup-limit",
    also="status-429 code-rate_limit_exceeded signup-hour signup-per-address",
    at="sign_up",
)
class SixthTaken(Faulty):
    """The limit allows six sign-ups."""

    def rate_allowance(self, rate: Rate) -> int:
        return rate.requests + 1


@fault("signup-allowance", at="sign_up")
class FourTaken(Faulty):
    """The limit allows only four sign-ups."""

    def rate_allowance(self, rate: Rate) -> int:
        return rate.requests - 1


@fault("signup-limit", also="status-429 code-rate_limit_exceeded", at="sign_up", depth=5)
class RefusalOpensAgain(Faulty):
    """A sign-up over the limit resets the count."""

    def check_rate(self, context: Context) -> None:
        try:
            super().check_rate(context)
        except Refusal:
            self._windows.clear()
            raise


@fault("signup-limit", at="sign_up", depth=4)
class SlashCountsAnew(Faulty):
    """Sign-ups to a path with a trailing slash are counted separately."""

    def local_path(self, request: Request) -> str | None:
        path = super().local_path(request)
        return path.rstrip("/") if path else path

    def rate_address(self, request: Request) -> str:
        return f"{request.address} {request.path}"


# --- for how long ---


@dataclass(frozen=True)
class Period(Entry):
    """The seconds for which the limit lasts."""

    seconds: int
    _: KW_ONLY
    at: str = "sign_up"
    breaks: str = "signup-limit"
    depth: int = 4


def other_period(entry: Period) -> type[Faulty]:
    """The reference server, where the limit lasts for another time."""

    class OtherPeriod(Faulty):
        def rate_seconds(self, rate: Rate) -> int:
            return entry.seconds

    return OtherPeriod


PERIODS = {
    "The limit never ends.": Period(
        "never-again", 10**9, breaks="signup-hour", also="signup-allowance waiting-time", depth=2),
    "The limit lasts two hours.": Period("two-hours", 7200, breaks="signup-hour", depth=3),
    "The limit lasts only one minute.": Period("one-minute", 60),
    "The limit lasts only ten minutes.": Period("ten-minutes", 600),
    "The limit lasts only twenty-five minutes.": Period("twenty-five-minutes", 1500, depth=5),
}  # fmt: skip

faults_of(other_period, __name__, PERIODS)


# --- for whom ---


def _header(name: str) -> Callable[[Request], str]:
    """Counts a request by the address in a header, if it has one."""
    return lambda request: request.header(name) or request.address


def _forwarded(request: Request) -> list[str]:
    """The addresses in X-Forwarded-For; one empty text without the header."""
    return [part.strip() for part in (request.header("x-forwarded-for") or "").split(",")]


def _first_forwarded(request: Request) -> str:
    addresses = _forwarded(request)
    return (addresses[0] if len(addresses) == 1 else "") or request.address


def _last_forwarded(request: Request) -> str:
    addresses = _forwarded(request)
    return addresses[-1] if len(addresses) > 1 else request.address


@dataclass(frozen=True)
class Address(Entry):
    """What the limit counts a request by, in place of its address."""

    address: Callable[[Request], str]
    _: KW_ONLY
    at: str = "sign_up"
    breaks: str = "signup-limit"
    depth: int = 4


def other_address(entry: Address) -> type[Faulty]:
    """The reference server, where the limit counts by something other than the address."""

    class OtherAddress(Faulty):
        def rate_address(self, request: Request) -> str:
            return entry.address(request)

    return OtherAddress


ADDRESSES = {
    "All addresses share one limit.": Address(
        "limit-of-all", lambda request: "", breaks="signup-per-address", also="signup-allowance",
        depth=2),
    "Addresses with the same first three numbers share one limit.": Address(
        "counted-by-neighbourhood", lambda request: request.address.rpartition(".")[0],
        breaks="signup-per-address", also="signup-allowance"),
    "The limit trusts the address in X-Real-IP.": Address(
        "real-address-believed", _header("x-real-ip")),
    "The limit trusts the address in CF-Connecting-IP.": Address(
        "connecting-address-believed", _header("cf-connecting-ip"), depth=5),
    "The limit trusts the address in X-Client-IP.": Address(
        "requested-by-client", _header("x-client-ip")),
    "The limit trusts the address in X-Forwarded, an older name of the header.": Address(
        "second-header-believed", _header("x-forwarded"), depth=5),
    "The limit trusts an address in X-Forwarded-For, if there is only one.": Address(
        "first-forwarded-believed", _first_forwarded, depth=5),
    "The limit trusts the last of several addresses in X-Forwarded-For.": Address(
        "last-forwarded-believed", _last_forwarded, depth=5),
    "Sign-ups are also counted by the query of the request.": Address(
        "case-of-path-counts-anew",
        lambda request: request.address + request.query_text.partition("=")[0], depth=5),
}  # fmt: skip

faults_of(other_address, __name__, ADDRESSES)


@fault("signup-limit status-429", also="code-rate_limit_exceeded", at="sign_up", depth=4)
class CountedByAddressOfMail(Faulty):
    """Sign-ups are counted by their e-mail address."""

    def check_rate(self, context: Context) -> None:
        super().check_rate(
            Context(context.operation, self._of(context), context.identity, context.values)
        )

    def _of(self, context: Context) -> Request:
        return Request("POST", context.request.path, address=str(context.values.get("email")))


@fault("waiting-time", at="sign_up", by="rate-limit", depth=2)
class RetryAfterInMilliseconds(Faulty):
    """Retry-After of a sign-up counts milliseconds."""

    def too_many(self, retry_after: int) -> Refusal:
        return super().too_many(retry_after * 1000)


@fault("waiting-time", at="sign_up", by="rate-limit", depth=3)
class RetryAfterInWords(Faulty):
    """A 429 says in words when to come back."""

    def error_headers(self, code: str, refusal: Refusal) -> tuple[tuple[str, str], ...]:
        if code != "rate_limit_exceeded":
            return super().error_headers(code, refusal)
        return (("Retry-After", "in about an hour"),)


@fault("signup-limit", at="sign_up", depth=5)
class LocalForwardedTrusted(Faulty):
    """The limit does not apply if X-Forwarded-For names the server itself."""

    def check_rate(self, context: Context) -> None:
        forwarded = context.request.header("x-forwarded-for") or ""
        if forwarded.split(",")[0].strip() not in ("127.0.0.1", "::1", "localhost"):
            super().check_rate(context)


@fault("signup-limit", also="status-429 code-rate_limit_exceeded", at="sign_up", depth=4)
class WebsitesAreNotCounted(Faulty):
    """Sign-ups with a website are not limited."""

    def check_rate(self, context: Context) -> None:
        if "website" not in context.values:
            super().check_rate(context)
