"""Changing a transfer rule, which is then its changer's."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from models.operations.actor import Actor
from models.operations.change import locked
from models.operations.draft_transfer import Share
from models.operations.row_change import change_row
from models.operations.transfer_rule_columns import checked, set_shares
from models.operations.unset import UNSET, Unset, given
from models.record import RecordType
from models.transfer_rule import TransferRule, TransferTrigger


async def update_transfer_rule(
    by: Actor,
    rule: TransferRule,
    *,
    name: str | Unset = UNSET,
    trigger: TransferTrigger | Unset = UNSET,
    idle_days: int | Unset | None = UNSET,
    team_id: UUID | Unset | None = UNSET,
    record_types: Sequence[RecordType] | Unset = UNSET,
    enabled: bool | Unset = UNSET,
    shares: Sequence[Share] | Unset = UNSET,
    expected_version: int | None = None,
) -> TransferRule:
    """The rule; it acts within the scope of who changed it last.

    Raises Conflict, and Problem as `create_transfer_rule` does.
    """
    rule = await locked(rule, expected_version)
    columns: dict[str, Any] = given(
        name=name,
        trigger=trigger,
        idle_days=idle_days,
        team_id=team_id,
        record_types=record_types,
        enabled=enabled,
    )
    after = {column: columns.get(column, getattr(rule, column)) for column in ("trigger", "idle_days")}
    columns = checked(columns, after["trigger"], after["idle_days"]) | {"saved_by_id": by.agent_id}
    more = {} if isinstance(shares, Unset) else await set_shares(rule, shares)
    return await change_row(by, rule, columns, "update_transfer_rule", more=more)
