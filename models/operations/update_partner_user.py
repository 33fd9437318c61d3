"""Changing a partner user, and whether they can sign in."""

from models.deal import Deal
from models.operations import text
from models.operations.access_version import locked_with_account
from models.operations.actor import Actor
from models.operations.revoke_sessions import revoke_all
from models.operations.row_change import change_row
from models.operations.set_deal_partner import set_deal_partner
from models.operations.unset import UNSET, Unset, given
from models.partner import PartnerUser

_BATCH = 200
_ACCESS = frozenset({"portal_access"})
_CHECKS: text.Checks = {"name": text.required, "email": text.email}


async def update_partner_user(
    by: Actor,
    user: PartnerUser,
    *,
    name: str | Unset = UNSET,
    email: str | Unset | None = UNSET,
    portal_access: bool | Unset = UNSET,
    expected_version: int | None = None,
) -> PartnerUser:
    """The partner user. Taking portal access away takes their deals from them, and no token is good then.

    Raises Conflict, or Problem BLANK, INVALID or TOO_LONG.
    """
    user = await locked_with_account(user, expected_version)
    had_access = user.portal_access
    columns = text.checked(given(name=name, email=email, portal_access=portal_access), _CHECKS)
    user = await change_row(by, user, columns, "update_partner_user", access=_ACCESS)
    if not (had_access and user.portal_access):
        await revoke_all(by, user)
    if portal_access is False:
        await _unassign(by, user)
    return user


async def _unassign(by: Actor, user: PartnerUser) -> None:
    while batch := await Deal.filter(assigned_user_id=user.id).order_by("id").limit(_BATCH):
        for deal in batch:
            await set_deal_partner(by, deal, partner_id=deal.partner_id)
