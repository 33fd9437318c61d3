"""Making an inbox."""

from models.inbox import Inbox
from models.operations import text
from models.operations.actor import Actor
from models.operations.row_change import create_row


async def create_inbox(by: Actor, *, name: str) -> Inbox:
    """The new inbox; raises Problem BLANK, INVALID, TOO_LONG or TAKEN."""
    inbox = Inbox(account_id=by.account_id, name=text.name(name))
    return await create_row(by, inbox, "create_inbox", taken="name")
