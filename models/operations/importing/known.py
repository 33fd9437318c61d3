"""Which of an export's ids are known already, found by the index whatever their number."""

from collections.abc import Iterable
from uuid import UUID

from models.contact import Contact
from models.database import Session, among, hydrate
from models.operations.actor import Actor
from models.operations.erase_contact import erased_source_id
from models.record import Record
from models.sql import Sql


async def known_ids(
    session: Session, by: Actor, model: type[Record], source: str, source_ids: Iterable[str]
) -> dict[str, UUID]:
    """The record imported from `source` under each id; that of an erased contact has become another."""
    wanted = {source_id: source_id for source_id in source_ids}
    if model is Contact:
        wanted |= {erased_source_id(source_id): source_id for source_id in list(wanted)}
    # One parameter: among a thousand, PostgreSQL would rather walk the whole table than the index.
    rows = await session.fetch(
        Sql(
            f"SELECT id, source_id FROM {model._meta.db_table} WHERE account_id = ? AND source = ? AND ",
            (by.account_id, source),
        )
        + among(session.dialect, "source_id", wanted)
    )
    found = [hydrate(model, row) for row in rows]
    return {wanted[row["source_id"]]: row["id"] for row in found}
