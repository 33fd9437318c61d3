"""One server under cProfile, driven with one query: where its main thread spends its time."""

import pstats
import tempfile
from pathlib import Path

from bench.driving import Driver
from bench.measuring import prepared
from bench.queries import Query
from bench.servers import running

LINES = 40
SECONDS = 10.0
"""At least: its start is in the profile too."""


def profile(name: str, query: Query, url: str, bearer: str, driver: Driver, seconds: float) -> None:
    """Print the functions that took longest, by their own time. Raises NoAnswer, NotStarted, Wrong."""
    with tempfile.TemporaryDirectory() as folder:
        kept = Path(folder) / "profile"
        with running(name, url, "-m", "cProfile", "-o", str(kept)) as server:
            (turn,) = prepared(query, {name: server}, bearer)
            turn.drive(driver, max(seconds, SECONDS))
        pstats.Stats(str(kept)).sort_stats("tottime").print_stats(LINES)
