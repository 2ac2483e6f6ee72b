"""A list of odd requests: what breaks parsers, databases and frameworks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import chain
from typing import Any

from conformance.model import Operation, Parameter
from conformance.scenarios.odd.odd_messages import (
    Make,
    Pairs,
    overridden,
    valid,
    with_content,
    with_media_type,
    with_pairs,
    with_tails,
    with_value,
    with_values,
)
from conformance.scenarios.odd.odd_values import (
    BELOW_ONE,
    BEYOND_64_BITS,
    CONTENTS,
    EMPTIES,
    EMPTY,
    FIGURES,
    IN_BRACKETS,
    LIMITS,
    MEDIA,
    MEGABYTE,
    ODD_NAME,
    OTHER_TYPES,
    POSITIONS,
    TEXTS,
    TWICE,
    WRONG_TYPE,
    odd_value,
)


class Sort(StrEnum):
    """The part of a request that is odd."""

    TEXT = "text"
    TEXTS = "texts"
    LETTERS = "letters"
    QUERY = "query"
    TWICE = "twice"
    BRACKETS = "brackets"
    HEADER = "header"
    PAGE = "page"
    MEMBER = "member"
    FIGURE = "figure"
    TYPES = "types"
    ITEMS = "items"
    OPTIONAL = "optional"
    TAILS = "tails"
    LETTERED = "lettered"
    SELECTOR = "selector"
    SELECTED = "selected"
    EMPTY = "empty"
    BELOW_ONE = "below-one"
    UNLABELLED = "unlabelled"
    CONTENT = "content"
    LARGE = "large"


@dataclass(frozen=True)
class OddWay:
    """A way for a request to be odd: its sort, its permanent name, and a maker of the message.

    ``stated`` says what is odd if the sort does not.
    """

    sort: Sort
    name: str
    make: Make
    stated: str = ""

    @property
    def flaw(self) -> str:
        """What is odd, in words that also fit the same oddity of other operations."""
        return self.stated or _FLAWS[self.sort]

    @property
    def may_have_other_status(self) -> bool:
        """Whether the response may have a status that the contract does not list."""
        return self.name.startswith(("long", "override", "body-megabyte"))


_FLAWS: Mapping[Sort, str] = {
    Sort.TWICE: TWICE,
    Sort.SELECTED: TWICE,
    Sort.BRACKETS: IN_BRACKETS,
    Sort.HEADER: "headers that name another method",
    Sort.LARGE: "a body of a megabyte",
    Sort.MEMBER: WRONG_TYPE,
    Sort.TYPES: WRONG_TYPE,
    Sort.ITEMS: WRONG_TYPE,
    Sort.OPTIONAL: WRONG_TYPE,
    Sort.TAILS: WRONG_TYPE,
    Sort.SELECTOR: WRONG_TYPE,
    Sort.LETTERED: "letters in place of a number",
    Sort.FIGURE: "a number beyond all bounds",
    Sort.EMPTY: "empty members",
    Sort.BELOW_ONE: "a number below one",
    Sort.UNLABELLED: "a body without a label",
}
"""What is odd in the requests of a sort, if the way itself does not state it."""


def odd_ways(operation: Operation) -> Iterator[OddWay]:
    """The ways in which a request of an operation can be odd, always in the same order."""
    yield from _odd_names(operation)
    yield from _odd_texts(operation)
    yield from _odd_queries(operation)
    yield from _extreme_queries(operation)
    yield from _lettered(operation)
    if operation.body or not operation.parameters_in("query"):
        yield OddWay(Sort.HEADER, "override-method", overridden(valid(operation)))
    yield from _odd_pages(operation)
    if operation.body:
        yield from _odd_members(operation)
        for name, odd in CONTENTS.items():
            make = with_content(operation, odd.content)
            yield OddWay(Sort.CONTENT, f"body-{name}", make, odd.flaw)
        yield OddWay(Sort.LARGE, "body-megabyte", with_content(operation, MEGABYTE))
        yield OddWay(Sort.UNLABELLED, "media-none", with_media_type(operation, ""))
        for name, media in MEDIA.items():
            flaw = f"a body labelled {media}"
            yield OddWay(Sort.HEADER, f"media-{name}", with_media_type(operation, media), flaw)


# --- the ways by sort -----------------------------------------------------------------------------


def _odd_names(operation: Operation) -> Iterator[OddWay]:
    """One parameter that takes texts, but not any text, has an odd one."""
    for parameter in operation.parameters:
        if _takes_text(parameter) and not _takes_any_text(parameter):
            make = with_value(operation, parameter.name, ODD_NAME.text)
            yield OddWay(Sort.TEXT, f"odd-{parameter.name}", make, ODD_NAME.flaw)


def _odd_texts(operation: Operation) -> Iterator[OddWay]:
    """All parameters that take any text have an odd one."""
    wide = [parameter for parameter in operation.parameters if _takes_any_text(parameter)]
    for name, odd in TEXTS.items():
        sort = Sort.LETTERS if name == "letters" else Sort.TEXTS
        fitting = [p.name for p in wide if p.place == "body" or name != "half-a-character"]
        if fitting:
            make = with_values(operation, dict.fromkeys(fitting, odd.text))
            yield OddWay(sort, f"{name}-in-all", make, odd.flaw)


def _takes_any_text(parameter: Parameter) -> bool:
    """Whether a parameter takes a text that has no format and names no object."""
    if parameter.references or {"format", "pattern"} & set(parameter.schema):
        return False
    return _takes_text(parameter)


def _takes_text(parameter: Parameter) -> bool:
    if parameter.place not in ("query", "body") or parameter.phone:
        return False
    if "enum" in parameter.schema:
        return False
    kind = parameter.schema.get("type", "string")
    return bool(kind == "string")


def _odd_queries(operation: Operation) -> Iterator[OddWay]:
    parameters = [p for p in operation.parameters_in("query") if p.name != operation.when]
    if operation.when is not None:
        selected = with_pairs(operation, (operation.when, "1"), (operation.when, "2"))
        yield OddWay(Sort.SELECTED, "selected-twice", selected)
    if not parameters:
        return
    twice = [_twice(parameter) for parameter in parameters]
    yield OddWay(Sort.TWICE, "all-twice", with_pairs(operation, *chain(*twice)))
    brackets = [_in_brackets(parameter) for parameter in parameters]
    make = with_pairs(operation, *chain(*brackets))
    if operation.body:
        yield OddWay(Sort.BRACKETS, "all-in-brackets", make)
    else:  # one request for both
        yield OddWay(Sort.BRACKETS, "override-and-brackets", overridden(make))
    for parameter, two, odd in zip(parameters, twice, brackets, strict=True):
        name = parameter.name
        yield OddWay(Sort.QUERY, f"{name}-twice", with_pairs(operation, *two), TWICE)
        yield OddWay(Sort.QUERY, f"{name}-in-brackets", with_pairs(operation, *odd), IN_BRACKETS)
        yield OddWay(Sort.QUERY, f"{name}-empty", with_pairs(operation, (name, "")), EMPTY)


def _extreme_queries(operation: Operation) -> Iterator[OddWay]:
    """All numbers of the query are beyond 64 bits, 0, or negative."""
    names = _numbers(operation)
    if names:
        huge = with_pairs(operation, *[(name, BEYOND_64_BITS) for name in names])
        yield OddWay(Sort.FIGURE, "query-huge", huge)
        for word, text in BELOW_ONE.items():
            make = with_pairs(operation, *[(name, text) for name in names])
            yield OddWay(Sort.BELOW_ONE, f"query-{word}", make)


def _lettered(operation: Operation) -> Iterator[OddWay]:
    """A numeric query parameter is not a number."""
    for name in _numbers(operation):
        yield OddWay(Sort.LETTERED, f"{name}-lettered", with_pairs(operation, (name, "abc")))


def _numbers(operation: Operation) -> list[str]:
    """The numbers of the query, except the page limit, which has odd values of its own."""
    limit = None if operation.paging is None else operation.paging.limit
    numbers = [p for p in operation.parameters_in("query") if _takes_number(p)]
    return [number.name for number in numbers if number.name != limit]


def _twice(parameter: Parameter) -> Pairs:
    """A query parameter, twice, with as valid a value as the documents give."""
    text = str(parameter.schema.get("enum", [None])[0] or parameter.example or "1")
    return ((parameter.name, text), (parameter.name, text))


def _in_brackets(parameter: Parameter) -> Pairs:
    """A query parameter, as an array and as an object."""
    return ((f"{parameter.name}[]", "1"), (f"{parameter.name}[a]", "2"))


def _odd_pages(operation: Operation) -> Iterator[OddWay]:
    if operation.paging is None:
        return
    for name, texts in ((operation.paging.limit, LIMITS), (operation.paging.after, POSITIONS)):
        for place, text in enumerate(texts):
            make = with_pairs(operation, (name, text))
            yield OddWay(Sort.PAGE, f"{name}-{place}", make, odd_value(name))


def _odd_members(operation: Operation) -> Iterator[OddWay]:
    """One member is odd, or all members are, except the one that names the write's object."""
    selector = operation.selector
    members = [p for p in operation.body if p.name != operation.when]
    free = [member for member in members if member != selector]
    yield from _odd_together(operation, free)
    if selector in members:
        yield OddWay(Sort.TAILS, "selector-tail", with_tails(operation, [selector]))
        make = with_value(operation, selector.name, 5)
        yield OddWay(Sort.SELECTOR, "selector-number", make)
    for member in members:
        yield from _odd_member(operation, member)
        if _takes_number(member):
            yield from _odd_figures(operation, member)


