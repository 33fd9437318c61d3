"""What the proofs share."""

import pytest


@pytest.fixture(autouse=True)
def _no_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    """How fast this machine is may decide nothing: a query given up in one world is none of the proof's."""
    for module in ("schema.context", "resolvers.execution", "resolvers.answering", "resolvers.streaming"):
        monkeypatch.setattr(f"{module}.LONGEST_QUERY", 1_000_000.0)
    # Nor may how much is read without a plan: here everything is.
    monkeypatch.setattr("schema.refusals.MOST_SINGLY", 1_000_000)
