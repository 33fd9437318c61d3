"""The command line of the bench."""

import sys
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import click
from rich.console import Console

from bench import memory, scaling
from bench.account import Size
from bench.comparing import Differs
from bench.driving import Driver, Wrong, driving
from bench.kept import NoPostgres, database_url
from bench.machine import described, load
from bench.measuring import measured
from bench.mixing import mixed
from bench.people import ASKERS, tokens
from bench.profiling import profile
from bench.queries import BY_LETTER, QUERIES
from bench.requests import NoAnswer
from bench.servers import SERVERS, NotStarted, running, serving
from bench.table import Table, of_results
from models.database import Dialect

FULL, QUICK = 300_000, 3_000
FULL_SECONDS, QUICK_SECONDS = 1.0, 0.2
FULL_ROUNDS, QUICK_ROUNDS = 16, 8
LETTERS = tuple(dict.fromkeys(query.letter[0] for query in QUERIES))
REQUESTS = 100_000
VIEWERS = 30
CALM = 0.7
"""A machine that does more than this beforehand gives rough figures."""


class Names(click.ParamType[tuple[str, ...]]):
    """Some of these names, separated by commas."""

    name = "names"

    def __init__(self, known: tuple[str, ...]) -> None:
        self.known = known

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, ...]:
        """The names, in the order in which they are known."""
        if isinstance(value, tuple):
            return value
        asked = str(value).split(",")
        for name in asked:
            if name not in self.known:
                self.fail(f"{name!r} is none of {', '.join(self.known)}", param, ctx)
        return tuple(name for name in self.known if name in asked)


@dataclass(frozen=True, slots=True)
class Asked:
    """What the command line asks for."""

    database: str
    queries: tuple[str, ...]
    servers: tuple[str, ...]
    size: int | None
    seconds: float | None
    rounds: int | None
    seed: int
    driver: str | None
    quick: bool
    markdown: Path | None
    scaling: bool
    memory: bool
    requests: int
    profile: tuple[str, str] | None

    @property
    def deals(self) -> int:
        """The size of the account."""
        return self.size or (QUICK if self.quick else FULL)

    @property
    def time(self) -> float:
        """Seconds of a round."""
        return self.seconds or (QUICK_SECONDS if self.quick else FULL_SECONDS)

    @property
    def times(self) -> int:
        """How many rounds."""
        return self.rounds or (QUICK_ROUNDS if self.quick else FULL_ROUNDS)

    @property
    def dialects(self) -> list[Dialect]:
        """The databases."""
        return list(Dialect) if self.database == "both" else [Dialect(self.database)]


@click.command(context_settings={"help_option_names": ["-h", "--help"], "show_default": True})
@click.option("--database", type=click.Choice(["sqlite", "postgres", "both"]), default="both")
@click.option("--queries", type=Names(LETTERS), default=",".join(LETTERS), metavar="LETTERS")
@click.option("--servers", type=Names(tuple(SERVERS)), default=",".join(SERVERS), metavar="NAMES")
@click.option("--size", type=click.IntRange(900), help=f"Deals: {FULL:,}; with --quick {QUICK:,}.")
@click.option("--seconds", type=float, help=f"Of a round: {FULL_SECONDS}; with --quick {QUICK_SECONDS}.")
@click.option("--rounds", type=int, help=f"How many: {FULL_ROUNDS}; with --quick {QUICK_ROUNDS}.")
@click.option("--seed", type=int, default=1, help="What the account is made from.")
@click.option(
    "--driver", type=click.Choice(["wrk", "own"]), help="wrk where it is installed; with --quick own."
)
@click.option("--quick", is_flag=True, help="A hundredth of the data, in under two minutes.")
@click.option(
    "--markdown", type=click.Path(path_type=Path), metavar="FILE", help="Also write the tables here."
)
@click.option("--scaling", is_flag=True, help="Instead: the real server on accounts of three sizes.")
@click.option("--memory", is_flag=True, help="Instead: what the real server holds after many requests.")
@click.option("--requests", type=int, default=REQUESTS, help="How many, for --memory.")
@click.option(
    "--profile",
    type=(click.Choice(list(SERVERS)), click.Choice(list(BY_LETTER))),
    metavar="SERVER LETTER",
    help="Instead: where a server spends its time on a query.",
)
def bench(**given: object) -> None:
    """Time the real server beside the floor and the plain one, after seeing that all answer alike."""
    asked = Asked(**given)  # type: ignore[arg-type]
    before = load()
    if before > CALM:
        click.echo(f"The machine is busy (load {before:.1f}): figures will be rough.", err=True)
    try:
        with driving(asked.driver or ("own" if asked.quick or asked.memory else None)) as driver:
            tables, urls = _tables(asked, driver)
            _tell(tables, described(urls, driver.name, before), asked.markdown)
    except (Differs, NoAnswer, NoPostgres, NotStarted, Wrong) as error:
        notes = getattr(error, "__notes__", [])
        raise click.ClickException("\n".join([str(error), *notes])) from error


