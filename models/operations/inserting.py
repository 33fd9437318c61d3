"""Inserting rows by the thousand.

Tortoise's `bulk_create` takes a model's object for each row, and sets, checks and converts its columns
one by one: that costs more than the rows themselves do. Here a column is converted for all rows at once.
"""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from tortoise import Model, fields
from tortoise.fields.data import CharEnumFieldInstance

from models.database import Dialect, Session
from models.engines.values import plain
from models.sql import Sql
from models.text import FoldedField, fold

Columns = Mapping[str, Any]
"""A row's columns and their values; what is no column of its table's is left alone."""


async def insert_rows(session: Session, model: type[Model], rows: Sequence[Columns]) -> None:
    """Insert the rows, which all have the same columns; folded ones follow from their sources.

    Raises BadValue, IntegrityError.
    """
    if not rows:
        return
    columns = stored(model, rows)
    into = f"INSERT INTO {model._meta.db_table} ({', '.join(columns)})"
    if session.dialect is Dialect.POSTGRES:
        arrays = ", ".join(f"CAST(? AS {array_of(model._meta.fields_map[name])})" for name in columns)
        await session.fetch(Sql(f"{into} SELECT * FROM unnest({arrays})", tuple(columns.values())))
    else:
        places = ", ".join("?" * len(columns))
        values = [list(row) for row in zip(*map(_as_text, columns.values()), strict=True)]
        await model._meta.db.execute_many(f"{into} VALUES ({places})", values)


def _as_text(values: Sequence[Any]) -> list[Any]:
    """The values, ids as SQLite keeps them: asked for its adapter one by one, an id costs five times that."""
    return [str(value) if isinstance(value, UUID) else value for value in values]


def stored(model: type[Model], rows: Sequence[Columns]) -> dict[str, list[Any]]:
    """Each column that the rows have, with its values as the database takes them; folded ones follow."""
    return {name: _column(name, field, rows) for name, field in _written(model, rows[0]).items()}


def _written(model: type[Model], row: Columns) -> dict[str, fields.Field[Any]]:
    """The columns that the row has a value for, by name."""
    every = {name: model._meta.fields_map[name] for name in model._meta.fields_db_projection}
    return {name: field for name, field in every.items() if _source(name, field) in row}


def _source(name: str, field: fields.Field[Any]) -> str:
    return field.source if isinstance(field, FoldedField) else name


def _column(name: str, field: fields.Field[Any], rows: Sequence[Columns]) -> list[Any]:
    source = _source(name, field)
    values = [row[source] for row in rows]
    if isinstance(field, FoldedField):
        return [fold(value) for value in values]
    if isinstance(field, fields.JSONField):
        return [field.encoder(value) for value in values]
    if isinstance(field, CharEnumFieldInstance):
        return [plain(value) for value in values]
    return values


def array_of(field: fields.Field[Any]) -> str:
    """The type of a list of the field's values on PostgreSQL, where a text's length and collation are left
    to the table: it refuses what is too long, and a cast would cut it.
    """
    kind: str = field.get_for_dialect("postgres", "SQL_TYPE")
    return kind.split("(")[0].split(" ")[0] + "[]"
