"""Databases that hold the large account: made once for each size and seed, and kept between runs.

SQLite's lie in `.bench/`; PostgreSQL's are called `carteira_bench_…`, on the server that the tests use.
Each is filled under a passing name first, so that a half-filled one is never taken for whole.
(How sqlite3 writes instants, days and ids down it has from `models.database`.)
"""

import asyncio
import getpass
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import asyncpg
from rich.progress import Progress

from bench.account import SHAPE, Size, Table, Values, tables
from models.database import Dialect
from models.engines.sqlite import file_path

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / ".bench"


class NoPostgres(Exception):
    """No PostgreSQL server answers."""


def database_url(dialect: Dialect, size: Size, seed: int, folder: Path = FOLDER) -> str:
    """The database of this size and seed, filled, migrated and analysed. Raises NoPostgres."""
    name = f"carteira_bench_{SHAPE}_{size.deals}_{seed}"
    if dialect is Dialect.SQLITE:
        return _sqlite(folder / f"{name}.db", size, seed)
    return _postgres(name, size, seed)


def filled(url: str, size: Size, seed: int) -> None:
    """Put the account into a database that is migrated and empty, and let the database take stock of it."""
    if url.startswith("sqlite:"):
        with closing(sqlite3.connect(file_path(url), isolation_level=None)) as connection:
            _fill_sqlite(connection, size, seed)
    else:
        asyncio.run(_fill_postgres(url, size, seed))


def _migrate(url: str) -> bool:
    """Bring it to this version, as an operator does; whether there was anything to do."""
    command = [sys.executable, "server.py", "migrate"]
    environment = {**os.environ, "CARTEIRA_DATABASE_URL": url}
    done = subprocess.run(  # noqa: S603 our own command line
        command, cwd=ROOT, env=environment, check=True, capture_output=True, text=True
    )
    return bool(done.stdout.strip())


def _sqlite(path: Path, size: Size, seed: int) -> str:
    path.parent.mkdir(exist_ok=True)
    (path.parent / ".gitignore").write_text("*\n")
    draft = path.with_suffix(".draft.db")
    url, draft_url = f"sqlite://{path}", f"sqlite://{draft}"
    if not path.exists():
        for left in path.parent.glob(draft.name + "*"):
            left.unlink()
        _migrate(draft_url)
        filled(draft_url, size, seed)
        draft.rename(path)
    elif _migrate(url):
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("ANALYZE")
    return url


def _fill_sqlite(connection: sqlite3.Connection, size: Size, seed: int) -> None:
    for pragma in ("foreign_keys = ON", "synchronous = OFF", "cache_size = -500000"):
        connection.execute(f"PRAGMA {pragma}")
    connection.execute("BEGIN IMMEDIATE")
    with _progress(f"SQLite, {size.deals:,} deals") as progress:
        for table in tables(size, seed):
            holes = ", ".join("?" for _ in table.columns)
            statement = f"INSERT INTO {table.name} ({', '.join(table.columns)}) VALUES ({holes})"
            connection.executemany(statement, _told(progress, table))
    connection.execute("COMMIT")
    connection.execute("ANALYZE")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _postgres(name: str, size: Size, seed: int) -> str:
    admin = asyncio.run(_answering())
    url, draft, draft_url = _named(admin, name), f"{name}_draft", _named(admin, f"{name}_draft")
    if asyncio.run(_run(admin, f"SELECT FROM pg_database WHERE datname = '{name}'")):
        if _migrate(url):
            asyncio.run(_run(url, "VACUUM ANALYZE"))
        return url
    asyncio.run(_run(admin, f'DROP DATABASE IF EXISTS "{draft}"'))
    asyncio.run(_run(admin, f'CREATE DATABASE "{draft}" TEMPLATE template0'))
    _migrate(draft_url)
    filled(draft_url, size, seed)
    asyncio.run(_run(admin, f'ALTER DATABASE "{draft}" RENAME TO "{name}"'))
    return url


async def _fill_postgres(url: str, size: Size, seed: int) -> None:
    connection = await asyncpg.connect(url)
    try:
        with _progress(f"PostgreSQL, {size.deals:,} deals") as progress:
            async with connection.transaction():
                for table in tables(size, seed):
                    await connection.copy_records_to_table(
                        table.name, columns=table.columns, records=_told(progress, table), timeout=3600
                    )
        await connection.execute("VACUUM ANALYZE", timeout=3600)
    finally:
        await connection.close()


async def _run(url: str, statement: str) -> list[Any]:
    connection = await asyncpg.connect(url)
    try:
        rows: list[Any] = await connection.fetch(statement, timeout=3600)
        return rows
    finally:
        await connection.close()


async def _answering() -> str:
    """The server of CARTEIRA_TEST_POSTGRES_URL, or the one on this machine. Raises NoPostgres."""
    given = os.environ.get("CARTEIRA_TEST_POSTGRES_URL")
    local = [f"postgres://{user}@127.0.0.1:5432/postgres" for user in (getpass.getuser(), "postgres")]
    for url in [given] if given else local:
        try:
            await (await asyncpg.connect(url, timeout=5)).close()
        except (OSError, TimeoutError, asyncpg.PostgresError):
            continue
        return url
    raise NoPostgres(
        "No PostgreSQL answers: start one, set CARTEIRA_TEST_POSTGRES_URL, or ask for --database sqlite."
    )


def _named(admin_url: str, name: str) -> str:
    return urlunsplit(urlsplit(admin_url)._replace(path=f"/{name}"))


def _progress(what: str) -> Progress:
    progress = Progress(transient=True)
    progress.console.print(f"Making the large account ({what})…", style="dim")
    return progress


def _told(progress: Progress, table: Table) -> Iterator[Values]:
    """The table's rows, told of every thousand."""
    task = progress.add_task(table.name, total=table.expected)
    for number, row in enumerate(table.rows):
        if number % 1000 == 0:
            progress.update(task, completed=number)
        yield row
    progress.update(task, completed=table.expected)
