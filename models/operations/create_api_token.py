"""Making a token for a program that acts as its maker, within a list of permissions."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from models import clock
from models.operations import text
from models.operations.actor import Actor
from models.operations.problem import Problem, gathered
from models.operations.role_columns import permissions as known
from models.operations.row_change import create_row
from models.token import Token, TokenKind


async def create_api_token(
    by: Actor,
    *,
    agent_id: UUID,
    name: str,
    secret_hash: str,
    permissions: Iterable[str] = (),
    expires_at: datetime | None = None,
) -> Token:
    """The new token; of its secret the SHA-256 hash alone, in hexadecimal. Raises Problem BLANK, INVALID,
    TOO_LONG or IN_PAST.
    """
    with gathered() as problems:
        problems.check(_require_to_come, expires_at)
        problems.check(text.required, name, "name")
    token = Token(
        account_id=by.account_id,
        kind=TokenKind.API,
        agent_id=agent_id,
        name=name,
        secret_hash=secret_hash,
        permissions=known(permissions),
        created_at=clock.now(),
        expires_at=expires_at,
    )
    return await create_row(by, token, "create_api_token")


def _require_to_come(expires_at: datetime | None) -> None:
    if expires_at is not None and expires_at <= clock.now():
        raise Problem("IN_PAST", "A token expires at an instant to come.", "expiresAt")
