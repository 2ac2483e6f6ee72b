"""Faults of error messages that show a secret which the suite did not send."""

from __future__ import annotations

from typing import Any

from conformance.server.identifiers import secret
from conformance.server.messages import Context, Reply, Request
from tests.faults.base import ERRORS, Faulty, fault

OTHERS_KEY = "kc_live_pN4wQ8xT2vB6mK9cR3dF7gH1jL5sZ0aY"
"""A live key of a customer that has nothing to do with the run."""


@fault("envelope-message-human envelope-unrouted", by=ERRORS, depth=3)
class SomebodyElsesKeyInMessages(Faulty):
    """Every error message shows the live key of another customer."""

    def envelope(self, code: str, message: str) -> dict[str, Any]:
        return super().envelope(code, f"{message} (last key used here: {OTHERS_KEY})")


@fault("envelope-message-human", also="envelope-unrouted", by=f"creation {ERRORS}", depth=4)
class MagicLinkInMessages(Faulty):
    """After a sign-up, every error message shows the magic link that it returned."""

    _link = ""

    def succeed(self, context: Context, document: dict[str, Any]) -> Reply:
        if context.operation.id == "sign_up":
            token = secret("", self.seed, "magic link", self.store.number())
            self._link = f"https://app.example.com/magic?token={token}"
            document = {**document, "dashboard_magic_link": self._link}
        return super().succeed(context, document)

    def refused(self, request: Request, refusal: Any) -> Reply:
        reply = super().refused(request, refusal)
        if self._link:
            reply.body["error"]["message"] += f" Did you mean to open {self._link}?"
        return reply
