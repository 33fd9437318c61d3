"""Streams: a frame is sent when the subscriber's view changed, and of what else happens nobody hears.

(authorization.md, the contract, 8.) What a view is, the oracle says. CARTEIRA_TEST_CHANGES: how many changes
for each kind of viewer and database. CARTEIRA_TEST_SEED: another number makes other worlds and changes.
"""

import os
import random
import re
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson
import pytest

from models.database import Database
from models.operations import access_version
from models.operations.problem import Problem
from schema.global_id import from_global
from tests.conftest import Databases
from tests.judge import oracle
from tests.judge.viewers import KINDS, Judged, Kind
from tests.judge.world import World, generate
from tests.proofs.asking import SignedIn, sign_in
from tests.proofs.stirring import HIDDEN_IN_SIGHT, Change, Stirrer
from tests.resolvers.listening import Stream, listening
from tests.resolvers.support import run

CHANGES = int(os.environ.get("CARTEIRA_TEST_CHANGES", "25"))
SEED = int(os.environ.get("CARTEIRA_TEST_SEED", "2"))
TYPES = {"Contact": "contact", "Conversation": "conversation", "Deal": "deal"}
REFERENCES = ("contact", "conversation", "conversations", "deals")
"""They go out of sight with what they lead to; that one is told of, and whoever leads there is not."""

OWN = (
    "__typename id version owner { id } team { id } inbox { id } createdAt updatedAt archivedAt maskedFields "
    "... on Contact { name email phone address company notes erasedAt } "
    "... on Conversation { subject status lastMessageAt } "
    "... on Deal { title stage dealStatus: status amount { amount currency } expectedCloseOn wonAt lostAt } "
)
TOLD = f"kind recordId cursor record {{ {OWN} }}"
WATCH = f"subscription ($after: String) {{ recordChanged(after: $after) {{ {TOLD} }} }}"

View = dict[UUID, dict[str, Any]]


@dataclass
class Watched:
    """A viewer who listens to a world."""

    who: SignedIn
    database: Database
    stream: Stream

    @property
    def account_id(self) -> UUID:
        return self.who.viewer.facts.account_id

    async def judged(self) -> Judged:
        """The viewer, looking at the world as it is by now."""
        return self.who.viewer.again(await World.load(self.database))

    async def view(self) -> View:
        """The records in the viewer's view, by the oracle."""
        return records(oracle.view(await self.judged()))

    async def told(self) -> list[tuple[UUID, str]]:
        """What was told since it was asked last."""
        return [(_id(told["recordId"]), told["kind"]) for told in await self.stream.told()]


def records(view: dict[str, View]) -> View:
    """The records of a view."""
    return {id: row for name in TYPES for id, row in view[name].items()}


def _id(global_id: str) -> UUID:
    named = from_global(global_id)
    assert named is not None
    return named[1]


@pytest.fixture(params=KINDS, ids=lambda kind: kind.name)
async def who(request: pytest.FixtureRequest) -> SignedIn:
    kind: Kind = request.param
    return sign_in(kind, generate(SEED))


@pytest.fixture
def chance(request: pytest.FixtureRequest) -> random.Random:
    return random.Random(f"{SEED} {request.node.name}")


async def watch(stack: AsyncExitStack, who: SignedIn, database: Database) -> Watched:
    await who.world.store(database)
    stream = await stack.enter_async_context(listening(database, who.unproved, WATCH))
    assert stream.ended is None
    return Watched(who, database, stream)


@pytest.fixture
async def stack() -> AsyncIterator[AsyncExitStack]:
    async with AsyncExitStack() as stack:
        yield stack


async def test_a_frame_for_each_change_of_the_view_and_for_nothing_else(
    who: SignedIn, chance: random.Random, databases: Databases, stack: AsyncExitStack
) -> None:
    watched = await watch(stack, who, await databases())
    stirrer = Stirrer(chance, who.world, watched.account_id)
    known: set[UUID] = set()
    before = await watched.view()
    count: Counter[str] = Counter()
    for number in range(CHANGES):
        change = _any_change(stirrer, number)
        await change.do(watched.database, watched.account_id)
        after = await watched.view()
        told = await watched.told()
        expected = expected_frames(change, before, after)
        if change.table == "agent":
            expected = {id: "GONE" for id, kind in expected.items() if kind == "GONE" and id in known}
        assert Counter(told) == Counter(expected.items()), (number, change.name, change.id)
        known = (known | {id for id, kind in told if kind != "GONE"}) & after.keys()
        count.update(kind for _, kind in told)
        before = after
    assert watched.stream.ended is None


def _any_change(stirrer: Stirrer, number: int) -> Change:
    if number % 10 == 9:
        return stirrer.places_changed()
    return stirrer.new_record() if number % 10 == 4 else stirrer.record_change()


def expected_frames(change: Change, before: View, after: View) -> dict[UUID, str]:
    """What becomes of each record in the view by this change."""
    kinds = dict.fromkeys(before.keys() - after.keys(), "GONE")
    kinds |= dict.fromkeys(after.keys() - before.keys(), "CREATED")
    for id in before.keys() & after.keys():
        own = [name for name in after[id] if id == change.id or name not in REFERENCES]
        # Of others, only what a conversation's erased words leave behind can differ.
        if change.table != "agent" and any(before[id][name] != after[id][name] for name in own):
            kinds[id] = "UPDATED"
    return kinds


