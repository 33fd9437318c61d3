"""Two servers, one database: what is done through either reaches the right listeners of both, in order."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from authz.keys import Keys
from authz.tokens import issue_token
from models import Agent, Token
from models.database import Database, Dialect
from tests.resolvers.support import Scene, api_token, gid, make_scene
from tests.serving import ROOT, SECRET, Connection, connected, post, serving

WATCH = "subscription { recordChanged { kind recordId record { owner { name } ... on Deal { title } } } }"
# One process serves a SQLite file.
pytestmark = pytest.mark.parametrize("dialect", [Dialect.POSTGRES], indirect=True)

PEOPLE = ("administrator", "max", "ana", "ben", "cid")


@dataclass
class Company:
    """A scene with two servers; each person's token."""

    scene: Scene
    addresses: tuple[str, str]
    bearers: dict[str, str]

    @asynccontextmanager
    async def listening(self, name: str, server: int) -> AsyncIterator[Connection]:
        """Somebody who listens at one of the servers."""
        async with connected(self.addresses[server], self.bearers[name]) as client:
            await client.subscribe(WATCH)
            await heard_until_now(client)
            yield client

    @asynccontextmanager
    async def everybody(self) -> AsyncIterator[dict[tuple[str, int], Connection]]:
        """Everybody, listening at both of the servers."""
        async with AsyncExitStack() as stack:
            yield {
                (name, server): await stack.enter_async_context(self.listening(name, server))
                for name in PEOPLE
                for server in (0, 1)
            }

    async def act(self, server: int, name: str, *, by: str = "administrator", **input: Any) -> None:
        """Somebody does something through one of the servers."""
        type_ = f"{name[0].upper()}{name[1:]}Input"
        document = f"mutation ($i: {type_}!) {{ {name}(input: $i) {{ userErrors {{ message }} }} }}"
        answered = await post(self.addresses[server], self.bearers[by], document, {"i": input})
        ((_, payload),) = answered["data"].items()
        assert payload == {"userErrors": []}, answered


@pytest.fixture
async def company(fresh_url: Callable[[], Awaitable[str]]) -> AsyncIterator[Company]:
    url = await fresh_url()
    database = await Database.open(url)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(database.close)
        scene = await make_scene(database)
        keys = Keys.derive(SECRET)
        bearers = {name: await _token(database, keys, getattr(scene, name)) for name in PEOPLE}
        bearers["max's program"] = await api_token(database, scene.max)
        servers = [await stack.enter_async_context(serving(url)) for _ in range(2)]
        yield Company(scene, (servers[0], servers[1]), bearers)


async def _token(database: Database, keys: Keys, agent: Agent) -> str:
    return await issue_token(database, keys, account=agent.account_id, agent=agent.id, ttl=timedelta(hours=1))


async def heard_until_now(client: Connection) -> list[Any]:
    """What was heard before a `pong`; by then the subscription has begun."""
    await client.say(type="ping")
    heard = []
    while (message := await client.hear())["type"] != "pong":
        heard.append(message)
    return heard


async def test_both_servers_tell_the_right_people_in_order(company: Company) -> None:
    scene = company.scene
    deals = [await scene.deal(owner=scene.ana, team=scene.north, title=f"Deal {n}") for n in range(20)]
    async with company.everybody() as clients:
        for number, deal in enumerate(deals):
            await company.act(number % 2, "assignOwner", recordId=gid(deal), ownerId=gid(scene.ben))
        last = await scene.deal(title="The last", owner=scene.cid, team=scene.south)
        await company.act(0, "assignOwner", recordId=gid(last), ownerId=gid(scene.administrator))
        ids = [gid(deal) for deal in deals]
        kinds = {"administrator": "UPDATED", "max": "UPDATED", "ana": "GONE", "ben": "CREATED"}
        for (name, _), client in clients.items():
            if name in kinds:
                heard = [_told(await client.hear()) for _ in ids]
                assert heard == [(id, kinds[name]) for id in ids], name
        for server in (0, 1):
            assert _told(await clients["administrator", server].hear()) == (gid(last), "UPDATED")
            # What has reached the administrator has passed by the others too.
            assert _told(await clients["cid", server].hear()) == (gid(last), "GONE")
            for name in ("max", "ana", "ben", "cid"):
                assert await heard_until_now(clients[name, server]) == [], name


