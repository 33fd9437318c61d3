"""What docs/reading-a-query.md shows, made anew: its query is asked of the demo, and watched on its way.

The page is its own source: the query is its first GraphQL block, the variables its first JSON block.
Each block below a line `<!-- made: NAME -->` is written by this.
"""

import json
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

from graphql import GraphQLObjectType, TypeInfo, TypeInfoVisitor, Visitor, visit
from graphql.execution import get_variable_values

from authz.access import Refused
from authz.keys import Keys
from authz.predicate import ALWAYS
from authz.scopes import in_sight
from authz.tokens import Claim
from authz.viewer import Viewer, load_viewer
from commands.demo import make_demo
from docs.layout import laid_out
from models import Agent, TokenKind
from models.database import Database, Dialect
from models.engines.postgres import numbered
from models.migrating import migrate
from models.sql import Sql
from resolvers.schema import schema
from schema.fields import GuardedField
from schema.reading import plan
from schema.reading.answering import Fetch, Reading
from schema.reading.documents import Document, Documents, Operation
from schema.reading.holding import Late
from schema.reading.late import LateCompiler, OfViewer
from schema.reading.plan import Code
from schema.refusals import FIELD
from schema.tables import MODELS, type_name

PAGE = Path(__file__).with_name("reading-a-query.md")
KEYS = Keys.derive("no cursor of this page is for use")
ASKER, OTHER = "Kari Lunde", "Ravi Menon"
_MADE = re.compile(r"(<!-- made: (\w+) -->\n```\w+\n).*?(^```$)", re.MULTILINE | re.DOTALL)


async def page(database: Database) -> str:
    """The whole page, with what is made as it now comes out of a database that holds the demo."""
    made = await _made(database)
    return _MADE.sub(lambda found: found[1] + made[found[2]] + "\n" + found[3], PAGE.read_text("utf-8"))


async def write() -> None:
    """Write the page anew, from a demo made for it."""
    with TemporaryDirectory() as folder:
        database = await Database.open(f"sqlite://{Path(folder) / 'demo.db'}")
        try:
            await migrate(database)
            await make_demo(database)
            PAGE.write_text(await page(database), encoding="utf-8")
        finally:
            await database.close()


def asked() -> tuple[str, dict[str, Any]]:
    """The page's query, and its variables."""
    return _first("graphql"), json.loads(_first("json"))


