"""``python -m tests.nulls``: run the suite against every null server, and write the page."""

from __future__ import annotations

from tests.nulls.harness import result
from tests.nulls.page import keep
from tests.nulls.servers import NULLS
from tests.support.contracts import real

if __name__ == "__main__":
    keep({name: result(name) for name in NULLS}, real())
