"""Documents that ask for everything: made from the schema, so that no field can be forgotten."""

from collections.abc import Iterable, Iterator
from uuid import UUID

from graphql import (
    SKIP,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    TypeInfo,
    TypeInfoVisitor,
    Visitor,
    get_named_type,
    is_leaf_type,
    parse,
    visit,
)

from tests.judge.answers import global_id
from tests.judge.oracle import FIELDS, TYPES
from tests.judge.world import World
from tests.proofs.judging import LISTS, NODES, PLAIN_LISTS, SINGLES, published

MOST_IDS = 200
PLACES = "edges { cursor node { __typename } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor }"
INSTANTS = ("2025-12-20T09:00:00Z", "2026-01-04T12:00:00Z", "2026-02-10T09:00:00Z", "2026-09-01T00:00:00Z")


def whole(type_name: str, depth: int) -> str:
    """Every field of a type; of what it refers to every leaf `depth` levels down, then the id alone."""
    type_ = published().type_map[type_name]
    assert isinstance(type_, GraphQLObjectType)
    return " ".join(_asked(type_, name, depth) for name in type_.fields)


def _asked(type_: GraphQLObjectType, name: str, depth: int) -> str:
    field = type_.fields[name]
    named = get_named_type(field.type)
    if name == "ownerAt":
        return " ".join(f'at{n}: ownerAt(instant: "{at}") {{ id }}' for n, at in enumerate(INSTANTS))
    if is_leaf_type(named):
        return name
    return f"{name} {{ {_below(named, depth)} }}"


def _below(type_: GraphQLNamedType, depth: int) -> str:
    if isinstance(type_, GraphQLInterfaceType):
        return "__typename id"
    assert isinstance(type_, GraphQLObjectType)
    if type_.name.endswith("Connection"):
        inner = _below(get_named_type(type_.fields["nodes"].type), depth)
        return f"totalCount nodes {{ {inner} }} {PLACES}"
    if type_.name == "Portfolio":
        return "owner { id }"
    if "Node" not in {one.name for one in type_.interfaces}:
        return whole(type_.name, 0)
    return _leaves(type_) if depth else "id"


def _leaves(type_: object) -> str:
    named = get_named_type(type_)  # type: ignore[call-overload]
    return " ".join(name for name, field in named.fields.items() if is_leaf_type(get_named_type(field.type)))


def nodes(type_name: str, ids: Iterable[UUID]) -> Iterator[tuple[str, dict[str, object]]]:
    """Every field of the rows of a type with these ids, whoever may see them; in parts."""
    of_type = f"... on {type_name} {{ {whole(type_name, 0)} }}"
    document = f"query ($ids: [ID!]!) {{ nodes(ids: $ids) {{ __typename id {of_type} }} }}"
    listed = [global_id(type_name, one) for one in ids]
    for start in range(0, len(listed), MOST_IDS):
        yield document, {"ids": listed[start : start + MOST_IDS]}


def singles(world: World) -> Iterator[tuple[str, dict[str, object]]]:
    """Each row by the root field of its type and by `node`, and asked for as what it is not."""
    for field, type_name in SINGLES.items():
        ids = [global_id(type_name, one) for one in world[TYPES[type_name]]]
        wrong = [global_id(other, one) for other in NODES for one in list(world[TYPES[other]])[:1]]
        asked = " ".join(f'a{n}: {field}(id: "{one}") {{ id }}' for n, one in enumerate(ids + wrong))
        yield f"{{ {asked} }}", {}
    every = [global_id(name, one) for name in NODES for one in list(world[TYPES[name]])[:20]]
    yield (
        "{ " + " ".join(f'n{n}: node(id: "{one}") {{ __typename id }}' for n, one in enumerate(every)) + " }",
        {},
    )


def myself() -> str:
    """All about the viewer."""
    below = {
        "agent": whole("Agent", 1),
        "partnerUser": whole("PartnerUser", 1),
        "account": whole("Account", 1),
        "access": whole("ViewerAccess", 1),
        "tokens": whole("Token", 1),
    }
    parts = " ".join(f"{name} {{ {fields} }}" for name, fields in below.items())
    return f"{{ viewer {{ kind permissions {parts} }} }}"


def plain_lists() -> str:
    """The lists without pages."""
    return "{ " + " ".join(f"{name} {{ {whole(of, 1)} }}" for name, of in PLAIN_LISTS.items()) + " }"


def sums() -> str:
    """`dealStats`, whole and by each group."""
    groups = published().type_map["DealGroup"].values  # type: ignore[attr-defined]
    below = _below(published().type_map["DealStat"], 0)
    grouped = " ".join(f"by{group}: dealStats(groupBy: {group}) {{ {below} }}" for group in groups)
    return f"{{ all: dealStats {{ {below} }} {grouped} }}"


def portfolios(world: World) -> Iterator[tuple[str, dict[str, object]]]:
    """One's own portfolio, and everybody's, by id."""
    everything = f"owner {{ id name }} {_PORTFOLIO_LISTS} stats {{ {whole('PortfolioStats', 0)} }}"
    yield f"{{ portfolio {{ {everything} }} }}", {}
    for owner in world["agent"]:
        yield (
            f"query ($id: ID) {{ portfolio(ownerId: $id) {{ {everything} }} }}",
            {"id": global_id("Agent", owner)},
        )


_PORTFOLIO_LISTS = " ".join(
    f"{name} {{ totalCount nodes {{ id }} }}" for name in ("contacts", "conversations", "deals")
)


def page(root: str, *, backwards: bool) -> str:
    """A page of a list at the top, forwards with all that its rows hold."""
    size, place = ("last: 6", "before") if backwards else ("first: 9", "after")
    of = LISTS[root]
    below = "owner { id } stats { contacts }" if of == "Portfolio" else "id" if backwards else whole(of, 1)
    listed = f"totalCount nodes {{ {below} }} {PLACES}"
    return f"query ($place: String) {{ {root}({size}, {place}: $place) {{ {listed} }} }}"


def fields_of(document: str) -> set[tuple[str, str]]:
    """The fields that a document asks for: (type, field)."""
    info = TypeInfo(published())
    found: set[tuple[str, str]] = set()

    class Note(Visitor):
        def enter_field(self, *_: object) -> None:
            parent, field = info.get_parent_type(), info.get_field_def()
            node_name = _[0].name.value  # type: ignore[attr-defined]
            if parent is not None and field is not None:
                found.add((parent.name, node_name))

    visit(parse(document), TypeInfoVisitor(info, Note()))
    return found


def places_of(document: str, wanted: set[tuple[str, str]]) -> list[tuple[str, str]]:
    """The places in a document at which one of the wanted fields is asked for, topmost alone."""
    info = TypeInfo(published())
    found: list[tuple[str, str]] = []

    class Note(Visitor):
        def enter_field(self, *_: object) -> object:
            parent = info.get_parent_type()
            place = (parent.name if parent else "", _[0].name.value)  # type: ignore[attr-defined]
            if place not in wanted:
                return None
            found.append(place)
            return SKIP

    visit(parse(document), TypeInfoVisitor(info, Note()))
    return found


def fields_to_explain(type_name: str) -> Iterator[str]:
    """The fields of a record's type of which it can be asked why one reads them."""
    yield from FIELDS[type_name]
