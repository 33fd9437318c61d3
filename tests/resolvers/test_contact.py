"""Contacts: written whole, and erased."""

from typing import Any

import pytest

from models import (
    BuiltIn,
    Contact,
    Conversation,
    Message,
    Ownership,
    Permission,
    Reach,
    Scope,
    TimelineEntry,
)
from models.database import Database
from tests.resolvers.support import Scene, codes, gid, make_scene, mutate

WHOLE = """contact {
    id name email phone address company notes version archivedAt erasedAt
    owner { name } team { name } inbox { name }
}"""
GIVEN = {
    "name": "Zoë 李 🦊",
    "email": "zoe@client.example",
    "phone": "+55 11",
    "address": "Rua 1",
    "company": "Acme",
    "notes": "calls back",
}


@pytest.fixture
async def scene(database: Database) -> Scene:
    """One account."""
    return await make_scene(database)


async def problems(
    scene: Scene, viewer: Any, name: str, input: dict[str, Any]
) -> list[tuple[str, str | None]]:
    """The codes of the user errors that a mutation answers, with their fields; nothing else is wrong."""
    payload, errors = await mutate(scene.database, viewer, name, input, "contact { id }")
    assert errors == []
    assert (payload["contact"] is None) == bool(payload["userErrors"])
    return [(each["code"], each["field"]) for each in payload["userErrors"]]


async def test_a_new_contact_is_its_makers(scene: Scene) -> None:
    payload, errors = await mutate(scene.database, scene.ana, "createContact", GIVEN, WHOLE)
    assert errors == []
    made = payload["contact"]
    assert made | GIVEN == made
    assert (made["owner"], made["team"], made["inbox"]) == ({"name": "Ana"}, {"name": "North"}, None)
    assert (made["version"], made["archivedAt"], made["erasedAt"]) == (1, None, None)
    async with scene.database.reading():
        assert [interval.owner_id for interval in await Ownership.all()] == [scene.ana.id]
        assert [entry.author_id for entry in await TimelineEntry.all()] == [scene.ana.id]


async def test_whose_a_new_contact_may_be(scene: Scene) -> None:
    own, bens, cids = ({"ownerId": gid(agent)} for agent in (scene.ana, scene.ben, scene.cid))
    nobodys: dict[str, Any] = {"ownerId": None}
    north, south = {"teamId": gid(scene.north)}, {"teamId": gid(scene.south)}
    mail, web = {"inboxId": gid(scene.mail)}, {"inboxId": gid(scene.web)}
    for viewer, places, expected in (
        (scene.ana, own | north | mail, []),
        (scene.ana, {"teamId": None, "inboxId": None}, []),
        (scene.ana, bens, ["FORBIDDEN"]),
        (scene.ana, nobodys, ["FORBIDDEN"]),
        (scene.ana, south, ["FORBIDDEN"]),
        (scene.ana, web, ["FORBIDDEN"]),
        (scene.max, bens, []),
        (scene.max, nobodys | north, []),
        (scene.max, nobodys, ["FORBIDDEN"]),
        (scene.max, cids, ["FORBIDDEN"]),
        (scene.max, mail, ["FORBIDDEN"]),
        (scene.administrator, cids | north | web, []),
        (scene.administrator, nobodys, []),
    ):
        input = {"name": "New", **places}
        _, errors = await mutate(scene.database, viewer, "createContact", input, "contact { id }")
        assert codes(errors) == expected, (viewer.name, places)


async def test_the_team_follows_the_owner(scene: Scene) -> None:
    input = {"name": "New", "ownerId": gid(scene.cid), "teamId": gid(scene.north)}
    payload, _ = await mutate(scene.database, scene.administrator, "createContact", input, WHOLE)
    assert payload["contact"]["team"] == {"name": "South"}


async def test_what_is_left_out_stays_and_null_is_written(scene: Scene) -> None:
    payload, _ = await mutate(scene.database, scene.ana, "createContact", GIVEN, WHOLE)
    id = payload["contact"]["id"]
    changed, _ = await mutate(scene.database, scene.ana, "updateContact", {"id": id, "email": None}, WHOLE)
    assert changed["contact"] == payload["contact"] | {"email": None, "version": 2}
    same, _ = await mutate(scene.database, scene.ana, "updateContact", {"id": id, "email": None}, WHOLE)
    assert same["contact"] == changed["contact"]


