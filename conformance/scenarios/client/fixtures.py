"""The run's own objects, which it changes, works on and deletes."""

from __future__ import annotations

from conformance.model import NOTHING, Effect, Facts, KeyName, Open, Operation, Role, Step
from conformance.reading import Answer
from conformance.scenarios.client import filling
from conformance.scenarios.client.ids import Id, is_sendable
from conformance.scenarios.client.knowledge import Knowledge
from conformance.scenarios.client.memory import Memory, Values
from conformance.scenarios.client.pool import resetting, state_of
from conformance.scenarios.client.renewal import Renewal
from conformance.scenarios.client.sending import Sending

REFUSABLE = Facts(mistake=True)
"""The labels of a creation with members that a target may reject."""
AGAIN = Facts(step=Step.REPEATED, mistake=True)
"""The labels of a creation that may be rejected because it has made the same object before."""


class OwnObjects:
    """Creates the objects that a case changes, works on or deletes, and keeps the shared ones."""

    def __init__(
        self, sending: Sending, memory: Memory, knowledge: Knowledge, renewal: Renewal
    ) -> None:
        self.contract, self.target = sending.contract, sending.target
        self._sending = sending
        # isolate() replaces these two
        self._created, self._to_delete = memory.created, memory.to_delete
        self._shared_by_cases, self._pool = memory.created, memory.pool
        self._knowledge = knowledge
        self._renewal = renewal
        self.token = knowledge.token
        self.number = knowledge.number
        self.business = knowledge.business
        self.known_id = knowledge.known_id
        self.free = knowledge.free
        self.readable = knowledge.readable

    def valid(self, operation: Operation, key: str = KeyName.FULL) -> Values | None:
        """Valid values for an operation; None if a required one is not known."""
        return filling.valid(self, operation, key)

    def id_for(self, operation: Operation) -> Id | None:
        """The id of an object to change, work on or delete; None if there is none to use.

        If possible, it is an object that the run created. All changes of a kind share one object.
        Actions share another one, which may end up paused, for example. If the target takes an
        action only once, each case gets its own. So does each deletion. Pre-existing objects are
        never deleted. They are changed only if the run may create none, or if that failed and no
        source shows a valid creation.
        """
        creation = self._creation(operation.kind)
        if operation.action == "delete":
            return self._id_to_delete(operation.kind, creation)
        own = None if creation is None else self._own_object(operation, creation)
        may_use_existing = creation is None or Open.INPUT in creation.open
        if own is None and may_use_existing:
            return self._knowledge.id_for(operation)
        return own

    def _own_object(self, operation: Operation, creation: Operation) -> Id | None:
        """The object of a kind that changes share, or the one that actions share.

        It is created if there is none yet; None if the target does not create one. An action that
        the target takes only once gets objects that no other case uses.
        """
        shares_objects = self._created is self._shared_by_cases
        if shares_objects and self.acts_once(operation):
            self.isolate()
        memory_key = _memory_key(operation)
        if self._created.get(memory_key) is None:
            self._created[memory_key], _ = self._create_full(creation)
        return self._created[memory_key]

    def acts_once(self, operation: Operation) -> bool:
        """Whether the target rejects an action on an object that has the requested state already.

        To find out, the first case of a run sends the action twice. While it prepares that, the
        result is False. Also False, without a request, for an action that names no state or costs
        money.
        """
        names_state = any(member.required and "enum" in member.schema for member in operation.body)
        if not names_state or operation.effect is not Effect.WRITE:
            return False
        fails_again: bool = self._knowledge.once(
            ("acts once", operation.id), lambda: self._fails_again(operation), provisional=False
        )
        return fails_again

    def _fails_again(self, operation: Operation) -> bool:
        """Send a valid action twice; whether it is accepted first and rejected the second time."""
        values = self.valid(operation)
        if values is None:
            return False
        first = self._sending.send(operation, values, role=Role.BYSTANDER, facts=REFUSABLE)
        again = self._sending.send(operation, values, role=Role.BYSTANDER, facts=REFUSABLE)
        return first.ok and again.status in (400, 409)

    def isolate(self, operation: Operation | None = None) -> None:
        """From now on, use objects that no other case uses.

        For an action, they do not come from the pool, because earlier actions may have changed the
        state of the objects there.
        """
        self._created, self._to_delete = {}, {}
        if operation is not None and _acts(operation):
            self._pool = None

    def renew(self, operation: Operation) -> None:
        """From now on, use new objects for an operation that may have stored odd values.

        Nothing changes if it names no object, or if the run cannot create one without cost.
        """
        creation = self._creation(operation.kind)
        if (
            operation.selector is not None
            and creation is not None
            and creation.effect is Effect.WRITE
        ):
            self.isolate()

    def twin(self, operation: Operation) -> Id | None:
        """Create two equal objects, the newer for the operation; returns the id of the older.

        A faulty target may do to the older one what the operation does to the newer one. If the
        target refuses an equal object, the operation gets the older one, and a deletion a new one.
        None if no object can be created.
        """
        creation = self._creation(operation.kind)
        if creation is None:
            return None
        older, values = self._create_full(creation)
        if older is None or values is None:  # a creation without a response must not be sent again
            return None
        newer = self._reuse_object(creation, values) or self._create_pooled(creation, values, AGAIN)
        if operation.action != "delete":
            self._created[_memory_key(operation)] = newer or older
        elif newer is not None and newer != older:  # the target may keep one of equal ones
            self._to_delete[operation.kind] = newer
        return older

    def _create_full(self, creation: Operation) -> tuple[Id | None, Values | None]:
        """Create an object, or reset one of the pool; returns its id and the values sent.

        It has all members with a documented value, except switches, if that is accepted. Otherwise
        it has only the required ones, under new names.
        """
        values = self.valid(creation)
        if values is None:
            return None, None
        full = {**self._optional_members(creation), **values}
        created = self._reuse_object(creation, full)
        if created is None:
            created = self._create_pooled(creation, full, REFUSABLE)
        if created is not None:
            return created, full
        values = self.valid(creation)
        return self._create(creation, values), values

    def _reuse_object(self, creation: Operation, values: Values) -> Id | None:
        """Reset an object of the pool to ``values``, as if it were new; returns its id.

        Objects that refuse the change leave the pool. None if no object accepts the values, if
        there is no pool, or if the kind has no such change that the target file allows.
        """
        kind, pool = creation.kind, self._pool
        change = resetting(self.contract, kind)
        if pool is None or change is None or change.effect not in self.target.allow:
            return None
        in_use = [each for each in self._shared_by_cases.values() if each is not None]
        name = pool.next(kind, in_use)
        while name is not None and not self._reset(change, creation, values, name):
            pool.drop(kind, name)
            name = pool.next(kind, in_use)
        return name

    def put_back(self, kind: str, name: Id, more: Values) -> bool:
        """Change an object to what a new one would be; ``more`` are values for other members.

        Returns whether the target accepted the change.
        """
        creation, change = self._creation(kind), resetting(self.contract, kind)
        values = None if creation is None else self.valid(creation)
        if creation is None or change is None or values is None:
            return False
        return self._reset(
            change, creation, {**more, **self._optional_members(creation), **values}, name
        )

    def _reset(self, change: Operation, creation: Operation, values: Values, name: Id) -> bool:
        """Make an object like a new one; returns whether the target accepted the change."""
        state = state_of(change, creation, values, name)
        request = {**self._other_required(change), **state}
        return self._sending.send(change, request, role=Role.BYSTANDER, facts=REFUSABLE).ok

    def _other_required(self, change: Operation) -> Values:
        """Values for the parameters that a change requires, other than the selector."""
        selector = change.selector
        return filling.known(self, [each for each in change.required if each != selector])

    def _create_pooled(self, creation: Operation, values: Values, facts: Facts) -> Id | None:
        """Create an object. If it can be reset, it joins the pool, which other cases take from."""
        created, pool = self._create(creation, values, Role.BYSTANDER, facts), self._pool
        can_be_reset = resetting(self.contract, creation.kind) is not None
        if created is not None and pool is not None and can_be_reset:
            pool.add(creation.kind, created)
        return created

    def _optional_members(self, creation: Operation) -> Values:
        """Optional members for an object of the run's own: phone numbers, but no switches."""
        members = filling.optional(self, creation, switches=False)
        return {**members, **filling.phones(self, creation)}

    def _id_to_delete(self, kind: str, creation: Operation | None) -> Id | None:
        """The id of a new object: the one that ``twin`` kept, or one just created; None if none."""
        kept = self._to_delete.pop(kind, None)
        if kept is not None or creation is None:
            return kept
        created = self._create(creation, self.valid(creation))
        for memory_key, shared in list(self._created.items()):
            if shared == created:  # the target returned a shared one, to be deleted
                del self._created[memory_key]
        return created

    def id_to_link(self, kind: str) -> Id | None:
        """The id of an object that may be linked to another; None if there is none for that.

        It is the object of the pool that no case changes, or else a new one.
        """
        if self._pool is not None and kind in self._pool.linked:
            return self._pool.linked[kind]
        creation = self._creation(kind)
        return None if creation is None else self._create(creation, self.valid(creation))

    def can_make(self, kind: str) -> bool:
        """Whether the run may create objects of a kind."""
        return self._creation(kind) is not None

    def _creation(self, kind: str) -> Operation | None:
        """The operation that creates objects of a kind, if the target file allows it."""
        for creation in self.contract.operations_by("create", kind):
            if creation.effect in self.target.allow:
                return creation
        return None

    def _create(
        self,
        creation: Operation,
        values: Values | None,
        role: Role = Role.ARRANGE,
        facts: Facts = NOTHING,
    ) -> Id | None:
        """Create an object. Returns its id; None if that fails or no valid values are known."""
        if values is None:
            return None
        renewed = None if facts.mistake else self._renewal.renewer(creation, values)
        written = self._sending.send(creation, values, role=role, facts=facts, renewed=renewed)
        created = Answer(self.contract, creation, written).id
        return created if created is not None and is_sendable(created) else None


def _memory_key(operation: Operation) -> str:
    """The key under which memory keeps an operation's object; actions share one of their own."""
    return f"{operation.kind} for actions" if _acts(operation) else operation.kind


def _acts(operation: Operation) -> bool:
    """Whether an operation is an action, which may put its object into a state, such as paused.

    A change that a member other than its object's id selects counts as one.
    """
    selector = operation.selector
    selecting = None if selector is None else selector.name
    return operation.action == "perform" or operation.when not in (None, selecting)
