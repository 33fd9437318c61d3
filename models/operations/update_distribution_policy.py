"""Changing a distribution policy. From then on it acts within the scope of whoever changed it."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from models.distribution import DistributionMember, DistributionMethod, DistributionPolicy
from models.operations import distribution_columns as columns
from models.operations.actor import Actor
from models.operations.change import locked
from models.operations.distribution_columns import Membership
from models.operations.plain import Changes
from models.operations.row_change import change_row
from models.operations.unset import UNSET, Unset, given


async def update_distribution_policy(
    by: Actor,
    policy: DistributionPolicy,
    *,
    members: Sequence[Membership] | Unset = UNSET,
    team_id: UUID | Unset | None = UNSET,
    inbox_id: UUID | Unset | None = UNSET,
    method: DistributionMethod | Unset = UNSET,
    enabled: bool | Unset = UNSET,
    capacity: int | Unset | None = UNSET,
    working_hours: Sequence[Mapping[str, Any]] | Unset = UNSET,
    expected_version: int | None = None,
) -> DistributionPolicy:
    """The policy; members are given whole, and the turn stays with whoever is next of those who stay.

    Raises Conflict, or Problem BLANK, INVALID, TAKEN or TOO_LARGE.
    """
    policy = await locked(policy, expected_version)
    written = given(team_id=team_id, inbox_id=inbox_id, method=method, enabled=enabled)
    columns.one_place(written.get("team_id", policy.team_id), written.get("inbox_id", policy.inbox_id))
    if not isinstance(capacity, Unset):
        written["capacity"] = columns.capacity(capacity)
    if not isinstance(working_hours, Unset):
        written["working_hours"] = columns.working_hours(working_hours)
    more: Changes = {}
    if not isinstance(members, Unset):
        more = await _members(policy, columns.pool(members))
    written["saved_by_id"] = by.agent_id
    return await change_row(by, policy, written, "update_distribution_policy", more=more)


async def _members(policy: DistributionPolicy, wanted: Sequence[Membership]) -> Changes:
    before = await DistributionMember.filter(policy_id=policy.id).order_by("number")
    pool = [Membership(each.agent_id, each.weight, each.capacity) for each in before]
    if pool == list(wanted):
        return {}
    turn = _turn([each.agent_id for each in before], policy.turn, [each.agent_id for each in wanted])
    await DistributionPolicy.filter(id=policy.id).update(turn=turn)
    await columns.write_members(policy, wanted)
    return {"members": [columns.told(pool), columns.told(wanted)]}


def _turn(before: Sequence[UUID], turn: int, after: Sequence[UUID]) -> int:
    """The turn after which whoever was next, of those who stay, is next again."""
    ring = [*before[turn:], *before[:turn]]
    following = next((agent for agent in ring if agent in after), None)
    return 0 if following is None else after.index(following)
