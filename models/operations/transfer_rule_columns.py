"""What a transfer rule is written with."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from models.agent import Agent
from models.operations import text
from models.operations.change import all_locked
from models.operations.draft_transfer import Share, require_shares
from models.operations.problem import Problem, gathered
from models.record import RecordType
from models.transfer_rule import TransferRule, TransferRuleShare, TransferTrigger

LONGEST_IDLE_DAYS = 3_650


def checked(columns: dict[str, Any], trigger: TransferTrigger, idle_days: int | None) -> dict[str, Any]:
    """The columns as they are kept. Raises Problem BLANK, INVALID or TOO_LONG."""
    with gathered() as problems:
        columns = problems.check(text.checked, columns, {"name": text.name, "record_types": _types})
        problems.check(_require_days, trigger, idle_days)
    return columns


def _require_days(trigger: TransferTrigger, idle_days: int | None) -> None:
    if (trigger is TransferTrigger.IDLE) != (idle_days is not None):
        raise Problem("INVALID", "Idle days are for the trigger IDLE, which needs them.", "idleDays")
    if idle_days is not None and not 1 <= idle_days <= LONGEST_IDLE_DAYS:
        raise Problem("INVALID", f"A number of days from 1 to {LONGEST_IDLE_DAYS}.", "idleDays")


def _types(listed: Sequence[RecordType], field: str) -> list[str]:
    if not listed:
        raise Problem("BLANK", "Say which kinds of record go.", field)
    return [kind.value for kind in RecordType if kind in listed]


async def set_shares(rule: TransferRule, shares: Sequence[Share]) -> dict[str, list[Any]]:
    """Write who gets; say what changed. Raises Problem as `require_shares` does."""
    require_shares(None, shares, await all_locked(Agent, [share.agent_id for share in shares]))
    before = await TransferRuleShare.filter(rule_id=rule.id).order_by("agent_id")
    held: dict[UUID, int] = {share.agent_id: share.weight for share in before}
    wanted = {share.agent_id: share.weight for share in shares}
    if held == wanted:
        return {}
    await TransferRuleShare.filter(rule_id=rule.id).delete()
    for share in shares:
        await TransferRuleShare.create(
            account_id=rule.account_id, rule=rule, agent_id=share.agent_id, weight=share.weight
        )
    return {"agent_ids": [sorted(map(str, held)), sorted(map(str, wanted))]}
