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
    written = given(team_id=team_id, inbox_id=inbox_id, method=method, enabled=enabled, capacity=capacity)
    written |= given(working_hours=working_hours, members=members)
    place = {column: written.get(column, getattr(policy, column)) for column in ("team_id", "inbox_id")}
    written = columns.checked(written, **place)
    more = await _members(policy, written.pop("members")) if "members" in written else {}
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
