"""The rounds: each server in its turn, several times, so that whatever disturbs the machine hits all."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from statistics import median

from rich.progress import Progress

from bench.comparing import compared
from bench.driving import Driver, Measured
from bench.paging import variables_of
from bench.queries import Query
from bench.requests import body_of, request_of
from bench.servers import Server

WARMING = 0.2
"""The share of a round's time that each server is driven for beforehand, uncounted."""

LEAST_WARMING = 0.3
"""Seconds: caches are warm and statements prepared on every connection."""

RARELY = 8
"""The plain server takes part in one round of so many: its answers take their time, and no ratio is near."""


@dataclass(slots=True)
class Result:
    """What the rounds of one query on one server came to; not every server takes part in every round."""

    rounds: dict[int, Measured] = field(default_factory=dict)
    busy: dict[int, float] = field(default_factory=dict)
    """Seconds that the server's process kept a processor busy, each round."""

    @property
    def rate(self) -> float:
        """Requests a second, at the median round."""
        return median(each.rate for each in self.rounds.values())

    @property
    def median(self) -> float:
        """Milliseconds."""
        return median(each.median for each in self.rounds.values())

    @property
    def p99(self) -> float:
        """Milliseconds."""
        return median(each.p99 for each in self.rounds.values())

    @property
    def work(self) -> float:
        """Milliseconds of a processor that a request took in the server's process, over all rounds."""
        return sum(self.busy.values()) / sum(each.requests for each in self.rounds.values()) * 1000

    def rate_against(self, other: "Result") -> float:
        """How many requests for one of the other's: the median of what the rounds say, side by side."""
        return median(ours.rate / theirs.rate for ours, theirs in self._beside(other))

    def time_against(self, other: "Result") -> float:
        """How many times the other's median time: the median of what the rounds say, side by side."""
        return median(ours.median / theirs.median for ours, theirs in self._beside(other))

    def _beside(self, other: "Result") -> Iterator[tuple[Measured, Measured]]:
        both = self.rounds.keys() & other.rounds.keys()
        return ((self.rounds[number], other.rounds[number]) for number in sorted(both))


Results = dict[tuple[str, str], Result]
"""By the query's letter and the server's name."""


@dataclass(frozen=True, slots=True)
class Turn:
    """A server and the request that it is to be driven with."""

    key: tuple[str, str]
    server: Server
    request: bytes

    def drive(self, driver: Driver, seconds: float) -> Measured:
        """Drive the server with it."""
        return driver.drive(self.server.port, [self.request], seconds)

    def take(self, result: Result, number: int, driver: Driver, seconds: float) -> None:
        """Take part in this round."""
        before = self.server.busy()
        result.rounds[number] = self.drive(driver, seconds)
        result.busy[number] = self.server.busy() - before


def measured(
    queries: Sequence[Query],
    servers: Mapping[str, Server],
    bearers: Mapping[str, str],
    driver: Driver,
    seconds: float,
    count: int,
) -> Results:
    """Compare the answers of all the servers, then time them, in `count` rounds. Raises Differs, Wrong."""
    results: Results = {}
    with Progress(transient=True) as progress:
        task = progress.add_task("", total=len(queries) * len(servers) * count)
        # Pages of one list are held against each other, and so measured side by side.
        for _, group in groupby(queries, lambda query: query.letter[0]):
            turns = [turn for query in group for turn in prepared(query, servers, bearers[query.asker])]
            for turn in rounds(turns, results, driver, seconds, count):
                progress.update(task, advance=1, description=" ".join(turn.key))
    return results


def prepared(query: Query, servers: Mapping[str, Server], bearer: str) -> list[Turn]:
    """The requests, for servers that were seen to give one answer. Raises Differs."""
    variables = {name: variables_of(query, server, bearer) for name, server in servers.items()}
    compared(query, servers, bearer, variables)
    return [
        Turn(
            (query.letter, name),
            server,
            request_of(server.port, bearer, body_of(query.document, variables[name])),
        )
        for name, server in servers.items()
    ]


def rounds(
    turns: Sequence[Turn], results: Results, driver: Driver, seconds: float, count: int
) -> Iterator[Turn]:
    """Drive each in its turn, `count` times, all of them warm; tells which turn is done."""
    for turn in turns:
        turn.drive(driver, max(LEAST_WARMING, seconds * WARMING))
    for number in range(count):
        for turn in turns:
            if number % RARELY == 0 or turn.key[1] != "plain":
                turn.take(results.setdefault(turn.key, Result()), number, driver, seconds)
            yield turn
