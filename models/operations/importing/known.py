"""Which of an export's ids are known already, found by the index whatever their number."""

import json
from collections.abc import Iterable
from uuid import UUID

from models.contact import Contact
from models.database import Dialect, Session, hydrate
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
    # A lookup an id: of `source_id IN (…)`, PostgreSQL makes a filter over everything that was ever
    # imported from this source, as long as it has not yet counted what is in the table.
    lookup = (
        f"SELECT id FROM {model._meta.db_table} WHERE account_id = ? AND source = ? AND source_id = value"
    )
    rows = await session.fetch(
        Sql(f"SELECT value AS source_id, ({lookup}) AS id FROM ", (by.account_id, source))
        + _listed(session.dialect, list(wanted))
    )
    found = [hydrate(model, row) for row in rows if row["id"] is not None]
    return {wanted[row["source_id"]]: row["id"] for row in found}


def _listed(dialect: Dialect, texts: list[str]) -> Sql:
    """A table of these texts, in its column `value`."""
    if dialect is Dialect.POSTGRES:
        return Sql("unnest(CAST(? AS text[])) AS value", (texts,))
    return Sql("json_each(?)", (json.dumps(texts),))
