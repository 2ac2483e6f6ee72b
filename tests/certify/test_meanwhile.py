"""A stored run is judged and played back at the same time, with the result of one after another."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from conformance.certify import meanwhile as module
from conformance.certify.judged_again import judged_and_played
from conformance.certify.meanwhile import meanwhile
from conformance.run import runfile
from tests.certify.bundles import Lab


def in_second_process(monkeypatch: pytest.MonkeyPatch, yes: bool) -> None:
    """Whether a second process is used, whatever the machine and its threads."""
    monkeypatch.setattr(module, "_saves_time", lambda: yes)


def test_a_result_comes_from_a_second_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """And from this one where a second one saves no time."""
    in_second_process(monkeypatch, True)
    with meanwhile(os.getpid) as result:
        assert result() != os.getpid()
    in_second_process(monkeypatch, False)
    with meanwhile(os.getpid) as result:
        assert result() == os.getpid()


def test_an_exception_is_that_of_the_computation(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever waits for the result gets the same type and text as without a second process."""
    in_second_process(monkeypatch, True)

    def fail() -> int:
        raise LookupError("there is no such thing")

    with meanwhile(fail) as result, pytest.raises(LookupError, match="there is no such thing"):
        result()


def test_a_process_that_is_killed_costs_only_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """As when the memory is full: the result is computed here."""
    in_second_process(monkeypatch, True)
    first = os.getpid()

    def only_here() -> str:
        if os.getpid() != first:
            os.kill(os.getpid(), 9)
        return "done"

    with meanwhile(only_here) as result:
        assert result() == "done"


def test_a_process_does_not_outlive_its_use(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even if nobody waits for its result."""
    in_second_process(monkeypatch, True)
    before = children()
    reading, writing = os.pipe()
    with meanwhile(lambda: os.read(reading, 1)):
        assert len(children()) == len(before) + 1
    os.close(writing)
    os.close(reading)
    assert children() == before


def children() -> set[str]:
    """The ids of the processes that this thread has started and not waited for."""
    return set(Path("/proc/thread-self/children").read_text().split())


@pytest.mark.long
def test_two_processes_find_what_one_finds(
    quick_run: Path, lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same cells, and the same requests that follow from the run."""
    found = []
    for yes in (False, True):
        in_second_process(monkeypatch, yes)
        again = judged_and_played(runfile.open_run(quick_run, lab.contract))
        found.append((again.run.cells, again.played))
    assert found[0] == found[1]
