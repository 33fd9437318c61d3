"""Policies: may this viewer do this (authorization.md, the contract, 7).

A policy is the permission class of a mutation. It judges the act as a whole: everything named is in
sight, then everything is allowed, on the state before and on the state that is left.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from strawberry.permission import BasePermission

from authz.access import DISABLED, REFUSED, Access, Decision, disabled
from authz.predicate import ALWAYS, NEVER, In, Is, Param, Predicate, all_of, any_of
from authz.scopes import (
    OWNED,
    RECORDS,
    agents_in_scope,
    changeable,
    in_scope,
    in_sight,
    inboxes_in_scope,
    teams_in_scope,
    visible,
)
from authz.viewer import Viewer
from models import Permission, TokenKind

SUBJECT = "(subject)"
"""Stands for what is acted on, among the names of the input's fields: no field is called so."""

_PERSONAL = (TokenKind.AGENT, TokenKind.PORTAL)

RowsOf = Callable[[Viewer, str], Predicate]
Columns = Mapping[str, Any]


class Act(Protocol):
    """A write in progress: what it names, found within sight, and the means to judge it."""

    @property
    def viewer(self) -> Viewer:
        """Who acts, as the transaction has them."""

    @property
    def named(self) -> Mapping[str, Sequence[tuple[str, Columns]]]:
        """The rows that each field of the input names, with their tables."""

    @property
    def given(self) -> Mapping[str, Any]:
        """The input's fields that were given, by their names in Python; null is given."""

    async def holds(self, predicate: Predicate, row: Columns) -> bool:
        """Whether the predicate holds for a row, inside the transaction."""

    async def related(self, table: str, column: str, held: Any) -> Sequence[Columns]:
        """The rows of `table` that hold `held` in `column`."""


Check = Callable[[Act], Awaitable[bool]]


def changeable_records(viewer: Viewer, table: str) -> Predicate:
    """The records that the viewer may change: in sight, and theirs or managed."""
    return all_of(visible(table, viewer), changeable(viewer))


def placeable_records(viewer: Viewer, table: str) -> Predicate:
    """Where the viewer could have put a record: their own portfolio, or the scope."""
    return any_of(OWNED, in_scope(table, viewer))


def anything(viewer: Viewer, table: str) -> Predicate:
    """Whatever is in sight."""
    return ALWAYS


def record_actions(viewer: Viewer, table: str) -> dict[str, Predicate]:
    """On which records in sight the viewer may do what, as `viewerCan` tells."""
    change = changeable(viewer)
    transfers = viewer.sales_module and viewer.may(Permission.PORTFOLIO_TRANSFER)
    return {
        "update": change,
        "archive": change,
        "assign": change if viewer.may(Permission.PORTFOLIO_ASSIGN) else NEVER,
        "transfer": change if transfers else NEVER,
    }


def linkable(viewer: Viewer, table: str) -> Predicate:
    """Among rows in sight: those that the viewer may link to a record. To link a record is to change it."""
    if table in RECORDS:
        return changeable(viewer)
    match table:
        case "agent":
            return any_of(Is("id", Param.AGENT), agents_in_scope(viewer))
        case "team":
            return any_of(In("id", Param.TEAMS), teams_in_scope(viewer))
        case "inbox":
            return any_of(In("id", Param.INBOXES), inboxes_in_scope(viewer))
        case _:
            return ALWAYS


POLICIES: dict[str, "Policy"] = {}


