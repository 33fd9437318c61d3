"""Rows that are inserted by the thousand are those that their models would have saved."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from tortoise import Model

from models import Deal, DealStatus, TimelineEntry
from models.database import BadValue, Database, IntegrityError, Session
from models.ids import new_id
from models.operations.inserting import insert_rows
from models.record import RecordType
from models.sql import Sql
from tests.models.operations.importing.exporting import importer

AT = datetime(2017, 3, 1, 12, 30, tzinfo=UTC)


async def saved(session: Session, model: type[Model], row_id: Any) -> dict[str, Any]:
    """The row as the database has it, without what is different in each."""
    rows = await session.fetch(Sql(f"SELECT * FROM {model._meta.db_table} WHERE id = ?", (row_id,)))
    return {column: value for column, value in rows[0].items() if column not in ("id", "record_id")}


async def test_a_row_is_what_the_model_would_have_saved(database: Database, tmp_path: Path) -> None:
    account = (await importer(database, tmp_path)).account
    deal = {
        "account_id": account.id,
        "title": "GROẞE Kite?",
        "status": DealStatus.WON,
        "amount": 2**40,
        "currency": "USD",
        "won_at": AT,
        "expected_close_on": date(2017, 4, 1),
        "created_at": AT,
        "updated_at": AT,
    }
    entry = {
        "account_id": account.id,
        "record_type": RecordType.DEAL,
        "record_id": new_id(),
        "number": 1,
        "kind": "IMPORTED",
        "at": AT,
        "changes": {"title": [None, 'Kite "é"'], "amount": [None, 105_400]},
    }
    told: tuple[tuple[type[Model], dict[str, Any]], ...] = ((Deal, deal), (TimelineEntry, entry))
    async with database.writing() as session:
        for model, columns in told:
            usual, row_id = await model.create(**columns), new_id()
            row = vars(model(**columns)) | {"id": row_id, "record_id": new_id()}
            await insert_rows(session, model, [row])
            assert await saved(session, model, row_id) == await saved(session, model, usual.pk)


async def test_what_no_column_can_hold_is_refused(database: Database, tmp_path: Path) -> None:
    account = (await importer(database, tmp_path)).account
    blank = vars(Deal(account_id=account.id, title="Kite"))
    for bad in ({"title": "a\0b"}, {"title": "\ud800"}, {"amount": 2**63}):
        with pytest.raises(BadValue):
            async with database.writing() as session:
                await insert_rows(session, Deal, [blank | {"id": new_id()}, blank | bad])
    with pytest.raises(IntegrityError):
        async with database.writing() as session:
            await insert_rows(session, Deal, [blank | {"id": new_id()}, blank | {"title": None}])
    async with database.reading():
        assert await Deal.all().count() == 0
