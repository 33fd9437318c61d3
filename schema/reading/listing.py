"""Lists read the ordinary way: one statement for a page, one for what else is asked about it."""

from asyncio import Lock
from typing import Any

from authz import cursors
from models.sql import Sql, value
from schema.context import Columns, Context
from schema.errors import bad_input
from schema.reading.arguments import Asked, asked_of_list, whole_list
from schema.reading.holding import Now
from schema.reading.paging import Paging, Tie
from schema.reading.reads import Each, Many, Related
from schema.reading.view import View
from schema.seen import Seen, see


class Listing:
    """One page of one list, and what can be asked about it. Reads when asked, and once."""

    def __init__(self, context: Context, table: str, tie: Tie | None, asked: Asked) -> None:
        self.context = context
        self.table = table
        self.page = Paging.of(View(context.compiler()), table, tie, asked.form, Now(asked.values))
        self._asked = asked
        self._read: list[Columns] | None = None
        self._more = False
        self._reading = Lock()

    @classmethod
    def of(cls, context: Context, reads: Many, source: Seen, arguments: dict[str, Any]) -> "Listing":
        """The list that a field reads for the row in hand. Raises CodedError, RefusedByRole."""
        asked = asked_of_list(context.keys, context.known_viewer, reads.table, arguments)
        return cls(context, reads.table, _tie(reads, source), asked)

    async def rows(self) -> list[Columns]:
        """The page's rows, in the list's order whichever end it was counted from."""
        async with self._reading:
            await self._read_once()
        assert self._read is not None
        return self._read

    async def _read_once(self) -> None:
        if self._read is None:
            fetched = await self.context.rows(self.table, self.page.rows())
            self._more = len(fetched) > self.page.form.size
            kept = fetched[: self.page.form.size]
            self._read = kept[::-1] if self.page.form.backwards else kept

    async def count(self) -> int:
        """How many rows the whole list has."""
        return int((await self.context.session.fetch(self.page.count()))[0]["n"])

    async def more_after(self) -> bool:
        """Whether rows follow the page."""
        await self.rows()
        return (self._more and not self.page.form.backwards) or await self._whether(self.page.any_after())

    async def more_before(self) -> bool:
        """Whether rows come before the page."""
        await self.rows()
        return (self._more and self.page.form.backwards) or await self._whether(self.page.any_before())

    def cursor(self, row: Columns) -> str:
        """The row's place in this list, sealed."""
        place = [*(row[f"order_{number}"] for number in range(len(self.page.keys))), row["id"]]
        try:
            cursor = cursors.seal(self.context.keys, self._asked.binding, place)
        except ValueError as error:
            raise bad_input(str(error)) from None
        self.context.size.add(len(cursor))
        return cursor

    def see(self, row: Columns) -> Any:
        """The object of a row."""
        return see(self.table, row)

    async def _whether(self, exists: Sql | None) -> bool:
        if exists is None:
            return False
        return bool((await self.context.session.fetch("SELECT " + exists + " AS found"))[0]["found"])


def _tie(reads: Related, source: Seen) -> Tie | None:
    return None if reads.whole else lambda alias: reads.tie(alias, source.table, value(source.row["id"]))


async def each(context: Context, reads: Each, source: Seen) -> list[Columns]:
    """All the rows of a plain list, in its own order."""
    asked = whole_list()
    page = Paging.of(View(context.compiler()), reads.table, _tie(reads, source), asked.form, Now(()))
    return await context.rows(reads.table, page.rows())
