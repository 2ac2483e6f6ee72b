"""What the suite uses of other projects beyond their documented interfaces is still there."""

from __future__ import annotations

import ctypes
import platform

import pytest
from hypothesis.internal.conjecture import providers

from conformance.run.prefetch import M_ARENA_MAX
from conformance.scenarios.generated.drawing import _no_local_constants


def test_hypothesis_takes_no_constants_from_modules_while_cases_are_drawn() -> None:
    """Else the cases of one seed would depend on which modules are imported."""
    usual = providers._get_local_constants
    with _no_local_constants():
        drawn_from = providers._get_local_constants()
        assert isinstance(drawn_from, type(providers._local_constants))
        assert not any(drawn_from.set_for_type(kind) for kind in ("integer", "string", "bytes"))
    assert providers._get_local_constants is usual


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="the option is of glibc")
def test_glibc_takes_the_option_that_lets_threads_share_memory() -> None:
    """mallopt returns 1 for an option that it knows."""
    assert ctypes.CDLL(None).mallopt(M_ARENA_MAX, 1) == 1
