"""Access that changes under a stream: what it takes away is told at once, and the next event obeys."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest

from models import Agent, OutboxEvent, Reach, Scope, Token, clock
from models.database import Database
from models.operations import access_version
from models.operations.actor import Actor
from models.operations.purge_outbox import purge_outbox
from models.operations.set_account import set_account
from tests.resolvers.listening import Stream, listening, streams_of
from tests.resolvers.support import Scene, api_token, gid, make_scene, mutate

CURSORS = "subscription ($after: String) { recordChanged(after: $after) { kind recordId cursor } }"


@pytest.fixture
async def scene(database: Database) -> Scene:
    return await make_scene(database)


async def change(scene: Scene, name: str, input: dict[str, object]) -> None:
    answered, errors = await mutate(scene.database, scene.administrator, name, input, "__typename")
    assert (errors, answered and answered["userErrors"]) == ([], []), (errors, answered)


async def retitle(scene: Scene, deal: Any, title: str) -> None:
    await change(scene, "updateDeal", {"id": gid(deal), "title": title})


async def kinds(stream: Stream) -> list[str]:
    return [told["kind"] for told in await stream.told()]


async def _role_taken(scene: Scene, agent: Agent) -> None:
    rep = await scene.role(Scope.TEAM, Reach.OWN)
    await change(scene, "assignRole", {"agentId": gid(agent), "roleId": gid(rep)})


async def _team_left(scene: Scene, agent: Agent) -> None:
    await change(scene, "updateAgent", {"id": gid(agent), "teamIds": [gid(scene.south)]})


async def _capability_off(scene: Scene, agent: Agent) -> None:
    await change(scene, "updateAgent", {"id": gid(agent), "teamIds": []})
    async with scene.database.writing():
        account = await type(scene.account).get(id=scene.account.id)
        await set_account(Actor(account.id), account, granular_permissions=False)


LESS = (_role_taken, _team_left, _capability_off)


@pytest.mark.parametrize("less", LESS, ids=lambda each: each.__name__.strip("_"))
async def test_less_access_takes_away_at_once_and_the_next_event_obeys(
    scene: Scene, less: Callable[[Scene, Agent], Awaitable[None]]
) -> None:
    told, other = [await scene.deal(owner=scene.ana, team=scene.north) for _ in range(2)]
    streams = streams_of(scene.database)
    async with listening(scene.database, scene.max, streams=streams) as stream:
        await retitle(scene, told, "Trucks")
        assert await kinds(stream) == ["UPDATED"]
        await less(scene, scene.max)
        assert await stream.told() == [{"kind": "GONE", "recordId": gid(told)}]
        await retitle(scene, told, "Vans")
        await retitle(scene, other, "Vans")
        await change(scene, "assignOwner", {"recordId": gid(told), "ownerId": gid(scene.ben)})
        assert await stream.told() == []
        assert stream.ended is None


async def test_the_change_and_the_event_seen_together_are_told_once(scene: Scene) -> None:
    deal = await scene.deal(owner=scene.ana, team=scene.north)
    async with listening(scene.database, scene.max) as stream:
        await retitle(scene, deal, "Trucks")
        await stream.told()
        async with stream.streams.relay._turn:
            await _team_left(scene, scene.max)
            await change(scene, "assignOwner", {"recordId": gid(deal), "ownerId": gid(scene.ben)})
        assert await kinds(stream) == ["GONE"]


async def test_more_access_is_obeyed_by_the_next_event(scene: Scene) -> None:
    deal = await scene.deal(owner=scene.ana, team=scene.north)
    async with listening(scene.database, scene.ben) as stream:
        await retitle(scene, deal, "Trucks")
        assert await stream.told() == []
        await change(scene, "updateAccountSettings", {"isolationMode": "MASKED"})
        assert await stream.told() == []
        await retitle(scene, deal, "Vans")
        assert await kinds(stream) == ["UPDATED"]
        await change(scene, "updateAccountSettings", {"isolationMode": "STRICT"})
        assert await kinds(stream) == ["GONE"]


async def test_a_colleague_who_leaves_the_team_takes_their_records_along(scene: Scene) -> None:
    deal = await scene.deal(owner=scene.ana)
    async with listening(scene.database, scene.max) as stream:
        await retitle(scene, deal, "Trucks")
        assert await kinds(stream) == ["UPDATED"]
        await change(scene, "updateAgent", {"id": gid(scene.ana), "teamIds": [gid(scene.south)]})
        assert await kinds(stream) == ["GONE"]


async def _suspended(scene: Scene) -> None:
    await change(scene, "suspendAgent", {"id": gid(scene.max)})


async def _revoked(scene: Scene) -> None:
    async with scene.database.writing():
        await Token.filter(agent_id=scene.max.id).update(revoked_at=clock.now())
        await access_version.bump(scene.account.id)


@pytest.mark.parametrize("end", [_suspended, _revoked], ids=lambda each: each.__name__.strip("_"))
async def test_who_may_not_come_in_any_more_is_sent_away(
    scene: Scene, end: Callable[[Scene], Awaitable[None]]
) -> None:
    deal = await scene.deal(owner=scene.ana, team=scene.north)
    streams = streams_of(scene.database)
    async with listening(scene.database, scene.max, streams=streams) as stream:
        await end(scene)
        await retitle(scene, deal, "Trucks")
        await stream.settle()
        assert (stream.ended, stream.bodies) == ("UNAUTHENTICATED", [])
    assert (streams.relay.watched, streams.open) == (0, {})


async def test_a_partner_user_without_portal_access_is_sent_away(scene: Scene) -> None:
    async with listening(scene.database, scene.pia) as stream:
        await change(scene, "updatePartnerUser", {"id": gid(scene.pia), "portalAccess": False})
        await stream.settle()
        assert stream.ended == "UNAUTHENTICATED"


async def test_a_stream_ends_when_its_token_does(scene: Scene) -> None:
    bearer = await api_token(scene.database, scene.max)
    async with scene.database.writing():
        await Token.filter(name="Program").update(expires_at=clock.now() + timedelta(seconds=0.5))
    async with listening(scene.database, bearer) as stream:
        await stream.task
        assert stream.ended == "UNAUTHENTICATED"


# Coming back


async def test_who_comes_back_misses_nothing(scene: Scene) -> None:
    deals = [await scene.deal(owner=scene.ana, team=scene.north) for _ in range(3)]
    async with listening(scene.database, scene.max, CURSORS) as stream:
        await retitle(scene, deals[0], "A")
        (first,) = await stream.told()
    await retitle(scene, deals[0], "B")
    await change(scene, "assignTeam", {"recordId": gid(deals[1]), "teamId": gid(scene.south)})
    await retitle(scene, deals[1], "C")
    await retitle(scene, deals[2], "D")
    async with listening(scene.database, scene.max, CURSORS, {"after": first["cursor"]}) as stream:
        missed = await stream.told()
        await retitle(scene, deals[2], "E")
        after = await stream.told()
    assert [(each["recordId"], each["kind"]) for each in missed] == [
        (gid(deals[0]), "UPDATED"),
        (gid(deals[1]), "GONE"),
        (gid(deals[2]), "UPDATED"),
    ]
    assert [each["recordId"] for each in after] == [gid(deals[2])]
    async with listening(scene.database, scene.max, CURSORS, {"after": missed[1]["cursor"]}) as stream:
        assert await stream.told() == [missed[2], *after]


async def test_a_cursor_of_someone_else_is_of_no_use(scene: Scene) -> None:
    deal = await scene.deal(owner=scene.ana, team=scene.north)
    async with listening(scene.database, scene.max, CURSORS) as stream:
        await retitle(scene, deal, "A")
        (told,) = await stream.told()
    for someone in (scene.ana, scene.pia):
        async with listening(scene.database, someone, CURSORS, {"after": told["cursor"]}) as stream:
            assert stream.ended == "INVALID_CURSOR"


async def test_who_comes_back_too_late_is_told_to_start_anew(scene: Scene) -> None:
    deals = [await scene.deal(owner=scene.ana, team=scene.north) for _ in range(3)]
    async with listening(scene.database, scene.max, CURSORS) as stream:
        for deal in deals:
            await retitle(scene, deal, "A")
        told = await stream.told()
    async with scene.database.writing():
        await OutboxEvent.all().update(at=clock.now() - timedelta(hours=80))
        assert await purge_outbox(scene.account.id, timedelta(hours=72)) == 2
        assert await purge_outbox(scene.account.id, timedelta(hours=72)) == 0
    for number, ended in enumerate(("INVALID_CURSOR", "INVALID_CURSOR", None)):
        async with listening(scene.database, scene.max, CURSORS, {"after": told[number]["cursor"]}) as stream:
            assert (stream.ended, stream.bodies) == (ended, [])
