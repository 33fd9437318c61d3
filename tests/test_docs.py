"""The docs, held against what they tell of: examples are run, links lead somewhere, nothing is left out.

A GraphQL example says in its first line who asks, a person of the demo, and which code it meets, if
it is to meet one: `# as Ana Lobo: FORBIDDEN`. Its variables are found by their names (`_Reader`).
"""

import asyncio
import re
import shlex
import shutil
import subprocess
import sys
from ast import literal_eval
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from authz.access import RULES
from authz.policies import POLICIES
from authz.scopes import SCOPES
from commands.demo import make_demo
from commands.demonstration.company import VELA
from docs import walked
from docs.generate import PAGE
from docs.layout import laid_out
from models import (
    Account,
    Agent,
    Contact,
    Conversation,
    Deal,
    DistributionPolicy,
    Inbox,
    Partner,
    PartnerUser,
    Permission,
    Role,
    Team,
    Token,
    TokenKind,
    Transfer,
)
from models.database import Database
from models.operations.timeline import TimelineKind
from resolvers.schema import schema
from schema.errors import Code
from server import cli
from tests.conftest import SqliteFiles
from tests.resolvers.listening import listening
from tests.resolvers.support import codes, gid, run

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
CODE = [
    path
    for folder in ("authz", "commands", "models", "resolvers", "schema")
    for path in (ROOT / folder).rglob("*.py")
]
GIVEN = {"after": None, **walked.asked()[1]}
"""Variables of the examples that are no row's."""

PYTHON = ".venv/bin/python "
"""The one that has what the project needs."""

_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_ASKER = re.compile(r"# as ([^:\n]+)(?:: ([A-Z_, ]+))?\n")


def blocks(page: Path, kind: str) -> list[str]:
    """The page's blocks of this kind."""
    return [text for found, text in _BLOCK.findall(page.read_text("utf-8")) if found == kind]


def everything() -> str:
    """All pages, one after the other."""
    return "\n".join(page.read_text("utf-8") for page in PAGES)


