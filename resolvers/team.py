"""Teams: listing and writing them."""

import strawberry
from strawberry import ID, UNSET

from authz.access import AGENT
from authz.people_policies import CREATE_PLACE, UPDATE_PLACE
from models import Team as TeamRow
from models.operations.create_team import create_team as create
from models.operations.update_team import update_team as update
from resolvers.act import Act, Named
from resolvers.writing import mutation
from schema.fields import each
from schema.seen import Seen
from schema.team import Team


@strawberry.type
class TeamQueries(Seen):
    """What can be asked about teams."""

    teams: list[Team] | None = each(AGENT, "team")


@strawberry.input
class CreateTeamInput:
    """A new team; agents enter it by `updateAgent`."""

    name: str
    idempotency_key: str | None = UNSET


@mutation(CREATE_PLACE, gives=("team",))
async def create_team(act: Act, input: CreateTeamInput) -> TeamRow:
    """Make a team."""
    return await create(act.by, **act.values("name"))


@strawberry.input
class UpdateTeamInput:
    """What is to change; what is left out stays."""

    id: ID
    name: str | None = UNSET
    expected_version: int | None = UNSET
    idempotency_key: str | None = UNSET


@mutation(UPDATE_PLACE, subject=Named("team"), gives=("team",))
async def update_team(act: Act, input: UpdateTeamInput) -> TeamRow:
    """Rename a team."""
    return await update(act.by, await act.subject(TeamRow), **act.values("name", "expected_version"))
