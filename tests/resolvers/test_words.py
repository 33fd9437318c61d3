"""Words of our own are compared like any text, without regard to case: actions, kinds, ids of requests."""

from typing import Any

import pytest

from models.database import Database
from tests.resolvers.support import Scene, gid, make_scene, mutate, run

AUDIT = "query ($f: AuditEntryFilter) { auditLog(filter: $f) { nodes { action } } }"
HISTORY = (
    "query ($d: ID!, $f: TimelineEntryFilter) { deal(id: $d) { timeline(filter: $f) { nodes { kind } } } }"
)


@pytest.fixture
async def scene(database: Database) -> Scene:
    """An account."""
    return await make_scene(database)


async def sold(scene: Scene) -> str:
    """A deal that was won and paid in two parts."""
    deal = await scene.deal(owner=scene.ana, amount=900, currency="USD")
    await mutate(scene.database, scene.ana, "winDeal", {"id": gid(deal)}, "deal { id }")
    for number in ("A-1", "a-1"):
        amount = {"amount": "4.50", "currency": "USD"}
        input = {"dealId": gid(deal), "amount": amount, "source": "bank", "sourceId": number}
        payload, errors = await mutate(scene.database, scene.ana, "recordPayment", input, "deal { id }")
        assert (errors, payload["userErrors"]) == ([], [])
    return gid(deal)


@pytest.mark.parametrize(
    ("filter", "found"),
    [
        ({"eq": "win_deal"}, ["win_deal"]),
        ({"eq": "WIN_DEAL"}, ["win_deal"]),
        ({"in": ["win_deal", "lose_deal"]}, ["win_deal"]),
        ({"ne": "win_deal"}, ["record_payment", "record_payment"]),
        ({"isNull": True}, []),
    ],
)
async def test_actions(scene: Scene, filter: dict[str, Any], found: list[str]) -> None:
    await sold(scene)
    data, errors = await run(scene.database, scene.administrator, AUDIT, {"f": {"action": filter}})
    assert (errors, [each["action"] for each in data["auditLog"]["nodes"]]) == ([], found)


async def test_kinds(scene: Scene) -> None:
    deal = await sold(scene)
    filter = {"kind": {"in": ["WON", "LOST"]}}
    data, errors = await run(scene.database, scene.ana, HISTORY, {"d": deal, "f": filter})
    assert (errors, data["deal"]["timeline"]["nodes"]) == ([], [{"kind": "WON"}])


async def test_who_may_not_read_them_may_not_ask_for_them(scene: Scene) -> None:
    data, errors = await run(scene.database, scene.ana, AUDIT, {"f": {"action": {"eq": "win_deal"}}})
    assert data == {"auditLog": None}
    assert [error["extensions"]["code"] for error in errors] == ["FORBIDDEN"]
    await scene.set(isolation_mode="MASKED")
    deal = await scene.deal(owner=scene.ana, team=scene.north)
    data, errors = await run(
        scene.database, scene.ben, HISTORY, {"d": gid(deal), "f": {"kind": {"eq": "WON"}}}
    )
    assert (errors, data["deal"]) == ([], {"timeline": None})
