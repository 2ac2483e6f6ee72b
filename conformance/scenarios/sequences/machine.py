"""Takes the turns of a sequence: writes of one object, and looks at what they touched."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from conformance.base.drawing import one_of, stable_hash
from conformance.base.values import ABSENT, picked, without
from conformance.model import (
    DEAD_KEYS,
    Exchange,
    Facts,
    KeyName,
    Operation,
    Parameter,
    Role,
    Step,
)
from conformance.reading import (
    as_shown,
    differences,
    members_of,
    other_names,
    same,
    sought_in,
    texts_of_creations,
    writable,
)
from conformance.scenarios.client.client import Client
from conformance.scenarios.client.ids import Id
from conformance.scenarios.client.pool import unlike
from conformance.scenarios.sequences.kinds import Writes, members_to_change, puts_into_state
from conformance.scenarios.sequences.looks import Looks
from conformance.scenarios.sequences.program import Turn

WRITE = Facts(step=Step.SEQUENCE, mistake=True)
"""The labels of a write. A server may refuse any of them, for reasons that no source rules out."""
OVERLAPPING = replace(WRITE, odd=True)
"""The labels of writes at the same time, of which a server may refuse all but one."""
WRONG_KEYS = (*DEAD_KEYS, KeyName.NO_SCOPE, KeyName.READ_ONLY)
"""The keys that a write must be refused with."""


class Sequence:
    """Writes to one object of a kind, ``sought``, and knows what the next look should show."""

    def __init__(self, client: Client, writes: Writes) -> None:
        self._client = client
        self._writes = writes
        self._kind = writes.change.kind
        self._looks = Looks(client, self._kind)
        members = members_to_change(writes.change)
        self._members = sorted(members, key=lambda each: stable_hash(f"{client.seed} {each.name}"))
        self._turns = 0  # how often a single member was chosen
        self._created: dict[str, Any] = {}  # what the object was created from
        self._shown: dict[str, Any] = {}  # what a look should show
        self._visible: frozenset[str] = frozenset()  # the members that it last showed
        self._other: Id | None = None  # an object that nothing works on
        self.sought: Id | None = None

    def take(self, turn: Turn) -> None:
        """Take a turn. What the contract or the target makes impossible is left out."""
        turns: dict[Turn, Callable[[], None]] = {
            Turn.CHANGE: self._change,
            Turn.REPEAT: self._repeat,
            Turn.TOGETHER: self._together,
            Turn.REFUSED: self._refused,
            Turn.CROSSED: self._crossed,
            Turn.WORK: lambda: self._work(into_state=False),
            Turn.EQUAL: self._equal,
            Turn.STATE: lambda: self._work(into_state=True),
            Turn.REMOVED: self._removed,
        }
        turns[turn]()

    # --- the object ---

    def begin(self) -> bool:
        """Create the object; returns whether there is one.

        If the creation is refused with the optional members, it is sent without them. In a run in
        which creations have no turn, an object that runs share is taken instead.
        """
        creation = self._writes.creation
        if not self._client.shared.has_turn(operation=creation):
            self._client.own.isolate()
            self.sought = self._client.own.id_for(self._writes.change)
        else:
            for more in (self._client.optional(creation, switches=False), {}):
                values = self._client.valid(creation)
                self.sought = None if values is None else self._create({**values, **more})
                if self.sought is not None:
                    break
        if self.sought is None:
            return False
        self._look()
        self._look_in_list()
        return True

    def _create(self, values: Mapping[str, Any]) -> Id | None:
        """Create an object from some values, and remember what it must show. Returns its id."""
        creation = self._writes.creation
        written = self._client.mistake(creation, values, WRITE, role=Role.BYSTANDER)
        made = self._client.created_id(written)
        if made is not None:
            self._created = dict(values)
            self._shown = as_shown(creation, writable(creation, creation.in_body(values)))
        return made

    def _create_equal(self) -> Id | None:
        """Create an object from the values of the last creation; returns its id.

        None if there was no creation, or if the target refuses an equal object.
        """
        if not self._created:
            return None
        creation = self._writes.creation
        written = self._client.mistake(creation, self._created, WRITE, role=Role.BYSTANDER)
        return self._client.created_id(written)

    def _look(self, key: str = KeyName.FULL) -> None:
        """Look at the object until it shows what was accepted."""
        if self.sought is not None:
            self._looks.at(self.sought, self._is_as_sent, key)

    def _look_in_list(self) -> None:
        """Look at the object in its list, too, unless ``_look`` does so for lack of a read."""
        if self._looks.readers and self.sought is not None:
            self._looks.in_list(self.sought, self._is_as_sent)

    def _is_as_sent(self, look: Exchange | None) -> bool:
        """Whether a look shows the object with all that was accepted; remembers what it shows."""
        found, _ = sought_in(self._client.contract, look)
        self._visible = frozenset(members_of(found))
        wrong = differences(self._writes.change, self._shown, found)
        return found is not None and not any(wrong)

    # --- changes ---

    def _next_change(self) -> dict[str, Any]:
        """A new value for one member, by name.

        The members that the object shows take turns, or all members if it shows fewer than two.
        """
        visible = [member for member in self._members if member.shown_as in self._visible]
        members = visible if len(visible) > 1 else self._members
        member = members[self._turns % len(members)]
        self._turns += 1
        return {member.name: self._other_value(member)}

    def _change_of_all(self) -> dict[str, Any]:
        """A new value for every member."""
        return {member.name: self._other_value(member) for member in self._members}

    def _other_value(self, member: Parameter) -> Any:
        """A value that differs from the one that the object shows for a member, if there is one."""
        value, now = self._client.value(member), self._shown.get(member.shown_as, ABSENT)
        if not same(value, now):
            return value
        if isinstance(value, list):
            return value[:1]
        if isinstance(value, dict) and value:
            return {**value, "note": self._client.token()}
        other = unlike(member)
        return value if other is ABSENT else other

    def _request(self, changes: Mapping[str, Any]) -> dict[str, Any]:
        """The values of a request that makes some changes, with the members that it requires."""
        change = self._writes.change
        assert change.selector is not None
        needed = {}
        for member in change.required:
            now = self._shown.get(member.shown_as, ABSENT)
            needed[member.name] = self._client.value(member) if now is ABSENT else now
        return {**needed, **changes, change.selector.name: self.sought}

    def _send_change(self, request: Mapping[str, Any]) -> None:
        """Send a change, and remember what it sent if it is accepted."""
        written = self._client.mistake(self._writes.change, request, WRITE, role=Role.BYSTANDER)
        self._remember(written, request)

    def _remember(self, written: Exchange, request: Mapping[str, Any]) -> None:
        """Remember what an accepted change sent."""
        change = self._writes.change
        if not written.ok:
            return
        assert change.selector is not None
        sent = as_shown(change, writable(change, change.in_body(request)))
        sent.pop(change.selector.name, None)
        kept = self._shown if change.method == "PATCH" else {}
        texts = texts_of_creations(self._client.contract, self._kind)
        # a target may store such a text under two names, so the change may have replaced it
        self._shown = {**without(kept, other_names(texts, sent)), **sent}

    def _change(self) -> None:
        """Change one member, then the same and the next one; look with two keys of the business."""
        first = self._next_change()
        self._send_change(self._request(first))
        again = {each.name: self._other_value(each) for each in self._members if each.name in first}
        self._send_change(self._request({**again, **self._next_change()}))
        self._look()
        target, readers = self._client.target, self._looks.readers
        if not readers or KeyName.READ_ONLY not in target.keys:
            return
        if target.opens(readers[0], KeyName.READ_ONLY):
            self._look(KeyName.READ_ONLY)

    def _repeat(self) -> None:
        """Change every member, and again in the same way, which a server may refuse."""
        request = self._request(self._change_of_all())
        for _ in range(2):
            self._send_change(request)
        self._look()

    def _together(self) -> None:
        """Change two members at the same time, if a change keeps the members that it omits.

        Two members whose change would be visible are preferred.
        """
        change = self._writes.change
        if change.method != "PATCH" or len(self._members) < 2:
            return
        changes = [self._next_change() for _ in self._members]
        changes.sort(key=self._alters, reverse=True)
        bodies = [self._request(each) for each in changes[:2]]
        requests = [(KeyName.FULL, body, OVERLAPPING) for body in bodies]
        written = self._client.together(change, requests, role=Role.BYSTANDER)
        for exchange, body in zip(written, bodies, strict=True):
            self._remember(exchange, body)
        self._look()
        self._look_in_list()

    def _alters(self, changes: Mapping[str, Any]) -> bool:
        """Whether some changes alter what the object shows, so that their loss would be visible."""
        shown = as_shown(self._writes.change, changes)
        return any(not same(value, self._shown.get(name)) for name, value in shown.items())

    # --- requests that must be refused ---

    def _refused(self) -> None:
        """Change every member, one of them to an invalid value; then all, with a wrong key."""
        client, change = self._client, self._writes.change
        every = self._change_of_all()
        invalid = [each for each in change.body if each.refuse and each.name != change.when]
        if invalid:
            wrong = one_of(invalid, f"{client.seed} {client.case.id} {self._turns}")
            request = self._request({**every, wrong.name: wrong.refuse[-1]})
            if client.mistake(change, request, WRITE, role=Role.BYSTANDER).ok:
                self._shown = {}  # nothing says what an accepted mistake has changed
            self._look()
        keys = [key for key in WRONG_KEYS if key in client.target.keys]
        if keys:
            key = one_of(keys, f"{client.seed} {client.case.id} key {self._turns}")
            request = self._request(every)
            self._remember(
                client.mistake(change, request, WRITE, key=key, role=Role.BYSTANDER), request
            )
            self._look()

    def _crossed(self) -> None:
        """As another business, ask for the object, and then change it, work on it and delete it."""
        client, writes = self._client, self._writes
        if KeyName.OTHER not in client.target.keys or self.sought is None:
            return
        if self._looks.readers:
            facts = Facts(step=Step.SEQUENCE)
            client.look(self._kind, self.sought, facts, key=KeyName.OTHER, role=Role.BYSTANDER)
            self._look()
        every = self._change_of_all()
        requests = [(writes.change, self._request(every))]
        requests += [(work, self._action_values(work)) for work in writes.works]
        if writes.deletion is not None:
            requests.append((writes.deletion, self._selector_values(writes.deletion, self.sought)))
        for operation, request in requests:
            if request:
                client.mistake(operation, request, WRITE, key=KeyName.OTHER, role=Role.BYSTANDER)
        self._look()

    def _selector_values(self, operation: Operation, name: Id) -> dict[str, Any]:
        """The values of a request that names an object and nothing else."""
        assert operation.selector is not None
        return {operation.selector.name: name}

    # --- work ---

    def _action_values(self, work: Operation) -> dict[str, Any]:
        """The values of an action on the object; empty if one is not known."""
        assert work.selector is not None
        assert self.sought is not None
        others = [each for each in work.required if each != work.selector]
        values = self._client.known(others)
        if len(values) < len(others):
            return {}
        return {**values, **self._selector_values(work, self.sought)}

    def _work(self, *, into_state: bool) -> None:
        """Send the actions that put the object into a state, or all the others; look after each."""
        for work in self._writes.works:
            request = self._action_values(work)
            if request and puts_into_state(work) is into_state:
                written = self._client.mistake(work, request, WRITE, role=Role.BYSTANDER)
                if written.ok:
                    sent = as_shown(work, writable(work, work.in_body(request)))
                    # an action may take members that its object does not have
                    self._shown |= picked(sent, self._shown)
                self._look()

    # --- equal creations, and deletions ---

    def _equal(self) -> None:
        """Create an object from the values of the last creation, which may be refused."""
        made = self._create_equal()
        if made == self.sought:
            self._shown = {}  # nothing says whether the target has changed the object
        elif made is not None:
            self._other = made
            self._looks.at(made, self._looks.is_there)
        self._look()

    def _removed(self) -> None:
        """Delete the object, change it, delete it again, and an unknown one; create an equal one.

        Another object, which is created if there is none yet, must stay.
        """
        client, deletion = self._client, self._writes.deletion
        if deletion is None or self.sought is None:
            return
        if self._other is None:
            values = client.valid(self._writes.creation)
            self._other = None if values is None else self._create(values)
        gone, request = self.sought, self._selector_values(deletion, self.sought)
        client.mistake(deletion, request, WRITE, role=Role.BYSTANDER)
        self._looks.after_removal(gone, self._other)
        change = self._request(self._next_change())
        client.mistake(self._writes.change, change, WRITE, role=Role.BYSTANDER)
        self._looks.at(gone, self._looks.is_gone)
        unknown = client.unknown_id(str(gone), client.token())
        for name in (gone, unknown):
            request = self._selector_values(deletion, name)
            client.mistake(deletion, request, WRITE, role=Role.BYSTANDER)
        self._looks.after_removal(gone, self._other)
        if self._create_equal() is not None:
            self._looks.after_removal(gone, self._other)
