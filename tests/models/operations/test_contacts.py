"""Creating, changing and archiving contacts, and the traces that each leaves."""

from datetime import UTC, datetime
from random import Random
from typing import Any
from uuid import uuid4

import pytest

from models import AuditOutcome, ChangeKind, Contact, OutboxEvent, RecordType
from models.operations.actor import Actor
from models.operations.archive import archive
from models.operations.create_contact import create_contact
from models.operations.problem import Conflict
from models.operations.suspend_agent import suspend_agent
from models.operations.unarchive import unarchive
from models.operations.update_contact import update_contact
from tests.models.operations.world import Clock, World, audit, ownerships, refused, timeline, traces


async def test_creating_leaves_every_trace(world: World, time: Clock) -> None:
    async with world.writing():
        contact = await create_contact(world.by, name="Élan", email="e@x.example", owner_id=world.ana.id)
        again = await Contact.get(id=contact.id)
        assert (again.name_folded, again.team_id, again.version) == ("élan", world.north.id, 1)
        assert again.created_at == again.updated_at == time.now
        [interval] = await ownerships(contact)
        assert (interval.owner_id, interval.team_id) == (world.ana.id, world.north.id)
        assert (interval.started_at, interval.ended_at) == (time.now, None)
        [entry] = await timeline(contact)
        assert (entry.number, entry.kind, entry.author_id) == (1, "CREATED", world.administrator.id)
        assert entry.changes == {
            "name": [None, "Élan"],
            "email": [None, "e@x.example"],
            "owner_id": [None, str(world.ana.id)],
            "team_id": [None, str(world.north.id)],
        }
        [act] = await audit(contact)
        assert (act.action, act.outcome, act.subject_type) == ("create_contact", AuditOutcome.DONE, "contact")
        assert (act.actor_id, act.request_id, act.changes) == (
            world.administrator.id,
            "request-1",
            entry.changes,
        )
        event = await OutboxEvent.get(record_id=contact.id)
        assert (event.record_type, event.kind) == (RecordType.CONTACT, ChangeKind.CREATED)


async def test_an_unowned_contact_keeps_its_team_and_has_no_interval(world: World) -> None:
    async with world.writing():
        contact = await create_contact(world.by, name="Bo", team_id=world.south.id, inbox_id=world.inbox.id)
        assert (contact.team_id, contact.inbox_id) == (world.south.id, world.inbox.id)
        assert await ownerships(contact) == []


async def test_a_new_contact_goes_to_active_agents_alone(world: World) -> None:
    async with world.writing():
        await suspend_agent(world.by, world.ana)
        async with refused("NOT_ACTIVE", "ownerId"):
            await create_contact(world.by, name="Bo", owner_id=world.ana.id)


async def test_a_source_id_is_taken_once(world: World) -> None:
    async with world.writing():
        await create_contact(world.by, name="Bo", source="crm", source_id="1")
    async with refused("TAKEN", "sourceId"), world.writing():
        await create_contact(world.by, name="Bo", source="crm", source_id="1")
    async with world.writing():
        async with refused("BLANK", "sourceId"):
            await create_contact(world.by, name="Bo", source="crm")
        async with refused("BLANK", "source"):
            await create_contact(world.by, name="Bo", source_id="1")


async def test_only_what_differs_is_changed_and_told(world: World, time: Clock) -> None:
    async with world.writing():
        contact = await create_contact(world.by, name="Bo", phone="1", company="X")
        time.forward(hours=1)
        contact = await update_contact(
            world.by, contact, name="BÔ", phone="1", company=None, expected_version=1
        )
        again = await Contact.get(id=contact.id)
        assert (again.name, again.name_folded, again.phone) == ("BÔ", "bô", "1")
        assert again.company is None
        assert again.company_folded is None
        assert (again.version, again.updated_at) == (2, time.now)
        entry = (await timeline(contact))[-1]
        assert (entry.number, entry.kind) == (2, "UPDATED")
        assert entry.changes == {"name": ["Bo", "BÔ"], "company": ["X", None]}
        assert (await audit(contact))[-1].changes == entry.changes