def _odd_together(operation: Operation, members: list[Parameter]) -> Iterator[OddWay]:
    """Members of other types: all of them, and the optional ones; tails; and items."""
    optional = [member for member in members if not member.required]
    for turn in range(len(OTHER_TYPES)):
        wrong = with_values(operation, _wrong_types(members, turn))
        yield OddWay(Sort.TYPES, f"types-{turn}", wrong)
        wrong = with_values(operation, _wrong_types(optional, turn))
        yield OddWay(Sort.OPTIONAL, f"optional-types-{turn}", wrong)
    yield OddWay(Sort.TAILS, "all-tails", with_tails(operation, members))
    yield from _empty(operation, members)
    lists = [member.name for member in members if member.schema.get("type") == "array"]
    if lists:
        numbers = with_values(operation, {name: [7] for name in lists})
        yield OddWay(Sort.ITEMS, "all-items", numbers)


def _empty(operation: Operation, members: list[Parameter]) -> Iterator[OddWay]:
    """All members of a type that has an empty value are empty."""
    for kind, empty in EMPTIES.items():
        named = [member.name for member in members if member.schema.get("type") == kind]
        if named:
            make = with_values(operation, dict.fromkeys(named, empty))
            yield OddWay(Sort.EMPTY, f"empty-{kind}s", make)


