"""The viewer: who is signed in, and what rules their sight."""

import strawberry

from authz.access import ACCOUNT_SWITCHES, SIGNED_IN
from schema.enums import AccessMode, IsolationMode, Reach, Scope, ViewerKind
from schema.fields import column, each, one
from schema.lazy import Account, Agent, PartnerUser, Token
from schema.seen import Seen


@strawberry.type
class ViewerAccess(Seen):
    """What rules the viewer's sight now."""

    mode: AccessMode | None = column(ACCOUNT_SWITCHES)
    isolation_mode: IsolationMode | None = column(ACCOUNT_SWITCHES)
    scope: Scope | None = column(ACCOUNT_SWITCHES)
    reach: Reach | None = column(ACCOUNT_SWITCHES)


@strawberry.type
class Viewer(Seen):
    """Whoever is signed in: an agent, or a partner's user."""

    kind: ViewerKind | None = column(SIGNED_IN)
    agent: Agent | None = one(SIGNED_IN, "agent")
    partner_user: PartnerUser | None = one(SIGNED_IN, "partner_user")
    account: Account | None = one(SIGNED_IN, "account")
    permissions: list[str] | None = column(SIGNED_IN)
    access: ViewerAccess | None = column(SIGNED_IN)
    tokens: list[Token] | None = each(SIGNED_IN, "token")
