"""Saying that a won deal's contract has started."""

from datetime import datetime

from models.deal import Deal
from models.operations.actor import Actor
from models.operations.change import locked
from models.operations.deal_status import require_won
from models.operations.instant import past
from models.operations.problem import Problem
from models.operations.record_change import change_record
from models.operations.timeline import TimelineKind


async def start_deal_contract(
    by: Actor, deal: Deal, *, started_at: datetime | None = None, expected_version: int | None = None
) -> Deal:
    """The deal, its contract started, now if nothing else is said; raises Conflict, or Problem NOT_WON,
    ALREADY_STARTED or IN_FUTURE.
    """
    deal = await locked(deal, expected_version)
    require_won(deal)
    if deal.contract_started_at is not None:
        raise Problem("ALREADY_STARTED", "The deal's contract has started already.")
    columns = {"contract_started_at": past(started_at, "startedAt")}
    return await change_record(
        by, deal, columns, action="start_deal_contract", kind=TimelineKind.CONTRACT_STARTED
    )
