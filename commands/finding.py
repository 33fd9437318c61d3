"""Finding what a command names; what is not there is said, with exit status 1. Run inside a session."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

import click

from models import Account, Agent, AgentStatus, PartnerUser
from models.text import fold


async def account_called(name: str) -> Account:
    """The account that goes by exactly this name."""
    found = await Account.get_or_none(name=name)
    if found is None:
        raise click.ClickException(f"there is no account {name}; `account create` makes one")
    return found


async def agent_called(account: Account, named: str) -> Agent:
    """The one active agent with this id, email or name, however it is capitalised."""
    folded = fold(named)
    columns = {"email_folded": folded, "name_folded": folded}
    found: list[Agent] = []
    for column, held in {**id_named(named), **columns}.items():
        found = found or await Agent.filter(account_id=account.id, **{column: held}).order_by("id")
    agent: Agent = _only(found, named, f"agents of {account.name}")
    if agent.status is not AgentStatus.ACTIVE:
        raise click.ClickException(f"{agent.name} is {agent.status.lower()} and can't sign in")
    return agent


async def partner_user_called(account: Account, email: str) -> PartnerUser:
    """The one partner user with this id or email; they must have portal access."""
    columns = {**id_named(email), "email_folded": fold(email)}
    found: list[PartnerUser] = []
    for column, held in columns.items():
        found = found or await PartnerUser.filter(account_id=account.id, **{column: held}).order_by("id")
    user: PartnerUser = _only(found, email, f"partner users of {account.name}")
    if not user.portal_access:
        raise click.ClickException(f"{user.name} has no portal access and can't sign in")
    return user


async def named_rows(model: Any, account: Account, names: Iterable[str]) -> list[Any]:
    """The account's rows of `model` (role, team, inbox) with these names, in their order."""
    known = {row.name_folded: row for row in await model.filter(account_id=account.id)}
    found = []
    for name in names:
        if (row := known.get(fold(name))) is None:
            there = ", ".join(sorted(each.name for each in known.values())) or "none"
            kind = model.__name__.lower()
            raise click.ClickException(f"{account.name} has no {kind} {name}; there is: {there}")
        found.append(row)
    return found


def _only(found: list[Any], named: str, among: str) -> Any:
    if not found:
        raise click.ClickException(f"nobody goes by {named} among the {among}")
    if len(found) > 1:
        raise click.ClickException(
            f"{len(found)} go by {named} among the {among}; give the id of one: {introduced(found)}"
        )
    return found[0]


def id_named(named: str) -> dict[str, UUID]:
    """The column `id` with the id that was typed, where it is one."""
    try:
        return {"id": UUID(named)}
    except ValueError:
        return {}


def introduced(people: Iterable[Any]) -> str:
    """Agents or partner users, each by id, name and email."""
    return ", ".join(f"{each.id} ({each.name}, {each.email or 'no email'})" for each in people)
