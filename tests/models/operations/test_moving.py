"""Many records moved at once leave just the traces that they leave when assigned one at a time."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models import Contact, OutboxEvent, Ownership, OwnershipCause, TimelineEntry
from models.database import Database, Session
from models.operations.assign_owner import assign_owner
from models.operations.assign_team import assign_team
from models.operations.inserting import insert_rows
from models.operations.moving import Move, Telling, held_records, move_records
from models.operations.record_type import type_of
from models.operations.timeline import TimelineKind
from models.record import RecordType
from tests.models.operations.replaying import PEOPLE, RECORDS, TEAMS, Side, make_side, traces
from tests.models.operations.world import Clock, World, ownerships, timeline
from tests.models.operations.world import traces as counts

OWNERS = st.sampled_from(PEOPLE) | st.none()
IN_TEAMS = st.sampled_from(TEAMS) | st.none()
NUMBERS = st.integers(0, RECORDS - 1)


@dataclass(frozen=True)
class Step:
    """Some records get other owners, or other teams, at once; the clock has gone on, or back."""

    seconds: int
    kind: TimelineKind
    to: Mapping[int, str | None]


SECONDS = st.sampled_from([0, 0, 1, 60, 3600, -1, -60, -3600, -90_000])
STEPS = st.one_of(
    st.builds(Step, SECONDS, st.just(TimelineKind.OWNER_ASSIGNED), st.dictionaries(NUMBERS, OWNERS)),
    st.builds(Step, SECONDS, st.just(TimelineKind.TEAM_ASSIGNED), st.dictionaries(NUMBERS, IN_TEAMS)),
)


async def moved(session: Session, side: Side, step: Step) -> None:
    """Do the step at once."""
    records = {number: await side.now(number) for number in step.to}
    moves = []
    for kind in RecordType:
        ids = [record.id for record in records.values() if type_of(record) is kind]
        places = await held_records(session, kind, ids)
        assert [str(one) for one in places] == sorted(str(one) for one in ids)
        for number, record in records.items():
            if type_of(record) is kind:
                owner_id, team_id = destination(side, step, number, record)
                moves.append(Move(kind, places[record.id], owner_id, team_id))
    await move_records(session, moves, Telling(side.world.by, step.kind, OwnershipCause.ASSIGNED))


def destination(side: Side, step: Step, number: int, record: Any) -> tuple[Any, Any]:
    """The owner and team that the record is to have, as domain.md says of assignment."""
    name = step.to[number]
    if step.kind is TimelineKind.TEAM_ASSIGNED:
        return record.owner_id, side.team_id(name)
    owner_id = side.agent_id(name)
    if name is None or owner_id == record.owner_id:
        return owner_id, record.team_id
    teams = side.teams_of(name)
    return owner_id, record.team_id if record.team_id in teams and record.team_id else teams[0]


async def replayed(side: Side, step: Step) -> None:
    """Do the step one record at a time."""
    for number, name in step.to.items():
        record = await side.now(number)
        if step.kind is TimelineKind.TEAM_ASSIGNED:
            await assign_team(side.world.by, record, team_id=side.team_id(name))
        else:
            await assign_owner(side.world.by, record, owner_id=side.agent_id(name))


def test_at_once_is_as_one_at_a_time(fresh_url: Callable[[], Awaitable[str]], time: Clock) -> None:
    async def opened() -> Database:
        return await Database.open(await fresh_url())

    async def example(owners: list[str | None], teams: list[str | None], steps: Sequence[Step]) -> None:
        async with database.writing():
            sides = [await make_side(database, owners, teams) for _ in range(2)]
        for step in steps:
            time.forward(seconds=step.seconds)
            async with database.writing() as session:
                await moved(session, sides[0], step)
            async with database.writing():
                await replayed(sides[1], step)
            async with database.reading():
                one, other = [await traces(side) for side in sides]
            assert one == other

    with asyncio.Runner() as runner:
        database = runner.run(opened())

        @settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
        @given(
            owners=st.lists(OWNERS, min_size=RECORDS, max_size=RECORDS),
            teams=st.lists(IN_TEAMS, min_size=RECORDS, max_size=RECORDS),
            steps=st.lists(STEPS, min_size=1, max_size=5),
        )
        def compared(owners: list[str | None], teams: list[str | None], steps: list[Step]) -> None:
            runner.run(example(owners, teams, steps))

        try:
            compared()
        finally:
            runner.run(database.close())


async def _moved(
    session: Session, world: World, contact: Any, owner: Any, team: Any, **told: Any
) -> Mapping[str, Any]:
    held = (await held_records(session, RecordType.CONTACT, [contact.id]))[contact.id]
    move = Move(RecordType.CONTACT, held, owner and owner.id, team and team.id)
    values: dict[str, Any] = {
        "kind": TimelineKind.TRANSFERRED,
        "cause": OwnershipCause.TRANSFERRED,
        "reason": "Ana leaves",
    }
    await move_records(session, [move], Telling(world.by, **{**values, **told}))
    return {"interval": move.interval_id, "before": held}


async def _contact(side: Side) -> Any:
    return await side.now(0)


async def test_owner_and_team_change_in_one_interval(database: Database, time: Clock) -> None:
    async with database.writing() as session:
        side = await make_side(database, ["ana"], ["north"])
        world, began = side.world, time.now
        at = time.forward(days=1)
        moved = await _moved(session, world, await _contact(side), world.ben, world.north)
        contact = await _contact(side)
        last = (await ownerships(contact))[-1]
        assert [(o.owner_id, o.started_at, o.ended_at) for o in await ownerships(contact)] == [
            (world.ana.id, began, at),
            (world.ben.id, at, None),
        ]
        assert (last.id, last.team_id, last.cause) == (
            moved["interval"],
            world.north.id,
            OwnershipCause.TRANSFERRED,
        )
        entry = (await timeline(contact))[-1]
        assert (entry.kind, entry.reason, entry.author_id) == ("TRANSFERRED", "Ana leaves", world.by.agent_id)
        assert (contact.owner_id, contact.team_id, contact.updated_at) == (world.ben.id, world.north.id, at)


async def test_what_is_where_it_is_to_be_leaves_no_trace(database: Database, time: Clock) -> None:
    async with database.writing() as session:
        side = await make_side(database, ["ana", None, "ben"], ["north", "south", None])
        before, world = await counts(), side.world
        time.forward(days=1)
        contact = await _contact(side)
        await _moved(session, world, contact, world.ana, world.north)
        await move_records(
            session, [], Telling(world.by, TimelineKind.TRANSFERRED, OwnershipCause.TRANSFERRED)
        )
        assert await counts() == before
        after = await _contact(side)
        assert (after.version, after.updated_at) == (contact.version, contact.updated_at)


async def test_a_team_alone_of_a_record_that_is_nobodys_opens_nothing(
    database: Database, time: Clock
) -> None:
    async with database.writing() as session:
        side = await make_side(database, [None], ["north"])
        await _moved(session, side.world, await _contact(side), None, side.world.south)
        contact = await _contact(side)
        assert (contact.owner_id, contact.team_id) == (None, side.world.south.id)
        assert await ownerships(contact) == []
        assert (await timeline(contact))[-1].changes == {
            "team_id": [str(side.world.north.id), str(side.world.south.id)]
        }


@pytest.mark.parametrize("back", [timedelta(0), timedelta(microseconds=1), timedelta(days=900)])
async def test_a_clock_that_went_back_makes_no_interval_overlap(
    database: Database, time: Clock, back: timedelta
) -> None:
    async with database.writing() as session:
        side = await make_side(database, ["ana"], ["north"])
        began = time.now
        time.now -= back
        await _moved(session, side.world, await _contact(side), side.world.ben, side.world.south)
        await _moved(session, side.world, await _contact(side), None, None)
        time.now -= back
        await _moved(session, side.world, await _contact(side), side.world.ana, side.world.north)
        found = await ownerships(await _contact(side))
        assert [(o.started_at, o.ended_at) for o in found if o.ended_at] == [(began, began)] * 2
        assert [(o.owner_id, o.started_at) for o in found if o.ended_at is None] == [
            (side.world.ana.id, began)
        ]


async def test_thousands_at_once(database: Database, time: Clock) -> None:
    many = 3_000
    async with database.writing() as session:
        side = await make_side(database, [], [])
        world, at = side.world, time.now
        row = {
            "account_id": world.account.id,
            "name": "Bo",
            "owner_id": world.ana.id,
            "team_id": world.north.id,
            "created_at": at,
            "updated_at": at,
        }
        contacts = [vars(Contact(**row)) for _ in range(many)]
        await insert_rows(session, Contact, contacts)
        intervals = [
            vars(
                Ownership(
                    account_id=world.account.id,
                    record_type=RecordType.CONTACT,
                    record_id=one["id"],
                    owner_id=world.ana.id,
                    team_id=world.north.id,
                    started_at=at,
                    cause=OwnershipCause.IMPORTED,
                )
            )
            for one in contacts
        ]
        await insert_rows(session, Ownership, intervals)
    later = time.forward(hours=1)
    async with database.writing() as session:
        held = await held_records(session, RecordType.CONTACT, [one["id"] for one in contacts])
        assert len(held) == many
        moves = [
            Move(
                RecordType.CONTACT,
                held[one["id"]],
                world.ben.id if number % 3 else None,
                world.south.id if number % 3 else world.north.id,
            )
            for number, one in enumerate(contacts)
        ]
        before = session.statements
        await move_records(
            session, moves, Telling(world.by, TimelineKind.TRANSFERRED, OwnershipCause.TRANSFERRED)
        )
        assert session.statements - before < 100
    async with database.reading():
        kept = two_thirds = many * 2 // 3
        assert await Contact.filter(owner_id=world.ben.id, team_id=world.south.id, version=2).count() == kept
        assert await Contact.filter(owner_id=None, team_id=world.north.id, version=2).count() == many - kept
        ended = Ownership.filter(owner_id=world.ana.id, started_at=at, ended_at=later)
        assert await ended.count() == many
        begun = Ownership.filter(owner_id=world.ben.id, started_at=later, ended_at=None)
        assert await begun.count() == two_thirds
        assert await TimelineEntry.filter(kind="TRANSFERRED", number=1, at=later).count() == many
        assert await OutboxEvent.filter(account_id=world.account.id, kind="UPDATED").count() == many


async def test_moves_at_the_same_time_come_one_after_another(database: Database, time: Clock) -> None:
    async with database.writing():
        side = await make_side(database, ["ana"] * RECORDS, ["north"] * RECORDS)

    async def at_once(owner: str | None) -> None:
        everything = dict.fromkeys(range(RECORDS), owner)
        async with database.writing() as session:
            await moved(session, side, Step(0, TimelineKind.OWNER_ASSIGNED, everything))

    async def one_by_one(owner: str | None) -> None:
        for number in range(RECORDS):
            async with database.writing():
                await replayed(side, Step(0, TimelineKind.OWNER_ASSIGNED, {number: owner}))

    wanted: list[str | None] = ["ben", "cat", "administrator", None, "ben", "cat"]
    ways = [at_once, one_by_one] * 3
    await asyncio.gather(*(way(owner) for way, owner in zip(ways, wanted, strict=True)))
    async with database.reading():
        for one in await traces(side):
            assert [entry[0] for entry in one["timeline"]] == list(range(1, len(one["timeline"]) + 1))
            assert len(one["events"]) == len(one["timeline"]) == one["record"][2]
            assert [o[0] for o in one["ownerships"] if o[3] is None] == [
                owner for owner in one["record"][:1] if owner
            ]
            owners = [
                "ana",
                *(entry[4]["owner_id"][1] for entry in one["timeline"] if "owner_id" in entry[4]),
            ]
            changed = [entry[4] for entry in one["timeline"][1:] if "owner_id" in entry[4]]
            assert [before["owner_id"][0] for before in changed] == owners[1:-1]
