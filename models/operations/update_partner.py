"""Renaming a partner."""

from models.operations import text
from models.operations.actor import Actor
from models.operations.change import locked
from models.operations.row_change import change_row
from models.operations.unset import UNSET, Unset, given
from models.partner import Partner


async def update_partner(
    by: Actor, partner: Partner, *, name: str | Unset = UNSET, expected_version: int | None = None
) -> Partner:
    """The partner; raises Conflict, or Problem BLANK, INVALID, TOO_LONG or TAKEN."""
    partner = await locked(partner, expected_version)
    columns = text.checked(given(name=name), {"name": text.name})
    return await change_row(by, partner, columns, "update_partner", taken="name")
