"""Documents by chance: whatever the schema lets one ask, with ids and values out of the data.

They are drawn from two worlds at once, from what is in sight and from what is not, so that they are
also an attacker's guesses. The same seed draws the same documents.
"""

import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from graphql import (
    GraphQLArgument,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    ast_from_value,
    get_named_type,
    is_leaf_type,
    print_ast,
)

from tests.judge import oracle
from tests.judge.answers import MINOR_DIGITS, global_id
from tests.judge.oracle import FIELDS, TYPES, Money
from tests.judge.viewers import Judged
from tests.judge.world import START, World
from tests.proofs.judging import LISTS, NODES, PLAIN_LISTS, SINGLES, published, written

DEEPEST = 4
FILTERS_DEEP = 2
ROOTS = (
    *(name for name in LISTS for _ in range(4)),
    *SINGLES,
    *("node", "node", "nodes", "nodes", "viewer", "portfolio", "dealStats", "dealStats", "dealStats"),
    *PLAIN_LISTS,
)


@dataclass
class Document:
    """A request: what is asked, with which variables. `pages` says that $after and $before are free.

    `places` are variables for further cursors, each with the alias of the list that takes it.
    """

    text: str
    variables: dict[str, Any] = field(default_factory=dict)
    pages: bool = False
    places: dict[str, str] = field(default_factory=dict)


class Pools:
    """Ids and values to draw from: those in sight, and all of two worlds."""

    def __init__(self, chance: random.Random, viewer: Judged, twin: World) -> None:
        self.chance = chance
        self.viewer = viewer
        self.worlds = (viewer.world, twin)
        self.view = oracle.view(viewer)
        self.seen_values: dict[tuple[str, str], list[Any]] = {}
        self.all_values: dict[tuple[str, str], list[Any]] = {}

    def id(self, type_name: str) -> str:
        """A global id: mostly of something in sight, else of anything, now and then of nothing."""
        if self.chance.random() < 0.03:
            other = self.chance.choice(NODES)
            return self.chance.choice((global_id(other, self._any(other)), "bm9uc2Vuc2U=", "", "🚲"))
        of = "Agent" if type_name == "Portfolio" else type_name
        seen = list(self.view[type_name])
        return global_id(
            of, self.chance.choice(seen) if seen and self.chance.random() < 0.8 else self._any(of)
        )

    def _any(self, type_name: str) -> UUID:
        world = self.chance.choice(self.worlds)
        return self.chance.choice(list(world[TYPES[type_name]]))  # type: ignore[no-any-return]

    def value(self, type_name: str, name: str) -> Any:
        """A value of a field: mostly one in sight, else of any row."""
        key = (type_name, name)
        if key not in self.seen_values:
            rows = self.view[type_name].values()
            self.seen_values[key] = [row[name] for row in rows if row[name] is not None]
            self.all_values[key] = self._everywhere(type_name, name)
        seen = self.seen_values[key]
        from_where = seen if seen and self.chance.random() < 0.75 else self.all_values[key]
        return self.chance.choice(from_where) if from_where else None

    def instant(self, type_name: str, name: str) -> str:
        """An instant, at or about one that a field holds."""
        at: datetime = self.value(type_name, name) or START
        return written(at + timedelta(hours=self.chance.choice((-30, 0, 0, 0, 30))))

    def _everywhere(self, type_name: str, name: str) -> list[Any]:
        described = FIELDS[type_name][name]
        rows = [row for world in self.worlds for row in world[TYPES[type_name]].values()]
        if described.kind == "money":
            found = [Money(row["amount"], row["currency"]) for row in rows if row["amount"] is not None]
            return list(found)
        return [row[described.column] for row in rows if row[described.column] is not None]


