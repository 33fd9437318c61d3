"""The pool of a distribution policy as it stands: who could get a contact now, and why the others can't."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from models import clock
from models.account import Account
from models.agent import Agent, AgentStatus
from models.database import Session, among
from models.distribution import DistributionMember, DistributionMethod, DistributionPolicy, PassedOver
from models.rules.rotation import Place, least_loaded, round_robin, weighted
from models.rules.working_hours import at_work
from models.sql import Sql, value
from models.team import TeamMember

_OF_STATUS = {
    AgentStatus.DEACTIVATED: PassedOver.DEACTIVATED,
    AgentStatus.SUSPENDED: PassedOver.SUSPENDED,
}


@dataclass(slots=True)
class Candidate:
    """A member of a pool as they stand. `hindered` is why they can get nothing, whatever their load."""

    member: DistributionMember
    capacity: int | None
    load: int
    credit: int
    hindered: PassedOver | None
    main_team_id: UUID | None
    team_ids: frozenset[UUID]

    @property
    def agent_id(self) -> UUID:
        """Who it is."""
        agent: UUID = self.member.agent_id
        return agent

    @property
    def passed_over(self) -> PassedOver | None:
        """Why they can get nothing now; None: they are eligible."""
        full = self.capacity is not None and self.load >= self.capacity
        return self.hindered or (PassedOver.AT_CAPACITY if full else None)

    @property
    def place(self) -> Place:
        """Their place in the turn."""
        return Place(self.member.number, self.member.weight, self.load, self.credit)

    def team_with(self, team_id: UUID | None) -> UUID | None:
        """The team of a record once they own it: its own if they are in it, else their main team."""
        return team_id if team_id in self.team_ids else self.main_team_id


@dataclass(slots=True)
class Pool:
    """The members of a policy, in their order, and who was last in turn."""

    method: DistributionMethod
    turn: int
    candidates: list[Candidate]

    def take(self, eligible: Iterable[Candidate]) -> Candidate:
        """Choose the one of the eligible whose turn it is; they have it, and the turn moves on."""
        by_number = {each.member.number: each for each in eligible}
        chosen = by_number[self._number(by_number)]
        chosen.load += 1
        self.turn = chosen.member.number
        return chosen

    def _number(self, eligible: Mapping[int, Candidate]) -> int:
        places = [each.place for each in eligible.values()]
        match self.method:
            case DistributionMethod.ROUND_ROBIN:
                return round_robin(places, self.turn).number
            case DistributionMethod.LEAST_LOADED:
                return least_loaded(places, self.turn).number
            case DistributionMethod.WEIGHTED:
                chosen, left = weighted(places, self.turn)
                for number, credit in left.items():
                    eligible[number].credit = credit
                return chosen.number


async def pool_of(
    session: Session, policy: DistributionPolicy, in_scope: Sql, at: datetime | None = None
) -> Pool:
    """The policy's pool at an instant, now if none is given.

    `in_scope` is the condition over agents, by the name `t`, who lie in the scope that it acts within.
    """
    members = await DistributionMember.filter(policy_id=policy.id).order_by("number")
    ids = [member.agent_id for member in members]
    agents = {agent.id: agent for agent in await Agent.filter(id__in=ids)}
    account = await Account.get(id=policy.account_id)
    working = at_work(policy.working_hours, at or clock.now(), ZoneInfo(account.time_zone))
    within = await _within(session, ids, in_scope)
    loads, teams = await loads_of(session, policy.account_id, ids), await _teams(ids)
    candidates = [
        Candidate(
            member=member,
            capacity=member.capacity or policy.capacity,
            load=loads.get(member.agent_id, 0),
            credit=member.credit,
            hindered=_hindered(agents[member.agent_id], member.agent_id in within, working),
            main_team_id=agents[member.agent_id].main_team_id,
            team_ids=teams.get(member.agent_id, frozenset()),
        )
        for member in members
    ]
    return Pool(policy.method, policy.turn, candidates)


async def loads_of(session: Session, account_id: UUID, agent_ids: Iterable[UUID]) -> dict[UUID, int]:
    """How many contacts that are not archived each of these agents owns; none: left out."""
    rows = await session.fetch(
        "SELECT owner_id, COUNT(*) AS load FROM contact WHERE account_id = "
        + value(account_id)
        + " AND archived_at IS NULL AND "
        + among(session.dialect, "owner_id", agent_ids)
        + " GROUP BY owner_id"
    )
    return {UUID(str(row["owner_id"])): int(row["load"]) for row in rows}


def _hindered(agent: Agent, in_scope: bool, working: bool) -> PassedOver | None:
    if agent.status in _OF_STATUS:
        return _OF_STATUS[agent.status]
    if not in_scope:
        return PassedOver.OUT_OF_SCOPE
    if not agent.available:
        return PassedOver.AWAY
    return None if working else PassedOver.OUT_OF_HOURS


async def _within(session: Session, agent_ids: Iterable[UUID], in_scope: Sql) -> set[UUID]:
    among_them = among(session.dialect, "t.id", agent_ids)
    rows = await session.fetch("SELECT t.id FROM agent t WHERE " + among_them + " AND " + in_scope)
    return {UUID(str(row["id"])) for row in rows}


async def _teams(agent_ids: list[UUID]) -> dict[UUID, frozenset[UUID]]:
    joined: dict[UUID, set[UUID]] = {}
    for member in await TeamMember.filter(agent_id__in=agent_ids):
        joined.setdefault(member.agent_id, set()).add(member.team_id)
    return {agent: frozenset(teams) for agent, teams in joined.items()}
