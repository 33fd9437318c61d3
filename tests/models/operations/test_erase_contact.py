"""Erasing a contact: nothing personal is left in any table, and the facts are."""

import json
from typing import Any

from tortoise import Model

import models
from models import (
    AuditEntry,
    Contact,
    Conversation,
    Deal,
    ItemState,
    Message,
    MessageDirection,
    RecordType,
    TimelineEntry,
    Transfer,
    TransferItem,
    TransferState,
)
from models.database import Session
from models.operations.add_message import add_message
from models.operations.create_contact import create_contact
from models.operations.create_conversation import create_conversation
from models.operations.create_deal import create_deal
from models.operations.erase_contact import ERASED_NAME, erase_contact, erased_source_id
from models.operations.personal import NOT_PERSONAL, texts
from models.operations.update_contact import update_contact
from models.operations.update_conversation import update_conversation
from models.sql import Sql
from tests.models.operations.world import Clock, World, audit, refused, timeline, traces

SECRET = "quetzal"


async def known(world: World) -> tuple[Contact, Conversation]:
    """A contact whose every word is SECRET, in every place that keeps one."""
    everything: dict[str, Any] = dict.fromkeys(("phone", "address", "company", "notes"), SECRET)
    contact = await create_contact(
        world.by,
        name=SECRET,
        email=f"{SECRET}@x.example",
        **everything,
        source="crm",
        source_id=f"{SECRET} 1",
    )
    contact = await update_contact(world.by, contact, name=f"{SECRET} the second", phone=None)
    conversation = await create_conversation(
        world.by, contact_id=contact.id, inbox_id=world.inbox.id, subject=SECRET
    )
    await update_conversation(world.by, conversation, subject=SECRET.upper())
    for direction in MessageDirection:
        await add_message(world.by, conversation, direction=direction, body=f"Dear {SECRET}")
    return contact, conversation


async def everything(session: Session, tables: tuple[str, ...]) -> str:
    """Every value of every row of the tables, as text."""
    rows = [dict(row) for table in tables for row in await session.fetch(Sql(f"SELECT * FROM {table}"))]
    return json.dumps(rows, default=str).casefold()


TABLES = tuple(
    model._meta.db_table
    for model in vars(models).values()
    if isinstance(model, type) and issubclass(model, Model) and not model._meta.abstract
)


async def test_nothing_personal_is_left_and_the_facts_are(world: World, time: Clock) -> None:
    async with world.writing() as session:
        contact, conversation = await known(world)
        bystander = await create_contact(world.by, name="Bo")
        entries = len(await timeline(contact))
        assert SECRET in await everything(session, TABLES)
        time.forward(minutes=1)
        erased = await erase_contact(world.by, contact, expected_version=2)
        assert SECRET not in await everything(session, TABLES)
        assert erased.email is None
        assert (erased.name, erased.erased_at) == (ERASED_NAME, time.now)
        assert erased.source_id == erased_source_id(f"{SECRET} 1")
        history = await timeline(contact)
        assert [entry.kind for entry in history] == ["CREATED", "UPDATED", "ERASED"]
        assert len(history) == entries + 1
        assert history[1].changes == {"name": [None, None], "phone": [None, None]}
        assert (await audit(contact))[-1].action == "erase_contact"
        assert (await Conversation.get(id=conversation.id)).subject is None
        assert await Message.filter(conversation_id=conversation.id).count() == 3
        assert (await timeline(conversation))[-1].kind == "ERASED"
        assert (await Contact.get(id=bystander.id)).name == "Bo"
        assert (await timeline(bystander))[0].changes["name"] == [None, "Bo"]


async def test_erasing_again_writes_nothing_unless_there_is_something_new(world: World, time: Clock) -> None:
    async with world.writing() as session:
        contact, conversation = await known(world)
        await erase_contact(world.by, contact)
        before = await traces()
        first = time.now
        time.forward(days=1)
        assert (await erase_contact(world.by, contact)).erased_at == first
        assert await traces() == before
        await add_message(world.by, conversation, direction=MessageDirection.INBOUND, body=SECRET)
        await erase_contact(world.by, contact)
        assert SECRET not in await everything(session, TABLES)


