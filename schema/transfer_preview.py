"""The preview of a transfer: what it would do, and the token that holds it to that."""

from datetime import datetime

import strawberry

from authz.access import IN_SIGHT
from schema.fields import column, named, one
from schema.lazy import Agent, Record
from schema.payload import UserError
from schema.seen import Outcome


@strawberry.type
class RecordCounts(Outcome):
    """How many records of each kind."""

    contacts: int | None = column(IN_SIGHT)
    conversations: int | None = column(IN_SIGHT)
    deals: int | None = column(IN_SIGHT)


@strawberry.type
class PreviewedShare(Outcome):
    """What an agent would get."""

    agent: Agent | None = one(IN_SIGHT, "agent")
    records: RecordCounts | None = column(IN_SIGHT)


@strawberry.type
class SightChange(Outcome):
    """Of how many of the records an agent would gain the sight, and of how many they would lose it."""

    agent: Agent | None = one(IN_SIGHT, "agent")
    gains: RecordCounts | None = column(IN_SIGHT)
    loses: RecordCounts | None = column(IN_SIGHT)


@strawberry.type
class Parting(Outcome):
    """Conversations and deals that would no longer be of the same owner as their contact.

    `records` are some of them: those that go without their contact, or stay without it.
    """

    conversations: int | None = column(IN_SIGHT)
    deals: int | None = column(IN_SIGHT)
    records: list[Record] | None = named(IN_SIGHT)


@strawberry.type
class TransferPreview(Outcome):
    """What a transfer would do as things stand. `sight` tells of those whom the viewer manages.

    With `userErrors` it would be refused, and there is no token.
    """

    records: RecordCounts | None = column(IN_SIGHT)
    shares: list[PreviewedShare] | None = column(IN_SIGHT)
    sight: list[SightChange] | None = column(IN_SIGHT)
    parting: Parting | None = column(IN_SIGHT)
    token: str | None = column(IN_SIGHT)
    expires_at: datetime | None = column(IN_SIGHT)
    user_errors: list[UserError] = column(IN_SIGHT)
