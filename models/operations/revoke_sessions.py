"""Ending the sessions of somebody who may not be the one who began them, or who may no longer sign in."""

from uuid import UUID

from tortoise.expressions import Q

from models import clock
from models.agent import Agent
from models.operations.actor import Actor
from models.operations.revoke_token import revoke_token
from models.partner import PartnerUser
from models.token import Token, TokenKind

_SESSIONS = (TokenKind.AGENT, TokenKind.PORTAL)


async def revoke_sessions(by: Actor, person: Agent | PartnerUser, *, keep: UUID | None = None) -> None:
    """Revoke every sign-in token of the person that is still good, but `keep`; API tokens stay."""
    for token in await _good(person):
        if token.kind in _SESSIONS and token.id != keep:
            await revoke_token(by, token)


async def revoke_all(by: Actor, person: Agent | PartnerUser) -> None:
    """Revoke every token of the person that is still good, their programs' too: whoever was shut out once
    comes in again by signing in alone.
    """
    for token in await _good(person):
        await revoke_token(by, token)


async def _good(person: Agent | PartnerUser) -> list[Token]:
    column = "agent_id" if isinstance(person, Agent) else "partner_user_id"
    lasting = Q(expires_at=None) | Q(expires_at__gt=clock.now())
    return await Token.filter(lasting, revoked_at=None, **{column: person.id}).order_by("id")
