"""An act: a write in progress, and the rows that its input names."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar
from uuid import UUID

from strawberry import UNSET
from tortoise import Model

from authz.compiling import Compiler
from authz.judging import holds
from authz.policies import SUBJECT
from authz.predicate import Predicate
from authz.scopes import RECORDS, visible
from authz.viewer import Viewer
from models.database import Session
from models.names import camel
from models.operations.actor import Actor
from models.operations.change import all_locked
from models.operations.distribution_place import hold_policies
from models.operations.problem import Problem
from models.sql import Sql, value
from schema.context import Columns, Context, Work, read_row
from schema.errors import bad_input
from schema.global_id import from_global
from schema.reading.arguments import LARGEST_PAGE
from schema.tables import MODELS, physical, type_name

M = TypeVar("M", bound=Model)

Links = Mapping[str, str | tuple[str, ...]]
"""The fields of an input that name rows, with their tables; `to.agent_id` is a field of each of `to`."""

HELD = ("agent", "transfer_rule", "partner_user", "contact", "conversation", "deal")
"""What is judged by more than its id; in the order in which operations hold rows."""


async def related(session: Session, table: str, column: str, held: Any) -> list[Columns]:
    """The rows of `table` that hold `held` in `column`."""
    rows = await session.fetch(Sql(f"SELECT * FROM {physical(table)} WHERE {column} = ?", (held,)))
    return [read_row(table, row) for row in rows]


class Forbidden(Exception):
    """The policy says no."""


class OutOfSight(Exception):
    """The input names something that the viewer has not in sight."""


@dataclass(frozen=True, slots=True)
class Named:
    """What a mutation acts on: a table (or several, told apart by the id), and the input's field."""

    tables: str | tuple[str, ...]
    field: str = "id"

    @property
    def known(self) -> tuple[str, ...]:
        """The tables that the id may name a row of."""
        return (self.tables,) if isinstance(self.tables, str) else self.tables