def _odd_member(operation: Operation, member: Parameter) -> Iterator[OddWay]:
    """A member that is null, has a tail, or is of another type."""
    odd = {"null": None, **_others(member)}
    for word, value in odd.items():
        make = with_value(operation, member.name, value)
        yield OddWay(Sort.MEMBER, f"{member.name}-{word}", make)
    yield OddWay(Sort.MEMBER, f"{member.name}-tail", with_tails(operation, [member]))


def _takes_number(member: Parameter) -> bool:
    return member.schema.get("type") in ("integer", "number")


def _odd_figures(operation: Operation, member: Parameter) -> Iterator[OddWay]:
    """A number is infinite, huge or NaN, in a request that is otherwise valid."""
    for word, figure in FIGURES.items():
        content = b'{"%b": %b}' % (member.name.encode(), figure)
        make = with_content(operation, content, instead=member.name)
        yield OddWay(Sort.FIGURE, f"{member.name}-{word}", make)


def _wrong_types(members: list[Parameter], turn: int) -> dict[str, Any]:
    """A value of another type for each member.

    The types take turns. After as many turns as there are types, each member has had each of them.
    """
    wrong = {}
    for place, parameter in enumerate(members):
        others = list(_others(parameter).values())
        wrong[parameter.name] = others[(turn + place) % len(others)]
    return wrong


def _others(parameter: Parameter) -> dict[str, Any]:
    """A value of each type that a member does not have, by type; an array is odd in its items."""
    documented = parameter.schema.get("type", "string")
    own = {documented} if isinstance(documented, str) else set(documented)
    numbers = own | {"number"} if "integer" in own else own
    kept = OTHER_TYPES.keys() - (numbers - {"array"})
    return {kind: OTHER_TYPES[kind] for kind in OTHER_TYPES if kind in kept}
