"""`transferProgressed`: how far a transfer is, until it has ended."""

import asyncio
from typing import Any

import orjson
import pytest

from models import Transfer
from models.database import Database
from models.operations.transfer_batch import go_on
from resolvers.transfer_going_on import may_move
from tests.resolvers.listening import listening
from tests.resolvers.support import Scene, gid, make_scene, mutate

WATCH = "subscription($id: ID!) { transferProgressed(transferId: $id) { state progress { moved total } } }"


@pytest.fixture
async def scene(database: Database) -> Scene:
    return await make_scene(database)


async def running(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> Transfer:
    """A transfer of six deals that goes on in batches of two."""
    monkeypatch.setattr("models.operations.transfer_portfolio.AT_ONCE", 1)
    monkeypatch.setattr("models.operations.transfer_batch.BATCH", 2)
    for _ in range(6):
        await scene.deal(owner=scene.ana, team=scene.north)
    input: dict[str, Any] = {"fromId": gid(scene.ana), "to": [{"agentId": gid(scene.ben)}]}
    _, errors = await mutate(scene.database, scene.max, "transferPortfolio", input, "transfer { id }")
    assert errors == []
    async with scene.database.reading():
        return await Transfer.get()


@pytest.mark.parametrize("planned", [True, False])
async def test_it_tells_until_the_transfer_has_ended(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, planned: bool
) -> None:
    transfer = await running(scene, monkeypatch)
    variables = {"id": gid(transfer)}
    async with listening(scene.database, scene.max, WATCH, variables, planned=planned) as stream:
        await go_on(scene.database, may_move, transfer.id)
        await asyncio.wait([stream.task])
        told = [orjson.loads(body)["data"]["transferProgressed"] for body in stream.bodies]
    assert told[0] == {"state": "RUNNING", "progress": {"moved": 0, "total": 6}}
    assert told[-1] == {"state": "APPLIED", "progress": {"moved": 6, "total": 6}}
    moved = [each["progress"]["moved"] for each in told]
    assert moved == sorted(moved)


async def test_who_may_not_see_it_is_told_so(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    transfer = await running(scene, monkeypatch)
    variables = {"id": gid(transfer)}
    async with listening(scene.database, scene.ana, WATCH, variables) as stream:
        assert stream.ended == "FORBIDDEN" or b"FORBIDDEN" in stream.bodies[0]
    other = await make_scene(scene.database, "Other")
    async with listening(scene.database, other.max, WATCH, variables) as stream:
        assert stream.ended == "NOT_FOUND"


async def test_while_the_module_is_off(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    transfer = await running(scene, monkeypatch)
    await scene.set(sales_module=False)
    async with listening(scene.database, scene.max, WATCH, {"id": gid(transfer)}) as stream:
        assert stream.ended == "MODULE_DISABLED" or b"MODULE_DISABLED" in stream.bodies[0]
