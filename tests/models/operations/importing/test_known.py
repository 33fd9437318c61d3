"""Which ids are known, found by the index even in a table that PostgreSQL has not looked at yet."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from models import Deal
from models.database import Database, Session
from models.operations.importing.known import known_ids
from models.sql import Sql
from tests.conftest import NUMBERS, RUN, PostgresServer
from tests.models.operations.importing.exporting import importer
from tests.models.operations.importing.exports import write_large_export


async def test_those_that_were_imported_are_known(database: Database, tmp_path: Path) -> None:
    export = await importer(database, write_large_export(tmp_path / "export", 3))
    await export.run()
    asked = ["00000000", "00000002", "elsewhere"]
    async with database.reading() as session:
        known = await known_ids(session, export.by, Deal, "crm", asked)
        assert await known_ids(session, export.by, Deal, "another", asked) == {}
        assert await known_ids(session, export.by, Deal, "crm", []) == {}
    deals = await export.deals()
    assert known == {source_id: deals[source_id].id for source_id in ("00000000", "00000002")}


@pytest.fixture
async def unseen(postgres: PostgresServer) -> AsyncIterator[Database]:
    """A database that PostgreSQL has never counted; what other tests leave, it has."""
    opened = await Database.open(await postgres.make(f"{RUN}_{next(NUMBERS)}", postgres.template))
    yield opened
    await opened.close()


async def test_no_other_row_is_read(
    unseen: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Or an import takes longer with every row that was imported before."""
    export = await importer(unseen, write_large_export(tmp_path / "export", 2000))
    await export.run()
    plans = explaining(monkeypatch)
    async with unseen.reading() as session:
        await known_ids(session, export.by, Deal, "crm", ["elsewhere", "nowhere"])
    [plan] = plans
    assert "Index Scan" in plan
    assert "Rows Removed by Filter" not in plan


def explaining(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Let sessions explain SELECTs instead of answering them, to the list."""
    plans: list[str] = []
    fetch = Session.fetch

    async def explain(session: Session, sql: Sql) -> list[Any]:
        if not sql.text.startswith("SELECT"):
            return await fetch(session, sql)
        [row] = await fetch(session, "EXPLAIN (ANALYZE, FORMAT JSON) " + sql)
        plans.append(json.dumps(row["QUERY PLAN"]))
        return []

    monkeypatch.setattr(Session, "fetch", explain)
    return plans
