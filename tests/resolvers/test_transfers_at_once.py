"""Two transfers of the same records at once: one wins, and the other is told."""

import asyncio
from typing import Any

import pytest

from models import Ownership, Transfer
from models.database import Database
from models.operations.transfer_batch import go_on
from resolvers.transfer_going_on import may_move
from tests.resolvers.support import Scene, gid, make_scene, mutate

RECORDS = 30


@pytest.fixture
async def scene(database: Database) -> Scene:
    scene = await make_scene(database)
    for _ in range(RECORDS):
        await scene.deal(owner=scene.ana, team=scene.north)
    return scene


async def transfer(scene: Scene, database: Database, to: Any) -> str | None:
    """The code of what it was refused with; None where it was made."""
    input = {"fromId": gid(scene.ana), "to": [{"agentId": gid(to)}]}
    payload, errors = await mutate(database, scene.max, "transferPortfolio", input, "transfer { state }")
    assert errors == []
    told = payload["userErrors"]
    return told[0]["code"] if told else None


@pytest.mark.parametrize("at_once", [1_000, 5], ids=["small", "large"])
async def test_one_wins_and_the_other_is_told(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    monkeypatch.setattr("models.operations.transfer_portfolio.AT_ONCE", at_once)
    other = await Database.open(scene.database.url)
    try:
        told = await asyncio.gather(
            transfer(scene, scene.database, scene.ben), transfer(scene, other, scene.max)
        )
    finally:
        await other.close()
    assert told.count(None) == 1
    assert {code for code in told if code} <= {"NOTHING_TO_TRANSFER", "IN_TRANSFER"}
    async with scene.database.reading():
        [made] = await Transfer.all()
    await go_on(scene.database, may_move, made.id)
    async with scene.database.reading():
        assert await Ownership.filter(ended_at=None).count() == RECORDS
        assert await Ownership.all().count() == 2 * RECORDS