async def test_what_changes_out_of_sight_sends_nothing(
    who: SignedIn, chance: random.Random, databases: Databases, stack: AsyncExitStack
) -> None:
    """Two worlds: in the second more happens, which the viewer can't see. Both tell the same bytes."""
    one, other = [await watch(stack, who, await databases()) for _ in range(2)]
    stirrer = Stirrer(chance, who.world, one.account_id)
    touched: set[UUID | None] = set()
    compared = 0
    for number in range(CHANGES // 5):
        seen = await other.view()
        async with one.stream.streams.relay._turn, other.stream.streams.relay._turn:
            touched |= {await _change_out_of_sight(stirrer, other, seen) for _ in range(chance.randint(1, 3))}
            common = _common_change(stirrer, number, touched)
            for world in (one, other):
                await common.do(world.database, world.account_id)
            touched |= {await _change_out_of_sight(stirrer, other, await one.view())}
            if number % 6 == 5:
                async with other.database.writing():
                    await access_version.bump(other.account_id)
        if await one.view() != await other.view():
            # What was changed out of sight has come into it: from here on the worlds are to differ.
            break
        compared += 1
        for world in (one, other):
            await world.stream.settle()
        assert _unsealed(one.stream.bodies) == _unsealed(other.stream.bodies), (
            number,
            common.name,
            common.id,
        )
    await _told_again(stack, one, other)
    assert compared > 3
    assert len(touched) > 3 or await _sees_all(one)


async def _told_again(stack: AsyncExitStack, one: Watched, other: Watched) -> None:
    """Whoever comes back is told the same in both worlds too."""
    if not one.stream.bodies or await one.view() != await other.view():
        return
    told = []
    for world in (one, other):
        after = orjson.loads(world.stream.bodies[0])["data"]["recordChanged"]["cursor"]
        variables = {"after": after}
        again = await stack.enter_async_context(
            listening(world.database, world.who.unproved, WATCH, variables)
        )
        await again.settle()
        assert again.ended is None
        told.append(_unsealed(again.bodies))
    assert told[0] == told[1]


def _common_change(stirrer: Stirrer, number: int, touched: set[UUID | None]) -> Change:
    """A change for both worlds, of a record that is the same in both."""
    if number % 5 == 4:
        return stirrer.new_record()
    while (change := stirrer.record_change()).id in touched:
        pass
    return change


class _InSight(Exception):
    """It would be seen."""


async def _change_out_of_sight(stirrer: Stirrer, world: Watched, seen: View) -> UUID | None:
    """Change something, unless the oracle says that it would be seen; say what was changed."""
    for _ in range(4):
        changed = await _changed_out_of_sight(stirrer, world, seen)
        if changed is not None:
            return changed
    return None


async def _changed_out_of_sight(stirrer: Stirrer, world: Watched, seen: View) -> UUID | None:
    change = stirrer.record_change()
    if change.id in seen:
        change = stirrer.record_change({change.table: [change.id]}, HIDDEN_IN_SIGHT)
    try:
        async with world.database.writing():
            await change.within(world.account_id)
            after = world.who.viewer.again(await World.load_here())
            if records(oracle.view(after)) != seen:
                raise _InSight
    except (_InSight, Problem):
        return None
    return change.id


async def _sees_all(world: Watched) -> bool:
    judged = await world.judged()
    return len(await world.view()) == sum(
        len(judged.world.rows(table, account_id=world.account_id)) for table in TYPES.values()
    )


async def test_state_and_frames_are_the_state_fetched_anew(
    who: SignedIn, chance: random.Random, databases: Databases, stack: AsyncExitStack
) -> None:
    watched = await watch(stack, who, await databases())
    stirrer = Stirrer(chance, who.world, watched.account_id)
    state = await _fetched(watched)
    for _ in range(CHANGES // 5):
        for number in range(chance.randint(1, 8)):
            change = stirrer.new_record() if number == 3 else stirrer.record_change()
            await change.do(watched.database, watched.account_id)
        for told in await watched.stream.told():
            if told["kind"] == "GONE":
                assert told["record"] is None
                state.pop(told["recordId"], None)
            else:
                state[told["recordId"]] = told["record"]
        assert state == await _fetched(watched)


async def _fetched(watched: Watched) -> dict[str, Any]:
    """Every record in the viewer's view, as queries answer it."""
    lists = " ".join(f"{name}s(first: 200) {{ nodes {{ ...own }} }}" for name in TYPES.values())
    document = f"fragment own on Record {{ {OWN} }} query {{ {lists} }}"
    data, _ = await run(watched.database, watched.who.unproved, document)
    return {node["id"]: node for each in data.values() if each for node in each["nodes"]}


def _unsealed(bodies: list[bytes]) -> list[bytes]:
    """Cursors are sealed: each is replaced by when it was first met, and must be as long as all others."""
    met: dict[bytes, int] = {}

    def number(found: re.Match[bytes]) -> bytes:
        return b'"cursor":%d:%d' % (met.setdefault(found[1], len(met)), len(found[1]))

    return [re.sub(rb'"cursor":"([^"]+)"', number, body) for body in bodies]