async def test_a_transfer_through_one_reaches_the_right_people_of_both_in_order(company: Company) -> None:
    scene = company.scene
    ids = {gid(await scene.deal(owner=scene.ana, team=scene.north)) for _ in range(20)}
    await scene.deal(owner=scene.cid, team=scene.south)
    async with company.everybody() as clients:
        await company.act(
            1,
            "transferPortfolio",
            by="max",
            fromId=gid(scene.ana),
            to=[{"agentId": gid(each)} for each in (scene.ben, scene.max)],
        )
        orders = []
        for name in ("administrator", "max", "ana"):
            for server in (0, 1):
                heard = [_told(await clients[name, server].hear()) for _ in ids]
                assert {kind for _, kind in heard} == {"GONE" if name == "ana" else "UPDATED"}, name
                orders.append([id for id, _ in heard])
        assert set(orders[0]) == ids
        assert all(order == orders[0] for order in orders)
        bens = [[_told(await clients["ben", server].hear()) for _ in range(10)] for server in (0, 1)]
        assert bens[0] == bens[1]
        assert [id for id, _ in bens[0]] == [id for id in orders[0] if (id, "CREATED") in bens[0]]
        for name, server in clients:
            assert await heard_until_now(clients[name, server]) == [], name


async def test_at_once_from_both_every_change_is_told_once(company: Company) -> None:
    scene = company.scene
    deals = [await scene.deal(owner=scene.ana, team=scene.north) for _ in range(40)]
    async with (
        company.listening("max", 0) as one,
        company.listening("max", 1) as other,
    ):
        await asyncio.gather(
            *(
                company.act(number % 2, "updateDeal", id=gid(deal), title=f"Deal {number}")
                for number, deal in enumerate(deals)
            )
        )
        heard = [[_told(await client.hear()) for _ in deals] for client in (one, other)]
    assert heard[0] == heard[1]
    assert sorted(heard[0]) == sorted((gid(deal), "UPDATED") for deal in deals)


@pytest.mark.parametrize("how", ["role", "team", "status", "token", "capability"])
async def test_access_taken_at_one_server_is_obeyed_by_the_next_event_of_the_other(
    company: Company, how: str
) -> None:
    scene = company.scene
    told, other = [await scene.deal(owner=scene.ana, team=scene.north) for _ in range(2)]
    who = "max's program" if how == "token" else "max"
    async with company.listening(who, 0) as client, company.listening("administrator", 0) as witness:
        await company.act(1, "updateDeal", id=gid(told), title="Trucks")
        assert _told(await client.hear()) == (gid(told), "UPDATED")
        await _take(company, how)
        await company.act(1, "updateDeal", id=gid(other), title="Vans")
        if how in ("status", "token"):
            heard = await client.hear()
            assert heard["type"] == "error"
            assert heard["payload"][0]["extensions"]["code"] == "UNAUTHENTICATED"
            return
        assert _told(await client.hear()) == (gid(told), "GONE")
        assert [_told(await witness.hear())[0] for _ in range(2)] == [gid(told), gid(other)]
        assert await heard_until_now(client) == []


async def _take(company: Company, how: str) -> None:
    scene = company.scene
    match how:
        case "role":
            rep = await scene.role()
            await company.act(1, "assignRole", agentId=gid(scene.max), roleId=gid(rep))
        case "team":
            await company.act(1, "updateAgent", id=gid(scene.max), teamIds=[gid(scene.south)])
        case "token":
            async with scene.database.reading():
                [token] = await Token.filter(name="Program")
            await company.act(1, "revokeToken", by="max", id=gid(token))
        case "status":
            await company.act(1, "suspendAgent", id=gid(scene.max))
        case "capability":
            await company.act(1, "updateAgent", id=gid(scene.max), teamIds=[])
            words = ("account", "set", scene.account.name, "--capability", "granular-permissions", "off")
            environ = {"CARTEIRA_DATABASE_URL": scene.database.url, "CARTEIRA_SECRET": SECRET}
            process = await asyncio.create_subprocess_exec(
                sys.executable, "server.py", *words, cwd=ROOT, env=os.environ | environ
            )
            assert await process.wait() == 0


def _told(message: dict[str, Any]) -> tuple[str, str]:
    assert message["type"] == "next", message
    told = message["payload"]["data"]["recordChanged"]
    return told["recordId"], told["kind"]
