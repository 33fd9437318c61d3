"""Changes kept in timelines and audit entries: each value is read by the rule of the field that it was of."""

from typing import Any
from uuid import UUID

import strawberry

from authz.access import IN_SIGHT, Refused
from authz.judging import holds
from schema.context import Columns, Context
from schema.fields import GuardedField, column
from schema.global_id import to_global
from schema.money import Money
from schema.reading.reads import Amount, Column, Each, One
from schema.reading.view import guarded_fields
from schema.seen import TYPES, Seen
from schema.tables import type_name


@strawberry.type
class Change(Seen):
    """A field's value before and after; null where there was none, or where it may not be read.

    A reference is the id of what was referred to, null where that is out of sight; a list is its
    parts, separated by commas.
    """

    field: str | None = column(IN_SIGHT)
    before: str | None = column(IN_SIGHT)
    after: str | None = column(IN_SIGHT)


async def changes_of(
    context: Context, table: str, row: Columns | None, kept: dict[str, Any], info: Any
) -> list[Change]:
    """The changes that were made to fields of `table`, as they may be read on its row today."""
    if table not in TYPES:
        return []
    converter = info.schema.config.name_converter
    changes = []
    for field in guarded_fields(table).values():
        pair = kept_of(field, kept)
        if pair is None:
            continue
        readable = row is not None and await _readable(context, table, field, row)
        before, after = [await _text(context, field, value) if readable else None for value in pair]
        if is_out_of_sight(field, before, after):
            continue
        changes.append(Change.of({"field": converter.from_field(field), "before": before, "after": after}))
    return changes


def is_out_of_sight(field: GuardedField, before: str | None, after: str | None) -> bool:
    """Whether a reference led from nothing in sight to nothing in sight: in the view nothing changed."""
    return isinstance(field.reads, One) and before is None and after is None


def kept_of(field: GuardedField, kept: dict[str, Any]) -> list[Any] | None:
    """What was kept of a field, before and after; None where nothing was."""
    match field.reads:
        case Amount(units, currency) if units in kept:
            return [_units(kept, units, currency, side) for side in (0, 1)]
        case Column():
            return kept.get(field.column_name)
        case One():
            return kept.get(field.reads.column(field))
        case Each(through=(_, _, there)):
            return kept.get(f"{there}s")
    return None


def _units(kept: dict[str, Any], units: str, currency: str, side: int) -> tuple[int, str] | None:
    codes = kept.get(currency)
    if kept[units][side] is None or not codes or codes[side] is None:
        return None
    return kept[units][side], codes[side]


async def _readable(context: Context, table: str, field: GuardedField, row: Columns) -> bool:
    decision = field.rule.decide(context.viewer, table)
    if isinstance(decision, Refused):
        return False
    return await holds(decision, row, context.known_viewer, context.related)


async def _text(context: Context, field: GuardedField, value: Any) -> str | None:
    if value is None:
        return None
    match field.reads:
        case One(child):
            return await _reference(context, child, value)
        case Each(child):
            found = [await _reference(context, child, each) for each in value]
            return ", ".join(each for each in found if each is not None)
        case Amount():
            return money_text(value)
    return plain_text(value)


async def _reference(context: Context, table: str, id: str) -> str | None:
    found = await context.find(table, UUID(id))
    return None if found is None else to_global(type_name(table), found["id"])


def money_text(kept: tuple[int, str]) -> str:
    """An amount that was kept."""
    money = Money.of_units(*kept)
    return f"{money.row['amount']} {money.row['currency']}"


def plain_text(value: Any) -> str:
    """A value that was kept; a list is its parts."""
    if isinstance(value, list):
        return ", ".join(plain_text(each) for each in value)
    return str(value).lower() if isinstance(value, bool) else str(value)
