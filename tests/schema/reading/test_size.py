"""How long an answer may be, whichever way it is read."""

from typing import Any

import pytest
from graphql import GraphQLError

from models.database import Database
from resolvers.answering import Asked, answer
from schema.context import Context
from schema.reading import answering, size
from schema.reading.size import Size, TooLarge
from tests.resolvers.support import KEYS, Scene, codes, gid, make_scene, run_in, signed_in

LARGEST = 50_000
WAYS = pytest.mark.parametrize("planned", [True, False], ids=["planned", "value by value"])


@pytest.fixture
async def scene(database: Database, monkeypatch: pytest.MonkeyPatch) -> Scene:
    """An account whose answers may be fifty thousand characters long."""
    for module in (size, answering):
        monkeypatch.setattr(module, "LARGEST_ANSWER", LARGEST)
    return await make_scene(database)


async def ask(scene: Scene, document: str, variables: dict[str, Any], *, planned: bool) -> Any:
    """What Ana is answered, and the codes of the errors."""
    unproved = await signed_in(scene.database, scene.ana)
    context = Context(scene.database, KEYS, unproved, planned=planned)
    try:
        await context.start_reading()
        data, errors = await run_in(context, document, variables)
        return data, codes(errors)
    finally:
        await context.stop_reading()


def often(field: str, times: int) -> str:
    """A field under so many aliases."""
    return " ".join(f"a{number}: {field}" for number in range(times))


@WAYS
async def test_one_text_asked_for_a_thousand_times_over(planned: bool, scene: Scene) -> None:
    contact = await scene.contact(owner=scene.ana, team=scene.north, notes="x" * 1_000)
    asked = {"id": gid(contact)}
    for times, too_large in ((30, False), (60, True)):
        document = f"query($id: ID!) {{ contact(id: $id) {{ {often('notes', times)} }} }}"
        data, found = await ask(scene, document, asked, planned=planned)
        assert found == (["QUERY_TOO_COMPLEX"] if too_large else [])
        assert (data is None) is too_large


@WAYS
@pytest.mark.parametrize("below", ["nodes { notes }", "edges { node { notes } }"])
async def test_one_page_asked_for_a_thousand_times_over(below: str, planned: bool, scene: Scene) -> None:
    for _ in range(5):
        await scene.contact(owner=scene.ana, team=scene.north, notes="x" * 1_000)
    for times, too_large in ((6, False), (12, True)):
        data, found = await ask(scene, f"{{ contacts {{ {often(below, times)} }} }}", {}, planned=planned)
        assert found == (["QUERY_TOO_COMPLEX"] if too_large else [])
        assert (data is None) is too_large


@WAYS
async def test_keys_count_wherever_they_are_written(planned: bool, scene: Scene) -> None:
    for _ in range(5):
        await scene.contact(owner=scene.ana, team=scene.north)
    for key in ("k" * 5_000, "k" * 15_000):
        data, found = await ask(scene, f"{{ contacts {{ nodes {{ {key}: id }} }} }}", {}, planned=planned)
        assert found == (["QUERY_TOO_COMPLEX"] if len(key) > 10_000 else [])
        assert (data is None) is (len(key) > 10_000)


@WAYS
async def test_cursors_count_as_they_are_sealed(planned: bool, scene: Scene) -> None:
    await scene.contact(owner=scene.ana, team=scene.north, name="x" * 200)
    page = "contacts(orderBy: [{field: NAME}]) { edges { %s } }"
    for times, too_large in ((50, False), (400, True)):
        document = "{ " + page % often("cursor", times) + " }"
        data, found = await ask(scene, document, {}, planned=planned)
        assert set(found) == ({"QUERY_TOO_COMPLEX"} if too_large else set())
        assert (data in (None, {"contacts": None})) is too_large


@WAYS
async def test_paths_of_refusals_count(planned: bool, scene: Scene) -> None:
    key = "k" * 10_000
    for times, too_large in ((2, False), (8, True)):
        refused = often("agents { totalCount }", times)
        data, found = await ask(scene, f"{{ {key}: teams {{ {refused} }} }}", {}, planned=planned)
        assert data is None or not too_large
        assert (found == ["QUERY_TOO_COMPLEX"]) is too_large


@WAYS
async def test_a_long_answer_is_not_taken_for_longer_than_it_is(planned: bool, scene: Scene) -> None:
    """What is quickly thought to be too long is counted exactly."""
    for _ in range(20):
        await scene.contact(owner=scene.ana, team=scene.north, name="[" * 1_000)
    data, found = await ask(scene, "{ contacts { nodes { name } } }", {}, planned=planned)
    assert found == []
    assert len(data["contacts"]["nodes"]) == 20


@WAYS
@pytest.mark.parametrize("many", [1, 3])
async def test_a_mutation_that_was_made_says_so_however_long_its_payload_is(
    many: int, planned: bool, scene: Scene
) -> None:
    """Three payloads that are short enough by themselves: the last is too much."""
    contact = await scene.contact(owner=scene.ana, team=scene.north, notes="x" * 1_000)
    wanted = often("notes", 60 if many == 1 else 20)
    fields = " ".join(
        f'm{n}: updateContact(input: {{id: $id, company: "C{n}"}}) '
        f"{{ __typename contact {{ {wanted} }} userErrors {{ code }} }}"
        for n in range(many)
    )
    data, found = await ask(
        scene, f"mutation($id: ID!) {{ {fields} }}", {"id": gid(contact)}, planned=planned
    )
    last = f"m{many - 1}"
    assert found == ["QUERY_TOO_COMPLEX"]
    assert data[last] == {"__typename": "UpdateContactPayload", "contact": None, "userErrors": []}
    assert all(data[f"m{n}"]["contact"] is not None for n in range(many - 1))
    assert (await scene.again(contact)).company == f"C{many - 1}"


def test_counting_stops_where_it_is_too_much() -> None:
    counted = Size()
    with pytest.raises(TooLarge):
        counted.data([["x" * 1_000_000] * 1_000] * 1_000)
    assert counted.characters < 22_000_000


def test_errors_count_with_their_paths() -> None:
    counted = Size()
    counted.errors([GraphQLError("m" * 10, path=["p" * 100, 0])])
    assert 110 < counted.characters < 200


async def test_what_answers_is_given_as_it_is(scene: Scene) -> None:
    unproved = await signed_in(scene.database, scene.ana)
    context = Context(scene.database, KEYS, unproved)
    await context.start_reading()
    result = await answer(context, Asked("{ __schema { queryType { name } } }"))
    await context.stop_reading()
    assert result.data == {"__schema": {"queryType": {"name": "Query"}}}
