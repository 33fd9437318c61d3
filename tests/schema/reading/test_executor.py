"""A mutation's payload is read in time, and tells what was done where it is not."""

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from models import Deal
from models.database import Database
from models.sql import Sql
from schema import context as context_module
from schema.context import Context
from schema.reading.answering import Reading, Unread
from tests.resolvers.support import (
    ENDLESS,
    KEYS,
    Scene,
    codes,
    gid,
    make_scene,
    mutate,
    mutation_of,
    run_in,
    signed_in,
)

WAYS = pytest.mark.parametrize("planned", [True, False], ids=["planned", "value by value"])
UPDATE = mutation_of("updateDeal", "__typename deal { id title }")


@pytest.fixture
async def scene(database: Database) -> Scene:
    """An account."""
    return await make_scene(database)


async def ask(scene: Scene, document: str, variables: dict[str, Any], *, planned: bool) -> Any:
    """What Ana is answered, and the errors."""
    context = Context(scene.database, KEYS, await signed_in(scene.database, scene.ana), planned=planned)
    try:
        await context.start_reading()
        return await run_in(context, document, variables)
    finally:
        await context.stop_reading()


async def retitled(scene: Scene, deal: Deal, title: str, *, planned: bool) -> Any:
    """What a change of a deal's title answers."""
    return await ask(scene, UPDATE, {"input": {"id": gid(deal), "title": title}}, planned=planned)


@pytest.fixture
def no_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever has to be waited for takes too long."""
    monkeypatch.setattr(context_module, "LONGEST_QUERY", 0.0)


@WAYS
async def test_what_was_done_is_told_though_there_is_no_time_to_read_it(
    planned: bool, scene: Scene, no_time: None
) -> None:
    deal = await scene.deal(owner=scene.ana, team=scene.north)
    data, errors = await retitled(scene, deal, "Later", planned=planned)
    payload = {"__typename": "UpdateDealPayload", "deal": None, "userErrors": []}
    assert data == {"updateDeal": payload}
    assert codes(errors) == ["QUERY_TOO_COMPLEX"]
    assert errors[0]["path"] == ["updateDeal", "deal"]
    assert "It was done" in errors[0]["message"]
    assert (await scene.again(deal)).title == "Later"


@WAYS
async def test_what_was_handed_out_is_counted_though_there_is_no_time_to_read_it(
    planned: bool, scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    members = [{"agentId": gid(scene.ana)}]
    made, _ = await mutate(
        scene.database,
        scene.administrator,
        "createDistributionPolicy",
        {"members": members},
        "distributionPolicy { id }",
    )
    await scene.contact()
    monkeypatch.setattr(context_module, "LONGEST_QUERY", 0.0)
    context = Context(
        scene.database, KEYS, await signed_in(scene.database, scene.administrator), planned=planned
    )
    document = mutation_of("distributeContacts", "handedOut assignments { agent { name } }")
    try:
        await context.start_reading()
        input = {"policyId": made["distributionPolicy"]["id"]}
        data, errors = await run_in(context, document, {"input": input})
    finally:
        await context.stop_reading()
    payload = {"handedOut": 1, "assignments": None, "userErrors": []}
    assert data == {"distributeContacts": payload}
    assert [error["path"] for error in errors] == [["distributeContacts", "assignments"]]
    assert codes(errors) == ["QUERY_TOO_COMPLEX"]


@WAYS
async def test_where_nothing_was_done_there_is_nothing_to_read(
    planned: bool, scene: Scene, no_time: None
) -> None:
    deal = await scene.deal(owner=scene.ana, team=scene.north)
    data, errors = await retitled(scene, deal, " ", planned=planned)
    assert data["updateDeal"]["deal"] is None
    assert [error["code"] for error in data["updateDeal"]["userErrors"]] == ["BLANK"]
    assert errors == []


@WAYS
async def test_a_record_of_whichever_type(planned: bool, scene: Scene, no_time: None) -> None:
    deal = await scene.deal(owner=scene.max, team=scene.north)
    context = Context(scene.database, KEYS, await signed_in(scene.database, scene.max), planned=planned)
    await context.start_reading()
    document = mutation_of("assignOwner", "record { id }")
    given = {"recordId": gid(deal), "ownerId": gid(scene.ben)}
    data, errors = await run_in(context, document, {"input": given})
    await context.stop_reading()
    assert data == {"assignOwner": {"record": None, "userErrors": []}}
    assert [(error["path"], error["extensions"]["code"]) for error in errors] == [
        (["assignOwner", "record"], "QUERY_TOO_COMPLEX")
    ]
    assert (await scene.again(deal)).owner_id == scene.ben.id


@WAYS
async def test_all_payloads_of_a_request_are_read_in_one_time(
    planned: bool, scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first takes all of it."""
    deal = await scene.deal(owner=scene.ana, team=scene.north)
    context = Context(scene.database, KEYS, await signed_in(scene.database, scene.ana), planned=planned)
    await context.start_reading()
    asked: list[int] = []
    fetch = Context.row if planned else Context.find

    async def spending(self: Context, *given: Any) -> Any:
        if given[1] is not None:
            asked.append(1)
            self.seconds_read += context_module.LONGEST_QUERY
        return await fetch(self, *given)

    monkeypatch.setattr(Context, "row" if planned else "find", spending)
    fields = " ".join(
        f'm{n}: updateDeal(input: {{id: $id, title: "T{n}"}}) {{ deal {{ title }} }}' for n in range(3)
    )
    data, errors = await run_in(context, f"mutation($id: ID!) {{ {fields} }}", {"id": gid(deal)})
    await context.stop_reading()
    assert data == {"m0": {"deal": {"title": "T0"}}, "m1": {"deal": None}, "m2": {"deal": None}}
    assert [error["path"] for error in errors] == [["m1", "deal"], ["m2", "deal"]]
    assert asked == [1]
    assert (await scene.again(deal)).title == "T2"


