"""The agent: a person's membership in an account."""

import strawberry

from authz.access import AGENT_MEMBERSHIP, AGENT_NAME, AGENT_PRIVATE
from models.operations.distribution_pool import loads_of
from schema.context import Context
from schema.enums import AgentStatus
from schema.fields import column, computed, each, one
from schema.lazy import Inbox, Portfolio, Role, Team
from schema.node import Node
from schema.reading.marks import Mark
from schema.seen import table_type


@table_type("agent")
class Agent(Node):
    """A member of the account."""

    name: str | None = column(AGENT_NAME)
    email: str | None = column(AGENT_PRIVATE)
    status: AgentStatus | None = column(AGENT_MEMBERSHIP)
    available: bool | None = column(AGENT_PRIVATE)
    version: int | None = column(AGENT_PRIVATE)
    role: Role | None = one(AGENT_MEMBERSHIP, "role")
    main_team: Team | None = one(AGENT_MEMBERSHIP, "team")
    teams: list[Team] | None = each(AGENT_MEMBERSHIP, "team", ("team_member", "agent_id", "team_id"))
    inboxes: list[Inbox] | None = each(AGENT_PRIVATE, "inbox", ("inbox_member", "agent_id", "inbox_id"))
    portfolio: Portfolio | None = one(AGENT_MEMBERSHIP, "portfolio", "id")

    @computed(AGENT_PRIVATE, reads=Mark.LOAD)
    async def load(self, info: strawberry.Info) -> int | None:
        """How many contacts that are not archived they own: all of them, in sight or not."""
        context: Context = info.context
        loads = await loads_of(context.session, self.row["account_id"], [self.row["id"]])
        return loads.get(self.row["id"], 0)
