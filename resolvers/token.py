"""Tokens: making them for programs, and revoking them."""

from datetime import datetime

import strawberry
from strawberry import ID, UNSET

from authz.people_policies import CREATE_API_TOKEN, REVOKE_TOKEN
from authz.tokens import new_secret
from authz.viewer import NOT_BY_PROGRAMS
from models import Token as TokenRow
from models.operations.create_api_token import create_api_token as create
from models.operations.problem import Problem
from models.operations.revoke_token import revoke_token as revoke
from resolvers.act import Act, Named
from resolvers.filled import filled
from resolvers.writing import mutation


@strawberry.input
class CreateApiTokenInput:
    """A program's name, what of one's own permissions it may use (none unless named), and until when."""

    name: str
    permissions: list[str] | None = UNSET
    expires_at: datetime | None = UNSET
    idempotency_key: str | None = UNSET


@mutation(CREATE_API_TOKEN, gives=("token",), plain={"secret": str | None})
async def create_api_token(act: Act, input: CreateApiTokenInput) -> dict[str, object]:
    """Make a token for a program that acts as its maker. `secret` is shown this once: a repeat has none."""
    filled(act, "permissions")
    if NOT_BY_PROGRAMS.intersection(input.permissions or ()):
        beyond = ", ".join(sorted(NOT_BY_PROGRAMS))
        raise Problem("INVALID", f"These are for people alone: {beyond}. Leave them out.", "permissions")
    assert act.viewer.agent_id is not None
    secret, secret_hash = new_secret()
    values = act.values("name", "permissions", "expires_at")
    token = await create(act.by, agent_id=act.viewer.agent_id, secret_hash=secret_hash, **values)
    return {"token_id": token.id, "secret": secret}


@strawberry.input
class RevokeTokenInput:
    """The token that is to be good for nothing."""

    id: ID
    idempotency_key: str | None = UNSET


@mutation(REVOKE_TOKEN, subject=Named("token"), gives=("token",))
async def revoke_token(act: Act, input: RevokeTokenInput) -> TokenRow:
    """Revoke a token, a sign-in's as well; whoever uses it is signed out."""
    return await revoke(act.by, await act.subject(TokenRow))
