"""Ending the sessions of somebody who may no longer be the one who began them."""

from uuid import UUID

from models import clock
from models.agent import Agent
from models.operations.actor import Actor
from models.operations.revoke_token import revoke_token
from models.partner import PartnerUser
from models.token import Token, TokenKind


async def revoke_sessions(by: Actor, person: Agent | PartnerUser, *, keep: UUID | None = None) -> None:
    """Revoke every sign-in token of the person that is still good, but `keep`; API tokens stay."""
    column = "agent_id" if isinstance(person, Agent) else "partner_user_id"
    tokens = await Token.filter(
        kind__in=(TokenKind.AGENT, TokenKind.PORTAL),
        revoked_at=None,
        expires_at__gt=clock.now(),
        **{column: person.id},
    ).order_by("id")
    for token in tokens:
        if token.id != keep:
            await revoke_token(by, token)
