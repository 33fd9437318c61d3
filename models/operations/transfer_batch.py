"""The next records of a transfer, moved or brought back: a batch a transaction, gone on with after any stop.

What an item says is all that has to be known, so whoever comes next goes on where the last one ended.
Each batch is a write of its own, so whether it may be made is asked again in its transaction.
"""

import logging
from collections.abc import Awaitable, Callable, Container, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from models import clock
from models.agent import Agent, AgentStatus
from models.database import Crossed, Database, Session, among, hydrate
from models.operations import access_version
from models.operations.actor import Actor
from models.operations.moving import Move, Telling, held_records, move_records
from models.operations.record_type import MODELS
from models.operations.timeline import TimelineKind
from models.operations.updating import update_rows
from models.ownership import OwnershipCause
from models.sql import Sql
from models.transfer import ItemState, Transfer, TransferItem, TransferState

log = logging.getLogger("carteira.transfers")

BATCH = 500
GOING_ON = (TransferState.RUNNING, TransferState.REVERTING)

Row = Mapping[str, Any]

MayMove = Callable[[Session, Transfer, Sequence[Row]], Awaitable[Container[UUID]]]
"""Given a transfer and its next items, whose records are held: the records that it may still move."""


@dataclass(frozen=True, slots=True)
class Direction:
    """There or back: which items go next, what becomes of them, and what is told."""

    takes: ItemState
    gone: ItemState
    stayed: ItemState
    ends: TransferState
    ended_at: str
    kind: TimelineKind
    cause: OwnershipCause


THERE = Direction(
    ItemState.WAITING,
    ItemState.MOVED,
    ItemState.LEFT,
    TransferState.APPLIED,
    "finished_at",
    TimelineKind.TRANSFERRED,
    OwnershipCause.TRANSFERRED,
)
BACK = Direction(
    ItemState.RETURNING,
    ItemState.REVERTED,
    ItemState.KEPT,
    TransferState.REVERTED,
    "reverted_at",
    TimelineKind.TRANSFER_REVERTED,
    OwnershipCause.REVERTED,
)


async def go_on(database: Database, may_move: MayMove, transfer_id: UUID) -> None:
    """Go on with a transfer to its end; where somebody else does already, leave it to them."""
    going_on = True
    while going_on:
        try:
            going_on = await _next(database, may_move, transfer_id)
        except Crossed:
            log.info("Transfer %s was crossed by another write; its batch begins again.", transfer_id)


async def _next(database: Database, may_move: MayMove, transfer_id: UUID) -> bool:
    async with database.writing() as session:
        transfer = await Transfer.filter(id=transfer_id).first()
        if transfer is None:
            return False
        await access_version.share(session, transfer.account_id)
        going_on = Transfer.filter(id=transfer_id, state__in=GOING_ON)
        held = await going_on.select_for_update(skip_locked=True, no_key=True).first()
        return held is not None and await move_batch(session, held, may_move)


async def move_all(session: Session, transfer: Transfer, may_move: MayMove | None = None) -> Transfer:
    """Everything at once, in the transaction that is open, and in which it was judged.

    `may_move` looks again at the records once they are held.
    """
    while transfer.state in GOING_ON:
        await move_batch(session, transfer, may_move)
    return transfer


async def move_batch(session: Session, transfer: Transfer, may_move: MayMove | None = None) -> bool:
    """Move the next records; False once there are none. The caller holds the transfer and the account.

    `may_move` judges them; without it they were judged in this transaction. Raises ValueError where the
    transfer does not go on.
    """
    direction = _direction(transfer)
    batch = await _batch(session, transfer, direction)
    if not batch:
        await _end(transfer, direction)
        return False
    held = await _held(session, batch)
    allowed = held if may_move is None else await may_move(session, transfer, batch)
    judge = await (_there if direction is THERE else _back)(session, transfer, batch)
    moves: dict[UUID, Move] = {}
    for item in batch:
        record = held.get(item["record_id"])
        move = judge(item, record) if record is not None and item["record_id"] in allowed else None
        if move is not None:
            moves[item["id"]] = move
    await move_records(session, list(moves.values()), _telling(transfer, direction))
    await _mark(session, direction, batch, moves)
    return True


