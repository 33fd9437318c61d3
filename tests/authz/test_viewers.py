"""Kept viewers: bounded, no longer than their token; and whatever changes a viewer tells the version of it.

A kept viewer is as good as a loaded one only as long as nothing they are built from changes without
the account's access version growing in the same transaction. So every transaction is watched here,
while every mutation and what the operator does are done: what was changed, and did the version grow?
"""

import json
import random
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from authz.tokens import BadToken, Secret, Signed
from authz.viewer import AccessMode, Viewer, ViewerKind
from authz.viewers import Viewers
from models import Account, IsolationMode, TokenKind, UnownedVisibility, clock
from models.database import Database, Session
from models.operations.actor import Actor
from models.operations.set_account import set_account
from models.sql import Sql
from tests.conftest import Databases
from tests.judge.viewers import KINDS, Kind
from tests.judge.world import World, generate
from tests.proofs.acting import act_by_chance, mutations
from tests.proofs.asking import NOW, ask, sign_in
from tests.proofs.generating import Author
from tests.resolvers.support import gid, make_scene, mutate


def viewer() -> Viewer:
    """Some agent."""
    return Viewer(
        kind=ViewerKind.AGENT,
        account_id=uuid4(),
        access_version=1,
        currency="EUR",
        time_zone="UTC",
        sales_module=True,
        granular=True,
        isolation_mode=IsolationMode.STRICT,
        unowned_visibility=UnownedVisibility.MANAGERS,
        agent_id=uuid4(),
    )


def test_a_viewer_is_kept_by_what_their_token_says() -> None:
    viewers, ana = Viewers(), viewer()
    token = Secret("a" * 64)
    assert viewers.get(token) is None
    viewers.keep(token, ana, None)
    kept = viewers.get(Secret("a" * 64))
    assert kept is not None
    assert (kept.viewer, kept.shape.access_mode) == (ana, AccessMode.GRANULAR)
    viewers.forget(token)
    assert viewers.get(token) is None


def test_nothing_of_one_person_is_in_a_shape() -> None:
    ana, ben = viewer(), viewer()
    assert ana.shape == ben.shape
    assert {ana.agent_id, ana.account_id} & set(vars_of(ana.shape)) == set()


def vars_of(shape: Viewer) -> Iterator[Any]:
    """The values of all its fields."""
    return (getattr(shape, name) for name in Viewer.__dataclass_fields__)


def test_no_viewer_is_kept_after_their_token_has_ended() -> None:
    viewers, now = Viewers(), clock.now()
    ends = now + timedelta(seconds=10)
    token = Signed(uuid4(), uuid4(), uuid4(), TokenKind.AGENT, ends)
    viewers.keep(token, viewer(), ends)
    try:
        clock.tell_time_with(lambda: ends - timedelta(microseconds=1))
        assert viewers.get(token) is not None
        clock.tell_time_with(lambda: ends)
        with pytest.raises(BadToken):
            viewers.get(token)
        clock.tell_time_with(lambda: now)
        assert viewers.get(token) is None
    finally:
        clock.tell_time_with(None)


def test_who_asked_longest_ago_is_forgotten_first() -> None:
    viewers = Viewers(most=2)
    first, second, third = (Secret(f"{number}" * 64) for number in range(3))
    for token in (first, second):
        viewers.keep(token, viewer(), None)
    assert viewers.get(first)
    viewers.keep(third, viewer(), None)
    assert [bool(viewers.get(token)) for token in (first, second, third)] == [True, False, True]


# What viewers are built from

BUILT_FROM = {
    "account": (
        *("currency", "time_zone", "sales_module", "granular_permissions"),
        *("isolation_mode", "unowned_visibility"),
    ),
    "agent": ("status", "role_id"),
    "role": ("permissions", "scope", "reach", "built_in"),
    "team_member": ("team_id", "agent_id"),
    "inbox_member": ("inbox_id", "agent_id"),
    "partner_user": ("portal_access", "partner_id"),
    "token": (
        "kind",
        "permissions",
        "expires_at",
        "revoked_at",
        "agent_id",
        "partner_user_id",
        "secret_hash",
    ),
    "identity": ("agent_id", "partner_user_id", "provider_id", "subject"),
}
"""The columns that authz/viewer.py and authz/tokens.py read, by table."""

