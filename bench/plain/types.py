"""The types: each field with its permission class."""

# Without a resolver Strawberry types its decorator as anything.
# mypy: disable-error-code="untyped-decorator"

from base64 import b64encode
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any

import strawberry
from strawberry.types import Info

from bench.plain.permissions import IsSignedIn, ReadsMoney, SeesRecord
from models.rules.money import to_decimal


def _instant(value: datetime) -> str:
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


SCALARS: dict[object, Any] = {
    datetime: strawberry.scalar(name="DateTime", serialize=_instant, parse_value=datetime.fromisoformat),
    Decimal: strawberry.scalar(
        name="Decimal", serialize=lambda value: format(value, "f"), parse_value=Decimal
    ),
}


def global_id(type_name: str, id: Any) -> strawberry.ID:
    """The id of an object, as clients know it."""
    return strawberry.ID(b64encode(f"{type_name}:{id}".encode()).decode())


@strawberry.enum
class DealGroup(Enum):
    """What deals can be grouped by."""

    OWNER = "OWNER"


@strawberry.type
class Money:
    """An amount and its currency."""

    amount: Decimal = strawberry.field(permission_classes=[IsSignedIn])
    currency: str = strawberry.field(permission_classes=[IsSignedIn])


@strawberry.type
class Agent:
    """A member of the account."""

    name: str | None = strawberry.field(permission_classes=[IsSignedIn])

    @strawberry.field(permission_classes=[IsSignedIn])
    def id(self) -> strawberry.ID:
        """Opaque."""
        return global_id("Agent", self.id)


@strawberry.type
class Contact:
    """A customer."""

    name: str | None = strawberry.field(permission_classes=[SeesRecord])
    company: str | None = strawberry.field(permission_classes=[SeesRecord])
    owner: Agent | None = strawberry.field(permission_classes=[SeesRecord])

    @strawberry.field(permission_classes=[SeesRecord])
    def id(self) -> strawberry.ID:
        """Opaque."""
        return global_id("Contact", self.id)

    @strawberry.field(permission_classes=[SeesRecord])
    async def deals(self, info: Info, first: int = 50) -> "Connection":
        """The contact's deals, newest first."""
        found = await info.context["deals_of_contact"].load(self.id)
        return Connection(nodes=found[:first], page_info=None)


@strawberry.type
class Deal:
    """A sale in the making, won or lost."""

    title: str | None = strawberry.field(permission_classes=[SeesRecord])
    stage: str | None = strawberry.field(permission_classes=[SeesRecord])
    status: str | None = strawberry.field(permission_classes=[SeesRecord])
    created_at: datetime | None = strawberry.field(permission_classes=[SeesRecord])
    won_at: datetime | None = strawberry.field(permission_classes=[SeesRecord])
    expected_close_on: date | None = strawberry.field(permission_classes=[SeesRecord])
    owner: Agent | None = strawberry.field(permission_classes=[SeesRecord])

    @strawberry.field(permission_classes=[SeesRecord])
    def id(self) -> strawberry.ID:
        """Opaque."""
        return global_id("Deal", self.id)

    @strawberry.field(permission_classes=[ReadsMoney])
    def amount(self: Any) -> Money | None:
        """Money, where an amount is known."""
        return None if self.amount is None else money(self.amount, self.currency)

    @strawberry.field(permission_classes=[SeesRecord])
    def contact(self: Any, info: Info) -> Contact | None:
        """The contact, where it is in sight too."""
        contact: Contact | None = self.contact
        return contact if contact is not None and info.context["viewer"].sees(contact) else None


def money(units: int, currency: str) -> Money:
    """The money that so many minor units are."""
    return Money(amount=to_decimal(units, currency), currency=currency)


@strawberry.type
class PageInfo:
    """Where a page ends."""

    has_next_page: bool = strawberry.field(permission_classes=[IsSignedIn])
    end_cursor: str | None = strawberry.field(permission_classes=[IsSignedIn])


@strawberry.type
class Connection:
    """A page of deals."""

    nodes: list[Deal] = strawberry.field(permission_classes=[IsSignedIn])
    page_info: PageInfo | None = strawberry.field(permission_classes=[IsSignedIn])


@strawberry.type
class ContactConnection:
    """A page of contacts."""

    nodes: list[Contact] = strawberry.field(permission_classes=[IsSignedIn])


@strawberry.type
class DealStatKey:
    """What a group's deals have in common."""

    id: strawberry.ID | None = strawberry.field(permission_classes=[IsSignedIn])
    name: str | None = strawberry.field(permission_classes=[IsSignedIn])


@strawberry.type
class DealStat:
    """A group of deals."""

    key: DealStatKey | None = strawberry.field(permission_classes=[IsSignedIn])
    count: int = strawberry.field(permission_classes=[IsSignedIn])
    amount: Money | None = strawberry.field(permission_classes=[IsSignedIn])
    left_out: int = strawberry.field(permission_classes=[IsSignedIn])


@strawberry.type
class Access:
    """What rules the viewer's sight."""

    mode: str = strawberry.field(permission_classes=[IsSignedIn])
    isolation_mode: str = strawberry.field(permission_classes=[IsSignedIn])
    scope: str = strawberry.field(permission_classes=[IsSignedIn])
    reach: str = strawberry.field(permission_classes=[IsSignedIn])


@strawberry.type
class Viewer:
    """Whoever is signed in."""

    agent: Agent = strawberry.field(permission_classes=[IsSignedIn])
    access: Access = strawberry.field(permission_classes=[IsSignedIn])
    permissions: list[str] = strawberry.field(permission_classes=[IsSignedIn])
