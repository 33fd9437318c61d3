"""The large account: the same from the same seed, and one that the databases' own rules accept."""

import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any

from bench.account import Size, tables
from bench.kept import database_url
from models.database import Dialect

SMALL = Size(900)


def rows(seed: int) -> dict[str, list[Any]]:
    """All the rows of a small account."""
    return {table.name: list(table.rows) for table in tables(SMALL, seed)}


def test_the_same_seed_gives_the_same_rows() -> None:
    assert rows(1) == rows(1)
    assert rows(1) != rows(2)


def test_there_is_as_much_as_the_size_says() -> None:
    made = rows(1)
    assert len(made["deal"]) == 900
    assert len(made["contact"]) == 300
    assert len(made["conversation"]) == 450
    full = Size(300_000)
    assert (full.agents, full.teams, full.inboxes) == (200, 12, 8)
    assert (full.contacts, full.conversations) == (100_000, 150_000)


def test_some_records_are_nobodys_and_every_other_one_has_an_open_ownership() -> None:
    made = {
        table.name: [dict(zip(table.columns, row, strict=True)) for row in table.rows]
        for table in tables(SMALL, 1)
    }
    records = [row for name in ("contact", "conversation", "deal") for row in made[name]]
    owned = {row["id"]: row["owner_id"] for row in records if row["owner_id"] is not None}
    assert 0.02 < 1 - len(owned) / len(records) < 0.1
    open_ = {row["record_id"]: row["owner_id"] for row in made["ownership"] if row["ended_at"] is None}
    assert open_ == owned
    assert any(row["ended_at"] for row in made["ownership"])


def test_a_rep_has_deals_enough_for_the_pages_asked_for() -> None:
    made = {table.name: (table.columns, list(table.rows)) for table in tables(Size(3_000), 1)}
    columns, deals = made["deal"]
    each = Counter(row[columns.index("owner_id")] for row in deals)
    del each[None]
    assert min(each.values()) >= 100


def test_a_database_is_made_once_and_then_kept(tmp_path: Path) -> None:
    url = database_url(Dialect.SQLITE, SMALL, 1, tmp_path)
    path = Path(url.removeprefix("sqlite://"))
    made = path.stat().st_mtime_ns
    assert database_url(Dialect.SQLITE, SMALL, 1, tmp_path) == url
    assert path.stat().st_mtime_ns == made
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        assert connection.execute("SELECT count(*) FROM deal").fetchone() == (900,)
