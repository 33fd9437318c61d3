"""What tests share: an empty, migrated database on each dialect.

`database` gives one and `databases` makes as many as a test wants, all of one dialect; a test that
asks for either runs once on SQLite and once on PostgreSQL. PostgreSQL is that of
CARTEIRA_TEST_POSTGRES_URL, or the one on this machine; where none answers those tests are skipped,
unless CI is "true". Every database has a name of this run's own and is gone at its end.
"""

import asyncio
import getpass
import itertools
import os
import re
import shutil
import signal
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import asyncpg
import pytest

from models.database import Database, Dialect
from models.migrating import migrate
from tests.proofs.tally import pytest_sessionfinish, pytest_terminal_summary  # noqa: F401 (hooks)

Databases = Callable[[], Awaitable[Database]]
"""Makes one more empty database."""

RUN = f"carteira_test_{int(time.time())}_{uuid4().hex[:8]}"
STALE_SECONDS = 2 * 60 * 60
"""How old a database of another run must be to be left over from one that was killed."""

NUMBERS = itertools.count(1)

EMPTY = """
DO $$
DECLARE
    name text;
    found boolean;
    filled text[];
BEGIN
    PERFORM pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid();
    BEGIN
        -- A superuser's alone: no reference is looked up for each row that goes.
        SET LOCAL session_replication_role = replica;
    EXCEPTION WHEN insufficient_privilege THEN
        NULL;
    END;
    LOOP
        filled := '{}';
        FOR name IN SELECT tablename FROM pg_tables
            WHERE schemaname = 'public' AND tablename <> 'tortoise_migrations'
        LOOP
            EXECUTE format('SELECT EXISTS (SELECT 1 FROM %I)', name) INTO found;
            CONTINUE WHEN NOT found;
            BEGIN
                EXECUTE format('DELETE FROM %I', name);
            EXCEPTION WHEN foreign_key_violation THEN
                filled := filled || name;
            END;
        END LOOP;
        EXIT WHEN filled = '{}';
    END LOOP;
    PERFORM setval(format('%I', sequencename), 1, false) FROM pg_sequences
    WHERE schemaname = 'public' AND sequencename NOT LIKE 'tortoise_migrations%';
END $$
"""
"""Deletes every row, in whatever order the references allow: much faster than TRUNCATE for a few rows."""


def pytest_configure(config: pytest.Config) -> None:
    """Whoever is told to end (by `timeout`, by CI) ends as by Ctrl-C: what was made is taken back."""

    def end(*_: object) -> None:
        raise KeyboardInterrupt

    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, end)


@pytest.fixture(params=list(Dialect))
def dialect(request: pytest.FixtureRequest) -> Dialect:
    """Each dialect in turn."""
    return Dialect(request.param)


@pytest.fixture
async def database(databases: Databases) -> Database:
    """An empty database."""
    return await databases()


@pytest.fixture
async def databases(fresh_url: Callable[[], Awaitable[str]]) -> AsyncIterator[Databases]:
    """As many empty databases of one dialect as are asked for, closed after the test."""
    async with AsyncExitStack() as stack:

        async def make() -> Database:
            opened = await Database.open(await fresh_url())
            stack.push_async_callback(opened.close)
            return opened

        yield make


@pytest.fixture
async def fresh_url(server: "Server", tmp_path: Path) -> AsyncIterator[Callable[[], Awaitable[str]]]:
    """Makes an empty, migrated database and tells its URL; drops them after the test."""
    made: list[str] = []

    async def make() -> str:
        made.append(await server.clone(tmp_path))
        return made[-1]

    yield make
    await server.drop(made)


@pytest.fixture
def server(dialect: Dialect, request: pytest.FixtureRequest) -> "Server":
    """Where databases of this dialect are made."""
    made: Server = request.getfixturevalue(dialect.value)
    return made


@pytest.fixture(scope="session")
def sqlite(tmp_path_factory: pytest.TempPathFactory) -> "SqliteFiles":
    """SQLite files, copied from a migrated one."""
    files = SqliteFiles(tmp_path_factory.mktemp("sqlite") / "template.db")
    asyncio.run(_migrated(files.url(files.template)))
    return files


