"""Faults of the code unauthorized: keys that should not work, and other refusals of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass

from conformance.model import Operation
from conformance.server.messages import Refusal, Request
from conformance.server.store import Identity
from tests.faults.base import Entry, Faulty, fault, faults_of

PREFIXES = ("kc_live_", "kc_test_")

# --- no key ---


@fault("code-unauthorized", at="list_agents")
class AgentsWithoutKey(Faulty):
    """list_agents works without a key."""

    def authenticate(self, operation: Operation, request: Request) -> Identity | None:
        if operation.id == "list_agents" and request.header("authorization") is None:
            return self.issued["full"]
        return super().authenticate(operation, request)


@fault("code-unauthorized")
class ForbiddenForMissingKey(Faulty):
    """A request without a key returns 403."""

    def authenticate(self, operation: Operation, request: Request) -> Identity | None:
        if operation.keyed and request.header("authorization") is None:
            raise Refusal("forbidden")
        return super().authenticate(operation, request)


@fault("code-unauthorized", also="refused-unchanged", at="release_phone_number", depth=4)
class NumbersReleasedWithoutKey(Faulty):
    """release_phone_number works without a key."""

    def authenticate(self, operation: Operation, request: Request) -> Identity | None:
        bare = request.header("authorization") is None
        if bare and operation.id == "release_phone_number":
            return self.issued["full"]
        return super().authenticate(operation, request)


@fault("code-unauthorized", depth=4)
class SlashOpensLists(Faulty):
    """A path with a trailing slash needs no key."""

    def local_path(self, request: Request) -> str | None:
        path = super().local_path(request)
        return path.rstrip("/") if path else path

    def authenticate(self, operation: Operation, request: Request) -> Identity | None:
        if (
            request.path.endswith("/")
            and request.header("authorization") is None
            and operation.keyed
        ):
            return self.issued["full"]
        return super().authenticate(operation, request)


@fault("code-unauthorized", also="status-401", depth=5)
class NeighboursNeedNoKey(Faulty):
    """A request that claims to come from 127.0.0.1 needs no key."""

    def authenticate(self, operation: Operation, request: Request) -> Identity | None:
        if self.parse_key(request) is None and request.header("x-forwarded-for") == "127.0.0.1":
            return self.issued["full"]
        return super().authenticate(operation, request)


# --- unknown keys ---


@fault("code-unauthorized status-401", also="key-header")
class ForbiddenForInvalidKey(Faulty):
    """An unknown key returns 403."""

    def authenticate(self, operation: Operation, request: Request) -> Identity | None:
        key = self.parse_key(request)
        if operation.keyed and key and self.known_key(key) is None:
            raise Refusal("forbidden")
        return super().authenticate(operation, request)


@fault(
    "code-unauthorized status-401",
    also="key-header key-expired key-revoked",
    at="list_agents",
    depth=3,
)
class BadRequestForKeys(Faulty):
    """list_agents returns 400 for a missing or invalid key."""

    def unauthenticated(self, operation: Operation) -> Refusal:
        return (
            Refusal("missing_parameter")
            if operation.id == "list_agents"
            else super().unauthenticated(operation)
        )


@fault(
    "code-unauthorized status-401",
    also="key-header key-expired key-revoked",
    at="update_agent",
    depth=3,
)
class UpdateWithAnyKey(Faulty):
    """update_agent accepts any key."""

    def authenticate(self, operation: Operation, request: Request) -> Identity | None:
        try:
            return super().authenticate(operation, request)
        except Refusal:
            if operation.id == "update_agent" and request.header("authorization"):
                return self.issued["full"]
            raise


@dataclass(frozen=True)
class Welcome(Entry):
    """Whether a given key counts as the seeded key of a role."""

    welcome: Callable[[str, str], bool]
    _: KW_ONLY
    breaks: str = "code-unauthorized status-401"
    role: str = "full"


def welcoming(entry: Welcome) -> type[Faulty]:
    """The reference server, where other keys count as one seeded key."""

    class Welcoming(Faulty):
        def authenticate(self, operation: Operation, request: Request) -> Identity | None:
            key, seeded = self.parse_key(request) or "", self.issued[entry.role]
            if entry.is_at(operation.id) and entry.welcome(key, seeded.key):
                return seeded
            return super().authenticate(operation, request)

    return Welcoming


WELCOMING = {
    "read_balance accepts any key that begins with kc_test_.": Welcome(
        "any-test-key-reads-balance", lambda key, seeded: key.startswith("kc_test_"), role="test",
        at="read_balance", depth=4),
    "A key prefix alone is accepted as a key.": Welcome(
        "bare-prefix-taken", lambda key, seeded: key in PREFIXES, also="key-header", depth=5),
    "A key is accepted without its prefix.": Welcome(
        "prefix-not-wanted", lambda key, seeded: key == seeded[8:], depth=4),
    "The characters 15 to 25 of a key are not compared.": Welcome(
        "early-characters-ignored",
        lambda key, seeded: key[:14] + key[25:] == seeded[:14] + seeded[25:], depth=5),
    "PATCH requests ignore the last character of a key.": Welcome(
        "last-character-ignored",
        lambda key, seeded: len(key) == len(seeded) and key[:-1] == seeded[:-1],
        at="update_agent update_lead update_eval update_workspace act_on_workspace "
        "change_communication_run", depth=4),
}  # fmt: skip

faults_of(welcoming, __name__, WELCOMING)


# --- keys that are almost right ---


@dataclass(frozen=True)
class Alike(Entry):
    """Whether a given key counts as a known one."""

    alike: Callable[[str, str], bool]
    _: KW_ONLY
    breaks: str = "code-unauthorized status-401"


def lenient(entry: Alike) -> type[Faulty]:
    """The reference server, which compares a given key with the known ones in another way."""

    class Lenient(Faulty):
        def known_key(self, key: str) -> Identity | None:
            known = self.issued.values()
            return next((each for each in known if entry.alike(key, each.key)), None)

    return Lenient


LENIENT = {
    "A key needs only the prefix of a known one.": Alike(
        "prefix-is-enough", lambda given, known: given[:8] == known[:8],
        also="key-header key-expired key-revoked status-403 scope-required code-forbidden "
        "status-200 business-inside business-rows business-object business-empty "
        "refused-unchanged"),
    "Only the first twenty characters of a key are compared.": Alike(
        "half-of-key-compared", lambda given, known: given[:20] == known[:20], depth=2),
    "Keys are compared without regard to case.": Alike(
        "key-in-any-case", lambda given, known: given.lower() == known.lower(), depth=3),
    "Characters after a valid key are ignored.": Alike(
        "key-cut-to-length", lambda given, known: given.startswith(known), depth=3),
    "Dots after a valid key are ignored.": Alike(
        "dots-after-keys", lambda given, known: given.rstrip(".") == known, depth=4),
    "A percent sign at the end of a key matches anything, as in SQL LIKE.": Alike(
        "keys-sought-by-pattern",
        lambda given, known: given == known or (given[-1:] == "%" and known.startswith(given[:-1])),
        depth=5),
    "Keys are compared without their prefix, so a live key also works as a test key.": Alike(
        "prefix-cut-off", lambda given, known: given[:8] in PREFIXES and given[8:] == known[8:],
        also="key-header", depth=5),
    "The four characters after the prefix of a key are not compared.": Alike(
        "four-characters-ignored",
        lambda given, known: given[:8] + given[12:] == known[:8] + known[12:], depth=4),
}  # fmt: skip

faults_of(lenient, __name__, LENIENT)
