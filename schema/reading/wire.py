"""What a plan's shape calls: values as JSON has them from the database, made what goes over the wire."""

from binascii import b2a_base64
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

from tortoise import fields

from models.database import Dialect
from models.rules.money import EXPONENTS
from schema.scalars import write_instant
from schema.tables import MODELS


def global_id(type_name: str, id: str) -> str:
    """The id by which clients know the object."""
    return b2a_base64(f"{type_name}:{id}".encode(), newline=False).decode()


def money_text(units: int, currency: str) -> str:
    """Minor units written in the currency's own unit, with all its decimal places."""
    places = EXPONENTS[currency]
    if not places:
        return str(units)
    digits = str(abs(units)).rjust(places + 1, "0")
    return f"{'-' if units < 0 else ''}{digits[:-places]}.{digits[-places:]}"


def instant_of_postgres(text: str | None) -> str | None:
    """An instant as PostgreSQL's JSON has it, with zone UTC."""
    if text is None or (len(text) == 25 and text.endswith("+00:00")):
        return text and text[:19] + "Z"
    return write_instant(datetime.fromisoformat(text))


def instant_of_sqlite(text: str | None) -> str | None:
    """An instant as SQLite keeps it, in UTC."""
    if text is not None and len(text) == 32 and text.endswith(".000000+00:00"):
        return f"{text[:10]}T{text[11:19]}Z"
    if text is None:
        return None
    instant = datetime.fromisoformat(text)
    return write_instant(instant if instant.tzinfo else instant.replace(tzinfo=UTC))


def flag(held: int | None) -> bool | None:
    """SQLite's truth."""
    return None if held is None else bool(held)


def writer(dialect: Dialect, table: str, column: str) -> Callable[[Any], Any] | None:
    """What makes a column's value what clients meet; None where it is that already."""
    model_field = MODELS[table]._meta.fields_map[column]
    if isinstance(model_field, fields.DatetimeField):
        return instant_of_postgres if dialect is Dialect.POSTGRES else instant_of_sqlite
    if isinstance(model_field, fields.BooleanField) and dialect is Dialect.SQLITE:
        return flag
    return None


def reader(dialect: Dialect, table: str, column: str) -> Callable[[str], Any] | None:
    """What makes a column's value what the driver gives, as cursors hold it; None where it is so already."""
    model_field = MODELS[table]._meta.fields_map[column]
    if dialect is Dialect.SQLITE:
        return None
    if isinstance(model_field, fields.DatetimeField):
        return datetime.fromisoformat
    return date.fromisoformat if isinstance(model_field, fields.DateField) else None
