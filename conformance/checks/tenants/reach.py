"""Judges of objects and lists of another tenant: they are neither shown nor changed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from conformance.base.values import instant, texts_in
from conformance.checks.requests.named import refusable_references, refused_or_not_shown
from conformance.checks.tenants.namesakes import is_namesake
from conformance.checks.tenants.naming import judge_named_business
from conformance.judging.foreign_effects import TELLING, foreign_effects, successes_untied
from conformance.judging.inputs import roles_of_refusal
from conformance.judging.outcomes import (
    Answered,
    Gap,
    JudgeContext,
    Outcome,
    Pass,
    Trial,
    Violation,
)
from conformance.judging.responses import control_gap, kept_out, quote, spoils, unusable
from conformance.judging.rules import passive, probe, trial
from conformance.judging.target_model import NEVER_SHOWN, outcomes_at
from conformance.model import (
    KEY_ROLES,
    NONE_OF_ITS_OWN,
    Business,
    CodeRole,
    Exchange,
    KeyName,
    Open,
    ReasonKind,
    Side,
    Step,
    compact,
)
from conformance.reading import Answer, answer_of, id_of, members_of, sought_in

FOREIGN_KEY = f"({KEY_ROLES[KeyName.OTHER].place} in the target file)"
KEPT_OUT = (CodeRole.FORBIDDEN, CodeRole.NOT_FOUND)
"""The roles of the codes that refuse an object of another business."""
INVALID, NOT_FOUND = 400, 404

# --- objects ---


@trial(
    "tenant.object",
    hint=f"Needs a known object of another business {FOREIGN_KEY}.",
    provide=True,
    place=KEY_ROLES[KeyName.OTHER].place,
)
def tenant_object(context: JudgeContext, trial: Trial) -> Iterator[Outcome]:
    """An object of another business is refused, and stays as it was."""
    yield from successes_untied(context, trial)
    objects, references = trial.at(Step.FOREIGN), refusable_references(trial)
    if not objects and not references and not trial.at(Step.TIED):
        return
    gap = control_gap(context, trial)
    if gap:
        for exchange in objects:
            if spoils(trial, exchange):  # its success may be why the control failed
                yield kept_out(context, exchange, KEPT_OUT)
        yield gap
        return
    yield from _objects_refused(context, trial, objects)
    yield from _accepted_foreign(trial, objects)
    yield from _quotes(context, trial, objects)
    yield from _references_refused(context, trial, references)
    yield from foreign_effects(context, trial)


def _references_refused(
    context: JudgeContext, trial: Trial, references: list[Exchange]
) -> Iterator[Outcome]:
    """Judge the requests that refer to an object of another business: they are refused.

    They may be refused for the reference, too, which no source may document. A success is right
    in the cases of ``_objects_refused``, except for an action that only gives advice.
    """
    roles = (*KEPT_OUT, CodeRole.INVALID_PARAMETER)
    if Open.ABSENT_OBJECT in context.operation.open:
        yield from refused_or_not_shown(context, trial, references, *roles, judge=kept_out)
        return
    for exchange in references:
        if not is_namesake(context, trial, exchange):
            yield kept_out(context, exchange, roles)


def _objects_refused(
    context: JudgeContext, trial: Trial, objects: list[Exchange]
) -> Iterator[Outcome]:
    """Judge the requests for an object of another business: they are refused.

    A success is right in three cases: a read by name shows an own object of that name, an action
    only gives advice, or absent objects need not be refused and the object is not shown.
    """
    if Open.ABSENT_OBJECT in context.operation.open:
        yield from refused_or_not_shown(context, trial, objects, *KEPT_OUT, judge=kept_out)
        yield from _names_only_foreign(trial, objects)
        return
    for exchange in objects:
        if is_namesake(context, trial, exchange) or _advises(context, exchange):
            yield Pass((exchange.id,))
        else:
            yield kept_out(context, exchange, roles_of_refusal(context, trial, exchange, KEPT_OUT))


def _accepted_foreign(trial: Trial, objects: list[Exchange]) -> Iterator[Violation]:
    """A violation if an operation accepts a foreign object, but not one that nobody has."""
    refused = [exchange for exchange in trial.at(Step.NOBODY) if exchange.status == NOT_FOUND]
    accepted = [exchange for exchange in objects if exchange.ok]
    if refused and accepted:
        expected = f"refused, as an object that nobody has is refused with {NOT_FOUND}"
        ids = (accepted[0].id, refused[0].id)
        yield Violation("status", expected, quote(accepted[0]), ids)


def _names_only_foreign(trial: Trial, objects: list[Exchange]) -> Iterator[Violation]:
    """A violation for each success that names the foreign object.

    None without a success for an object that nobody has, or if such a success names that object.
    """
    for_nobody = [exchange for exchange in trial.at(Step.NOBODY) if exchange.ok]
    if not for_nobody or any(_names_sought(exchange) for exchange in for_nobody):
        return
    for exchange in objects:
        if exchange.ok and _names_sought(exchange):
            expected = "no sign of the object, as of one that nobody has"
            yield Violation("/", expected, quote(exchange), (exchange.id, for_nobody[0].id))


def _names_sought(exchange: Exchange) -> bool:
    """Whether a response names the object that was asked for."""
    sought, response = exchange.facts.sought, exchange.response
    if not sought or response is None or len(sought) < TELLING:
        return False
    return sought in response.body.written


def _quotes(context: JudgeContext, trial: Trial, objects: list[Exchange]) -> Iterator[Violation]:
    """A violation for each response that quotes a telling text from the foreign object."""
    texts = _telling_texts(context, trial)
    without_quotes = slice(1, -1)
    for exchange in objects:
        if exchange.response is None:
            continue
        written = str(exchange.response.body.text)
        for text in texts:
            is_asked_for = text == exchange.facts.sought  # which a refusal may repeat
            if not is_asked_for and compact(text)[without_quotes] in written:
                expected = "nothing of the object that is refused"
                yield Violation("/error/message", expected, quote(exchange), (exchange.id,))


def _telling_texts(context: JudgeContext, trial: Trial) -> list[str]:
    """The addresses and the texts of several words that the owner of an object sees, each once."""
    telling: dict[str, None] = {}  # an ordered set
    for look in [*trial.at(Step.OWNER), *trial.at(Step.BEFORE)]:
        shown, _ = sought_in(context.contract, look)
        for text in texts_in(members_of(shown).values()):
            if len(text) >= TELLING and (" " in text or "@" in text):
                telling[text] = None
    return list(telling)


def _advises(context: JudgeContext, exchange: Exchange) -> bool:
    """Whether an action that takes any input may just have reported what is wrong with it."""
    operation = context.operation
    if operation.action != "perform" or Open.INPUT not in operation.open:
        return False
    return exchange.ok or exchange.status == 400


# --- filters ---


@trial(
    "tenant.filter",
    hint="Needs the id of another business, or of one of its objects.",
    provide=True,
)
def tenant_filter(context: JudgeContext, trial: Trial) -> Iterator[Outcome]:
    """A list narrowed to another business is refused, or shows only the caller's own items."""
    unfiltered = _unfiltered(context, trial)
    for exchange in trial.probes:
        excuse = unusable(context, exchange)
        answer = Answer(context.contract, context.operation, exchange)
        if excuse:
            yield excuse
        elif answer.ok:
            own = context.target.businesses.get(Business.MAIN)
            yield from _narrowed_to_foreign(answer, unfiltered, own)
        else:
            right_roles = roles_of_refusal(context, trial, exchange, KEPT_OUT)
            if exchange.facts.placed:  # its cursor, or one of its other filters, may be invalid
                right_roles = (*right_roles, CodeRole.INVALID_PARAMETER)
            yield kept_out(context, exchange, right_roles)


