"""The suite beside Schemathesis: seconds, requests, and which of 20 faults each of them catches."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from benchmarks.measure import Cost, Process, medians, once
from benchmarks.servers import REFERENCE, Server, cost_of_run, counted, run, serving, stored
from benchmarks.table import Row
from conformance.contract import packaged

FAULTS = (
    *("agents-without-key", "address-of-lead-is-unique"),
    *("expired-key-taken", "undefined-is-somebody"),
    *("empty-list-not-found", "rows-of-all-on-later-pages", "workspace-said-to-be-of-another"),
    *("bare-array", "position-in-seconds-since-epoch"),
    *("always-more", "no-more-at-maximum-of-transcripts", "zones-ignored-both-ways"),
    *("created-for-read", "schema-of-nothing"),
    *("agent-not-stored", "blocked-text-listed-at-the-end"),
    *("four-taken", "requested-by-client"),
    *("payment-for-calls", "numbers-want-payment"),
)
"""By subject, the first and the middle one of the faults that break a MUST, by depth and name.

Of tenants and walks, the last one, too.
"""
FAULTY = ("benchmarks.faulty", "{fault}", "{{target}}", "{{log}}")
"""The module and the arguments of a server with a fault."""

Failure = tuple[str, ...]
Found = frozenset[Failure]
"""What a tool reports: a kind of failure and an operation each."""
Finder = Callable[[Server], Found]


def rows(tries: int) -> Iterator[Row]:
    """Seconds and requests of quick run, full run and Schemathesis, and the faults of each."""
    quick = partial(cost_of_run, "--depth", "quick")
    of_right: set[Failure] = set()
    theirs = partial(_cost_of_peer, of_right)
    short, whole, peer = medians(tries, [quick, cost_of_run, theirs])
    against = "schemathesis"
    for what, each in (("quick run", short), ("full run", whole)):
        yield Row(what, each.seconds, "s", against, peer.seconds, most=1)
        yield Row(what, each.requests, "requests", against, peer.requests)
    caught = _caught(frozenset(of_right))
    for what in ("quick run", "full run"):
        yield Row(f"caught by {what}", caught[what], "faults", against, caught[against], tries=1)
    yield Row(
        "caught by full run", caught["full run"], "faults", "of", len(FAULTS), least=1, tries=1
    )


def _cost_of_peer(failures: set[Failure]) -> Cost:
    """What Schemathesis takes on a new right server; adds the failures that it reports there."""
    with tempfile.TemporaryDirectory() as name, serving(Path(name), REFERENCE) as server:
        cost = counted(server, _peer(server))
        failures |= _failures(server)
        return cost


def _peer(server: Server) -> Process:
    """Schemathesis with every check."""
    directory = server.target.parent
    command = [sys.executable, "-m", "schemathesis.cli", "run", packaged() / "openapi.yaml"]
    options = ["--url", server.url, "-H", f"Authorization: Bearer {server.key}"]
    options += ["--checks", "all", "--seed", "1", "--report", "json"]
    report = ("--report-json-path", _report(server))
    return Process([*command, *options, *report], directory, codes=(0, 1))


def _report(server: Server) -> Path:
    return server.target.with_name("schemathesis.json")


def _failures(server: Server) -> Found:
    """What Schemathesis reported on a server."""
    told = json.loads(_report(server).read_text(encoding="utf-8"))["failures"]
    return frozenset(
        (each["type"], each["title"], operation)
        for each in told
        for operation in each["operations"]
    )


def _caught(of_right: Found) -> Counter[str]:
    """How many faults each tool catches. Several are tried at the same time."""
    caught: Counter[str] = Counter()
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for tools in pool.map(partial(_catchers, of_right), FAULTS):
            caught.update(tools)
    return caught


def _catchers(of_right: Found, fault: str) -> list[str]:
    """The tools that report something of a fault which they do not report on the right server.

    The suite reports nothing there: the self-test sees to that.
    """
    tools: dict[str, Finder] = {
        "quick run": partial(_blamed, depth="quick"),
        "full run": partial(_blamed, depth="full"),
        "schemathesis": lambda server: _failures_on(server) - of_right,
    }
    words = [word.format(fault=fault) for word in FAULTY]
    catching = []
    for tool, finder in tools.items():
        with tempfile.TemporaryDirectory() as name, serving(Path(name), words) as server:
            if finder(server):
                catching.append(tool)
    return catching


def _blamed(server: Server, depth: str) -> Found:
    """The cells that a run finds broken."""
    once(run(server, "--depth", depth))
    cells = json.loads(stored(server).read_text(encoding="utf-8"))["cells"]
    broken = (cell for cell in cells if cell["verdict"] in ("failed", "warned"))
    return frozenset((cell["clause"], cell["operation"]) for cell in broken)


def _failures_on(server: Server) -> Found:
    once(_peer(server))
    return _failures(server)