NEVER_CHANGED = {
    "agent": {"(gone)", "(new)"},
    "identity": {"(gone)", *BUILT_FROM["identity"]},
    "inbox_member": {*BUILT_FROM["inbox_member"]},
    "partner_user": {"(gone)", "partner_id"},
    "role": {"(gone)", "built_in"},
    "team_member": {*BUILT_FROM["team_member"]},
    "token": {"(gone)", *BUILT_FROM["token"]} - {"revoked_at"},
    "account": {"(gone)"},
}
"""What no operation changes in a row that is there: said so that this test fails when one begins to."""

OF_NOBODY_YET = {"account", "agent", "identity", "partner_user", "role", "token"}
"""A new row of these is of somebody who has not asked yet."""

Held = dict[str, dict[str, tuple[Any, ...]]]


@dataclass
class Watching:
    """Every transaction that writes while something is being done, from its beginning to its end."""

    changed: set[tuple[str, str]] = field(default_factory=set)
    untold: set[tuple[str, str, str]] = field(default_factory=set)
    doing: str = ""

    def note(self, before: Held, after: Held, versions: tuple[Any, Any]) -> None:
        """What one transaction changed, and whether it told; tests fill tables as they like."""
        for table, column in _differences(before, after):
            self.changed.add((table, column))
            if versions[0] == versions[1] and not (column == "(new)" and table in OF_NOBODY_YET):
                self.untold.add((self.doing, table, column))


def _differences(before: Held, after: Held) -> Iterator[tuple[str, str]]:
    for table, columns in BUILT_FROM.items():
        for id in before[table].keys() | after[table].keys():
            if id not in before[table] or id not in after[table]:
                yield table, "(gone)" if id in before[table] else "(new)"
                continue
            for column, old, new in zip(columns, before[table][id], after[table][id], strict=True):
                if old != new:
                    yield table, column


async def _held(session: Session) -> Held:
    found: Held = {}
    for table, columns in BUILT_FROM.items():
        rows = await session.fetch(Sql(f"SELECT id, {', '.join(columns)} FROM {table}"))
        found[table] = {str(row["id"]): tuple(map(_plain, list(row.values())[1:])) for row in rows}
    return found


def _plain(held: Any) -> str:
    """As text, whichever driver it comes from; lists of permissions in any order."""
    if isinstance(held, str) and held.startswith("["):
        return str(sorted(json.loads(held)))
    return str(held)


async def _versions(session: Session) -> Any:
    rows = await session.fetch(Sql("SELECT id, access_version FROM account ORDER BY id"))
    return [tuple(row.values()) for row in rows]


@pytest.fixture
def watching(monkeypatch: pytest.MonkeyPatch) -> Watching:
    watching = Watching()
    writing = Database.writing

    @asynccontextmanager
    async def watched(database: Database) -> AsyncIterator[Session]:
        async with writing(database) as session:
            if not watching.doing:
                yield session
                return
            before, version = await _held(session), await _versions(session)
            yield session
            watching.note(before, await _held(session), (version, await _versions(session)))

    monkeypatch.setattr(Database, "writing", watched)
    return watching


MOST_TRIES = 40


async def test_whatever_changes_a_viewer_tells_the_version(databases: Databases, watching: Watching) -> None:
    not_done = set[str]()
    database, authors = await _stage(databases)
    for number, name in enumerate(mutations()):
        watching.doing = ""
        if (number and number % 8 == 0) or not await _all_here(database, authors):
            database, authors = await _stage(databases)
        if not await _done(database, authors, name, watching, number):
            not_done.add(name)
    await _by_the_operator(database, watching)
    not_done -= await _by_hand(await databases(), watching)
    assert watching.untold == set()
    assert sorted(not_done) == []
    kept_still = {(table, column) for table, columns in NEVER_CHANGED.items() for column in columns}
    every = {(table, column) for table, columns in BUILT_FROM.items() for column in columns}
    assert every - watching.changed == kept_still & every


