"""The operator's command line: account, agent, token, migrate; and what it says of bad calls."""

import os
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from authz.key_sets import KeySets
from authz.tokens import read_token
from models import Account, Agent, AgentStatus, InboxMember, Partner, PartnerUser, Role, TeamMember
from models.database import Database
from models.operations.actor import Actor
from models.operations.create_inbox import create_inbox
from models.operations.create_team import create_team
from models.sql import Sql
from server import app, cli
from settings import Settings
from tests.conftest import Server

ROOT = Path(__file__).resolve().parents[2]
ANA = ["agent", "add", "Ana", "--account", "Acme", "--email", "ana@acme.example"]


@dataclass
class Called:
    """What a call came to."""

    status: int
    answer: str
    talk: str


class Line:
    """The command line on one database."""

    def __init__(self, url: str) -> None:
        self.environ = {"CARTEIRA_DATABASE_URL": url, "CARTEIRA_SECRET": "s" * 32}

    def __call__(self, *words: str | bytes, **environ: str) -> Called:
        # In a thread of its own, since a command brings its own event loop.
        with ThreadPoolExecutor() as thread:
            given = [os.fsdecode(word) for word in words]
            run = partial(CliRunner().invoke, cli, given, obj=app, env=self.environ | environ)
            done: Result = thread.submit(run, prog_name="server.py").result(60)
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exc_info
        return Called(done.exit_code, done.stdout, done.stderr)

    def refused(self, status: int, *words: str | bytes, **environ: str) -> str:
        """Call, see it refused with this status and no answer; what it says."""
        called = self(*words, **environ)
        assert (called.status, called.answer) == (status, ""), called
        return called.talk


@pytest.fixture
async def database(fresh_url: Callable[[], Awaitable[str]]) -> AsyncIterator[Database]:
    opened = await Database.open(await fresh_url())
    yield opened
    await opened.close()


@pytest.fixture
def line(database: Database) -> Line:
    return Line(database.url)


@pytest.fixture
def acme(line: Line) -> Line:
    assert line("account", "create", "Acme", "--admin", "root@acme.example").status == 0
    return line


class TestAccount:
    async def test_create(self, database: Database, line: Line) -> None:
        words = ["--admin", "root@acme.example", "--time-zone", "America/Sao_Paulo", "--currency", "BRL"]
        called = line("account", "create", "Açúcar & Filhos", *words)
        assert called.status == 0
        assert "token --account 'Açúcar & Filhos'" in called.talk
        async with database.reading():
            account = await Account.get()
            roles = {role.name for role in await Role.filter(account_id=account.id)}
            admin = await Agent.get()
        assert called.answer == f"{account.id}\n"
        assert (account.time_zone, account.currency) == ("America/Sao_Paulo", "BRL")
        assert roles == {"Rep", "Sales manager", "Administrator"}
        assert admin.email == "root@acme.example"

    def test_twice(self, acme: Line) -> None:
        assert "in use already" in acme.refused(1, "account", "create", "Acme", "--admin", "x@y.example")

    @pytest.mark.parametrize(
        ("words", "says"),
        [
            (["A", "--admin", "a@b.example", "--time-zone", "Mars/Olympus"], "no time zone"),
            (["A", "--admin", "a@b.example", "--currency", "money"], "no currency"),
            (["", "--admin", "a@b.example"], "Invalid value for NAME: name must not be blank"),
            (["x" * 9000, "--admin", "a@b.example"], "Invalid value for NAME: name has at most"),
            (["A", "--admin", "no email at all"], "Invalid value for --admin: email is no email address"),
            (["A", "--admin", "a@b.example", "--time-zone", "?"], "Invalid value for --time-zone: This is"),
            (
                ["A", "--admin", "a@b.example", "--time-zone", "?", "--currency", "?"],
                "no time zone; write one as in America/Sao_Paulo.\nInvalid value for --currency: ",
            ),
            ([b"\xff\xfe", "--admin", "a@b.example"], "surrogate"),
            (["A"], "--admin"),
            (["A", "B", "--admin", "a@b.example"], "unexpected"),
        ],
    )
    def test_values_that_make_no_sense(self, line: Line, words: list[str | bytes], says: str) -> None:
        assert says in line.refused(2, "account", "create", *words)

    async def test_set(self, database: Database, acme: Line) -> None:
        called = acme("account", "set", "Acme", "--module", "sales", "off")
        assert called.answer == "module sales off\ncapability granular-permissions on\n"
        called = acme("account", "set", "Acme", "--capability", "granular-permissions", "off")
        assert called.answer == "module sales off\ncapability granular-permissions off\n"
        async with database.reading():
            account = await Account.get()
        assert (account.sales_module, account.granular_permissions) == (False, False)

    def test_set_what_is_not_there(self, acme: Line) -> None:
        assert "no account Nobody" in acme.refused(1, "account", "set", "Nobody", "--module", "sales", "on")
        assert "--capability granular-permissions on|off" in acme("account", "set", "--help").answer
        assert "what to switch" in acme.refused(2, "account", "set", "Acme")
        acme.refused(2, "account", "set", "Acme", "--module", "magic", "on")
        acme.refused(2, "account", "set", "Acme", "--module", "sales", "maybe")


