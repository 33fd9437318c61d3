"""Taking a partner into the account."""

from models.operations import text
from models.operations.actor import Actor
from models.operations.row_change import create_row
from models.partner import Partner


async def create_partner(by: Actor, *, name: str) -> Partner:
    """The new partner; raises Problem BLANK, INVALID, TOO_LONG or TAKEN."""
    partner = Partner(account_id=by.account_id, name=text.name(name))
    return await create_row(by, partner, "create_partner", taken="name")