async def test_values_that_a_form_can_mend(scene: Scene) -> None:
    contact = await scene.contact(owner=scene.ana)
    for name, given in (("createContact", {"name": "New"}), ("updateContact", {"id": gid(contact)})):
        for wrong, expected in (
            ({"name": ""}, ("BLANK", "name")),
            ({"name": "\u2003"}, ("BLANK", "name")),
            ({"email": "none"}, ("INVALID", "email")),
            ({"notes": "a\0b"}, ("INVALID", "notes")),
            ({"phone": "\ud800"}, ("INVALID", "phone")),
            ({"address": "x" * 100_001}, ("TOO_LONG", "address")),
        ):
            assert await problems(scene, scene.ana, name, given | wrong) == [expected]
    assert await problems(scene, scene.ana, "updateContact", {"id": gid(contact), "name": None}) == [
        ("BLANK", "name")
    ]
    await scene.set(isolation_mode="OPEN")
    assert (await scene.again(contact)).version == 1


async def test_a_new_owner_is_active(scene: Scene) -> None:
    gone = await scene.agent(BuiltIn.REP, [scene.north], status="SUSPENDED")
    input = {"name": "New", "ownerId": gid(gone)}
    assert await problems(scene, scene.max, "createContact", input) == [("NOT_ACTIVE", "ownerId")]


async def test_archived_and_back(scene: Scene) -> None:
    contact = await scene.contact(owner=scene.ana)
    for name, archived, version in (
        ("archiveContact", True, 2),
        ("archiveContact", True, 2),
        ("unarchiveContact", False, 3),
    ):
        payload, errors = await mutate(scene.database, scene.ana, name, {"id": gid(contact)}, WHOLE)
        assert errors == []
        assert (payload["contact"]["archivedAt"] is not None, payload["contact"]["version"]) == (
            archived,
            version,
        )
        assert payload["contact"]["owner"] == {"name": "Ana"}


async def test_erased_everywhere_for_good(scene: Scene) -> None:
    payload, _ = await mutate(scene.database, scene.ana, "createContact", GIVEN, "contact { id }")
    id = payload["contact"]["id"]
    talk, _ = await mutate(
        scene.database,
        scene.ana,
        "createConversation",
        {"contactId": id, "inboxId": gid(scene.mail), "subject": "About Zoë"},
        "conversation { id }",
    )
    said = {"conversationId": talk["conversation"]["id"], "body": "Zoë lives in Rua 1"}
    await mutate(scene.database, scene.ana, "addMessage", said, "")
    erased, errors = await mutate(scene.database, scene.administrator, "eraseContact", {"id": id}, WHOLE)
    assert errors == []
    assert erased["contact"]["erasedAt"] is not None
    assert {erased["contact"][name] for name in GIVEN if name != "name"} == {None}
    async with scene.database.reading():
        kept = [await model.all().values() for model in (Contact, Conversation, Message, TimelineEntry)]
    assert "Zoë" not in str(kept)
    assert "Rua" not in str(kept)
    update = {"id": id, "name": "Zoë"}
    assert await problems(scene, scene.ana, "updateContact", update) == [("ERASED", None)]


async def test_erasing_takes_the_whole_account(scene: Scene) -> None:
    contact = await scene.contact(owner=scene.max, team=scene.north)
    for viewer in (scene.max, scene.ana):
        _, errors = await mutate(scene.database, viewer, "eraseContact", {"id": gid(contact)}, "")
        assert codes(errors) == (["FORBIDDEN"] if viewer is scene.max else ["NOT_FOUND"])
    stale = {"id": gid(contact), "expectedVersion": 2}
    _, errors = await mutate(scene.database, scene.administrator, "eraseContact", stale, "")
    assert codes(errors) == ["CONFLICT"]
    assert (await scene.again(contact)).name == "Bia"


@pytest.mark.parametrize("hidden", [True, False])
async def test_nobody_erases_what_may_be_out_of_their_sight(scene: Scene, hidden: bool) -> None:
    settings = await scene.agent(await scene.role(Scope.ACCOUNT, Reach.OWN, [Permission.ACCOUNT_MANAGE]))
    contact = await scene.contact(owner=settings)
    talk = await scene.conversation(contact, owner=scene.ana if hidden else settings)
    _, errors = await mutate(scene.database, settings, "eraseContact", {"id": gid(contact)}, "")
    assert codes(errors) == ["FORBIDDEN"]
    assert ((await scene.again(contact)).name, (await scene.again(talk)).subject) == ("Bia", "Hello")
    wide = await scene.agent(await scene.role(Scope.ACCOUNT, Reach.SCOPE, [Permission.ACCOUNT_MANAGE]))
    _, errors = await mutate(scene.database, wide, "eraseContact", {"id": gid(contact)}, "")
    assert errors == []
    assert (await scene.again(talk)).subject is None
