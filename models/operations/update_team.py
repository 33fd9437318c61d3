"""Renaming a team."""

from models.operations import text
from models.operations.actor import Actor
from models.operations.change import locked
from models.operations.row_change import change_row
from models.operations.unset import UNSET, Unset, given
from models.team import Team


async def update_team(
    by: Actor, team: Team, *, name: str | Unset = UNSET, expected_version: int | None = None
) -> Team:
    """The team; raises Conflict, or Problem BLANK, INVALID, TOO_LONG or TAKEN."""
    team = await locked(team, expected_version)
    columns = text.checked(given(name=name), {"name": text.name})
    return await change_row(by, team, columns, "update_team", taken="name")
