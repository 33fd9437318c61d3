"""What a list answers, from the view alone: filters in three-valued logic, order, pages, sums.

A condition is True, False or None (unknown), as SQL has it; a row is found when it is True.
"""

from base64 import b64decode, b64encode
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from tests.judge.oracle import (
    FIELDS,
    RECORD_TYPES,
    TYPES,
    Field,
    Money,
    is_self_or_managed,
    natural_order,
    portfolios,
    sight,
    view,
)
from tests.judge.viewers import Judged
from tests.judge.world import Row

Truth = bool | None

SEARCHED = {
    "Contact": ("name", "email", "phone", "company"),
    "Conversation": ("subject",),
    "Deal": ("title", "stage"),
    "Agent": ("name", "email"),
    "Message": ("body",),
    "Partner": ("name",),
    "PartnerUser": ("name",),
    "Team": ("name",),
    "Inbox": ("name",),
    "Role": ("name",),
}
GROUPS = ("OWNER", "TEAM", "INBOX", "STAGE", "STATUS")
MINOR_DIGITS = {"JPY": 0, "KRW": 0, "CLP": 0, "KWD": 3, "BHD": 3}


def global_id(type_name: str, row_id: UUID) -> str:
    """The opaque id of a row."""
    return b64encode(f"{type_name}:{row_id}".encode()).decode()


def local_id(type_name: str, given: Any) -> UUID | None:
    """The row's id that a global id of this type holds; None for any other text."""
    try:
        named, _, row_id = b64decode(str(given), validate=True).decode().partition(":")
        return UUID(row_id) if named == type_name else None
    except ValueError:
        return None


def minor_units(amount: Any, currency: str) -> Decimal:
    """A Decimal's text in minor units of `currency`; not cut, so that it can lie between two."""
    return Decimal(str(amount)).scaleb(MINOR_DIGITS.get(currency, 2))


# Three values


def both(truths: Iterable[Truth]) -> Truth:
    """And."""
    listed = list(truths)
    if False in listed:
        return False
    return None if None in listed else True


def either(truths: Iterable[Truth]) -> Truth:
    """Or."""
    listed = list(truths)
    if True in listed:
        return True
    return None if None in listed else False


def opposite(truth: Truth) -> Truth:
    """Not."""
    return None if truth is None else not truth


# Filters


def holds(viewer: Judged, type_name: str, row: Row, given: Row | None) -> Truth:
    """Whether the filter (as GraphQL's input, in JSON) holds for a row of the view."""
    return both(_clause(viewer, type_name, row, key, value) for key, value in (given or {}).items())


def _clause(viewer: Judged, type_name: str, row: Row, key: str, value: Any) -> Truth:
    if value is None:
        return True
    if key == "all":
        return both(holds(viewer, type_name, row, one) for one in value)
    if key == "any":
        return either(holds(viewer, type_name, row, one) for one in value)
    if key == "not":
        return opposite(holds(viewer, type_name, row, value))
    if key == "search":
        return _found(type_name, row, value)
    if key == "id":
        return _compared(row["id"], value, lambda given: local_id(type_name, given))
    return _field(viewer, row[key], FIELDS[type_name][key], value)


def _found(type_name: str, row: Row, text: str) -> Truth:
    texts = (row[name] for name in SEARCHED.get(type_name, ()))
    return either(None if one is None else text.casefold() in one.casefold() for one in texts)


def _field(viewer: Judged, seen: Any, field: Field, given: Row) -> Truth:
    if field.kind == "many":
        return both(_quantified(viewer, seen, field.target, how, nested) for how, nested in given.items())
    if field.kind == "one":
        return _reference(viewer, seen, field.target, given)
    if field.kind == "money":
        return _money(viewer, seen, given)
    if field.kind == "text":
        return _compared(None if seen is None else seen.casefold(), given, str.casefold)
    return _compared(seen, given, {"instant": instant, "day": date.fromisoformat}.get(field.kind, _same))


def _same(given: Any) -> Any:
    return given


def instant(text: str) -> datetime:
    """The instant that an ISO 8601 text names; without an offset it is in UTC."""
    read = datetime.fromisoformat(text)
    return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)


def _quantified(viewer: Judged, ids: tuple[UUID, ...] | None, target: str, how: str, nested: Row) -> Truth:
    if nested is None:
        return True
    if ids is None:
        return None
    true = [holds(viewer, target, view(viewer)[target][one], nested) is True for one in ids]
    return {"some": any(true), "none": not any(true), "every": all(true)}[how]


def _reference(viewer: Judged, seen: UUID | None, target: str, given: Row) -> Truth:
    plain = {how: value for how, value in given.items() if how != "is"}
    truth = _compared(seen, plain, lambda one: local_id(target, one))
    if given.get("is") is None:
        return truth
    there = seen is not None and holds(viewer, target, view(viewer)[target][seen], given["is"]) is True
    return both((truth, there))


