"""The one way in for writes: one transaction, in which the viewer is loaded, the act judged and done.

A mutation is declared with its policy, what its input names, and what it gives back:

    @mutation(CHANGE_RECORD, subject=Named("deal", "id"), links={"contact_id": "contact"}, gives=("deal",))
    async def update_deal(act: Act, input: UpdateDealInput) -> Model:
        return await update(act.by, await act.subject(Deal), **act.values("title", "stage"))
"""

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, is_dataclass
from enum import Enum
from hashlib import sha256
from types import SimpleNamespace
from typing import Any, TypeVar
from uuid import UUID

from strawberry import UNSET
from strawberry.annotation import StrawberryAnnotation
from strawberry.permission import PermissionExtension
from strawberry.types.arguments import StrawberryArgument
from tortoise import Model

from authz.compiling import Compiler
from authz.judging import holds
from authz.policies import SUBJECT, Policy
from authz.predicate import Predicate
from authz.scopes import visible
from authz.tokens import BadToken, prove
from authz.viewer import Viewer, load_viewer
from models import Agent, AuditEntry, AuditOutcome, clock
from models.database import Dialect, Session
from models.operations import idempotency
from models.operations.actor import Actor
from models.operations.change import agree, all_locked
from models.operations.problem import Conflict, Problem
from models.sql import Sql, value
from schema.context import Columns, Context, read_row
from schema.errors import Code, CodedError, bad_input, forbidden, not_found
from schema.fields import GuardedField
from schema.global_id import from_global
from schema.payload import UserError, payload
from schema.reading.listing import LARGEST_PAGE
from schema.tables import MODELS, physical, type_name

M = TypeVar("M", bound=Model)
Doer = Callable[..., Awaitable[Any]]

HELD = ("agent", "partner_user", "contact", "conversation", "deal")
"""What is judged by more than its id; in the order in which operations hold rows."""

MUTATIONS: dict[str, GuardedField] = {}


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
    """A write in progress, inside its transaction."""

    context: Context
    session: Session
    viewer: Viewer
    given: dict[str, Any]
    prepared: Any = None
    named: dict[str, list[tuple[str, Columns]]] = field(default_factory=dict)

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
        rows = await self.session.fetch(Sql(f"SELECT * FROM {physical(table)} WHERE {column} = ?", (held,)))
        return [read_row(table, row) for row in rows]

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

    async def hold(self) -> None:
        """Hold every row that is named until the transaction ends, in the order that all writers keep."""
        rows = [each for named in self.named.values() for each in named]
        for table in HELD:
            ids = [row["id"] for name, row in rows if name == table]
            if ids:
                await all_locked(MODELS[table], ids)

    async def subject(self, model: type[M]) -> M:
        """What is acted on, as the model that operations take."""
        row = self.named[SUBJECT][0][1]
        return await model.get(id=row["id"])

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


Prepare = Callable[[Context, Any], Awaitable[Any]]
"""Given the input: what takes long, and so is done before the transaction; it ends up in `prepared`.

It is done only for those who may act: that is judged before it too, on what is there to read then.
"""

Foretell = Callable[[Act], Awaitable[tuple[str, Columns]]]
"""Given an act in which everything named was found: the record's table, and the record as it will be."""


