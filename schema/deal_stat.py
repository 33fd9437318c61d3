"""Sums over the deals in sight, by owner, team, inbox, stage or status."""

from enum import StrEnum
from typing import Any
from uuid import UUID

import strawberry

from authz.access import IN_SIGHT
from models.text import fold
from schema.context import Context
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


async def deal_stats(context: Context, filter: Any, group_by: DealGroup | None) -> list[DealStat]:
    """The groups by name, the one without a key last."""
    groups = await deal_statistics(context, filter, group_by.value if group_by else None)
    keyed = [(await _key(context, group_by, group["key"]), group) for group in groups]
    keyed.sort(key=lambda pair: _place(pair[0]))
    return [DealStat.of({**group, "key": DealStatKey.of(key) if key else None}) for key, group in keyed]


def _place(key: dict[str, Any] | None) -> tuple[bool, str, str]:
    return (True, "", "") if key is None else (False, fold(key["name"]) or "", str(key["id"] or key["name"]))


async def _key(context: Context, group_by: DealGroup | None, raw: Any) -> dict[str, Any] | None:
    if raw is None or group_by is None:
        return None
    table = _TABLES.get(group_by)
    if table is None:
        return {"id": None, "name": raw}
    row = await context.find(table, raw if isinstance(raw, UUID) else UUID(raw))
    return None if row is None else {"id": to_global(type_name(table), row["id"]), "name": row["name"]}
