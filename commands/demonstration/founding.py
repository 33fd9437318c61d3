"""Founding a company: its account, people and places."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from commands.demonstration.company import ROLES, Company, Seat
from models import Account, Agent, BuiltIn, Inbox, PartnerUser, Role
from models.operations.actor import Actor
from models.operations.create_account import create_account
from models.operations.create_agent import create_agent
from models.operations.create_inbox import create_inbox
from models.operations.create_partner import create_partner
from models.operations.create_partner_user import create_partner_user
from models.operations.create_role import create_role
from models.operations.create_team import create_team
from models.operations.update_account_settings import update_account_settings
from models.rules.money import Money


@dataclass
class Cast:
    """A company as it was founded; whoever is suspended gets nothing from `suspended_at` on."""

    company: Company
    account: Account
    agents: Mapping[str, Agent]
    teams: Mapping[str, UUID]
    inboxes: Mapping[str, Inbox]
    partner_id: UUID
    partner_user: PartnerUser
    suspended_at: datetime

    @property
    def reps(self) -> list[Agent]:
        """Those who own records."""
        return [self.agents[seat.name] for seat in self.company.seats if seat.role is BuiltIn.REP]

    def actor(self, agent: Agent | None = None) -> Actor:
        """The agent, or the administrator, as who acts."""
        return Actor(self.account.id, agent_id=(agent or self.agents[self.company.seats[0].name]).id)

    def money(self, amount: int) -> Money:
        """So many whole units of the account's currency."""
        return Money.of(Decimal(amount), self.company.currency)


async def found(company: Company, suspended_at: datetime) -> Cast:
    """Make the account with its people and places, in the transaction that is open."""
    account, administrator = await create_account(
        name=company.name,
        admin_email=company.email(company.seats[0].name),
        admin_name=company.seats[0].name,
        time_zone=company.time_zone,
        currency=company.currency,
    )
    by = Actor(account.id, agent_id=administrator.id)
    modes = {"isolation_mode": company.isolation_mode, "unowned_visibility": company.unowned_visibility}
    await update_account_settings(by, account, **modes)  # type: ignore[arg-type]
    inboxes = {name: await create_inbox(by, name=name) for name in company.inboxes}
    teams = {name: (await create_team(by, name=name)).id for name in company.teams}
    agents = await _agents(by, company, teams, {name: inbox.id for name, inbox in inboxes.items()})
    agents[administrator.name] = administrator
    partner_id, user = await _partner(by, company)
    return Cast(company, account, agents, teams, inboxes, partner_id, user, suspended_at)


async def _agents(
    by: Actor, company: Company, teams: Mapping[str, UUID], inboxes: Mapping[str, UUID]
) -> dict[str, Agent]:
    roles: dict[BuiltIn | str, UUID] = {}
    agents = {}
    for seat in company.seats[1:]:
        if seat.role not in roles:
            roles[seat.role] = await _role(by, seat)
        agents[seat.name] = await create_agent(
            by,
            name=seat.name,
            email=company.email(seat.name),
            role_id=roles[seat.role],
            team_ids=[teams[name] for name in seat.teams],
            inbox_ids=[inboxes[name] for name in seat.inboxes],
        )
    return agents


async def _role(by: Actor, seat: Seat) -> UUID:
    if isinstance(seat.role, BuiltIn):
        role = await Role.get(account_id=by.account_id, built_in=seat.role)
    else:
        scope, reach, permissions = ROLES[seat.role]
        role = await create_role(by, name=seat.role, scope=scope, reach=reach, permissions=permissions)
    made: UUID = role.id
    return made


async def _partner(by: Actor, company: Company) -> tuple[UUID, PartnerUser]:
    """The partner with its users; the first has portal access."""
    partner = await create_partner(by, name=company.partner)
    users = [
        await create_partner_user(
            by, partner_id=partner.id, name=name, email=company.email(name), portal_access=access
        )
        for name, access in company.partner_users
    ]
    return partner.id, users[0]
