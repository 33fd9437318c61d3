"""Erasing a contact's personal data on request, everywhere, leaving the fact that there was something."""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any, TypeVar
from uuid import UUID

from tortoise import Model
from tortoise.expressions import Subquery

from models import clock
from models.contact import Contact
from models.conversation import Conversation, Message
from models.deal import Deal
from models.operations.actor import Actor
from models.operations.change import locked
from models.operations.contact_text import PERSONAL
from models.operations.erase_history import erase_history, erase_reasons_of_transfers
from models.operations.personal import personal
from models.operations.plain import Changes, plain
from models.operations.record_change import touch_record
from models.operations.timeline import TimelineKind
from models.record import Record, RecordType
from models.text import fold, folded_of
from models.timeline import TimelineEntry

T = TypeVar("T", bound=Record)

ERASED_NAME = "Erased contact"
"""The name of everyone who was erased."""


def erased_source_id(source_id: str) -> str:
    """What stands in place of an erased contact's source id, so that an import knows it again, unnamed."""
    return (
        source_id if source_id.startswith("erased:") else "erased:" + sha256(source_id.encode()).hexdigest()
    )


async def erase_contact(by: Actor, contact: Contact, *, expected_version: int | None = None) -> Contact:
    """The contact, unnamed: its texts, its conversations' and their messages', and what their history and its
    deals' say of it (models/operations/personal.py).

    Where everything is erased already, nothing is written. Raises Conflict.
    """
    contact = await locked(contact, expected_version)
    conversations = Conversation.filter(contact_id=contact.id).order_by("id").select_for_update(no_key=True)
    for conversation in await conversations:
        bodies = await _erase_messages(conversation.id)
        await _erase_record(by, conversation, _blank(Conversation), told=bodies)
    for deal in await _deals_with_reasons(contact):
        await _erase_record(by, deal, {})
    await erase_reasons_of_transfers(contact.id)
    return await _erase_contact(by, contact)


async def _deals_with_reasons(contact: Contact) -> list[Deal]:
    given = TimelineEntry.filter(record_type=RecordType.DEAL, reason__not_isnull=True).values("record_id")
    deals = Deal.filter(contact_id=contact.id, id__in=Subquery(given))
    return await deals.order_by("id").select_for_update(no_key=True)


async def _erase_contact(by: Actor, contact: Contact) -> Contact:
    columns = _blank(Contact) | {"name": ERASED_NAME, "erased_at": contact.erased_at or clock.now()}
    columns["source_id"] = contact.source_id and erased_source_id(contact.source_id)
    changes = {"erased_at": [plain(contact.erased_at), plain(columns["erased_at"])]}
    return await _erase_record(by, contact, columns, changes, history=PERSONAL)


async def _erase_record(
    by: Actor,
    record: T,
    columns: Mapping[str, Any],
    changes: Changes | None = None,
    *,
    history: tuple[str, ...] | None = None,
    told: bool = False,
) -> T:
    """Write these columns, take them (or those of `history`) out of what is told of the record, and say so
    where anything was there, or `told` that something was.
    """
    told |= await erase_history(record.id, tuple(columns) if history is None else history)
    if not told and all(getattr(record, column) == value for column, value in columns.items()):
        return record
    return await touch_record(
        by, record, columns, action="erase_contact", kind=TimelineKind.ERASED, changes=changes or {}
    )


async def _erase_messages(conversation_id: UUID) -> bool:
    blank = _blank(Message)
    folded = {shadow: fold(blank[source]) for shadow, source in folded_of(Message).items() if source in blank}
    messages = Message.filter(conversation_id=conversation_id).exclude(**blank)
    return bool(await messages.update(**blank, **folded))


def _blank(model: type[Model]) -> dict[str, str | None]:
    """What stands in place of a model's personal texts: nothing."""
    columns = model._meta.fields_map
    return {column: None if columns[column].null else "" for column in personal(model)}
