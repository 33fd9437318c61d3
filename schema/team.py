"""The team: a group of agents."""

from authz.access import NAME, TEAM_MEMBERS
from schema.connection import Connection
from schema.fields import column, many_through
from schema.lazy import Agent
from schema.node import Node
from schema.seen import table_type


@table_type("team")
class Team(Node):
    """A group of agents."""

    name: str | None = column(NAME)
    version: int | None = column(TEAM_MEMBERS)
    agents: Connection[Agent] | None = many_through(
        TEAM_MEMBERS, "agent", "team_member", "team_id", "agent_id"
    )