class TestAgent:
    async def test_add(self, database: Database, acme: Line) -> None:
        async with database.writing():
            by = Actor((await Account.get()).id)
            north = await create_team(by, name="North")
            south = await create_team(by, name="South")
            phone = await create_inbox(by, name="Telefone")
        called = acme(*ANA, "--role", "rep", "--team", "SOUTH", "--team", "north", "--inbox", "telefone")
        assert called.status == 0, called.talk
        async with database.reading():
            ana = await Agent.get(name="Ana")
            teams = {row.team_id for row in await TeamMember.filter(agent_id=ana.id)}
            inboxes = {row.inbox_id for row in await InboxMember.filter(agent_id=ana.id)}
        assert called.answer == f"{ana.id}\n"
        assert ana.main_team_id == south.id
        assert (teams, inboxes) == ({north.id, south.id}, {phone.id})

    async def test_add_to_what_is_not_there(self, database: Database, acme: Line) -> None:
        assert "there is: Administrator, Rep, Sales manager" in acme.refused(1, *ANA, "--role", "boss")
        assert "no team West; there is: none" in acme.refused(1, *ANA, "--role", "rep", "--team", "West")
        assert "no inbox Fax" in acme.refused(1, *ANA, "--role", "rep", "--inbox", "Fax")
        elsewhere = ["agent", "add", "Ana", "--account", "B", "--email", "a@b.example", "--role", "rep"]
        assert "no account B" in acme.refused(1, *elsewhere)
        async with database.reading():
            assert await Agent.all().count() == 1

    async def test_the_same_person_is_not_taken_in_twice(self, database: Database, acme: Line) -> None:
        (id,) = acme(*ANA, "--role", "rep").answer.split()
        said = acme.refused(1, "agent", "add", "ANA", *ANA[3:], "--role", "rep")
        assert f"has them already: {id} (Ana, ana@acme.example)" in said
        another = acme("agent", "add", "Anabel", *ANA[3:], "--role", "rep")
        assert another.status == 0
        assert f"others with this email: {id} (Ana, ana@acme.example)" in another.talk
        words = ["token", "--account", "Acme", "--agent"]
        said = acme.refused(1, *words, "ana@acme.example")
        assert "give the id of one: " in said
        assert f"{id} (Ana, ana@acme.example)" in said
        keys = Settings.read(acme.environ).keys
        for given in (id, another.answer.strip().upper()):
            claim = await read_token(database, keys, acme(*words, given).answer.strip(), KeySets())
            assert str(claim.agent_id) == given.lower()
        async with database.writing():
            await Agent.filter(id=id).update(status=AgentStatus.DEACTIVATED)
        assert acme(*ANA, "--role", "rep").status == 0


class TestToken:
    @pytest.mark.parametrize("named", ["ana@acme.example", "ANA@ACME.example", "ana"])
    async def test_of_an_agent(self, database: Database, acme: Line, named: str) -> None:
        acme(*ANA, "--role", "rep")
        called = acme("token", "--account", "Acme", "--agent", named, "--ttl", "30m")
        assert called.status == 0, called.talk
        keys = Settings.read(acme.environ).keys
        claim = await read_token(database, keys, called.answer.strip(), KeySets())
        async with database.reading():
            assert claim.agent_id == (await Agent.get(name="Ana")).id

    async def test_of_a_partner_user(self, database: Database, acme: Line) -> None:
        async with database.writing():
            account = await Account.get()
            partner = await Partner.create(account_id=account.id, name="P")
            user = await PartnerUser.create(
                account_id=account.id, partner=partner, name="Pia", email="pia@p.example"
            )
        words = ["token", "--account", "Acme", "--partner-user", "pia@p.example"]
        assert "no portal access" in acme.refused(1, *words)
        async with database.writing():
            await PartnerUser.filter(id=user.id).update(portal_access=True)
        called = acme(*words)
        keys = Settings.read(acme.environ).keys
        claim = await read_token(database, keys, called.answer.strip(), KeySets())
        assert claim.partner_user_id == user.id

    async def test_of_nobody_in_particular(self, database: Database, acme: Line) -> None:
        acme(*ANA, "--role", "rep")
        words = ["token", "--account", "Acme", "--agent"]
        assert "nobody goes by bea" in acme.refused(1, *words, "bea")
        acme(*ANA[:5], "--email", "ana@other.example", "--role", "rep")
        assert "2 go by ana" in acme.refused(1, *words, "ana")
        async with database.writing():
            await Agent.filter(name="Ana").update(status=AgentStatus.SUSPENDED)
            await Agent.filter(email="root@acme.example").update(name="Root", name_folded="root")
        assert "no account B" in acme.refused(1, "token", "--account", "B", "--agent", "ana")
        assert acme(*words, "root").status == 0

    async def test_of_someone_who_may_not_sign_in(self, database: Database, acme: Line) -> None:
        async with database.writing():
            await Agent.all().update(status=AgentStatus.SUSPENDED)
        words = ["token", "--account", "Acme", "--agent", "root@acme.example"]
        assert "is suspended" in acme.refused(1, *words)

    @pytest.mark.parametrize(
        "ttl", ["", "1", "h", "0h", "-1h", "1.5h", "1w", "9999d", "99999999999h", "\uff11h"]
    )
    def test_for_a_span_that_is_none(self, acme: Line, ttl: str) -> None:
        words = ["token", "--account", "Acme", "--agent", "root@acme.example"]
        assert "--ttl" in acme.refused(2, *words, "--ttl", ttl)

    def test_for_one_person_exactly(self, acme: Line) -> None:
        acme.refused(2, "token", "--account", "Acme")
        acme.refused(2, "token", "--account", "Acme", "--agent", "a", "--partner-user", "b")

    def test_in_production_without_a_secret(self, acme: Line) -> None:
        words = ["token", "--account", "Acme", "--agent", "root@acme.example"]
        environ = {"CARTEIRA_ENV": "production", "CARTEIRA_SECRET": ""}
        assert "CARTEIRA_SECRET is missing" in acme.refused(1, *words, **environ)


