"""Whatever has an id: found again by it."""

import strawberry

from authz.access import SIGNED_IN
from schema.context import Context
from schema.fields import computed
from schema.node import Node
from schema.reading.arguments import LARGEST_PAGE
from schema.reading.asking import named_node
from schema.reading.marks import Mark
from schema.seen import Seen, see


@strawberry.type
class NodeQueries(Seen):
    """What can be asked by id alone."""

    @computed(SIGNED_IN, reads=Mark.NODE)
    async def node(self, info: strawberry.Info, id: strawberry.ID) -> Node | None:
        """The object with this id, where it is in sight."""
        return await _find(info.context, id)

    @computed(SIGNED_IN, reads=Mark.NODES)
    async def nodes(self, info: strawberry.Info, ids: list[strawberry.ID]) -> list[Node | None] | None:
        """The objects with these ids, in their order; null for each that is not in sight."""
        if len(ids) > LARGEST_PAGE:
            return None
        return [await _find(info.context, id) for id in ids]


async def _find(context: Context, global_id: str) -> Node | None:
    named = named_node(global_id)
    if named is None:
        return None
    table, id = named
    row = await context.find(table, id)
    return None if row is None else see(table, row)
