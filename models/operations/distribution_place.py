"""The place that a distribution policy is for: which contacts wait for it, and which policy serves one."""

from typing import Any
from uuid import UUID

from models.database import Dialect, Session
from models.distribution import DistributionPolicy
from models.sql import Sql, value


def waiting(policy: DistributionPolicy) -> Sql:
    """The condition over contacts, by the name `t`, that they are nobody's and the policy's to hand out.

    A contact lies in an inbox by itself or, as anywhere, by one of its conversations.
    """
    unowned = "t.account_id = ? AND t.owner_id IS NULL AND t.archived_at IS NULL AND t.erased_at IS NULL"
    found = Sql(unowned, (policy.account_id,))
    if policy.inbox_id is None:
        return found + lying_in(policy)
    talking = "EXISTS (SELECT 1 FROM conversation w WHERE w.contact_id = t.id AND w.inbox_id = ?)"
    return found + Sql(f" AND (t.inbox_id = ? OR {talking})", (policy.inbox_id, policy.inbox_id))


async def serving(
    account_id: UUID, *, team_id: UUID | None, inbox_id: UUID | None
) -> DistributionPolicy | None:
    """The policy that serves a new contact: its inbox's, else its team's, else the account's.

    Of several for one place it is the oldest that is on.
    """
    places: list[dict[str, Any]] = [{"team_id": None, "inbox_id": None}]
    if team_id is not None:
        places.insert(0, {"team_id": team_id})
    if inbox_id is not None:
        places.insert(0, {"inbox_id": inbox_id})
    for place in places:
        found = await DistributionPolicy.filter(account_id=account_id, enabled=True, **place).order_by(
            "created_at", "id"
        )
        if found:
            return found[0]
    return None


async def serving_inbox(account_id: UUID, inbox_id: UUID) -> DistributionPolicy | None:
    """The policy that serves those who write to an inbox: its own, the oldest that is on."""
    found = DistributionPolicy.filter(account_id=account_id, enabled=True, inbox_id=inbox_id)
    return await found.order_by("created_at", "id").first()


def of_the_same_place(policy: DistributionPolicy) -> Sql:
    """The condition over policies, by the name `t`, that they are on and for the policy's place."""
    place = Sql("t.account_id = ? AND t.enabled", (policy.account_id,))
    for column, id in (("t.team_id", policy.team_id), ("t.inbox_id", policy.inbox_id)):
        place = place + f" AND {column}" + (Sql(" IS NULL") if id is None else Sql(" = ?", (id,)))
    return place


def lying_in(policy: DistributionPolicy) -> Sql:
    """And that records, by the name `t`, lie in the policy's place; all lie in the account."""
    if policy.inbox_id is not None:
        return Sql(" AND t.inbox_id = ?", (policy.inbox_id,))
    return Sql(" AND t.team_id = ?", (policy.team_id,)) if policy.team_id is not None else Sql("")


async def hold_policies(session: Session, account_id: UUID) -> None:
    """Hold the account's policies until the transaction ends, all of them in one order.

    So nobody who is in two pools gets more than they may, and no two writers wait crosswise.
    """
    if session.dialect is Dialect.POSTGRES:
        held = "SELECT id FROM distribution_policy WHERE account_id = " + value(account_id)
        await session.fetch(held + " ORDER BY id FOR NO KEY UPDATE")
