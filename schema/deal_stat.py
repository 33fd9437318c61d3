"""Sums over the deals in sight, by owner, team, inbox, stage or status."""

from enum import StrEnum
from typing import Any
from uuid import UUID

import strawberry

from authz.access import IN_SIGHT
from models.text import fold
from schema.context import Context
from schema.errors import CodedError
from schema.fields import column
from schema.global_id import to_global
from schema.money import Money
from schema.reading.statistics import deal_statistics
from schema.seen import Seen
from schema.tables import type_name


@strawberry.enum
class DealGroup(StrEnum):
    """What deals can be grouped by."""

    OWNER = "OWNER"
    TEAM = "TEAM"
    INBOX = "INBOX"
    STAGE = "STAGE"
    STATUS = "STATUS"


_TABLES = {DealGroup.OWNER: "agent", DealGroup.TEAM: "team", DealGroup.INBOX: "inbox"}


@strawberry.type
class DealStatKey(Seen):
    """What the deals of a group have in common; the id is that of the owner, team or inbox."""

    id: strawberry.ID | None = column(IN_SIGHT)
    name: str | None = column(IN_SIGHT)


@strawberry.type
class DealStat(Seen):
    """A group of deals. `amount` sums those in the account's currency, and is null where one is hidden.

    `leftOut` counts the deals with an amount in another currency. Without a key: those that have
    none, or whose key is hidden.
    """

    key: DealStatKey | None = column(IN_SIGHT)
    count: int | None = column(IN_SIGHT)
    amount: Money | None = column(IN_SIGHT)
    left_out: int | None = column(IN_SIGHT)


async def deal_stats(context: Context, filter: Any, group_by: DealGroup | None) -> list[DealStat] | None:
    """The groups by name, the one without a key last; None where what is asked was refused beforehand."""
    try:
        groups = await deal_statistics(context, filter, group_by.value if group_by else None)
    except CodedError:
        return None
    named = [{**group, "key": await _named(context, group_by, group["key"])} for group in groups]
    return [
        DealStat.of({**group, "key": DealStatKey.of(group["key"]) if group["key"] else None})
        for group in listed_groups(named, group_by)
    ]


def table_of(group_by: str | None) -> str | None:
    """The table that keys of this kind refer to; None where they are plain values."""
    return _TABLES.get(DealGroup(group_by)) if group_by else None


def listed_groups(groups: list[dict[str, Any]], group_by: DealGroup | None) -> list[dict[str, Any]]:
    """The groups by name, the one without a key last; their keys are pairs of id and name."""
    keyed = [{**group, "key": _key(group_by, group["key"])} for group in groups]
    return sorted(keyed, key=lambda group: _place(group["key"]))


def _place(key: dict[str, Any] | None) -> tuple[bool, str, str]:
    return (True, "", "") if key is None else (False, fold(key["name"]) or "", str(key["id"] or key["name"]))


def _key(group_by: DealGroup | None, named: tuple[Any, str] | None) -> dict[str, Any] | None:
    if named is None or group_by is None:
        return None
    table = _TABLES.get(group_by)
    return {"id": to_global(type_name(table), named[0]) if table else None, "name": named[1]}


async def _named(context: Context, group_by: DealGroup | None, raw: Any) -> tuple[Any, str] | None:
    if raw is None or group_by is None:
        return None
    table = _TABLES.get(group_by)
    if table is None:
        return raw, raw
    row = await context.find(table, raw if isinstance(raw, UUID) else UUID(raw))
    return None if row is None else (row["id"], row["name"])
