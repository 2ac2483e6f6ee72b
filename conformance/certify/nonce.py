"""The nonce of a challenge: what the run writes follows from it, and the target shows that again.

So neither the requests nor the responses can have been prepared before the challenge was issued.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from conformance.base.values import strict_json
from conformance.certify.codes import Code, Problem
from conformance.model import Effect, Exchange, Run
from conformance.reading import keys_of
from conformance.reading.marks import site_of

ADVICE = "The target file has to allow writing, and lists or reads have to show what was written."
MOST = 50
"""Number of written texts to look for in responses; beyond that, no more are collected."""


def problems(run: Run) -> list[Problem]:
    """Why it is not shown that a run was made with the nonce it names; empty if it names none."""
    if not run.nonce:
        return []
    found = []
    if run.salts != (run.nonce,):
        text = "The texts of the run do not follow from the nonce."
        found.append(Problem(Code.NONCE_MISMATCH, text))
    if not _came_back(run):
        text = "No response of the target shows again what was written with the nonce."
        found.append(Problem(Code.NONCE_MISMATCH, text, ADVICE))
    return found


def _came_back(run: Run) -> bool:
    """Whether a response shows a text that an earlier, accepted write sent.

    Only texts with the words that follow from the nonce count; once MOST were written, no more are
    collected. A text that the request of the same response also sent does not count, because the
    target may merely have echoed it.
    """
    words_of_nonce = site_of(keys_of(run)[0]).split("-")
    written: set[str] = set()
    for exchange in run.exchanges:
        if not exchange.ok or exchange.response is None:
            continue
        sent = _texts_with(words_of_nonce, exchange)
        shown = exchange.response.body.kept
        if any(text in shown for text in written - sent):
            return True
        operation = run.contract.operations.get(exchange.operation)
        if operation is not None and operation.effect is not Effect.READ and len(written) < MOST:
            written |= sent
    return False


def _texts_with(words: list[str], exchange: Exchange) -> set[str]:
    """The texts in the body of a request that contain all ``words``, in any case."""
    body = exchange.request.body
    if body is None or not all(word in body.written.lower() for word in words):
        return set()
    texts = _texts_in(strict_json(body.written))
    return {text for text in texts if all(word in text.lower() for word in words)}


def _texts_in(value: Any) -> Iterator[str]:
    """The texts in a JSON value, at any depth."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for member in value.values():
            yield from _texts_in(member)
    elif isinstance(value, list):
        for item in value:
            yield from _texts_in(item)
