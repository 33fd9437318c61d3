"""Whatever has an id: found again by it."""

import strawberry

from authz.access import SIGNED_IN
from schema.context import Context
from schema.errors import bad_input
from schema.fields import computed
from schema.global_id import from_global
from schema.node import Node
from schema.reading.listing import LARGEST_PAGE
from schema.seen import TYPES, Seen, see
from schema.tables import type_name


@strawberry.type
class NodeQueries(Seen):
    """What can be asked by id alone."""

    @computed(SIGNED_IN)
    async def node(self, info: strawberry.Info, id: strawberry.ID) -> Node | None:
        """The object with this id, where it is in sight."""
        return await _find(info.context, id)

    @computed(SIGNED_IN)
    async def nodes(self, info: strawberry.Info, ids: list[strawberry.ID]) -> list[Node | None] | None:
        """The objects with these ids, in their order; null for each that is not in sight."""
        if len(ids) > LARGEST_PAGE:
            raise bad_input(f"Ask for at most {LARGEST_PAGE} ids at once; these are {len(ids)}.")
        return [await _find(info.context, id) for id in ids]


async def _find(context: Context, global_id: str) -> Node | None:
    named = from_global(global_id)
    tables = {type_name(table): table for table, type_ in TYPES.items() if issubclass(type_, Node)}
    if named is None or named[0] not in tables:
        return None
    table = tables[named[0]]
    row = await context.find(table, named[1])
    return None if row is None else see(table, row)
