"""Migrations: what they make is what the models say, and they lose nothing."""

import asyncio
import importlib
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import AsyncMock
from uuid import uuid4

import pytest
from tortoise import Model, fields, migrations
from tortoise.migrations import operations
from tortoise.migrations.autodetector import MigrationAutodetector
from tortoise.migrations.executor import MigrationTarget
from tortoise.migrations.writer import MigrationWriter

import models
from commands.migrate import written
from models import (
    Account,
    Agent,
    Contact,
    Conversation,
    Deal,
    Inbox,
    Ownership,
    OwnershipCause,
    Partner,
    PartnerUser,
    Reach,
    RecordType,
    Role,
    Scope,
    Team,
    Token,
    TokenKind,
)
from models.database import Database, Dialect, IntegrityError, Session
from models.engines.errors import ForeignKeysBroken
from models.migrating import Ahead, _executor, draft, migrate, pending
from models.sql import Sql
from models.text import FoldedField
from tests.conftest import Server

ROOT = Path(__file__).resolve().parents[1]
TABLES: list[type[Model]] = [
    each for each in vars(models).values() if isinstance(each, type) and issubclass(each, Model)
]
CONCRETE = [model for model in TABLES if not model._meta.abstract]
NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)

INDEXES = {
    # SQLite names what is unique as it likes, and otherwise once the table was remade: see `indexed`.
    Dialect.SQLITE: "SELECT name, sql FROM sqlite_schema WHERE type IN ('index', 'trigger') "
    "AND name NOT LIKE 'sqlite\\_autoindex%' ESCAPE '\\' AND name NOT LIKE 'uidx\\_%' ESCAPE '\\' "
    "ORDER BY name",
    Dialect.POSTGRES: """
        SELECT indexname AS name, indexdef AS sql FROM pg_indexes WHERE schemaname = 'public'
        UNION ALL SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint
        WHERE connamespace = 'public'::regnamespace
        UNION ALL SELECT tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal
        ORDER BY name, sql""",
}

ALL = sorted(path.stem for path in (ROOT / "migrations").glob("[0-9]*.py"))


async def shape(session: Session) -> list[dict[str, Any]]:
    """Every index, constraint and trigger."""
    return [dict(row) for row in await session.fetch(Sql(INDEXES[session.dialect]))]


async def columns_of(session: Session, table: str) -> dict[str, bool]:
    """The columns of a table, and whether each may be null."""
    if session.dialect is Dialect.SQLITE:
        rows = await session.fetch(Sql(f"PRAGMA table_info({table})"))
        return {row["name"]: not row["notnull"] for row in rows}
    query = (
        "SELECT column_name AS name, is_nullable = 'YES' AS may FROM information_schema.columns "
        "WHERE table_name = ?"
    )
    return {row["name"]: row["may"] for row in await session.fetch(Sql(query, (table,)))}


async def indexed(session: Session, table: str) -> set[tuple[tuple[str, ...], bool]]:
    """The column lists that a table's whole indexes are on, and whether each is unique."""
    if session.dialect is Dialect.SQLITE:
        found = set()
        for row in await session.fetch(Sql(f"PRAGMA index_list({table})")):
            columns = await session.fetch(Sql(f"PRAGMA index_info('{row['name']}')"))
            if not row["partial"]:
                found.add((tuple(column["name"] for column in columns), bool(row["unique"])))
        return found
    query = (
        "SELECT i.indisunique AS unique, ARRAY(SELECT pg_get_indexdef(i.indexrelid, place, true) "
        "FROM generate_series(1, i.indnkeyatts) place) AS columns "
        "FROM pg_index i WHERE i.indrelid = CAST(CAST(? AS text) AS regclass) AND i.indpred IS NULL"
    )
    return {(tuple(row["columns"]), row["unique"]) for row in await session.fetch(Sql(query, (table,)))}


