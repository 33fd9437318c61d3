"""Saying which partner a deal is with, and which of its users it is assigned to."""

from uuid import UUID

from models.deal import Deal
from models.operations.actor import Actor
from models.operations.assigned_user import held_user, require_assignable
from models.operations.change import locked
from models.operations.record_change import change_record
from models.operations.timeline import TimelineKind


async def set_deal_partner(
    by: Actor,
    deal: Deal,
    *,
    partner_id: UUID | None,
    assigned_user_id: UUID | None = None,
    expected_version: int | None = None,
) -> Deal:
    """The deal; raises Conflict, or Problem INVALID or NO_PORTAL_ACCESS."""
    user = await held_user(assigned_user_id)
    deal = await locked(deal, expected_version)
    require_assignable(user, partner_id)
    columns = {"partner_id": partner_id, "assigned_user_id": assigned_user_id}
    return await change_record(by, deal, columns, action="set_deal_partner", kind=TimelineKind.PARTNER_SET)
