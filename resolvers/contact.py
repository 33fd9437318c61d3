"""Contacts: finding, listing and writing them."""

import strawberry
from strawberry import ID, UNSET

from authz.access import AGENT
from authz.policies import CHANGE_RECORD, CREATE_RECORD, ERASE_CONTACT
from models import Contact as ContactRow
from models.operations.archive import archive
from models.operations.create_contact import create_contact as create
from models.operations.erase_contact import erase_contact as erase
from models.operations.unarchive import unarchive
from models.operations.update_contact import update_contact as update
from resolvers.act import Act, Named
from resolvers.handing_out import hand_out_new_contact
from resolvers.placing import new, placed
from resolvers.writing import mutation
from schema.connection import Connection
from schema.contact import Contact
from schema.fields import find, many
from schema.seen import Seen

CONTACT = Named("contact")
KNOWN = ("name", "email", "phone", "address", "company", "notes")
"""What is known of a contact, and may be written."""


@strawberry.type
class ContactQueries(Seen):
    """What can be asked about contacts."""

    contact: Contact | None = find(AGENT, "contact")
    contacts: Connection[Contact] | None = many(AGENT, "contact")


@strawberry.input
class CreateContactInput:
    """A new contact: the viewer's own, unless another owner is named."""

    name: str
    email: str | None = UNSET
    phone: str | None = UNSET
    address: str | None = UNSET
    company: str | None = UNSET
    notes: str | None = UNSET
    owner_id: ID | None = UNSET
    team_id: ID | None = UNSET
    inbox_id: ID | None = UNSET
    idempotency_key: str | None = UNSET


@mutation(
    CREATE_RECORD,
    links={"owner_id": "agent", "team_id": "team", "inbox_id": "inbox"},
    leaves=new("contact"),
    gives=("contact",),
)
async def create_contact(act: Act, input: CreateContactInput) -> ContactRow:
    """Create a contact. Nobody's is handed out at once, where a distribution policy serves it."""
    contact = await create(act.by, **act.values(*KNOWN), **await placed(act))
    hand_out_new_contact(act, contact)
    return contact


@strawberry.input
class UpdateContactInput:
    """What is to change; what is left out stays."""

    id: ID
    name: str | None = UNSET
    email: str | None = UNSET
    phone: str | None = UNSET
    address: str | None = UNSET
    company: str | None = UNSET
    notes: str | None = UNSET
    expected_version: int | None = UNSET
    idempotency_key: str | None = UNSET


@mutation(CHANGE_RECORD, subject=CONTACT, gives=("contact",))
async def update_contact(act: Act, input: UpdateContactInput) -> ContactRow:
    """Change what is known of a contact."""
    return await update(act.by, await act.subject(ContactRow), **act.values(*KNOWN, "expected_version"))


@strawberry.input
class ArchiveContactInput:
    """The contact to put away."""

    id: ID
    expected_version: int | None = UNSET
    idempotency_key: str | None = UNSET


@mutation(CHANGE_RECORD, subject=CONTACT, gives=("contact",))
async def archive_contact(act: Act, input: ArchiveContactInput) -> ContactRow:
    """Put a contact away; its owner stays."""
    return await archive(act.by, await act.subject(ContactRow), **act.values("expected_version"))


@strawberry.input
class UnarchiveContactInput:
    """The contact to take out again."""

    id: ID
    expected_version: int | None = UNSET
    idempotency_key: str | None = UNSET


@mutation(CHANGE_RECORD, subject=CONTACT, gives=("contact",))
async def unarchive_contact(act: Act, input: UnarchiveContactInput) -> ContactRow:
    """Take a contact out of the archive."""
    return await unarchive(act.by, await act.subject(ContactRow), **act.values("expected_version"))


@strawberry.input
class EraseContactInput:
    """The contact whose personal data is to go, everywhere and for good."""

    id: ID
    expected_version: int | None = UNSET
    idempotency_key: str | None = UNSET


@mutation(ERASE_CONTACT, subject=CONTACT, gives=("contact",))
async def erase_contact(act: Act, input: EraseContactInput) -> ContactRow:
    """Erase a contact's personal data: its own, its conversations', and in the history of both."""
    return await erase(act.by, await act.subject(ContactRow), **act.values("expected_version"))
