"""Leaving records to nobody, all of an agent's."""

from uuid import UUID

from models.database import Session, hydrate
from models.operations.moving import Move, Telling, held_records, move_records
from models.operations.record_type import MODELS
from models.record import RecordType
from models.sql import Sql

BATCH = 500


async def release_records(session: Session, owner_id: UUID, telling: Telling) -> None:
    """Make every record of the owner's nobody's; their teams and inboxes stay."""
    for kind in MODELS:
        while ids := await _next(session, kind, owner_id):
            held = await held_records(session, kind, ids)
            moves = [Move(kind, record, None, record["team_id"]) for record in held.values()]
            await move_records(session, moves, telling)


async def _next(session: Session, kind: RecordType, owner_id: UUID) -> list[UUID]:
    table = MODELS[kind]._meta.db_table
    listed = Sql(f"SELECT id FROM {table} WHERE owner_id = ? ORDER BY id LIMIT {BATCH}", (owner_id,))
    return [hydrate(MODELS[kind], row)["id"] for row in await session.fetch(listed)]
