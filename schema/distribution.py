"""Distribution: its policies, their pools, the log of their decisions, and why nothing is handed out."""

from datetime import datetime
from enum import StrEnum

import strawberry

from authz.access import IN_SIGHT
from authz.distribution import CANDIDATE, DISTRIBUTION
from schema import lazy
from schema.connection import Connection
from schema.enums import DistributionMethod, PassedOver
from schema.fields import column, computed, each_of, many, one
from schema.lazy import Agent, Contact, Inbox, Team
from schema.node import Node
from schema.reading.marks import Mark
from schema.seen import Outcome, Seen, table_type


@strawberry.type
class WorkingHours(Seen):
    """Hours of one day of the week, 1 (Monday) to 7, as the clock on the account's wall shows them."""

    day: int | None = column(IN_SIGHT)
    start: str | None = column(IN_SIGHT)
    end: str | None = column(IN_SIGHT)


@table_type("distribution_candidate")
class DistributionCandidate(Node):
    """A member of the pool as a decision found them. `passedOver` says why; null for who was chosen."""

    agent: Agent | None = one(DISTRIBUTION, "agent")
    number: int | None = column(DISTRIBUTION)
    load: int | None = column(CANDIDATE)
    passed_over: PassedOver | None = column(CANDIDATE)


@table_type("distribution_decision")
class DistributionDecision(Node):
    """One contact, and who got it; without an agent nobody could have it. Without a maker: by itself."""

    policy: lazy.DistributionPolicy | None = one(DISTRIBUTION, "distribution_policy")
    contact: Contact | None = one(DISTRIBUTION, "contact")
    agent: Agent | None = one(DISTRIBUTION, "agent")
    made_by: Agent | None = one(DISTRIBUTION, "agent")
    method: DistributionMethod | None = column(DISTRIBUTION)
    at: datetime | None = column(DISTRIBUTION)
    candidates: list[DistributionCandidate] | None = each_of(
        DISTRIBUTION, "distribution_candidate", "decision_id"
    )


@table_type("distribution_member")
class DistributionMember(Node):
    """An agent of a pool; `number` is their place in the turn, from 1."""

    agent: Agent | None = one(DISTRIBUTION, "agent")
    number: int | None = column(DISTRIBUTION)
    weight: int | None = column(DISTRIBUTION)
    capacity: int | None = column(DISTRIBUTION)


@table_type("distribution_policy")
class DistributionPolicy(Node):
    """Hands contacts that nobody owns to the agents of its pool: for a team, an inbox, or the account.

    It acts within the scope of who saved it. `capacity` is how many contacts that are not archived a
    member may have, where the member's own is not set. Without working hours it works always.
    """

    team: Team | None = one(DISTRIBUTION, "team")
    inbox: Inbox | None = one(DISTRIBUTION, "inbox")
    method: DistributionMethod | None = column(DISTRIBUTION)
    enabled: bool | None = column(DISTRIBUTION)
    capacity: int | None = column(DISTRIBUTION)
    members: list[DistributionMember] | None = each_of(DISTRIBUTION, "distribution_member", "policy_id")
    decisions: Connection[DistributionDecision] | None = many(
        DISTRIBUTION, "distribution_decision", "policy_id"
    )
    saved_by: Agent | None = one(DISTRIBUTION, "agent")
    created_at: datetime | None = column(DISTRIBUTION)
    version: int | None = column(DISTRIBUTION)

    @computed(DISTRIBUTION, reads=Mark.WORKING_HOURS)
    async def working_hours(self, info: strawberry.Info) -> list[WorkingHours] | None:
        """When it works, in the order of the week."""
        return [WorkingHours.of(span) for span in self.row["working_hours"]]


@strawberry.type
class DistributionAssignment(Outcome):
    """A contact, and who gets it, or would; nobody where nobody could have it."""

    contact: Contact | None = one(IN_SIGHT, "contact")
    agent: Agent | None = one(IN_SIGHT, "agent")


@strawberry.enum
class DistributionState(StrEnum):
    """What a policy is at, or what keeps it from it."""

    NO_POLICY = "NO_POLICY"
    OFF = "OFF"
    RESTS = "RESTS"
    BEHIND_ANOTHER = "BEHIND_ANOTHER"
    NOBODY_ELIGIBLE = "NOBODY_ELIGIBLE"
    NOTHING_WAITING = "NOTHING_WAITING"
    WORKING = "WORKING"


@strawberry.type
class DiagnosedAgent(Outcome):
    """A member of the pool: whether they could get a contact now, and if not, why. Null: not to be told."""

    agent: Agent | None = one(IN_SIGHT, "agent")
    eligible: bool | None = column(IN_SIGHT)
    passed_over: PassedOver | None = column(IN_SIGHT)
    message: str | None = column(IN_SIGHT)


@strawberry.type
class DistributionDiagnosis(Outcome):
    """Why contacts are handed out, or are not, in words.

    `waiting` counts the contacts in sight that the policy could hand out. `code` and `message` are null
    where they would tell of availability or load that the asker may not read.
    """

    policy: DistributionPolicy | None = one(IN_SIGHT, "distribution_policy")
    code: DistributionState | None = column(IN_SIGHT)
    message: str | None = column(IN_SIGHT)
    waiting: int | None = column(IN_SIGHT)
    agents: list[DiagnosedAgent] | None = column(IN_SIGHT)
