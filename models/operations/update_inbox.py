"""Renaming an inbox."""

from models.inbox import Inbox
from models.operations import text
from models.operations.actor import Actor
from models.operations.change import locked
from models.operations.row_change import change_row
from models.operations.unset import UNSET, Unset, given


async def update_inbox(
    by: Actor, inbox: Inbox, *, name: str | Unset = UNSET, expected_version: int | None = None
) -> Inbox:
    """The inbox; raises Conflict, or Problem BLANK, INVALID, TOO_LONG or TAKEN."""
    inbox = await locked(inbox, expected_version)
    columns = text.checked(given(name=name), {"name": text.name})
    return await change_row(by, inbox, columns, "update_inbox", taken="name")