async def test_an_erased_contact_is_not_filled_again(world: World) -> None:
    async with world.writing():
        contact = await erase_contact(world.by, await create_contact(world.by, name="Bo"))
        async with refused("ERASED"):
            await update_contact(world.by, contact, name="Bo")
    async with refused("ERASED", "contactId"), world.writing():
        await create_conversation(world.by, contact_id=contact.id, inbox_id=world.inbox.id)


async def filled(model: type[Model], **which: Any) -> None:
    """Write SECRET into every text of the rows that may be personal, whatever columns there are."""
    table = model._meta.db_table
    columns = [column for column in texts(model) if f"{table}.{column}" not in NOT_PERSONAL]
    shadows = {f"{column}_folded" for column in columns} & model._meta.fields_map.keys()
    await model.filter(**which).update(**dict.fromkeys([*columns, *shadows], SECRET))


async def transferred(world: World, **items: Any) -> Transfer:
    """A transfer of these records, for a reason."""
    transfer = await Transfer.create(
        account_id=world.account.id, from_agent=world.ana, state=TransferState.APPLIED, reason=SECRET
    )
    for number, (kind, record) in enumerate(items.items(), start=1):
        await TransferItem.create(
            account_id=world.account.id, transfer=transfer, record_type=RecordType[kind.upper()],
            record_id=record.id, number=number, to_agent=world.ben, state=ItemState.MOVED,
        )  # fmt: skip
    return transfer


async def test_every_text_that_may_be_personal_is_taken_away(world: World) -> None:
    async with world.writing() as session:
        contact, conversation = await known(world)
        deal = await create_deal(world.by, title="Winches", contact_id=contact.id)
        records = {"contact": contact, "conversation": conversation, "deal": deal}
        for model, which in (
            (Contact, {"id": contact.id}),
            (Conversation, {"id": conversation.id}),
            (Message, {"conversation_id": conversation.id}),
        ):
            await filled(model, **which)
        for record in records.values():
            await TimelineEntry.filter(record_id=record.id).update(reason=SECRET)
        transfer = await transferred(world, **records)
        await AuditEntry.create(
            account_id=world.account.id, at=world.account.created_at, action="transfer_portfolio",
            outcome="DONE", subject_type="transfer", subject_id=transfer.id,
            changes={"reason": [None, SECRET]},
        )  # fmt: skip
        await erase_contact(world.by, contact)
        assert SECRET not in await everything(session, TABLES)
        assert (await Deal.get(id=deal.id)).title == "Winches"
        assert (await timeline(deal))[-1].kind == "ERASED"
        assert all(entry.reason is None for entry in await timeline(deal))


async def test_a_reason_that_tells_of_others_too_stays(world: World) -> None:
    async with world.writing():
        contact, conversation = await known(world)
        bystander = await create_contact(world.by, name="Bo")
        await TimelineEntry.filter(record_id=bystander.id).update(reason="They asked for it.")
        transfer = await transferred(world, contact=bystander, conversation=conversation)
        await erase_contact(world.by, contact)
        assert (await Transfer.get(id=transfer.id)).reason == SECRET
        assert [entry.reason for entry in await timeline(bystander)] == ["They asked for it."]


async def test_a_reason_given_after_the_erasure_is_erased_by_the_next(world: World) -> None:
    async with world.writing() as session:
        contact, _ = await known(world)
        contact = await erase_contact(world.by, contact)
        await TimelineEntry.filter(record_id=contact.id).update(reason=SECRET)
        version = contact.version
        assert (await erase_contact(world.by, contact)).version == version + 1
        assert SECRET not in await everything(session, TABLES)
        assert (await erase_contact(world.by, contact)).version == version + 1
