"""What a contact takes along when it is assigned: its open conversations and deals of the same owner."""

from collections.abc import Mapping, Sequence
from uuid import UUID

import strawberry
from strawberry import UNSET

from authz.compiling import Compiler
from authz.policies import Policy
from authz.scopes import changeable
from models.database import Dialect
from models.operations.problem import Problem
from models.sql import Sql, value
from resolvers.act import Act, Forbidden
from resolvers.placing import team_after
from schema.context import Columns, read_row
from schema.reading.view import View

MOST_ALONG = 500
"""Conversations and deals that are taken along at once, each judged by itself."""

Rows = Sequence[tuple[str, Columns]]
"""Records, each with its table."""


@strawberry.input
class AssignmentCarryOverInput:
    """What a contact takes along of what is its owner's, is open, and may be changed."""

    open_conversations: bool | None = False
    open_deals: bool | None = False


def takes_along(act: Act) -> bool:
    """Whether anything is to be taken along."""
    return bool(_tables(act))


async def held_along(act: Act) -> Mapping[str, list[UUID]]:
    """The ids of what is taken along, to be held together with what is named; none, where it is too many."""
    along = await _found(act, [each for named in act.named.values() for each in named])
    found: dict[str, list[UUID]] = {}
    for table, row in along if len(along) <= MOST_ALONG else ():
        found.setdefault(table, []).append(row["id"])
    return found


async def taken_along(act: Act, named: Rows) -> Rows:
    """What the contacts among the records take along; what the viewer can't see or change stays, and so
    does what came to a contact once the rest was held. Raises Problem TOO_MANY.
    """
    found = await _found(act, named)
    if len(found) > MOST_ALONG:
        message = f"They would take {len(found)} along; transfer more than {MOST_ALONG}."
        raise Problem("TOO_MANY", message, "carryOver")
    everything_held = act.session.dialect is Dialect.SQLITE
    return [(table, row) for table, row in found if everything_held or row["id"] in act.held]


async def _found(act: Act, named: Rows) -> Rows:
    contacts = [row for table, row in named if table == "contact"]
    return [
        (table, row)
        for table in _tables(act)
        for contact in contacts
        for row in await _of(act, table, contact)
    ]


async def require_placeable(act: Act, policy: Policy, rows: Rows) -> None:
    """Raise Forbidden if one of the records would come to lie where whoever acts can't put it."""
    owner = act.linked("owner_id")
    for table, row in rows:
        columns = {"owner_id": owner}
        if owner is not None and owner != row["owner_id"]:
            columns["team_id"] = await team_after(owner, row["team_id"])
        if not await policy.allows_left(act, table, row | columns):
            raise Forbidden


def _tables(act: Act) -> list[str]:
    said = act.given.get("carry_over")
    if said in (None, UNSET):
        return []
    wanted = {"conversation": said.open_conversations, "deal": said.open_deals}
    return [table for table, yes in wanted.items() if yes]


async def _of(act: Act, table: str, contact: Columns) -> list[Columns]:
    view = View(Compiler(act.session.dialect, act.viewer))
    owned = (
        Sql("t.owner_id IS NULL")
        if contact["owner_id"] is None
        else "t.owner_id = " + value(contact["owner_id"])
    )
    condition = (
        "t.contact_id = "
        + value(contact["id"])
        + " AND t.status = 'OPEN' AND t.archived_at IS NULL AND "
        + owned
        + " AND "
        + view.rows(table, "t")
        + " AND "
        + view.compiler.sql(changeable(act.viewer), "t")
    )
    rows = await act.session.fetch(f"SELECT t.* FROM {table} t WHERE " + condition + " ORDER BY t.id")
    return [read_row(table, row) for row in rows]
