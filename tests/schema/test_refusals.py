"""What an operation may ask for together, counted before it is planned or run: both ways the same."""

from typing import Any

import pytest
from graphql import (
    FragmentDefinitionNode,
    GraphQLError,
    OperationDefinitionNode,
    get_introspection_query,
    parse,
)

from models.database import Database
from resolvers.schema import schema
from schema.context import Context
from schema.introspection import MOST_INTROSPECTED
from schema.reading import answering
from schema.reading.arguments import MOST_GIVEN
from schema.refusals import Walk
from tests.resolvers.support import KEYS, Scene, codes, make_scene, run_in, signed_in
from tests.resolvers.test_http import AN_ADMINISTRATOR
from tests.schema.reading.test_documents import WHOLE_SCHEMA

WAYS = pytest.mark.parametrize("planned", [True, False], ids=["planned", "value by value"])
ROUND = "types { fields { type { fields { name type { name } } ofType { fields { name description } } } } }"
A_HUNDRED_TYPES = " ".join(
    f'a{n}: __type(name: "Query") {{ fields {{ type {{ name }} }} }}' for n in range(100)
)


def schemas(prefix: str) -> str:
    """The schema under fifty aliases."""
    return " ".join(f"{prefix}{n}: __schema {{ {ROUND} }}" for n in range(50))


@pytest.fixture
async def scene(database: Database) -> Scene:
    """An account."""
    return await make_scene(database)


async def ask(scene: Scene, document: str, variables: dict[str, Any], *, planned: bool = True) -> Any:
    """What Ana is answered, and the codes of the errors."""
    context = Context(scene.database, KEYS, await signed_in(scene.database, scene.ana), planned=planned)
    try:
        await context.start_reading()
        data, errors = await run_in(context, document, variables)
        return data, codes(errors)
    finally:
        await context.stop_reading()


def walked(document: str) -> Walk:
    """A walk of the document's first operation. Raises GraphQLError."""
    parsed = parse(document)
    fragments = {
        each.name.value: each for each in parsed.definitions if isinstance(each, FragmentDefinitionNode)
    }
    walk = Walk(schema._schema, fragments, {}, AN_ADMINISTRATOR, KEYS)
    walk.operation(next(each for each in parsed.definitions if isinstance(each, OperationDefinitionNode)))
    return walk


def values(data: Any) -> int:
    """How many values an answer holds."""
    if isinstance(data, dict):
        return len(data) + sum(map(values, data.values()))
    return sum(map(values, data)) if isinstance(data, list) else 0


# The schema


