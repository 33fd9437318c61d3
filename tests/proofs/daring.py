"""Documents that try everything: also what a careful client would never send, in every way to write it.

What Author asks is compared with the judge's word, so it asks in plain terms; here two ways of
answering are compared, so whatever is valid will do.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from graphql import (
    GraphQLArgument,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    get_named_type,
    get_nullable_type,
    is_leaf_type,
)

from tests.proofs.generating import DEEPEST, FILTERS_DEEP, Author, Document, _in_brackets, _literal
from tests.proofs.judging import published

ABSENT = object()
"""The value of a variable that is declared and not sent."""

STRANGE_TEXTS = ("", "%", "_", "\\", "'", '"', "\u017f", "ẞ", "🚲", "e\u0301", "\u202e", " ", "a" * 300)
STRANGE_NUMBERS = (0, -1, 2_147_483_647, -2_147_483_648)
STRANGE_AMOUNTS = ("0", "-0", "-1", "0.001", "99999999999999999999999.99", "-99999999999999999999999.99")
STRANGE_INSTANTS = (
    "0001-01-01T00:00:00Z",
    "9999-12-31T23:59:59.999999Z",
    "2026-03-01T00:30:00+05:30",
    "2026-03-01T00:00:00.123456Z",
)
STRANGE_DAYS = ("0001-01-01", "9999-12-31", "2028-02-29")
CURSORS = ("", "nonsense", "🚲", "a" * 64, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")
SIZES: tuple[dict[str, Any], ...] = (
    {"first": 0},
    {"last": 0},
    {"first": -1},
    {"first": 201},
    {"last": 201},
    {"first": 2, "last": 2},
    {"first": None},
    {"first": 2, "last": None},
    {"first": None, "last": 2},
    {"first": 200},
    {"first": 1, "after": None, "before": None},
)
MOST_IDS = 200
SCHEMA = '__type(name: "Deal") { name fields { name } }'


class Daring(Author):
    """Writes documents that try everything."""

    def _start(self) -> None:
        super()._start()
        self._places: dict[str, str] = {}

    def query(self) -> Document:
        """A query of one to three root fields, some of them in fragments."""
        self._start()
        roots = [self._root_somehow() for _ in range(self.chance.choice((1, 1, 1, 2, 3)))]
        return self._document("query", roots, pages=False)

    def unplanned(self) -> Document:
        """A query that is partly about the schema or about why, which is answered value by value."""
        self._start()
        about = SCHEMA if self.chance.random() < 0.3 else self._explained()
        return self._document("query", [about, self._root()], pages=False)

    def _document(self, kind: str, roots: list[str], *, pages: bool) -> Document:
        made = super()._document(kind, roots, pages=pages)
        given = {name: value for name, value in made.variables.items() if value is not ABSENT}
        return Document(made.text, given, made.pages, dict(self._places))

    # Selections

    def _root_somehow(self) -> str:
        match self.chance.random():
            case number if number < 0.05:
                return "__typename"
            case number if number < 0.12:
                return self._inline("Query", self._root())
            case number if number < 0.18:
                return self._named("Query", self._root())
        return self._root()

    def _field(self, type_: Any, name: str, depth: int, *, alone: bool = False) -> str:
        parts = [self._once(type_, name, depth, alone=alone)]
        below = not _leaf(type_, name)
        if self.chance.random() < (0.08 if below else 0.02) and depth < DEEPEST:
            # Without an alias what is selected is merged; with another, the two are apart.
            parts.append(self._once(type_, name, depth, alone=alone))
        return " ".join(parts)

    def _once(self, type_: Any, name: str, depth: int, *, alone: bool) -> str:
        definition = type_.fields[name]
        arguments = self._arguments(type_.name, name, definition.args)
        alias = self._next("a")
        if "after" in definition.args and not {"after", "before"} & arguments.keys():
            arguments |= self._free_place(alias)
        head = name + _in_brackets(arguments) + self._condition()
        if arguments or alone or self.chance.random() < 0.1:
            head = f"{alias}: {head}"
        named = get_named_type(definition.type)
        return head if is_leaf_type(named) else f"{head} {{ {self._selection(named, depth + 1)} }}"

    def _free_place(self, alias: str) -> dict[str, str]:
        if self.chance.random() >= 0.15:
            return {}
        variable = self._next("p")
        self._variables[variable] = ("String", None)
        self._places[variable] = alias
        return {self.chance.choice(("after", "before")): f"${variable}"}

    def _condition(self) -> str:
        if self.chance.random() < 0.03:
            return self.chance.choice((" @include(if: true)", " @skip(if: false)", " @skip(if: true)"))
        if self.chance.random() < 0.01:
            return " @skip(if: false) @include(if: true)"
        return super()._condition()

    def _selection(self, type_: Any, depth: int, *, whole: bool = False, alone: bool = False) -> str:
        made = super()._selection(type_, depth, whole=whole, alone=alone)
        if self.chance.random() < 0.06:
            made += " __typename"
        if isinstance(type_, GraphQLObjectType) and type_.interfaces and self.chance.random() < 0.08:
            made += f" {self._as_interface(type_, depth)}"
        return made

    def _as_interface(self, type_: GraphQLObjectType, depth: int) -> str:
        names = [each.name for each in type_.interfaces]
        if "Record" in names and self.chance.random() < 0.7:
            return self._inline("Record", self._of_record(depth))
        return self._inline("Node", "__typename id")

    def _perhaps_fragment(self, type_name: str, below: str) -> str:
        return self.chance.choice((self._inline, self._named))(type_name, below)

    def _inline(self, type_name: str, below: str) -> str:
        condition = self.chance.choice((f" on {type_name}", f" on {type_name}", ""))
        return f"...{condition}{self._condition()} {{ {below} }}"

    def _named(self, type_name: str, below: str) -> str:
        name = self._next("F")
        self._fragments.append(f"fragment {name} on {type_name} {{ {below} }}")
        spread = f"...{name}{self._condition()}"
        return f"{spread} ...{name}" if self.chance.random() < 0.2 else spread

    def _of_record(self, depth: int = DEEPEST - 1) -> str:
        record = published().type_map["Record"]
        assert isinstance(record, GraphQLInterfaceType)
        known = record.fields if depth < DEEPEST else [one for one in record.fields if _leaf(record, one)]
        names = self.chance.sample(list(known), self.chance.randint(1, 4))
        return " ".join(self._field(record, name, max(depth, DEEPEST - 1), alone=True) for name in names)

    def _connection(self, type_: Any, depth: int) -> str:
        inner = get_named_type(type_.fields["nodes"].type)
        parts = [self._part(name, inner, depth) for name in self._parts()]
        self.chance.shuffle(parts)
        written = " ".join(parts)
        return self._perhaps_fragment(type_.name, written) if self.chance.random() < 0.05 else written

    def _parts(self) -> list[str]:
        if self.chance.random() < 0.8:
            likely = {"totalCount": 0.4, "pageInfo": 0.4, "edges": 0.3, "__typename": 0.03}
            return ["nodes", *(name for name, share in likely.items() if self.chance.random() < share)]
        return self.chance.sample(("totalCount", "pageInfo", "edges", "nodes"), self.chance.randint(1, 3))

    def _part(self, name: str, inner: Any, depth: int) -> str:
        head = name + self._condition()
        if self.chance.random() < 0.08:
            head = f"{self._next('c')}: {head}"
        match name:
            case "nodes":
                return f"{head} {{ {self._selection(inner, depth + 1)} }}"
            case "pageInfo":
                known = ("hasNextPage", "hasPreviousPage", "startCursor", "endCursor", "__typename")
                return f"{head} {{ {' '.join(self.chance.sample(known, self.chance.randint(1, 5)))} }}"
            case "edges":
                return f"{head} {{ {self._edge(inner, depth)} }}"
        return head

    def _edge(self, inner: Any, depth: int) -> str:
        form = self.chance.choice(("cursor {}", "{} cursor", "{}", "cursor", "__typename {}"))
        if form == "cursor":
            return form
        below = depth + 1 if self.chance.random() < 0.3 else DEEPEST
        return form.format(f"node {{ {self._selection(inner, below)} }}")

    # Arguments

    def _arguments(
        self, of: str, name: str, known: Mapping[str, GraphQLArgument], *, paging: bool = True
    ) -> dict[str, str]:
        if "ids" in known and self.chance.random() < 0.06:
            return {"ids": self._argument(self._strange_ids(), known["ids"].type)}
        made = super()._arguments("Deal" if of == "Record" else of, name, known, paging=paging)
        if "filter" in known and "filter" not in made and self.chance.random() < 0.03:
            made["filter"] = self.chance.choice(("null", "{}"))
        if "orderBy" in known and "orderBy" not in made and self.chance.random() < 0.03:
            made["orderBy"] = self.chance.choice(("null", "[]"))
        return made

    def _strange_ids(self) -> list[str]:
        some = [self.pools.id(self._node_type()) for _ in range(3)]
        return self.chance.choice(([], some + some[::-1], some[:1] * MOST_IDS, some[:1] * (MOST_IDS + 1)))

    def _paging(self, *, top: bool) -> dict[str, Any]:
        given = super()._paging(top=top)
        if self.chance.random() < 0.06:
            given = dict(self.chance.choice(SIZES))
        if self.chance.random() < 0.03:
            given[self.chance.choice(("after", "before"))] = self.chance.choice(CURSORS)
        return given

    def _argument(self, value: Any, type_: GraphQLInputType) -> str:
        match self.chance.random():
            case number if number < 0.25:
                return self._variable(type_, value)
            case number if number < 0.29 and value is not None:
                return self._by_default(value, type_)
            case number if number < 0.31 and not isinstance(type_, GraphQLNonNull):
                return self._variable(type_, ABSENT)
        return self._written(value, type_)

    def _by_default(self, value: Any, type_: GraphQLInputType) -> str:
        name = self._next("v")
        nullable: Any = get_nullable_type(type_)
        self._variables[name] = (f"{nullable} = {_literal(value, nullable)}", ABSENT)
        return f"${name}"

    def _variable(self, type_: GraphQLInputType, value: Any) -> str:
        name = self._next("v")
        self._variables[name] = (str(type_), value)
        return f"${name}"

    def _written(self, value: Any, type_: GraphQLInputType) -> str:
        """The value as a literal, with variables in some of its places, and one of a list by itself."""
        if value is None:
            return "null"
        named: Any = get_nullable_type(type_)
        if isinstance(named, GraphQLList):
            parts = [self._inside(each, named.of_type) for each in value]
            alone = len(parts) == 1 and parts[0][0] not in "$[" and self.chance.random() < 0.2
            return parts[0] if alone else f"[{', '.join(parts)}]"
        if isinstance(named, GraphQLInputObjectType):
            parts = [f"{name}: {self._inside(each, named.fields[name].type)}" for name, each in value.items()]
            return f"{{{', '.join(parts)}}}"
        return _literal(value, named)

    def _inside(self, value: Any, type_: GraphQLInputType) -> str:
        if value is not None and self.chance.random() < 0.08:
            return self._variable(type_, value)
        return self._written(value, type_)

    # Filters

    def filter(self, type_name: str, depth: int = 0) -> dict[str, Any]:
        """A filter over a type; now and then too deep, too long, or of nothing."""
        if depth == 0 and self.chance.random() < 0.01:
            made = super().filter(type_name, 9)
            for _ in range(self.chance.choice((8, 9, 10, 11))):
                made = {"not": made}
            return made
        if self.chance.random() < 0.02:
            return self.chance.choice(({}, {"all": []}, {"any": []}, {"not": {}}, {"any": [{}, {}]}))
        return super().filter(type_name, depth)

    def _clause(self, input_type: GraphQLInputObjectType, type_name: str, depth: int) -> tuple[str, Any]:
        if "id" in input_type.fields and self.chance.random() < 0.04:
            return "id", self._operand(type_name, "id", "IdFilter", depth)
        if "role" in input_type.fields and depth < FILTERS_DEEP and self.chance.random() < 0.2:
            return "role", self._operand(type_name, "role", "RoleReferenceFilter", depth)
        return super()._clause(input_type, type_name, depth)

    def _operand(self, type_name: str, name: str, named: str, depth: int) -> dict[str, Any]:
        if named == "RoleReferenceFilter" and depth < FILTERS_DEEP:
            # Roles have no list of their own to filter.
            return {"is": self.filter("Role", depth + 1)}
        return super()._operand(type_name, name, named, depth)

    def _compared(self, draw: Callable[[], Any], operators: Iterable[str]) -> dict[str, Any]:
        names = list(operators)
        made = super()._compared(draw, names)
        if self.chance.random() < 0.1:
            made |= super()._compared(draw, names)
        if self.chance.random() < 0.02:
            made[self.chance.choice(names)] = None
        if "in" in names and self.chance.random() < 0.005:
            made["in"] = [one for one in (draw() for _ in range(501)) if one is not None]
        return made

    def _plain(self, type_name: str, name: str, kind: str) -> Any:
        strange = {
            "text": STRANGE_TEXTS,
            "number": STRANGE_NUMBERS,
            "instant": STRANGE_INSTANTS,
            "day": STRANGE_DAYS,
        }
        if kind in strange and self.chance.random() < 0.1:
            return self.chance.choice(strange[kind])
        return super()._plain(type_name, name, kind)

    def _amount(self, type_name: str, name: str, currency: str | None) -> str:
        if self.chance.random() < 0.1:
            return self.chance.choice(STRANGE_AMOUNTS)
        return super()._amount(type_name, name, currency)


def _leaf(type_: Any, name: str) -> bool:
    return is_leaf_type(get_named_type(type_.fields[name].type))
