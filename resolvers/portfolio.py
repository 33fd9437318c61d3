"""Portfolios: one's own, and those that one sees something of."""

import strawberry

from authz.access import AGENT
from schema.connection import Connection
from schema.fields import computed, many
from schema.global_id import id_of
from schema.portfolio import Portfolio
from schema.reading.marks import Mark
from schema.seen import Seen


@strawberry.type
class PortfolioQueries(Seen):
    """What can be asked about portfolios."""

    portfolios: Connection[Portfolio] | None = many(AGENT, "portfolio")

    @computed(AGENT, reads=Mark.PORTFOLIO)
    async def portfolio(
        self, info: strawberry.Info, owner_id: strawberry.ID | None = None
    ) -> Portfolio | None:
        """An agent's portfolio; one's own, if nobody is named."""
        owner = info.context.known_viewer.agent_id if owner_id is None else id_of("Agent", owner_id)
        row = await info.context.find("portfolio", owner)
        return None if row is None else Portfolio.of(row)
