"""A kept viewer is as fresh as a loaded one: whatever changes, every answer is what a fresh one reads.

One endpoint answers many viewers while an administrator changes what viewers are built from; each
answer is compared, to the byte, with that of an endpoint that knows nobody and reads value by value.
And whatever an operation changes of what viewers are built from, the account's access version grows.
"""

import ast
import asyncio
import random
import re
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import orjson
import pytest

from authz.identity_providers import KeySets
from authz.tokens import BadToken, Secret, Signed, Unproved, create_token
from authz.viewers import Kept
from models import (
    Account,
    Agent,
    AgentStatus,
    BuiltIn,
    InboxMember,
    IsolationMode,
    PartnerUser,
    Permission,
    Reach,
    Role,
    Scope,
    TeamMember,
    Token,
    TokenKind,
    UnownedVisibility,
)
from models.database import Database
from models.operations.actor import Actor
from models.operations.assign_role import assign_role
from models.operations.create_account import create_account
from models.operations.create_agent import create_agent
from models.operations.create_api_token import create_api_token
from models.operations.create_partner_user import create_partner_user
from models.operations.create_role import create_role
from models.operations.deactivate_agent import deactivate_agent
from models.operations.reactivate_agent import reactivate_agent
from models.operations.revoke_sessions import revoke_all, revoke_sessions
from models.operations.revoke_token import revoke_token
from models.operations.set_account import set_account
from models.operations.set_password import set_password
from models.operations.suspend_agent import suspend_agent
from models.operations.update_account_settings import update_account_settings
from models.operations.update_agent import update_agent
from models.operations.update_partner_user import update_partner_user
from models.operations.update_role import update_role
from resolvers.answering import DOCUMENTS, Asked
from resolvers.http import Endpoint
from schema.context import Context
from schema.reading.documents import Memory
from tests.resolvers.support import KEYS, Scene, api_token, gid, make_scene, mutate, signed_in

SEED = 5
STEPS = 150
ASKED = 7
"""Answers after each step."""

BAD_TOKEN = b"the token is bad"

DEALS = (
    "{ deals(first: 20, orderBy: [{field: TITLE, direction: ASC}])"
    " { totalCount nodes { id title amount { amount currency } owner { id name } maskedFields } } }"
)
PAGE = (
    "query ($after: String) { deals(first: 2, after: $after)"
    " { nodes { id title viewerCan { update transfer } } pageInfo { endCursor hasNextPage } } }"
)
DOCUMENTS_ASKED = {
    "deals": DEALS,
    "contacts": "{ contacts(first: 10) { nodes { id name email team { name } archivedAt"
    " deals(first: 3) { totalCount nodes { title amount { amount } } } } } }",
    "stats": "{ dealStats(groupBy: OWNER) { key { id name } count amount { amount } leftOut } }",
    "viewer": "{ viewer { kind permissions access { mode isolationMode scope reach }"
    " agent { id name teams { name } inboxes { name } } partnerUser { id name }"
    " account { name isolationMode } } }",
    "portfolio": "{ portfolio { owner { id name } deals(first: 3) { nodes { id title } }"
    " stats { contacts deals openAmount { amount } } } }",
    "nodes": "query ($ids: [ID!]!) { nodes(ids: $ids) { __typename id ... on Deal { title amount { amount } }"
    " ... on Contact { name phone } ... on Agent { name email } } }",
    "agents": "{ agents(first: 20) { nodes { id name email role { name } teams { name } } } }",
    "filtered": "query ($stage: String!, $owners: [ID!]) { deals(filter: {stage: {eq: $stage},"
    ' any: [{owner: {in: $owners}}, {amount: {gt: "150", currency: "USD"}}]})'
    " { totalCount nodes { id stage amount { amount } } } }",
    "page": PAGE,
}


@dataclass(eq=False)
class Asker:
    """Somebody who asks, with all tokens that they ever had, the newest last."""

    name: str
    person: Agent | PartnerUser
    tokens: list[Unproved]
    cursor: str | None = None


@dataclass(frozen=True)
class Cost:
    """What an answer took: statements in no session, and sessions."""

    statements: int
    sessions: int


AT_ONCE = Cost(1, 0)


