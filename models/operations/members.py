"""Which teams and inboxes an agent is in."""

from collections.abc import Iterable
from uuid import UUID

from models.agent import Agent
from models.base import Row
from models.inbox import InboxMember
from models.operations.plain import Changes, changes_between
from models.operations.problem import Problem
from models.operations.unset import Unset
from models.team import TeamMember


async def set_teams(agent: Agent, team_ids: Iterable[UUID]) -> Changes:
    """Make these the agent's teams; return what changed, under `team_ids`."""
    return await _set(TeamMember, "team_id", agent, set(team_ids))


async def set_inboxes(agent: Agent, inbox_ids: Iterable[UUID]) -> Changes:
    """Make these the agent's inboxes; return what changed, under `inbox_ids`."""
    return await _set(InboxMember, "inbox_id", agent, set(inbox_ids))


async def team_ids_of(agent: Agent) -> list[UUID]:
    """The teams that the agent is in."""
    return [member.team_id for member in await TeamMember.filter(agent_id=agent.id).order_by("team_id")]


def main_team_of(
    team_ids: list[UUID], main_team_id: UUID | Unset | None, current: UUID | None
) -> UUID | None:
    """The main team among an agent's teams: the one named, else the one so far, else the first.

    Raises Problem INVALID if the one named is not among them, or none is named where there are some.
    """
    if isinstance(main_team_id, Unset):
        return current if current in team_ids else next(iter(team_ids), None)
    if main_team_id not in team_ids if team_ids else main_team_id is not None:
        raise Problem("INVALID", "The main team is one of the agent's teams.", "mainTeamId")
    return main_team_id


async def _set(model: type[Row], column: str, agent: Agent, wanted: set[UUID]) -> Changes:
    members = await model.filter(agent_id=agent.id)
    present = {getattr(member, column) for member in members}
    for member in members:
        if getattr(member, column) not in wanted:
            await member.delete()
    for entered in sorted(wanted - present):
        member = model(account_id=agent.account_id, agent_id=agent.id, **{column: entered})
        await member.save(force_create=True)
    return changes_between({f"{column}s": sorted(present)}, {f"{column}s": sorted(wanted)})
