"""A list of odd requests: what breaks parsers, databases and frameworks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import chain

from conformance.model import Operation, Parameter
from conformance.model.mistake_names import EMPTY
from conformance.scenarios.odd.odd_messages import (
    Make,
    Pairs,
    overridden,
    undecodable,
    valid,
    with_content,
    with_media_type,
    with_mixed_entries,
    with_pairs,
    with_tails,
    with_value,
    with_values,
)
from conformance.scenarios.odd.odd_values import (
    CONTENTS,
    FIGURES,
    IN_BRACKETS,
    INFINITE,
    LATIN_1,
    LIMITS,
    LONGEST_IN_QUERY,
    MEDIA,
    MEGABYTE,
    ODD_NAME,
    POSITIONS,
    TEXTS,
    TWICE,
    WRONG_TYPE,
    odd_value,
)

BRACKETS = {"array": "", "object": "a"}
"""What is inside the brackets of a query parameter, by the structure that it stands for."""


class Sort(StrEnum):
    """The part of a request that is odd."""

    TEXT = "text"
    TEXTS = "texts"
    QUERY = "query"
    TWICE = "twice"
    BRACKETS = "brackets"
    UNDECODABLE = "undecodable"
    HEADER = "header"
    PAGE = "page"
    FIGURE = "figure"
    TAILS = "tails"
    ENTRIES = "entries"
    SELECTED = "selected"
    UNLABELLED = "unlabelled"
    CONTENT = "content"
    ENCODING = "encoding"
    LARGE = "large"


@dataclass(frozen=True)
class OddWay:
    """A way for a request to be odd: its sort, its permanent name, and a maker of the message.

    ``stated`` says what is odd if the sort does not. A way that ``follows`` is also sent if the
    target refuses the same oddity in all parameters at once, because the refusal of one parameter
    hides what the target does with the others.
    """

    sort: Sort
    name: str
    make: Make
    stated: str = ""
    follows: bool = False

    @property
    def flaw(self) -> str:
        """What is odd, in words that also fit the same oddity of other operations."""
        return self.stated or _FLAWS[self.sort]

    @property
    def may_have_other_status(self) -> bool:
        """Whether the response may have a status that the contract does not list."""
        return self.name.startswith(("long", "override", "body-megabyte", "all-undecodable"))


_FLAWS: Mapping[Sort, str] = {
    Sort.TWICE: TWICE,
    Sort.SELECTED: TWICE,
    Sort.BRACKETS: IN_BRACKETS,
    Sort.UNDECODABLE: "a broken percent sequence",
    Sort.HEADER: "headers that name another method",
    Sort.UNLABELLED: "a body without a label",
    Sort.LARGE: "a body of a megabyte",
    Sort.TAILS: WRONG_TYPE,
    Sort.ENTRIES: WRONG_TYPE,
    Sort.FIGURE: "a number beyond all bounds",
}
"""What is odd in the requests of a sort, if the way itself does not state it."""


def odd_ways(operation: Operation) -> Iterator[OddWay]:
    """The ways in which a request of an operation can be odd, always in the same order."""
    yield from _odd_names(operation)
    yield from _odd_texts(operation)
    yield from _odd_queries(operation)
    # with query parameters besides the selecting one, "override-and-objects" has the headers
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
        make = with_media_type(operation, LATIN_1)
        yield OddWay(Sort.ENCODING, "media-latin-1", make, f"a body labelled {LATIN_1}")
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
    """For each odd text, a request with it in all parameters that take any text.

    It is cut to what a query can hold, and a query cannot hold half a character at all.
    """
    takers = [parameter for parameter in operation.parameters if _takes_any_text(parameter)]
    count_in_query = sum(parameter.place == "query" for parameter in takers)
    longest = LONGEST_IN_QUERY // count_in_query if count_in_query else None  # None: not cut
    for name, odd in TEXTS.items():
        names = [p.name for p in takers if p.place == "body" or name != "half-a-character"]
        if names:
            make = with_values(operation, dict.fromkeys(names, odd.text[:longest]))
            yield OddWay(Sort.TEXTS, f"{name}-in-all", make, odd.flaw)


def _takes_any_text(parameter: Parameter) -> bool:
    """Whether a parameter takes a text that has no format and names no object."""
    if parameter.references or {"format", "pattern"} & set(parameter.schema):
        return False
    return _takes_text(parameter)


def _takes_text(parameter: Parameter) -> bool:
    """Whether a query parameter or a body member takes texts, without a phone number or an enum."""
    if parameter.place not in ("query", "body") or parameter.phone:
        return False
    if "enum" in parameter.schema:
        return False
    kind = parameter.schema.get("type", "string")
    return bool(kind == "string")


def _odd_queries(operation: Operation) -> Iterator[OddWay]:
    """All query parameters occur twice, in brackets or badly encoded; then one at a time is odd.

    The parameter that selects the operation only occurs twice.
    """
    parameters = [p for p in operation.parameters_in("query") if p.name != operation.when]
    if operation.when is not None:
        selected = with_pairs(operation, (operation.when, "1"), (operation.when, "2"))
        yield OddWay(Sort.SELECTED, "selected-twice", selected)
    if not parameters:
        return
    twice = chain.from_iterable(_twice(parameter) for parameter in parameters)
    yield OddWay(Sort.TWICE, "all-twice", with_pairs(operation, *twice))
    as_arrays = [_in_brackets(parameter, BRACKETS["array"]) for parameter in parameters]
    as_objects = [_in_brackets(parameter, BRACKETS["object"]) for parameter in parameters]
    yield OddWay(Sort.BRACKETS, "all-as-arrays", with_pairs(operation, *as_arrays))
    objects = with_pairs(operation, *as_objects)
    if operation.body:
        yield OddWay(Sort.BRACKETS, "all-as-objects", objects)
    else:  # one request for both
        yield OddWay(Sort.BRACKETS, "override-and-objects", overridden(objects))
    yield _undecodable(operation, parameters)
    for parameter in parameters:
        yield from _odd_query(operation, parameter, len(parameters) > 1)


def _undecodable(operation: Operation, parameters: list[Parameter]) -> OddWay:
    """All query parameters that take any text are badly encoded; without any, the first one."""
    texts = [parameter for parameter in parameters if _takes_any_text(parameter)]
    names = [parameter.name for parameter in texts or parameters[:1]]
    return OddWay(Sort.UNDECODABLE, "all-undecodable", undecodable(operation, names))


def _odd_query(operation: Operation, parameter: Parameter, has_others: bool) -> Iterator[OddWay]:
    """One query parameter occurs twice, in brackets, or empty.

    ``has_others`` says whether the operation has more of them, which may be odd at once.
    """
    name, follows = parameter.name, has_others and _takes_any_text(parameter)
    make = with_pairs(operation, *_twice(parameter))
    yield OddWay(Sort.QUERY, f"{name}-twice", make, TWICE, follows)
    for kind, inside in BRACKETS.items():
        make = with_pairs(operation, _in_brackets(parameter, inside))
        yield OddWay(Sort.QUERY, f"{name}-as-{kind}", make, IN_BRACKETS, follows)
    yield OddWay(Sort.QUERY, f"{name}-empty", with_pairs(operation, (name, "")), EMPTY)


def _twice(parameter: Parameter) -> Pairs:
    """A query parameter, twice, with a documented value if there is one."""
    first_choice = parameter.schema.get("enum", [None])[0]
    text = str(first_choice or parameter.example or "1")
    return ((parameter.name, text), (parameter.name, text))


def _in_brackets(parameter: Parameter, inside: str) -> tuple[str, str]:
    """A query parameter as frameworks spell a structure, with a text inside the brackets."""
    return f"{parameter.name}[{inside}]", "1"


def _odd_pages(operation: Operation) -> Iterator[OddWay]:
    """The limit or the cursor of a list has a value that is hard to parse."""
    if operation.paging is None:
        return
    for name, texts in ((operation.paging.limit, LIMITS), (operation.paging.after, POSITIONS)):
        for place, text in enumerate(texts):
            make = with_pairs(operation, (name, text))
            yield OddWay(Sort.PAGE, f"{name}-{place}", make, odd_value(name))


def _odd_members(operation: Operation) -> Iterator[OddWay]:
    """Members of a body end oddly, all but the selector, or the selector alone; or one is odd.

    The member that selects the mode of the operation is never odd.
    """
    selector = operation.selector
    members = [member for member in operation.body if member.name != operation.when]
    others = [member for member in members if member != selector]
    yield OddWay(Sort.TAILS, "all-tails", with_tails(operation, others))
    if selector in members:
        yield OddWay(Sort.TAILS, "selector-tail", with_tails(operation, [selector]))
    for member in members:
        yield from _odd_values_of(operation, member)


def _odd_values_of(operation: Operation, member: Parameter) -> Iterator[OddWay]:
    """Odd values of one member, by its type; all else in the request is valid.

    Numbers are infinite, huge or NaN, and arrays have an entry of another type. A change also puts
    an infinite number into objects, which the run can take back.
    """
    type_name = member.schema.get("type")
    if type_name in ("integer", "number"):
        yield from _odd_figures(operation, member)
    elif type_name == "object" and operation.action == "update":
        content = b'{"%b": {"number": %b}}' % (member.name.encode(), FIGURES[INFINITE])
        make = with_content(operation, content, instead=member.name)
        yield OddWay(Sort.FIGURE, f"{member.name}-{INFINITE}", make)
    elif type_name == "array":
        make = with_mixed_entries(operation, member)
        yield OddWay(Sort.ENTRIES, f"{member.name}-mixed", make)


def _odd_figures(operation: Operation, member: Parameter) -> Iterator[OddWay]:
    """A number is infinite, huge or NaN, in a request that is otherwise valid."""
    for word, figure in FIGURES.items():
        content = b'{"%b": %b}' % (member.name.encode(), figure)
        make = with_content(operation, content, instead=member.name)
        yield OddWay(Sort.FIGURE, f"{member.name}-{word}", make)