def _tables(asked: Asked, driver: Driver) -> tuple[list[Table], list[str]]:
    """What was asked for on each database, and the databases."""
    if asked.scaling:
        return [_scaling(asked, dialect, driver) for dialect in asked.dialects], [
            database_url(dialect, Size(scaling.SIZES[0]), asked.seed) for dialect in asked.dialects
        ]
    urls = [database_url(dialect, Size(asked.deals), asked.seed) for dialect in asked.dialects]
    if asked.profile is not None:
        for url in urls:
            _profile(asked, asked.profile, url, driver)
        return [], urls
    table = _memory if asked.memory else _compare
    return [table(asked, url, driver) for url in urls], urls


def _compare(asked: Asked, url: str, driver: Driver) -> Table:
    queries = [query for query in QUERIES if query.letter[0] in asked.queries]
    with serving(asked.servers, url) as servers:
        results = measured(queries, servers, _bearers(url), driver, asked.time, asked.times)
    return of_results(f"{_kind(url)}, {asked.deals:,} deals", queries, results, asked.servers)


def _scaling(asked: Asked, dialect: Dialect, driver: Driver) -> Table:
    urls = {size: database_url(dialect, Size(size), asked.seed) for size in scaling.SIZES}
    bearers = {size: _bearers(url) for size, url in urls.items()}
    with ExitStack() as stack:
        servers = {size: stack.enter_context(running("carteira", url)) for size, url in urls.items()}
        results = scaling.scaled(servers, bearers, driver, asked.time, asked.times)
    return scaling.of_sizes(f"{_kind(urls[scaling.SIZES[0]])}, three sizes", results)


def _memory(asked: Asked, url: str, driver: Driver) -> Table:
    reps = min(VIEWERS, Size(asked.deals).agents - Size(asked.deals).teams - 1)
    emails = [*ASKERS.values(), *(f"rep-{number + 1}@bench.example" for number in range(reps))]
    _, manager, administrator, *others = tokens(url, emails)
    requests = mixed(asked.seed, others, manager, administrator)
    with running("carteira", url) as server:
        sizes = memory.held(server, requests, driver, asked.requests)
    title = f"{_kind(url)}, {asked.deals:,} deals: memory over {asked.requests:,} mixed requests"
    return memory.of_sizes(title, sizes, asked.requests)


def _profile(asked: Asked, which: tuple[str, str], url: str, driver: Driver) -> None:
    query = BY_LETTER[which[1]]
    profile(which[0], query, url, _bearers(url)[query.asker], driver, asked.time * asked.times)


def _bearers(url: str) -> dict[str, str]:
    return dict(zip(ASKERS, tokens(url, list(ASKERS.values())), strict=True))


def _kind(url: str) -> str:
    return "SQLite" if url.startswith("sqlite:") else "PostgreSQL"


def _tell(tables: list[Table], machine: str, markdown: Path | None) -> None:
    console = Console(width=None if sys.stdout.isatty() else 160)
    for table in tables:
        console.print(table.printed())
    console.print(machine)
    if markdown is not None:
        markdown.write_text("\n".join(table.markdown() for table in tables) + f"\n{machine}\n")


if __name__ == "__main__":
    bench()