@dataclass(slots=True)
class Act:
    """A write in progress, inside its transaction. `afterwards` is what goes on once it is committed."""

    context: Context
    session: Session
    viewer: Viewer
    given: dict[str, Any]
    prepared: Any = None
    afterwards: list[Work] = field(default_factory=list)
    named: dict[str, list[tuple[str, Columns]]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    """What is wrong with the input already, to be told with what the operation finds."""
    follows: list[Callable[[], Awaitable[None]]] = field(default_factory=list)
    """What the act sets off, done in its transaction once the act itself was judged."""
    held: set[UUID] = field(default_factory=set)
    """The rows that can't change before the transaction ends; not listed on SQLite, where none can."""

    @property
    def by(self) -> Actor:
        """Who acts, for the operation's entries."""
        return Actor(
            self.viewer.account_id, self.viewer.agent_id, self.viewer.partner_user_id, self.context.request_id
        )

    async def holds(self, predicate: Predicate, row: Mapping[str, Any]) -> bool:
        """Whether the predicate holds for a row, inside the transaction."""
        return await holds(predicate, row, self.viewer, self.related)

    async def related(self, table: str, column: str, held: Any) -> list[Columns]:
        """The rows of `table` that hold `held` in `column`."""
        return await related(self.session, table, column, held)

    async def find(self, tables: tuple[str, ...], global_id: str) -> tuple[str, Columns]:
        """The row that an id names, where it is of one of the tables and in sight. Raises OutOfSight."""
        named = from_global(global_id)
        table = next((each for each in tables if named and named[0] == type_name(each)), None)
        if named is None or table is None:
            raise OutOfSight
        row = await self.row(table, named[1])
        if row is None:
            raise OutOfSight
        return table, row

    async def row(self, table: str, id: UUID) -> Columns | None:
        """The row with this id as it now is in the transaction, where it is in sight."""
        condition = Compiler(self.session.dialect, self.viewer).sql(visible(table, self.viewer), "t")
        statement = f"SELECT t.* FROM {physical(table)} t WHERE t.id = " + value(id) + " AND " + condition
        rows = await self.session.fetch(statement)
        return read_row(table, rows[0]) if rows else None

    async def hold(self, also: Mapping[str, Sequence[UUID]]) -> None:
        """Hold every row that is named, and these, until the transaction ends, in all writers' order."""
        for table in HELD:
            ids = [*self.ids(table), *also.get(table, ())]
            if ids:
                self.held |= (await all_locked(MODELS[table], ids)).keys()
        if self.ids("distribution_policy"):
            await hold_policies(self.session, self.viewer.account_id)

    def ids(self, table: str) -> list[UUID]:
        """The ids of the rows of a table that are named."""
        return [row["id"] for named in self.named.values() for name, row in named if name == table]

    async def keep_hidden_links(self, links: Iterable[str]) -> None:
        """Take null for what it says in the viewer's view: a link to a record out of sight is none to end."""
        for name in links:
            table = name.removesuffix("_id")
            if table not in RECORDS or SUBJECT not in self.named or self.given.get(name, UNSET) is not None:
                continue
            linked = self.named[SUBJECT][0][1].get(name)
            if linked is not None and await self.row(table, linked) is None:
                del self.given[name]

    async def subject(self, model: type[M]) -> M:
        """What is acted on, as the model that operations take."""
        row = self.named[SUBJECT][0][1]
        return await model.get(id=row["id"])

    @property
    def linked_subject(self) -> UUID:
        """The id of what is acted on."""
        id: UUID = self.named[SUBJECT][0][1]["id"]
        return id

    async def record(self) -> Any:
        """What is acted on, of whichever table its id names."""
        table, row = self.named[SUBJECT][0]
        return await MODELS[table].get(id=row["id"])

    def linked(self, name: str) -> UUID | None:
        """The id of what a field of the input names; None where it names nothing."""
        rows = self.named.get(name) or []
        return rows[0][1]["id"] if rows else None

    def linked_all(self, name: str) -> list[UUID]:
        """The ids of what a list in the input names."""
        return [row["id"] for _, row in self.named.get(name) or []]

    def values(self, *names: str) -> dict[str, Any]:
        """Those fields of the input that were given, references as the ids that they name."""
        return {name: self._value(name) for name in names if name in self.given}

    def _value(self, name: str) -> Any:
        if name not in self.named:
            return self.given[name]
        return self.linked_all(name) if isinstance(self.given[name], list) else self.linked(name)


Wanted = dict[str, tuple[tuple[str, ...], list[str]]]
"""By the field that names them: the tables, and the ids as they were given."""


def wanted_of(act: Act, subject: Named | None, links: Links) -> Wanted:
    """What an input names; the subject's id is taken out of what was given."""
    wanted: Wanted = {}
    if subject is not None and act.given.get(subject.field) is not None:
        wanted[SUBJECT] = (subject.known, [act.given.pop(subject.field)])
    for name, tables in links.items():
        given = _named_by(act.given, name)
        if given is not None:
            known = (tables,) if isinstance(tables, str) else tables
            wanted[name] = known, _distinct(given, name) if isinstance(given, list) else [given]
    return wanted


async def find_named(act: Act, wanted: Wanted) -> None:
    """Find what an input names. Raises OutOfSight."""
    for name, (tables, ids) in wanted.items():
        act.named[name] = [await act.find(tables, each) for each in ids]


def _named_by(given: Mapping[str, Any], name: str) -> Any:
    """The id or ids that a field of the input names; `members.agent_id`: that each of its members names."""
    head, _, tail = name.partition(".")
    listed = given.get(head)
    return [getattr(each, tail) for each in listed] if tail and listed is not None else listed


def _distinct(ids: list[str], name: str) -> list[str]:
    if len(ids) > LARGEST_PAGE:
        raise bad_input(f"Name at most {LARGEST_PAGE} in {camel(name)}; these are {len(ids)}.")
    return list(dict.fromkeys(ids))


def given_of(input: Any) -> list[tuple[str, Any]]:
    """The fields of an input that were given, by their names in Python."""
    fields = type(input).__strawberry_definition__.fields
    pairs = [(each.python_name, getattr(input, each.python_name)) for each in fields]
    return [(name, operand) for name, operand in pairs if operand is not UNSET]
