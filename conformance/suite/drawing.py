"""Draws generated cases in a process of its own: a JSON request on stdin, the cases on stdout.

A process of its own, because drawing costs seconds that then run beside the reads of a run, and
because Hypothesis takes constants from whatever modules are imported: here they are always the
same ones, and it is kept from taking any, so that a checkout and a wheel draw alike for one seed.
Drawn from a copy of the document without ``security``, else most negative cases only change the key.
"""

from __future__ import annotations

import base64
import copy
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

POSITIVE, NEGATIVE = "positive", "negative"
STEPS = 9
"""Steps of a walk mixed with writes, at most."""


@contextmanager
def _no_local_constants() -> Iterator[None]:
    from hypothesis.internal.conjecture import providers

    original = getattr(providers, "_get_local_constants", None)
    if original is not None:
        empty = type(providers._local_constants)()
        providers._get_local_constants = lambda: empty
    try:
        yield
    finally:
        if original is not None:
            providers._get_local_constants = original


def _operations(document: dict[str, Any]) -> dict[tuple[str, str], Any]:
    """The operations of a document as Schemathesis sees them, by method and path."""
    from schemathesis import Config, openapi

    document = copy.deepcopy(document)
    document.pop("security", None)
    for item in document["paths"].values():
        for definition in item.values():
            if isinstance(definition, dict):
                definition.pop("security", None)
    config = Config.from_dict({"base-url": "http://127.0.0.1/", "generation": {"database": "none"}})
    schema = openapi.from_dict(document, config=config)
    found: list[Any] = list(schema.get_all_operations())
    return {(o.method.upper(), o.path): o for o in (result.ok() for result in found)}


def _draw(source: Any, mode: str, count: int, seed: int) -> list[Any]:
    """Up to ``count`` cases; none where an operation has nothing to vary."""
    import hypothesis
    from hypothesis.errors import HypothesisException
    from schemathesis import GenerationMode

    drawn: list[Any] = []
    generation = GenerationMode.POSITIVE if mode == POSITIVE else GenerationMode.NEGATIVE

    @hypothesis.seed(seed)
    @hypothesis.settings(
        max_examples=count,
        phases=[hypothesis.Phase.generate],
        database=None,
        deadline=None,
        derandomize=False,
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    @hypothesis.given(case=source.as_strategy(generation_mode=generation))
    def collect(case: Any) -> None:
        drawn.append(case)

    try:
        collect()
    except HypothesisException:
        return []
    return drawn


def _programs(count: int, seed: int) -> list[list[list[Any]]]:
    """Programs of a walk mixed with writes, those with most kinds of steps first: each step a word and what it takes.

    A machine that sends nothing: what it draws is sent later, step by step, and nothing is ever tried again or shrunk.
    """
    import hypothesis
    from hypothesis import stateful
    from hypothesis.strategies import sampled_from

    drawn: list[list[list[Any]]] = []

    class Mixed(stateful.RuleBasedStateMachine):
        """Pages are turned, and between two pages of a walk an object is made, changed or removed; only what was made is."""

        def __init__(self) -> None:
            super().__init__()
            self.pages = 0  # of this walk
            self.made = 0
            self.program: list[list[Any]] = []
            drawn.append(self.program)

        def between(self) -> bool:
            return self.program[-1:] != [] and self.program[-1][0] == "turn"

        @stateful.rule(limit=sampled_from((1, 2, 3, 5)))
        def turn(self, limit: int) -> None:
            self.pages += 1
            self.program.append(["turn", limit])

        @stateful.precondition(lambda self: self.between() and self.pages > 2)
        @stateful.rule()
        def restart(self) -> None:
            self.pages = 0
            self.program.append(["restart"])

        @stateful.precondition(lambda self: self.between())
        @stateful.rule()
        def make(self) -> None:
            self.made += 1
            self.program.append(["make"])

        @stateful.precondition(lambda self: self.between())
        @stateful.rule()
        def change(self) -> None:
            self.program.append(["change"])

        @stateful.precondition(lambda self: self.between() and self.made > 0)
        @stateful.rule()
        def remove(self) -> None:
            self.made -= 1
            self.program.append(["remove"])

    settings = hypothesis.settings(
        max_examples=5 * count,
        stateful_step_count=STEPS,
        phases=[hypothesis.Phase.generate],
        database=None,
        deadline=None,
        derandomize=False,
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    stateful.run_state_machine_as_test(hypothesis.seed(seed)(Mixed), settings=settings)
    whole = [program for program in drawn if program and program[-1][0] == "turn"]
    return sorted(whole, key=lambda program: -len({step[0] for step in program}))[:count]


def _plain(case: Any) -> dict[str, Any]:
    """A case as JSON: query, path parameters, and a body as value, as base64 of bytes, or none."""
    plain: dict[str, Any] = {
        "query": dict(case.query or {}),
        "path": dict(case.path_parameters or {}),
    }
    if isinstance(case.body, bytes):
        plain["base64"] = base64.b64encode(case.body).decode()
    elif isinstance(case.body, dict | list | str | int | float | bool | None):
        plain["body"] = case.body
    return plain


def main() -> None:
    """Draw cases for each wanted operation and mode, in the order asked for, and programs of mixed walks."""
    wanted = json.load(sys.stdin)
    with _no_local_constants():
        known = _operations(wanted["document"]) if wanted["operations"] else {}
        cases = [
            [
                _plain(case)
                for case in _draw(
                    known[one["method"], one["path"]], one["mode"], wanted["count"], wanted["seed"]
                )
            ]
            for one in wanted["operations"]
        ]
        programs = _programs(wanted["programs"], wanted["seed"]) if wanted["programs"] else []
    json.dump({"cases": cases, "programs": programs}, sys.stdout)


if __name__ == "__main__":
    main()
