"""Sessions: snapshots, transactions, cancellation, values; on both databases."""

import asyncio
import sqlite3
import subprocess
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from uuid import uuid4

import pytest
from tortoise.exceptions import OperationalError
from tortoise.transactions import in_transaction

from models import (
    Account,
    Agent,
    Contact,
    Deal,
    DealStatus,
    IsolationMode,
    Message,
    Reach,
    Role,
    Scope,
)
from models.database import (
    BadUrl,
    BadValue,
    Busy,
    Database,
    Dialect,
    IntegrityError,
    Session,
    Unreachable,
    among,
    hydrate,
    without_password,
)
from models.engines.cancelling import to_the_end
from models.engines.sqlite import statements
from models.sql import Sql
from tests.conftest import Databases

ROOT = Path(__file__).resolve().parents[2]
NAMES = Sql("SELECT name FROM account ORDER BY name")


async def names(session: Session) -> list[str]:
    return [row["name"] for row in await session.fetch(NAMES)]


async def names_in(database: Database) -> list[str]:
    async with database.reading() as session:
        return await names(session)


async def make_contact(**values: object) -> Contact:
    account = await Account.create(name=uuid4().hex)
    return await Contact.create(account=account, **{"name": "Ana", **values})


class TestWriting:
    async def test_commits_what_models_and_statements_wrote(self, database: Database) -> None:
        async with database.writing() as session:
            await Account.create(name="models")
            await session.fetch(Sql("UPDATE account SET currency = ? WHERE name = ?", ("EUR", "models")))
            assert (await Account.get(name="models")).currency == "EUR"
        assert await names_in(database) == ["models"]

    async def test_rolls_back_on_an_exception(self, database: Database) -> None:
        with pytest.raises(LookupError):
            async with database.writing():
                await Account.create(name="a")
                raise LookupError
        assert await names_in(database) == []

    async def test_a_statement_may_answer_what_it_wrote(self, database: Database) -> None:
        async with database.writing() as session:
            account = await Account.create(name="a")
            rows = await session.fetch(
                Sql("UPDATE account SET name = ? WHERE id = ? RETURNING name", ("b", account.id))
            )
        assert [row["name"] for row in rows] == ["b"]

    async def test_a_nested_transaction_rolls_back_alone(self, database: Database) -> None:
        async with database.writing():
            await Account.create(name="outer")
            with pytest.raises(LookupError):
                async with in_transaction():
                    await Account.create(name="inner")
                    raise LookupError
            await Account.create(name="after")
        assert await names_in(database) == ["after", "outer"]

    async def test_siblings_share_the_transaction(self, database: Database) -> None:
        async with database.writing() as session:
            await asyncio.gather(*(Account.create(name=f"{number:02}") for number in range(20)))
            found = await asyncio.gather(*(names(session) for _ in range(5)))
        assert all(len(each) == 20 for each in found)

    async def test_writers_take_turns(self, database: Database) -> None:
        async with database.writing():
            account = await Account.create(name="a")

        async def bump() -> None:
            async with database.writing() as session:
                await session.lock(Account, [account.id])
                found = await Account.get(id=account.id)
                found.access_version += 1
                await found.save()

        await asyncio.gather(*(bump() for _ in range(12)))
        async with database.reading():
            assert (await Account.get(id=account.id)).access_version == 13

    async def test_one_in_another_is_refused(self, database: Database) -> None:
        async with database.writing():
            with pytest.raises(RuntimeError, match="open in this task already"):
                async with database.writing():
                    pass

    async def test_counts_statements_of_models_too(self, database: Database) -> None:
        async with database.writing() as session:
            await Account.create(name="a")
            await names(session)
            async with in_transaction():
                await Account.all().count()
        assert session.statements == 3

    async def test_a_broken_constraint_is_one_error_on_every_database(self, database: Database) -> None:
        with pytest.raises(IntegrityError):
            async with database.writing() as session:
                await Account.create(name="a")
                await session.fetch(Sql("UPDATE account SET name = NULL"))

    async def test_foreign_keys_hold(self, database: Database) -> None:
        with pytest.raises(IntegrityError):
            async with database.writing():
                await Contact.create(account_id=uuid4(), name="Ana")

    async def test_a_task_that_outlives_its_session_is_told(self, database: Database) -> None:
        ended = asyncio.Event()

        async def late() -> None:
            await ended.wait()
            await Account.create(name="late")

        async with database.writing():
            task = asyncio.create_task(late())
        ended.set()
        with pytest.raises(RuntimeError, match="session has ended"):
            await task
        assert await names_in(database) == []