@pytest.fixture(scope="module")
def demo_file(sqlite: SqliteFiles, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with the demo in it."""
    path = tmp_path_factory.mktemp("docs") / "demo.db"
    shutil.copyfile(sqlite.template, path)
    asyncio.run(_fill(path))
    return path


async def _fill(path: Path) -> None:
    async with _opened(path) as database:
        assert await make_demo(database)


@asynccontextmanager
async def _opened(path: Path) -> AsyncIterator[Database]:
    database = await Database.open(f"sqlite://{path}")
    try:
        yield database
    finally:
        await database.close()


@pytest.mark.parametrize(
    "page", [each for each in PAGES if blocks(each, "graphql")], ids=lambda page: page.stem
)
async def test_examples_do_what_the_page_says(page: Path, demo_file: Path, tmp_path: Path) -> None:
    copied = tmp_path / "demo.db"
    shutil.copyfile(demo_file, copied)
    async with _opened(copied) as database:
        reader = _Reader(database)
        for example in blocks(page, "graphql"):
            await reader.read(example)


class _Reader:
    """Somebody who tries the examples of one page, one after the other."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.answers: list[Any] = []

    async def read(self, example: str) -> None:
        """Run an example as whom it says, and see that it meets just the codes that it says."""
        said = _ASKER.match(example)
        assert said, f"say in the first line who asks, as in `# as Ana Lobo`:\n{example}"
        asker = None if said[1] == "nobody" else await self._person(said[1])
        variables = {name: await self._value(name, asker) for name in re.findall(r"\$(\w+):", example)}
        if "\nsubscription" in example:
            async with listening(self.database, asker, example, variables) as stream:
                assert stream.ended == said[2], example
            return
        data, errors = await run(self.database, asker, example, variables)
        met = codes(errors) + _user_errors(data)
        assert set(met) == set(said[2].split(", ") if said[2] else ()), f"{example}\n{errors or data}"
        assert said[2] or all((data or {"": None}).values()), f"nothing was found:\n{example}"
        self.answers.append(data)

    async def _person(self, name: str) -> Any:
        async with self.database.reading():
            return await Agent.get_or_none(name=name) or await PartnerUser.get(name=name)

    async def _value(self, name: str, asker: Any) -> Any:
        if name in GIVEN:
            return GIVEN[name]
        async with self.database.reading():
            row = await self._row(name, asker, await Account.get(name=VELA.name))
        assert row is not None, f"the demo has no ${name} for {asker.name}"
        return row.version if name == "version" else gid(row)

    async def _row(self, name: str, asker: Any, account: Account) -> Any:
        match name:
            case "deal" | "version":
                return await self._deal(asker, status="OPEN")
            case "won":
                return await self._deal(asker, status="WON")
            case "theirs":
                return await self._deal(await Agent.get(name="Davi Monteiro"))
            case "contact":
                owner = await self._rep(asker)
                contacts = Contact.filter(owner_id=owner.id, archived_at=None, erased_at=None)
                return await contacts.order_by("id").first()
            case "conversation":
                return await Conversation.filter(owner_id=asker.id, archived_at=None).order_by("id").first()
            case "agent":
                return await Agent.get(name="Ana Lobo")
            case "colleague":
                return await Agent.get(name="Davi Monteiro")
            case "token":
                return await Token.filter(kind=TokenKind.API, account_id=account.id).first()
            case "transfer":
                return await Transfer.filter(account_id=account.id).first()
            case "partner":
                return await Partner.get(name=VELA.partner)
            case "role":
                return await Role.get(name="Rep", account_id=account.id)
            case "team":
                return await Team.get(name="Coast")
            case "policy":
                return await DistributionPolicy.filter(account_id=account.id).first()
            case "inbox":
                return await Inbox.get(name="Mail", account_id=account.id)
        raise AssertionError(f"teach _Reader what ${name} is")

    async def _rep(self, asker: Agent) -> Agent:
        """Who asks, or, where that is no rep, Ana Lobo."""
        role = await Role.get(id=asker.role_id)
        return asker if role.name == "Rep" else await Agent.get(name="Ana Lobo")

    async def _deal(self, asker: Agent, **columns: Any) -> Deal | None:
        owner = await self._rep(asker)
        return await Deal.filter(owner_id=owner.id, archived_at=None, **columns).order_by("id").first()


def _user_errors(data: Any) -> list[str]:
    payloads = [each for each in (data or {}).values() if isinstance(each, dict)]
    return [error["code"] for each in payloads for error in each.get("userErrors", ())]


def _lines(page: Path) -> Iterator[str]:
    for block in blocks(page, "sh"):
        yield from (line for line in block.splitlines() if line.startswith(PYTHON))


def test_the_operators_examples_run(
    sqlite: SqliteFiles, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "operated.db"
    shutil.copyfile(sqlite.template, path)
    monkeypatch.setenv("CARTEIRA_DATABASE_URL", f"sqlite://{path}")
    lines = list(_lines(ROOT / "docs/guide/operating.md"))
    assert len(lines) > 4
    for line in lines:
        result = CliRunner().invoke(cli, shlex.split(line)[2:], catch_exceptions=False)
        assert result.exit_code == 0, f"{line}\n{result.output}"


async def test_the_dry_run_of_the_guide_shows_somebody(demo_file: Path, tmp_path: Path) -> None:
    copied = tmp_path / "demo.db"
    shutil.copyfile(demo_file, copied)
    async with _opened(copied) as database:
        reader = _Reader(database)
        for example in blocks(ROOT / "docs/guide/distribution.md", "graphql"):
            await reader.read(example)
        told = {name: answer for each in reader.answers for name, answer in each.items()}
        assert told["distributeContacts"]["handedOut"] == 0
        assert all(each["contact"] and each["agent"] for each in told["distributeContacts"]["assignments"])
        assert len(told["distributeContacts"]["assignments"]) > 1
        assert told["distributionDiagnosis"]["code"] == "WORKING"
        async with database.reading():
            assert (await Agent.get(name="Ana Lobo")).available


def test_the_tables_are_those_of_the_rules() -> None:
    # In a process of its own: rules stand in the order in which they are imported, by other tests too.
    told = "from docs.generate import page; print(ascii(page()))"
    made = subprocess.run([sys.executable, "-c", told], cwd=ROOT, capture_output=True, check=True)
    page = literal_eval(made.stdout.decode())
    assert PAGE.read_text("utf-8") == page, "run `python -m docs.generate`, and look at what has changed"


async def test_the_walk_is_the_one_that_a_query_goes(demo_file: Path) -> None:
    async with _opened(demo_file) as database:
        walk = await walked.page(database)
    assert walked.PAGE.read_text("utf-8") == walk, "run `python -m docs.generate`, and tell the page of it"


def test_laying_out_changes_white_space_alone() -> None:
    statement = (
        f"SELECT f(({'a, ' * 40}b)) FROM t WHERE ('(' = ? AND {'x OR ' * 30}y) AND z ORDER BY {'q, ' * 40}a"
    )
    shown = laid_out(statement)
    assert max(map(len, shown.splitlines())) <= 100
    assert "".join(shown.split()) == "".join(statement.split())


def test_every_scope_rule_policy_and_permission_is_told() -> None:
    told = PAGE.read_text("utf-8")
    names = [*SCOPES, *RULES, *POLICIES, *(permission.value for permission in Permission)]
    assert [name for name in names if f"`{name}`" not in told] == []


def test_every_mutation_is_told() -> None:
    told = PAGE.read_text("utf-8")
    mutations = schema._schema.mutation_type
    assert mutations is not None
    assert [name for name in mutations.fields if not re.search(rf"`(Mutation\.)?{name}`", told)] == []


def test_every_error_code_is_told() -> None:
    told = (ROOT / "docs/guide/errors.md").read_text("utf-8")
    source = "\n".join(path.read_text("utf-8") for path in CODE)
    user_codes = set(re.findall(r'(?:Problem|problem)\(\s*"([A-Z_]+)"', source))
    assert len(user_codes) > 10
    assert [code for code in (*Code, *sorted(user_codes)) if f"`{code}`" not in told] == []


def test_every_kind_of_timeline_entry_is_told() -> None:
    told = (ROOT / "docs/guide/reading.md").read_text("utf-8")
    assert [kind for kind in TimelineKind if f"`{kind}`" not in told] == []
    described = schema._schema.type_map["TimelineEntry"].fields["kind"].description  # type: ignore[attr-defined]
    assert [kind for kind in TimelineKind if kind not in described] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_call_is_of_the_python_that_can_do_it(page: Path) -> None:
    calls = re.findall(r"[\w./-]*python (?=server\.py|-m )", page.read_text("utf-8"))
    assert [call for call in calls if call != PYTHON] == []


def test_every_setting_and_every_command_is_told() -> None:
    told = everything()
    source = "\n".join(path.read_text("utf-8") for path in (ROOT / "settings.py", *CODE))
    settings = set(re.findall(r"CARTEIRA_[A-Z_]+", source))
    assert [name for name in sorted(settings) if f"`{name}`" not in told] == []
    assert [name for name in cli.commands if f"python server.py {name}" not in told] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_and_paths_lead_somewhere(page: Path) -> None:
    text = page.read_text("utf-8")
    links = [link.partition("#")[0] for link in re.findall(r"\]\(([^)\s]+)\)", text) if "://" not in link]
    assert [link for link in links if link and not (page.parent / link).exists()] == []
    paths = re.findall(r"`((?:authz|commands|docs|migrations|models|resolvers|schema|tests)/[\w./-]*)`", text)
    assert [path for path in paths if not (ROOT / path).exists()] == []