def _first(kind: str) -> str:
    found = re.search(rf"^```{kind}\n(.*?)^```$", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    assert found is not None
    return found[1]


@dataclass
class Way:
    """The query on its way in one database's dialect: the statements that were run, and their rows."""

    reading: Reading
    operation: Operation
    variables: Mapping[str, Any]
    fetch: Fetch
    ran: list[tuple[str, Sequence[Any], Mapping[str, Any]]] = field(default_factory=list)

    async def answer(self, viewer: Viewer) -> Mapping[str, Any]:
        """The answer for a viewer."""
        answered = await self.reading.answer(
            self.operation, self.variables, viewer, viewer.shape, self._watched
        )
        assert answered is not None
        return answered.data

    async def _watched(self, text: str, params: Sequence[Any]) -> Mapping[str, Any]:
        row = await self.fetch(text, params)
        self.ran.append((text, params, row))
        return row


async def _made(database: Database) -> dict[str, str]:
    text, variables = asked()
    documents = Documents(schema._schema)
    document = documents.document(text, introspects=True, signed_in=True)
    operation = document.operation(None)
    assert operation is not None
    kari, ravi = await _viewer(database, ASKER), await _viewer(database, OTHER)

    def way(dialect: Dialect, fetch: Fetch) -> Way:
        return Way(Reading(schema._schema, dialect, KEYS, documents.memory), operation, variables, fetch)

    here = way(Dialect.SQLITE, database.row)
    with patch("schema.reading.answering.made", wraps=plan.made) as made:
        hers, his = await here.answer(kari), await here.answer(ravi)
    assert made.call_count == 1, "viewers of one shape share a plan"
    statement, code, *_ = made.call_args.args
    (text, params, row), (same, others, _) = here.ran
    assert text == same
    assert params != others

    async def same_row(text: str, params: Sequence[Any]) -> Mapping[str, Any]:
        return row

    there = way(Dialect.POSTGRES, same_row)
    assert await there.answer(kari) == hers, "the row is the same on both"
    postgres, sight = _statement(numbered(there.ran[0][0]), kari.shape, Dialect.POSTGRES)
    return {
        "asked": _python(_forms(here.reading, operation, variables, kari)),
        "decisions": _decisions(document, kari.shape),
        "params": _params(statement),
        "sqlite": _statement(text, kari.shape, Dialect.SQLITE)[0],
        "postgres": postgres,
        "sight": sight,
        "row": _json(json.loads(row["data"])),
        "code": _python(_code(code)),
        "answer": _json({"data": hers}),
        "other": _json({"data": his}),
    }


async def _viewer(database: Database, name: str) -> Viewer:
    async with database.reading() as session:
        agent = await Agent.get(name=name)
        return await load_viewer(session, Claim(TokenKind.AGENT, agent.account_id, agent_id=agent.id))


def _statement(text: str, shape: Viewer, dialect: Dialect) -> tuple[str, str]:
    """The statement, with `«g0 in sight»` where a record has to be in sight, and what that stands for."""
    sight = LateCompiler(dialect, shape).sql(in_sight("deal", shape), "ALIAS").text
    pattern = re.sub(r"g\d+", r"g\\d+", re.escape(sight)).replace(r"\?", r"(?:\?|\$\d+)")
    here = re.compile(pattern.replace("ALIAS", r"(?P<here>g\d+)", 1).replace("ALIAS", "(?P=here)"))
    of_page = [found for found in here.finditer(text) if found["here"] == "g0"]
    shown = here.sub(lambda found: f"«{found['here']} in sight»", text)
    return laid_out(shown), laid_out(of_page[0][0])


def _forms(reading: Reading, operation: Operation, variables: Mapping[str, Any], viewer: Viewer) -> str:
    definitions = operation.node.variable_definitions or ()
    coerced = get_variable_values(schema._schema, definitions, dict(variables))
    known = reading.asked(operation, coerced, viewer)
    parts = [
        f"# {number}: {site.node.name.value}\nform = {each.form!r}\nvalues = {each.values!r}\n"
        for number, (site, each) in enumerate(zip(operation.sites, known, strict=True))
    ]
    return "\n".join(parts)


def _decisions(document: Document, shape: Viewer) -> str:
    found = _Deciding(TypeInfo(schema._schema), shape)
    visit(document.node, TypeInfoVisitor(found.types, found))
    widths = [max(len(row[n]) for row in found.rows) for n in (0, 1)]
    rows = dict.fromkeys(found.rows)
    return "\n".join(f"{name:<{widths[0]}}  {rule:<{widths[1]}}  {said}" for name, rule, said in rows)


class _Deciding(Visitor):
    """Asks the rule of each field for a shape, as the planner does."""

    def __init__(self, types: TypeInfo, shape: Viewer) -> None:
        super().__init__()
        self.types = types
        self.shape = shape
        self.rows: list[tuple[str, str, str]] = []

    def enter_field(self, *_: Any) -> None:
        """Note a field's rule, and what it says."""
        parent, definition = self.types.get_parent_type(), self.types.get_field_def()
        assert isinstance(parent, GraphQLObjectType)
        assert definition is not None
        declared: GuardedField = definition.extensions[FIELD]
        table = next((each for each in MODELS if type_name(each) == parent.name), "")
        decision = declared.rule.decide(self.shape, table)
        said = "refused" if isinstance(decision, Refused) else repr(decision)
        name = next(name for name, each in parent.fields.items() if each is definition)
        self.rows.append(
            (f"{parent.name}.{name}", declared.rule.name, "always" if decision == ALWAYS else said)
        )


def _params(statement: Sql) -> str:
    places: dict[str, list[int]] = {}
    for number, param in enumerate(statement.params, 1):
        places.setdefault(_told(param), []).append(number)
    width = max(map(len, places))
    return "\n".join(
        f"{source:<{width}}  {', '.join(map(str, numbers))}" for source, numbers in places.items()
    )


def _told(param: Any) -> str:
    match param:
        case OfViewer(name):
            return f"viewer.{name}"
        case Late(site, slot, adapt):
            return f"{adapt.__name__}(asked[{site}].values[{slot}])"
    return repr(param)


def _code(code: Code) -> str:
    known = [f"{name} = {held.__module__}.{held.__qualname__}" for name, held in code.known.items()]
    return "\n\n".join(["\n".join(known), *code._functions])


def _python(text: str) -> str:
    """Python, laid out as the project's own."""
    command = [sys.executable, "-m", "ruff", "format", "--stdin-filename", str(PAGE.with_suffix(".py")), "-"]
    return subprocess.run(command, input=text, capture_output=True, text=True, check=True).stdout.strip()  # noqa: S603


def _json(held: Any) -> str:
    return laid_out(json.dumps(held, ensure_ascii=False))
