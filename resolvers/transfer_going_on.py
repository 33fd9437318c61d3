"""Whether a transfer that goes on still may: each batch is judged by the rights of whose it is, as of today.

(authorization.md, "The viewer": a write checks inside its transaction whatever a viewer is built from)
"""

from collections.abc import Callable, Collection, Sequence
from uuid import UUID

from authz.compiling import Compiler
from authz.policies import placeable_records
from authz.predicate import Predicate
from authz.scopes import changeable, visible
from authz.transfer import gets_in_scope, may_rule
from authz.viewer import Viewer
from models import RecordType, Transfer, TransferRule, TransferState
from models.database import Session, among
from models.operations.draft_transfer import items_of
from models.operations.record_type import MODELS
from models.operations.transfer_batch import Row
from models.operations.transfer_items import afterwards
from models.sql import Sql, value
from resolvers.acting_viewer import agent_today
from schema.reading.view import View

Named = Callable[[Viewer], Predicate]
"""Given who moves records: the transfers that they may go on with."""


async def may_move(session: Session, transfer: Transfer, items: Sequence[Row]) -> Collection[UUID]:
    """The records of these items that whoever moves them has in sight, may change, and may put where they
    are to lie; none, where they may not make this transfer any more.
    """
    mover, named = await _mover(session, transfer)
    if mover is None or not await _holds(session, mover, named, transfer):
        return ()
    listed = _listed(session, transfer, [item["record_id"] for item in items])
    return {id for kind in MODELS for id in await _allowed(session, mover, kind, listed)}


async def _mover(session: Session, transfer: Transfer) -> tuple[Viewer | None, Named]:
    """Who moves the records, and what has to hold for the transfer."""
    there = transfer.state is TransferState.RUNNING
    if there and transfer.rule_id is not None:
        rule = await TransferRule.get(id=transfer.rule_id)
        saver = await agent_today(session, rule.account_id, rule.saved_by_id)
        return (saver if saver is not None and may_rule(saver) else None), gets_in_scope
    mover_id = transfer.made_by_id if there else transfer.reverted_by_id
    mover = None if mover_id is None else await agent_today(session, transfer.account_id, mover_id)
    return mover, _in_sight


def _in_sight(viewer: Viewer) -> Predicate:
    return visible("transfer", viewer)


async def _holds(session: Session, mover: Viewer, named: Named, transfer: Transfer) -> bool:
    condition = Compiler(session.dialect, mover).sql(named(mover), "t")
    statement = "SELECT 1 AS found FROM transfer t WHERE t.id = " + value(transfer.id) + " AND " + condition
    return bool(await session.fetch(statement))


def _listed(session: Session, transfer: Transfer, ids: Sequence[UUID]) -> Sql:
    returning = transfer.state is TransferState.REVERTING
    items = items_of(transfer, returning=returning)
    return "SELECT i.* FROM (" + items + ") i WHERE " + among(session.dialect, "i.record_id", ids)


async def _allowed(session: Session, mover: Viewer, kind: RecordType, listed: Sql) -> list[UUID]:
    return [UUID(str(row["id"])) for row in await session.fetch(_may(session, mover, kind, listed))]


async def leave_out(session: Session, mover: Viewer, transfer: Transfer) -> None:
    """Take out of a transfer that is drawn up the records that the mover may not move so."""
    for kind in MODELS:
        items = "DELETE FROM transfer_item WHERE transfer_id = ? AND record_type = ? AND record_id NOT IN ("
        may = _may(session, mover, kind, items_of(transfer))
        await session.fetch(Sql(items, (transfer.id, kind.value)) + may + ")")


def _may(session: Session, mover: Viewer, kind: RecordType, listed: Sql) -> Sql:
    """The ids of the records of this kind that the mover may move as these items say."""
    view = View(Compiler(session.dialect, mover))
    table = MODELS[kind]._meta.db_table
    condition = (
        view.rows(table, "t")
        + " AND "
        + view.compiler.sql(changeable(mover), "t")
        + " AND "
        + view.compiler.sql(placeable_records(mover, table), "v")
    )
    found = f"SELECT t.id FROM {table} t JOIN (" + afterwards(kind, listed) + ") v ON v.id = t.id WHERE "
    return found + condition