@WAYS
@pytest.mark.parametrize(
    "document",
    [
        "{ __schema {" + " ".join(f"a{n}: {ROUND}" for n in range(150)) + "} }",
        "{" + " ".join(f"a{n}: __schema {{ {ROUND} }}" for n in range(150)) + "}",
        "{" + " ".join(f'a{n}: __type(name: "Query") {{ fields {{ type {{ fields {{ name }} }} }} }}'
                       for n in range(300)) + "}",
        "{ ...A ...B } fragment A on Query {" + schemas("a") + "} fragment B on Query {" + schemas("b") + "}",
    ],
    ids=["lists", "schemas", "types", "fragments"],
)  # fmt: skip
async def test_the_schema_over_and_over_again(
    document: str, planned: bool, scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    def executed(*_: Any) -> Any:
        raise AssertionError("it is refused before it is executed")

    monkeypatch.setattr("strawberry.schema.schema.execute", executed)
    assert await ask(scene, document, {}, planned=planned) == (None, ["QUERY_TOO_COMPLEX"])


@WAYS
@pytest.mark.parametrize("document", [WHOLE_SCHEMA, get_introspection_query()])
async def test_the_whole_schema_as_tools_ask_for_it(document: str, planned: bool, scene: Scene) -> None:
    data, found = await ask(scene, document, {}, planned=planned)
    assert found == []
    assert len(data["__schema"]["types"]) == len(schema._schema.type_map)


@pytest.mark.parametrize(
    "document", [WHOLE_SCHEMA, "{ " + A_HUNDRED_TYPES + " }", "{ __schema { __typename } }"]
)
async def test_the_schema_is_counted_to_the_value(document: str, scene: Scene) -> None:
    data, _ = await ask(scene, document, {})
    asked_for = data.get("__schema", data)
    counted = walked(document).introspection.values
    roots = len(data) if asked_for is data else 0
    assert counted == values(asked_for) - roots
    assert counted < MOST_INTROSPECTED


# Arguments


def conditions(number: int) -> dict[str, Any]:
    """A filter of so many conditions, each of three values."""
    return {"any": [{"title": {"contains": f"n{each}"}} for each in range(number)]}


@WAYS
async def test_one_filter_in_many_places(
    planned: bool, scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = "query($f: DealFilter) {" + " ".join(
        f"a{n}: deals(filter: $f) {{ totalCount }}" for n in range(400)
    )
    made = [0]
    whole = answering.planning.whole

    def planning(*given: Any) -> Any:
        made[0] += 1
        return whole(*given)

    monkeypatch.setattr(answering.planning, "whole", planning)
    data, found = await ask(scene, document + "}", {"f": conditions(240)}, planned=planned)
    assert (data, found, made[0]) == (None, ["QUERY_TOO_COMPLEX"], 0)
    few = "query($f: DealFilter) { a: deals(filter: $f) { totalCount } b: deals(filter: $f) { totalCount } }"
    data, found = await ask(scene, few, {"f": conditions(240)}, planned=planned)
    assert (data, found) == ({"a": {"totalCount": 0}, "b": {"totalCount": 0}}, [])


@pytest.mark.parametrize(
    "document",
    [
        "{ contacts(first: 1) { nodes { ...F } } teams { name } } fragment F on Contact { %s }",
        "{ contacts(first: 1) { nodes { ...F } edges { node { ...F } } } } fragment F on Contact { %s }",
    ],
    ids=["once", "twice"],
)
def test_arguments_count_wherever_a_fragment_is_spread(document: str) -> None:
    few = " ".join(
        f'a{n}: deals(first: 1, filter: {{title: {{eq: "x"}}}}) {{ totalCount }}' for n in range(100)
    )
    many = " ".join(f"b{n}: deals(first: 1, orderBy: [{order(10)}]) {{ totalCount }}" for n in range(200))
    assert walked(document % few).given.values == 2 + document.count("...F") * 100 * 5
    with pytest.raises(GraphQLError, match=f"at most {MOST_GIVEN} values"):
        walked(document % many)


def order(fields: int) -> str:
    """An order by so many fields."""
    return " ".join(["{field: TITLE, direction: ASC}"] * fields)


@WAYS
async def test_ids_in_many_places(planned: bool, scene: Scene) -> None:
    document = "query($i: [ID!]!) {" + " ".join(f"a{n}: nodes(ids: $i) {{ id }}" for n in range(100)) + "}"
    _, found = await ask(scene, document, {"i": ["RGVhbDo="] * 200}, planned=planned)
    assert found == ["QUERY_TOO_COMPLEX"]


@WAYS
async def test_an_invalid_cursor_beside_a_large_filter_counts_the_filter(planned: bool, scene: Scene) -> None:
    lists = " ".join(f'a{n}: deals(after: "x", filter: $f) {{ totalCount }}' for n in range(100))
    _, found = await ask(
        scene, f"query($f: DealFilter) {{ {lists} }}", {"f": conditions(160)}, planned=planned
    )
    assert found == ["QUERY_TOO_COMPLEX"]


# Statements


async def test_a_statement_of_too_many_parameters_is_read_value_by_value(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    await scene.deal(owner=scene.ana, team=scene.north)
    document = '{ deals(filter: {title: {contains: "b"}}) { totalCount nodes { title contact { name } } } }'
    expected = await ask(scene, document, {})
    monkeypatch.setattr("schema.reading.plan.MOST_PARAMETERS", 1)
    assert (
        await ask(scene, document + " # again", {})
        == expected
        == (
            {"deals": {"totalCount": 1, "nodes": [{"title": "Bikes", "contact": None}]}},
            [],
        )
    )


async def test_a_statement_that_would_be_too_long_is_not_made(scene: Scene) -> None:
    """What changed is read of some twenty tables, wherever it is asked for."""
    often = " ".join(f"a{n}: changes {{ field }}" for n in range(400))
    document = f"query($n: Int) {{ auditLog(first: $n) {{ nodes {{ {often} }} }} }}"
    for page, found in ((1, []), (50, ["QUERY_TOO_COMPLEX"])):
        context = Context(scene.database, KEYS, await signed_in(scene.database, scene.administrator))
        await context.start_reading()
        data, errors = await run_in(context, document, {"n": page})
        await context.stop_reading()
        assert codes(errors) == found
        assert (data is None) is bool(found)
