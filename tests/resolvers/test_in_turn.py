"""Who waits to take access away comes next: those who write without a pause do not pass them by."""

import pytest

from models.database import Database, Dialect
from models.operations import access_version
from tests.resolvers.support import Scene, api_token, codes, gid, make_scene, mutate
from tests.resolvers.waiting import meanwhile

# SQLite's writers take their turn in the order in which they come.
pytestmark = pytest.mark.parametrize("dialect", [Dialect.POSTGRES], indirect=True)


@pytest.fixture
async def scene(database: Database) -> Scene:
    return await make_scene(database)


async def test_a_write_that_comes_after_a_suspension_is_judged_after_it(scene: Scene) -> None:
    bearer = await api_token(scene.database, scene.ana)
    async with meanwhile(scene.database) as open_:
        await access_version.share(open_.session, scene.account.id)
        suspending = await open_.comes(
            mutate(
                scene.database, scene.administrator, "suspendAgent", {"id": gid(scene.ana)}, "agent { id }"
            )
        )
        writing = await open_.comes(
            mutate(scene.database, bearer, "createContact", {"name": "Late"}, "contact { id }")
        )
        assert not suspending.done()
    assert codes((await suspending)[1]) == []
    payload, errors = await writing
    assert (payload, codes(errors)) == (None, ["UNAUTHENTICATED"])


async def test_those_who_share_do_not_wait_for_each_other(scene: Scene) -> None:
    async with meanwhile(scene.database) as open_:
        await access_version.share(open_.session, scene.account.id)
        other = await Database.open(scene.database.url)
        try:
            input = {"name": "At once"}
            payload, errors = await mutate(other, scene.ana, "createContact", input, "contact { id }")
        finally:
            await other.close()
    assert (errors, payload["userErrors"]) == ([], [])
