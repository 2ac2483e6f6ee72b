"""Stored runs, edited by somebody who wants the suite to do harm with them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from conformance.log.chain import LINK, Chain
from conformance.run import runfile
from tests.servers import stored, text_of

Line = dict[str, Any]


def forged(
    run: Path,
    directory: Path,
    line: Callable[[Line], Line | None] = lambda line: line,
    said: Callable[[Line], object] = lambda run: run,
) -> Path:
    """Write a copy of a run into a new directory, with each line of its log and run.json edited.

    ``line`` returns None for a line that is to go; ``said`` changes what run.json says.
    """
    directory.mkdir()
    members = stored(run)
    said(members)
    (directory / runfile.RUN).write_text(json.dumps(members), encoding="utf-8")
    lines = [line(json.loads(text)) for text in text_of(run, runfile.PACKED).splitlines()]
    kept = [json.dumps(each) + "\n" for each in lines if each is not None]
    (directory / runfile.LOG).write_text("".join(kept), encoding="utf-8")
    return directory


def chained(run: Path) -> Path:
    """The forged run with a chain that fits its log, as a forger would leave it."""
    chain, log, members = Chain(), run / runfile.LOG, stored(run)
    lines = [json.loads(text) for text in log.read_text(encoding="utf-8").splitlines()]
    entries = [{name: line[name] for name in line if name != LINK} for line in lines]
    log.write_text("".join(f"{chain.link(entry)}\n" for entry in entries), encoding="utf-8")
    (run / runfile.RUN).write_text(json.dumps(members | {"log_head": chain.head}), encoding="utf-8")
    return run


def created(line: Line, operation: str) -> bool:
    """Whether a line is a creation that succeeded."""
    return line.get("operation") == operation and line["response"]["status"] == 201


def with_response(line: Line, change: Callable[[Any], None]) -> Line:
    """A line whose response says something else."""
    body = line["response"]["body"]
    content = json.loads(body["text"])
    change(content)
    return line | {"response": line["response"] | {"body": body | {"text": json.dumps(content)}}}
