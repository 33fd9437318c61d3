"""Changing what is known of a deal."""

from datetime import date
from typing import Any
from uuid import UUID

from models.deal import Deal, DealStatus
from models.operations.actor import Actor
from models.operations.change import locked
from models.operations.deal_columns import checked
from models.operations.problem import Problem
from models.operations.record_change import change_record
from models.operations.timeline import TimelineKind
from models.operations.unset import UNSET, Unset, given
from models.rules.money import Money


async def update_deal(
    by: Actor,
    deal: Deal,
    *,
    title: str | Unset = UNSET,
    stage: str | Unset | None = UNSET,
    amount: Money | Unset | None = UNSET,
    expected_close_on: date | Unset | None = UNSET,
    contact_id: UUID | Unset | None = UNSET,
    conversation_id: UUID | Unset | None = UNSET,
    expected_version: int | None = None,
) -> Deal:
    """The deal; raises Conflict, or Problem WON, BLANK, INVALID, TOO_LONG or TOO_LARGE."""
    deal = await locked(deal, expected_version)
    plain = given(
        title=title,
        stage=stage,
        expected_close_on=expected_close_on,
        contact_id=contact_id,
        conversation_id=conversation_id,
    )
    columns = checked(plain, amount)
    _require_amount_free(deal, columns)
    return await change_record(by, deal, columns, action="update_deal", kind=TimelineKind.UPDATED)


def _require_amount_free(deal: Deal, columns: dict[str, Any]) -> None:
    worth = (deal.amount, deal.currency)
    if deal.status is DealStatus.WON and worth != (
        columns.get("amount", worth[0]),
        columns.get("currency", worth[1]),
    ):
        raise Problem("WON", "A won deal's amount stays as it is; reopen the deal to change it.", "amount")
