"""Distribution: who gets the next new contact, and the log of every decision."""

from enum import StrEnum
from typing import Any

from tortoise import fields

from models import clock
from models.base import Row, reference


class DistributionMethod(StrEnum):
    """How the next agent is found among those eligible."""

    ROUND_ROBIN = "ROUND_ROBIN"
    LEAST_LOADED = "LEAST_LOADED"
    WEIGHTED = "WEIGHTED"


class PassedOver(StrEnum):
    """Why a candidate was not chosen."""

    SUSPENDED = "SUSPENDED"
    DEACTIVATED = "DEACTIVATED"
    AWAY = "AWAY"
    OUT_OF_HOURS = "OUT_OF_HOURS"
    AT_CAPACITY = "AT_CAPACITY"
    OUT_OF_SCOPE = "OUT_OF_SCOPE"
    NOT_THEIR_TURN = "NOT_THEIR_TURN"


class DistributionPolicy(Row):
    """Hands new unowned contacts of the account, of a team or of an inbox to the agents of its pool.

    `capacity` is how many open contacts a member may have, where the member's own is not set.
    `working_hours` are [{"day": 1 to 7 from Monday, "start": "09:00", "end": "18:00"}] in the account's
    zone; none: always. `turn` is the number of the member who was last in turn. It acts within the
    scope of `saved_by`.
    """

    team = reference("Team")
    inbox = reference("Inbox")
    method = fields.CharEnumField(DistributionMethod, max_length=16, default=DistributionMethod.ROUND_ROBIN)
    enabled = fields.BooleanField(default=True)
    capacity = fields.IntField(null=True)
    working_hours: Any = fields.JSONField(default=list)
    turn = fields.IntField(default=0)
    saved_by = reference("Agent", null=False)
    created_at = fields.DatetimeField(default=clock.now)
    version = fields.IntField(default=1)
    team_id: Any
    inbox_id: Any
    saved_by_id: Any

    class Meta:
        table = "distribution_policy"


class DistributionMember(Row):
    """An agent of a policy's pool; `number` is their place in the turn, from 1.

    `credit` is what weighted rotation keeps of them from one turn to the next.
    """

    policy = reference("DistributionPolicy", null=False)
    agent = reference("Agent", null=False)
    number = fields.IntField()
    weight = fields.IntField(default=1)
    capacity = fields.IntField(null=True)
    credit = fields.IntField(default=0)
    policy_id: Any
    agent_id: Any

    class Meta:
        table = "distribution_member"
        unique_together = (("policy", "agent"), ("policy", "number"))


class DistributionDecision(Row):
    """One contact that was to be handed out, and to whom it went; without an agent, nobody could have it.

    Without a maker, it was made by itself.
    """

    policy = reference("DistributionPolicy", null=False)
    contact = reference("Contact", null=False)
    agent = reference("Agent")
    made_by = reference("Agent")
    method = fields.CharEnumField(DistributionMethod, max_length=16)
    at = fields.DatetimeField()
    policy_id: Any
    contact_id: Any
    agent_id: Any
    made_by_id: Any

    class Meta:
        table = "distribution_decision"
        indexes = (("policy", "at"), ("contact",))


class DistributionCandidate(Row):
    """A member of the pool as a decision found them; `passed_over` is None for the one who was chosen."""

    decision = reference("DistributionDecision", null=False)
    agent = reference("Agent", null=False)
    number = fields.IntField()
    load = fields.IntField()
    passed_over = fields.CharEnumField(PassedOver, max_length=24, null=True)
    decision_id: Any
    agent_id: Any

    class Meta:
        table = "distribution_candidate"
        unique_together = (("decision", "agent"),)
