"""The nonce of a challenge: it is in what the run writes, and the target has to show it again.

So neither the requests nor the responses can have been prepared before the challenge was issued.
"""

from __future__ import annotations

import re

from conformance.certify.codes import Code, Problem
from conformance.model import Effect, Run
from conformance.reading import marks_in
from conformance.reading.marks import OF_REQUEST, shared_digits, shared_in

ADVICE = "The target file has to allow writing, and lists or reads have to show what was written."


def problems(run: Run) -> list[Problem]:
    """What shows that a run was made with another nonce than it says; nothing without a nonce."""
    if not run.nonce:
        return []
    shared, found = shared_digits(run.nonce), []
    for exchange, digits in shared_in(run.contract, run.exchanges):
        if digits != shared:
            text = f"The texts in exchange {exchange.id} were made with another nonce."
            found.append(Problem(Code.NONCE_MISMATCH, text))
            break
    if not _came_back(run, shared):
        text = "No response of the target shows again what was written with the nonce."
        found.append(Problem(Code.NONCE_MISMATCH, text, ADVICE))
    return found


def _came_back(run: Run, shared: str) -> bool:
    """Whether a response shows a text again that an accepted write has sent.

    A response that only repeats its own request does not count.
    """
    written: set[str] = set()
    for exchange in run.exchanges:
        sent = {mark for mark in marks_in([exchange]) if mark.startswith(shared)}
        if exchange.ok and exchange.response is not None:
            shown = re.findall(f"{shared}[0-9a-f]{{{OF_REQUEST}}}", exchange.response.body.kept)
            if not (written - sent).isdisjoint(shown):
                return True
            operation = run.contract.operations.get(exchange.operation)
            if operation is not None and operation.effect is not Effect.READ:
                written |= sent
    return False