async def references_of(session: Session, table: str) -> set[tuple[str, str]]:
    """The columns of a table that refer, and to which table."""
    if session.dialect is Dialect.SQLITE:
        rows = await session.fetch(Sql(f"PRAGMA foreign_key_list({table})"))
        return {(row["from"], row["table"]) for row in rows}
    query = (
        "SELECT a.attname AS source, CAST(c.confrelid AS regclass)::text AS target FROM pg_constraint c "
        "JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1] "
        "WHERE c.contype = 'f' AND c.conrelid = CAST(CAST(? AS text) AS regclass)"
    )
    return {(row["source"], row["target"]) for row in await session.fetch(Sql(query, (table,)))}


def column(model: type[Model], field: str) -> str:
    """The column of a field, a reference's too."""
    return model._meta.fields_map[field].source_field or field


class TestWhatTheyMake:
    async def test_no_model_has_changed_without_a_migration(self) -> None:
        drafts = [writer.as_string() for writer in await draft()]
        assert drafts == [], "write it: python server.py migrate --draft"

    def test_they_are_numbered_without_a_gap(self) -> None:
        assert [int(name[:4]) for name in ALL] == list(range(1, len(ALL) + 1))

    async def test_a_draft_is_named_for_what_it_changes_and_passes_lint(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        nickname = fields.TextField(null=True)
        changes = [
            operations.AddField("Contact", "nickname", nickname),
            operations.AddField("Contact", "nickname_folded", FoldedField("nickname")),
            operations.RenameModel("Team", "Crew"),
        ]
        found = [MigrationWriter("0042_auto_20300101_0000", "models", changes, migrations_module="x")]
        monkeypatch.setattr(MigrationAutodetector, "changes", AsyncMock(return_value=found))
        monkeypatch.setattr(MigrationWriter, "path", lambda writer: tmp_path / f"{writer.name}.py")
        (path,) = map(written, await draft())
        assert path.name == "0042_contact_nickname_crew.py"
        lint = [sys.executable, "-m", "ruff", "check", "--config", str(ROOT / "pyproject.toml")]
        # Where it will lie, its list of operations is no fault.
        checked = subprocess.run([*lint, "--ignore", "RUF012", str(path)], capture_output=True, check=False)
        assert checked.returncode == 0, checked.stdout.decode()
        assert "'" not in path.read_text()

    async def test_the_tables_are_those_of_the_models(self, database: Database) -> None:
        async with database.reading() as session:
            found = {
                Dialect.SQLITE: "SELECT name FROM sqlite_schema WHERE type = 'table'",
                Dialect.POSTGRES: "SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public'",
            }[session.dialect]
            names = {row["name"] for row in await session.fetch(Sql(found))}
        own = {"tortoise_migrations", "sqlite_sequence"}
        assert names - own == {model._meta.db_table for model in CONCRETE}

    @pytest.mark.parametrize("model", CONCRETE, ids=lambda model: model.__name__)
    async def test_a_table_is_that_of_its_model(self, database: Database, model: type[Model]) -> None:
        meta = model._meta
        async with database.reading() as session:
            columns = await columns_of(session, meta.db_table)
            indexes = await indexed(session, meta.db_table)
            references = await references_of(session, meta.db_table)
        fields = {column: meta.fields_map[field] for field, column in meta.fields_db_projection.items()}
        assert columns == {column: field.null and not field.pk for column, field in fields.items()}
        assert references == {
            (column(model, name), meta.fields_map[name].related_model._meta.db_table)
            for name in meta.fk_fields
        }
        unique = {tuple(column(model, name) for name in names) for names in meta.unique_together}
        unique |= {(name,) for name, field in fields.items() if field.unique and not field.pk}
        plain = {tuple(column(model, name) for name in names) for names in meta.indexes}
        for names in unique:
            assert (names, True) in indexes
        for names in plain:
            assert (names, False) in indexes

    async def test_folded_text_is_compared_byte_by_byte(self, database: Database) -> None:
        async with database.writing() as session:
            for name in ("b", "_", "É", "Z", "a", "10", "9"):
                await Account.create(name=name)
            account = await Account.get(name="a")
            for name in ("b", "_", "É", "Z", "a", "10", "9"):
                await Team.create(account=account, name=name)
            rows = await session.fetch(Sql("SELECT name FROM team ORDER BY name_folded"))
        assert [row["name"] for row in rows] == ["10", "9", "_", "a", "b", "Z", "É"]


class TestMigrating:
    async def test_again_is_nothing(self, database: Database) -> None:
        assert await pending(database) == []
        assert await migrate(database) == []

    async def test_a_filled_database_keeps_its_rows_and_rules(self, empty: Database) -> None:
        database = empty
        await migrate(database)
        world = await make_world(database)
        async with database.reading() as session:
            before = {model: await session.fetch(everything(model)) for model in CONCRETE}
            rules = await shape(session)
            indexes = {model: await indexed(session, model._meta.db_table) for model in CONCRETE}
        assert sum(map(bool, before.values())) > 10
        await alter_tables(database)
        async with database.reading() as session:
            after = {model: await session.fetch(everything(model)) for model in CONCRETE}
            left = await shape(session)
            assert [rule for rule in rules if rule["sql"] and rule not in left] == []
            assert indexes == {model: await indexed(session, model._meta.db_table) for model in CONCRETE}
        assert after == before
        with pytest.raises(IntegrityError):
            async with database.writing():
                await Deal.filter(id=world.deal.id).update(amount=-1)

    async def test_one_that_was_filled_before_the_outbox_told_where_records_were(
        self, empty: Database
    ) -> None:
        async with empty.migrating():
            executor = _executor(empty)
            await executor.recorder.ensure_schema(executor._schema_editor(atomic=False))
            await executor.migrate([MigrationTarget("models", "0004_reading")])
        at = NOON.isoformat(" ")
        async with empty.writing() as session:
            account = await Account.create(name="Acme")
            for text in (
                "INSERT INTO outbox_event (account_id, record_type, record_id, kind, at) "
                f"VALUES ('{account.id}', 'DEAL', '{account.id}', 'UPDATED', '{at}')",
                "INSERT INTO timeline_entry "
                "(id, account_id, record_type, record_id, number, kind, at, changes) "
                f"VALUES ('{account.id}', '{account.id}', 'DEAL', '{account.id}', 1, 'X', '{at}', '{{}}')",
            ):
                await session.fetch(Sql(text))
        assert await migrate(empty) == ALL[ALL.index("0004_reading") + 1 :]
        async with empty.reading():
            assert await models.TimelineEntry.all().count() == 1

    async def test_back_and_forth(self, empty: Database) -> None:
        database = empty
        await migrate(database)
        await make_world(database)
        async with database.reading() as session:
            before, rows = await shape(session), await session.fetch(everything(Contact))
            indexes = {model: await indexed(session, model._meta.db_table) for model in CONCRETE}
        async with database.migrating():
            await _executor(database).migrate([MigrationTarget("models", "0001_initial")])
        assert await pending(database) == ALL[1:]
        assert await migrate(database) == ALL[1:]
        async with database.reading() as session:
            assert await shape(session) == before
            assert indexes == {model: await indexed(session, model._meta.db_table) for model in CONCRETE}
            assert await session.fetch(everything(Contact)) == rows

    async def test_one_that_fails_leaves_nothing(
        self, empty: Database, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        rules = importlib.import_module("migrations.0003_rules").Migration
        broken = operations.RunSQL("SELECT no_such_function()")
        monkeypatch.setattr(rules, "operations", [*rules.operations, broken])
        with pytest.raises(Exception, match="no_such_function"):
            await migrate(empty)
        assert await pending(empty) == ALL
        monkeypatch.undo()
        assert await migrate(empty) == ALL

    async def test_two_at_once_in_one_process(self, empty: Database) -> None:
        other = await Database.open(empty.url)
        try:
            applied = await asyncio.gather(migrate(empty), migrate(other))
        finally:
            await other.close()
        assert sorted(map(len, applied)) == [0, len(ALL)]

    async def test_two_processes_at_once(self, empty: Database) -> None:
        script = (
            "import asyncio, sys\n"
            "from models.database import Database\n"
            "from models.migrating import migrate\n"
            "async def main():\n"
            "    database = await Database.open(sys.argv[1])\n"
            "    try: print(len(await migrate(database)))\n"
            "    finally: await database.close()\n"
            "asyncio.run(main())\n"
        )
        both = [
            subprocess.Popen([sys.executable, "-c", script, empty.url], cwd=ROOT, stdout=subprocess.PIPE)
            for _ in range(2)
        ]
        told = [(await asyncio.to_thread(each.communicate, timeout=60))[0] for each in both]
        assert sorted(told) == [b"0\n", f"{len(ALL)}\n".encode()]

    async def test_a_database_that_is_ahead(self, empty: Database) -> None:
        async with empty.migrating():
            executor = _executor(empty)
            await executor.recorder.ensure_schema(executor._schema_editor(atomic=False))
            await executor.recorder.record_applied("models", "9999_later")
        for tried in (migrate, pending):
            with pytest.raises(Ahead, match="does not know 9999_later: "):
                await tried(empty)
        async with empty.migrating():
            executor = _executor(empty)
            assert [key.name for key in await executor.recorder.applied_migrations()] == ["9999_later"]
            await executor.recorder.record_unapplied("models", "9999_later")
        assert await migrate(empty) == ALL

    async def test_foreign_keys_are_looked_at_before_the_end(self, tmp_path: Path) -> None:
        database = await Database.open(f"sqlite://{tmp_path / 'x.db'}")
        try:
            await migrate(database)
            account = uuid4()
            with pytest.raises(ForeignKeysBroken, match="contact"):
                async with database.migrating() as session:
                    await session.fetch(
                        Sql(
                            "INSERT INTO contact (id, account_id, name, version, created_at, updated_at) "
                            "VALUES (?, ?, 'Ana', 1, ?, ?)",
                            (uuid4(), account, NOON, NOON),
                        )
                    )
            async with database.writing() as session:
                assert await session.fetch(Sql("SELECT id FROM contact")) == []
                with pytest.raises(IntegrityError):
                    await Contact.create(account_id=account, name="Ana")
        finally:
            await database.close()


class TestRules:
    async def test_one_open_ownership_for_a_record(self, database: Database) -> None:
        world = await make_world(database)
        await refused(database, own(world, NOON + timedelta(days=400)))

    @pytest.mark.parametrize(
        ("start", "end"), [(-1, 1), (0, 10), (5, 6), (9, 11), (-1, 11), (0, 1), (-5, None), (3, None)]
    )
    async def test_ownerships_never_overlap(self, database: Database, start: int, end: int | None) -> None:
        world = await make_world(database)
        async with database.writing():
            await Ownership.all().update(ended_at=NOON + timedelta(days=10))
        await refused(database, own(world, day(start), None if end is None else day(end)))

    @pytest.mark.parametrize(
        ("start", "end"), [(-5, 0), (10, 12), (10, None), (20, None), (5, 5), (0, 0), (10, 10)]
    )
    async def test_ownerships_that_touch_are_fine(
        self, database: Database, start: int, end: int | None
    ) -> None:
        world = await make_world(database)
        async with database.writing():
            await Ownership.all().update(ended_at=NOON + timedelta(days=10))
            await own(world, day(start), None if end is None else day(end))()

    async def test_an_ownership_ends_after_it_starts(self, database: Database) -> None:
        await make_world(database)
        await refused(database, lambda: Ownership.all().update(ended_at=NOON - timedelta(seconds=1)))

    async def test_two_writers_make_no_overlap(self, database: Database) -> None:
        world = await make_world(database)
        async with database.writing():
            await Ownership.all().update(ended_at=NOON)

        async def write() -> bool:
            try:
                async with database.writing():
                    await own(world, day(1), day(2))()
                    await Account.all().count()
            except IntegrityError:
                return False
            return True

        assert sorted(await asyncio.gather(write(), write(), write())) == [False, False, True]

    @pytest.mark.parametrize(
        ("model", "change"),
        [
            (Deal, {"amount": None}),
            (Deal, {"currency": None}),
            (Deal, {"amount": -1}),
            (Deal, {"partner_id": None}),
            (Conversation, {"inbox_id": None}),
            (Token, {"agent_id": None}),
            (Account, {"first_day_of_week": 0}),
            (Account, {"fiscal_year_start_month": 13}),
        ],
        ids=str,
    )
    async def test_sense(self, database: Database, model: type[Model], change: dict[str, Any]) -> None:
        await make_world(database)
        await refused(database, lambda: model.all().update(**change))

    @pytest.mark.parametrize(
        ("table", "column"),
        [("role", "scope"), ("role", "reach"), ("deal", "status"), ("agent", "status"), ("token", "kind")],
    )
    async def test_words_that_mean_nothing(self, database: Database, table: str, column: str) -> None:
        await make_world(database)
        with pytest.raises(IntegrityError):
            async with database.writing() as session:
                await session.fetch(Sql(f"UPDATE {table} SET {column} = 'NONSENSE'"))

    async def test_nothing_refers_to_another_account(self, database: Database) -> None:
        """Each reference of each table of each account, set to the other account's row, is refused."""
        world, other = await make_world(database), await make_world(database)
        tried = 0
        for model, row in world.rows.items():
            for field in model._meta.fk_fields - {"account"}:
                target = model._meta.fields_map[field].related_model
                stray = {f"{field}_id": other.rows[target].id}
                await refused(database, lambda m=model, r=row, s=stray: m.filter(id=r.id).update(**s))
                tried += 1
        assert tried > 20


@pytest.fixture
async def empty(server: Server, tmp_path: Path) -> AsyncIterator[Database]:
    """A database that no migration has seen."""
    url = await server.empty(tmp_path)
    database = await Database.open(url)
    yield database
    await database.close()


class World:
    """A row of each of the main tables, all of one account."""

    def __init__(self) -> None:
        self.rows: dict[type[Model], Any] = {}

    async def make(self, model: type[Model], **values: Any) -> Any:
        """Make a row of `model`."""
        self.rows[model] = await model.create(account_id=self.account.id, **values)
        return self.rows[model]

    async def fill(self) -> None:
        """Make all of them, those first that others refer to."""
        self.account = await Account.create(name=uuid4().hex)
        role = await self.make(Role, name="Rep", scope=Scope.TEAM, reach=Reach.OWN)
        team, inbox = await self.make(Team, name="T"), await self.make(Inbox, name="I")
        self.agent = await self.make(Agent, name="Ana", role=role, main_team=team)
        await self.make(models.TeamMember, team=team, agent=self.agent)
        await self.make(models.InboxMember, inbox=inbox, agent=self.agent)
        partner = await self.make(Partner, name="P")
        user = await self.make(PartnerUser, name="U", partner=partner)
        place = {"owner": self.agent, "team": team, "inbox": inbox}
        contact = await self.make(Contact, name="Kim", **place)
        conversation = await self.make(Conversation, contact=contact, **place)
        await self.make(
            models.Message, conversation=conversation, number=1, author=self.agent, body="b", sent_at=NOON,
            direction=models.MessageDirection.NOTE,
        )  # fmt: skip
        self.deal = await self.make(
            Deal, title="D", amount=5, currency="EUR", contact=contact, conversation=conversation,
            partner=partner, assigned_user=user, **place,
        )  # fmt: skip
        await self.make(models.Payment, deal=self.deal, amount=5, currency="EUR", paid_at=NOON)
        await self.make(
            Ownership, record_type=RecordType.DEAL, record_id=self.deal.id, owner=self.agent, team=team,
            started_at=NOON, cause=OwnershipCause.ASSIGNED,
        )  # fmt: skip
        rule = await self.make(
            models.TransferRule, name="R", trigger=models.TransferTrigger.TEAM_CHANGED, team=team,
            saved_by=self.agent,
        )  # fmt: skip
        await self.make(models.TransferRuleShare, rule=rule, agent=self.agent)
        transfer = await self.make(
            models.Transfer, from_agent=self.agent, made_by=self.agent, rule=rule, reverted_by=self.agent,
            state=models.TransferState.APPLIED,
        )  # fmt: skip
        await self.make(models.TransferShare, transfer=transfer, agent=self.agent)
        await self.make(
            models.TransferItem, transfer=transfer, record_type=RecordType.DEAL, record_id=self.deal.id,
            number=1, to_agent=self.agent, state=models.ItemState.MOVED, team_before=team, team_after=team,
        )  # fmt: skip
        policy = await self.make(models.DistributionPolicy, saved_by=self.agent)
        await self.make(models.DistributionMember, policy=policy, agent=self.agent, number=1)
        decision = await self.make(
            models.DistributionDecision, policy=policy, contact=contact, agent=self.agent,
            made_by=self.agent, method=models.DistributionMethod.ROUND_ROBIN, at=NOON,
        )  # fmt: skip
        await self.make(models.DistributionCandidate, decision=decision, agent=self.agent, number=1, load=0)
        await self.make(
            models.TimelineEntry, record_type=RecordType.DEAL, record_id=self.deal.id, number=1,
            kind="CREATED", at=NOON, author=self.agent, changes={"a": [None, 1]}, transfer=transfer,
        )  # fmt: skip
        await self.make(
            models.AuditEntry, at=NOON, actor=self.agent, action="x", outcome=models.AuditOutcome.DONE
        )
        await self.make(Token, kind=TokenKind.AGENT, agent=self.agent)
        provider = await self.make(
            models.IdentityProvider, issuer=uuid4().hex, audience="a", algorithm="RS256"
        )
        await self.make(models.Identity, provider=provider, subject="s", agent=self.agent)


async def make_world(database: Database) -> World:
    world = World()
    async with database.writing():
        await world.fill()
    return world


def day(number: int) -> datetime:
    return NOON + timedelta(days=number)


def own(world: World, start: datetime, end: datetime | None = None) -> Callable[[], Awaitable[Any]]:
    """Makes one more ownership of the world's deal."""
    return lambda: Ownership.create(
        account_id=world.account.id,
        record_type=RecordType.DEAL,
        record_id=world.deal.id,
        owner=world.agent,
        started_at=start,
        ended_at=end,
        cause=OwnershipCause.ASSIGNED,
    )


async def refused(database: Database, act: Callable[[], Awaitable[Any]]) -> None:
    with pytest.raises(IntegrityError):
        async with database.writing():
            await act()


def everything(model: type[Model]) -> Sql:
    return Sql(f"SELECT * FROM {model._meta.db_table} ORDER BY id")


class Later(migrations.Migration):
    """What a later migration may well do: give tables that others refer to a column, and take one back."""

    operations = [  # noqa: RUF012
        change
        for model in ("Agent", "Deal", "Contact")
        for change in (
            operations.AddField(model, "a_later_word", fields.TextField(null=True)),
            operations.AlterField(model, "a_later_word", fields.CharField(max_length=9, null=True)),
            operations.RemoveField(model, "a_later_word"),
        )
    ]


async def alter_tables(database: Database) -> None:
    async with database.migrating():
        executor = _executor(database)
        await executor.loader.build_graph()
        state = await executor._project_state(set(await executor.recorder.applied_migrations()))
        await Later("0004_later", "models").apply(state, schema_editor=executor._schema_editor())
