"""Changing an agent's name, email, teams and inboxes."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from models.agent import Agent
from models.operations import text
from models.operations.access_version import locked_with_account
from models.operations.actor import Actor
from models.operations.members import main_team_of, set_inboxes, set_teams, team_ids_of
from models.operations.plain import Changes
from models.operations.row_change import change_row
from models.operations.unset import UNSET, Unset, given

_ACCESS = frozenset({"team_ids", "inbox_ids", "main_team_id"})


async def update_agent(
    by: Actor,
    agent: Agent,
    *,
    name: str | Unset = UNSET,
    email: str | Unset | None = UNSET,
    available: bool | Unset = UNSET,
    team_ids: Sequence[UUID] | Unset = UNSET,
    main_team_id: UUID | Unset | None = UNSET,
    inbox_ids: Sequence[UUID] | Unset = UNSET,
    expected_version: int | None = None,
) -> Agent:
    """The agent; a main team that is no longer theirs gives way to the first of their teams.

    Raises Conflict, or Problem BLANK, INVALID or TOO_LONG.
    """
    agent = await locked_with_account(agent, expected_version)
    columns = given(name=name, email=email, available=available)
    columns = text.checked(columns, {"name": text.required, "email": text.email})
    columns |= await _main_team(agent, team_ids, main_team_id)
    more = await _memberships(agent, team_ids, inbox_ids)
    return await change_row(by, agent, columns, "update_agent", access=_ACCESS, more=more)


async def _main_team(
    agent: Agent, team_ids: Sequence[UUID] | Unset, main_team_id: UUID | Unset | None
) -> dict[str, Any]:
    teams = await team_ids_of(agent) if isinstance(team_ids, Unset) else list(team_ids)
    if isinstance(team_ids, Unset) and isinstance(main_team_id, Unset):
        return {}
    return {"main_team_id": main_team_of(teams, main_team_id, agent.main_team_id)}


async def _memberships(
    agent: Agent, team_ids: Sequence[UUID] | Unset, inbox_ids: Sequence[UUID] | Unset
) -> Changes:
    teams = {} if isinstance(team_ids, Unset) else await set_teams(agent, team_ids)
    return teams | ({} if isinstance(inbox_ids, Unset) else await set_inboxes(agent, inbox_ids))
