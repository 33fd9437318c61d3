"""Changing what is known of a contact."""

from models.contact import Contact
from models.operations.actor import Actor
from models.operations.change import locked
from models.operations.contact_text import checked
from models.operations.problem import Problem
from models.operations.record_change import change_record
from models.operations.timeline import TimelineKind
from models.operations.unset import UNSET, Unset, given


async def update_contact(
    by: Actor,
    contact: Contact,
    *,
    name: str | Unset = UNSET,
    email: str | Unset | None = UNSET,
    phone: str | Unset | None = UNSET,
    address: str | Unset | None = UNSET,
    company: str | Unset | None = UNSET,
    notes: str | Unset | None = UNSET,
    expected_version: int | None = None,
) -> Contact:
    """The contact; raises Conflict, or Problem ERASED, BLANK, INVALID or TOO_LONG."""
    contact = await locked(contact, expected_version)
    columns = given(name=name, email=email, phone=phone, address=address, company=company, notes=notes)
    if contact.erased_at is not None and columns:
        raise Problem("ERASED", "Its personal data was erased on request; create a new contact.")
    return await change_record(
        by, contact, checked(columns), action="update_contact", kind=TimelineKind.UPDATED
    )
