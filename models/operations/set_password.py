"""Setting the password that an agent or partner user signs in with."""

from typing import TypeVar

from models.agent import Agent
from models.operations import access_version, audit
from models.operations.access_version import locked_with_account
from models.operations.actor import Actor
from models.operations.change import renew
from models.partner import PartnerUser

P = TypeVar("P", Agent, PartnerUser)


async def set_password(by: Actor, person: P, *, password_hash: str, expected_version: int | None = None) -> P:
    """The person, with this hash of their password; no entry ever holds it. Raises Conflict."""
    person = await locked_with_account(person, expected_version)
    await renew(person, {"password_hash": password_hash})
    await audit.append(by, "set_password", person)
    await access_version.bump(person.account_id)
    return person