async def test_where_nothing_differs_nothing_is_written(world: World) -> None:
    async with world.writing():
        contact = await create_contact(world.by, name="Bo")
        before = await traces()
        assert (await update_contact(world.by, contact, name="Bo", email=None)).version == 1
        assert (await update_contact(world.by, contact)).version == 1
        assert (await unarchive(world.by, contact)).version == 1
        assert await traces() == before


async def test_a_stale_version_is_a_conflict_whatever_else_is_wrong(world: World) -> None:
    async with world.writing():
        contact = await create_contact(world.by, name="Bo")
        with pytest.raises(Conflict):
            await update_contact(world.by, contact, name=" ", expected_version=2)
        with pytest.raises(Conflict):
            await archive(world.by, contact, expected_version=0)
        assert (await Contact.get(id=contact.id)).version == 1


@pytest.mark.parametrize(
    ("column", "value", "code"),
    [
        ("name", "", "BLANK"),
        ("name", " \t\u2003", "BLANK"),
        ("name", None, "BLANK"),
        ("name", "a\0", "INVALID"),
        ("notes", "\ud800", "INVALID"),
        ("notes", "x" * 100_001, "TOO_LONG"),
        ("email", "", "INVALID"),
        ("email", "ana", "INVALID"),
        ("email", "@x", "INVALID"),
        ("email", "a@b@c", "INVALID"),
        ("email", "a @b", "INVALID"),
        ("email", "a@" + "b" * 319, "TOO_LONG"),
    ],
)
async def test_text_that_can_not_be_is_refused(column: str, value: str, code: str) -> None:
    nobody = Actor(uuid4())
    async with refused(code, column):
        columns: dict[str, Any] = {"name": "Bo", column: value}
        await create_contact(nobody, **columns)


async def test_any_script_and_length_is_kept_as_it_came(world: World) -> None:
    # What does not compress shows whether an index would be too narrow for it.
    noise = "".join(map(chr, Random(1).choices(range(0x3400, 0xD7FF), k=100_000)))
    texts = [noise, "  Zoë ", "李小龍", "مرحبا", "👩\u200d👧", "İß", "\u202e|;--'\"", "x"]
    async with world.writing():
        for text in texts:
            contact = await create_contact(world.by, name=text, notes=text * (100_000 // len(text)), phone="")
            again = await Contact.get(id=contact.id)
            assert (again.name, again.notes, again.phone) == (contact.name, contact.notes, "")


async def test_archiving_leaves_ownership_as_it_was(world: World, time: Clock) -> None:
    async with world.writing():
        contact = await create_contact(world.by, name="Bo", owner_id=world.ana.id)
        time.forward(days=1)
        archived = await archive(world.by, contact)
        assert (archived.archived_at, archived.owner_id, archived.version) == (time.now, world.ana.id, 2)
        assert len(await ownerships(contact)) == 1
        time.forward(days=1)
        assert (await archive(world.by, contact)).version == 2
        assert (await unarchive(world.by, contact)).archived_at is None
        assert [entry.kind for entry in await timeline(contact)] == ["CREATED", "ARCHIVED", "UNARCHIVED"]
        assert [act.action for act in await audit(contact)][1:] == ["archive_contact", "unarchive_contact"]
        assert (await timeline(contact))[1].changes == {
            "archived_at": [None, datetime(2026, 3, 2, 12, tzinfo=UTC).isoformat().replace("+00:00", "Z")]
        }


async def test_the_operator_and_a_partner_user_leave_their_marks(world: World) -> None:
    async with world.writing():
        contact = await create_contact(Actor(world.account.id), name="Bo")
        [act] = await audit(contact)
        assert act.actor_id is act.actor_partner_user_id is act.request_id is None
        assert (await timeline(contact))[0].author_id is None