async def _stage(databases: Databases) -> tuple[Database, list[tuple[Kind, Any, Author]]]:
    """A world, and who may do the most in it."""
    world = generate(7)
    chosen = [kind for kind in KINDS if kind.name in ("administrator", "account manager", "team manager")]
    people = [(kind, sign_in(Kind(kind.name, kind.who), world)) for kind in chosen]
    stored: World = people[0][1].world.copy()
    for _, who in people:
        stored.tables["token"] |= who.world["token"]
    database = await databases()
    await stored.store(database)
    authors = [
        (kind, who, Author(random.Random(f"{kind.name} 7"), who.viewer, who.world)) for kind, who in people
    ]
    return database, authors


async def _all_here(database: Database, authors: list[tuple[Kind, Any, Author]]) -> bool:
    """Whether all of them are signed in yet: one may have suspended another, or revoked their token."""
    answers = [await ask(database, who.unproved, "{ viewer { kind } }") for _, who, _ in authors]
    return all(answer.data for answer in answers)


async def _done(
    database: Database, authors: list[tuple[Kind, Any, Author]], name: str, watching: Watching, number: int
) -> bool:
    """Whether somebody managed to do it; a few times more, for other values."""
    watching.doing = name
    done = 0
    for attempt in range(MOST_TRIES):
        _, who, author = authors[attempt % len(authors)]
        document = act_by_chance(author, name)
        draws = number * 1_000 + attempt + 1
        answer = await ask(database, who.unproved, document.text, document.variables, draws=draws)
        done += bool(answer.data and answer.data[name] and not answer.data[name]["userErrors"])
        if done == 4:
            break
    return done > 0


async def _by_hand(database: Database, watching: Watching) -> set[str]:
    """What chance does seldom, since something else has to be done before; its names."""
    watching.doing = ""
    scene = await make_scene(database)
    contact = await scene.contact(owner=scene.ana, team=scene.north)
    conversation = await scene.conversation(contact, owner=scene.ana, team=scene.north)
    deal = await scene.deal(owner=scene.ana, team=scene.north, contact=contact)
    role = await scene.role()
    rule = {"name": "Leavers", "trigger": "OWNER_DEACTIVATED", "to": [{"agentId": gid(scene.ben)}]}
    made, _ = await mutate(database, scene.administrator, "createTransferRule", rule, "transferRule { id }")
    money = {"amount": "1.00", "currency": "USD"}
    it, of_it = {"id": gid(deal)}, {"dealId": gid(deal)}
    acts: list[tuple[str, dict[str, Any]]] = [
        ("transferPortfolio", {"fromId": gid(scene.ana), "to": [{"agentId": gid(scene.ben)}]}),
        ("updateTransferRule", {"id": made["transferRule"]["id"], "enabled": False}),
        ("setDealPartner", {**it, "partnerId": gid(scene.kin), "assignedUserId": gid(scene.pia)}),
        ("winDeal", it),
        ("startDealContract", it),
        ("recordPayment", {**of_it, "amount": money}),
        ("recordRefund", {**of_it, "amount": money}),
        ("updateAccountSettings", {"currency": "JPY", "timeZone": "Asia/Tokyo", "isolationMode": "OPEN"}),
        ("updateAccountSettings", {"unownedVisibility": "SCOPE"}),
        ("updatePartnerUser", {"id": gid(scene.paul), "portalAccess": False}),
        (
            "updateRole",
            {"id": gid(role), "permissions": ["audit.read"], "scope": "ACCOUNT", "reach": "SCOPE"},
        ),
        ("suspendAgent", {"id": gid(scene.ben)}),
        ("reactivateAgent", {"id": gid(scene.ben)}),
    ]
    for record in (contact, conversation, deal):
        name = type(record).__name__
        acts += [(f"archive{name}", {"id": gid(record)}), (f"unarchive{name}", {"id": gid(record)})]
    for name, given in acts:
        watching.doing = name
        payload, errors = await mutate(database, scene.administrator, name, given, "")
        assert payload == {"userErrors": []}, (name, payload, errors)
    return {name for name, _ in acts}


async def _by_the_operator(database: Database, watching: Watching) -> None:
    watching.doing = "set_account"
    async with database.reading():
        accounts = [account.id for account in await Account.all()]
    clock.tell_time_with(lambda: NOW)
    for id in accounts:
        for switched in (False, True):
            async with database.writing():
                await set_account(
                    Actor(id), await Account.get(id=id), granular_permissions=switched, sales_module=switched
                )
    clock.tell_time_with(None)
