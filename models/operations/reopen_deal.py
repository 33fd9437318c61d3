"""Reopening a deal that was won or lost."""

from models.deal import Deal, DealStatus
from models.operations.actor import Actor
from models.operations.change import locked
from models.operations.deal_status import require_closed
from models.operations.record_change import change_record
from models.operations.timeline import TimelineKind


async def reopen_deal(by: Actor, deal: Deal, *, expected_version: int | None = None) -> Deal:
    """The deal, open, with none of the dates of its closing; raises Conflict, or Problem ALREADY_OPEN."""
    deal = await locked(deal, expected_version)
    require_closed(deal)
    columns = {"status": DealStatus.OPEN, "won_at": None, "lost_at": None, "contract_started_at": None}
    return await change_record(by, deal, columns, action="reopen_deal", kind=TimelineKind.REOPENED)