class Judge(PermissionExtension):
    """Does a mutation: its policy is asked inside the transaction, before the act and after it."""

    def __init__(
        self,
        policy: Policy,
        name: str,
        subject: Named | None,
        links: dict[str, str],
        needs: tuple[str, ...],
        leaves: Foretell | None,
        before: Prepare | None,
        gives: tuple[str, ...],
        plain: dict[str, Any],
    ) -> None:
        super().__init__([policy])
        self.policy = policy
        self.name = name
        self.named = subject
        self.links = links
        self.needs = needs
        self.leaves = leaves
        self.before = before
        self.nothing: dict[str, Any] = dict.fromkeys([*(f"{table}_id" for table in gives), *plain])

    @property
    def rule(self) -> Policy:
        """The policy, which guards the mutation's field."""
        return self.policy

    async def resolve_async(self, next_: Any, source: Any, info: Any, **kwargs: Any) -> Any:
        """The payload's row."""
        context: Context = info.context
        if context.viewer is None:
            return _refused_already(context)
        self._require_needed(kwargs["input"])
        await context.stop_reading()
        try:
            row = await self._attempt(next_, source, info, kwargs)
        except Problem as problem:
            row = {"user_errors": [_user_error(problem)]}
        except OutOfSight:
            raise not_found() from None
        except Conflict as conflict:
            raise CodedError(Code.CONFLICT, str(conflict) or "It has changed since; read it again.") from None
        except Forbidden:
            await _audit_refusal(context, self.name, kwargs["input"], self.named)
            raise forbidden(f"You may not do this. Who may: {self.policy.says}") from None
        finally:
            await context.read_anew()
        return info_payload(info).of({**self.nothing, "user_errors": [], **row})

    async def _attempt(self, next_: Any, source: Any, info: Any, kwargs: dict[str, Any]) -> dict[str, Any]:
        context: Context = info.context
        prepared = None if self.before is None else await self._prepare(context, kwargs["input"])
        async with context.database.writing() as session:
            viewer = await _viewer_in(session, context, exclusive=self.policy.changes_access)
            act = Act(context, session, viewer, dict(_given(kwargs["input"])), prepared)
            context.act = act
            try:
                return await self._once(act, next_, source, info, kwargs)
            finally:
                context.act = None

    async def _prepare(self, context: Context, input: Any) -> Any:
        assert self.before is not None
        async with context.database.reading() as session:
            act = Act(context, session, await _viewer_seen(session, context), dict(_given(input)))
            await self._find(act, self._wanted(act))
            if not await self.policy.allows(act):
                raise Forbidden
        return await self.before(context, input)

    async def _once(
        self, act: Act, next_: Any, source: Any, info: Any, kwargs: dict[str, Any]
    ) -> dict[str, Any]:
        key = act.given.pop("idempotency_key", None)
        if key is None:
            return await self._do(act, next_, source, info, kwargs)
        digest = _digest(act.given)
        before = await idempotency.replayed(act.by, self.name, key, digest)
        if before is not None:
            return {name: UUID(kept) if kept else None for name, kept in before.items()}
        row = await self._do(act, next_, source, info, kwargs)
        kept = {name: str(id) if id else None for name, id in row.items() if name.endswith("_id")}
        await idempotency.remember(act.by, self.name, key, digest, kept)
        return row

    async def _do(
        self, act: Act, next_: Any, source: Any, info: Any, kwargs: dict[str, Any]
    ) -> dict[str, Any]:
        await self._name(act)
        if not await self.policy.has_permission(source, info, **kwargs):
            raise Forbidden
        if self.leaves is not None and not await self.policy.allows_left(act, *await self.leaves(act)):
            raise Forbidden
        try:
            result = await next_(source, info, **kwargs)
        except Problem:
            self._require_version(act)
            raise
        row = result if isinstance(result, dict) else {f"{_table_of(result)}_id": result.pk}
        await self._judge_left(act, row)
        return row

    async def _name(self, act: Act) -> None:
        """Find what the input names, hold it, and see it again as it now stands: that is judged."""
        wanted = self._wanted(act)
        await self._find(act, wanted)
        if act.session.dialect is Dialect.POSTGRES:
            await self._hold_owner(act)
            await act.hold()
            await self._find(act, wanted)

    async def _hold_owner(self, act: Act) -> None:
        """Hold who will own what is made without an owner being named: agents are held before records."""
        if "owner_id" in self.links and "owner_id" not in act.given:
            await all_locked(Agent, [act.viewer.agent_id])

    def _require_needed(self, input: Any) -> None:
        """GraphQL lets what may be null be left out; here null says something, and nothing does not."""
        for name in self.needs:
            if getattr(input, name) is UNSET:
                raise bad_input(f"Say {_camel(name)}; null stands for none.")

    def _require_version(self, act: Act) -> None:
        """Whether the version still stands comes before whether the act makes sense. Raises Conflict."""
        if self.named is not None:
            agree(SimpleNamespace(**act.named[SUBJECT][0][1]), act.given.get("expected_version"))

    def _wanted(self, act: Act) -> dict[str, tuple[tuple[str, ...], list[str]]]:
        wanted: dict[str, tuple[tuple[str, ...], list[str]]] = {}
        if self.named is not None:
            wanted[SUBJECT] = (self.named.known, [act.given.pop(self.named.field)])
        for name, table in self.links.items():
            given = act.given.get(name)
            if given is not None:
                wanted[name] = ((table,), _distinct(given, name) if isinstance(given, list) else [given])
        return wanted

    async def _find(self, act: Act, wanted: dict[str, tuple[tuple[str, ...], list[str]]]) -> None:
        for name, (tables, ids) in wanted.items():
            act.named[name] = [await act.find(tables, each) for each in ids]

    async def _judge_left(self, act: Act, row: dict[str, Any]) -> None:
        if self.policy.left is None:
            return
        for name, id in row.items():
            table = name.removesuffix("_id")
            if table not in ("contact", "conversation", "deal") or id is None:
                continue
            fetched = await act.related(table, "id", id)
            if not await self.policy.allows_left(act, table, fetched[0]):
                raise Forbidden


