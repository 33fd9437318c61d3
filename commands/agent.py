"""`agent`: the operator takes people into an account."""

import asyncio

import click

from commands.finding import account_called, introduced, named_rows
from commands.opening import opened
from commands.saying import as_typed
from models import Account, Agent, AgentStatus, Inbox, Role, Team
from models.operations.actor import Actor
from models.operations.create_agent import create_agent
from models.text import fold


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
    """Take someone into an account; prints their id. Teams and inboxes must be there already.

    Who is there already, by name and email, is not taken in again.
    """
    with as_typed(name="NAME", email="--email"):
        click.echo(asyncio.run(_add(name, account, email, role, teams, inboxes)).id)


async def _add(
    name: str, account: str, email: str, role: str, teams: tuple[str, ...], inboxes: tuple[str, ...]
) -> Agent:
    async with opened() as database, database.writing():
        found = await account_called(account)
        (role_row,) = await named_rows(Role, found, [role])
        await _require_new(found, name, email)
        return await create_agent(
            Actor(found.id),
            name=name,
            email=email,
            role_id=role_row.id,
            team_ids=[row.id for row in await named_rows(Team, found, teams)],
            inbox_ids=[row.id for row in await named_rows(Inbox, found, inboxes)],
        )


async def _require_new(account: Account, name: str, email: str) -> None:
    """Refuse to take in the same person twice, and say who else has this email. Raises ClickException."""
    others = await Agent.filter(account_id=account.id, email_folded=fold(email)).order_by("id")
    there = [each for each in others if each.status is not AgentStatus.DEACTIVATED]
    if same := [each for each in there if each.name_folded == fold(name)]:
        raise click.ClickException(f"{account.name} has them already: {introduced(same)}")
    if there:
        click.echo(
            f"{account.name} has others with this email: {introduced(there)}. "
            "`token --agent` takes an id as well.",
            err=True,
        )
