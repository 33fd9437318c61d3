"""`demo`: two invented companies with a year of work, for whoever wants to look around."""

import asyncio

import click

from commands.demonstration.company import COMPANIES
from commands.demonstration.year import write_year
from commands.opening import opened
from models import Account, Agent, AgentStatus, PartnerUser, Role
from models.database import Database

Person = tuple[str, str, str, str]
"""Account, kind (the role's name, or "Partner user"), name and email."""


@click.command()
@click.option("--if-empty", is_flag=True, help="Where there is an account already, say so and be content.")
def demo(if_empty: bool) -> None:
    """Fill an empty database with demo data: two accounts, every role, a year of work."""
    made = asyncio.run(_demo())
    if made:
        click.echo(f"Made the demo accounts {' and '.join(company.name for company in COMPANIES)}.", err=True)
        return
    click.echo("The database has an account already; nothing was changed.", err=True)
    if not if_empty:
        raise SystemExit(1)


async def _demo() -> bool:
    async with opened() as database:
        return await make_demo(database)


async def make_demo(database: Database) -> bool:
    """Write the demo data; says whether it did: a database with any account is left as it is."""
    async with database.reading():
        if await Account.exists():
            return False
    await write_year(database)
    await database.analyze()
    return True


async def demo_people(database: Database) -> list[Person]:
    """Everyone of the demo who can sign in: by account, administrators first, partner users last."""
    people: list[Person] = []
    async with database.reading():
        for company in COMPANIES:
            if account := await Account.get_or_none(name=company.name):
                seats = [seat.name for seat in company.seats]
                agents = [person for person in await _agents(account) if person[2] in seats]
                people += sorted(agents, key=lambda person: seats.index(person[2]))
                people += await _partner_users(account)
    return people


async def shut_out(database: Database) -> list[str]:
    """Everyone of the demo who can't sign in, each with why: there for whoever wants to see that, too."""
    told: list[str] = []
    async with database.reading():
        for company in COMPANIES:
            if account := await Account.get_or_none(name=company.name):
                agents = Agent.filter(account_id=account.id).exclude(status=AgentStatus.ACTIVE)
                told += [f"{agent.name} is {agent.status.lower()}" for agent in await agents]
                users = PartnerUser.filter(account_id=account.id, portal_access=False)
                told += [f"{user.name} has no portal access" for user in await users]
    return told


async def _agents(account: Account) -> list[Person]:
    roles = {role.id: role.name for role in await Role.filter(account_id=account.id)}
    agents = await Agent.filter(account_id=account.id, status=AgentStatus.ACTIVE).order_by("name_folded")
    return [(account.name, roles[agent.role_id], agent.name, agent.email) for agent in agents if agent.email]


async def _partner_users(account: Account) -> list[Person]:
    users = PartnerUser.filter(account_id=account.id, portal_access=True).order_by("name_folded")
    return [(account.name, "Partner user", user.name, user.email) for user in await users if user.email]
