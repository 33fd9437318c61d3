"""A page of a list as SQL: which rows are listed, in which order, and what lies around the page."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from authz.belonging import Belonging
from models.sql import Sql, join
from schema.reading.arguments import ListForm, Slot
from schema.reading.filtering import Filtering
from schema.reading.holding import Held, as_it_is
from schema.reading.ordering import Key, Place, beyond, keys, order_sql
from schema.reading.view import View
from schema.tables import physical

Tie = Callable[[str], Sql]
"""Given a table's alias: the condition that keeps the rows that belong to what they hang on."""


@dataclass(frozen=True, slots=True)
class Paging:
    """One page of one list, by the name `alias`."""

    table: str
    alias: str
    form: ListForm
    listed: Sql
    keys: list[Key]
    after: Place | None
    before: Place | None

    @classmethod
    def of(
        cls,
        view: View,
        table: str,
        tie: Tie | None,
        form: ListForm,
        held: Held,
        known: Belonging | None = None,
    ) -> "Paging":
        """The page of the rows of `table` in sight that `tie` keeps, `known` saying what that tells of them.

        Raises RefusedByRole.
        """
        alias = view.alias()
        conditions = [view.rows(table, alias, known)]
        if tie is not None:
            conditions.append(tie(alias))
        if form.filter is not None:
            conditions.append(Filtering(view, held).condition(table, form.filter, alias))
        return cls(
            table,
            alias,
            form,
            join(" AND ", conditions),
            keys(view, table, form.order, alias),
            _place(form.after, form.after_slot, held),
            _place(form.before, form.before_slot, held),
        )

    def rows(self, columns: Iterable[str] = ("*",)) -> Sql:
        """The page's rows and one more, from the end that it is counted from; all rows of a whole list.

        Each with `columns`, and what it is ordered by as `order_0` and so on.
        """
        conditions = [self.listed]
        if self.after is not None:
            conditions.append(beyond(self.keys, self.after, self.alias, backwards=False))
        if self.before is not None:
            conditions.append(beyond(self.keys, self.before, self.alias, backwards=True))
        limit = f" LIMIT {self.form.size + 1}" if self.form.size else ""
        named = [Sql(f"{self.alias}.{column}") for column in columns]
        ordered = [key.sql + f" AS order_{n}" for n, key in enumerate(self.keys)]
        return (
            "SELECT "
            + join(", ", [*named, *ordered])
            + f" FROM {physical(self.table)} {self.alias} WHERE "
            + join(" AND ", conditions)
            + " ORDER BY "
            + order_sql(self.keys, self.alias, backwards=self.form.backwards)
            + limit
        )

    def order_of_page(self, alias: str) -> str:
        """The order of the page's rows, read from `rows` by the name `alias`."""
        kept = [
            Key(Sql(f"{alias}.order_{n}"), key.descending, key.certain) for n, key in enumerate(self.keys)
        ]
        return order_sql(kept, alias, backwards=self.form.backwards).text

    def count(self) -> Sql:
        """How many rows the whole list has."""
        return f"SELECT COUNT(*) AS n FROM {physical(self.table)} {self.alias} WHERE " + self.listed

    def any_before(self) -> Sql | None:
        """Whether the list has rows up to the place after which the page begins; None without one."""
        return None if self.after is None else self._any(self.after, backwards=True)

    def any_after(self) -> Sql | None:
        """Whether the list has rows from the place on before which the page ends; None without one."""
        return None if self.before is None else self._any(self.before, backwards=False)

    def _any(self, place: Place, *, backwards: bool) -> Sql:
        further = beyond(self.keys, place, self.alias, backwards=backwards, inclusive=True)
        return (
            f"EXISTS (SELECT 1 FROM {physical(self.table)} {self.alias} WHERE "
            + self.listed
            + " AND "
            + further
            + ")"
        )


def _place(nulls: tuple[bool, ...] | None, start: int, held: Held) -> Place | None:
    if nulls is None:
        return None
    return [None if null else held.param(Slot(start + n), as_it_is) for n, null in enumerate(nulls)]
