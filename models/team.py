"""The team: a group of agents."""

from typing import Any

from tortoise import fields

from models.base import Row, reference
from models.text import FoldedField


class Team(Row):
    """A group of agents; its name is unique in the account."""

    name = fields.TextField()
    name_folded = FoldedField("name")
    version = fields.IntField(default=1)

    class Meta:
        table = "team"
        unique_together = (("account", "name_folded"),)


class TeamMember(Row):
    """An agent's membership in a team."""

    team = reference("Team", null=False)
    agent = reference("Agent", null=False)
    team_id: Any
    agent_id: Any

    class Meta:
        table = "team_member"
        unique_together = (("team", "agent"),)
