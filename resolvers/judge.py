"""The judge of a mutation: one transaction, in which the viewer is loaded, the act judged and done."""

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from strawberry import UNSET
from strawberry.permission import PermissionExtension
from tortoise import Model

from authz.access import Refused
from authz.policies import SUBJECT, Policy
from authz.tokens import BadToken
from authz.viewer import Viewer
from models import AuditEntry, AuditOutcome, clock
from models.database import Crossed, Dialect
from models.names import camel, snake
from models.operations.change import agree
from models.operations.problem import Conflict, Problem, gathered
from resolvers.act import Act, Forbidden, Links, Named, OutOfSight, find_named, given_of, wanted_of
from resolvers.acting_viewer import viewer_in, viewer_seen
from resolvers.once import once
from schema.context import Columns, Context
from schema.errors import Code, CodedError, bad_input, forbidden, module_disabled, not_found
from schema.global_id import from_global
from schema.payload import user_errors
from schema.tables import type_name

log = logging.getLogger("carteira.writes")

BEGUN_AGAIN = 3
"""How many times a write begins again that another one crossed: PostgreSQL ends one of the two."""

Holds = Callable[[Act], Awaitable[Mapping[str, Sequence[UUID]]]]
"""Given an act in which everything named was found: what else it may come to change, by table."""

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
        links: Links,
        needs: tuple[str, ...],
        leaves: Foretell | None,
        before: Prepare | None,
        gives: tuple[str, ...],
        plain: dict[str, Any],
        holds: Holds | None = None,
    ) -> None:
        super().__init__([policy])
        self.holds = holds
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
        if isinstance(self.policy.decide(context.viewer, ""), Refused):
            return self._refused_already(context, info)
        self._require_needed(kwargs["input"])
        await context.stop_reading()
        try:
            row = await self._attempt(next_, source, info, kwargs)
        except Problem as problem:
            row = {"user_errors": user_errors(problem)}
        except OutOfSight:
            raise not_found() from None
        except Conflict as conflict:
            raise CodedError(Code.CONFLICT, str(conflict) or "It has changed since; read it again.") from None
        except Forbidden:
            await _audit_refusal(context, self.name, kwargs["input"], self.named)
            raise forbidden(f"You may not do this. Who may: {self.policy.says}") from None
        finally:
            await context.read_anew()
        return info._field.metadata["payload"].of({**self.nothing, "user_errors": [], **row})

    def _refused_already(self, context: Context, info: Any) -> None:
        """Nothing, where the walk has told that this can't be done; what came to be so since is told now."""
        if context.walk is None or (info.path.key,) not in context.walk.refused:
            self._require_doable(context.viewer)

    def _require_doable(self, viewer: Viewer | None) -> None:
        """See that there is somebody to act, and that what the act belongs to is switched on."""
        decision = self.policy.decide(viewer, "")
        if isinstance(decision, Refused):
            raise module_disabled() if decision.module else CodedError(Code.UNAUTHENTICATED, str(BadToken()))

    async def _attempt(self, next_: Any, source: Any, info: Any, kwargs: dict[str, Any]) -> dict[str, Any]:
        context: Context = info.context
        prepared = None if self.before is None else await self._prepare(context, kwargs["input"])
        for _ in range(BEGUN_AGAIN):
            try:
                return await self._in_transaction(prepared, next_, source, info, kwargs)
            except Crossed:
                log.info("%s waited crosswise with another write, and begins again.", self.name)
        try:
            return await self._in_transaction(prepared, next_, source, info, kwargs)
        except Crossed:
            raise Conflict("Others keep changing the same; try again.") from None

    async def _in_transaction(
        self, prepared: Any, next_: Any, source: Any, info: Any, kwargs: dict[str, Any]
    ) -> dict[str, Any]:
        context: Context = info.context
        async with context.database.writing_in_turn(context.known_viewer.account_id) as session:
            viewer = await viewer_in(session, context, exclusive=self.policy.changes_access)
            self._require_doable(viewer)
            act = Act(context, session, viewer, dict(given_of(kwargs["input"])), prepared)
            context.act = act
            try:
                row = await once(act, self.name, partial(self._do, act, next_, source, info, kwargs))
            finally:
                context.act = None
        for work in act.afterwards:
            context.spawn(work)
        return row

    async def _prepare(self, context: Context, input: Any) -> Any:
        assert self.before is not None
        async with context.database.reading() as session:
            act = Act(context, session, await viewer_seen(session, context), dict(given_of(input)))
            await find_named(act, wanted_of(act, self.named, self.links))
            if not await self.policy.allows(act):
                raise Forbidden
        return await self.before(context, input)

    async def _do(
        self, act: Act, next_: Any, source: Any, info: Any, kwargs: dict[str, Any]
    ) -> dict[str, Any]:
        await self._name(act)
        if not await self.policy.has_permission(source, info, **kwargs):
            raise Forbidden
        if self.leaves is not None and not await self.policy.allows_left(act, *await self.leaves(act)):
            raise Forbidden
        try:
            with gathered(act.problems):
                result = await next_(source, info, **kwargs)
        except Problem:
            self._require_version(act)
            raise
        row = result if isinstance(result, dict) else {f"{_table_of(result)}_id": result.pk}
        await self._judge_left(act, row)
        for follow in act.follows:
            await follow()
        return row

    async def _name(self, act: Act) -> None:
        """Find what the input names, hold it, and see it again as it now stands: that is judged."""
        wanted = wanted_of(act, self.named, self.links)
        await find_named(act, wanted)
        if act.session.dialect is Dialect.POSTGRES:
            await act.hold(await self._also(act))
            await find_named(act, wanted)
        await act.keep_hidden_links(self.links)

    async def _also(self, act: Act) -> Mapping[str, Sequence[UUID]]:
        """What is held beside what is named; so is who will own what is made without an owner."""
        also = {} if self.holds is None else await self.holds(act)
        if "owner_id" in self.links and "owner_id" not in act.given and act.viewer.agent_id is not None:
            return {**also, "agent": [*also.get("agent", ()), act.viewer.agent_id]}
        return also

    def _require_needed(self, input: Any) -> None:
        """GraphQL lets what may be null be left out; here null says something, and nothing does not."""
        for name in self.needs:
            if getattr(input, name) is UNSET:
                raise bad_input(f"Say {camel(name)}; null stands for none.")

    def _require_version(self, act: Act) -> None:
        """Whether the version still stands comes before whether the act makes sense. Raises Conflict."""
        if SUBJECT in act.named:
            agree(SimpleNamespace(**act.named[SUBJECT][0][1]), act.given.get("expected_version"))

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
            action=snake(name),
            outcome=AuditOutcome.REFUSED,
            subject_type=table,
            subject_id=named[1] if named and table else None,
        )


def _table_of(model: Model) -> str:
    return str(model._meta.db_table)