@dataclass
class House:
    """A small account, one endpoint that keeps what it knows, and what was seen of it."""

    scene: Scene
    endpoint: Endpoint
    askers: list[Asker]
    own: Role
    maker: Agent
    records: list[Any]
    variables: dict[str, dict[str, Any]]
    sessions: list[None]
    count: Counter[str] = field(default_factory=Counter)
    planned: set[Any] = field(default_factory=set)
    plans: int = 0
    thrown_away: int = 0
    shut_out: Asker | None = None
    """Whoever was let in or shut out last: they try both their new token and the one before."""

    @property
    def database(self) -> Database:
        """Where all of it lies."""
        return self.scene.database

    async def version(self) -> int:
        """The access version as it stands."""
        account = await self.scene.again(self.scene.account)
        return int(account.access_version)

    def given(self, asker: Asker, name: str) -> dict[str, Any] | None:
        """The variables of a document; a page goes on where the asker left off."""
        return {"after": asker.cursor} if name == "page" else self.variables.get(name)

    async def warm(self, unproved: Unproved, name: str, given: Any) -> bytes:
        """The answer of the endpoint that keeps its viewers."""
        return await _body(self.endpoint, self.database, unproved, name, given, planned=True)

    async def fresh(self, unproved: Unproved, name: str, given: Any) -> bytes:
        """The answer value by value, of an endpoint that never saw anybody."""
        return await _body(new_endpoint(self.database), self.database, unproved, name, given, planned=False)

    async def ask(self, asker: Asker, unproved: Unproved, name: str, version: int) -> Cost:
        """Ask, and see that the answer is a fresh one's, at the price that it must have."""
        given = self.given(asker, name)
        kept = self.endpoint.viewers.get(unproved)
        before = Cost(self.database.statements, len(self.sessions))
        self.plans = len(DOCUMENTS.memory.plans)
        body = await self.warm(unproved, name, given)
        cost = Cost(self.database.statements - before.statements, len(self.sessions) - before.sessions)
        assert body == await self.fresh(unproved, name, given), (asker.name, name, body)
        self._judge_cost(unproved, kept, body, cost, version)
        self._judge_plans(
            (name, bool(given and given.get("after"))), kept, self.endpoint.viewers.get(unproved)
        )
        if name == "page" and body != BAD_TOKEN:
            asker.cursor = _end_cursor(body)
        self.count["at once" if cost == AT_ONCE else "with a session"] += 1
        self.count["bad token" if body == BAD_TOKEN else "answered"] += 1
        return cost

    def _judge_cost(
        self, unproved: Unproved, kept: Kept | None, body: bytes, cost: Cost, version: int
    ) -> None:
        if kept is not None and kept.viewer.access_version == version:
            assert cost == AT_ONCE
            return
        # Whose a program's token is, is looked up first; then they are kept.
        looked_up = isinstance(unproved, Secret) and body != BAD_TOKEN
        assert cost == Cost(int(kept is not None or looked_up), 1)
        self.thrown_away += kept is not None
        now = self.endpoint.viewers.get(unproved)
        if body == BAD_TOKEN:
            assert now is None
        else:
            assert now is not None
            assert now is not kept
            assert now.viewer.access_version == version

    def _judge_plans(self, asked: tuple[str, bool], *kept: Kept | None) -> None:
        """A plan is made for each document and shape of a viewer, and never again."""
        planned = {(*asked, viewer.shape) for viewer in kept if viewer is not None}
        plans = len(DOCUMENTS.memory.plans)
        assert plans - self.plans <= len(planned - self.planned)
        self.planned |= planned

    async def ask_all_at_once(self, asked: Sequence[tuple[Asker, Unproved, str]]) -> None:
        """Several ask at the same time, and each gets what is theirs."""
        given = [self.given(asker, name) for asker, _, name in asked]
        each = list(zip(asked, given, strict=True))
        bodies = await asyncio.gather(*(self.warm(one, name, own) for (_, one, name), own in each))
        for ((asker, one, name), own), body in zip(each, bodies, strict=True):
            assert body == await self.fresh(one, name, own), (asker.name, name, body)


def new_endpoint(database: Database) -> Endpoint:
    """An endpoint that has answered nobody yet."""
    return Endpoint(database, KEYS, KeySets(), development=False)


def _end_cursor(body: bytes) -> str | None:
    page = (orjson.loads(body)["data"] or {}).get("deals")
    cursor: str | None = page and page["pageInfo"]["endCursor"]
    return cursor


async def _body(
    endpoint: Endpoint, database: Database, unproved: Unproved, name: str, given: Any, *, planned: bool
) -> bytes:
    context = Context(database, KEYS, unproved, request_id="request", planned=planned)
    try:
        return bytes((await endpoint.answer(context, Asked(DOCUMENTS_ASKED[name], given))).body)
    except BadToken:
        return BAD_TOKEN


