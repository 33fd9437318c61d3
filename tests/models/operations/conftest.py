"""An account with people, for the operations to work on, and a clock that a test moves."""

from collections.abc import Iterator

import pytest

from models import clock
from models.database import Database
from tests.models.operations.world import Clock, World, make_world


@pytest.fixture
def time() -> Iterator[Clock]:
    """The clock, held at an instant until the test moves it."""
    held = Clock()
    clock.tell_time_with(held)
    yield held
    clock.tell_time_with(None)


@pytest.fixture
async def world(database: Database) -> World:
    """One account, its administrator, two reps in a team each, an inbox, and what they need."""
    async with database.writing():
        return await make_world(database)
