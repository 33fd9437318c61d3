"""What the proofs share."""

import pytest


@pytest.fixture(autouse=True)
def _no_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    """How fast this machine is may decide nothing: a query given up in one world is none of the proof's."""
    monkeypatch.setattr("resolvers.execution.LONGEST_QUERY", None)