@pytest.fixture
async def house(database: Database, monkeypatch: pytest.MonkeyPatch) -> House:
    monkeypatch.setattr(DOCUMENTS, "memory", Memory())
    scene = await make_scene(database)
    own = await scene.role(Scope.TEAM, Reach.SCOPE, [Permission.PORTFOLIO_ASSIGN])
    maker = await scene.agent(BuiltIn.ADMINISTRATOR, name="Uli")
    eva = await scene.agent(own, [scene.south], name="Eva")
    zoe = await scene.agent(BuiltIn.ADMINISTRATOR, name="Zoe")
    records = await _records(scene)
    bearer = await api_token(database, maker, [Permission.PEOPLE_MANAGE, Permission.SALES_MANAGE])
    people = (scene.ana, scene.cid, scene.max, scene.administrator, scene.pia, eva, zoe)
    askers = [Asker(one.name, one, [await _signed_in(database, one)]) for one in people]
    askers.append(Asker("program", maker, [await _signed_in(database, bearer)]))
    ids = [gid(row) for row in (*records, *people, scene.ben)]
    owners = [gid(scene.ana), gid(scene.cid)]
    variables: dict[str, dict[str, Any]] = {
        "nodes": {"ids": ids},
        "filtered": {"stage": "Engaging", "owners": owners},
    }
    sessions: list[None] = []
    reading = database.reading

    def counted() -> Any:
        sessions.append(None)
        return reading()

    monkeypatch.setattr(database, "reading", counted)
    return House(scene, new_endpoint(database), askers, own, maker, records, variables, sessions)


async def _signed_in(database: Database, who: Agent | PartnerUser | str) -> Unproved:
    unproved = await signed_in(database, who)
    assert unproved is not None
    return unproved


async def _records(scene: Scene) -> list[Any]:
    """Contacts and deals of everybody's and nobody's, in each team and in none."""
    records: list[Any] = []
    places: list[dict[str, Any]] = [
        {"owner": scene.ana, "team": scene.north},
        {"owner": scene.ben, "team": scene.north, "inbox": scene.mail},
        {"owner": scene.cid, "team": scene.south},
        {"owner": scene.max, "team": scene.north},
        {"team": scene.north},
        {"inbox": scene.mail},
    ]
    for number, place in enumerate(places):
        contact = await scene.contact(name=f"Client {number}", phone=f"+55 {number}", **place)
        records.append(contact)
        for which in range(2):
            title, amount = f"Deal {number}.{which}", 10_000 * (number + which)
            partner = {"partner": scene.kin, "assigned_user": scene.pia} if number % 2 else {}
            deal = await scene.deal(title=title, amount=amount, contact=contact, **place, **partner)
            records.append(deal)
    return records


Change = Callable[[House, random.Random], Awaitable[None]]


async def _mutated(house: House, name: str, **input: Any) -> None:
    """The administrator's mutation, which must go through."""
    payload, errors = await mutate(house.database, house.scene.administrator, name, input, "__typename")
    assert (errors, payload["userErrors"]) == ([], []), (name, input)


def _some(chance: random.Random, choices: Sequence[Any]) -> list[Any]:
    return [each for each in choices if chance.random() < 0.5]


def _agents(house: House) -> list[Agent]:
    """The agents who ask, but the administrator who changes things."""
    agents = [asker.person for asker in house.askers if isinstance(asker.person, Agent)]
    return [agent for agent in agents if agent.id != house.scene.administrator.id]


async def isolation(house: House, chance: random.Random) -> None:
    mode = chance.choice(list(IsolationMode))
    await _mutated(house, "updateAccountSettings", isolationMode=mode.value)


async def unowned(house: House, chance: random.Random) -> None:
    who = chance.choice(list(UnownedVisibility))
    await _mutated(house, "updateAccountSettings", unownedVisibility=who.value)


async def _switch(house: House, switch: str) -> None:
    async with house.database.writing():
        account = await Account.get(id=house.scene.account.id)
        await set_account(Actor(account.id), account, **{switch: not getattr(account, switch)})


async def granular(house: House, chance: random.Random) -> None:
    await _switch(house, "granular_permissions")


async def module(house: House, chance: random.Random) -> None:
    await _switch(house, "sales_module")


async def role_given(house: House, chance: random.Random) -> None:
    agent, role = chance.choice(_agents(house)), chance.choice([*house.scene.roles.values(), house.own])
    await _mutated(house, "assignRole", agentId=gid(agent), roleId=gid(role))


