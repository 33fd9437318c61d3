"""Counts and sums over the viewer's view.

A sum over a group in which any amount is hidden is null; amounts of other currencies are never
added, and counted as left out.
"""

from typing import Any
from uuid import UUID

from models.sql import Sql, join, value
from schema.context import Context
from schema.money import Money
from schema.reading.filtering import Filtering
from schema.reading.view import View, guarded_fields

MILLION = 1_000_000
_GROUPS = {"OWNER": "owner", "TEAM": "team", "INBOX": "inbox", "STAGE": "stage", "STATUS": "status"}


async def deal_statistics(context: Context, filter: Any, group_by: str | None) -> list[dict[str, Any]]:
    """A row for each group of the deals in sight: its raw key, count, amount and what was left out.

    Raises RefusedByRole where the filter or the key may not be read.
    """
    view = View(context.compiler())
    conditions = [view.rows("deal", "t")]
    if filter is not None:
        conditions.append(Filtering(view).condition("deal", filter, "t"))
    key = _key(view, group_by)
    statement = (
        "SELECT "
        + key
        + " AS key, COUNT(*) AS count, "
        + _sums(view, Sql("TRUE"), "amount")
        + " FROM deal t WHERE "
        + join(" AND ", conditions)
        + (" GROUP BY 1" if group_by else "")
    )
    rows = await context.session.fetch(statement)
    return [_deal_group(row, view.viewer.currency) for row in rows if row["count"] or group_by is None]


def _key(view: View, group_by: str | None) -> Sql:
    if group_by is None:
        return Sql("NULL")
    field = guarded_fields("deal")[_GROUPS[group_by]]
    if group_by == "STAGE":
        return view.guarded(view.guard("deal", field), Sql("t.stage"), "t")
    return view.column("deal", field, "t")


def _sums(view: View, among: Sql, name: str) -> Sql:
    """The sum, how many amounts are hidden, and how many are of another currency, of rows `among`."""
    guard = view.guard("deal", guarded_fields("deal")["amount"])
    ours = value(view.viewer.currency)
    visible_amount = view.guarded(guard, Sql("t.amount"), "t")
    other = "CASE WHEN t.currency <> " + ours + " AND " + among + " THEN 1 ELSE 0 END"
    return (
        _sum(name, "CASE WHEN t.currency = " + ours + " AND " + among + " THEN " + visible_amount + " END")
        + "SUM(CASE WHEN "
        + among
        + " THEN "
        + view.hidden(guard, "t")
        + f" ELSE 0 END) AS {name}_hidden, "
        + "SUM("
        + view.guarded(guard, other, "t")
        + f") AS {name}_left_out"
    )


def _sum(name: str, amount: Sql) -> Sql:
    """In two parts, as SQLite's sum is of 64 bits: millions of minor units, and what is left of them."""
    high = "SUM((" + amount + f") / {MILLION}) AS {name}_high, "
    return high + ("SUM((" + amount + f") % {MILLION}) AS {name}_low, ")


def _money(row: Any, name: str, currency: str) -> Money | None:
    return None if row[f"{name}_hidden"] else Money.of_units(_total(row, name), currency)


def _total(row: Any, name: str) -> int:
    return int(row[f"{name}_high"] or 0) * MILLION + int(row[f"{name}_low"] or 0)


def _left_out(row: Any, name: str) -> int | None:
    return None if row[f"{name}_hidden"] else int(row[f"{name}_left_out"] or 0)


def _deal_group(row: Any, currency: str) -> dict[str, Any]:
    return {
        "key": row["key"],
        "count": row["count"],
        "amount": _money(row, "amount", currency),
        "left_out": _left_out(row, "amount"),
    }


async def portfolio_statistics(context: Context, owner: UUID) -> dict[str, Any]:
    """What the records of an owner that are in sight come to."""
    view = View(context.compiler())
    counts = {
        f"{table}s": await _count(context, view, table, owner)
        for table in ("contact", "conversation", "deal")
    }
    sums = join(
        ", ",
        [
            _sums(view, Sql("t.status = 'OPEN'"), "open_amount"),
            _sums(view, Sql("t.status = 'WON'"), "won_amount"),
        ],
    )
    statement = (
        "SELECT "
        + sums
        + " FROM deal t WHERE t.owner_id = "
        + value(owner)
        + " AND "
        + view.rows("deal", "t")
    )
    row = (await context.session.fetch(statement))[0]
    currency = view.viewer.currency
    left_out = [_left_out(row, name) for name in ("open_amount", "won_amount")]
    return {
        **counts,
        "open_amount": _money(row, "open_amount", currency),
        "won_amount": _money(row, "won_amount", currency),
        "left_out": None if None in left_out else sum(each or 0 for each in left_out),
    }


async def _count(context: Context, view: View, table: str, owner: UUID) -> int:
    statement = (
        f"SELECT COUNT(*) AS n FROM {table} t WHERE t.owner_id = "
        + value(owner)
        + " AND "
        + view.rows(table, "t")
    )
    return int((await context.session.fetch(statement))[0]["n"])
