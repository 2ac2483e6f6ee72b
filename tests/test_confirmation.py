"""Findings that need confirmation: a permanent fault is confirmed, a transient one is only a note.

Every scenario of every rule that confirms is tried, so that none closes its trial without the look
that its judge needs.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import pytest

from conformance.base.options import Choice, Depth
from conformance.base.values import instant
from conformance.checks import RULES
from conformance.model import Case
from conformance.plan.registry import REGISTRY
from conformance.run.planning import load_suite
from conformance.run.session import Session
from conformance.scenarios.client.client import Client
from conformance.server import Application, application
from conformance.server.messages import Context, Refusal, Reply
from conformance.server.moments import MICRO
from conformance.server.store import Page, Row
from tests.faults import faults, harness
from tests.faults.base import Faulty, later_page
from tests.faults.writes.others import (
    LeadsOfOthersRenamed,
    NewWebhookReplacesTheLast,
    WebhookOfAnotherDeleted,
)
from tests.faults.writes.refusals import ActsBeforeRefusing
from tests.support import contracts
from tests.support.wsgi import WsgiWire

# --- faults that every scenario of a rule can see -------------------------------------------------


class Upended(Faulty):
    """The first two items of a page change places."""

    def rows_of(self, context: Context, limit: int) -> list[Row]:
        rows = super().rows_of(context, limit)
        return [*rows[1::-1], *rows[2:]] if min(len(rows), limit) > 1 else rows


class OnePageOnly(Faulty):
    """A page after a cursor is refused."""

    def edge_of(self, context: Context) -> str | None:
        edge = super().edge_of(context)
        if edge is not None:
            raise Refusal("invalid_parameter", "Not valid: the cursor")
        return edge


class FirstPageAgain(Faulty):
    """The cursor is ignored."""

    def edge_of(self, context: Context) -> str | None:
        return None


class CursorAgain(Faulty):
    """A page begins with the item of its cursor."""

    def comparison(self, operation: object) -> str:
        return "<="


class KeptAndAgain(CursorAgain):
    """The same, and what is deleted stays."""

    def act_delete(self, context: Context) -> Reply:
        return self.succeed(context, self.confirmation(context.operation, self.selected(context)))


class OneSkipped(Faulty):
    """A page after a cursor, or with a filter, lacks its first item."""

    def rows_of(self, context: Context, limit: int) -> list[Row]:
        skips = later_page(context) or bool(self.filters_of(context))
        rows = super().rows_of(context, limit + 1)
        return rows[1:] if skips and len(rows) > 2 else rows[: limit + 1]


class WholeSeconds(Faulty):
    """The cursor is compared without its fraction of a second, and loses the rest of it."""

    def cursor_key(self, cursor: Any) -> str:
        return super().cursor_key(cursor // 1)


class NeverMore(Faulty):
    """has_more is always false."""

    def has_more(self, rows: Any, limit: int) -> bool:
        return False


class AlwaysMore(Faulty):
    """An empty page says that more follows."""

    def has_more(self, rows: Any, limit: int) -> bool:
        return not rows or super().has_more(rows, limit)


class Unfiltered(Faulty):
    """A list shows what its filter leaves out."""

    def filters_of(self, context: Context) -> Any:
        return ()


class TwoForOne(Faulty):
    """A creation makes two objects."""

    def act_create(self, context: Context) -> Reply:
        reply = super().act_create(context)
        super().act_create(context)
        return reply


class BehindTheNewest(Faulty):
    """A new object is filed five seconds before the newest one of its list."""

    def new_moment(self, kind: str, tenant: str) -> int:
        newest = self.store.page(Page(kind, tenant, 1, None, "<", "DESC", ()))
        moment = instant(newest[0].position) if newest else None
        if moment is None:
            return super().new_moment(kind, tenant)
        return int((moment - 5) * MICRO)


class DescriptionLostByWork(Faulty):
    """An action on a webhook clears its description."""

    def act_perform(self, context: Context) -> Reply:
        reply = super().act_perform(context)
        if context.operation.kind == "webhook":
            self.store.change(self.selected(context), {"description": None})
        return reply


class MadeWithoutKey(ActsBeforeRefusing):
    """A creation without a key is refused, but made."""

    here, role = "create_agent", "unauthenticated"


class KeptWhenBlocked(Faulty):
    """A text that is refused for its content is listed as sent."""

    def check_triggers(self, context: Context) -> Any:
        try:
            return super().check_triggers(context)
        except Refusal:
            self.act_create(context)
            raise


FAULTS: dict[str, type[Application]] = {
    "paging.order": Upended,
    "paging.advances": OnePageOnly,
    "paging.exclusive": CursorAgain,
    "paging.complete": OneSkipped,
    "paging.precision": WholeSeconds,
    "paging.more-false": NeverMore,
    "paging.more-true": AlwaysMore,
    "paging.filter": Unfiltered,
    "update.besides": DescriptionLostByWork,
    "create.count": TwoForOne,
    "create.others": NewWebhookReplacesTheLast,
    "update.others": LeadsOfOthersRenamed,
    "delete.others": WebhookOfAnotherDeleted,
    "create.newest": BehindTheNewest,
    "figures.grown": faults.FAULTS["leads-of-all-counted"].kind,
    "refused.effect": MadeWithoutKey,
    "trigger.effect": KeptWhenBlocked,
    "rate.reset": faults.FAULTS["two-hours"].kind,
}
"""A fault that breaks each rule that confirms, wherever a scenario looks."""
OTHER_FAULTS: dict[tuple[str, str], type[Application]] = {
    ("paging.advances", "walk-with-option"): FirstPageAgain,  # it may refuse the second page
    ("paging.exclusive", "cursor-of-a-deleted-item"): KeptAndAgain,
    ("refused.effect", "refused-write"): faults.FAULTS["lead-saved-without-scope"].kind,
}
"""The faults for scenarios that cannot see the usual one."""
MEET_BY_CHANCE = {
    ("paging.precision", "cursor-of-a-deleted-item"),
    ("paging.precision", "item-made-between-pages"),
}
"""Scenarios that see what their rule judges only where another case made items just before."""


# --- the runs -------------------------------------------------------------------------------------


class Passing(Session):
    """A session against a server whose fault goes before the second attempt of a case."""

    permanent = False

    def on(self, app: Application) -> Passing:
        """The same session, with the server that it changes."""
        self._app, self._broken = app, type(app)
        return self

    def _attempt(self, case: Case, client: Client) -> str:
        sound = client.confirming and not self.permanent
        self._app.__class__ = Application if sound else self._broken
        return super()._attempt(case, client)


@dataclass(frozen=True)
class Tried:
    """What the cases of one scenario gave for a rule: how many graded findings, and after what."""

    graded: int
    repeated: int


def _tried(rule: str, scenario: str, permanent: bool, depth: Depth = Depth.FULL) -> Tried:
    """Run the cases of a scenario that feed a rule, until one is repeated and tells.

    In a quick run the first list is left out, which has the walks of a full run.
    """
    contract = contracts.real()
    kind = OTHER_FAULTS.get((rule, scenario), FAULTS[rule])
    app = application(contract, kind=kind)
    target = harness.target_of(contract, app, "http://127.0.0.1:1", {})
    prepared = harness.prepared(contract, target, Choice(depth=depth))
    session = Passing(prepared, WsgiWire(app), sleep=lambda _seconds: None).on(app)
    session.permanent = permanent
    graded = repeated = 0
    try:
        for case in _cases(prepared.plan.runnable, rule, scenario)[depth is Depth.QUICK :]:
            before = len(session.log.exchanges)
            violations = session.run_case(case)
            repeated += any(each.attempt > 1 for each in session.log.exchanges[before:])
            graded += any(broken == rule for broken, _ in violations)
            if repeated and (graded or not permanent):
                break
    finally:
        app.store.close()
    return Tried(graded, repeated)


def _cases(cases: Iterable[Case], rule: str, scenario: str) -> list[Case]:
    """The cases of a scenario that feed a rule."""
    return [case for case in cases if case.scenario == scenario and rule in case.rules]


def _pairs() -> list[tuple[str, str]]:
    """Each rule that confirms, with each scenario that feeds it."""
    load_suite()
    return [
        (rule.id, scenario.name)
        for rule in RULES.values()
        if rule.confirm
        for scenario in REGISTRY.values()
        if rule.id in scenario.rules and (rule.id, scenario.name) not in MEET_BY_CHANCE
    ]


@pytest.mark.parametrize(("rule", "scenario"), _pairs())
def test_a_permanent_fault_is_confirmed(rule: str, scenario: str) -> None:
    """The second attempt shows again what the first one showed, so it is graded."""
    assert _tried(rule, scenario, permanent=True).graded


@pytest.mark.parametrize(("rule", "scenario"), _pairs())
def test_a_passing_fault_is_a_note(rule: str, scenario: str) -> None:
    """What the second attempt does not show again is not graded."""
    tried = _tried(rule, scenario, permanent=False)
    assert tried.repeated
    assert not tried.graded


@pytest.mark.parametrize(
    "rule",
    ["paging.order", "paging.advances", "paging.exclusive", "paging.complete", "paging.more-false"],
)
def test_a_brief_walk_confirms(rule: str) -> None:
    """The few pages that a quick run asks of most lists are enough to confirm a finding."""
    assert _tried(rule, "walk", True, Depth.QUICK).graded
    assert not _tried(rule, "walk", False, Depth.QUICK).graded
