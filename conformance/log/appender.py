"""Appends lines to the file of a log, until one cannot be written."""

from __future__ import annotations

from typing import TextIO

from conformance.base.errors import reason
from conformance.log.archive import Place

UNWRITTEN = "The log could not be written: {}."
"""Why nothing more is written, with the reason of the system."""


class Appender:
    """Appends lines to a log file, flushing each. ``stream`` is None for a log without a file.

    After a line that could not be written, for example on a full disk, nothing more is written, so
    that the lines before it can be replayed. ``failure`` says why; it is empty until then.
    """

    def __init__(self, stream: TextIO | None) -> None:
        self._stream = stream
        # the place of the next line in the file
        self.end = 0 if stream is None else stream.tell()
        self.failure = ""

    def write(self, line: str) -> Place | None:
        """Write a line; returns its place in the file, None if it could not be written."""
        if self.failure:
            return None
        place = Place(self.end, len(line))
        self.end += len(line) + 1
        if self._stream is not None:
            try:
                self._stream.write(line + "\n")  # one call: a signal must not separate the two
                self._stream.flush()
            except OSError as error:
                self.failure = UNWRITTEN.format(reason(error))
                return None
        return place
