"""Changing rows by the thousand, each to values of its own, in one statement."""

from collections.abc import Mapping, Sequence
from typing import Any

from tortoise import Model

from models.database import Dialect, Session
from models.operations.inserting import Columns, array_of, stored
from models.sql import Sql


async def update_rows(
    session: Session,
    model: type[Model],
    rows: Sequence[Columns],
    *,
    key: str = "id",
    only: str = "TRUE",
    also: str = "",
) -> None:
    """Set the columns that the rows have, all the same ones, where `key` is theirs and `only` holds, in
    which columns go by their table's name too.

    Folded texts follow from their sources. `also` is what is set of itself, as SQL: `version = version + 1`.
    Raises BadValue, IntegrityError.
    """
    if not rows:
        return
    table = model._meta.db_table
    columns = stored(model, rows)
    keys = columns.pop(key)
    more = [also] if also else []
    if session.dialect is Dialect.POSTGRES:
        settings = ", ".join([f"{column} = given.{column}" for column in columns] + more)
        given = _given(model, {key: keys, **columns})
        where = f" WHERE {table}.{key} = given.{key} AND {only}"
        await session.fetch(f"UPDATE {table} SET {settings} FROM " + given + where)
        return
    settings = ", ".join([f"{column} = ?" for column in columns] + more)
    values = [list(row) for row in zip(*columns.values(), keys, strict=True)]
    await model._meta.db.execute_many(f"UPDATE {table} SET {settings} WHERE {key} = ? AND {only}", values)


def _given(model: type[Model], columns: Mapping[str, Sequence[Any]]) -> Sql:
    """The values as a table by the name `given`."""
    arrays = ", ".join(f"CAST(? AS {array_of(model._meta.fields_map[column])})" for column in columns)
    return Sql(f"unnest({arrays}) AS given({', '.join(columns)})", tuple(columns.values()))
