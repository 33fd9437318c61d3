"""The real server on accounts of three sizes, side by side: a page costs the same on each."""

from collections.abc import Mapping

from bench.driving import Driver
from bench.measuring import Result, Results, prepared, rounds
from bench.queries import BY_LETTER
from bench.servers import Server
from bench.table import Table

SIZES = (3_000, 30_000, 300_000)
LETTERS = ("a", "d1", "d")
MOST = 1.3
"""How many times the median on the smallest account the one on the largest may be."""


def scaled(
    servers: Mapping[int, Server],
    bearers: Mapping[int, Mapping[str, str]],
    driver: Driver,
    seconds: float,
    count: int,
) -> Results:
    """The rounds of each query, from size to size; keyed by letter and size. Raises NoAnswer, Wrong."""
    results: Results = {}
    for letter in LETTERS:
        query = BY_LETTER[letter]
        turns = [
            turn
            for size, server in servers.items()
            for turn in prepared(query, {str(size): server}, bearers[size][query.asker])
        ]
        for _ in rounds(turns, results, driver, seconds, count):
            pass
    return results


def of_sizes(title: str, results: Results) -> Table:
    """A line for each query and size, and how the median grows."""
    head = ("query", "deals", "req/s", "median ms", "p99 ms", "CPU ms", "median / smallest", "goal", "met")
    sizes = sorted({int(size) for _, size in results})
    lines = [
        _line(letter, size, results[letter, str(size)], results[letter, str(sizes[0])], size == sizes[0])
        for letter in LETTERS
        for size in sizes
    ]
    return Table(title, head, tuple(lines))


def _line(letter: str, size: int, found: Result, smallest: Result, first: bool) -> tuple[str, ...]:
    times = found.time_against(smallest)
    return (
        f"({letter}) {BY_LETTER[letter].says}" if first else "",
        f"{size:,}",
        f"{found.rate:,.0f}",
        f"{found.median:.1f}",
        f"{found.p99:.1f}",
        f"{found.work:.2f}",
        *(("", "", "") if first else (f"{times:.2f}", f"≤ {MOST}", "yes" if times <= MOST else "no")),
    )
