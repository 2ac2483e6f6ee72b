"""The order in which a server checks input, objects, key and scope is its own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from conformance.server import Application, declaration
from tests.servers import command, faulty, run_of, serving, stored, target_file
from tests.variants.keys import InputBeforeKey, InputBeforeScope, StateBeforeKey

CLAUSES = ("key-expired", "key-revoked", "scope-required", "business-object", "business-filter")
SELECTED = [word for clause in CLAUSES for word in ("--clause", clause)]
EVERY_KEY: tuple[str, ...] = ()
FEW_KEYS = ("full", "no_scope", "expired", "other")
NO_FULL_KEY = ("read_only", "no_scope", "revoked", "other")


def fewer(app: Application, roles: tuple[str, ...]) -> dict[str, Any]:
    """Members of a target file that has the keys of some roles alone; of all if none are given."""
    keys = declaration(app, "http://127.0.0.1")["keys"]
    if not roles:
        return {}
    return {"keys": {role: keys[role] for role in roles}, "scoped_keys": {}}


@pytest.mark.parametrize(
    ("kind", "roles"),
    [
        (InputBeforeScope, EVERY_KEY),
        (InputBeforeKey, FEW_KEYS),
        (InputBeforeKey, NO_FULL_KEY),
        (StateBeforeKey, FEW_KEYS),
    ],
)
def test_a_right_server_is_not_accused_for_what_it_checks_first(
    kind: type[Application], roles: tuple[str, ...], tmp_path: Path
) -> None:
    """A server that looks closely at body, query and objects before the key has no finding."""
    app = faulty(kind)
    with serving(app) as origin:
        target = target_file(app, origin, tmp_path / "target.yaml", **fewer(app, roles))
        outcome = command("run", "--target", target, "--yes", *SELECTED, cwd=tmp_path)
    assert outcome.code == 0, outcome.said
    counts = stored(run_of(tmp_path))["counts"]
    assert counts["passed"] > 0
    assert not counts["failed"] + counts["warned"] + counts["error"]