def _money(viewer: Judged, seen: Money | None, given: Row) -> Truth:
    account = viewer.world["account"][viewer.facts.account_id]
    currency = given.get("currency") or account["currency"]
    plain = {how: value for how, value in given.items() if how not in ("currency", "isNull")}
    comparable = Decimal(seen.amount) if seen is not None and seen.currency == currency else None
    truth = _compared(comparable, plain, lambda one: minor_units(one, currency))
    if given.get("isNull") is None:
        return truth
    return both((truth, (seen is None) == given["isNull"]))


def _compared(seen: Any, given: Row, read: Callable[[Any], Any]) -> Truth:
    return both(_one(seen, how, value, read) for how, value in given.items() if value is not None)


def _one(seen: Any, how: str, value: Any, read: Callable[[Any], Any]) -> Truth:
    if how == "isNull":
        return bool((seen is None) == value)
    if how == "in" and not value:
        return False
    if seen is None:
        return None
    if how == "in":
        return seen in [read(one) for one in value]
    other = read(value)
    if how in ("eq", "ne"):
        return bool((seen == other) == (how == "eq"))
    if how == "contains":
        return other in seen
    return bool({"lt": seen < other, "lte": seen <= other, "gt": seen > other, "gte": seen >= other}[how])


# Order


def ordered(viewer: Judged, type_name: str, ids: Iterable[UUID], order_by: list[Row] | None) -> list[UUID]:
    """The ids in the order asked for, completed by id; null and hidden come last both ways."""
    if not order_by:
        return _by_default(viewer, type_name, ids)
    listed = sorted(ids)
    for one in reversed(order_by):
        listed = _by(viewer, type_name, listed, one["field"], one.get("direction") == "DESC")
    return listed


def _by_default(viewer: Judged, type_name: str, ids: Iterable[UUID]) -> list[UUID]:
    # What it sorts by is readable wherever the row is in sight.
    table = "agent" if type_name == "Portfolio" else TYPES[type_name]
    return sorted(ids, key=lambda one: natural_order(table, viewer.world[table][one]))


def _by(viewer: Judged, type_name: str, ids: list[UUID], field: str, descending: bool) -> list[UUID]:
    keys = {one: _sort_key(viewer, type_name, one, camel(field)) for one in ids}
    there = [one for one in ids if keys[one] is not None]
    # Sorting is stable in reverse too: equal ones keep their order.
    there.sort(key=lambda one: keys[one], reverse=descending)
    return there + [one for one in ids if keys[one] is None]


def _sort_key(viewer: Judged, type_name: str, row_id: UUID, name: str) -> Any:
    if type_name == "Portfolio":
        type_name = "Agent"  # a portfolio has no name but its owner's
    value = view(viewer)[type_name][row_id][name]
    kind = FIELDS[type_name][name].kind if name != "id" else "id"
    if value is None or kind in ("id", "enum", "number", "flag", "instant", "day"):
        return value
    if kind == "text":
        return value.casefold()
    if kind == "money":
        ours = viewer.world["account"][viewer.facts.account_id]["currency"]
        return value.amount if value.currency == ours else None
    raise ValueError(f"{type_name}.{name} has no order: it is {kind}")


def camel(field: str) -> str:
    """CREATED_AT → createdAt."""
    first, *rest = field.lower().split("_")
    return first + "".join(word.title() for word in rest)


# Lists


@dataclass(frozen=True)
class Page:
    """A page of a list: its ids, how many the whole list has, and whether any lie before or after."""

    ids: list[UUID]
    total: int
    has_previous: bool
    has_next: bool


def answer_page(
    viewer: Judged,
    type_name: str,
    where: Row | None = None,
    order_by: list[Row] | None = None,
    *,
    first: int | None = None,
    last: int | None = None,
    after: int | None = None,
    before: int | None = None,
    parent: tuple[str, UUID, str] | None = None,
) -> Page:
    """A page of a list. `after` and `before` are positions in the whole list, from 0; `parent` is
    (type, id, field): without it, the list is the one at the top. 50 if neither first nor last is given.
    """
    rows = view(viewer)[type_name]
    found = [one for one in _range(viewer, type_name, parent) if holds(viewer, type_name, rows[one], where)]
    whole = ordered(viewer, type_name, found, order_by)
    start = 0 if after is None else after + 1
    end = max(start, len(whole) if before is None else before)
    if last is not None:
        start = max(start, end - last)
    else:
        end = min(end, len(whole), start + (50 if first is None else first))
    return Page(whole[start:end], len(whole), start > 0, end < len(whole))


def answer_list(viewer: Judged, type_name: str, *args: Any, **page: Any) -> list[UUID]:
    """The ids of a page of a list; the arguments are those of `answer_page`."""
    return answer_page(viewer, type_name, *args, **page).ids


def _range(viewer: Judged, type_name: str, parent: tuple[str, UUID, str] | None) -> Iterable[UUID]:
    if parent is None:
        return view(viewer)[type_name]
    of, row_id, field = parent
    if of == "Portfolio":
        return portfolio_records(viewer, row_id, type_name) if row_id in portfolios(viewer) else ()
    row = view(viewer)[of].get(row_id)
    return () if row is None else row[field] or ()