async def maker_demoted(house: House, chance: random.Random) -> None:
    maker = await house.scene.again(house.maker)
    administrators = house.scene.roles[BuiltIn.ADMINISTRATOR]
    lower = maker.role_id == administrators.id
    role = house.scene.roles[BuiltIn.REP] if lower else administrators
    await _mutated(house, "assignRole", agentId=gid(maker), roleId=gid(role))


async def role_changed(house: House, chance: random.Random) -> None:
    changes: list[dict[str, Any]] = [
        {"scope": chance.choice(list(Scope)).value},
        {"reach": chance.choice(list(Reach)).value},
        {"permissions": [permission.value for permission in _some(chance, list(Permission))]},
    ]
    change = chance.choice(changes)
    await _mutated(house, "updateRole", id=gid(house.own), **change)


async def teams(house: House, chance: random.Random) -> None:
    chosen = [gid(team) for team in _some(chance, [house.scene.north, house.scene.south])]
    await _mutated(house, "updateAgent", id=gid(chance.choice(_agents(house))), teamIds=chosen)


async def inboxes(house: House, chance: random.Random) -> None:
    chosen = [gid(inbox) for inbox in _some(chance, [house.scene.mail, house.scene.web])]
    await _mutated(house, "updateAgent", id=gid(chance.choice(_agents(house))), inboxIds=chosen)


async def suspended(house: House, chance: random.Random) -> None:
    """Suspend somebody, or let them in again, with a new sign-in unless they are a program."""
    possible = [one for one in house.askers if one.person in _agents(house)]
    gone = [one for one in possible if not await _is_active(house, one.person)]
    asker = gone[0] if gone else chance.choice(possible)
    house.shut_out = asker
    agent = await house.scene.again(asker.person)
    if agent.status is AgentStatus.ACTIVE:
        await _mutated(house, "suspendAgent", id=gid(agent))
    else:
        await _mutated(house, "reactivateAgent", id=gid(agent))
        await sign_in_again(house, asker)


async def revoked(house: House, chance: random.Random) -> None:
    """A token is good no more; mostly the person signs in again."""
    asker = chance.choice([one for one in house.askers if one.person in _agents(house)])
    house.shut_out, newest = asker, asker.tokens[-1]
    named = {"id": newest.token_id} if isinstance(newest, Signed) else {"kind": TokenKind.API}
    async with house.database.writing():
        for token in await Token.filter(agent_id=asker.person.id, **named):
            await revoke_token(Actor(token.account_id), token)
    if chance.random() < 0.8 and await _is_active(house, asker.person):
        await sign_in_again(house, asker)


async def portal(house: House, chance: random.Random) -> None:
    asker = next(one for one in house.askers if isinstance(one.person, PartnerUser))
    house.shut_out = asker
    user = await house.scene.again(asker.person)
    await _mutated(house, "updatePartnerUser", id=gid(user), portalAccess=not user.portal_access)
    if not user.portal_access:
        await sign_in_again(house, asker)


async def moved(house: House, chance: random.Random) -> None:
    record = await _record(house, chance)
    people = [one for one in [*_agents(house), house.scene.ben] if await _is_active(house, one)]
    if chance.random() < 0.6:
        owner = chance.choice([*map(gid, people), None])
        await _mutated(house, "assignOwner", recordId=gid(record), ownerId=owner)
    else:
        team = chance.choice([gid(house.scene.north), gid(house.scene.south), None])
        await _mutated(house, "assignTeam", recordId=gid(record), teamId=team)


async def archived(house: House, chance: random.Random) -> None:
    record = await house.scene.again(await _record(house, chance))
    kind = type(record).__name__
    verb = "archive" if record.archived_at is None or kind == "Deal" else "unarchive"
    await _mutated(house, f"{verb}{kind}", id=gid(record))


async def nothing(house: House, chance: random.Random) -> None:
    """Nothing happens."""


async def _record(house: House, chance: random.Random) -> Any:
    """A contact, or where there is sales a deal."""
    sales = (await house.scene.again(house.scene.account)).sales_module
    return chance.choice([one for one in house.records if sales or type(one).__name__ == "Contact"])


async def _is_active(house: House, agent: Any) -> bool:
    return bool((await house.scene.again(agent)).status is AgentStatus.ACTIVE)


