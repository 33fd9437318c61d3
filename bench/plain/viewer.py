"""Who asks, and what they may see: as querysets for lists, and on a row in hand."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from tortoise.expressions import Q, Subquery

from authz.keys import Keys
from authz.tokens import BadToken, Signed, verify
from bench.plain.models import Account, Agent, TeamMember, Token


@dataclass(frozen=True, slots=True)
class Viewer:
    """An agent with their role, places and account."""

    agent: Agent
    account: Account
    permissions: frozenset[str]
    scope: str
    reach: str
    team_ids: frozenset[UUID]
    inbox_ids: frozenset[UUID]
    mates: frozenset[UUID]
    """The agents who share a team with a viewer whose reach is the scope."""

    @property
    def whole_account(self) -> bool:
        """Whether all of the account is in sight."""
        return self.reach == "SCOPE" and self.scope == "ACCOUNT"

    def in_sight(self) -> Q:
        """The records in sight, for a queryset."""
        account, own = Q(account_id=self.account.id), Q(owner_id=self.agent.id)
        if self.whole_account:
            return account
        if self.reach == "OWN":
            return account & own
        teams = list(self.team_ids)
        mates = Subquery(TeamMember.filter(team_id__in=teams).values("agent_id"))
        return account & (own | Q(team_id__in=teams) | Q(team_id__isnull=True, owner_id__in=mates))

    def sees(self, record: Any) -> bool:
        """Whether this record is in sight."""
        if self.whole_account or record.owner_id == self.agent.id:
            return True
        if self.reach == "OWN":
            return False
        return record.team_id in self.team_ids or (record.team_id is None and record.owner_id in self.mates)


async def load_viewer(keys: Keys, bearer: str) -> Viewer:
    """The token's holder as they now stand. Raises BadToken."""
    signed = verify(keys, bearer)
    if not isinstance(signed, Signed):
        raise BadToken
    token = await Token.get_or_none(id=signed.token_id).select_related("agent__role", "agent__account")
    if token is None or not _stands(token, signed):
        raise BadToken
    agent = token.agent
    await agent.fetch_related("team_members", "inbox_members")
    team_ids = frozenset(each.team_id for each in agent.team_members)
    return Viewer(
        agent=agent,
        account=agent.account,
        permissions=frozenset(agent.role.permissions),
        scope=agent.role.scope,
        reach=agent.role.reach,
        team_ids=team_ids,
        inbox_ids=frozenset(each.inbox_id for each in agent.inbox_members),
        mates=await _mates(team_ids) if agent.role.reach == "SCOPE" else frozenset(),
    )


def _stands(token: Token, signed: Signed) -> bool:
    assert token.expires_at is not None
    current = token.revoked_at is None and datetime.now(UTC) < token.expires_at
    said = (signed.account_id, signed.subject, signed.kind)
    return (
        current
        and token.agent.status == "ACTIVE"
        and said
        == (
            token.agent.account_id,
            token.agent.id,
            token.kind,
        )
    )


async def _mates(team_ids: frozenset[UUID]) -> frozenset[UUID]:
    members = await TeamMember.filter(team_id__in=list(team_ids)).values_list("agent_id", flat=True)
    return frozenset(members)  # type: ignore[arg-type]