class TestReading:
    async def test_sees_one_snapshot_while_a_writer_commits(self, database: Database) -> None:
        async with database.writing():
            await Account.create(name="before")

        async def write() -> None:
            async with database.writing():
                await Account.create(name="meanwhile")

        async with database.reading() as session:
            assert await names(session) == ["before"]
            await asyncio.create_task(write())
            assert await names(session) == ["before"]
        assert await names_in(database) == ["before", "meanwhile"]

    async def test_does_not_wait_for_a_writer(self, database: Database) -> None:
        async with database.writing():
            await Account.create(name="unseen")
            assert await asyncio.wait_for(asyncio.create_task(names_in(database)), 5) == []

    async def test_refuses_to_write(self, database: Database) -> None:
        with pytest.raises(Exception, match=r"readonly|read-only"):
            async with database.reading() as session:
                await session.fetch(Sql("DELETE FROM account"))
        with pytest.raises(RuntimeError, match="inside `writing"):
            async with database.reading() as session:
                await session.lock(Account, [uuid4()])

    async def test_models_read_in_the_snapshot(self, database: Database) -> None:
        async with database.writing():
            await Account.create(name="a")
        async with database.reading() as session:
            assert [each.name for each in await Account.all()] == ["a"]
            assert session.statements == 1

    async def test_inside_a_writer_models_are_the_readers_until_it_ends(self, database: Database) -> None:
        async with database.writing():
            await Account.create(name="a")
            async with database.reading():
                assert await Account.all().count() == 0
            assert await Account.all().count() == 1

    async def test_many_at_once_are_served(self, database: Database) -> None:
        assert await asyncio.gather(*(names_in(database) for _ in range(40))) == [[]] * 40

    async def test_models_have_no_database_outside(self, database: Database) -> None:
        with pytest.raises(RuntimeError):
            await Account.all()


class TestSeveralDatabases:
    async def test_each_session_has_its_own(self, databases: Databases) -> None:
        one, other = await databases(), await databases()
        async with one.writing():
            await Account.create(name="one")
            async with other.writing():
                await Account.create(name="other")
            await Account.create(name="one again")
        assert await names_in(one) == ["one", "one again"]
        assert await names_in(other) == ["other"]

    async def test_at_the_same_time(self, databases: Databases) -> None:
        worlds = [await databases() for _ in range(3)]

        async def fill(world: Database, name: str) -> None:
            for number in range(5):
                async with world.writing():
                    await Account.create(name=f"{name}{number}")
                async with world.reading():
                    assert await Account.all().count() == number + 1

        await asyncio.gather(*(fill(world, str(place)) for place, world in enumerate(worlds)))
        assert [name[0] for name in await names_in(worlds[2])] == ["2"] * 5

    async def test_one_after_another_of_another_dialect(self, database: Database, tmp_path: Path) -> None:
        other = await Database.open(f"sqlite://{tmp_path / 'other.db'}")
        await other.close()
        async with database.writing():
            await Account.create(name="a")
            assert await Account.filter(name__in=["a"]).count() == 1

    async def test_two_databases_on_one_place_take_turns(
        self, fresh_url: Callable[[], Awaitable[str]]
    ) -> None:
        url = await fresh_url()
        one, other = await Database.open(url), await Database.open(url)
        try:
            async with one.writing():
                account = await Account.create(name="a")

            async def bump(database: Database) -> None:
                for _ in range(10):
                    async with database.writing() as session:
                        await session.lock(Account, [account.id])
                        found = await Account.get(id=account.id)
                        found.access_version += 1
                        await found.save()

            await asyncio.gather(bump(one), bump(other))
            async with other.reading():
                assert (await Account.get(id=account.id)).access_version == 21
        finally:
            await one.close()
            await other.close()


