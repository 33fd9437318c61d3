"""Creating a deal."""

from datetime import date
from uuid import UUID

from models.deal import Deal
from models.operations.actor import Actor
from models.operations.assigned_user import held_user, require_assignable
from models.operations.deal_columns import checked
from models.operations.record_change import create_record
from models.operations.source import from_source
from models.rules.money import Money


async def create_deal(
    by: Actor,
    *,
    title: str,
    stage: str | None = None,
    amount: Money | None = None,
    expected_close_on: date | None = None,
    contact_id: UUID | None = None,
    conversation_id: UUID | None = None,
    partner_id: UUID | None = None,
    assigned_user_id: UUID | None = None,
    owner_id: UUID | None = None,
    team_id: UUID | None = None,
    inbox_id: UUID | None = None,
    source: str | None = None,
    source_id: str | None = None,
) -> Deal:
    """The new deal, open.

    Raises Problem BLANK, INVALID, TOO_LONG, TOO_LARGE, TAKEN, NO_PORTAL_ACCESS or NOT_ACTIVE.
    """
    columns = checked({"title": title, "stage": stage, "expected_close_on": expected_close_on}, amount)
    require_assignable(await held_user(assigned_user_id), partner_id)
    links = {
        "contact_id": contact_id,
        "conversation_id": conversation_id,
        "partner_id": partner_id,
        "assigned_user_id": assigned_user_id,
    }
    places = {"owner_id": owner_id, "team_id": team_id, "inbox_id": inbox_id} | from_source(source, source_id)
    deal = Deal(account_id=by.account_id, **columns, **links, **places)
    return await create_record(by, deal, "create_deal")