def _unfiltered(context: JudgeContext, trial: Trial) -> set[str]:
    """The identities of the items that the list shows without the filter, which it may ignore."""
    identities: set[str] = set()
    for exchange in trial.at(Step.UNFILTERED):
        answer = Answer(context.contract, context.operation, exchange)
        identities.update(answer.identity(item) for item in answer.listed)
    return identities


NARROWED = "as the list was asked for another business"
"""Why a list has to be empty."""


def _narrowed_to_foreign(
    answer: Answer, unfiltered: set[str], own: str | None
) -> Iterator[Outcome]:
    """Judge an accepted list that is narrowed to a different business than the ``own`` one.

    It may show only items that are ``unfiltered``, the identities shown without the filter.
    """
    if answer.items is None:
        return
    ids = (answer.exchange.id,)
    unexpected = [item for item in answer.items if answer.identity(item) not in unfiltered]
    tenant = answer.contract.tenant or ""
    foreign = [item for item in unexpected if own is None or members_of(item).get(tenant) != own]
    if foreign:
        yield Violation("/", f"no item, {NARROWED}", compact(foreign[0]), ids)
    elif unexpected:
        yield Violation("/", f"{NONE_OF_ITS_OWN}, {NARROWED}", compact(unexpected[0]), ids)
    else:
        yield Pass(ids)


