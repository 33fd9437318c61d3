"""Two writes that wait for each other: PostgreSQL ends one of them, which begins again and is done once."""

from collections.abc import Callable
from typing import Any

import asyncpg
import pytest

from models import AuditEntry, AuditOutcome, Ownership
from models.database import Crossed, Database
from models.engines.postgres import _translated
from resolvers.judge import BEGUN_AGAIN, Judge
from tests.resolvers.support import Scene, codes, gid, make_scene, mutate


@pytest.fixture
async def scene(database: Database) -> Scene:
    return await make_scene(database)


def test_what_postgresql_ends_is_crossed() -> None:
    with pytest.raises(Crossed), _translated():
        raise asyncpg.DeadlockDetectedError("deadlock detected")


def crossed(times: int) -> Callable[..., Any]:
    """The doing of a mutation that another write crosses so many times, once everything is written."""
    do, left = Judge._do, times

    async def crossing(judge: Judge, *given: Any) -> Any:
        nonlocal left
        row = await do(judge, *given)
        left -= 1
        if left >= 0:
            raise Crossed
        return row

    return crossing


@pytest.mark.parametrize("times", [1, BEGUN_AGAIN])
async def test_it_begins_again(scene: Scene, monkeypatch: pytest.MonkeyPatch, times: int) -> None:
    monkeypatch.setattr(Judge, "_do", crossed(times))
    contact = await scene.contact(owner=scene.ana, team=scene.north)
    input = {"recordId": gid(contact), "ownerId": gid(scene.ben), "idempotencyKey": "once"}
    payload, errors = await mutate(
        scene.database, scene.max, "assignOwner", input, "record { owner { name } }"
    )
    assert (errors, payload["userErrors"]) == ([], [])
    assert payload["record"]["owner"] == {"name": "Ben"}
    async with scene.database.reading():
        assert await Ownership.filter(record_id=contact.id, ended_at=None).count() == 1
        assert await Ownership.filter(record_id=contact.id).count() == 2
        assert await AuditEntry.filter(subject_id=contact.id, outcome=AuditOutcome.DONE).count() == 1


async def test_crossed_each_time_it_gives_up(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Judge, "_do", crossed(BEGUN_AGAIN + 1))
    contact = await scene.contact(owner=scene.ana, team=scene.north)
    input = {"recordId": gid(contact), "ownerId": gid(scene.ben)}
    payload, errors = await mutate(
        scene.database, scene.max, "assignOwner", input, "record { owner { name } }"
    )
    assert (payload, codes(errors)) == (None, ["CONFLICT"])
    async with scene.database.reading():
        assert await Ownership.filter(record_id=contact.id).count() == 1
