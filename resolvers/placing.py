"""Where a record goes, and where it will be once the act is done: that is judged before anything is done."""

from typing import Any
from uuid import UUID

from authz.policies import SUBJECT
from models import Agent
from models.ids import new_id
from models.operations.ownership import team_with
from resolvers.act import Act
from resolvers.judge import Foretell
from schema.context import Columns

_LINKS = ("contact_id", "conversation_id")
_PLACES = ("owner_id", "team_id", "inbox_id")


async def placed(act: Act) -> dict[str, Any]:
    """Owner, team and inbox of a new record, its maker's unless others are named.

    Its team is the one named if its owner is in it, else its owner's main team.
    """
    owner = act.linked("owner_id") if "owner_id" in act.given else act.viewer.agent_id
    team = await team_after(owner, act.linked("team_id"))
    return {"owner_id": owner, "team_id": team, "inbox_id": act.linked("inbox_id")}


def new(table: str) -> Foretell:
    """The record that the act will have made."""

    async def foretell(act: Act) -> tuple[str, Columns]:
        links = {name: act.linked(name) for name in _LINKS}
        row = {"id": new_id(), "account_id": act.viewer.account_id, "partner_id": None}
        return table, row | links | await placed(act)

    return foretell


async def moved(act: Act) -> tuple[str, Columns]:
    """The record that is acted on, as the act will leave it."""
    table, row = act.named[SUBJECT][0]
    columns: dict[str, Any] = {name: act.linked(name) for name in (*_LINKS, *_PLACES) if name in act.given}
    owner = columns.get("owner_id")
    if owner is not None and owner != row["owner_id"]:
        columns["team_id"] = await team_after(owner, row["team_id"])
    return table, row | columns


async def team_after(owner: UUID | None, team: UUID | None) -> UUID | None:
    """The team of a record once it is the owner's."""
    return team if owner is None else await team_with(await Agent.get(id=owner), team)
