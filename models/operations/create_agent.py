"""Taking someone into the account."""

from collections.abc import Sequence
from uuid import UUID

from models.agent import Agent
from models.operations import access_version, text
from models.operations.actor import Actor
from models.operations.members import main_team_of, set_inboxes, set_teams
from models.operations.plain import plain
from models.operations.row_change import create_row
from models.operations.unset import UNSET, Unset


async def create_agent(
    by: Actor,
    *,
    name: str,
    role_id: UUID,
    email: str | None = None,
    team_ids: Sequence[UUID] = (),
    main_team_id: UUID | Unset | None = UNSET,
    inbox_ids: Sequence[UUID] = (),
    password_hash: str | None = None,
) -> Agent:
    """The new agent, active; their main team is the first unless another one is named.

    Raises Problem BLANK, INVALID or TOO_LONG.
    """
    await access_version.hold(by.account_id)
    agent = Agent(
        account_id=by.account_id,
        **text.checked({"name": name, "email": email}, {"name": text.required, "email": text.email}),
        role_id=role_id,
        main_team_id=main_team_of(list(team_ids), main_team_id, None),
        password_hash=password_hash,
    )
    more = {"team_ids": [[], plain(team_ids)], "inbox_ids": [[], plain(inbox_ids)]}
    await create_row(by, agent, "create_agent", more=more)
    await set_teams(agent, team_ids)
    await set_inboxes(agent, inbox_ids)
    await access_version.bump(by.account_id)
    return agent
