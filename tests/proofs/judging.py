"""The judge answers GraphQL: any document, from its own view of the world.

The document is executed by graphql-core over the published schema alone (no resolver of ours);
each field's value comes from the judge. So whatever can be asked can be compared.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cache
from typing import Any
from uuid import UUID

from graphql import (
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLResolveInfo,
    GraphQLSchema,
    build_client_schema,
    execute_sync,
    introspection_from_schema,
    parse,
)

from resolvers.schema import schema
from tests.judge import answers, oracle
from tests.judge.answers import Page, global_id, local_id
from tests.judge.oracle import FIELDS, RECORD_TYPES, TYPES, Money, Unjudged
from tests.judge.viewers import Judged
from tests.judge.world import Row


class BadCursor(Exception):
    """A cursor that the judge has not seen given out."""


@dataclass(frozen=True)
class Thing:
    """A row in sight, by the type that clients know it by."""

    type_name: str
    id: UUID


@dataclass(frozen=True)
class Listed:
    """A page of a list of things."""

    type_name: str
    page: Page

    def thing(self, row_id: UUID) -> Thing:
        """One of them."""
        return Thing(self.type_name, row_id)


@dataclass(frozen=True)
class Place:
    """A thing in a list, for its edge."""

    thing: Thing


class Cursor(str):
    """Stands for whatever cursor the real answer gives for this row."""


@cache
def published() -> GraphQLSchema:
    """The schema as clients know it: types and arguments, and nothing of how it answers."""
    return build_client_schema(introspection_from_schema(schema._schema))


def _there(roots: dict[str, str], ending: str) -> dict[str, str]:
    """Those root fields that are published, of a type whose name has this ending."""
    query = published().query_type
    fields = query.fields if query else {}
    return {
        name: type_name
        for name, type_name in roots.items()
        if name in fields and str(fields[name].type).rstrip("!").endswith(ending)
    }


def _nodes(type_name: str) -> bool:
    type_ = published().type_map.get(type_name)
    interfaces: Iterable[GraphQLInterfaceType] = getattr(type_, "interfaces", ())
    return "Node" in {one.name for one in interfaces}


SINGLES = {"contact": "Contact", "conversation": "Conversation", "deal": "Deal", "agent": "Agent"}
SINGLES |= _there({"partner": "Partner", "transfer": "Transfer"}, "")
LISTS = {f"{name}s": type_name for name, type_name in SINGLES.items()}
LISTS |= {"portfolios": "Portfolio", "auditLog": "AuditEntry"}
PLAIN_LISTS = {"teams": "Team", "inboxes": "Inbox", "roles": "Role"}
SAVED = {"transferRules": "TransferRule", "distributionPolicies": "DistributionPolicy"}
LISTS |= _there(SAVED, "Connection")
PLAIN_LISTS |= _there(SAVED, "]")
NODES = [type_name for type_name in FIELDS if _nodes(type_name)]


def judged(
    viewer: Judged, document: str, variables: Mapping[str, Any] | None, cursors: Mapping[str, UUID]
) -> tuple[Any, list[Any]]:
    """The data that this viewer is to be given, and the errors that the judge met.

    `cursors` says which row each cursor stands for. Raises Unjudged, BadCursor.
    """
    judge = _Judge(viewer, cursors)
    result = execute_sync(
        published(),
        parse(document),
        variable_values=dict(variables or {}),
        field_resolver=judge.resolve,
        type_resolver=lambda thing, *_: thing.type_name,
    )
    for error in result.errors or ():
        if isinstance(error.original_error, Unjudged | BadCursor):
            raise error.original_error
    return result.data, list(result.errors or ())


class _Judge:
    """Answers field by field."""

    def __init__(self, viewer: Judged, cursors: Mapping[str, UUID]) -> None:
        self.viewer = viewer
        self.view = oracle.view(viewer)
        self.refused = oracle.refused(viewer) | oracle.disabled(viewer)
        self.cursors = cursors

    def resolve(self, source: Any, info: GraphQLResolveInfo[Any], **given: Any) -> Any:
        of, name = info.parent_type.name, info.field_name
        if (of, name) in self.refused or self._refuses(info, given):
            return None
        if isinstance(source, Thing):
            return self.of_thing(source, name, given, info)
        if isinstance(source, Mapping):
            return source[name]
        if isinstance(source, Listed):
            return self.of_list(source, name)
        if isinstance(source, Page):
            return self.of_page(source, name)
        if isinstance(source, Place):
            return Cursor(source.thing.id) if name == "cursor" else source.thing
        return self.of_root(name, given)

    def _refuses(self, info: GraphQLResolveInfo[Any], given: Mapping[str, Any]) -> bool:
        listed = listed_type(info.parent_type.name, info.field_name)
        return listed is not None and names_refused(self.refused, listed, given)

    # Roots

    def of_root(self, name: str, given: Mapping[str, Any]) -> Any:
        if name in SINGLES:
            return self.thing(SINGLES[name], local_id(SINGLES[name], given["id"]))
        if name in LISTS:
            return self.page(LISTS[name], given, None)
        if name in PLAIN_LISTS:
            type_name = PLAIN_LISTS[name]
            return [
                Thing(type_name, one) for one in answers.answer_list(self.viewer, type_name, first=10_000)
            ]
        match name:
            case "viewer":
                return self.me()
            case "node":
                return self.node(given["id"])
            case "nodes":
                return [self.node(one) for one in given["ids"]]
            case "portfolio":
                owner = given.get("ownerId")
                wanted = self.viewer.facts.agent_id if owner is None else local_id("Agent", owner)
                return self.thing("Portfolio", wanted)
            case "dealStats":
                return self.stats(given.get("filter"), given.get("groupBy"))
        raise Unjudged(f"Query.{name}")

    def node(self, given: str) -> Thing | None:
        for type_name in NODES:
            if (found := self.thing(type_name, local_id(type_name, given))) is not None:
                return found
        return None

    def thing(self, type_name: str, row_id: UUID | None) -> Thing | None:
        return Thing(type_name, row_id) if row_id in self.view[type_name] else None

    def me(self) -> Row:
        facts = self.viewer.facts
        tokens = sorted(self.view["Token"].values(), key=_newest_first)
        return {
            "kind": "AGENT" if facts.agent_id else "PARTNER_USER",
            "agent": facts.agent_id and self.thing("Agent", facts.agent_id),
            "partnerUser": facts.partner_user_id and self.thing("PartnerUser", facts.partner_user_id),
            "account": Thing("Account", facts.account_id),
            "permissions": sorted(facts.permissions),
            "access": {
                "mode": "GRANULAR" if facts.granular else "TEAM_AND_INBOX",
                "isolationMode": facts.isolation,
                "scope": facts.scope,
                "reach": facts.reach,
            },
            "tokens": [Thing("Token", row["id"]) for row in tokens],
        }

    def stats(self, where: Row | None, group_by: str | None) -> list[Row]:
        groups = answers.deal_stats(self.viewer, where, group_by)
        keyed = group_by in ("OWNER", "TEAM", "INBOX")
        found = [
            {
                "key": None if key is None else {"id": key if keyed else None, "name": group.name},
                "count": group.count,
                "amount": self.money_of_account(group.amount),
                "leftOut": group.left_out,
            }
            for key, group in groups.items()
        ]
        return sorted(found, key=_by_key)

    # Things

    def of_thing(
        self, thing: Thing, name: str, given: Mapping[str, Any], info: GraphQLResolveInfo[Any]
    ) -> Any:
        if name == "id":
            return global_id(thing.type_name, thing.id)
        row = self.view[thing.type_name][thing.id]
        if name in ("maskedFields", "viewerCan"):
            return list(row[name]) if name == "maskedFields" else row[name]
        if thing.type_name == "Portfolio" and name == "stats":
            return self.portfolio_stats(thing.id)
        field = FIELDS[thing.type_name][name]
        if name == "ownerAt":
            return self.owner_at(thing, given["instant"])
        if name == "changes":
            return self.changes(thing, info)
        value = row[name]
        if value is None:
            return None
        if field.kind == "many":
            return self.many(thing, name, field.target, value, given, info)
        return self.plain(field, value)

    def plain(self, field: oracle.Field, value: Any) -> Any:
        match field.kind:
            case "money":
                return money(value)
            case "one":
                return Thing(*value) if field.target == "Node" else Thing(field.target, value)
            case "instant":
                return written(value)
            case "day":
                return value.isoformat()
            case "json":
                return list(value)
        return value

    def owner_at(self, thing: Thing, instant: str) -> Thing | None:
        table = TYPES[thing.type_name]
        row = self.viewer.world[table][thing.id]
        owner = oracle.owner_at(self.viewer, table, row, answers.instant(instant))
        return None if owner is None else Thing("Agent", owner)

    def many(
        self,
        thing: Thing,
        name: str,
        target: str,
        ids: Iterable[UUID],
        given: Mapping[str, Any],
        info: GraphQLResolveInfo[Any],
    ) -> Any:
        if str(info.return_type).rstrip("!").endswith("Connection"):
            return self.page(target, given, (thing.type_name, thing.id, name))
        return [Thing(target, one) for one in ids]

    def changes(self, thing: Thing, info: GraphQLResolveInfo[Any]) -> list[Row]:
        entry = self.viewer.world[TYPES[thing.type_name]][thing.id]
        table = (entry.get("record_type") or entry.get("subject_type") or "").lower()
        type_name = oracle.TYPE_OF.get(table, "")
        pairs: dict[str, dict[str, tuple[Any, Any]]] = {}
        for column, before, after in self.view[thing.type_name][thing.id]["changes"]:
            field_name, field = oracle.field_of_column(table, column)
            if field is not None:
                pairs.setdefault(field_name, {})[column] = (before, after)
        listed = info.schema.type_map.get(type_name)
        order = list(listed.fields) if isinstance(listed, GraphQLObjectType) else []
        return [
            {
                "field": name,
                "before": _told(type_name, name, pairs[name], 0),
                "after": _told(type_name, name, pairs[name], 1),
            }
            for name in sorted(pairs, key=order.index)
        ]

    def portfolio_stats(self, owner: UUID) -> Row:
        found: Row = dict(answers.portfolio_stats(self.viewer, owner) or {})
        found["openAmount"] = self.money_of_account(found["openAmount"])
        found["wonAmount"] = self.money_of_account(found["wonAmount"])
        return found

    def money_of_account(self, units: int | None) -> Row | None:
        account = self.viewer.world["account"][self.viewer.facts.account_id]
        return None if units is None else money(Money(units, account["currency"]))

    # Lists

    def page(self, type_name: str, given: Mapping[str, Any], parent: tuple[str, UUID, str] | None) -> Listed:
        where, order = given.get("filter"), given.get("orderBy")
        whole = answers.answer_list(self.viewer, type_name, where, order, first=10_000, parent=parent)
        places = {
            name: whole.index(self.row_of(given[name], whole))
            for name in ("after", "before")
            if given.get(name)
        }
        size = {name: given[name] for name in ("first", "last") if given.get(name) is not None}
        page = answers.answer_page(self.viewer, type_name, where, order, parent=parent, **size, **places)
        return Listed(type_name, page)

    def row_of(self, cursor: str, whole: list[UUID]) -> UUID:
        row_id = self.cursors.get(cursor)
        if row_id not in whole:
            raise BadCursor(cursor)
        return row_id

    def of_list(self, listed: Listed, name: str) -> Any:
        match name:
            case "totalCount":
                return listed.page.total
            case "nodes":
                return [listed.thing(one) for one in listed.page.ids]
            case "edges":
                return [Place(listed.thing(one)) for one in listed.page.ids]
            case "pageInfo":
                return listed.page
        raise Unjudged(f"{listed.type_name}Connection.{name}")

    def of_page(self, page: Page, name: str) -> Any:
        match name:
            case "hasNextPage":
                return page.has_next
            case "hasPreviousPage":
                return page.has_previous
            case "startCursor":
                return Cursor(page.ids[0]) if page.ids else None
            case "endCursor":
                return Cursor(page.ids[-1]) if page.ids else None
        raise Unjudged(f"PageInfo.{name}")


# What is listed, and what filters name


def listed_type(of: str, name: str) -> str | None:
    """The type whose filter, order or group a field takes."""
    if of == "Query":
        return "Deal" if name == "dealStats" else LISTS.get(name)
    field = FIELDS.get(of, {}).get(name)
    return field.target if field is not None and field.kind == "many" else None


def names_refused(refused: set[tuple[str, str]], type_name: str, given: Mapping[str, Any]) -> bool:
    """Whether a filter, an order or a group names what may be read on no row."""
    named = {answers.camel(one["field"]) for one in given.get("orderBy") or ()}
    if given.get("groupBy"):
        named.add(given["groupBy"].lower())
    if any((type_name, name) in refused for name in named):
        return True
    return _filters_refused(refused, type_name, given.get("filter") or {})


def _filters_refused(refused: set[tuple[str, str]], type_name: str, where: Mapping[str, Any]) -> bool:
    for name, value in where.items():
        if value is None or name in ("id", "search"):
            continue
        if name in ("all", "any", "not"):
            parts = value if isinstance(value, list) else [value]
            if any(_filters_refused(refused, type_name, part) for part in parts):
                return True
            continue
        if (type_name, name) in refused:
            return True
        nested = [value.get(how) for how in ("is", "some", "none", "every")]
        target = FIELDS[type_name][name].target
        if any(_filters_refused(refused, target, part) for part in nested if part):
            return True
    return False


# As it is written


def money(value: Money) -> Row:
    """Money as clients read it."""
    digits = answers.MINOR_DIGITS.get(value.currency, 2)
    return {"amount": f"{Decimal(value.amount).scaleb(-digits):.{digits}f}", "currency": value.currency}


def written(instant: datetime) -> str:
    """An instant as clients read it."""
    return instant.isoformat().replace("+00:00", "Z")


def _told(type_name: str, name: str, columns: dict[str, tuple[Any, Any]], side: int) -> str | None:
    """A value in a change, as text."""
    field = FIELDS[type_name][name]
    if field.kind == "money":
        units, currency = (columns.get(column, (None, None))[side] for column in ("amount", "currency"))
        if units is None or currency is None:
            return None
        return "{amount} {currency}".format(**money(Money(units, currency)))
    value = next(iter(columns.values()))[side]
    if field.kind == "many":
        return None if value is None else ", ".join(global_id(field.target, one) for one in value if one)
    if value is None:
        return None
    if field.kind == "one":
        return global_id(field.target, value)
    if isinstance(value, tuple):
        return ", ".join(value)
    return str(value).lower() if isinstance(value, bool) else str(value)


def _newest_first(row: Row) -> tuple[float, UUID]:
    """When a token was made may be hidden; what is hidden comes last."""
    made = row["createdAt"]
    return (float("inf") if made is None else -made.timestamp(), row["id"])


def _by_key(group: Row) -> tuple[bool, str, str]:
    key = group["key"]
    return (True, "", "") if key is None else (False, key["name"].casefold(), str(key["id"] or key["name"]))


# Comparing


def differences(real: Any, expected: Any, cursors: dict[str, UUID], path: str = "data") -> list[str]:
    """Where the real answer parts from the judge's; what each cursor stands for is noted in `cursors`."""
    if isinstance(expected, Cursor):
        if not isinstance(real, str) or cursors.setdefault(real, UUID(str(expected))) != UUID(str(expected)):
            return [f"{path}: {real!r} is no cursor of {expected}"]
        return []
    if isinstance(real, dict) and isinstance(expected, dict) and real.keys() == expected.keys():
        return [
            one for key in real for one in differences(real[key], expected[key], cursors, f"{path}.{key}")
        ]
    if isinstance(real, list) and isinstance(expected, list) and len(real) == len(expected):
        pairs = enumerate(zip(real, expected, strict=True))
        return [
            one for at, (mine, theirs) in pairs for one in differences(mine, theirs, cursors, f"{path}[{at}]")
        ]
    return (
        []
        if real == expected and type(real) is type(expected)
        else [f"{path}: {real!r}, the judge says {expected!r}"]
    )


__all__ = ["RECORD_TYPES", "BadCursor", "Unjudged", "differences", "judged"]
