"""Mutations by chance: each with what its input names, drawn from what is in sight and from what is not."""

from typing import Any

from graphql import GraphQLInputObjectType, GraphQLInputType, GraphQLList, GraphQLNonNull, get_nullable_type

from models import Permission
from resolvers.judge import Judge
from resolvers.writing import MUTATIONS
from schema.tables import type_name
from tests.judge.answers import local_id
from tests.judge.oracle import FIELDS, RECORD_TYPES
from tests.proofs.generating import Author, Document
from tests.proofs.judging import published

# Attempts are counted for the whole process, which two worlds share.
NOT_BY_CHANCE = {"signIn", "setPassword"}
# A secret is random, and shown to its maker alone.
RANDOM = ("secret",)
GUESSES = {
    "currency": ("USD", "EUR", "JPY", "XXX"),
    "timeZone": ("UTC", "America/Sao_Paulo", "Nowhere"),
    "source": ("bank", "card"),
    "sourceId": ("1", "2", "3"),
    "body": ("Thank you", "Até já", "  "),
    "start": ("09:00", "00:00", "25:00"),
    "end": ("18:00", "24:00", "09:00"),
}


def mutations() -> list[str]:
    """The names of the mutations that chance may try."""
    fields = published().mutation_type.fields if published().mutation_type else {}  # type: ignore[union-attr]
    return sorted(set(fields) - NOT_BY_CHANCE)


def act_by_chance(author: Author, name: str) -> Document:
    """A mutation with an input that is mostly of the right form."""
    return author.mutation(name, Drawing(author, name).input(), RANDOM)


def preview_by_chance(author: Author) -> Document:
    """What a transfer would do; its token is random, and bound to who asked."""
    type_ = published().type_map["TransferInput"]
    assert isinstance(type_, GraphQLInputObjectType)
    return author.preview(Drawing(author, "transferPortfolio").object(type_))


class Drawing:
    """Draws one mutation's input."""

    def __init__(self, author: Author, name: str) -> None:
        self.author = author
        self.chance, self.pools = author.chance, author.pools
        definition = published().mutation_type.fields[name]  # type: ignore[union-attr]
        type_ = get_nullable_type(definition.args["input"].type)
        assert isinstance(type_, GraphQLInputObjectType)
        self.type = type_
        self.judge = judge_of(name)
        self.version: int | None = None

    def input(self) -> dict[str, Any]:
        """The input: what is required, and some of the rest."""
        given: dict[str, Any] = {}
        for name, field in self.type.fields.items():
            required = isinstance(field.type, GraphQLNonNull)
            if not required and self.chance.random() < 0.45 and not self._needed(name):
                continue
            empty = not required and self.chance.random() < 0.08
            given[name] = None if empty else self._value(name, get_nullable_type(field.type))
        return {
            name: value
            for name, value in given.items()
            if value is not None or name not in ("expectedVersion",)
        }

    def _needed(self, name: str) -> bool:
        return name in {_camel(one) for one in self.judge.needs}

    def _value(self, name: str, type_: GraphQLInputType) -> Any:
        if isinstance(type_, GraphQLList):
            inner = get_nullable_type(type_.of_type)
            return [self._value(name, inner) for _ in range(self.chance.randint(0, 3))]
        if isinstance(type_, GraphQLInputObjectType) and "currency" not in type_.fields:
            return self._part(name, type_)
        tables = self._tables(name)
        if tables:
            return self._id(name, self.chance.choice(tables))
        match name:
            case "expectedVersion":
                return (
                    self.version if self.version and self.chance.random() < 0.7 else self.chance.randint(1, 3)
                )
            case "idempotencyKey":
                return f"key {self.chance.randint(1, 4)}" if self.chance.random() < 0.3 else None
            case "permissions":
                return self.chance.choice([*(one.value for one in Permission), "no.such"])
        return self._plain(name, type_)

    def _id(self, name: str, table: str) -> str:
        found = self.pools.id(type_name(table))
        row = self.pools.view[type_name(table)].get(local_id(type_name(table), found))  # type: ignore[arg-type]
        if self.judge.named is not None and name == _camel(self.judge.named.field) and row:
            self.version = row.get("version")
        return found

    def _tables(self, name: str) -> tuple[str, ...]:
        named = self.judge.named
        if named is not None and name == _camel(named.field):
            return tuple(named.known)
        linked = (tables for field, tables in self.judge.links.items() if name in _names(field))
        return tuple(
            table for tables in linked for table in ([tables] if isinstance(tables, str) else tables)
        )

    def _plain(self, name: str, type_: Any) -> Any:
        if hasattr(type_, "values"):
            return self.chance.choice(list(type_.values))
        if isinstance(type_, GraphQLInputObjectType):
            return self.object(type_)
        match type_.name:
            case "Boolean":
                return self.chance.random() < 0.5
            case "Int":
                return self.chance.randint(1, 13)
            case "DateTime":
                return self.pools.instant("Deal", self.chance.choice(("createdAt", "wonAt")))
            case "Date":
                return f"2026-0{self.chance.randint(1, 9)}-15"
        return self._text(name)

    def object(self, type_: GraphQLInputObjectType) -> dict[str, Any]:
        """A part of an input, or a filter."""
        if type_.name == "MoneyInput":
            amounts = ("0", "1.00", "99.99", "2500", "1.005", "-3")
            return {"amount": self.chance.choice(amounts), "currency": self._text("currency")}
        if type_.name.removesuffix("Filter") in FIELDS:
            return self.author.filter(type_.name.removesuffix("Filter"))
        return {
            name: self._part(name, get_nullable_type(field.type))
            for name, field in type_.fields.items()
            if isinstance(field.type, GraphQLNonNull) or self.chance.random() < 0.4
        }

    def _part(self, name: str, type_: Any) -> Any:
        if isinstance(type_, GraphQLList):
            inner = get_nullable_type(type_.of_type)
            return [self._part(name, inner) for _ in range(self.chance.randint(1, 2))]
        if getattr(type_, "name", "") == "ID":
            of = self.chance.choice(RECORD_TYPES) if name.startswith("record") else "Agent"
            return self.pools.id(of)
        return self._plain(name, type_)

    def _text(self, name: str) -> str:
        if name in GUESSES:
            return self.chance.choice(GUESSES[name])
        of = [type_ for type_, fields in FIELDS.items() if name in fields and fields[name].kind == "text"]
        text = self.pools.value(self.chance.choice(of), name) if of else None
        return text or self.chance.choice(("new", "Neu ß", ""))


def judge_of(name: str) -> Judge:
    """What a mutation's declaration says of its input."""
    field = next(one for one in MUTATIONS.values() if one.graphql_name == name)
    return next(one for one in field.extensions if isinstance(one, Judge))


def _names(field: str) -> set[str]:
    """How a link's field may be called: by itself, or by the agent that each input of a list names."""
    named = ".".join(_camel(part) for part in field.split("."))
    return {named, f"{named}.agentId"}


def _camel(name: str) -> str:
    head, *tail = name.split("_")
    return head + "".join(word.capitalize() for word in tail)
