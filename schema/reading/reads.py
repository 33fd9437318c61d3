"""What a field reads. Each kind can read for one row in hand: the ordinary way, plainly right."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from models.sql import Sql, value
from schema.errors import CodedError
from schema.global_id import id_of
from schema.tables import type_name

if TYPE_CHECKING:
    from schema.context import Context
    from schema.fields import GuardedField
    from schema.seen import Seen


@dataclass(frozen=True, slots=True)
class Reads:
    """What a field reads."""

    async def resolve(
        self, field: "GuardedField", source: "Seen", context: "Context", given: dict[str, Any]
    ) -> Any:
        """The value for the row in hand; `given` are the field's arguments."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class Column(Reads):
    """A column of the row."""

    name: str | None = None

    async def resolve(
        self, field: "GuardedField", source: "Seen", context: "Context", given: dict[str, Any]
    ) -> Any:
        """The column's value."""
        return source.row[field.column_name]


@dataclass(frozen=True, slots=True)
class Amount(Reads):
    """Money: minor units in one column, the currency in another."""

    name: str
    currency: str

    async def resolve(
        self, field: "GuardedField", source: "Seen", context: "Context", given: dict[str, Any]
    ) -> Any:
        """The money, or None."""
        from schema.money import Money

        units, currency = source.row[self.name], source.row[self.currency]
        return None if units is None or currency is None else Money.of_units(units, currency)


@dataclass(frozen=True, slots=True)
class One(Reads):
    """The row of `table` that a column refers to."""

    table: str
    name: str | None = None

    def column(self, field: "GuardedField") -> str:
        """The column that refers."""
        return self.name or f"{field.python_name}_id"

    async def resolve(
        self, field: "GuardedField", source: "Seen", context: "Context", given: dict[str, Any]
    ) -> Any:
        """The row referred to, where it is in sight."""
        from schema.seen import see

        row = await context.find(self.table, source.row[self.column(field)])
        return None if row is None else see(self.table, row)


@dataclass(frozen=True, slots=True)
class NamedRows(Reads):
    """Rows of several tables, which what was worked out names: pairs of a table and an id."""

    async def resolve(
        self, field: "GuardedField", source: "Seen", context: "Context", given: dict[str, Any]
    ) -> Any:
        """Those in sight, in their order."""
        from schema.seen import see

        pairs = source.row[field.column_name]
        found = [(table, await context.find(table, id)) for table, id in pairs]
        return [see(table, row) for table, row in found if row is not None]


@dataclass(frozen=True, slots=True)
class Find(Reads):
    """The row of `table` whose global id the client gives."""

    table: str

    async def resolve(
        self, field: "GuardedField", source: "Seen", context: "Context", given: dict[str, Any]
    ) -> Any:
        """The row, where it is in sight; an id of another type names nothing."""
        from schema.seen import see

        row = await context.find(self.table, id_of(type_name(self.table), given["id"]))
        return None if row is None else see(self.table, row)


@dataclass(frozen=True, slots=True)
class Related(Reads):
    """Rows of `table` that belong to this row: those whose `inner` refers to it.

    `through` is a table that joins: (its name, its column for this row, its column for those).
    `of_record` says that one table serves every type of record, told apart by `record_type`.
    Neither `inner` nor `through`: all the rows in sight.
    """

    table: str
    inner: str | None = None
    through: tuple[str, str, str] | None = None
    of_record: bool = False

    @property
    def whole(self) -> bool:
        """Whether it reads all the rows in sight, of no row in particular."""
        return self.inner is None and self.through is None

    def tie(self, inside: str, table: str, outer: Sql) -> Sql:
        """The condition that ties rows by the name `inside` to the row of `table` with the id `outer`."""
        if self.through is not None:
            joining, here, there = self.through
            return f"{inside}.id IN (SELECT j.{there} FROM {joining} j WHERE j.{here} = " + outer + ")"
        tie = f"{inside}.{self.inner} = " + outer
        return tie + f" AND {inside}.record_type = " + value(table.upper()) if self.of_record else tie


@dataclass(frozen=True, slots=True)
class Many(Related):
    """A connection of related rows."""

    async def resolve(
        self, field: "GuardedField", source: "Seen", context: "Context", given: dict[str, Any]
    ) -> Any:
        """The connection; it reads when asked for its parts. What can't be asked is refused beforehand."""
        from schema.connection import Connection
        from schema.reading.listing import Listing

        try:
            return Connection(listing=Listing.of(context, self, source, given))
        except CodedError:
            return None


@dataclass(frozen=True, slots=True)
class Each(Related):
    """A plain list of related rows, by name."""

    async def resolve(
        self, field: "GuardedField", source: "Seen", context: "Context", given: dict[str, Any]
    ) -> Any:
        """The rows in sight."""
        from schema.reading.listing import each
        from schema.seen import see

        rows = await each(context, self, source)
        return [see(self.table, row) for row in rows]