# --- rows ---


@trial(
    "tenant.rows",
    hint=f"Needs the list of another business {FOREIGN_KEY}.",
    provide=True,
    place=KEY_ROLES[KeyName.OTHER].place,
)
def tenant_rows(context: JudgeContext, trial: Trial) -> Iterator[Outcome]:
    """Two businesses share no item, and no item names a business that the key cannot reach."""
    rows = _Rows(context)
    for exchange in trial.exchanges:
        answer = answer_of(context.contract, exchange)
        side = exchange.facts.side
        if answer is None or side is None:
            continue
        rows.add(side, answer)
        for row in answer.rows:
            violation = judge_named_business(context, exchange, [row])
            if violation is not None:
                yield violation
    yield from rows.judge()


_Item = tuple[str, str]
"""An item's identity, and the time of its creation with its business."""


class _Rows:
    """The items of two businesses, as their lists show them.

    An item in both lists proves nothing if it has no id, because two different items may be equal,
    or if it belongs to no business: it names none, but other items of its page name theirs. Items
    with the same id that were created at different times, or for different businesses, are
    different, because each business may number its own objects.
    """

    def __init__(self, context: JudgeContext) -> None:
        self._tenant = context.contract.tenant or ""
        # the full key may reach the empty business as well
        self._empty = context.target.businesses.get(Business.EMPTY)
        self._position = context.contract.position
        # by side and item: the id of the first exchange that shows it
        self._shown: dict[Side, dict[_Item, str]] = {Side.OWN: {}, Side.FOREIGN: {}}
        self._inconclusive: set[_Item] = set()  # without an id, or of no business

    def add(self, side: Side, answer: Answer) -> None:
        """Note the items of a page for the business whose list shows them."""
        named = any(self._tenant in row for row in answer.rows)
        for row in answer.rows:
            self._add(side, answer, row, named=named)

    def _add(self, side: Side, answer: Answer, row: dict[str, Any], *, named: bool) -> None:
        """Note an item, unless it belongs to the empty business.

        ``named`` says whether any item of its page has the member that names a business.
        """
        if self._empty is not None and row.get(self._tenant) == self._empty:
            return
        moment, tenant = instant(row.get(self._position)), row.get(self._tenant)
        item = answer.identity(row), f"{moment} {tenant}"
        self._shown[side].setdefault(item, answer.exchange.id)
        is_nobodys = named and row.get(self._tenant) is None
        if is_nobodys or id_of(answer.contract, answer.operation.kind, row) is None:
            self._inconclusive.add(item)

    def judge(self) -> Iterator[Outcome]:
        """Judge that no item is in the lists of both businesses; nothing if one has no items."""
        own, foreign = self._shown[Side.OWN], self._shown[Side.FOREIGN]
        if not own or not foreign:
            return
        common = own.keys() & foreign.keys()
        shared = sorted(common - self._inconclusive)
        ids = tuple(dict.fromkeys([*own.values(), *foreign.values()]))
        if shared:
            first_identity, _ = shared[0]
            actual = f"{len(shared)} items are listed for both businesses: {first_identity}"
            yield Violation("/", "no item of another business", actual, ids)
        elif not common:  # common items that are inconclusive do not pass
            yield Pass(ids)


@passive("tenant.belongs", hint=NEVER_SHOWN, whole=True)
def tenant_belongs(context: JudgeContext, exchange: Exchange) -> list[Outcome]:
    """No list shows an object that another business created in the run."""
    return outcomes_at(context, exchange, "tenant.belongs")


# --- a business without data ---


@probe("tenant.empty")
def tenant_empty(context: JudgeContext, answer: Answered) -> Iterator[Outcome]:
    """A list without data is an empty page, not an error, whatever it is narrowed to."""
    if answer.facts.refusable and answer.status == INVALID:  # a server may refuse it
        return
    if not answer.ok:
        yield Violation("status", "200 with an empty list", quote(answer.exchange), answer.ids)
        return
    page = Answer(context.contract, context.operation, answer.exchange)
    paging = context.operation.paging
    if page.items is None or paging is None:
        return
    if page.items and Open.EMPTY_TENANT in context.operation.open:
        reason = "A business without data may have items in this list, and has some."
        yield Gap(reason, ReasonKind.OWN_LIMIT)
    elif page.items:
        yield Violation("/", "an empty list", f"{len(page.items)} items", answer.ids)
    elif page.more:
        yield Violation(f"/{paging.more}", "false, as the list is empty", "true", answer.ids)
    else:
        yield Pass(answer.ids)
