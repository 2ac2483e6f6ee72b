"""Faults of the limit at sign-up."""

from __future__ import annotations

from conformance.model import Rate
from conformance.server.messages import Context, Refusal, Request
from tests.faults.base import Faulty, fault

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


@fault("signup-hour", also="signup-allowance waiting-time", at="sign_up", depth=2)
class NeverAgain(Faulty):
    """The limit never ends."""

    def rate_seconds(self, rate: Rate) -> int:
        return 10**9


@fault("signup-hour", at="sign_up", depth=3)
class TwoHours(Faulty):
    """The limit lasts two hours."""

    def rate_seconds(self, rate: Rate) -> int:
        return 2 * rate.seconds


@fault("signup-limit", at="sign_up", depth=4)
class OneMinute(Faulty):
    """The limit lasts only one minute."""

    def rate_seconds(self, rate: Rate) -> int:
        return 60


@fault("signup-limit", at="sign_up", depth=4)
class TenMinutes(Faulty):
    """The limit lasts only ten minutes."""

    def rate_seconds(self, rate: Rate) -> int:
        return 600


@fault("signup-limit", at="sign_up", depth=5)
class TwentyFiveMinutes(Faulty):
    """The limit lasts only twenty-five minutes."""

    def rate_seconds(self, rate: Rate) -> int:
        return 25 * 60


# --- for whom ---


@fault("signup-per-address", also="signup-allowance", at="sign_up", depth=2)
class LimitOfAll(Faulty):
    """All addresses share one limit."""

    def rate_address(self, request: Request) -> str:
        return ""


@fault("signup-per-address", also="signup-allowance", at="sign_up", depth=4)
class CountedByNeighbourhood(Faulty):
    """Addresses with the same first three numbers share one limit."""

    def rate_address(self, request: Request) -> str:
        return request.address.rpartition(".")[0]


@fault("signup-limit status-429", also="code-rate_limit_exceeded", at="sign_up", depth=4)
class CountedByAddressOfMail(Faulty):
    """Sign-ups are counted by their e-mail address."""

    def check_rate(self, context: Context) -> None:
        super().check_rate(
            Context(context.operation, self._of(context), context.identity, context.values)
        )

    def _of(self, context: Context) -> Request:
        return Request("POST", context.request.path, address=str(context.values.get("email")))


@fault("signup-limit", at="sign_up", depth=4)
class RealAddressBelieved(Faulty):
    """The limit trusts the address in X-Real-IP."""

    def rate_address(self, request: Request) -> str:
        return request.header("x-real-ip") or request.address


@fault("signup-limit", at="sign_up", depth=5)
class ConnectingAddressBelieved(Faulty):
    """The limit trusts the address in CF-Connecting-IP."""

    def rate_address(self, request: Request) -> str:
        return request.header("cf-connecting-ip") or request.address


@fault("signup-limit", at="sign_up", depth=4)
class RequestedByClient(Faulty):
    """The limit trusts the address in X-Client-IP."""

    def rate_address(self, request: Request) -> str:
        return request.header("x-client-ip") or request.address


@fault("signup-limit", at="sign_up", depth=5)
class LastForwardedBelieved(Faulty):
    """The limit trusts the last of several addresses in X-Forwarded-For."""

    def rate_address(self, request: Request) -> str:
        parts = (request.header("x-forwarded-for") or "").split(",")
        return parts[-1].strip() if len(parts) > 1 else request.address


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
class FirstForwardedBelieved(Faulty):
    """The limit trusts an address in X-Forwarded-For, if there is only one."""

    def rate_address(self, request: Request) -> str:
        parts = (request.header("x-forwarded-for") or "").split(",")
        alone = len(parts) == 1 and parts[0].strip()
        return alone or request.address


@fault("signup-limit", at="sign_up", depth=5)
class SecondHeaderBelieved(Faulty):
    """The limit trusts the address in X-Forwarded, an older name of the header."""

    def rate_address(self, request: Request) -> str:
        return request.header("x-forwarded") or request.address


@fault("signup-limit", at="sign_up", depth=5)
class LocalForwardedTrusted(Faulty):
    """The limit does not count where X-Forwarded-For names the server itself."""

    def check_rate(self, context: Context) -> None:
        forwarded = context.request.header("x-forwarded-for") or ""
        if forwarded.split(",")[0].strip() not in ("127.0.0.1", "::1", "localhost"):
            super().check_rate(context)


@fault("signup-limit", at="sign_up", depth=5)
class CaseOfPathCountsAnew(Faulty):
    """Sign-ups are counted by the query of the request as well."""

    def rate_address(self, request: Request) -> str:
        return f"{request.address} {request.query_text.partition('=')[0]}"


@fault("signup-limit", also="status-429 code-rate_limit_exceeded", at="sign_up", depth=4)
class WebsitesAreNotCounted(Faulty):
    """Sign-ups with a website are not limited."""

    def check_rate(self, context: Context) -> None:
        if "website" not in context.values:
            super().check_rate(context)
