"""Inboxes: listing and writing them."""

import strawberry
from strawberry import ID, UNSET

from authz.access import AGENT
from authz.people_policies import CREATE_PLACE, UPDATE_PLACE
from models import Inbox as InboxRow
from models.operations.create_inbox import create_inbox as create
from models.operations.update_inbox import update_inbox as update
from resolvers.act import Act, Named
from resolvers.writing import mutation
from schema.fields import each
from schema.inbox import Inbox
from schema.seen import Seen


@strawberry.type
class InboxQueries(Seen):
    """What can be asked about inboxes."""

    inboxes: list[Inbox] | None = each(AGENT, "inbox")


@strawberry.input
class CreateInboxInput:
    """A new inbox; agents enter it by `updateAgent`."""

    name: str
    idempotency_key: str | None = UNSET


@mutation(CREATE_PLACE, gives=("inbox",))
async def create_inbox(act: Act, input: CreateInboxInput) -> InboxRow:
    """Make an inbox."""
    return await create(act.by, **act.values("name"))


@strawberry.input
class UpdateInboxInput:
    """What is to change; what is left out stays."""

    id: ID
    name: str | None = UNSET
    expected_version: int | None = UNSET
    idempotency_key: str | None = UNSET


@mutation(UPDATE_PLACE, subject=Named("inbox"), gives=("inbox",))
async def update_inbox(act: Act, input: UpdateInboxInput) -> InboxRow:
    """Rename an inbox."""
    return await update(act.by, await act.subject(InboxRow), **act.values("name", "expected_version"))
