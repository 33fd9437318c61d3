"""`provider`: which identity providers an account trusts, and who their subjects are."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import click

from authz.identity_providers import (
    ALGORITHMS,
    ProviderRefused,
    ProviderSenseless,
    add_provider,
    link_subject,
)
from commands.finding import id_named, introduced
from commands.opening import opened
from models import Account, Agent, IdentityProvider, PartnerUser
from models.text import fold


@click.group()
def provider() -> None:
    """Identity providers: outside issuers whose tokens an account trusts."""


@provider.command()
@click.option("--account", required=True, metavar="NAME", help="The account that trusts it.")
@click.option("--issuer", required=True, help="What its tokens have as iss, letter for letter.")
@click.option("--audience", required=True, help="What they have as aud: this account's name with it.")
@click.option("--algorithm", required=True, help=f"How it signs: one of {', '.join(ALGORITHMS)}.")
@click.option("--jwks-url", metavar="URL", help="Where its keys are published (https).")
@click.option("--jwks-file", metavar="FILE", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def add(
    account: str, issuer: str, audience: str, algorithm: str, jwks_url: str | None, jwks_file: Path | None
) -> None:
    """Trust the tokens of an issuer for one audience; prints the provider's id."""
    if (jwks_url is None) == (jwks_file is None):
        raise click.UsageError("Give the provider's keys once: --jwks-url or --jwks-file.")

    jwks = None if jwks_file is None else jwks_file.read_bytes()

    async def work() -> UUID:
        found = await _account(account)
        added = await add_provider(
            account=found.id,
            issuer=issuer,
            audience=audience,
            algorithm=algorithm,
            jwks_url=jwks_url,
            jwks=jwks,
            development=os.environ.get("CARTEIRA_ENV", "development") == "development",
        )
        return added.id

    click.echo(_write(work))


@provider.command()
@click.option("--issuer", required=True, help="The provider's issuer.")
@click.option("--audience", required=True, help="The provider's audience.")
@click.option("--subject", required=True, help="What the person's tokens have as sub; never an email alone.")
@click.option("--agent", metavar="NAME-OR-EMAIL", help="The agent whom it names.")
@click.option("--partner-user", metavar="EMAIL", help="The partner user whom it names.")
def link(issuer: str, audience: str, subject: str, agent: str | None, partner_user: str | None) -> None:
    """Say who a provider's subject is; prints the link's id."""
    if (agent is None) == (partner_user is None):
        raise click.UsageError("Name one person: --agent or --partner-user.")

    async def work() -> UUID:
        found = await _provider(issuer, audience)
        linked = await link_subject(
            found,
            subject,
            agent=None
            if agent is None
            else await _person(Agent, found, agent, "name_folded", "email_folded"),
            partner_user=None
            if partner_user is None
            else await _person(PartnerUser, found, partner_user, "email_folded"),
        )
        return linked.id

    click.echo(_write(work))


def _write(work: Callable[[], Awaitable[UUID]]) -> UUID:
    """Do `work` in one transaction; exit status 1 says that it can't be done, 2 that it makes no sense."""
    try:
        return asyncio.run(_in_transaction(work))
    except ProviderSenseless as error:
        raise click.UsageError(str(error)) from error
    except ProviderRefused as error:
        raise click.ClickException(str(error)) from error


async def _in_transaction(work: Callable[[], Awaitable[UUID]]) -> UUID:
    async with opened() as database, database.writing():
        return await work()


async def _account(name: str) -> Account:
    found = await Account.get_or_none(name=name)
    if found is None:
        raise click.ClickException(f"There is no account {name}; `account create` makes one.")
    return found


async def _provider(issuer: str, audience: str) -> IdentityProvider:
    found = await IdentityProvider.get_or_none(issuer=issuer, audience=audience)
    if found is None:
        raise click.ClickException(f"{issuer} with audience {audience} is no provider yet: `provider add`.")
    return found


async def _person(people: Any, provider: IdentityProvider, named: str, *columns: str) -> UUID:
    """The one person of the provider's account who goes by `named` in one of the columns."""
    found: dict[UUID, Any] = {}
    for column, held in {**id_named(named), **dict.fromkeys(columns, fold(named))}.items():
        known = await people.filter(account_id=provider.account_id, **{column: held})
        found |= {person.id: person for person in known}
    if not found:
        raise click.ClickException(f"In the provider's account, nobody goes by {named}.")
    if len(found) > 1:
        raise click.ClickException(
            f"In the provider's account, {len(found)} persons go by {named}; "
            f"give the id of one: {introduced(found.values())}"
        )
    return found.popitem()[0]
