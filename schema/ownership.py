"""Ownership: who owned a record when."""

from datetime import datetime

from authz.access import IN_SIGHT
from schema.enums import OwnershipCause
from schema.fields import column, one
from schema.lazy import Agent, Team
from schema.node import Node
from schema.seen import table_type


@table_type("ownership")
class Ownership(Node):
    """The half-open interval [start, end) in which an agent owned a record; without an end it is open."""

    owner: Agent | None = one(IN_SIGHT, "agent")
    team: Team | None = one(IN_SIGHT, "team")
    start: datetime | None = column(IN_SIGHT, "started_at")
    end: datetime | None = column(IN_SIGHT, "ended_at")
    cause: OwnershipCause | None = column(IN_SIGHT)
