"""Who may be a deal's assigned user: one of its partner's, with portal access."""

from uuid import UUID

from models.operations.change import all_locked
from models.operations.problem import Problem
from models.partner import PartnerUser


async def held_user(user_id: UUID | None) -> PartnerUser | None:
    """The partner user, held as they are until the transaction ends. They are locked before deals, always."""
    if user_id is None:
        return None
    return (await all_locked(PartnerUser, [user_id]))[user_id]


def require_assignable(user: PartnerUser | None, partner_id: UUID | None) -> None:
    """Raise Problem INVALID or NO_PORTAL_ACCESS unless `user` may stand for the partner; nobody may."""
    if user is None:
        return
    if user.partner_id != partner_id:
        raise Problem("INVALID", "The assigned user is one of the deal's partner.", "assignedUserId")
    if not user.portal_access:
        raise Problem(
            "NO_PORTAL_ACCESS", "The assigned user has portal access; give it first.", "assignedUserId"
        )