def _direction(transfer: Transfer) -> Direction:
    if transfer.state not in GOING_ON:
        raise ValueError(f"the transfer {transfer.id} is {transfer.state} and does not go on")
    return THERE if transfer.state is TransferState.RUNNING else BACK


async def _held(session: Session, batch: Sequence[Row]) -> dict[UUID, Row]:
    """The records of the items, held in the order that all writers keep."""
    held: dict[UUID, Row] = {}
    for kind in MODELS:
        ids = [item["record_id"] for item in batch if item["record_type"] is kind]
        held |= await held_records(session, kind, ids) if ids else {}
    return held


async def _batch(session: Session, transfer: Transfer, direction: Direction) -> list[Row]:
    statement = (
        "SELECT id, record_type, record_id, to_agent_id, team_before_id, team_after_id, interval_id "
        "FROM transfer_item "
        f"WHERE transfer_id = ? AND state = '{direction.takes}' ORDER BY number LIMIT {BATCH}"
    )
    return [hydrate(TransferItem, row) for row in await session.fetch(Sql(statement, (transfer.id,)))]


Judge = Callable[[Row, Row], Move | None]
"""Given an item and its record: how it moves; None where it is not what it was any more.

Made once the records are held, so that what it knows of them stands.
"""


async def _there(session: Session, transfer: Transfer, batch: Sequence[Row]) -> Judge:
    """A record goes if it still is the giver's and lies where it lay, to who is active; it comes to lie where
    it was drawn up to.
    """
    agents = await Agent.filter(id__in={item["to_agent_id"] for item in batch}, status=AgentStatus.ACTIVE)
    active = {agent.id for agent in agents}

    def judge(item: Row, record: Row) -> Move | None:
        as_drawn = (transfer.from_agent_id, item["team_before_id"])
        if (record["owner_id"], record["team_id"]) != as_drawn or item["to_agent_id"] not in active:
            return None
        return Move(item["record_type"], record, item["to_agent_id"], item["team_after_id"])

    return judge


async def _back(session: Session, transfer: Transfer, batch: Sequence[Row]) -> Judge:
    """A record goes back if it lies as the transfer left it, and the ownership that began then is open, to
    a giver who is active.
    """
    giver = await Agent.get(id=transfer.from_agent_id)
    intervals = [item["interval_id"] for item in batch]
    open_ = Sql("SELECT id FROM ownership WHERE ended_at IS NULL AND ") + among(
        session.dialect, "id", intervals
    )
    still = {hydrate(TransferItem, row)["id"] for row in await session.fetch(open_)}

    def judge(item: Row, record: Row) -> Move | None:
        as_left = (item["to_agent_id"], item["team_after_id"])
        if giver.status is not AgentStatus.ACTIVE or item["interval_id"] not in still:
            return None
        if (record["owner_id"], record["team_id"]) != as_left:
            return None
        return Move(item["record_type"], record, giver.id, item["team_before_id"])

    return judge


def _telling(transfer: Transfer, direction: Direction) -> Telling:
    author = transfer.made_by_id if direction is THERE else transfer.reverted_by_id
    by = Actor(transfer.account_id, agent_id=author)
    return Telling(by, direction.kind, direction.cause, transfer.reason, transfer.id)


async def _mark(
    session: Session, direction: Direction, batch: Sequence[Row], moves: Mapping[UUID, Move]
) -> None:
    marked = [
        {
            "id": item["id"],
            "state": direction.gone if item["id"] in moves else direction.stayed,
            "interval_id": moves[item["id"]].interval_id if item["id"] in moves else item["interval_id"],
        }
        for item in batch
    ]
    await update_rows(session, TransferItem, marked)


async def _end(transfer: Transfer, direction: Direction) -> None:
    transfer.state = direction.ends
    setattr(transfer, direction.ended_at, clock.now())
    transfer.version += 1
    await transfer.save(update_fields=["state", direction.ended_at, "version"])


async def go_on_with_all(database: Database, may_move: MayMove) -> int:
    """Go on with every transfer that was stopped half-way; say how many there were."""
    async with database.reading():
        going_on = Transfer.filter(state__in=GOING_ON).order_by("created_at")
        ids = [transfer.id for transfer in await going_on]
    for id in ids:
        try:
            await go_on(database, may_move, id)
        except Exception:
            log.exception("Transfer %s could not be gone on with; the next tick tries again.", id)
    return len(ids)
