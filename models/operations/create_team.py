"""Making a team."""

from models.operations import text
from models.operations.actor import Actor
from models.operations.row_change import create_row
from models.team import Team


async def create_team(by: Actor, *, name: str) -> Team:
    """The new team; raises Problem BLANK, INVALID, TOO_LONG or TAKEN."""
    team = Team(account_id=by.account_id, name=text.name(name))
    return await create_row(by, team, "create_team", taken="name")