def portfolio_records(viewer: Judged, owner: UUID, type_name: str) -> list[UUID]:
    """The records in sight that the agent owns."""
    return [one for one, row in view(viewer)[type_name].items() if row["owner"] == owner]


# Sums


@dataclass(frozen=True)
class Group:
    """A group of `dealStats`. `amount` is in minor units of the account's currency."""

    name: str | None
    count: int
    amount: int | None
    left_out: int | None


def deal_stats(
    viewer: Judged, where: Row | None = None, group_by: str | None = None
) -> dict[str | None, Group]:
    """The groups by key: a global id, a stage, a status; None for what has none, and for the whole.

    Ungrouped, there is one group always; grouped, none is empty.
    """
    deals = view(viewer)["Deal"]
    found = [row for row in deals.values() if holds(viewer, "Deal", row, where) is True]
    if group_by is None:
        return {None: _group(viewer, None, found)}
    keys = {row["id"]: _group_key(viewer, row, group_by) for row in found}
    return {
        key: _group(viewer, name, [row for row in found if keys[row["id"]][0] == key])
        for key, name in keys.values()
    }


def _group_key(viewer: Judged, row: Row, group_by: str) -> tuple[str | None, str | None]:
    value = row[group_by.lower()]
    if value is None or group_by in ("STAGE", "STATUS"):
        return value, value
    target = FIELDS["Deal"][group_by.lower()].target
    return global_id(target, value), view(viewer)[target][value]["name"]


def _group(viewer: Judged, name: str | None, rows: list[Row]) -> Group:
    if any("amount" in row["maskedFields"] for row in rows):
        return Group(name, len(rows), None, None)
    ours = viewer.world["account"][viewer.facts.account_id]["currency"]
    amounts = [row["amount"] for row in rows if row["amount"] is not None]
    total = sum(one.amount for one in amounts if one.currency == ours)
    return Group(name, len(rows), total, sum(one.currency != ours for one in amounts))


def portfolio_stats(viewer: Judged, owner: UUID) -> dict[str, int | None] | None:
    """`Portfolio.stats`, amounts in minor units of the account's currency; None: no such portfolio."""
    if owner not in portfolios(viewer):
        return None
    deals = [view(viewer)["Deal"][one] for one in portfolio_records(viewer, owner, "Deal")]
    counts = {one: len(portfolio_records(viewer, owner, one)) for one in RECORD_TYPES}
    opened, won = (
        _group(viewer, None, [row for row in deals if row["status"] == status]) for status in ("OPEN", "WON")
    )
    left_out = None if opened.left_out is None or won.left_out is None else opened.left_out + won.left_out
    return {
        **{f"{type_name.lower()}s": count for type_name, count in counts.items()},
        "openAmount": opened.amount,
        "wonAmount": won.amount,
        "leftOut": left_out,
    }


def portfolio_list(viewer: Judged) -> list[UUID]:
    """The owners of the portfolios in sight, by name and then id."""
    return _by_default(viewer, "Agent", portfolios(viewer))


def whole(viewer: Judged) -> Row:
    """Everything that any answer to this viewer can depend on, to compare two worlds by."""
    return {
        "facts": viewer.facts,
        "view": view(viewer),
        "portfolios": {one: portfolio_stats(viewer, one) for one in portfolios(viewer)},
        "stats": [deal_stats(viewer, None, one) for one in (None, *GROUPS)],
        "explained": explained(viewer),
        "diagnosed": diagnosed(viewer),
    }


def explained(viewer: Judged) -> dict[UUID, Any]:
    """What an explanation of a managed agent's access rests on beside the view: the role that they have.

    Managers are told which rule decided, and the rules rest on scope, reach and `account.manage`.
    """
    agents, roles = viewer.world["agent"], viewer.world["role"]
    managed = [one for one in sight(viewer, "agent") if is_self_or_managed(viewer, one)]
    held = {one: roles[agents[one]["role_id"]] for one in managed}
    return {
        one: (role["scope"], role["reach"], role["built_in"], "account.manage" in role["permissions"])
        for one, role in held.items()
    }


def diagnosed(viewer: Judged) -> dict[UUID, Any]:
    """What the diagnosis of a distribution policy rests on beside the view: what its saver may do, and where.

    Whoever sees a policy is told whether it rests, and whom it passes over as out of its saver's scope.
    """
    world = viewer.world
    return {
        one: _remit(viewer, world["agent"][world["distribution_policy"][one]["saved_by_id"]])
        for one in sight(viewer, "distribution_policy")
    }


def _remit(viewer: Judged, saver: Row) -> Any:
    world, role = viewer.world, viewer.world["role"][saver["role_id"]]
    held = (role["scope"], role["reach"], role["built_in"], "sales.manage" in role["permissions"])
    if role["scope"] != "INBOX":
        return held, saver["status"]
    places = {(one["agent_id"], one["inbox_id"]) for one in world["inbox_member"].values()}
    talks = {(one["contact_id"], one["inbox_id"]) for one in world["conversation"].values()}
    return held, saver["status"], places, talks