BUMPER = """
import asyncio, sys
from models import Account
from models.database import Database

async def main():
    database = await Database.open(sys.argv[1])
    try:
        for _ in range(20):
            async with database.writing() as session:
                account = await Account.get()
                await session.lock(Account, [account.id])
                account = await Account.get()
                account.access_version += 1
                await account.save()
    finally:
        await database.close()

asyncio.run(main())
"""


async def test_two_processes_lose_no_write(fresh_url: Callable[[], Awaitable[str]]) -> None:
    url = await fresh_url()
    database = await Database.open(url)
    try:
        async with database.writing():
            await Account.create(name="a")
        both = [subprocess.Popen([sys.executable, "-c", BUMPER, url], cwd=ROOT) for _ in range(2)]
        assert [await asyncio.to_thread(each.wait, 60) for each in both] == [0, 0]
        async with database.reading():
            assert (await Account.get()).access_version == 41
    finally:
        await database.close()


class TestCancellation:
    async def test_at_any_step_leaves_nothing_behind(self, database: Database) -> None:
        """A task is cancelled after 0, 1, 2, … turns of the loop: at entry, inside, at exit, too late."""

        async def write(name: str) -> None:
            async with database.writing() as session:
                await Account.create(name=name)
                await names(session)

        done = set()
        for turns in range(120):
            task = asyncio.create_task(write(f"{turns:03}"))
            for _ in range(turns):
                await asyncio.sleep(0)
            task.cancel()
            outcome = (await asyncio.gather(task, return_exceptions=True))[0]
            if outcome is None:
                done.add(f"{turns:03}")
            async with asyncio.timeout(10):
                async with database.writing() as session:
                    assert done <= set(await names(session))

    async def test_at_entry_while_another_writes(self, database: Database) -> None:
        begun = asyncio.Event()
        leave = asyncio.Event()

        async def hold() -> None:
            async with database.writing():
                begun.set()
                await leave.wait()

        async def wait() -> None:
            async with database.writing():
                await Account.create(name="waited")
                await asyncio.Event().wait()

        holder = asyncio.create_task(hold())
        await begun.wait()
        waiter = asyncio.create_task(wait())
        await asyncio.sleep(0)
        waiter.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiter
        leave.set()
        await holder
        async with asyncio.timeout(10), database.writing():
            await Account.create(name="after")
        assert await names_in(database) == ["after"]

    async def test_inside_rolls_back(self, database: Database) -> None:
        written = asyncio.Event()

        async def write() -> None:
            async with database.writing():
                await Account.create(name="cancelled")
                written.set()
                await asyncio.Event().wait()

        task = asyncio.create_task(write())
        await written.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await names_in(database) == []
        async with asyncio.timeout(10), database.writing():
            await Account.create(name="after")

    async def test_of_readers_gives_their_connections_back(self, database: Database) -> None:
        async def read() -> None:
            async with database.reading() as session:
                for _ in range(50):
                    await names(session)

        for turns in range(60):
            task = asyncio.create_task(read())
            for _ in range(turns):
                await asyncio.sleep(0)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        async with asyncio.timeout(10):
            assert await asyncio.gather(*(names_in(database) for _ in range(20))) == [[]] * 20

    async def test_of_a_long_statement_does_not_wait_for_it(self, database: Database) -> None:
        endless = {
            Dialect.SQLITE: "WITH RECURSIVE n AS (SELECT 1 i UNION ALL SELECT i FROM n) SELECT sum(i) FROM n",
            Dialect.POSTGRES: "SELECT pg_sleep(1000)",
        }[database.dialect]
        begun = asyncio.Event()

        async def read() -> None:
            async with database.reading() as session:
                await names(session)
                begun.set()
                await session.fetch(Sql(endless))

        task = asyncio.create_task(read())
        await begun.wait()
        task.cancel()
        async with asyncio.timeout(20):
            with pytest.raises(asyncio.CancelledError):
                await task
        assert await names_in(database) == []

    async def test_what_must_end_ends_however_often_it_is_cancelled(self) -> None:
        ended = []
        go_on = asyncio.Event()

        async def work() -> None:
            await go_on.wait()
            ended.append(True)

        task = asyncio.create_task(to_the_end(work()))
        for _ in range(3):
            await asyncio.sleep(0)
            task.cancel()
        await asyncio.sleep(0)
        assert not task.done()
        go_on.set()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert ended == [True]


