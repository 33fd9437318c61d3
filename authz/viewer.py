"""The viewer: who asks, and all that a decision may rest on. Built for each request, then frozen."""

import json
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any
from uuid import UUID

from authz.tokens import BadToken, Claim
from models import IsolationMode, Permission, Reach, Scope, TokenKind, UnownedVisibility
from models.database import Session
from models.sql import Sql

NOBODY = UUID(int=0)
"""In the place of whoever asks, where it may not matter who."""


class ViewerKind(StrEnum):
    """An agent of the account, or a partner's user."""

    AGENT = "AGENT"
    PARTNER_USER = "PARTNER_USER"


class AccessMode(StrEnum):
    """Which rules decide the sight of records."""

    GRANULAR = "GRANULAR"
    TEAM_AND_INBOX = "TEAM_AND_INBOX"


@dataclass(frozen=True, slots=True)
class Viewer:
    """An agent or a partner user, with their role and their account's switches as they now stand.

    `role_id` is the role as given; `permissions`, `scope` and `reach` are what it comes to: where
    granular permissions are off, a role of the account's own making counts as rep, and
    `isolation_mode` is STRICT.
    """

    kind: ViewerKind
    account_id: UUID
    access_version: int
    currency: str
    time_zone: str
    sales_module: bool
    granular: bool
    isolation_mode: IsolationMode
    unowned_visibility: UnownedVisibility
    token_id: UUID | None = None
    token_kind: TokenKind = TokenKind.AGENT
    agent_id: UUID | None = None
    partner_user_id: UUID | None = None
    partner_id: UUID | None = None
    role_id: UUID | None = None
    permissions: frozenset[Permission] = frozenset()
    scope: Scope = Scope.TEAM
    reach: Reach = Reach.OWN
    team_ids: frozenset[UUID] = frozenset()
    inbox_ids: frozenset[UUID] = frozenset()

    @property
    def is_agent(self) -> bool:
        """Whether it is an agent of the account."""
        return self.kind is ViewerKind.AGENT

    @property
    def actor_id(self) -> UUID:
        """The agent's or partner user's own id."""
        actor = self.agent_id or self.partner_user_id
        assert actor is not None
        return actor

    @property
    def access_mode(self) -> AccessMode:
        """Which rules decide the sight of records."""
        return AccessMode.GRANULAR if self.granular else AccessMode.TEAM_AND_INBOX

    @property
    def whole_account(self) -> bool:
        """Whether the role's scope is the account."""
        return self.scope is Scope.ACCOUNT

    @property
    def shape(self) -> "Viewer":
        """All that rules what they see, without who they are: equal for viewers who share a plan.

        Rules are asked for it when a statement is planned, so that nothing of one person can get into
        what serves another.
        """
        return replace(
            self,
            account_id=NOBODY,
            access_version=0,
            currency="",
            time_zone="",
            token_id=None,
            agent_id=NOBODY if self.is_agent else None,
            partner_user_id=None if self.is_agent else NOBODY,
            partner_id=None if self.is_agent else NOBODY,
            role_id=None,
            team_ids=frozenset(),
            inbox_ids=frozenset(),
        )

    def may(self, permission: Permission) -> bool:
        """Whether the role, and the token, hold `permission`."""
        return permission in self.permissions


_ACCOUNT = (
    "a.id AS account_id, a.access_version, a.currency, a.time_zone, a.sales_module, "
    "a.granular_permissions, a.isolation_mode, a.unowned_visibility"
)
_AGENT = (
    f"SELECT {_ACCOUNT}, g.status, r.id AS role_id, r.built_in, r.permissions, r.scope, r.reach "
    "FROM agent g JOIN account a ON a.id = g.account_id JOIN role r ON r.id = g.role_id WHERE g.id = ?"
)
_PARTNER_USER = (
    f"SELECT {_ACCOUNT}, u.partner_id, u.portal_access "
    "FROM partner_user u JOIN account a ON a.id = u.account_id WHERE u.id = ?"
)
NOT_BY_PROGRAMS = frozenset({Permission.ROLES_MANAGE, Permission.PAYOUTS_APPROVE})
"""What no API token ever holds: they change no roles and approve nothing."""


