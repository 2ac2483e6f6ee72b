"""What both sides read from an answer: its items, its object, and what tells one from another."""

from conformance.reading.answers import Answer, answer_of, asked, missing, sought_in
from conformance.reading.filters import takes
from conformance.reading.items import (
    arrays_of,
    before_last,
    id_of,
    identity_of,
    is_hexadecimal,
    is_id,
    is_named,
    items_of,
    members_of,
    moment_of,
    moments_of,
    newly,
    object_of,
    position_of,
    rows_of,
    runs_forward,
)
from conformance.reading.limits import soon
from conformance.reading.made import CLEAN, Made, made_by, removals, worked_on
from conformance.reading.writes import absent, as_shown, compared, differences, same, shown

__all__ = [
    "CLEAN",
    "Answer",
    "Made",
    "absent",
    "answer_of",
    "arrays_of",
    "as_shown",
    "asked",
    "before_last",
    "compared",
    "differences",
    "id_of",
    "identity_of",
    "is_hexadecimal",
    "is_id",
    "is_named",
    "items_of",
    "made_by",
    "members_of",
    "missing",
    "moment_of",
    "moments_of",
    "newly",
    "object_of",
    "position_of",
    "removals",
    "rows_of",
    "runs_forward",
    "same",
    "shown",
    "soon",
    "sought_in",
    "takes",
    "worked_on",
]
