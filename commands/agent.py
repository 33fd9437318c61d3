"""`agent`: the operator takes people into an account."""

import asyncio

import click

from commands.finding import account_called, named_rows
from commands.opening import opened
from models import Agent, Inbox, Role, Team
from models.operations.actor import Actor
from models.operations.create_agent import create_agent


@click.group()
def agent() -> None:
    """Agents: the people of an account."""


@agent.command()
@click.argument("name")
@click.option("--account", required=True, metavar="A", help="The account's name.")
@click.option("--email", required=True, metavar="E")
@click.option("--role", required=True, metavar="R", help="A role's name, as in Rep.")
@click.option(
    "--team", "teams", multiple=True, metavar="T", help="A team's name; the first is the main team."
)
@click.option("--inbox", "inboxes", multiple=True, metavar="I", help="An inbox's name.")
def add(
    name: str, account: str, email: str, role: str, teams: tuple[str, ...], inboxes: tuple[str, ...]
) -> None:
    """Take someone into an account; prints their id. Teams and inboxes must be there already."""
    click.echo(asyncio.run(_add(name, account, email, role, teams, inboxes)).id)


async def _add(
    name: str, account: str, email: str, role: str, teams: tuple[str, ...], inboxes: tuple[str, ...]
) -> Agent:
    async with opened() as database, database.writing():
        found = await account_called(account)
        (role_row,) = await named_rows(Role, found, [role])
        return await create_agent(
            Actor(found.id),
            name=name,
            email=email,
            role_id=role_row.id,
            team_ids=[row.id for row in await named_rows(Team, found, teams)],
            inbox_ids=[row.id for row in await named_rows(Inbox, found, inboxes)],
        )