async def load_viewer(session: Session, claim: Claim) -> Viewer:
    """The viewer whom `claim` names, as the session's snapshot has them; BadToken where they are gone."""
    if claim.agent_id is not None:
        return await _load_agent(session, claim, claim.agent_id)
    if claim.partner_user_id is not None:
        return await _load_partner_user(session, claim, claim.partner_user_id)
    raise BadToken


async def _load_agent(session: Session, claim: Claim, agent_id: UUID) -> Viewer:
    row = await _only(session, Sql(_AGENT, (agent_id,)), claim)
    if row["status"] != "ACTIVE":
        raise BadToken
    return await _agent(session, row, claim, agent_id)


async def agent_as_viewer(session: Session, account_id: UUID, agent_id: UUID) -> Viewer:
    """The agent as a viewer, whether or not they may sign in: for explaining, never for reading.

    Raises BadToken where the account has no such agent.
    """
    claim = Claim(TokenKind.AGENT, account_id, agent_id)
    return await _agent(session, await _only(session, Sql(_AGENT, (agent_id,)), claim), claim, agent_id)


async def _agent(session: Session, row: Any, claim: Claim, agent_id: UUID) -> Viewer:
    granular = bool(row["granular_permissions"])
    as_given = granular or row["built_in"] is not None
    permissions = (
        frozenset(Permission(name) for name in _listed(row["permissions"])) if as_given else frozenset()
    )
    return Viewer(
        kind=ViewerKind.AGENT,
        **_switches(row, claim),
        agent_id=agent_id,
        role_id=_uuid(row["role_id"]),
        permissions=_within_token(permissions, claim),
        scope=Scope(row["scope"]) if as_given else Scope.TEAM,
        reach=Reach(row["reach"]) if as_given else Reach.OWN,
        team_ids=await _ids(session, "SELECT team_id AS id FROM team_member WHERE agent_id = ?", agent_id),
        inbox_ids=await _ids(session, "SELECT inbox_id AS id FROM inbox_member WHERE agent_id = ?", agent_id),
    )


async def _load_partner_user(session: Session, claim: Claim, partner_user_id: UUID) -> Viewer:
    row = await _only(session, Sql(_PARTNER_USER, (partner_user_id,)), claim)
    if not row["portal_access"]:
        raise BadToken
    return Viewer(
        kind=ViewerKind.PARTNER_USER,
        **_switches(row, claim),
        partner_user_id=partner_user_id,
        partner_id=_uuid(row["partner_id"]),
    )


async def _only(session: Session, sql: Sql, claim: Claim) -> Any:
    rows = await session.fetch(sql)
    if len(rows) != 1 or _uuid(rows[0]["account_id"]) != claim.account_id:
        raise BadToken
    return rows[0]


def _switches(row: Any, claim: Claim) -> dict[str, Any]:
    granular = bool(row["granular_permissions"])
    return {
        "account_id": _uuid(row["account_id"]),
        "access_version": row["access_version"],
        "currency": row["currency"],
        "time_zone": row["time_zone"],
        "sales_module": bool(row["sales_module"]),
        "granular": granular,
        "isolation_mode": IsolationMode(row["isolation_mode"]) if granular else IsolationMode.STRICT,
        "unowned_visibility": UnownedVisibility(row["unowned_visibility"]),
        "token_id": claim.token_id,
        "token_kind": claim.kind,
    }


def _within_token(held: frozenset[Permission], claim: Claim) -> frozenset[Permission]:
    if claim.kind is not TokenKind.API:
        return held
    return frozenset(name for name in held if name in (claim.permissions or ())) - NOT_BY_PROGRAMS


async def _ids(session: Session, text: str, agent_id: UUID) -> frozenset[UUID]:
    return frozenset(_uuid(row["id"]) for row in await session.fetch(Sql(text, (agent_id,))))


def _listed(raw: Any) -> list[str]:
    listed: list[str] = json.loads(raw) if isinstance(raw, str) else raw
    return listed


def _uuid(raw: Any) -> UUID:
    return raw if isinstance(raw, UUID) else UUID(str(raw))
