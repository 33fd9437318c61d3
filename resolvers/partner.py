"""Partners and their users: finding, listing and writing them."""

import strawberry
from strawberry import ID, UNSET

from authz.access import SIGNED_IN
from authz.people_policies import UPDATE_PARTNER_USER, WRITE_PARTNER
from models import Partner as PartnerRow
from models import PartnerUser as PartnerUserRow
from models.operations.create_partner import create_partner as create
from models.operations.create_partner_user import create_partner_user as create_user
from models.operations.update_partner import update_partner as update
from models.operations.update_partner_user import update_partner_user as update_user
from resolvers.act import Act, Named
from resolvers.filled import filled
from resolvers.writing import mutation
from schema.connection import Connection
from schema.fields import find, many
from schema.partner import Partner
from schema.seen import Seen


@strawberry.type
class PartnerQueries(Seen):
    """What can be asked about partners."""

    partner: Partner | None = find(SIGNED_IN, "partner")
    partners: Connection[Partner] | None = many(SIGNED_IN, "partner")


@strawberry.input
class CreatePartnerInput:
    """A new partner."""

    name: str
    idempotency_key: str | None = UNSET


@mutation(WRITE_PARTNER, gives=("partner",))
async def create_partner(act: Act, input: CreatePartnerInput) -> PartnerRow:
    """Take a partner into the account."""
    return await create(act.by, **act.values("name"))


@strawberry.input
class UpdatePartnerInput:
    """What is to change; what is left out stays."""

    id: ID
    name: str | None = UNSET
    expected_version: int | None = UNSET
    idempotency_key: str | None = UNSET


@mutation(WRITE_PARTNER, subject=Named("partner"), gives=("partner",))
async def update_partner(act: Act, input: UpdatePartnerInput) -> PartnerRow:
    """Rename a partner."""
    return await update(act.by, await act.subject(PartnerRow), **act.values("name", "expected_version"))


@strawberry.input
class CreatePartnerUserInput:
    """A new contact of a partner; only with portal access can they sign in."""

    partner_id: ID
    name: str
    email: str | None = UNSET
    portal_access: bool | None = UNSET
    idempotency_key: str | None = UNSET


@mutation(WRITE_PARTNER, links={"partner_id": "partner"}, gives=("partner_user",))
async def create_partner_user(act: Act, input: CreatePartnerUserInput) -> PartnerUserRow:
    """Take a partner's contact into the account."""
    filled(act, "portal_access")
    return await create_user(act.by, **act.values("partner_id", "name", "email", "portal_access"))


@strawberry.input
class UpdatePartnerUserInput:
    """What is to change; what is left out stays. Without portal access no deal is assigned to them."""

    id: ID
    name: str | None = UNSET
    email: str | None = UNSET
    portal_access: bool | None = UNSET
    expected_version: int | None = UNSET
    idempotency_key: str | None = UNSET


@mutation(UPDATE_PARTNER_USER, subject=Named("partner_user"), gives=("partner_user",))
async def update_partner_user(act: Act, input: UpdatePartnerUserInput) -> PartnerUserRow:
    """Change a partner user, and whether they can sign in."""
    filled(act, "portal_access")
    values = act.values("name", "email", "portal_access", "expected_version")
    return await update_user(act.by, await act.subject(PartnerUserRow), **values)
