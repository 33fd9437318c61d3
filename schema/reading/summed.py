"""Counts and sums in a plan (schema/reading/statistics.py has what they mean)."""

from typing import TYPE_CHECKING, Any

from models.sql import Sql, join
from schema.deal_stat import DealGroup, listed_groups, table_of
from schema.reading.row import array_function
from schema.reading.statistics import (
    OF_PORTFOLIO,
    RECORDS,
    SUM,
    deal_group,
    deal_groups,
    portfolio_row,
    portfolio_sums,
)
from schema.scalars import write_decimal
from schema.tables import physical

if TYPE_CHECKING:
    from schema.reading.planned import Place

OF_GROUP = ("key", "count", *(f"amount_{part}" for part in SUM))


def deal_stats(place: "Place") -> str:
    """The code of the groups of deals."""
    planner = place.planner
    _, (_, form, group_by), held = planner.asked(place.nodes[0])
    columns = join(", ", [Sql(f"g.{name}") for name in OF_GROUP])
    table = table_of(group_by)
    name = ", g.key, g.key" if table is None else ", n.id, n.name"
    function = "json_agg" if planner.dialect == "postgres" else "json_group_array"
    groups = (
        f"(SELECT {function}({array_function(planner.dialect)}("
        + columns
        + name
        + ")) FROM ("
        + deal_groups(planner.view, form, held, group_by)
        + ") g"
    )
    if table is not None:
        groups = (
            groups + f" LEFT JOIN {physical(table)} n ON n.id = g.key AND " + planner.view.rows(table, "n")
        )
    raw = place.row.take(groups + ")")
    listed = planner.code.let("groups", _listing(group_by))
    made = planner.plain(
        place.below,
        place.nodes,
        {
            "key": lambda below, nodes: (
                "(None if group['key'] is None else "
                + planner.plain(below, nodes, {"id": "group['key']['id']", "name": "group['key']['name']"})
                + ")"
            ),
            "count": "group['count']",
            "amount": lambda below, nodes: money(place, "group['amount']", below, nodes),
            "left_out": "group['left_out']",
        },
    )
    return f"[{made} for group in {listed}({raw} or (), run.viewer.currency)]"


def _listing(group_by: str | None) -> Any:
    def groups(raw: Any, currency: str) -> list[dict[str, Any]]:
        found = []
        for values in raw:
            row = dict(zip(OF_GROUP, values, strict=False))
            group = deal_group(row, currency, group_by)
            if group is not None:
                found.append({**group, "key": _key(group_by, *values[len(OF_GROUP) :])})
        return listed_groups(found, DealGroup(group_by) if group_by else None)

    return groups


def _key(group_by: str | None, id: Any, name: Any) -> tuple[Any, Any] | None:
    return None if id is None or group_by is None else (id, name)


def money(place: "Place", held: str, below: Any, nodes: Any) -> str:
    """The code of a sum of money, where it may be read."""
    text = f"{place.planner.code.let('decimal', write_decimal)}({held}.row['amount'])"
    made = place.planner.plain(below, nodes, {"amount": text, "currency": f"{held}.row['currency']"})
    return f"(None if {held} is None else {made})"


def portfolio_stats(place: "Place") -> str:
    """The code of what a portfolio comes to."""
    planner = place.planner
    counts, sums = portfolio_sums(planner.view, lambda inside: Sql(f"{inside}.owner_id = {place.alias}.id"))
    counted = [place.guarded("(" + counts[f"{table}s"] + ")") for table in RECORDS]
    columns = ", ".join(f"s.{name}_{part}" for name in OF_PORTFOLIO for part in SUM)
    summed = place.guarded(f"(SELECT {array_function(planner.dialect)}({columns}) FROM (" + sums + ") s)")
    stats = planner.code.name("stats")
    read = planner.code.let("portfolio", _portfolio)
    plain = {name: f"{stats}[{name!r}]" for name in (*(f"{table}s" for table in RECORDS), "left_out")}

    def amount(name: str) -> Any:
        return lambda below, nodes: money(place, f"{stats}[{name!r}]", below, nodes)

    values = {**plain, **{name: amount(name) for name in OF_PORTFOLIO}}
    made = planner.plain(place.below, place.nodes, values)
    given = f"({', '.join(counted)}), {summed}, run.viewer.currency"
    return f"({made} if ({stats} := {read}({given})) is not None else None)"


def _portfolio(counts: Any, sums: Any, currency: str) -> dict[str, Any] | None:
    if sums is None:
        return None
    names = [f"{name}_{part}" for name in OF_PORTFOLIO for part in SUM]
    counted = {f"{table}s": count for table, count in zip(RECORDS, counts, strict=True)}
    return portfolio_row({**counted, **dict(zip(names, sums, strict=True))}, currency)
