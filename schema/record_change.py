"""What is told of a record to whoever watches: that it came into their view, changed in it, or left it."""

import strawberry
from strawberry import ID

from authz.access import FRAME
from schema.enums import ChangeKind
from schema.fields import column, computed
from schema.lazy import Record
from schema.payload import record_of
from schema.reading.marks import Mark
from schema.seen import Seen


@strawberry.type(description="That a record came into the viewer's view, changed in it, or left it.")
class RecordChange(Seen):
    """A frame of `recordChanged`; of a record that left the view it has the id alone."""

    kind: ChangeKind = column(FRAME)
    record_id: ID = column(FRAME)
    record: Record | None = computed(FRAME, reads=Mark.RECORD)(record_of)
    cursor: str = column(FRAME, description="Where in the stream this is: `after` takes up from here.")
