"""Counts and sums over the viewer's view.

A sum over a group in which any amount is hidden is null; amounts of other currencies are never
added, and counted as left out.
"""

from collections.abc import Callable, Mapping
from typing import Any

from authz.predicate import ALWAYS, Predicate
from models.database import Dialect
from models.sql import Sql, join, value
from schema.context import Context
from schema.money import Money
from schema.reading.arguments import FilterForm, Lifting
from schema.reading.filtering import Filtering
from schema.reading.holding import Held, Now
from schema.reading.view import View, guarded_fields

MILLION = 1_000_000
GROUPS = {"OWNER": "owner", "TEAM": "team", "INBOX": "inbox", "STAGE": "stage", "STATUS": "status"}
SUM = ("high", "low", "hidden", "left_out")
"""What is read for a sum, each under the sum's name."""

RECORDS = ("contact", "conversation", "deal")
OF_PORTFOLIO = {"open_amount": "OPEN", "won_amount": "WON"}
"""The sums of a portfolio, and the deals that they are over."""


async def deal_statistics(context: Context, filter: Any, group_by: str | None) -> list[dict[str, Any]]:
    """A row for each group of the deals in sight: its raw key, count, amount and what was left out.

    Raises RefusedByRole where the filter or the key may not be read.
    """
    lifting = Lifting(context.known_viewer.currency)
    form = None if filter is None else lifting.filter(filter)
    statement = deal_groups(View(context.compiler()), form, Now(lifting.values), group_by)
    rows = await context.session.fetch(statement)
    return [group for row in rows if (group := deal_group(row, context.known_viewer.currency, group_by))]


def deal_groups(view: View, form: FilterForm | None, held: Held, group_by: str | None) -> Sql:
    """The statement that reads the groups. Raises RefusedByRole."""
    conditions = [view.rows("deal", "t")]
    if form is not None:
        conditions.append(Filtering(view, held).condition("deal", form, "t"))
    return (
        "SELECT "
        + _key(view, group_by)
        + " AS key, COUNT(*) AS count, "
        + _sums(view, None, "amount")
        + " FROM deal t WHERE "
        + join(" AND ", conditions)
        + (" GROUP BY 1" if group_by else "")
    )


def deal_group(row: Mapping[str, Any], currency: str, group_by: str | None) -> dict[str, Any] | None:
    """What a row of `deal_groups` says; None of a group that has no deals."""
    if not row["count"] and group_by is not None:
        return None
    return {
        "key": row["key"],
        "count": row["count"],
        "amount": _money(row, "amount", currency),
        "left_out": _left_out(row, "amount"),
    }


def _key(view: View, group_by: str | None) -> Sql:
    if group_by is None:
        return Sql("NULL")
    field = guarded_fields("deal")[GROUPS[group_by]]
    if group_by == "STAGE":
        return view.guarded(view.guard("deal", field), Sql("t.stage"), "t")
    return view.column("deal", field, "t")


def _sums(view: View, status: str | None, name: str) -> Sql:
    """The sum, how many amounts are hidden, and how many are of another currency, among deals of a status."""
    guard = view.guard("deal", guarded_fields("deal")["amount"])
    among = "" if status is None else f"t.status = '{status}' AND "
    ours = f"CASE WHEN {among}t.currency = " + value(view.currency)
    amount = ours + " THEN " + view.guarded(guard, Sql("t.amount"), "t") + " END"
    other = f"CASE WHEN {among}t.currency <> " + value(view.currency) + " THEN 1 ELSE 0 END"
    left_out = "SUM(" + view.guarded(guard, other, "t") + f") AS {name}_left_out"
    return join(", ", [_sum(view, name, amount), _hidden(view, guard, status, name), left_out])


def _sum(view: View, name: str, amount: Sql) -> Sql:
    """In two parts where sums are of 64 bits, as SQLite's are: millions of minor units, and what is left.

    A plan sums in one, which takes a third less time; where that is too much for 64 bits, SQLite says
    so, and the sum is made in two parts after all.
    """
    if view.compiler.dialect is Dialect.POSTGRES:
        return f"NULL AS {name}_high, CAST(SUM(" + amount + f") AS text) AS {name}_low"
    if not view.compiler.splits_sums:
        return f"NULL AS {name}_high, SUM(" + amount + f") AS {name}_low"
    return (
        "SUM((" + amount + f") / {MILLION}) AS {name}_high, SUM((" + amount + f") % {MILLION}) AS {name}_low"
    )


def _hidden(view: View, guard: Predicate, status: str | None, name: str) -> Sql:
    if guard == ALWAYS:
        return Sql(f"0 AS {name}_hidden")
    hidden = view.hidden(guard, "t")
    if status is not None:
        hidden = f"CASE WHEN t.status = '{status}' THEN " + hidden + " ELSE 0 END"
    return "SUM(" + hidden + f") AS {name}_hidden"


def _money(row: Mapping[str, Any], name: str, currency: str) -> Money | None:
    return None if row[f"{name}_hidden"] else Money.of_units(_total(row, name), currency)


def _total(row: Mapping[str, Any], name: str) -> int:
    return int(row[f"{name}_high"] or 0) * MILLION + int(row[f"{name}_low"] or 0)


def _left_out(row: Mapping[str, Any], name: str) -> int | None:
    return None if row[f"{name}_hidden"] else int(row[f"{name}_left_out"] or 0)


async def portfolio_statistics(context: Context, owner: Any) -> dict[str, Any]:
    """What the records of an owner that are in sight come to."""
    view = View(context.compiler())
    counts, sums = portfolio_sums(view, lambda alias: Sql(f"{alias}.owner_id = ?", (owner,)))
    row: dict[str, Any] = {}
    for name, count in counts.items():
        row[name] = (await context.session.fetch(count))[0]["n"]
    return portfolio_row({**row, **(await context.session.fetch(sums))[0]}, context.known_viewer.currency)


def portfolio_sums(view: View, owned: Callable[[str], Sql]) -> tuple[dict[str, Sql], Sql]:
    """The statements that count each kind of record, as `n`, and the one that reads the sums."""
    counts = {
        f"{table}s": f"SELECT COUNT(*) AS n FROM {table} t WHERE "
        + owned("t")
        + " AND "
        + view.rows(table, "t")
        for table in RECORDS
    }
    sums = join(", ", [_sums(view, status, name) for name, status in OF_PORTFOLIO.items()])
    return counts, "SELECT " + sums + " FROM deal t WHERE " + owned("t") + " AND " + view.rows("deal", "t")


def portfolio_row(row: Mapping[str, Any], currency: str) -> dict[str, Any]:
    """What the counts and sums of a portfolio say."""
    left_out = [_left_out(row, name) for name in OF_PORTFOLIO]
    return {
        **{f"{table}s": row[f"{table}s"] for table in RECORDS},
        **{name: _money(row, name, currency) for name in OF_PORTFOLIO},
        "left_out": None if None in left_out else sum(each or 0 for each in left_out),
    }