@WAYS
async def test_the_statement_is_interrupted_and_everybody_is_answered(
    planned: bool, scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More payloads that never end than there are readers on SQLite."""
    deals = [await scene.deal(owner=scene.ana, team=scene.north) for _ in range(3)]
    fetch, find = Context.row, Context.find
    endless = Sql(ENDLESS[scene.database.dialect])

    async def endlessly(self: Context, what: str, given: Any) -> Mapping[str, Any] | None:
        return None if given is None else (await self.session.fetch(endless))[0]

    monkeypatch.setattr(context_module, "LONGEST_QUERY", 0.01)
    monkeypatch.setattr(Context, "row", endlessly)
    monkeypatch.setattr(Context, "find", endlessly)
    asked = [retitled(scene, deal, f"T{n}", planned=planned) for n, deal in enumerate(deals)]
    for data, errors in await asyncio.gather(*asked):
        assert data["updateDeal"]["deal"] is None
        assert codes(errors) == ["QUERY_TOO_COMPLEX"]
    monkeypatch.setattr(Context, "row", fetch)
    monkeypatch.setattr(Context, "find", find)
    monkeypatch.setattr(context_module, "LONGEST_QUERY", 1_000.0)
    data, errors = await retitled(scene, deals[0], "Again", planned=planned)
    assert (data["updateDeal"]["deal"]["title"], errors) == ("Again", [])


async def test_what_is_worked_out_is_read_singly_where_its_plan_can_not_be_read(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beside others that read the same snapshot at the same moment, and that it must not spoil."""
    members = [{"agentId": gid(each)} for each in (scene.ana, scene.ben)]
    input = {"members": members}
    await mutate(scene.database, scene.administrator, "createDistributionPolicy", input, "__typename")
    await scene.deal(owner=scene.ana, title="Bikes")
    diagnosis = "distributionDiagnosis { code agents { agent { name } eligible } }"
    document = f"{{ one: {diagnosis} deals {{ nodes {{ title }} }} other: {diagnosis} teams {{ name }} }}"
    unread = 0

    async def unreadable(self: Reading, *given: Any) -> None:
        nonlocal unread
        with pytest.raises(Exception, match="nonsense"):
            await given[-1]("SELECT nonsense", ())
        unread += 1
        raise Unread

    monkeypatch.setattr(Reading, "payload", unreadable)
    who = await signed_in(scene.database, scene.administrator)
    answers = []
    for planned in (True, False):
        context = Context(scene.database, KEYS, who, planned=planned)
        await context.start_reading()
        answers.append(await run_in(context, document))
        await context.stop_reading()
    assert (unread, answers[0]) == (2, answers[1])
    data, errors = answers[0]
    assert errors == []
    assert [each["agent"]["name"] for each in data["one"]["agents"]] == ["Ana", "Ben"]
    assert data["deals"]["nodes"] == [{"title": "Bikes"}]
