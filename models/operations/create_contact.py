"""Creating a contact."""

from uuid import UUID

from models.contact import Contact
from models.operations.actor import Actor
from models.operations.contact_text import checked
from models.operations.record_change import create_record
from models.operations.source import from_source


async def create_contact(
    by: Actor,
    *,
    name: str,
    email: str | None = None,
    phone: str | None = None,
    address: str | None = None,
    company: str | None = None,
    notes: str | None = None,
    owner_id: UUID | None = None,
    team_id: UUID | None = None,
    inbox_id: UUID | None = None,
    source: str | None = None,
    source_id: str | None = None,
) -> Contact:
    """The new contact; raises Problem BLANK, INVALID, TOO_LONG, TAKEN or NOT_ACTIVE."""
    columns = {
        "name": name,
        "email": email,
        "phone": phone,
        "address": address,
        "company": company,
        "notes": notes,
    }
    places = {"owner_id": owner_id, "team_id": team_id, "inbox_id": inbox_id} | from_source(source, source_id)
    contact = Contact(account_id=by.account_id, **checked(columns), **places)
    return await create_record(by, contact, "create_contact")
