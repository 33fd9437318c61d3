"""What is old goes from the outbox's beginning; the newest event stays, so that a lost place can be known."""

from datetime import timedelta

import pytest

from models import OutboxEvent, clock
from models.database import Database
from models.operations.create_contact import create_contact
from models.operations.purge_outbox import purge_outbox
from tests.models.operations.world import Clock, make_world

KEPT = timedelta(hours=72)


@pytest.fixture
def time() -> Clock:
    return Clock()


async def test_what_is_older_goes_and_the_newest_stays(database: Database, time: Clock) -> None:
    clock.tell_time_with(time)
    async with database.writing():
        world = await make_world(database)
        other = await make_world(database, "Other")
        for each in (world, world, other, world):
            await create_contact(each.by, name="Bia")
            time.forward(hours=30)
        assert await purge_outbox(world.account.id, KEPT) == 2
        time.forward(hours=1000)
        assert await purge_outbox(world.account.id, KEPT) == 0
        assert await OutboxEvent.filter(account_id=world.account.id).count() == 1
        assert await OutboxEvent.filter(account_id=other.account.id).count() == 1
        assert await purge_outbox(other.account.id, KEPT) == 0
    clock.tell_time_with(None)


async def test_an_outbox_with_nothing_in_it_stays_so(database: Database) -> None:
    async with database.writing():
        world = await make_world(database)
        assert await purge_outbox(world.account.id, KEPT) == 0