class Author:
    """Writes documents."""

    def __init__(self, chance: random.Random, viewer: Judged, twin: World) -> None:
        self.chance = chance
        self.pools = Pools(chance, viewer, twin)
        self.refused = oracle.refused(viewer)
        self._start()

    def _start(self) -> None:
        self._number = 0
        self._variables: dict[str, tuple[str, Any]] = {}
        self._fragments: list[str] = []

    def query(self) -> Document:
        """A query of one to three root fields."""
        self._start()
        roots = [self._root() for _ in range(self.chance.choice((1, 1, 1, 2, 3)))]
        return self._document("query", roots, pages=False)

    def listing(self) -> Document:
        """A query of one list at the top, whose further pages can be asked for."""
        self._start()
        name = self.chance.choice([one for one in LISTS if ("Query", one) not in self.refused])
        self._variables |= {"after": ("String", None), "before": ("String", None)}
        definition = published().query_type.fields[name]  # type: ignore[union-attr]
        arguments = {**self._arguments("Query", name, definition.args, paging=False), "after": "$after"}
        arguments["before"] = "$before"
        arguments[self.chance.choice(("first", "first", "last"))] = str(self.chance.randint(1, 6))
        below = self._connection(get_named_type(definition.type), 1)
        return self._document("query", [f"{name}{_in_brackets(arguments)} {{ {below} }}"], pages=True)

    def filtered(self, names: Sequence[str], filter: Mapping[str, Any]) -> Document:
        """A query of a list through this filter: the last of `names`, inside those before it."""
        self._start()
        *outer, name = names
        type_: Any = published().query_type
        for each in outer:
            type_ = get_named_type(type_.fields[each].type)
        definition = type_.fields[name]
        given = {"first": 3, "filter": filter}
        arguments = {one: self._argument(value, definition.args[one].type) for one, value in given.items()}
        below = self._connection(get_named_type(definition.type), 1 + len(outer))
        asked = f"{name}{_in_brackets(arguments)} {{ {below} }}"
        for each in reversed(outer):
            asked = f"{each} {{ {asked} }}"
        return self._document("query", [asked], pages=False)

    def explanation(self) -> Document:
        """A query for why something is, or is not, in sight."""
        self._start()
        return self._document("query", [self._explained()], pages=False)

    def _explained(self) -> str:
        type_name = self.chance.choice(oracle.RECORD_TYPES)
        given = {"recordId": self.pools.id(type_name)}
        if self.chance.random() < 0.5:
            given["agentId"] = self.pools.id("Agent")
        if self.chance.random() < 0.6:
            given["field"] = self.chance.choice(list(FIELDS[type_name]))
        definition = published().query_type.fields["accessExplanation"]  # type: ignore[union-attr]
        written_ = {name: _literal(value, definition.args[name].type) for name, value in given.items()}
        below = self._selection(get_named_type(definition.type), 2, whole=True)
        return f"accessExplanation{_in_brackets(written_)} {{ {below} }}"

    def mutation(self, name: str, given: dict[str, Any], left_out: Iterable[str] = ()) -> Document:
        """A mutation with this input; of what comes back, all but `left_out`."""
        self._start()
        definition = published().mutation_type.fields[name]  # type: ignore[union-attr]
        self._variables["input"] = (str(definition.args["input"].type), given)
        payload = get_named_type(definition.type)
        below = [
            self._field(payload, one, DEEPEST - 3)
            for one in payload.fields
            if one not in {*left_out, "userErrors"}
        ]
        below.append("userErrors { code message field }")
        return self._document("mutation", [f"{name}(input: $input) {{ {' '.join(below)} }}"], pages=False)

    def preview(self, given: dict[str, Any]) -> Document:
        """A query for what a transfer would do, and why it would not; all but its token."""
        self._start()
        definition = published().query_type.fields["transferPreview"]  # type: ignore[union-attr]
        self._variables["input"] = (str(definition.args["input"].type), given)
        below = [
            self._field(get_named_type(definition.type), one, DEEPEST - 3)
            for one in ("records", "shares", "sight", "parting")
        ]
        below.append("userErrors { code message field }")
        return self._document(
            "query", [f"transferPreview(input: $input) {{ {' '.join(below)} }}"], pages=False
        )

    def diagnosis(self) -> Document:
        """A query for why leads are, or are not, distributed."""
        self._start()
        definition = published().query_type.fields["distributionDiagnosis"]  # type: ignore[union-attr]
        below = self._selection(get_named_type(definition.type), 2, whole=True)
        chosen = f'(policyId: "{self.pools.id("DistributionPolicy")}")' if self.chance.random() < 0.7 else ""
        return self._document("query", [f"distributionDiagnosis{chosen} {{ {below} }}"], pages=False)

    def _document(self, kind: str, roots: list[str], *, pages: bool) -> Document:
        declared = ", ".join(f"${name}: {type_}" for name, (type_, _) in self._variables.items())
        head = f"{kind} ({declared})" if declared else kind
        text = f"{head} {{ {' '.join(roots)} }} {' '.join(self._fragments)}"
        return Document(text, {name: value for name, (_, value) in self._variables.items()}, pages)

    # Selections

    def _root(self) -> str:
        name = self.chance.choice(ROOTS)
        if ("Query", name) in self.refused and self.chance.random() < 0.9:
            name = self.chance.choice(("deals", "agents", "partners", "viewer", "dealStats"))
        return self._field(published().query_type, name, 0)  # type: ignore[arg-type]

    def _field(self, type_: GraphQLObjectType, name: str, depth: int, *, alone: bool = False) -> str:
        definition = type_.fields[name]
        written_ = _in_brackets(self._arguments(type_.name, name, definition.args))
        alias = f"{self._next('a')}: " if written_ or alone or self.chance.random() < 0.1 else ""
        named = get_named_type(definition.type)
        head = f"{alias}{name}{written_}{self._condition()}"
        return head if is_leaf_type(named) else f"{head} {{ {self._selection(named, depth + 1)} }}"

    def _condition(self) -> str:
        if self.chance.random() >= 0.06:
            return ""
        how = self.chance.choice(("include", "skip"))
        value = (how == "include") == (self.chance.random() < 0.8)
        variable = self._next("b")
        self._variables[variable] = ("Boolean!", value)
        return f" @{how}(if: ${variable})"

    def _selection(self, type_: Any, depth: int, *, whole: bool = False, alone: bool = False) -> str:
        if isinstance(type_, GraphQLInterfaceType):
            return self._of_interface(type_, depth)
        if type_.name.endswith("Connection"):
            return self._connection(type_, depth)
        names = [name for name in type_.fields if depth < DEEPEST or self._shallow(type_, name)]
        if self.chance.random() < 0.93:
            names = [name for name in names if (type_.name, name) not in self.refused] or names
        count = len(names) if whole else min(len(names), self.chance.randint(1, 5))
        chosen = self.chance.sample(names, count)
        written_ = " ".join(self._field(type_, name, depth, alone=alone) for name in chosen)
        return self._perhaps_fragment(type_.name, written_) if self.chance.random() < 0.15 else written_

    def _shallow(self, type_: GraphQLObjectType, name: str) -> bool:
        return is_leaf_type(get_named_type(type_.fields[name].type))

    def _perhaps_fragment(self, type_name: str, below: str) -> str:
        if self.chance.random() < 0.5:
            return f"... on {type_name} {{ {below} }}"
        name = self._next("F")
        self._fragments.append(f"fragment {name} on {type_name} {{ {below} }}")
        return f"...{name}"

    def _of_interface(self, type_: GraphQLInterfaceType, depth: int) -> str:
        possible = list(published().get_possible_types(type_))
        parts = ["__typename", "id"]
        for one in self.chance.sample(possible, self.chance.randint(2, min(8, len(possible)))):
            parts.append(f"... on {one.name} {{ {self._selection(one, max(depth, 2), alone=True)} }}")
        if self.chance.random() < 0.4:
            parts.append(f"... on Record {{ {self._of_record()} }}")
        return " ".join(parts)

    def _of_record(self) -> str:
        names = self.chance.sample(("createdAt", "archivedAt", "maskedFields", "version"), 2)
        return " ".join(f"{self._next('r')}: {name}" for name in names)

    def _connection(self, type_: Any, depth: int) -> str:
        inner = get_named_type(type_.fields["nodes"].type)
        parts = [f"nodes {{ {self._selection(inner, depth + 1)} }}"]
        if self.chance.random() < 0.5:
            parts.append("totalCount")
        if self.chance.random() < 0.5:
            parts.append("pageInfo { hasNextPage hasPreviousPage startCursor endCursor }")
        if self.chance.random() < 0.3:
            parts.append(f"edges {{ cursor node {{ {self._selection(inner, DEEPEST)} }} }}")
        return " ".join(parts)

    # Arguments

    def _arguments(
        self, of: str, name: str, known: Mapping[str, GraphQLArgument], *, paging: bool = True
    ) -> dict[str, str]:
        given: dict[str, Any] = {}
        if "first" in known:
            type_name = LISTS[name] if of == "Query" else FIELDS[of][name].target
            given = self._paging(top=of == "Query") if paging else {}
            if self.chance.random() < 0.55:
                given["filter"] = self.filter(type_name)
            if self.chance.random() < 0.4:
                given["orderBy"] = self._order(type_name)
        elif name == "dealStats":
            given["groupBy"] = self.chance.choice(("OWNER", "TEAM", "INBOX", "STAGE", "STATUS", None))
            if self.chance.random() < 0.5:
                given["filter"] = self.filter("Deal")
        elif name == "ownerAt":
            given["instant"] = self.pools.instant("Ownership", "start")
        elif name == "ids" or "ids" in known:
            given["ids"] = [self.pools.id(self._node_type()) for _ in range(self.chance.randint(1, 6))]
        elif "id" in known:
            given["id"] = self.pools.id(SINGLES.get(name) or self._node_type())
        elif "ownerId" in known and self.chance.random() < 0.7:
            given["ownerId"] = self.pools.id("Portfolio")
        return {one: self._argument(value, known[one].type) for one, value in given.items()}

    def _node_type(self) -> str:
        seen = [one for one in NODES if self.pools.view[one]]
        return self.chance.choice(seen if self.chance.random() < 0.9 else NODES)

    def _argument(self, value: Any, type_: GraphQLInputType) -> str:
        if self.chance.random() < 0.25:
            name = self._next("v")
            self._variables[name] = (str(type_), value)
            return f"${name}"
        return _literal(value, type_)

    def _paging(self, *, top: bool) -> dict[str, Any]:
        if top and self.chance.random() < 0.3:
            return {}
        return {self.chance.choice(("first", "last")): self.chance.randint(1, 8 if top else 3)}

    def _order(self, type_name: str) -> list[dict[str, str]]:
        names = list(published().type_map[f"{type_name}OrderField"].values)  # type: ignore[attr-defined]
        allowed = [one for one in names if (type_name, _camel(one)) not in self.refused] or names
        chosen = self.chance.sample(allowed, min(len(allowed), self.chance.choice((1, 1, 2))))
        return [{"field": one, "direction": self.chance.choice(("ASC", "DESC"))} for one in chosen]

    # Filters

    def filter(self, type_name: str, depth: int = 0) -> dict[str, Any]:
        """A filter over a type."""
        input_type = published().type_map[f"{type_name}Filter"]
        assert isinstance(input_type, GraphQLInputObjectType)
        return dict(
            self._clause(input_type, type_name, depth) for _ in range(self.chance.choice((1, 1, 1, 2)))
        )

    def _clause(self, input_type: GraphQLInputObjectType, type_name: str, depth: int) -> tuple[str, Any]:
        if depth < FILTERS_DEEP and self.chance.random() < 0.25:
            how = self.chance.choice(("any", "any", "all", "not"))
            if how == "not":
                return how, self.filter(type_name, depth + 1)
            return how, [self.filter(type_name, depth + 1) for _ in range(self.chance.choice((1, 2, 2, 3)))]
        if self.chance.random() < 0.08:
            return "search", self._piece(self._some_text(type_name))
        names = [name for name in input_type.fields if name not in ("all", "any", "not", "search")]
        if self.chance.random() < 0.95:
            names = [name for name in names if (type_name, name) not in self.refused] or names
        name = self.chance.choice(names)
        named = get_named_type(input_type.fields[name].type).name
        if (depth >= FILTERS_DEEP and named.endswith("ListFilter")) or (depth and name == "id"):
            return self._clause(input_type, type_name, depth)
        return name, self._operand(type_name, name, named, depth)

    def operand(self, type_name: str, name: str) -> dict[str, Any]:
        """A filter over a type by this one of its fields."""
        filter = published().type_map[f"{type_name}Filter"]
        assert isinstance(filter, GraphQLInputObjectType)
        named = get_named_type(filter.fields[name].type).name
        return {name: self._operand(type_name, name, named, FILTERS_DEEP - 1)}

    def _operand(self, type_name: str, name: str, named: str, depth: int) -> dict[str, Any]:
        if named == "IdFilter":
            return self._compared(lambda: self.pools.id(type_name), ("eq", "ne", "in"))
        described = FIELDS[type_name][name]
        if named.endswith("ListFilter"):
            how = self.chance.choice(("some", "some", "none", "every"))
            return {how: self.filter(described.target, depth + 1)}
        if named.endswith("ReferenceFilter"):
            if depth < FILTERS_DEEP and self.chance.random() < 0.5:
                return {"is": self.filter(described.target, depth + 1)}
            return self._compared(lambda: self.pools.id(described.target), ("eq", "ne", "in", "isNull"))
        if named == "MoneyFilter":
            return self._money(type_name, name)
        operators = list(published().type_map[named].fields)  # type: ignore[attr-defined]
        return self._compared(lambda: self._plain(type_name, name, described.kind), operators)

    def _compared(self, draw: Callable[[], Any], operators: Iterable[str]) -> dict[str, Any]:
        how = self.chance.choice(list(operators))
        if how == "isNull":
            return {how: self.chance.random() < 0.35}
        if how == "in":
            return {
                how: [one for one in (draw() for _ in range(self.chance.randint(0, 5))) if one is not None]
            }
        value = draw()
        if value is None:
            return {"isNull": False} if "isNull" in operators else {"in": []}
        return {how: self._piece(value) if how == "contains" else value}

    def _plain(self, type_name: str, name: str, kind: str) -> Any:
        match kind:
            case "instant":
                return self.pools.instant(type_name, name)
            case "day":
                day = self.pools.value(type_name, name)
                return (day or date(2026, 5, 5)).isoformat()
            case "number":
                return (self.pools.value(type_name, name) or 1) + self.chance.choice((-1, 0, 0, 1))
            case "text":
                text = self.pools.value(type_name, name)
                return text and self.chance.choice((text, text.upper(), text.lower(), text.casefold()))
        return self.pools.value(type_name, name)

    def _money(self, type_name: str, name: str) -> dict[str, Any]:
        currency = self.chance.choice((None, None, "USD", "EUR", "JPY"))
        found = self._compared(
            lambda: self._amount(type_name, name, currency),
            ("eq", "ne", "in", "isNull", "lt", "lte", "gt", "gte"),
        )
        return found if currency is None else {**found, "currency": currency}

    def _amount(self, type_name: str, name: str, currency: str | None) -> str:
        units = (self.pools.value(type_name, name) or Money(0, "USD")).amount
        amount = Decimal(units).scaleb(-MINOR_DIGITS.get(currency or "USD", 2))
        return str(amount + self.chance.choice((Decimal(0), Decimal(0), Decimal("0.005"), Decimal(-1))))

    def _some_text(self, type_name: str) -> str:
        texts = [name for name, one in FIELDS[type_name].items() if one.kind == "text"]
        found = [value for name in texts if (value := self.pools.value(type_name, name))]
        return self.chance.choice(found) if found else "a"

    def _piece(self, text: str) -> str:
        start = self.chance.randrange(len(text)) if text else 0
        piece = text[start : start + self.chance.choice((1, 1, 2, 4))]
        return self.chance.choice((piece, piece.upper(), piece.casefold()))

    def _next(self, prefix: str) -> str:
        self._number += 1
        return f"{prefix}{self._number}"


def _literal(value: Any, type_: GraphQLInputType) -> str:
    node = ast_from_value(value, type_)
    assert node is not None, (value, type_)
    return print_ast(node)


def _in_brackets(arguments: Mapping[str, str]) -> str:
    return f"({', '.join(f'{name}: {value}' for name, value in arguments.items())})" if arguments else ""


def _camel(name: str) -> str:
    first, *rest = name.lower().split("_")
    return first + "".join(word.title() for word in rest)