async def sign_in_again(house: House, asker: Asker) -> None:
    """A new token beside those that are good no more; a program's is made anew."""
    if not isinstance(asker.tokens[-1], Signed):
        assert isinstance(asker.person, Agent)
        bearer = await api_token(house.database, asker.person, [Permission.PEOPLE_MANAGE])
        asker.tokens.append(await _signed_in(house.database, bearer))
        return
    column = "agent" if isinstance(asker.person, Agent) else "partner_user"
    person = {"agent": None, "partner_user": None, column: asker.person.id}
    async with house.database.writing():
        made, _ = await create_token(KEYS, account=asker.person.account_id, ttl=timedelta(days=1), **person)
    assert made.expires_at is not None
    asker.tokens.append(Signed(made.id, made.account_id, asker.person.id, made.kind, made.expires_at))


ANEW: tuple[Change, ...] = (
    isolation, unowned, granular, granular, module, module, role_given, maker_demoted, role_changed,
    teams, inboxes, suspended, suspended, revoked, portal,
)  # fmt: skip
"""What changes viewers. Switches twice, so that they are not left off for long."""

AS_BEFORE: tuple[Change, ...] = (moved, archived)
"""What changes answers, but no viewer."""


async def _random_asks(house: House, chance: random.Random) -> list[tuple[Asker, Unproved, str]]:
    """Who asks what, in which order: mostly with their newest token."""
    last, house.shut_out = house.shut_out, None
    asked = [(last, token, "viewer") for token in last.tokens[-2:]] if last else []
    for asker in chance.choices(house.askers, k=ASKED):
        unproved = asker.tokens[-1] if chance.random() < 0.9 else chance.choice(asker.tokens)
        asked.append((asker, unproved, chance.choice(list(DOCUMENTS_ASKED))))
    return asked


async def _everybody_twice(house: House) -> None:
    """Everybody has asked everything; the cursors of pages too."""
    version = await house.version()
    for _ in range(2):
        for asker in house.askers:
            for name in DOCUMENTS_ASKED:
                await house.ask(asker, asker.tokens[-1], name, version)


async def test_whatever_changes_each_answer_is_a_fresh_one(house: House) -> None:
    chance = random.Random(SEED)
    changes = [*ANEW, *AS_BEFORE, *AS_BEFORE, *[nothing] * 20]
    happened = Counter[str]()
    await _everybody_twice(house)
    house.count.clear()
    for step in range(STEPS):
        change = changes[step] if step < len(ANEW) else chance.choice(changes)
        before = await house.version()
        await change(house, chance)
        version = await house.version()
        assert version == before or change in ANEW, change
        happened[change.__name__ if version != before or change not in ANEW else "the same again"] += 1
        asked = await _random_asks(house, chance)
        for asker, unproved, name in asked:
            await house.ask(asker, unproved, name, version)
        if change is nothing:
            await house.ask_all_at_once(await _random_asks(house, chance))
    assert {change.__name__ for change in changes} <= happened.keys()
    assert house.thrown_away >= sum(happened[change.__name__] for change in set(ANEW))
    assert house.count["at once"] >= house.count["with a session"], house.count
    assert house.count["answered"] >= house.count["bad token"] * 3 >= STEPS / 2, house.count


async def test_those_of_one_shape_share_their_plans_and_later_rounds_make_none(house: House) -> None:
    plans, version = DOCUMENTS.memory.plans, await house.version()
    ana, cid = (next(one for one in house.askers if one.name == name) for name in ("Ana", "Cid"))
    for name in (*DOCUMENTS_ASKED, "page"):
        await house.ask(ana, ana.tokens[-1], name, version)
    made = len(plans)
    assert made == len(DOCUMENTS_ASKED) + 1
    bodies = set()
    for name in (*DOCUMENTS_ASKED, "page"):
        await house.ask(cid, cid.tokens[-1], name, version)
        bodies.add(await house.warm(cid.tokens[-1], "deals", None))
    assert len(plans) == made
    assert await house.warm(ana.tokens[-1], "deals", None) not in bodies
    await _everybody_twice(house)
    made = len(plans)
    house.count.clear()
    await _everybody_twice(house)
    assert len(plans) == made
    assert house.count["with a session"] == house.count["bad token"] == 0


@pytest.mark.parametrize("change", dict.fromkeys(ANEW), ids=lambda change: change.__name__)
async def test_a_change_throws_the_kept_viewer_away(house: House, change: Change) -> None:
    before, chance = await house.version(), random.Random(SEED)
    for asker in house.askers:
        await house.ask(asker, asker.tokens[0], "deals", before)
    while (version := await house.version()) == before:
        await change(house, chance)
    held = {asker.name: house.endpoint.viewers.get(asker.tokens[0]) for asker in house.askers}
    for asker in house.askers:
        kept = held[asker.name]
        assert kept is not None
        assert kept.viewer.access_version < version
        assert await house.ask(asker, asker.tokens[0], "deals", version) == Cost(1, 1)
        anew = house.endpoint.viewers.get(asker.tokens[0])
        if anew is not None:
            assert await house.ask(asker, asker.tokens[0], "deals", version) == AT_ONCE


