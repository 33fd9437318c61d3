"""Filters and orderings, generated from the fields that each type declares.

A field can be compared if it reads a column, a reference or a related list; what may not be read
can't be compared either (schema/reading/filtering.py judges that).
"""

from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any

import strawberry
from strawberry import ID, UNSET
from tortoise import fields as db

from schema.fields import GuardedField
from schema.inputs import NAMESPACE, keep
from schema.reading.reads import Amount, Column, One, Related
from schema.reading.view import WORDS, comparable, guarded_fields
from schema.seen import TYPES
from schema.tables import MODELS, type_name


@strawberry.enum
class Direction(Enum):
    """Up or down; hidden and absent values come last either way."""

    ASC = "ASC"
    DESC = "DESC"


def _input(name: str, doc: str, annotations: dict[str, Any]) -> Any:
    namespace: dict[str, Any] = {
        key: strawberry.field(name=key.rstrip("_") if key.endswith("_") else None, default=UNSET)
        for key in annotations
    }
    namespace |= {"__annotations__": annotations, "__module__": "schema.inputs", "__doc__": doc}
    return keep(strawberry.input(type(name, (), namespace), description=doc))


def _comparison(name: str, operand: Any, operators: str) -> Any:
    annotations = {
        operator: list[operand] | None
        if operator == "in_"
        else bool | None
        if operator == "is_null"
        else operand | None
        for operator in operators.split()
    }
    return _input(name, "Conditions on a value; all that are given must hold.", annotations)


ORDERED = "eq ne in_ lt lte gt gte is_null"
TextFilter = _comparison("TextFilter", str, f"{ORDERED} contains")
NumberFilter = _comparison("NumberFilter", int, ORDERED)
InstantFilter = _comparison("InstantFilter", datetime, ORDERED)
DayFilter = _comparison("DayFilter", date, ORDERED)
BooleanFilter = _comparison("BooleanFilter", bool, "eq ne is_null")
IdFilter = _comparison("IdFilter", ID, "eq ne in_")
WordFilter = _comparison("WordFilter", str, "eq ne in_ is_null")
MoneyFilter = _input(
    "MoneyFilter",
    "Conditions on an amount of one currency (the account's, if none is given); others are not compared.",
    {
        **dict.fromkeys(["eq", "ne", "lt", "lte", "gt", "gte"], Decimal | None),
        "in_": list[Decimal] | None,
        "is_null": bool | None,
        "currency": str | None,
    },
)


def _enum_filter(enum: type[Enum]) -> Any:
    name = f"{enum.__name__}Filter"
    return NAMESPACE.get(name) or _comparison(name, enum, "eq ne in_ is_null")


def _column_filter(table: str, column: str) -> Any:
    field = MODELS[table]._meta.fields_map[column]
    if hasattr(field, "enum_type"):
        return _enum_filter(field.enum_type)
    if (table, column) in WORDS:
        return WordFilter
    if comparable(table, column) != column:
        return TextFilter
    kinds: tuple[tuple[type, Any], ...] = (
        (db.BooleanField, BooleanFilter),
        (db.DatetimeField, InstantFilter),
        (db.DateField, DayFilter),
        (db.IntField, NumberFilter),
        (db.SmallIntField, NumberFilter),
    )
    return next((kind_filter for kind, kind_filter in kinds if isinstance(field, kind)), None)


def _field_filter(table: str, field: GuardedField) -> Any:
    match field.reads:
        case Column():
            return _column_filter(table, field.column_name)
        case Amount():
            return MoneyFilter
        case One(child):
            return _reference_filter(child)
        case Related(child) if not field.reads.whole:
            return _list_filter(child)
    return None


def _reference_filter(child: str) -> Any:
    name = f"{type_name(child)}ReferenceFilter"
    nested = f"Optional[{type_name(child)}Filter]"
    return NAMESPACE.get(name) or _input(
        name,
        "Conditions on what is referred to: which one, whether any, and what it is like.",
        {
            "eq": ID | None,
            "ne": ID | None,
            "in_": list[ID] | None,
            "is_null": bool | None,
            "is_": nested,
        },
    )


def _list_filter(child: str) -> Any:
    name = f"{type_name(child)}ListFilter"
    nested = f"Optional[{type_name(child)}Filter]"
    return NAMESPACE.get(name) or _input(
        name,
        "Conditions on a related list, as far as it is in sight.",
        {"some": nested, "none": nested, "every": nested},
    )


def sortable(table: str) -> dict[str, GuardedField]:
    """The fields that a list of this type can be ordered by, by their names in Python."""
    return {
        name: field
        for name, field in guarded_fields(table).items()
        if isinstance(field.reads, Column | Amount) and _field_filter(table, field) not in (None, WordFilter)
    }


def _build_filter(table: str) -> None:
    name = f"{type_name(table)}Filter"
    annotations: dict[str, Any] = {"id": IdFilter | None}
    for field_name, field in guarded_fields(table).items():
        if (field_filter := _field_filter(table, field)) is not None:
            annotations[field_name] = field_filter | None
    listed = f"Optional[list[{name}]]"
    annotations |= {"search": str | None, "all": listed, "any": listed, "not_": f"Optional[{name}]"}
    _input(name, "Conditions that rows must meet, all that are given.", annotations)


def _build_order(table: str) -> None:
    fields = list(sortable(table)) or ["name"]
    members = {field.upper(): field for field in fields}
    enum: Any = Enum(f"{type_name(table)}OrderField", members)  # type: ignore[misc]
    keep(strawberry.enum(enum))
    name = f"{type_name(table)}Order"
    namespace = {
        "__annotations__": {"field": enum, "direction": Direction},
        "__module__": "schema.inputs",
        "direction": strawberry.field(default=Direction.ASC),
    }
    keep(strawberry.input(type(name, (), namespace), description="A field to order by, and which way."))


def build_inputs() -> None:
    """Make the filter and the ordering of every type; to be called once all types are declared."""
    for table in TYPES:
        if f"{type_name(table)}Filter" not in NAMESPACE:
            _build_filter(table)
            _build_order(table)
