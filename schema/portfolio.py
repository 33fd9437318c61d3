"""The portfolio: the records that an agent owns, as far as the viewer has them in sight."""

import strawberry

from authz.access import IN_SIGHT
from schema.connection import Connection
from schema.fields import column, computed, many, one
from schema.lazy import Agent, Contact, Conversation, Deal
from schema.money import Money
from schema.reading.marks import Mark
from schema.reading.statistics import portfolio_statistics
from schema.seen import Seen, table_type


@strawberry.type
class PortfolioStats(Seen):
    """Counts and sums over what is in sight. A sum is null where any amount in it is hidden.

    Sums are of the account's currency; `leftOut` counts the deals with an amount in another.
    """

    contacts: int | None = column(IN_SIGHT)
    conversations: int | None = column(IN_SIGHT)
    deals: int | None = column(IN_SIGHT)
    open_amount: Money | None = column(IN_SIGHT)
    won_amount: Money | None = column(IN_SIGHT)
    left_out: int | None = column(IN_SIGHT)


@table_type("portfolio")
class Portfolio(Seen):
    """What an agent owns."""

    owner: Agent | None = one(IN_SIGHT, "agent", "id")
    contacts: Connection[Contact] | None = many(IN_SIGHT, "contact", "owner_id")
    conversations: Connection[Conversation] | None = many(IN_SIGHT, "conversation", "owner_id")
    deals: Connection[Deal] | None = many(IN_SIGHT, "deal", "owner_id")

    @computed(IN_SIGHT, reads=Mark.PORTFOLIO_STATS)
    async def stats(self, info: strawberry.Info) -> PortfolioStats | None:
        """How much it comes to."""
        return PortfolioStats.of(await portfolio_statistics(info.context, self.row["id"]))
