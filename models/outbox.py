"""The outbox: what changed, in order, for those who watch; ids alone, so that it can betray nothing."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple
from uuid import UUID

from tortoise import Model, fields

from models.database import hydrate
from models.record import RecordType

VIA = "via"
"""In an event's `before`: the inboxes of conversations by which the record was seen until then."""


class ChangeKind(StrEnum):
    """What became of a record."""

    CREATED = "CREATED"
    UPDATED = "UPDATED"
    GONE = "GONE"


class OutboxEvent(Model):
    """One change of one record, written with it in one transaction.

    `before` is where the record was until then: the columns that decide who sees it, by name; None for a
    new one; and the inboxes by which it was seen, under VIA, where a conversation's inbox decided and has
    changed. `columns` are the names of those that changed. The order is `xact`, then `id`: PostgreSQL's
    transactions end in another order than they begin, so there `xact` is the transaction's number, and an
    event is read only once every older transaction has ended; SQLite writes one at a time, and has 0.
    """

    id = fields.BigIntField(primary_key=True, generated=True)
    account: fields.ForeignKeyRelation[Any] = fields.ForeignKeyField(
        "models.Account", related_name=False, on_delete=fields.RESTRICT
    )
    record_type = fields.CharEnumField(RecordType, max_length=16)
    record_id = fields.UUIDField()
    kind = fields.CharEnumField(ChangeKind, max_length=16)
    at = fields.DatetimeField()
    before: Any = fields.JSONField(null=True)
    columns: Any = fields.JSONField(default=list)
    xact = fields.BigIntField(default=0)
    account_id: Any

    class Meta:
        table = "outbox_event"
        indexes = (("account", "xact", "id"),)


class Position(NamedTuple):
    """A place in an account's outbox."""

    xact: int
    id: int


@dataclass(frozen=True, slots=True)
class Event:
    """An event as it is read. `before` has UUIDs, those under VIA as a list; None for a new record."""

    position: Position
    record_type: RecordType
    record_id: UUID
    before: Mapping[str, Any] | None
    columns: frozenset[str]

    @property
    def of_neighbour(self) -> bool:
        """Whether nothing of the record itself changed, but what a conversation decides about it."""
        return not self.columns and self.before is not None and VIA in self.before


def event_of(row: Mapping[str, Any]) -> Event:
    """The event of a raw row."""
    held = hydrate(OutboxEvent, row)
    return Event(
        Position(held["xact"], held["id"]),
        held["record_type"],
        held["record_id"],
        None if held["before"] is None else {name: _ids(each) for name, each in held["before"].items()},
        frozenset(held["columns"]),
    )


def _ids(value: Any) -> Any:
    if isinstance(value, list):
        return [UUID(each) for each in value]
    return None if value is None else UUID(value)