BUILT_FROM: dict[Any, tuple[str, ...]] = {
    Account: (
        "sales_module",
        "granular_permissions",
        "isolation_mode",
        "unowned_visibility",
        "currency",
        "time_zone",
    ),
    Agent: ("status", "role_id", "account_id"),
    Role: ("permissions", "scope", "reach", "built_in"),
    TeamMember: ("team_id", "agent_id"),
    InboxMember: ("inbox_id", "agent_id"),
    PartnerUser: ("portal_access", "partner_id", "account_id"),
    Token: ("revoked_at", "expires_at", "permissions"),
}
"""All that a viewer is built from, by `prove` and `load_viewer`."""

NEVER_CHANGED = {
    "agent.account_id",
    "role.built_in",
    "partner_user.partner_id",
    "partner_user.account_id",
    "token.expires_at",
    "token.permissions",
}
"""What no operation changes; should one begin to, it must bump, and have its line below."""

PLACES = (TeamMember, InboxMember)
"""A row made or gone is itself a change; a new row elsewhere is of nobody who could be kept."""

Act = Callable[[Scene, Actor], Awaitable[Any]]


async def _again(scene: Scene, row: Any) -> Any:
    return await type(row).get(id=row.id)


async def _suspended(scene: Scene, by: Actor) -> Agent:
    return await suspend_agent(by, await _again(scene, scene.ben))


async def _reactivated(scene: Scene, by: Actor) -> Agent:
    return await reactivate_agent(by, await _again(scene, scene.ben))


def _settings(**settings: Any) -> Act:
    return lambda scene, by: update_account_settings(by, scene.account, **settings)


def _set(**switches: Any) -> Act:
    return lambda scene, by: set_account(by, scene.account, **switches)


def _agent(**columns: Any) -> Act:
    async def act(scene: Scene, by: Actor) -> Agent:
        given: dict[str, Any] = {
            name: [getattr(scene, place).id for place in places] for name, places in columns.items()
        }
        return await update_agent(by, await _again(scene, scene.ana), **given)

    return act


def _role(**columns: Any) -> Act:
    async def act(scene: Scene, by: Actor) -> Role:
        return await update_role(by, await Role.get(account_id=by.account_id, name="Ours"), **columns)

    return act


def _user(**columns: Any) -> Act:
    async def act(scene: Scene, by: Actor) -> PartnerUser:
        return await update_partner_user(by, await _again(scene, scene.pia), **columns)

    return act


def _token(act: Callable[[Actor, Token], Awaitable[Any]]) -> Act:
    async def acted(scene: Scene, by: Actor) -> Any:
        token = await Token.filter(agent_id=scene.cid.id, revoked_at=None).order_by("id").first()
        assert token is not None
        return await act(by, token)

    return acted


BUMPING: list[tuple[str, Act]] = [
    ("set_account", _set(sales_module=False)),
    ("set_account", _set(granular_permissions=False)),
    ("set_account", _set(sales_module=True, granular_permissions=True)),
    ("update_account_settings", _settings(isolation_mode=IsolationMode.OPEN)),
    ("update_account_settings", _settings(unowned_visibility=UnownedVisibility.SCOPE)),
    ("update_account_settings", _settings(currency="EUR")),
    ("update_account_settings", _settings(time_zone="America/Sao_Paulo")),
    ("update_agent", _agent(team_ids=["north", "south"])),
    ("update_agent", _agent(team_ids=[])),
    ("update_agent", _agent(inbox_ids=["web"])),
    ("update_agent", _agent(inbox_ids=[])),
    ("assign_role", lambda scene, by: assign_role(by, scene.ana, role_id=scene.max.role_id)),
    ("suspend_agent", _suspended),
    ("reactivate_agent", _reactivated),
    # Once more, without a token whose end would bump.
    ("suspend_agent", _suspended),
    ("reactivate_agent", _reactivated),
    ("deactivate_agent", lambda scene, by: deactivate_agent(by, scene.ben, leave_unowned=True)),
    ("reactivate_agent", _reactivated),
    ("update_role", _role(scope=Scope.ACCOUNT)),
    ("update_role", _role(reach=Reach.SCOPE)),
    ("update_role", _role(permissions=[Permission.SALES_MANAGE.value])),
    ("update_partner_user", _user(portal_access=False)),
    ("update_partner_user", _user(portal_access=True)),
    ("revoke_token", _token(revoke_token)),
    ("revoke_sessions", lambda scene, by: revoke_sessions(by, scene.cid)),
    ("revoke_sessions", lambda scene, by: revoke_all(by, scene.cid)),
    ("set_password", lambda scene, by: set_password(by, scene.cid, password_hash="a hash")),
    (
        "create_agent",
        lambda scene, by: create_agent(
            by, name="New", role_id=scene.ana.role_id, team_ids=[scene.north.id], inbox_ids=[scene.mail.id]
        ),
    ),
]
"""Each operation that changes what viewers are built from, once for each way in which it does."""