@dataclass(frozen=True, eq=False)
class Policy(BasePermission):
    """What a mutation asks of its viewer.

    `permission`: the role must hold it. `account_wide`: and its scope be the account. `rows`: the
    subject, before, must be one of them; `links`: and so must what else is named; `left`: the subject,
    after, if it is a record. `checks`: what can't be said by rows. Partner users may do nothing but
    what says `partner_users`, nor programs what doesn't say `by_programs`. What is `of_module`, the sales
    module's, nobody does while that is off.
    """

    name: str
    says: str
    permission: Permission | None = None
    account_wide: bool = False
    rows: RowsOf = anything
    links: RowsOf = linkable
    left: RowsOf | None = None
    checks: tuple[Check, ...] = ()
    partner_users: bool = False
    by_programs: bool = True
    changes_access: bool = False
    of_module: bool = False
    directive: Access = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "directive", Access(rule=self.name))
        POLICIES[self.name] = self

    @property
    def schema_directive(self) -> object:
        """The policy's name, for the SDL."""
        return self.directive

    def decide(self, viewer: Viewer | None, table: str) -> Decision:
        """Whether there is anybody to act; what they may do is judged in the transaction."""
        if self.of_module and disabled(viewer):
            return DISABLED
        return REFUSED if viewer is None else ALWAYS

    async def has_permission(self, source: Any, info: Any, **_arguments: Any) -> bool:
        """Whether the act in progress is allowed on the state before it."""
        act: Act = info.context.act
        return await self.allows(act)

    async def allows(self, act: Act) -> bool:
        """The same, for an act."""
        if not self._role_allows(act.viewer):
            return False
        for name, rows in act.named.items():
            rule = self.rows if name == SUBJECT else self.links
            for table, row in rows:
                if not await act.holds(rule(act.viewer, table), row):
                    return False
        for check in self.checks:
            if not await check(act):
                return False
        return True

    async def allows_left(self, act: Act, table: str, row: Columns) -> bool:
        """Whether the act is allowed on the state that it leaves."""
        return self.left is None or await act.holds(self.left(act.viewer, table), row)

    def _role_allows(self, viewer: Viewer) -> bool:
        if not viewer.is_agent:
            return self.partner_users
        if viewer.token_kind not in _PERSONAL and not self.by_programs:
            return False
        if self.account_wide and not viewer.whole_account:
            return False
        return self.permission is None or viewer.may(self.permission)


async def owner_named_by_right(act: Act) -> bool:
    """To make a record somebody else's, or nobody's, is to assign it."""
    if "owner_id" not in act.given:
        return True
    owners = [row["id"] for _, row in act.named.get("owner_id", [])]
    return owners == [act.viewer.agent_id] or act.viewer.may(Permission.PORTFOLIO_ASSIGN)


async def carries_nothing_beyond(act: Act) -> bool:
    """A conversation's inbox decides where its contact lies too, and its deals without an inbox.

    So it lies in the scope, and what it carries along of that the viewer may change. A contact out of
    sight refuses; deals out of sight say nothing: they are not carried along.
    """
    table, conversation = act.named[SUBJECT][0]
    if table != "conversation":
        return True
    contacts = await act.related("contact", "id", conversation["contact_id"])
    deals = await act.related("deal", "conversation_id", conversation["id"])
    carried = [each for each in deals if each["inbox_id"] is None]
    return (
        await act.holds(in_scope(table, act.viewer), conversation)
        and all([await _may_change(act, "contact", each) for each in contacts])
        and all([await _may_change(act, "deal", each) for each in carried if await sees(act, "deal", each)])
    )


async def sees(act: Act, table: str, row: Columns) -> bool:
    """Whether the viewer has the row in sight."""
    return await act.holds(visible(table, act.viewer), row)


def sees_every_record(viewer: Viewer) -> bool:
    """Whether no record of the account can be out of the viewer's sight."""
    return all(in_sight(table, viewer) == ALWAYS for table in RECORDS)


async def nothing_unseen(act: Act) -> bool:
    """No record can be out of sight: what reaches all of somebody's is for who sees all there could be.

    Asking whether there is one out of sight would tell it.
    """
    return sees_every_record(act.viewer)


async def _may_change(act: Act, table: str, record: Columns) -> bool:
    return await act.holds(changeable_records(act.viewer, table), record)


CREATE_RECORD = Policy(
    "create-record",
    "Every agent, for records that they may then change; another's or nobody's with `portfolio.assign`.",
    left=changeable_records,
    checks=(owner_named_by_right,),
)
CHANGE_RECORD = Policy(
    "change-record",
    "The owner, and their managers.",
    rows=changeable_records,
    left=changeable_records,
)
ASSIGN_RECORD = Policy(
    "assign-record",
    "`portfolio.assign`, for one's own records and those one manages, to where one's scope reaches.",
    permission=Permission.PORTFOLIO_ASSIGN,
    rows=changeable_records,
    left=placeable_records,
)
ASSIGN_INBOX = Policy(
    "assign-inbox",
    "As `assign-record`; a conversation lies in one's scope before too, and one may change what goes along "
    "with it: its contact, and its deals in sight that have no inbox.",
    permission=Permission.PORTFOLIO_ASSIGN,
    rows=changeable_records,
    left=placeable_records,
    checks=(carries_nothing_beyond,),
)
ERASE_CONTACT = Policy(
    "erase-contact",
    "`account.manage` with every record of the account in sight.",
    permission=Permission.ACCOUNT_MANAGE,
    rows=changeable_records,
    checks=(nothing_unseen,),
)
