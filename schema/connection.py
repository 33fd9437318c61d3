"""Connections (Relay, "GraphQL Cursor Connections Specification"): pages of lists, counted when asked."""

from typing import Any, Generic, TypeVar

import strawberry

from authz.access import IN_SIGHT
from schema.fields import computed
from schema.reading.listing import Listing

T = TypeVar("T")


@strawberry.type
class PageInfo:
    """Where a page lies in its list."""

    listing: strawberry.Private[Listing]

    @computed(IN_SIGHT)
    async def has_next_page(self) -> bool:
        """Whether rows follow the page."""
        return await self.listing.more_after()

    @computed(IN_SIGHT)
    async def has_previous_page(self) -> bool:
        """Whether rows come before the page."""
        return await self.listing.more_before()

    @computed(IN_SIGHT)
    async def start_cursor(self) -> str | None:
        """The place of the page's first row."""
        rows = await self.listing.rows()
        return self.listing.cursor(rows[0]) if rows else None

    @computed(IN_SIGHT)
    async def end_cursor(self) -> str | None:
        """The place of the page's last row."""
        rows = await self.listing.rows()
        return self.listing.cursor(rows[-1]) if rows else None


@strawberry.type
class Edge(Generic[T]):
    """A row in its place."""

    listing: strawberry.Private[Listing]
    row: strawberry.Private[Any]

    @computed(IN_SIGHT)
    def cursor(self) -> str:
        """The row's place in the list, for `after` and `before`."""
        return self.listing.cursor(self.row)

    @computed(IN_SIGHT)
    def node(self) -> T:
        """The row."""
        node: T = self.listing.see(self.row)
        return node


@strawberry.type
class Connection(Generic[T]):
    """A page of a list of what is in the viewer's sight."""

    listing: strawberry.Private[Listing]

    @computed(IN_SIGHT)
    async def edges(self) -> list[Edge[T]]:
        """The page's rows with their places."""
        return [Edge(listing=self.listing, row=row) for row in await self.listing.rows()]

    @computed(IN_SIGHT)
    async def nodes(self) -> list[T]:
        """The page's rows."""
        return [self.listing.see(row) for row in await self.listing.rows()]

    @computed(IN_SIGHT)
    def page_info(self) -> PageInfo:
        """Where the page lies in the list."""
        return PageInfo(listing=self.listing)

    @computed(IN_SIGHT)
    async def total_count(self) -> int:
        """How many rows the whole list has; counted only when asked for."""
        return await self.listing.count()