ADDING: list[tuple[str, Act]] = [
    (
        "create_role",
        lambda scene, by: create_role(by, name="Theirs", scope=Scope.TEAM, reach=Reach.OWN),
    ),
    (
        "create_partner_user",
        lambda scene, by: create_partner_user(
            by, partner_id=scene.kin.id, name="Pat", email="pat@kin.example", portal_access=True
        ),
    ),
    (
        "create_api_token",
        lambda scene, by: create_api_token(
            by,
            agent_id=scene.ana.id,
            name="New",
            secret_hash=sha256(b"new").hexdigest(),
            permissions=[Permission.SALES_MANAGE.value],
        ),
    ),
    ("create_account", lambda scene, by: create_account(name="Another", admin_email="an@other.example")),
]
"""What makes a new row alone, from which nobody was built yet: it need not bump."""

PARTS = {
    "access_version": "the bump itself",
    "account_change": "changes the columns for `set_account` and `update_account_settings`, and bumps",
    "members": "sets the places for `create_agent` and `update_agent`, which bump",
}
"""What is no operation, but part of some."""

LOOKING = {
    "arriving": "an import's records; agents are looked at and held",
    "assign_owners": "who owns records; who gets them, and in which teams, is looked at",
    "distribution_pool": "nothing: who may be given a contact, and how much they have, is read",
    "draft_transfer": "a transfer and its items; who gives and gets is looked at and held",
    "ownership": "who owned a record; members of teams are looked at",
    "revert_transfer": "a transfer's items; its giver is looked at and held",
    "set_availability": "whether an agent takes new contacts, of which no viewer is built",
    "transfer_batch": "who owns records; who gives and gets is looked at",
    "transfer_rule_columns": "a rule's shares; who gets is looked at and held",
}
"""What writes something else."""

ELSEWHERE = {
    "authz/tokens.py": "signs somebody in: a new token, from which nobody was built yet",
}

WRITES = {
    "apply", "bulk_create", "bulk_update", "bump", "change_account", "change_row", "create", "create_row",
    "delete", "execute", "fetch", "get_or_create", "insert_rows", "renew", "revoke_token", "save",
    "set_inboxes", "set_teams", "update", "update_or_create",
}  # fmt: skip

WRITES_BESIDE = WRITES & {"change_account", "change_row", "create_row", "delete", "insert_rows", "save"}
"""What only operations call, on rows whose model can't be told from the call."""

PACKAGES = ("authz", "commands", "models", "resolvers", "schema")
ROOT = Path(__file__).parents[2]
OPERATIONS = ROOT / "models" / "operations"

Columns = dict[tuple[str, UUID], dict[str, Any]]


async def _viewers_columns() -> Columns:
    """All that viewers are built from, as it stands in this transaction."""
    return {
        (model._meta.db_table, row["id"]): {column: row[column] for column in columns}
        for model, columns in BUILT_FROM.items()
        for row in await model.all().values("id", *columns)
    }


def _changed(before: Columns, after: Columns) -> set[str]:
    """The columns of rows that were there that differ, and those of places made or gone."""
    places = {model._meta.db_table for model in PLACES}
    found = {
        f"{table}.{column}"
        for (table, id) in before.keys() & after.keys()
        for column, value in before[table, id].items()
        if after[table, id][column] != value
    }
    come_or_gone = {table for table, _ in before.keys() ^ after.keys() if table in places}
    assert {table for table, _ in before.keys() - after.keys()} <= places
    return found | {f"{table}.{column}" for table in come_or_gone for column in _columns_of(table)}


def _columns_of(table: str) -> tuple[str, ...]:
    return next(columns for model, columns in BUILT_FROM.items() if model._meta.db_table == table)


