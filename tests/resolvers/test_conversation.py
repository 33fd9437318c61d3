"""Conversations: begun, changed, and spoken in."""

from typing import Any

import pytest

from models import Message
from models.database import Database
from tests.resolvers.support import Scene, codes, gid, make_scene, mutate

WHOLE = (
    "conversation { id subject status version contact { id } owner { name } team { name } inbox { name } }"
)


@pytest.fixture
async def scene(database: Database) -> Scene:
    """One account."""
    return await make_scene(database)


async def test_begun_with_a_contact_in_an_inbox(scene: Scene) -> None:
    contact = await scene.contact(owner=scene.ana)
    input = {"contactId": gid(contact), "inboxId": gid(scene.mail), "subject": "Hi"}
    payload, errors = await mutate(scene.database, scene.ana, "createConversation", input, WHOLE)
    assert errors == []
    assert payload["conversation"] | {"id": ""} == {
        "id": "",
        "subject": "Hi",
        "status": "OPEN",
        "version": 1,
        "contact": {"id": gid(contact)},
        "owner": {"name": "Ana"},
        "team": {"name": "North"},
        "inbox": {"name": "Mail"},
    }


async def test_its_contact_may_be_changed_and_its_inbox_linked(scene: Scene) -> None:
    await scene.set(isolation_mode="OPEN")
    ana, ben, cid = [
        await scene.contact(owner=agent, team=team)
        for agent, team in ((scene.ana, scene.north), (scene.ben, scene.north), (scene.cid, scene.south))
    ]
    for viewer, contact, inbox, expected in (
        (scene.ana, ana, scene.mail, []),
        (scene.ana, ana, scene.web, ["FORBIDDEN"]),
        (scene.ana, ben, scene.mail, ["FORBIDDEN"]),
        (scene.ana, cid, scene.mail, ["NOT_FOUND"]),
        (scene.ana, cid, scene.web, ["NOT_FOUND"]),
        (scene.max, ana, scene.mail, ["FORBIDDEN"]),
        (scene.administrator, cid, scene.web, []),
    ):
        input = {"contactId": gid(contact), "inboxId": gid(inbox)}
        _, errors = await mutate(scene.database, viewer, "createConversation", input, "")
        assert codes(errors) == expected, (viewer.name, contact.owner_id, inbox.name)


async def test_somebody_elses_takes_the_permission(scene: Scene) -> None:
    contact = await scene.contact(owner=scene.ana, team=scene.north)
    manager = await scene.agent(scene.roles[next(iter(scene.roles))], [scene.north], [scene.mail])
    for viewer in (scene.ana, manager):
        input = {"contactId": gid(contact), "inboxId": gid(scene.mail), "ownerId": gid(scene.ben)}
        _, errors = await mutate(scene.database, viewer, "createConversation", input, "")
        assert codes(errors) == (["FORBIDDEN"] if viewer is scene.ana else ["NOT_FOUND"])


async def test_changed(scene: Scene) -> None:
    talk = await scene.conversation(await scene.contact(), owner=scene.ana)
    for given, subject, status in (
        ({"subject": "Bye"}, "Bye", "OPEN"),
        ({"status": "CLOSED"}, "Bye", "CLOSED"),
        ({"subject": None, "status": "OPEN"}, None, "OPEN"),
    ):
        input = {"id": gid(talk), **given}
        payload, errors = await mutate(scene.database, scene.ana, "updateConversation", input, WHOLE)
        assert errors == []
        assert (payload["conversation"]["subject"], payload["conversation"]["status"]) == (subject, status)
    for name, archived in (("archiveConversation", True), ("unarchiveConversation", False)):
        selection = "conversation { archivedAt }"
        payload, _ = await mutate(scene.database, scene.ana, name, {"id": gid(talk)}, selection)
        assert (payload["conversation"]["archivedAt"] is not None) == archived


async def test_a_status_is_no_null(scene: Scene) -> None:
    talk = await scene.conversation(await scene.contact(), owner=scene.ana)
    payload, errors = await mutate(
        scene.database, scene.ana, "updateConversation", {"id": gid(talk), "status": None}, WHOLE
    )
    assert errors == []
    assert payload["conversation"] is None
    assert [(each["code"], each["field"]) for each in payload["userErrors"]] == [("BLANK", "status")]


async def test_messages_have_a_place_an_author_and_a_time(scene: Scene) -> None:
    talk = await scene.conversation(await scene.contact(), owner=scene.ana)
    selection = "message { number direction body sentAt author { name } } conversation { lastMessageAt }"
    answers: list[Any] = []
    for given in (
        {"body": "Hello?", "direction": "INBOUND", "sentAt": "2026-01-02T03:04:05+01:00"},
        {"body": "Hello!"},
        {"body": "new one", "direction": "NOTE", "sentAt": None},
    ):
        input = {"conversationId": gid(talk), **given}
        payload, errors = await mutate(scene.database, scene.ana, "addMessage", input, selection)
        assert (errors, payload["userErrors"]) == ([], [])
        answers.append(payload)
    messages = [answer["message"] for answer in answers]
    assert [message["number"] for message in messages] == [1, 2, 3]
    assert [message["direction"] for message in messages] == ["INBOUND", "OUTBOUND", "NOTE"]
    assert [message["author"] for message in messages] == [None, {"name": "Ana"}, {"name": "Ana"}]
    assert messages[0]["sentAt"] == "2026-01-02T02:04:05Z"
    assert answers[2]["conversation"]["lastMessageAt"] == messages[2]["sentAt"]


async def test_messages_that_make_no_sense(scene: Scene) -> None:
    talk = await scene.conversation(await scene.contact(), owner=scene.ana)
    for given, code in (
        ({"body": " "}, "BLANK"),
        ({"body": "a\0"}, "INVALID"),
        ({"body": "x", "sentAt": "9999-12-31T23:59:59Z"}, "IN_FUTURE"),
    ):
        input = {"conversationId": gid(talk), **given}
        payload, errors = await mutate(scene.database, scene.ana, "addMessage", input, "message { id }")
        assert errors == []
        assert [each["code"] for each in payload["userErrors"]] == [code]
    async with scene.database.reading():
        assert await Message.all().count() == 0


async def test_no_conversation_with_an_erased_contact(scene: Scene) -> None:
    contact = await scene.contact(owner=scene.ana)
    await mutate(scene.database, scene.administrator, "eraseContact", {"id": gid(contact)}, "")
    input = {"contactId": gid(contact), "inboxId": gid(scene.mail)}
    payload, _ = await mutate(scene.database, scene.ana, "createConversation", input, WHOLE)
    assert payload["conversation"] is None
    assert [each["code"] for each in payload["userErrors"]] == ["ERASED"]