class TestValues:
    @pytest.mark.parametrize("text", ["a\x00b", "\x00", "\ud800", "a\udfff"])
    async def test_text_that_no_column_can_hold(self, database: Database, text: str) -> None:
        with pytest.raises(BadValue):
            async with database.reading() as session:
                await session.fetch(Sql("SELECT id FROM account WHERE name = ?", (text,)))
        with pytest.raises(BadValue):
            async with database.writing():
                await make_contact(notes=text)
        with pytest.raises(BadValue):
            async with database.writing() as session:
                await session.fetch(among(database.dialect, "SELECT id FROM account WHERE name", [text]))

    @pytest.mark.parametrize("number", [2**63, -(2**63) - 1, 10**40])
    async def test_numbers_out_of_range(self, database: Database, number: int) -> None:
        with pytest.raises(BadValue):
            async with database.reading() as session:
                await session.fetch(Sql("SELECT id FROM deal WHERE amount = ?", (number,)))
        with pytest.raises(BadValue):
            async with database.writing():
                account = await Account.create(name="a")
                await Account.filter(id=account.id).update(access_version=number)

    async def test_a_text_too_long_to_be_indexed(self, database: Database) -> None:
        async with database.writing():
            account = await Account.create(name="a")
            role = await Role.create(account=account, name="Rep", scope=Scope.TEAM, reach=Reach.OWN)
        email = "".join(uuid4().hex for _ in range(400))
        if database.dialect is Dialect.POSTGRES:
            with pytest.raises(BadValue):
                async with database.writing():
                    await Agent.create(account=account, role=role, name="Ana", email=email)
        else:
            async with database.writing():
                await Agent.create(account=account, role=role, name="Ana", email=email)

    async def test_after_a_bad_value_the_database_goes_on(self, database: Database) -> None:
        for _ in range(12):
            with pytest.raises(BadValue):
                async with database.writing():
                    await make_contact(name="\x00")
        assert await names_in(database) == []

    async def test_a_mistake_of_ours_is_not_the_callers(self, database: Database) -> None:
        with pytest.raises(OperationalError):
            async with database.reading() as session:
                await session.fetch(Sql("SELECT no_such_column FROM account"))

    async def test_any_script_and_length_comes_back(self, database: Database) -> None:
        text = "Ação 東京 ‮ 👩‍👩‍👧 ñ ẞ ﷽ " * 2000
        async with database.writing():
            contact = await make_contact(notes=text)
        async with database.reading() as session:
            row = (await session.fetch(Sql("SELECT * FROM contact WHERE notes = ?", (text,))))[0]
        assert row["notes"] == text
        assert row["notes_folded"] == text.casefold()
        assert hydrate(Contact, row)["id"] == contact.id

    async def test_instants_are_kept_in_utc_and_in_order(self, database: Database) -> None:
        noon = datetime(2024, 5, 1, 12, tzinfo=UTC)
        instants = [noon, noon + timedelta(microseconds=1), noon + timedelta(seconds=1)]
        away = timezone(timedelta(hours=-8))
        async with database.writing():
            for instant in reversed(instants):
                await make_contact(created_at=instant.astimezone(away))
        async with database.reading() as session:
            query = "SELECT * FROM contact WHERE created_at >= ? ORDER BY created_at"
            found = await session.fetch(Sql(query, (noon.astimezone(away),)))
            later = await session.fetch(Sql(query, (instants[1],)))
        assert [hydrate(Contact, row)["created_at"] for row in found] == instants
        assert hydrate(Contact, found[0])["created_at"].tzinfo is UTC
        assert len(later) == 2

    async def test_an_instant_without_a_zone_is_refused(self, database: Database) -> None:
        with pytest.raises(ValueError, match="time zone"):
            async with database.reading() as session:
                await session.fetch(
                    Sql("SELECT id FROM contact WHERE created_at = ?", (datetime(2024, 5, 1),))  # noqa: DTZ001
                )

    async def test_rows_become_python_values(self, database: Database) -> None:
        async with database.writing() as session:
            contact = await make_contact()
            account_id = contact.account_id
            role = await Role.create(
                account_id=account_id, name="R", scope=Scope.TEAM, reach=Reach.OWN, permissions=["a", "b"]
            )
            day = date(2024, 2, 29)
            await session.fetch(
                Sql(
                    "INSERT INTO deal (id, account_id, title, status, version, created_at, updated_at, "
                    "expected_close_on) VALUES (?, ?, 'T', 'OPEN', 1, ?, ?, ?)",
                    (uuid4(), account_id, contact.created_at, contact.updated_at, day),
                )
            )
            deal = hydrate(Deal, (await session.fetch(Sql("SELECT d.*, 7 AS extra FROM deal d")))[0])
            account = hydrate(Account, (await session.fetch(Sql("SELECT * FROM account")))[0])
            row = hydrate(Role, (await session.fetch(Sql("SELECT * FROM role WHERE id = ?", (role.id,))))[0])
        assert deal["expected_close_on"] == day
        assert deal["status"] is DealStatus.OPEN
        assert deal["extra"] == 7
        assert deal["owner_id"] is None
        assert deal["account_id"] == account_id
        assert account["isolation_mode"] is IsolationMode.STRICT
        assert account["sales_module"] is True
        assert row["permissions"] == ["a", "b"]

    async def test_parameters_may_be_enums_and_booleans(self, database: Database) -> None:
        async with database.writing() as session:
            await Account.create(name="a")
            sql = Sql(
                "SELECT name FROM account WHERE isolation_mode = ? AND sales_module = ?",
                (IsolationMode.STRICT, True),
            )
            assert len(await session.fetch(sql)) == 1


