"""Revoking a token."""

from models import clock
from models.operations.access_version import locked_with_account
from models.operations.actor import Actor
from models.operations.row_change import change_row
from models.token import Token


async def revoke_token(by: Actor, token: Token) -> Token:
    """The token, good for nothing from now on; one that is revoked already stays as it is."""
    token = await locked_with_account(token)
    columns = {"revoked_at": token.revoked_at or clock.now()}
    return await change_row(by, token, columns, "revoke_token", access=frozenset(columns))
