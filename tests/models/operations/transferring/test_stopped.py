"""A large transfer that is killed, at several points, and gone on with: as if nothing had happened."""

import asyncio
import signal
import sys
from pathlib import Path
from uuid import UUID

from models import (
    Agent,
    AuditEntry,
    Contact,
    ItemState,
    OutboxEvent,
    Ownership,
    RecordType,
    TimelineEntry,
    Transfer,
    TransferItem,
    TransferState,
    clock,
)
from models.database import Database
from models.ids import new_id
from models.operations.draft_transfer import Drawn, Share, draft_transfer
from models.operations.inserting import insert_rows
from models.operations.revert_transfer import draft_revert, revert_transfer
from models.operations.transfer_batch import go_on
from models.operations.transfer_portfolio import transfer_portfolio
from models.sql import Sql
from resolvers.transfer_going_on import may_move
from tests.models.operations.world import World, make_world

ROOT = Path(__file__).parents[4]
MANY = 20_000
DYING = (1, 4, 7, 10)


async def owned(database: Database, number: int) -> tuple[World, list[UUID]]:
    """A world in which Ana owns so many contacts."""
    at = clock.now()
    async with database.writing() as session:
        world = await make_world(database)
        ids = [new_id() for _ in range(number)]
        place = {"owner_id": world.ana.id, "team_id": world.north.id, "account_id": world.account.id}
        contact = {"name": "Bo", "created_at": at, "updated_at": at, "version": 1, **place}
        await insert_rows(session, Contact, [{"id": id, **contact} for id in ids])
        interval = {"record_type": RecordType.CONTACT, "started_at": at, "cause": "ASSIGNED", **place}
        await insert_rows(session, Ownership, [{"id": new_id(), "record_id": id, **interval} for id in ids])
    return world, ids


async def begun(database: Database, world: World) -> Transfer:
    """A transfer of all of Ana's to Ben and the administrator, of which nothing has moved yet."""
    drawn = Drawn(
        world.ana.id,
        [Share(world.ben.id), Share(world.administrator.id, 3)],
        {RecordType.CONTACT: Sql("TRUE")},
        reason="Ana leaves",
    )
    async with database.writing() as session:
        transfer = await draft_transfer(session, world.by, drawn)
        return await transfer_portfolio(session, world.by, transfer, drawn)


async def killed(database: Database, transfer: Transfer, dying: int) -> None:
    """Let another process go on with it, and die."""
    command = [sys.executable, "-m", "tests.models.operations.transferring.child"]
    arguments = [database.url, str(transfer.id), str(dying)]
    process = await asyncio.create_subprocess_exec(*command, *arguments, cwd=ROOT)
    assert await process.wait() == -signal.SIGKILL


async def moved(database: Database, transfer: Transfer, state: ItemState) -> int:
    async with database.reading():
        return await TransferItem.filter(transfer_id=transfer.id, state=state).count()


async def test_killed_and_gone_on_with_it_ends_as_if_nothing_had_happened(database: Database) -> None:
    world, ids = await owned(database, MANY)
    transfer = await begun(database, world)
    assert transfer.state is TransferState.RUNNING
    before = 0
    for dying in DYING:
        await killed(database, transfer, dying)
        now = await moved(database, transfer, ItemState.MOVED)
        assert before < now < MANY or dying == 1
        assert now % 500 == 0
        before = now
    await go_on(database, may_move, transfer.id)
    await as_if_nothing(database, world, transfer, ids)


async def as_if_nothing(database: Database, world: World, transfer: Transfer, ids: list[UUID]) -> None:
    """Each record once: its owner, its intervals, its entry, its event; one entry in the audit."""
    async with database.reading() as session:
        assert (await Transfer.get(id=transfer.id)).state is TransferState.APPLIED
        assert await TransferItem.filter(state=ItemState.MOVED).count() == MANY
        assert await Contact.filter(owner_id=world.ben.id).count() == MANY // 4
        assert await Contact.filter(owner_id=world.administrator.id).count() == MANY * 3 // 4
        assert await Contact.filter(version=2).count() == MANY
        assert await Ownership.all().count() == 2 * MANY
        assert await Ownership.filter(ended_at=None).count() == MANY
        assert await TimelineEntry.filter(kind="TRANSFERRED", reason="Ana leaves").count() == MANY
        assert await OutboxEvent.all().count() == MANY
        assert await AuditEntry.filter(action="transfer_portfolio").count() == 1
        stray = (
            "SELECT count(*) AS n FROM contact c WHERE NOT EXISTS (SELECT 1 FROM ownership o "
            "WHERE o.record_id = c.id AND o.ended_at IS NULL AND o.owner_id = c.owner_id)"
        )
        assert (await session.fetch(Sql(stray)))[0]["n"] == 0
    assert len(ids) == MANY


async def test_so_does_its_way_back(database: Database) -> None:
    world, _ = await owned(database, 3_000)
    transfer = await begun(database, world)
    await go_on(database, may_move, transfer.id)
    async with database.writing() as session:
        every = {RecordType.CONTACT: Sql("TRUE")}
        held = await draft_revert(session, world.by, await Transfer.get(id=transfer.id), every)
        await revert_transfer(session, world.by, held)
    for dying in (2, 3):
        await killed(database, transfer, dying)
    await go_on(database, may_move, transfer.id)
    async with database.reading():
        assert (await Transfer.get(id=transfer.id)).state is TransferState.REVERTED
        assert await Contact.filter(owner_id=world.ana.id).count() == 3_000
        assert await Ownership.filter(ended_at=None, cause="REVERTED").count() == 3_000
        assert await Ownership.all().count() == 9_000


async def test_two_who_go_on_at_once_move_each_record_once(database: Database) -> None:
    world, _ = await owned(database, 4_000)
    transfer = await begun(database, world)
    other = await Database.open(database.url)
    try:
        await asyncio.gather(go_on(database, may_move, transfer.id), go_on(other, may_move, transfer.id))
        await go_on(database, may_move, transfer.id)
    finally:
        await other.close()
    async with database.reading():
        assert await Ownership.all().count() == 8_000
        assert await TimelineEntry.filter(kind="TRANSFERRED").count() == 4_000


async def test_a_record_that_changed_hands_meanwhile_is_left(database: Database) -> None:
    world, ids = await owned(database, 1_500)
    transfer = await begun(database, world)
    async with database.writing():
        await Contact.filter(id=ids[0]).update(owner_id=None)
        await Ownership.filter(record_id=ids[0]).update(ended_at=clock.now())
    await go_on(database, may_move, transfer.id)
    assert await moved(database, transfer, ItemState.LEFT) == 1
    assert await moved(database, transfer, ItemState.MOVED) == 1_499


async def test_who_is_suspended_meanwhile_gets_no_more(database: Database) -> None:
    world, _ = await owned(database, 1_200)
    transfer = await begun(database, world)
    async with database.writing():
        await Agent.filter(id=world.ben.id).update(status="SUSPENDED")
    await go_on(database, may_move, transfer.id)
    assert await moved(database, transfer, ItemState.LEFT) == 300
    async with database.reading():
        assert await Contact.filter(owner_id=world.ana.id).count() == 300
