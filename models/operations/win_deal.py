"""Winning a deal."""

from datetime import datetime

from models.deal import Deal, DealStatus
from models.operations.actor import Actor
from models.operations.change import locked
from models.operations.deal_status import require_open
from models.operations.instant import past
from models.operations.record_change import change_record
from models.operations.timeline import TimelineKind


async def win_deal(
    by: Actor, deal: Deal, *, won_at: datetime | None = None, expected_version: int | None = None
) -> Deal:
    """The deal, won, now if nothing else is said; raises Conflict, or Problem ALREADY_WON, ALREADY_LOST
    or IN_FUTURE.
    """
    deal = await locked(deal, expected_version)
    require_open(deal)
    columns = {"status": DealStatus.WON, "won_at": past(won_at, "wonAt")}
    return await change_record(by, deal, columns, action="win_deal", kind=TimelineKind.WON)
