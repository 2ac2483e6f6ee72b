"""Makes bundles: the evidence of a run, the statement about it, and its signatures."""

from __future__ import annotations

import json
from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path

from conformance.base import files, stored
from conformance.certify import attached, bundle, checking, envelope, seams, statement
from conformance.certify.keys import PrivateKey, sign_detached
from conformance.certify.statement import Claims, Judged
from conformance.log import packing, size_limit
from conformance.log.archive import DICTIONARY, Archive, StoredBody, packed
from conformance.log.chain import CONTAINED, CONTENT
from conformance.model import Json, Profile, Run
from conformance.run import runfile
from conformance.run.runfile import Opened


class Bodies(StrEnum):
    """Which long bodies of responses stay in a bundle. Bodies up to 4 kB always do."""

    ALL = "all"
    JUDGED = "judged"
    NONE = "none"


def assemble(source: Path, opened: Opened, judged: Run, bodies: Bodies, directory: Path) -> Run:
    """Write a bundle without statement and signatures, and return the run as the bundle has it."""
    run = checking.bare(judged)
    with files.private():
        runfile.write(run, opened.selected, directory)
        checking.write_reports(run, directory)
        _write_log(source, opened, _kept(opened, run, bodies), directory)
        for name, content in attached.files_of(source).items():
            to = directory / name
            to.parent.mkdir(exist_ok=True)
            to.write_bytes(content)
    return run


def add_spot_checks(source: Path, opened: Opened, directory: Path) -> None:
    """Add spot checks to an unsigned bundle, without their reports."""
    spot_directory = directory / seams.SPOT
    with files.private():
        spot_directory.mkdir()
        run = checking.bare(opened.judged())
        runfile.write(run, opened.selected, spot_directory)
        _write_log(source, opened, None, spot_directory)


def _kept(opened: Opened, run: Run, bodies: Bodies) -> frozenset[str] | None:
    """The digests of the contents that stay in the log; None for all of them.

    Bodies of requests always stay. Those of responses are removed, except with JUDGED those that
    a cell of the run rests on.
    """
    if bodies is Bodies.ALL:
        return None
    judged = {name for cell in run.cells for name in cell.exchanges}
    kept: set[str] = set()
    for exchange in opened.log.exchanges:
        kept.update(_digests([exchange.request.body]))
        if bodies is Bodies.JUDGED and exchange.id in judged and exchange.response:
            kept.update(_digests([exchange.response.body]))
    return frozenset(kept)


def _digests(bodies: Iterable[object]) -> set[str]:
    """The digests of long bodies; short ones have none."""
    return {digest for body in bodies if isinstance(body, StoredBody) for digest in body.digests}


def _write_log(source: Path, opened: Opened, kept: frozenset[str] | None, directory: Path) -> None:
    """Write the compressed log, line by line as it was, but with only some of its contents.

    ``kept`` are the digests of the contents that stay; None keeps all.
    """
    bounds = size_limit.bounds(opened.began.target.disk)
    plain = directory / runfile.LOG
    archive = Archive(source / runfile.LOG, bounds.size)  # keeps its copy of the log
    with (
        stored.opened(archive.file()) as file,
        files.open_to_append(plain) as stream,
    ):
        for line in stored.lines(file, str(source / runfile.LOG), bounds):
            stream.write(_published(line, kept, opened.log.archive))
    packing.pack(plain)


def _published(line: str, kept: frozenset[str] | None, contents: Archive) -> str:
    """A line of a log, without its content unless the digest of the content is in ``kept``.

    None keeps all. A kept content must not need another one that is removed, so it is compressed
    alone. Most lines have no such content, so they are not even parsed.
    """
    if kept is None or f'"{CONTAINED}"' not in line:
        return line
    entry: dict[str, Json] = json.loads(line)
    if CONTENT not in entry:
        return line  # only a text in it looks like a content
    digest = entry[CONTENT]
    written = {name: entry[name] for name in entry if name not in (CONTAINED, DICTIONARY)}
    if digest in kept:
        written[CONTAINED] = packed(contents.content(digest))
    return json.dumps(written) + "\n"


def write_statement(directory: Path, judged: Judged, profile: Profile, claims: Claims) -> bytes:
    """Write the statement on an assembled bundle, and return the bytes that are to be signed."""
    subjects = bundle.digests(directory)
    built = statement.build(judged, profile, claims, subjects)
    payload = statement.payload(built)
    (directory / bundle.STATEMENT).write_bytes(payload)
    return payload


def sign(directory: Path, payload: bytes, key: PrivateKey, namespace: str) -> None:
    """Add a signature to a statement: in the envelope, and detached."""
    path = directory / bundle.ENVELOPE
    earlier = envelope.read(path.read_text(encoding="utf-8")).signatures if path.exists() else {}
    path.write_text(envelope.signed(payload, key, earlier), encoding="utf-8")
    name = f"{bundle.STATEMENT}.{key.public.keyid}.sig"
    signature = sign_detached(key, namespace, payload)
    (directory / name).write_text(signature, encoding="ascii")
