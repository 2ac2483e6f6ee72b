"""Which scopes do not open an operation, in the order in which they are tried."""

from __future__ import annotations

from dataclasses import dataclass, field

from conformance.model import NAMED, Effect, Operation, resource_of
from conformance.plan.registry import Planning, operations

OTHERS_TRIED, OTHERS_TRIED_FOR_A_WRITE = 2, 4
"""Keys with another scope that are tried on an operation."""
NAMED_TRIED = 2
"""Keys with listed scopes that are tried on an operation."""


@dataclass(frozen=True)
class _Scope:
    """A scope, the kinds of objects that it opens reads and writes of, and where it writes.

    ``roots`` are the first segments of the paths of its writes.
    """

    name: str
    read: set[str] = field(default_factory=set)
    written: set[str] = field(default_factory=set)
    roots: set[str] = field(default_factory=set)

    def concerns(self, operation: Operation) -> bool:
        """Whether the scope opens anything on the objects of an operation, or on its resource."""
        resources = {resource_of(name) for name in operation.scopes}
        return operation.kind in self.read | self.written or resource_of(self.name) in resources

    def may_include(self, operation: Operation) -> bool:
        """Whether a server may let the scope open an operation that does not require it.

        No source says whether a write of a resource includes its reads, or its other writes.
        """
        return bool(self.written) and self.concerns(operation)


def other_scopes(planning: Planning, operation: Operation) -> list[str]:
    """A few scopes that do not open an operation, most likely to be wrongly accepted first.

    A second scope that the operation may also require comes first, then those that a server is
    likely to confuse with the right one, then unrelated ones. Any other scope for the same kind or
    resource is left out, because a server may let it open the operation.
    """
    concerned: list[_Scope] = []
    others: list[_Scope] = []
    for scope in _scopes_not_opening(planning, operation):
        group = concerned if scope.concerns(operation) else others
        group.append(scope)
    unrelated = _rotated(operation, others)
    if operation.effect is Effect.READ:
        number_tried = OTHERS_TRIED
        likely = [scope for scope in unrelated if scope.read][:1]
    else:
        number_tried = OTHERS_TRIED_FOR_A_WRITE
        likely = _near_a_write(operation, concerned, unrelated)
    names = [scope.name for scope in (*likely, *unrelated)]
    if operation.beside:
        names.insert(0, operation.beside)
    return list(dict.fromkeys(names))[:number_tried]


def _scopes_not_opening(planning: Planning, operation: Operation) -> list[_Scope]:
    """The scopes of the contract that do not open the operation.

    They come in the order of the contract, each with the kinds of the operations that it opens. A
    scope that opens only operations that the target lacks is left out.
    """
    scopes: dict[str, _Scope] = {}
    for other in operations(planning):
        if other.id in planning.target.inapplicable:
            continue
        for name in other.scopes:
            scope = scopes.setdefault(name, _Scope(name))
            if other.effect is Effect.READ:
                scope.read.add(other.kind)
            else:
                scope.written.add(other.kind)
                scope.roots.add(_root(other))
    return [scope for scope in scopes.values() if scope.name not in operation.scopes]


def _rotated(operation: Operation, scopes: list[_Scope]) -> list[_Scope]:
    """The scopes from a start that differs by operation, so that each has its turn."""
    if not scopes:
        return []
    start = sum(ord(character) for character in operation.id) % len(scopes)
    return scopes[start:] + scopes[:start]


def _near_a_write(
    operation: Operation, concerned: list[_Scope], unrelated: list[_Scope]
) -> list[_Scope]:
    """The scopes that a server may mistake for the scope of a write.

    Those ``concerned`` with its kind or resource count only if they open no write. Of the
    ``unrelated``, one opens a write below the same path, one the write of an object that it must
    name, and one any write.
    """
    referred = {parameter.references for parameter in operation.required}
    reading = [scope for scope in concerned if not scope.written]
    writing = [scope for scope in unrelated if scope.written]
    naming = [scope for scope in writing if scope.written & referred]
    same_path = [scope for scope in writing if _root(operation) in scope.roots]
    return [*reading, *same_path[:1], *naming[:1], *writing[:1]]


def _root(operation: Operation) -> str:
    """The first segment of the path of an operation."""
    return operation.path.split("/")[1]


def named_keys(planning: Planning, operation: Operation, *, opening: bool) -> list[str]:
    """A few keys with scopes listed in the target file, which open an operation or do not.

    A key counts as neither if no source says whether it opens the operation.
    """
    target = planning.target
    named = sorted(role for role in target.keys if role.startswith(NAMED))
    fitting = [role for role in named if target.opens(operation, role) is opening]
    if not opening:
        others = _scopes_not_opening(planning, operation)
        doubtful = {scope.name for scope in others if scope.may_include(operation)}
        fitting = [role for role in fitting if doubtful.isdisjoint(target.named_scopes(role))]
    return fitting[:NAMED_TRIED]