class TestMigrate:
    async def test_prints_what_it_applied(self, server: Server, tmp_path: Path) -> None:
        line = Line(await server.empty(tmp_path))
        assert "python server.py migrate" in line.refused(
            1, "account", "create", "A", "--admin", "a@b.example"
        )
        assert "python server.py migrate" in line.refused(1, "serve", "--port", "0")
        called = line("migrate")
        assert called.status == 0
        assert called.answer.splitlines()[:2] == ["0001_initial", "0002_indexes"]
        again = line("migrate")
        assert (again.status, again.answer, again.talk) == (0, "", "Nothing to do.\n")

    async def test_a_database_that_a_newer_version_has_migrated(self, server: Server, tmp_path: Path) -> None:
        url = await server.empty(tmp_path)
        line = Line(url)
        assert line("migrate").status == 0
        database = await Database.open(url)
        try:
            async with database.writing() as session:
                later = "('models', '9999_later', '2030-01-01 00:00:00+00:00')"
                await session.fetch(
                    Sql(f"INSERT INTO tortoise_migrations (app, name, applied_at) VALUES {later}")
                )
        finally:
            await database.close()
        for words in (["migrate"], ["serve", "--port", "0"]):
            assert "is ahead of this version, which does not know 9999_later" in line.refused(1, *words)

    @pytest.mark.parametrize(
        "url", ["postgres://127.0.0.1:1/x", "mysql://x", "sqlite:///no/such/x.db", "sqlite://", "nonsense"]
    )
    def test_a_database_that_is_not_there(self, url: str) -> None:
        line = Line(url)
        assert "Error: " in line.refused(1, "migrate")
        assert "Error: " in line.refused(1, "account", "create", "A", "--admin", "a@b.example")


@pytest.mark.parametrize(
    "words", [["migrate"], ["demo"], ["serve"], ["account", "create", "A", "--admin", "a@b.example"]]
)
@pytest.mark.parametrize("setting", ["CARTEIRA_LOG", "CARTEIRA_ENV", "CARTEIRA_ORIGINS"])
def test_a_setting_that_makes_no_sense_is_refused_by_all(words: list[str], setting: str) -> None:
    said = Line("sqlite://nowhere/at/all.db").refused(1, *words, **{setting: "loud"})
    assert setting in said


def test_a_port_that_is_none(line: Line) -> None:
    assert "'abc' is not a valid port number" in line.refused(2, "serve", "--port", "abc")


@pytest.mark.parametrize(
    "words",
    [[], ["account"], ["agent"], ["account", "create"], ["account", "set"], ["agent", "add"], ["demo"],
     ["import"], ["migrate"], ["provider"], ["schema"], ["serve"], ["token"]],
    ids=" ".join,
)  # fmt: skip
def test_everything_explains_itself(words: list[str]) -> None:
    called = Line("sqlite://x.db")(*words, "--help")
    assert called.status == 0
    assert called.answer.startswith("Usage: server.py")


def test_the_schema_is_printed() -> None:
    called = Line("sqlite://x.db")("schema")
    assert called.status == 0
    assert "type Query" in called.answer
    assert "@access" in called.answer


@pytest.mark.parametrize(
    ("words", "status"),
    [(["schema"], 0), (["account", "set", "Nobody", "--module", "sales", "on"], 1), (["?"], 2)],
)
async def test_as_a_process(database: Database, words: list[str], status: int) -> None:
    environ = os.environ | {"CARTEIRA_DATABASE_URL": database.url}
    call = [sys.executable, "server.py", *words]
    done = subprocess.run(call, cwd=ROOT, env=environ, capture_output=True, timeout=60, check=False)
    assert (done.returncode, bool(done.stdout), bool(done.stderr)) == (status, not status, bool(status))
    assert b"Traceback" not in done.stderr
