"""Faults of requests that have names: what the server does with a name that it knows."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from conformance.model import Operation
from conformance.server.messages import Context, Refusal, Reply, Request
from tests.faults.base import Faulty, fault, is_for

NAME = "Idempotency-Key"
RUN = "create_communication_run"


class Renaming(Faulty):
    """The server takes the name of a request for another one."""

    def take_in(
        self, operation: Operation, request: Request, in_path: Mapping[str, str]
    ) -> dict[str, Any]:
        values = super().take_in(operation, request, in_path)
        if NAME in values:
            values[NAME] = self.name_for(values[NAME])
        return values

    def name_for(self, name: str) -> str:
        """The name that the server sees."""
        raise NotImplementedError


@fault("created-resource", at=RUN, by="repeated-creation", depth=3)
class NamesForgotten(Renaming):
    """create_communication_run creates a second run for a repeated Idempotency-Key."""

    def name_for(self, name: str) -> str:
        return self.new_id("name")


@fault("created-resource", at=RUN, by="repeated-creation", depth=5)
class NamesOfReferencesOnly(Renaming):
    """create_communication_run forgets the Idempotency-Key of a run without external_ref."""

    def take_in(
        self, operation: Operation, request: Request, in_path: Mapping[str, str]
    ) -> dict[str, Any]:
        has_reference = request.body is not None and b"external_ref" in request.body
        self._remembers = has_reference
        return super().take_in(operation, request, in_path)

    def name_for(self, name: str) -> str:
        return name if self._remembers else self.new_id("name")


@fault("created-resource", at=RUN, by="repeated-creation", depth=5)
class NamesInAnyCase(Renaming):
    """create_communication_run takes Idempotency-Keys for equal that differ in case."""

    def name_for(self, name: str) -> str:
        return name.lower()


@fault("created-resource", at=RUN, by="repeated-creation", depth=5)
class NamesCutOff(Renaming):
    """create_communication_run compares the first eight characters of Idempotency-Keys."""

    def name_for(self, name: str) -> str:
        return name[:8]


@fault("created-resource", at=RUN, by="repeated-creation", depth=5)
class NamesCheckedTooEarly(Faulty):
    """Of create_communication_run, requests at the same time find a new Idempotency-Key unknown."""

    def act(self, context: Context) -> Reply:
        if not is_for(context, RUN):
            return super().act(context)
        is_new = self.store.note(f"seen:{context.values[NAME]}") is None
        if is_new:
            time.sleep(0.02)  # lets another request in
            self.store.set_evictable_note(f"seen:{context.values[NAME]}", "")
            values = {**context.values, NAME: self.new_id("name")}
            return super().act(replace(context, values=values))
        return super().act(context)


@fault("created-resource", at=RUN, by="repeated-creation", depth=4)
class RepetitionConfirmed(Faulty):
    """create_communication_run says of a repetition that it is one, and not what the result was."""

    def act(self, context: Context) -> Reply:
        if is_for(context, RUN):
            name = f"seen:{context.values[NAME]}"
            if self.store.note(name) is not None:
                return Reply(200, {"success": True, "duplicate": True})
            self.store.set_evictable_note(name, "")
        return super().act(context)


@fault("created-resource", also="status-200 status-201", at=RUN, by="repeated-creation", depth=4)
class RepetitionRefused(Faulty):
    """create_communication_run refuses an Idempotency-Key that it has seen."""

    def act(self, context: Context) -> Reply:
        if is_for(context, RUN):
            name = f"seen:{context.values[NAME]}"
            if self.store.note(name) is not None:
                raise Refusal("invalid_parameter")
            self.store.set_evictable_note(name, "")
        return super().act(context)
