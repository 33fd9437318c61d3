"""Making a distribution policy."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from models.distribution import DistributionMethod, DistributionPolicy
from models.operations import distribution_columns as columns
from models.operations.actor import Actor
from models.operations.distribution_columns import Membership
from models.operations.row_change import create_row


async def create_distribution_policy(
    by: Actor,
    *,
    members: Sequence[Membership],
    team_id: UUID | None = None,
    inbox_id: UUID | None = None,
    method: DistributionMethod = DistributionMethod.ROUND_ROBIN,
    enabled: bool = True,
    capacity: int | None = None,
    working_hours: Sequence[Mapping[str, Any]] = (),
) -> DistributionPolicy:
    """The new policy, which acts within the scope of whoever makes it.

    Raises Problem BLANK, INVALID, TAKEN or TOO_LARGE.
    """
    given = {"members": members, "capacity": capacity, "working_hours": working_hours}
    written = columns.checked(given, team_id, inbox_id)
    pool = written.pop("members")
    policy = DistributionPolicy(
        account_id=by.account_id,
        team_id=team_id,
        inbox_id=inbox_id,
        method=method,
        enabled=enabled,
        **written,
        saved_by_id=by.agent_id,
    )
    more = {"members": [None, columns.told(pool)]}
    policy = await create_row(by, policy, "create_distribution_policy", more=more)
    await columns.write_members(policy, pool)
    return policy
