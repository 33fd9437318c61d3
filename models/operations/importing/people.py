"""People and places: each line of the people's sheet is an agent, with a manager's team and an inbox.

They are found by name. What is missing is made; nobody is taken out of a team or an inbox, given
another role, or renamed.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from models.agent import Agent
from models.inbox import Inbox, InboxMember
from models.operations.access_version import hold
from models.operations.actor import Actor
from models.operations.create_agent import create_agent
from models.operations.create_inbox import create_inbox
from models.operations.create_team import create_team
from models.operations.importing.line import Line
from models.operations.importing.refusal import Refusal, shown
from models.operations.text import LONGEST_NAME
from models.operations.update_agent import update_agent
from models.role import BuiltIn, Role
from models.team import Team, TeamMember
from models.text import fold


@dataclass(frozen=True, slots=True)
class Seat:
    """Where an agent sits: who, in which team and inbox their deals lie."""

    agent_id: UUID
    team_id: UUID | None
    inbox_id: UUID | None


def managers_in(lines: Iterable[Line | Refusal]) -> frozenset[str | None]:
    """Whoever manages somebody in the sheet, by folded name: a sales manager in their own line too."""
    written = (line.fields[line.header.places["manager"]].strip() for line in lines if isinstance(line, Line))
    return frozenset(map(fold, written))


async def seat_by_line(by: Actor, line: Line, managers: frozenset[str | None]) -> tuple[Seat, bool, bool]:
    """The seat that the line tells of, whether its agent is new, and whether anything else is.

    Raises Refused where a name is blank, too long, or that of several agents.
    """
    name = line.short("agent", line.require("agent"), LONGEST_NAME)
    manager, office = (_name(line, place) for place in ("manager", "inbox"))
    await hold(by.account_id)
    known = await _only(by, line, "agent", name)
    boss = await _only(by, line, "manager", manager) if manager else None
    team, team_made = await _team(by, manager)
    inbox, inbox_made = await _inbox(by, office)
    changed = team_made or inbox_made
    if manager is not None and fold(manager) != fold(name):
        changed |= (await _place(by, boss, manager, BuiltIn.SALES_MANAGER, team, inbox))[1]
    role = BuiltIn.SALES_MANAGER if fold(name) in managers else BuiltIn.REP
    agent, moved = await _place(by, known, name, role, team, inbox)
    return Seat(agent.id, team, inbox), known is None, changed or moved


async def seat_by_name(by: Actor, name: str) -> Seat | None:
    """The seat of an agent who was not imported: their main team, and their inbox if they have just one."""
    agents = await Agent.filter(account_id=by.account_id, name_folded=fold(name)).limit(2)
    if len(agents) != 1:
        return None
    inboxes = await InboxMember.filter(agent_id=agents[0].id).limit(2)
    return Seat(agents[0].id, agents[0].main_team_id, inboxes[0].inbox_id if len(inboxes) == 1 else None)


def _name(line: Line, place: str) -> str | None:
    text = line.get(place)
    return text and line.short(place, text, LONGEST_NAME)


async def _only(by: Actor, line: Line, place: str, name: str) -> Agent | None:
    agents = await Agent.filter(account_id=by.account_id, name_folded=fold(name)).limit(2)
    if len(agents) > 1:
        raise line.refused(place, f"there are several agents named {shown(name)}; rename all but one")
    return agents[0] if agents else None


async def _team(by: Actor, name: str | None) -> tuple[UUID | None, bool]:
    if name is None:
        return None, False
    team = await Team.get_or_none(account_id=by.account_id, name_folded=fold(name))
    return (team or await create_team(by, name=name)).id, team is None


async def _inbox(by: Actor, name: str | None) -> tuple[UUID | None, bool]:
    if name is None:
        return None, False
    inbox = await Inbox.get_or_none(account_id=by.account_id, name_folded=fold(name))
    return (inbox or await create_inbox(by, name=name)).id, inbox is None


async def _place(
    by: Actor, agent: Agent | None, name: str, role: BuiltIn, team: UUID | None, inbox: UUID | None
) -> tuple[Agent, bool]:
    """The agent, made if there is none, in the team and the inbox; and whether that was new."""
    teams, inboxes = _all(team), _all(inbox)
    if agent is None:
        role_id = (await Role.get(account_id=by.account_id, built_in=role)).id
        return await create_agent(by, name=name, role_id=role_id, team_ids=teams, inbox_ids=inboxes), True
    in_teams = [member.team_id for member in await TeamMember.filter(agent_id=agent.id)]
    in_inboxes = [member.inbox_id for member in await InboxMember.filter(agent_id=agent.id)]
    if {*teams} <= {*in_teams} and {*inboxes} <= {*in_inboxes}:
        return agent, False
    joined, reached = (list(dict.fromkeys(places)) for places in (in_teams + teams, in_inboxes + inboxes))
    return await update_agent(by, agent, team_ids=joined, inbox_ids=reached), True


def _all(place: UUID | None) -> list[UUID]:
    return [] if place is None else [place]
