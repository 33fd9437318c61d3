"""The partner: a company that sells with the account, and its users."""

from authz.access import NAME, PARTNER_CONTENTS, PARTNER_USER_DETAILS
from schema.connection import Connection
from schema.fields import column, each_of, many, one
from schema.lazy import Deal
from schema.lazy import Partner as OwnPartner
from schema.node import Node
from schema.seen import table_type


@table_type("partner_user")
class PartnerUser(Node):
    """A contact of a partner; one with portal access can sign in."""

    name: str | None = column(NAME)
    partner: OwnPartner | None = one(NAME, "partner")
    email: str | None = column(PARTNER_USER_DETAILS)
    portal_access: bool | None = column(PARTNER_USER_DETAILS)
    version: int | None = column(PARTNER_USER_DETAILS)


@table_type("partner")
class Partner(Node):
    """A company that sells with the account."""

    name: str | None = column(NAME)
    version: int | None = column(PARTNER_CONTENTS)
    users: list[PartnerUser] | None = each_of(PARTNER_CONTENTS, "partner_user", "partner_id")
    deals: Connection[Deal] | None = many(NAME, "deal", "partner_id")
