"""The diagnosis of a distribution policy: why leads are, or aren't, being distributed."""

from typing import Any

from authz.distribution import knows_everyone, may_distribute
from authz.scopes import visible
from authz.viewer import Viewer
from models import DistributionPolicy, PassedOver
from models.operations.distribution_place import of_the_same_place, waiting
from models.operations.distribution_pool import Candidate, Pool, pool_of
from models.sql import Sql
from resolvers.handing_out import lying_in_sight, not_served_elsewhere, remit_of, saver_of
from schema.context import Columns, Context
from schema.distribution import DiagnosedAgent, DistributionState
from schema.global_id import id_of

_WORDS = {
    DistributionState.OFF: "The policy is off.",
    DistributionState.RESTS: "Who saved the policy may not distribute any more: it rests until somebody who "
    "may saves it anew.",
    DistributionState.BEHIND_ANOTHER: "An older policy that is on serves the same place, and comes first: "
    "switch one of them off.",
    DistributionState.NOBODY_ELIGIBLE: "Nobody in the pool could get a contact now; `agents` says why for "
    "each.",
    DistributionState.NOTHING_WAITING: "There is nothing to hand out: no contact in sight that nobody owns "
    "waits for this policy.",
    DistributionState.WORKING: "It works: new contacts go to the next in turn, and those that wait are "
    "handed out by distributeContacts.",
}
_NO_POLICY = "No distribution policy in sight serves the account. Make one, or ask about another."
_WHY = {
    None: "Could get a contact now.",
    PassedOver.SUSPENDED: "Suspended: keeps what they have, gets nothing new.",
    PassedOver.DEACTIVATED: "Deactivated.",
    PassedOver.AWAY: "Away.",
    PassedOver.OUT_OF_HOURS: "Outside the policy's working hours.",
    PassedOver.AT_CAPACITY: "Has as many contacts as they may.",
    PassedOver.OUT_OF_SCOPE: "Not in the scope of who saved the policy.",
}


async def diagnosis(context: Context, policy_id: str | None) -> Columns | None:
    """What clients read of a policy's diagnosis, the account's where no id is given; None if out of sight."""
    found = await _found(context, policy_id)
    if found is None:
        if policy_id is not None:
            return None
        told = {"code": DistributionState.NO_POLICY, "message": _NO_POLICY}
        return {"policy_id": None, "waiting": None, "agents": [], **told}
    viewer = context.known_viewer
    policy = DistributionPolicy(**{name: found[name] for name in DistributionPolicy._meta.db_fields})
    saver = await saver_of(context.session, policy)
    remit = remit_of(context.session, context.related, *([viewer] if saver is None else [saver, viewer]))
    pool = await pool_of(context.session, policy, remit.agents)
    left = remit.contacts + not_served_elsewhere(context.session, viewer, policy)
    left = left + lying_in_sight(context.session, viewer, policy)
    count = await _count(context, waiting(policy) + " AND " + left)
    behind = policy.enabled and await _is_behind(context, policy)
    state = _state(viewer, policy, saver, behind, pool, count)
    return {
        "policy_id": policy.id,
        "code": state,
        "message": None if state is None else _WORDS[state],
        "waiting": count,
        "agents": [_agent(viewer, candidate) for candidate in pool.candidates],
    }


async def _found(context: Context, policy_id: str | None) -> Columns | None:
    """The policy, where it is in sight; without an id the one that serves the account, or would if on."""
    viewer = context.known_viewer
    if policy_id is not None:
        return await context.find("distribution_policy", id_of("DistributionPolicy", policy_id))
    sight = context.compiler().sql(visible("distribution_policy", viewer), "t")
    rows = await context.rows(
        "distribution_policy",
        "SELECT t.* FROM distribution_policy t WHERE t.team_id IS NULL AND t.inbox_id IS NULL AND "
        + sight
        + " ORDER BY t.enabled DESC, t.created_at, t.id LIMIT 1",
    )
    return rows[0] if rows else None


async def _is_behind(context: Context, policy: DistributionPolicy) -> bool:
    """Whether another policy in sight comes before this one, which is on: of a place's the oldest serves."""
    sight = context.compiler().sql(visible("distribution_policy", context.known_viewer), "t")
    rows = await context.rows(
        "distribution_policy",
        "SELECT t.* FROM distribution_policy t WHERE "
        + of_the_same_place(policy)
        + " AND "
        + sight
        + " ORDER BY t.created_at, t.id LIMIT 1",
    )
    return [each["id"] for each in rows] not in ([], [policy.id])


async def _count(context: Context, condition: Sql) -> int:
    rows = await context.session.fetch("SELECT COUNT(*) AS n FROM contact t WHERE " + condition)
    return int(rows[0]["n"])


def _state(
    viewer: Viewer, policy: DistributionPolicy, saver: Viewer | None, behind: bool, pool: Pool, count: int
) -> DistributionState | None:
    if not policy.enabled:
        return DistributionState.OFF
    if saver is None or not may_distribute(saver):
        return DistributionState.RESTS
    if behind:
        return DistributionState.BEHIND_ANOTHER
    if not knows_everyone(viewer):
        return None
    if all(candidate.passed_over for candidate in pool.candidates):
        return DistributionState.NOBODY_ELIGIBLE
    return DistributionState.WORKING if count else DistributionState.NOTHING_WAITING


def _agent(viewer: Viewer, candidate: Candidate) -> Any:
    known = knows_everyone(viewer) or candidate.agent_id == viewer.agent_id
    why = candidate.passed_over
    told = {"eligible": why is None, "passed_over": why, "message": _WHY[why]}
    return DiagnosedAgent.of({"agent_id": candidate.agent_id, **(told if known else dict.fromkeys(told))})