def mutation(
    policy: Policy,
    *,
    gives: tuple[str, ...],
    subject: Named | None = None,
    links: dict[str, str] | None = None,
    needs: tuple[str, ...] = (),
    leaves: Foretell | None = None,
    before: Prepare | None = None,
    plain: dict[str, Any] | None = None,
) -> Callable[[Doer], Doer]:
    """Declare a mutation: its policy, what its input names, and the payload that it gives back.

    `needs`: fields of the input that may be null, but not left out. `leaves`: foretells the record that
    the act will leave, where it may lie elsewhere than before, so that it is judged before all else.
    `before`: what takes long, done before the transaction. `plain`: values given back beside the objects.
    """

    def declare(doer: Doer) -> Doer:
        name = _camel(doer.__name__)
        payload_type = payload(name, gives, plain)
        judge = Judge(policy, name, subject, links or {}, needs, leaves, before, gives, plain or {})
        made = GuardedField(
            graphql_name=name,
            type_annotation=StrawberryAnnotation(payload_type | None),
            metadata={"rule": policy, "reads": _Does(doer), "payload": payload_type},
            extensions=[judge],
            description=doer.__doc__,
        )
        made.arguments = [
            StrawberryArgument("input", None, StrawberryAnnotation(doer.__annotations__["input"]))
        ]
        MUTATIONS[doer.__name__] = made
        return doer

    return declare


@dataclass(frozen=True, slots=True)
class _Does:
    """The doing of a mutation, in the place of what a field reads."""

    doer: Doer

    async def resolve(self, field: GuardedField, source: Any, context: Context, given: dict[str, Any]) -> Any:
        """What the doer gives back."""
        return await self.doer(context.act, given["input"])


def _distinct(ids: list[str], name: str) -> list[str]:
    if len(ids) > LARGEST_PAGE:
        raise bad_input(f"Name at most {LARGEST_PAGE} in {_camel(name)}; these are {len(ids)}.")
    return list(dict.fromkeys(ids))


def _refused_already(context: Context) -> None:
    """Nothing, where the walk has told that nobody acts; whoever is gone since is told now."""
    if context.walk is None or context.walk.viewer is not None:
        raise CodedError(Code.UNAUTHENTICATED, str(BadToken()))


def info_payload(info: Any) -> Any:
    """The payload type of the mutation that is being resolved."""
    return info._field.metadata["payload"]


async def _viewer_in(session: Session, context: Context, *, exclusive: bool) -> Viewer:
    """The viewer as the transaction has them; what they are built from can't change before it ends."""
    assert context.unproved is not None
    try:
        claim = await prove(session, context.unproved)
        if session.dialect is Dialect.POSTGRES:
            # Weaker than FOR UPDATE, so that whoever refers to the account does not wait for it.
            strength = "NO KEY UPDATE" if exclusive else "SHARE"
            await session.fetch(
                Sql(f"SELECT id FROM account WHERE id = ? FOR {strength}", (claim.account_id,))
            )
            claim = await prove(session, context.unproved)
        return await load_viewer(session, claim)
    except BadToken as error:
        raise CodedError(Code.UNAUTHENTICATED, str(error)) from None


async def _viewer_seen(session: Session, context: Context) -> Viewer:
    """The viewer as a snapshot has them."""
    assert context.unproved is not None
    try:
        return await load_viewer(session, await prove(session, context.unproved))
    except BadToken as error:
        raise CodedError(Code.UNAUTHENTICATED, str(error)) from None


async def _audit_refusal(context: Context, name: str, input: Any, subject: Named | None) -> None:
    viewer = context.known_viewer
    named = from_global(str(getattr(input, subject.field))) if subject else None
    table = (
        next((each for each in subject.known if named and type_name(each) == named[0]), None)
        if subject
        else None
    )
    async with context.database.writing():
        await AuditEntry.create(
            account_id=viewer.account_id,
            at=clock.now(),
            actor_id=viewer.agent_id,
            actor_partner_user_id=viewer.partner_user_id,
            request_id=context.request_id,
            action=_snake(name),
            outcome=AuditOutcome.REFUSED,
            subject_type=table,
            subject_id=named[1] if named and table else None,
        )


def _user_error(problem: Problem) -> UserError:
    return UserError.of({"code": problem.code, "message": problem.message, "field": problem.field})


def _given(input: Any) -> list[tuple[str, Any]]:
    fields = type(input).__strawberry_definition__.fields
    pairs = [(each.python_name, getattr(input, each.python_name)) for each in fields]
    return [(name, operand) for name, operand in pairs if operand is not UNSET]


def _digest(given_: dict[str, Any]) -> str:
    return sha256(json.dumps(_plain(given_), sort_keys=True, default=str).encode()).hexdigest()


def _plain(operand: Any) -> Any:
    if isinstance(operand, Enum):
        return operand.value
    if is_dataclass(operand):
        return {name: _plain(each) for name, each in _given(operand)}
    if isinstance(operand, dict):
        return {name: _plain(each) for name, each in operand.items()}
    return [_plain(each) for each in operand] if isinstance(operand, list) else operand


def _table_of(model: Model) -> str:
    return str(model._meta.db_table)


def _camel(name: str) -> str:
    head, *tail = name.split("_")
    return head + "".join(word.capitalize() for word in tail)


def _snake(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)
