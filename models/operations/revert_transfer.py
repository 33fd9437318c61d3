"""Reverting a transfer: what is still as it left it goes back, and the rest stays and says so."""

from models.agent import Agent
from models.database import Session
from models.operations import audit
from models.operations.actor import Actor
from models.operations.change import agree, all_locked
from models.operations.new_owner import require_active
from models.operations.problem import Problem
from models.operations.record_type import MODELS
from models.operations.transfer_batch import MayMove, move_all
from models.operations.transfer_items import Chosen
from models.operations.transfer_portfolio import AT_ONCE
from models.sql import Sql
from models.transfer import ItemState, Transfer, TransferItem, TransferState

_NOT_NOW = {
    TransferState.RUNNING: ("NOT_FINISHED", "The transfer is still running; revert it once it has ended."),
    TransferState.REVERTING: ("ALREADY_REVERTED", "The transfer is being reverted already."),
    TransferState.REVERTED: ("ALREADY_REVERTED", "The transfer was reverted already."),
}


async def draft_revert(
    session: Session, by: Actor, transfer: Transfer, chosen: Chosen, *, expected_version: int | None = None
) -> Transfer:
    """The transfer, on its way back: items of the records in `chosen` are to return, the others are kept.

    Raises Conflict, or Problem NOT_FINISHED, ALREADY_REVERTED or NOT_ACTIVE.
    """
    # Before it is held: whoever goes on with it leaves it to whoever holds it.
    _require_ended(transfer)
    giver = (await all_locked(Agent, [transfer.from_agent_id]))[transfer.from_agent_id]
    held = await Transfer.filter(id=transfer.id).select_for_update(no_key=True).get()
    agree(held, expected_version)
    _require_ended(held)
    require_active(giver, "transferId")
    await _part(session, held, chosen)
    held.state, held.reverted_by_id = TransferState.REVERTING, by.agent_id
    await held.save(update_fields=["state", "reverted_by_id"])
    return held


def _require_ended(transfer: Transfer) -> None:
    if transfer.state in _NOT_NOW:
        raise Problem(*_NOT_NOW[transfer.state])


async def _part(session: Session, transfer: Transfer, chosen: Chosen) -> None:
    for kind, condition in chosen.items():
        head = Sql(
            f"UPDATE transfer_item SET state = '{ItemState.RETURNING}' WHERE transfer_id = ? "
            f"AND state = '{ItemState.MOVED}' AND record_type = '{kind.value}' AND record_id IN ("
            f"SELECT t.id FROM {MODELS[kind]._meta.db_table} t WHERE ",
            (transfer.id,),
        )
        await session.fetch(head + condition + ")")
    await TransferItem.filter(transfer_id=transfer.id, state=ItemState.MOVED).update(state=ItemState.KEPT)


async def revert_transfer(
    session: Session, by: Actor, transfer: Transfer, may_move: MayMove | None = None
) -> Transfer:
    """Begin to bring back what is to return, and end it too where it is little."""
    await audit.append(by, "revert_transfer", transfer)
    returning = await TransferItem.filter(transfer_id=transfer.id, state=ItemState.RETURNING).count()
    return await move_all(session, transfer, may_move) if returning <= AT_ONCE else transfer