class TestAmong:
    async def test_ids_texts_and_enums(self, database: Database) -> None:
        async with database.writing() as session:
            made = [await Account.create(name=f"a{number}") for number in range(3)]
            for column, values in [
                ("id", [made[0].id, made[2].id]),
                ("name", ["a0", "a2"]),
                ("name", ("a0", "a2", 'quo"te')),
            ]:
                where = among(database.dialect, column, values)
                assert len(where.params) == 1
                rows = await session.fetch("SELECT name FROM account WHERE " + where + " ORDER BY name")
                assert [row["name"] for row in rows] == ["a0", "a2"]
            modes = among(database.dialect, "isolation_mode", list(IsolationMode))
            assert len(await session.fetch("SELECT name FROM account WHERE " + modes)) == 3

    async def test_among_none_is_false_for_null_too(self, database: Database) -> None:
        async with database.writing() as session:
            await make_contact()
            nothing = among(database.dialect, "owner_id", [])
            rows = await session.fetch("SELECT id FROM contact WHERE NOT (" + nothing + ")")
            assert len(rows) == 1
            something = among(database.dialect, "owner_id", [uuid4()])
            assert await session.fetch("SELECT id FROM contact WHERE NOT (" + something + ")") == []


class TestOpening:
    @pytest.mark.parametrize(
        "url", ["", "carteira.db", "sqlite://", "sqlite://:memory:", "mysql://x/y", "sqlite://x.db?mode=ro"]
    )
    async def test_an_address_that_names_nothing(self, url: str) -> None:
        with pytest.raises(BadUrl):
            await Database.open(url)

    @pytest.mark.parametrize(
        "url",
        [
            "sqlite:///no/such/folder/x.db",
            "postgres://nobody:secret@127.0.0.1:1/none",
            "postgres://127.0.0.1:1/x",
        ],
    )
    async def test_one_that_is_not_there(self, url: str) -> None:
        with pytest.raises(Unreachable, match="CARTEIRA_DATABASE_URL") as caught:
            await Database.open(url)
        assert "secret" not in str(caught.value)

    async def test_a_postgres_database_that_is_not_there(self, request: pytest.FixtureRequest) -> None:
        server = request.getfixturevalue("postgres")
        with pytest.raises(Unreachable, match="does not exist"):
            await Database.open(server.url("no_such_database"))

    async def test_a_file_that_is_no_database(self, tmp_path: Path) -> None:
        (tmp_path / "x.db").write_text("this is no database, however long it may be " * 100)
        with pytest.raises(Unreachable):
            await Database.open(f"sqlite://{tmp_path / 'x.db'}")

    async def test_a_relative_path_is_relative(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(tmp_path)
        database = await Database.open("sqlite://it's 100%.db")
        await database.close()
        assert (tmp_path / "it's 100%.db").exists()

    def test_a_password_is_never_shown(self) -> None:
        assert without_password("postgres://ana:secret@host:5432/x") == "postgres://ana:***@host:5432/x"
        assert without_password("sqlite://x.db") == "sqlite://x.db"

    async def test_closing_twice_is_nothing(self, databases: Databases) -> None:
        database = await databases()
        await database.close()
        await database.close()
        for session in (database.reading, database.writing):
            with pytest.raises(RuntimeError, match="closed"):
                async with session():
                    pass


class TestSqlite:
    async def test_another_process_that_keeps_the_file(self, tmp_path: Path) -> None:
        path = tmp_path / "x.db"
        database = await Database.open(f"sqlite://{path}", busy_seconds=0.05)
        other = sqlite3.connect(path, isolation_level=None)
        try:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(Busy):
                async with database.writing():
                    pass
            other.execute("ROLLBACK")
            async with database.writing() as session:
                await session.fetch(Sql("CREATE TABLE t (x)"))
        finally:
            other.close()
            await database.close()

    async def test_closing_leaves_one_file(self, tmp_path: Path) -> None:
        database = await Database.open(f"sqlite://{tmp_path / 'x.db'}")
        async with database.writing() as session:
            await session.fetch(Sql("CREATE TABLE t (x)"))
        async with database.reading() as session:
            await session.fetch(Sql("SELECT * FROM t"))
        await database.close()
        assert [each.name for each in tmp_path.iterdir()] == ["x.db"]

    def test_a_script_is_split_at_statements_alone(self) -> None:
        trigger = "CREATE TRIGGER t AFTER INSERT ON a BEGIN SELECT ';'; SELECT 2; END;"
        script = f"CREATE TABLE a (x) /* one; two */;\n{trigger}\n-- last; words\nSELECT 1"
        assert [each.strip() for each in statements(script)] == [
            "CREATE TABLE a (x) /* one; two */;",
            trigger,
            "-- last; words\nSELECT 1",
        ]


def test_models_are_made_without_a_database() -> None:
    assert Message(body="x").id is not None


async def test_the_database_looks_at_what_its_tables_hold(databases: Databases) -> None:
    database = await databases()
    known = {
        Dialect.SQLITE: "SELECT count(*) AS n FROM sqlite_schema WHERE name = 'sqlite_stat1'",
        # The server may have looked by itself, and statistics may have come with the template.
        Dialect.POSTGRES: "SELECT COALESCE(extract(epoch FROM max(last_analyze)), 0) AS n "
        "FROM pg_stat_user_tables",
    }
    told = []
    async with database.writing():
        await Account.create(name="Acme", created_at=datetime.now(UTC))
    for _ in range(2):
        async with database.reading() as session:
            told.append((await session.fetch(Sql(known[database.dialect])))[0]["n"])
        await database.analyze()
    assert told[0] < told[1]
