"""The actor: on whose behalf something is written."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts, in which account and request. Neither agent nor partner user: the operator."""

    account_id: UUID
    agent_id: UUID | None = None
    partner_user_id: UUID | None = None
    request_id: str | None = None