async def _furnished(database: Database) -> tuple[Scene, Actor]:
    """An account with something for each act to change."""
    scene = await make_scene(database)
    by = Actor(scene.account.id, agent_id=scene.administrator.id)
    async with database.writing():
        await create_role(by, name="Ours", scope=Scope.TEAM, reach=Reach.OWN)
        for agent in (scene.ana, scene.ben, scene.cid):
            for _ in range(2):
                await create_token(
                    KEYS, account=agent.account_id, agent=agent.id, partner_user=None, ttl=timedelta(days=1)
                )
        for _ in range(2):
            await create_api_token(by, agent_id=scene.cid.id, name="Program", secret_hash=uuid4().hex * 2)
    return scene, by


@dataclass(frozen=True)
class Done:
    """What an act changed of what viewers are built from, and by how much the version grew."""

    changed: set[str]
    grown: int
    after: int


async def _do(scene: Scene, by: Actor, act: Act) -> Done:
    async with scene.database.writing():
        before, version = await _viewers_columns(), await _version(scene)
        await act(scene, by)
        after = await _version(scene)
        return Done(_changed(before, await _viewers_columns()), after - version, after)


async def _version(scene: Scene) -> int:
    account = await _again(scene, scene.account)
    return int(account.access_version)


async def test_each_operation_that_changes_viewers_bumps_in_its_own_transaction(database: Database) -> None:
    scene, by = await _furnished(database)
    changed = set[str]()
    for name, act in BUMPING:
        done = await _do(scene, by, act)
        assert done.grown > 0, name
        assert done.changed or name == "set_password", name
        async with database.reading():
            assert await _version(scene) == done.after, name
        changed |= done.changed
    every = {
        f"{model._meta.db_table}.{column}" for model, columns in BUILT_FROM.items() for column in columns
    }
    assert changed == every - NEVER_CHANGED


async def test_what_only_adds_a_row_changes_nobody(database: Database) -> None:
    scene, by = await _furnished(database)
    for name, act in ADDING:
        done = await _do(scene, by, act)
        places = {f"{model._meta.db_table}.{column}" for model in PLACES for column in BUILT_FROM[model]}
        assert not done.changed - places, name
        assert not done.changed or done.grown, name


def test_no_operation_that_writes_what_viewers_are_built_from_is_left_out() -> None:
    writing = {path.stem for path in OPERATIONS.rglob("*.py") if _writes_viewers(path)}
    known = {name for name, _ in (*BUMPING, *ADDING)} | PARTS.keys() | LOOKING.keys()
    assert writing == known


def test_nothing_beside_the_operations_writes_what_viewers_are_built_from() -> None:
    paths = [path for package in PACKAGES if package != "models" for path in _sources(package)]
    paths += [path for path in _sources("models") if OPERATIONS not in path.parents]
    writing = {path.relative_to(ROOT).as_posix() for path in paths if any(_direct_writes(path))}
    assert writing == ELSEWHERE.keys()


def test_no_statement_written_by_hand_writes_what_viewers_are_built_from() -> None:
    tables = "|".join(model._meta.db_table for model in BUILT_FROM)
    by_hand = re.compile(rf'\b(UPDATE|INTO|DELETE FROM)\s+"?({tables})\b', re.IGNORECASE)
    paths = [path for package in PACKAGES for path in _sources(package)]
    assert len(paths) > 200
    written = [path for path in paths if by_hand.search(_without_docstrings(path))]
    assert written == []


def _without_docstrings(path: Path) -> str:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    prose = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    texts = (node for node in ast.walk(tree) if isinstance(node, ast.Constant) and id(node) not in prose)
    return "\n".join(text.value for text in texts if isinstance(text.value, str))


def _sources(package: str) -> Iterator[Path]:
    return (ROOT / package).rglob("*.py")


def _writes_viewers(path: Path) -> bool:
    """Whether a module knows one of the models, and calls something that writes."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    known = {
        alias.name for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for alias in node.names
    }
    models = {model.__name__ for model in BUILT_FROM}
    return bool(known & models) and bool(set(_called(tree)) & WRITES)


def _called(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            called = node.func
            yield called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")


def _direct_writes(path: Path) -> Iterator[str]:
    """What a module itself calls to make, change or delete rows of one of the models."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    models = {model.__name__ for model in BUILT_FROM}
    if _writes_viewers(path):
        yield from set(_called(tree)) & WRITES_BESIDE
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            names = {each.id for each in ast.walk(node.func.value) if isinstance(each, ast.Name)}
            if node.func.attr in WRITES and names & models:
                yield node.func.attr
