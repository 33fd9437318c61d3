"""Distribution: its policies, and handing out what waits."""

from dataclasses import replace
from typing import Any

import strawberry
from strawberry import ID, UNSET

from authz.distribution import (
    CREATE_DISTRIBUTION_POLICY,
    DISTRIBUTE_CONTACTS,
    DISTRIBUTION,
    UPDATE_DISTRIBUTION_POLICY,
)
from models import DistributionMethod
from models import DistributionPolicy as PolicyRow
from models.operations.create_distribution_policy import create_distribution_policy as create
from models.operations.distribute import HandingOut
from models.operations.distribute_contacts import distribute_contacts as distribute
from models.operations.distribution_columns import Membership
from models.operations.problem import Problem
from models.operations.update_distribution_policy import update_distribution_policy as update
from resolvers.act import Act, Named
from resolvers.diagnosis import diagnosis
from resolvers.filled import filled
from resolvers.handing_out import lying_in_sight, not_served_elsewhere, remit_of, saver_of
from resolvers.writing import mutation
from schema.context import Context
from schema.distribution import DistributionAssignment, DistributionDiagnosis, DistributionPolicy
from schema.fields import computed, each
from schema.global_id import id_of
from schema.seen import Seen

NAMES = {"team_id": "team", "inbox_id": "inbox", "members.agent_id": "agent"}
WRITTEN = ("team_id", "inbox_id", "method", "enabled", "capacity")


@strawberry.type
class DistributionQueries(Seen):
    """What can be asked about distribution."""

    distribution_policies: list[DistributionPolicy] | None = each(DISTRIBUTION, "distribution_policy")

    @computed(DISTRIBUTION)
    async def distribution_diagnosis(
        self, info: strawberry.Info, policy_id: ID | None = None
    ) -> DistributionDiagnosis | None:
        """Why contacts are handed out by a policy, or are not; without an id, by the account's."""
        context: Context = info.context
        row = await diagnosis(context, policy_id)
        return None if row is None else DistributionDiagnosis.of(row)


@strawberry.input
class WorkingHoursInput:
    """Hours of one day of the week, 1 (Monday) to 7: from "09:00" to "18:00", the end being no part."""

    day: int
    start: str
    end: str


@strawberry.input
class DistributionMemberInput:
    """An agent of the pool. Their weight counts where the method is WEIGHTED."""

    agent_id: ID
    weight: int = 1
    capacity: int | None = None


@strawberry.input
class CreateDistributionPolicyInput:
    """A new policy: for a team, for an inbox, or for the account. Members take turns in their order."""

    members: list[DistributionMemberInput]
    team_id: ID | None = UNSET
    inbox_id: ID | None = UNSET
    method: DistributionMethod | None = UNSET
    enabled: bool | None = UNSET
    capacity: int | None = UNSET
    working_hours: list[WorkingHoursInput] | None = UNSET
    idempotency_key: str | None = UNSET


@mutation(CREATE_DISTRIBUTION_POLICY, links=NAMES, gives=("distribution_policy",))
async def create_distribution_policy(act: Act, input: CreateDistributionPolicyInput) -> PolicyRow:
    """Make a distribution policy. It acts within the scope of who makes it."""
    return await create(act.by, **_written(act))


@strawberry.input
class UpdateDistributionPolicyInput:
    """What is to change; what is left out stays. Members and working hours are given whole."""

    id: ID
    members: list[DistributionMemberInput] | None = UNSET
    team_id: ID | None = UNSET
    inbox_id: ID | None = UNSET
    method: DistributionMethod | None = UNSET
    enabled: bool | None = UNSET
    capacity: int | None = UNSET
    working_hours: list[WorkingHoursInput] | None = UNSET
    expected_version: int | None = UNSET
    idempotency_key: str | None = UNSET


@mutation(
    UPDATE_DISTRIBUTION_POLICY,
    subject=Named("distribution_policy"),
    links=NAMES,
    gives=("distribution_policy",),
)
async def update_distribution_policy(act: Act, input: UpdateDistributionPolicyInput) -> PolicyRow:
    """Change a distribution policy. From then on it acts within the scope of who changed it."""
    values = _written(act) | act.values("expected_version")
    return await update(act.by, await act.subject(PolicyRow), **values)


def _written(act: Act) -> dict[str, Any]:
    """What the input says of a policy. Raises Problem BLANK."""
    filled(act, "members", "method", "enabled", "working_hours")
    values = act.values(*WRITTEN)
    if "members" in act.given:
        values["members"] = [_membership(each) for each in act.given["members"]]
    if "working_hours" in act.given:
        hours = act.given["working_hours"]
        values["working_hours"] = [{"day": on.day, "start": on.start, "end": on.end} for on in hours]
    return values


def _membership(given: DistributionMemberInput) -> Membership:
    agent_id = id_of("Agent", given.agent_id)
    assert agent_id is not None
    return Membership(agent_id, given.weight, given.capacity)


@strawberry.input
class DistributeContactsInput:
    """By which policy, and what: everybody who waits for it, or those named; oldest first, up to a limit.

    The limit is 200 unless another is given, and at most 1,000; times the pool's members, 20,000. A dry run
    says who would get what, and does nothing.
    """

    policy_id: ID
    contact_ids: list[ID] | None = UNSET
    limit: int | None = UNSET
    dry_run: bool | None = False
    idempotency_key: str | None = UNSET


@mutation(
    DISTRIBUTE_CONTACTS,
    subject=Named("distribution_policy", "policy_id"),
    links={"contact_ids": "contact"},
    gives=("distribution_policy",),
    plain={
        "handed_out": int | None,
        "left": int | None,
        "assignments": list[DistributionAssignment] | None,
    },
)
async def distribute_contacts(act: Act, input: DistributeContactsInput) -> dict[str, Any]:
    """Hand out contacts that nobody owns to the agents of a policy's pool.

    `left` counts those whom nobody could have. Who is not waiting for this policy is left alone.
    """
    filled(act, "limit")
    if input.dry_run and input.idempotency_key not in (None, UNSET):
        raise Problem("INVALID", "A dry run does nothing that could be done twice.", "idempotencyKey")
    handing_out = await _handing_out(act, input)
    decisions = await distribute(
        handing_out,
        contact_ids=act.linked_all("contact_ids") if act.given.get("contact_ids") is not None else None,
        limit=act.given.get("limit"),
    )
    given = sum(decision.chosen is not None for decision in decisions)
    assignments = [{"contact_id": each.contact["id"], "agent_id": each.agent_id} for each in decisions]
    return {
        "distribution_policy_id": handing_out.policy.id,
        "handed_out": 0 if handing_out.dry else given,
        "left": len(decisions) - given,
        "assignments": [DistributionAssignment.of(each) for each in assignments],
    }


async def _handing_out(act: Act, input: DistributeContactsInput) -> HandingOut:
    """Within the scopes of who saved the policy and of who asks. Raises Problem RESTS."""
    policy = await act.subject(PolicyRow)
    saver = await saver_of(act.session, policy)
    if saver is None:
        raise Problem("RESTS", "Who saved this policy may not distribute any more; save it anew.", "policyId")
    remit = remit_of(act.session, act.related, saver, act.viewer)
    seen = lying_in_sight(act.session, act.viewer, policy)
    remit = replace(remit, contacts=remit.contacts + seen)
    if act.given.get("contact_ids") is None:
        rest = not_served_elsewhere(act.session, act.viewer, policy)
        remit = replace(remit, contacts=remit.contacts + rest)
    return HandingOut(act.session, act.by, policy, remit, dry=bool(input.dry_run))
