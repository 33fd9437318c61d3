"""The questions, and the schema."""

# Without a resolver Strawberry types its decorator as anything.
# mypy: disable-error-code="untyped-decorator"

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections import defaultdict
from datetime import datetime
from typing import Any
from uuid import UUID

import strawberry
from strawberry.extensions import ParserCache, ValidationCache
from strawberry.schema.config import StrawberryConfig
from strawberry.types import Info
from tortoise.expressions import Q
from tortoise.functions import Count, Sum

from bench.plain import models, types
from bench.plain.permissions import IsSignedIn


@strawberry.type
class Query:
    """What can be asked."""

    @strawberry.field(permission_classes=[IsSignedIn])
    def viewer(self, info: Info) -> types.Viewer | None:
        """Who is signed in."""
        asking = info.context["viewer"]
        granular = asking.account.granular_permissions
        access = types.Access(
            mode="GRANULAR" if granular else "TEAM_AND_INBOX",
            isolation_mode=asking.account.isolation_mode if granular else "STRICT",
            scope=asking.scope,
            reach=asking.reach,
        )
        return types.Viewer(agent=asking.agent, access=access, permissions=sorted(asking.permissions))

    @strawberry.field(permission_classes=[IsSignedIn])
    async def deals(self, info: Info, first: int = 50, after: str | None = None) -> types.Connection | None:
        """Deals in sight, newest first."""
        query = models.Deal.filter(info.context["viewer"].in_sight())
        if after is not None:
            query = query.filter(_beyond(after))
        query = query.select_related("owner", "contact").order_by("-created_at", "id")
        found: list[Any] = await query.limit(first + 1)
        kept = found[:first]
        info_ = types.PageInfo(
            has_next_page=len(found) > first, end_cursor=_cursor(kept[-1]) if kept else None
        )
        return types.Connection(nodes=kept, page_info=info_)

    @strawberry.field(permission_classes=[IsSignedIn])
    async def contacts(self, info: Info, first: int = 50) -> types.ContactConnection | None:
        """Contacts in sight, newest first."""
        query = models.Contact.filter(info.context["viewer"].in_sight())
        found: Any = await query.select_related("owner").order_by("-created_at", "id").limit(first)
        return types.ContactConnection(nodes=found)

    @strawberry.field(permission_classes=[IsSignedIn])
    async def deal_stats(self, info: Info, group_by: types.DealGroup) -> list[types.DealStat] | None:
        """Counts and sums of the deals in sight, by owner."""
        viewer = info.context["viewer"]
        ours = viewer.account.currency
        groups = (
            await models.Deal.filter(viewer.in_sight())
            .annotate(
                deals=Count("id"),
                total=Sum("amount", _filter=Q(currency=ours)),
                left_out=Count("id", _filter=Q(currency__isnull=False) & ~Q(currency=ours)),
            )
            .group_by("owner_id")
            .values("owner_id", "deals", "total", "left_out")
        )
        owners = {owner.id: owner for owner in await models.Agent.filter(account_id=viewer.account.id)}
        groups.sort(key=lambda group: _place(owners.get(group["owner_id"])))
        return [_stat(group, owners.get(group["owner_id"]), ours) for group in groups]


def _stat(group: dict[str, Any], owner: models.Agent | None, currency: str) -> types.DealStat:
    key = None
    if owner is not None:
        key = types.DealStatKey(id=types.global_id("Agent", owner.id), name=owner.name)
    return types.DealStat(
        key=key,
        count=group["deals"],
        amount=types.money(int(group["total"] or 0), currency),
        left_out=group["left_out"],
    )


def _place(owner: models.Agent | None) -> tuple[bool, str, str]:
    return (True, "", "") if owner is None else (False, owner.name_folded, str(owner.id))


def _cursor(deal: models.Deal) -> str:
    return urlsafe_b64encode(f"{deal.created_at.isoformat()} {deal.id}".encode()).decode()


def _beyond(cursor: str) -> Q:
    created, _, last = urlsafe_b64decode(cursor).decode().partition(" ")
    instant = datetime.fromisoformat(created)
    return Q(created_at__lt=instant) | Q(created_at=instant, id__gt=UUID(last))


async def deals_of_contacts(viewer: Any, ids: list[UUID]) -> list[list[models.Deal]]:
    """The deals in sight of each contact, newest first: for a DataLoader."""
    found = await models.Deal.filter(viewer.in_sight(), contact_id__in=ids).order_by("-created_at", "id")
    by_contact: dict[UUID, list[models.Deal]] = defaultdict(list)
    for deal in found:
        by_contact[deal.contact_id].append(deal)
    return [by_contact[id] for id in ids]


schema = strawberry.Schema(
    query=Query,
    extensions=[lambda: ParserCache(), lambda: ValidationCache()],
    config=StrawberryConfig(scalar_map=types.SCALARS),
)
