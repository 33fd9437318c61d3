"""The node: whatever has an id of its own (Relay, "Global Object Identification")."""

import strawberry

from authz.access import IN_SIGHT
from schema.fields import computed
from schema.global_id import to_global
from schema.reading.marks import Mark
from schema.seen import Seen
from schema.tables import type_name


@strawberry.interface
class Node(Seen):
    """An object with an id."""

    @computed(IN_SIGHT, reads=Mark.ID)
    def id(self) -> strawberry.ID:
        """Opaque; `node(id:)` finds the object again."""
        return strawberry.ID(to_global(type_name(self.table), self.row["id"]))
