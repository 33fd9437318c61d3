"""Creating a transfer rule."""

from collections.abc import Sequence
from uuid import UUID

from models.operations import audit
from models.operations.actor import Actor
from models.operations.change import born
from models.operations.draft_transfer import Share
from models.operations.transfer_rule_columns import checked, set_shares
from models.record import RecordType
from models.transfer_rule import TransferRule, TransferTrigger


async def create_transfer_rule(
    by: Actor,
    *,
    name: str,
    trigger: TransferTrigger,
    shares: Sequence[Share],
    idle_days: int | None = None,
    team_id: UUID | None = None,
    record_types: Sequence[RecordType] = tuple(RecordType),
    enabled: bool = True,
) -> TransferRule:
    """The new rule, saved by who makes it. Raises Problem as `checked` and `require_shares` do."""
    columns = checked({"name": name, "record_types": record_types}, trigger, idle_days)
    rule = TransferRule(
        account_id=by.account_id,
        **columns,
        trigger=trigger,
        idle_days=idle_days,
        team_id=team_id,
        enabled=enabled,
        saved_by_id=by.agent_id,
    )
    await rule.save(force_create=True)
    shared = await set_shares(rule, shares)
    await audit.append(by, "create_transfer_rule", rule, born(rule) | shared)
    return rule
