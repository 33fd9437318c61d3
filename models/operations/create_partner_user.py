"""Taking a partner's contact into the account."""

from uuid import UUID

from models.operations import text
from models.operations.actor import Actor
from models.operations.row_change import create_row
from models.partner import PartnerUser


async def create_partner_user(
    by: Actor, *, partner_id: UUID, name: str, email: str | None = None, portal_access: bool = False
) -> PartnerUser:
    """The new partner user; raises Problem BLANK, INVALID or TOO_LONG."""
    user = PartnerUser(
        account_id=by.account_id,
        partner_id=partner_id,
        **text.checked({"name": name, "email": email}, {"name": text.required, "email": text.email}),
        portal_access=portal_access,
    )
    return await create_row(by, user, "create_partner_user")
