"""`token`: a token to sign in with, by the operator's word."""

import asyncio
import re
from datetime import timedelta
from typing import Any
from uuid import UUID

import click

from authz.tokens import issue_token
from commands.finding import account_called, agent_called, partner_user_called
from commands.opening import opened
from models.database import Database
from settings import Settings

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
LONGEST = timedelta(days=366)


class Span(click.ParamType[timedelta]):
    """A span of time: a whole number and s, m, h or d."""

    name = "span"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        """The span that `value` says."""
        if isinstance(value, timedelta):
            return value
        said = re.fullmatch(r"([0-9]{1,9})([smhd])", value)
        span = timedelta(**{_UNITS[said[2]]: int(said[1])}) if said else timedelta()
        if not timedelta() < span <= LONGEST:
            self.fail(f"{value} is no span of at most a year; write one as in 90s, 30m, 1h or 7d", param, ctx)
        return span


@click.command()
@click.option("--account", required=True, metavar="NAME", help="The account's name.")
@click.option("--agent", metavar="NAME-OR-EMAIL", help="The agent who signs in with it; or their id.")
@click.option("--partner-user", metavar="EMAIL", help="The partner user who signs in with it; or their id.")
@click.option(
    "--ttl", type=Span(), default="1h", show_default=True, metavar="SPAN", help="As in 30m, 1h, 7d."
)
def token(account: str, agent: str | None, partner_user: str | None, ttl: timedelta) -> None:
    """Print a sign-in token of one person's, and nothing else."""
    if (agent is None) == (partner_user is None):
        raise click.UsageError("Name one person: --agent or --partner-user.")
    click.echo(asyncio.run(_token(account, agent, partner_user, ttl)))


async def _token(account: str, agent: str | None, partner_user: str | None, ttl: timedelta) -> str:
    async with opened() as database:
        return await token_for(database, Settings.read(), account, agent, partner_user, ttl)


async def token_for(
    database: Database,
    settings: Settings,
    account: str,
    agent: str | None,
    partner_user: str | None,
    ttl: timedelta,
) -> str:
    """A token for the one person named: an agent, or a partner user. Raises ClickException."""
    who: dict[str, UUID] = {}
    async with database.reading():
        found = await account_called(account)
        if agent is not None:
            who["agent"] = (await agent_called(found, agent)).id
        if partner_user is not None:
            who["partner_user"] = (await partner_user_called(found, partner_user)).id
    return await issue_token(database, settings.keys, account=found.id, **who, ttl=ttl)
