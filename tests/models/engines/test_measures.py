"""How much one statement may cost the process: what is kept of it, and what happens when it is given up."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from models.database import Database, Dialect
from models.engines import postgres, sqlite
from models.engines.errors import TooLong
from models.engines.sqlite import SqliteEngine
from models.sql import Sql

ENDLESS = {
    Dialect.SQLITE: "WITH RECURSIVE n AS (SELECT 1 i UNION ALL SELECT i FROM n) SELECT sum(i) FROM n",
    Dialect.POSTGRES: "SELECT pg_sleep(1000000)",
}


def _of_parameters(number: int) -> tuple[str, list[Any]]:
    return "SELECT 1 AS one WHERE 1 IN (" + ", ".join(["CAST(? AS integer)"] * number) + ")", [1] * number


async def test_a_statement_of_more_parameters_than_the_database_takes_is_too_long(database: Database) -> None:
    text, params = _of_parameters(300_000)
    with pytest.raises(TooLong):
        await database.row(text, params)
    with pytest.raises(TooLong):
        async with database.reading() as session:
            await session.fetch(Sql(text, tuple(params)))
    assert (await database.row("SELECT 1 AS one", []))["one"] == 1


async def test_as_many_as_it_takes(database: Database) -> None:
    assert (await database.row(*_of_parameters(postgres.MOST_PARAMETERS - 1)))["one"] == 1


def test_numbered_statements_are_kept_up_to_a_length() -> None:
    postgres._kept.cache_clear()
    short, long = "SELECT ?, ?", "SELECT ?" + " " * postgres.LONGEST_PREPARED
    assert postgres.numbered(short) == "SELECT $1, $2"
    assert postgres.numbered(long).startswith("SELECT $1 ")
    assert postgres._kept.cache_info().currsize == 1


async def test_what_ran_a_long_statement_on_sqlite_is_closed_with_what_it_kept(tmp_path: Path) -> None:
    database = await Database.open(f"sqlite://{tmp_path}/kept.db")
    engine = database._engine
    assert isinstance(engine, SqliteEngine)
    long = "SELECT 1 AS one" + " " * sqlite.LONGEST_KEPT
    await database.row("SELECT 1 AS one", [])
    (kept,) = engine._idle
    await database.row(long, [])
    assert engine._idle == engine._readers == []
    assert not kept._running
    async with database.reading() as session:
        await session.fetch(Sql(long))
    assert engine._idle == engine._readers == []
    assert (await database.row("SELECT 1 AS one", []))["one"] == 1
    assert len(engine._idle) == 1
    await database.close()


async def test_a_reader_that_gives_a_statement_up_goes_on(database: Database) -> None:
    """Who catches the cancellation, as a time limit does, reads on, or ends: neither waits for it."""
    async with database.reading() as session:
        given_up = asyncio.ensure_future(session.fetch(Sql(ENDLESS[database.dialect])))
        for _ in range(100):
            await asyncio.sleep(0)
        given_up.cancel()
        with pytest.raises(asyncio.CancelledError):
            await given_up
    async with database.reading() as session:
        assert len(await session.fetch(Sql("SELECT 1 AS one"))) == 1
