"""Transferring records from one agent to others."""

from models.database import Session
from models.operations import audit
from models.operations.actor import Actor
from models.operations.draft_transfer import Drawn, count_items, drawn_changes
from models.operations.transfer_batch import MayMove, move_all
from models.transfer import Transfer

AT_ONCE = 1_000
"""Records that are moved at once, together with all else that the transaction does; more go in batches."""


async def transfer_portfolio(
    session: Session, by: Actor, transfer: Transfer, drawn: Drawn, may_move: MayMove | None = None
) -> Transfer:
    """Begin a transfer that is drawn up, and end it too where it is small.

    A larger one is RUNNING afterwards: `models.operations.transfer_batch.go_on` goes on with it.
    """
    await audit.append(by, "transfer_portfolio", transfer, drawn_changes(drawn))
    if await count_items(session, transfer) <= AT_ONCE:
        await move_all(session, transfer, may_move)
    return transfer
