"""What the real server holds in memory after many mixed requests, against what it held after the first."""

from collections.abc import Sequence

from rich.progress import track

from bench.driving import Driver
from bench.mixing import Request
from bench.requests import NoAnswer, ask, body_of, request_of
from bench.servers import Server
from bench.table import Table

STEPS = 10
FLAT = 1.05
LONGEST = 3_600.0
"""Seconds that a tenth of the requests may take."""


def held(server: Server, requests: Sequence[Request], driver: Driver, count: int) -> list[int]:
    """The bytes that the server holds after each tenth of `count` requests. Raises NoAnswer, Wrong."""
    _tried(server, requests)
    whole = [request_of(server.port, asker, body_of(text, given)) for asker, text, given in requests]
    sizes: list[int] = []
    for step in track(range(STEPS), description="Mixed requests", transient=True):
        # Each tenth begins where the one before it ended.
        start = step * count // STEPS % len(whole)
        driver.drive(server.port, whole[start:] + whole[:start], LONGEST, count // STEPS)
        sizes.append(server.resident())
    return sizes


def _tried(server: Server, requests: Sequence[Request]) -> None:
    """Every document is one that the server answers without an error."""
    for asker, document, variables in {
        document: each for each in requests for document in [each[1]]
    }.values():
        answer = ask(server.port, asker, document, variables)
        if "errors" in answer:
            raise NoAnswer(f"{document}\n{answer['errors']}")


def of_sizes(title: str, sizes: Sequence[int], count: int) -> Table:
    """A line for each tenth."""
    lines = [
        (f"{(number + 1) * count // STEPS:,}", f"{size / 2**20:.1f}", f"{size / sizes[0]:.3f}", "", "")
        for number, size in enumerate(sizes)
    ]
    lines[-1] = (*lines[-1][:3], f"≤ {FLAT}", "yes" if sizes[-1] <= FLAT * sizes[0] else "no")
    return Table(title, ("requests", "MiB", "against the first", "goal", "met"), tuple(lines), left=0)