@pytest.fixture(scope="session")
def postgres() -> "Iterator[PostgresServer]":
    """The PostgreSQL server, with a migrated database to be cloned."""
    server = asyncio.run(answering())
    if server is None:
        reason = "no PostgreSQL answers: start one, or set CARTEIRA_TEST_POSTGRES_URL"
        if os.environ.get("CI") == "true":
            pytest.fail(f"{reason} (CI may not leave it out)")
        pytest.skip(reason)
    asyncio.run(server.drop_stale())
    asyncio.run(server.make(server.template))
    try:
        asyncio.run(_migrated(server.url(server.template)))
        yield server
    finally:
        asyncio.run(server.drop_all())


class Server(Protocol):
    """Where databases are made and dropped; each goes by its URL."""

    async def empty(self, folder: Path) -> str:
        """Make a database without any table."""

    async def clone(self, folder: Path) -> str:
        """Make a copy of the migrated database."""

    async def drop(self, urls: list[str]) -> None:
        """Take databases back."""


class SqliteFiles:
    """Files; pytest removes their folders."""

    def __init__(self, template: Path) -> None:
        self.template = template

    def url(self, path: Path) -> str:
        """The URL of a file."""
        return f"sqlite://{path}"

    async def empty(self, folder: Path) -> str:
        """A file that is not there yet."""
        return self.url(folder / f"{next(NUMBERS)}.db")

    async def clone(self, folder: Path) -> str:
        """A copy of the migrated file."""
        path = folder / f"{next(NUMBERS)}.db"
        shutil.copyfile(self.template, path)
        return self.url(path)

    async def drop(self, urls: list[str]) -> None:
        """Nothing to do."""


class PostgresServer:
    """A server on which tests make databases; emptying one is faster than making one, so they are kept."""

    def __init__(self, admin_url: str) -> None:
        self.admin_url = admin_url
        self.template = f"{RUN}_template"
        self._made: list[str] = []
        self._clones: list[str] = []
        self._free: list[str] = []

    def url(self, name: str) -> str:
        """The URL of the database that goes by `name`."""
        return urlunsplit(urlsplit(self.admin_url)._replace(path=f"/{name}"))

    async def empty(self, folder: Path) -> str:
        """A database without any table."""
        return await self.make(f"{RUN}_{next(NUMBERS)}")

    async def clone(self, folder: Path) -> str:
        """A database like the migrated one."""
        if self._free:
            return self._free.pop()
        self._clones.append(await self.make(f"{RUN}_{next(NUMBERS)}", self.template))
        return self._clones[-1]

    async def make(self, name: str, template: str = "template0") -> str:
        """Make the database `name`."""
        async with self._connected(self.admin_url) as admin:
            await admin.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
            # What a crash of the server would lose is no test's.
            await admin.execute(f'ALTER DATABASE "{name}" SET synchronous_commit = off')
        self._made.append(name)
        return self.url(name)

    async def drop(self, urls: list[str]) -> None:
        """Empty the clones for the next test, whoever is still connected; the others go at the end."""
        for url in set(urls).intersection(self._clones):
            async with self._connected(url) as connection:
                await connection.execute(EMPTY)
            self._free.append(url)

    async def drop_all(self) -> None:
        """Drop every database of this run."""
        async with self._connected(self.admin_url) as admin:
            for name in self._made:
                await admin.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    async def drop_stale(self) -> None:
        """Drop what runs that were killed left over."""
        async with self._connected(self.admin_url) as admin:
            for (name,) in await admin.fetch("SELECT datname FROM pg_database"):
                made = re.fullmatch(r"carteira_test_(\d{10})_.*", name)
                if made and int(made[1]) < time.time() - STALE_SECONDS:
                    await admin.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    @asynccontextmanager
    async def _connected(self, url: str) -> AsyncIterator[asyncpg.Connection]:
        connection = await asyncpg.connect(url, timeout=5)
        try:
            yield connection
        finally:
            await connection.close()


async def answering() -> PostgresServer | None:
    """The server that tests may use, if one answers."""
    given = os.environ.get("CARTEIRA_TEST_POSTGRES_URL")
    local = [f"postgres://{user}@127.0.0.1:5432/postgres" for user in (getpass.getuser(), "postgres")]
    for url in [given] if given else local:
        try:
            connection = await asyncpg.connect(url, timeout=5)
        except (OSError, TimeoutError, asyncpg.PostgresError):
            continue
        await connection.close()
        return PostgresServer(url)
    return None


async def _migrated(url: str) -> None:
    database = await Database.open(url)
    try:
        await migrate(database)
    finally:
        await database.close()
