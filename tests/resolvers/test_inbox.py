"""Inboxes: who may make and rename them."""

from typing import Any

import pytest

from models import Reach, Scope
from models.database import Database
from tests.resolvers.people_support import (
    DONE,
    FORBIDDEN,
    NOT_FOUND,
    PEOPLE,
    actors,
    expected,
    last_audit,
    outcome,
    tried,
)
from tests.resolvers.support import Scene, gid, make_scene, mutate, run

NUMBERS = iter(range(1_000_000))


@pytest.fixture
async def scene(database: Database) -> Scene:
    """Granular permissions on, everybody in their place."""
    return await make_scene(database)


async def new_name() -> dict[str, Any]:
    """A name that no inbox has."""
    return {"name": f"Inbox {next(NUMBERS)}"}


async def test_who_makes_an_inbox(scene: Scene) -> None:
    outcomes = await tried(scene, "createInbox", new_name, await actors(scene))
    assert outcomes == expected(administrator=DONE, people_in_the_account=DONE, program=DONE)


async def test_who_renames_mail(scene: Scene) -> None:
    async def make() -> dict[str, Any]:
        return {"id": gid(scene.mail), **await new_name()}

    who = await actors(scene)
    assert await tried(scene, "updateInbox", make, who) == expected(
        administrator=DONE,
        people_in_the_account=DONE,
        people_in_an_inbox=DONE,
        program=DONE,
        partner_user=NOT_FOUND,
    )
    await scene.set(granular_permissions=False)
    assert await tried(scene, "updateInbox", make, who) == expected(
        administrator=DONE, program=DONE, partner_user=NOT_FOUND
    )


async def test_an_inbox_out_of_the_scope_keeps_its_name(scene: Scene) -> None:
    lead = await scene.agent(await scene.role(Scope.INBOX, Reach.SCOPE, PEOPLE), inboxes=[scene.mail])
    team = await scene.agent(
        await scene.role(Scope.TEAM, Reach.SCOPE, PEOPLE), [scene.north], inboxes=[scene.web]
    )
    for actor in (lead, team):
        input = {"id": gid(scene.web), "name": "Mine"}
        assert await outcome(scene.database, actor, "updateInbox", input) == FORBIDDEN
    assert (await scene.again(scene.web)).name == "Web"


async def test_what_makes_no_sense_is_told(scene: Scene) -> None:
    for name, code in ((" ", "BLANK"), ("x" * 201, "TOO_LONG"), ("mail", "TAKEN")):
        assert await outcome(scene.database, scene.administrator, "createInbox", {"name": name}) == code
    stale = {"id": gid(scene.web), "name": "Mine", "expectedVersion": 2}
    assert await outcome(scene.database, scene.administrator, "updateInbox", stale) == "CONFLICT"


async def test_an_inbox_of_another_account_is_none(scene: Scene) -> None:
    other = await make_scene(scene.database, "Other")
    for id in (gid(other.mail), gid(scene.north), "nonsense"):
        input = {"id": id, "name": "Mine"}
        assert await outcome(scene.database, scene.administrator, "updateInbox", input) == NOT_FOUND


async def test_an_inbox_is_listed_and_audited(scene: Scene) -> None:
    selection = "inbox { name version agents { totalCount } }"
    payload, errors = await mutate(
        scene.database, scene.administrator, "createInbox", {"name": "Chat"}, selection
    )
    assert errors == []
    assert payload["inbox"] == {"name": "Chat", "version": 1, "agents": {"totalCount": 0}}
    entry = await last_audit(scene)
    assert (entry.action, entry.changes["name"]) == ("create_inbox", [None, "Chat"])
    data, _ = await run(scene.database, scene.ana, "{ inboxes { name } }")
    assert data == {"inboxes": [{"name": "Chat"}, {"name": "Mail"}, {"name": "Web"}]}
