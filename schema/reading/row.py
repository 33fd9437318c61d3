"""One row in the making: what a statement puts into its array, and where the shape finds it there."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from models.database import Dialect
from models.sql import Sql, join
from schema.reading.plan import Unplanned

WIDEST = 80
"""Values of one array: functions take a hundred arguments at most. The rest is in an array at its end."""

MOST_JOINS = 16
"""Tables joined in one FROM: SQLite takes 64, and planners take long over many."""

MOST_TEXT = 1_500_000
"""Characters of a plan's statement, counted at each level that they are put into: a second's work."""


@dataclass(slots=True)
class Source:
    """A FROM in the making. Without a table of its own, nothing can be joined to it."""

    joinable: bool = True
    joins: list[Sql] = field(default_factory=list)

    @property
    def full(self) -> bool:
        """Whether what is referred to has to be looked up apart."""
        return not self.joinable or len(self.joins) >= MOST_JOINS

    def joined(self) -> Sql:
        """The joins, to follow the table."""
        return join("", self.joins)


@dataclass(slots=True)
class Room:
    """How much more text a plan's rows may hold, each put into what is around it."""

    left: int = MOST_TEXT

    def take(self, characters: int) -> None:
        """Take some of it. Raises Unplanned."""
        self.left -= characters
        if self.left < 0:
            raise Unplanned("the statement would be too long")


@dataclass(slots=True)
class Row:
    """The array that stands for one row; the shape has it under the name `name`."""

    dialect: Dialect
    name: str
    room: Room
    source: Source = field(default_factory=Source)
    values: list[Sql] = field(default_factory=list)
    repeats: int = 1
    """How often at most one value was asked for: so often it may be in the answer."""

    _alike: dict[str, list[int]] = field(default_factory=dict)
    _taken: Counter[int] = field(default_factory=Counter)

    def take(self, sql: Sql) -> str:
        """Put a value into the array, once, and say where it is. Raises Unplanned."""
        number = self._number(sql)
        self._taken[number] += 1
        self.repeats = max(self.repeats, self._taken[number])
        return self.name + f"[{WIDEST}]" * (number // WIDEST) + f"[{number % WIDEST}]"

    def _number(self, sql: Sql) -> int:
        alike = self._alike.setdefault(sql.text, [])
        for number in alike:
            if self.values[number].params == sql.params:
                return number
        self.room.take(len(sql.text))
        self.values.append(sql)
        alike.append(len(self.values) - 1)
        return alike[-1]

    def getter(self, number: int) -> Callable[[Any], Any]:
        """What finds the value with this number in an array that was read."""
        depth, place = divmod(number, WIDEST)

        def get(found: Any) -> Any:
            for _ in range(depth):
                found = found[WIDEST]
            return found[place]

        return get

    def array(self) -> Sql:
        """The array, as JSON."""
        return self._array(self.values)

    def _array(self, values: list[Sql]) -> Sql:
        kept = values[:WIDEST]
        if len(values) > WIDEST:
            kept = [*kept, self._array(values[WIDEST:])]
        return f"{array_function(self.dialect)}(" + join(", ", kept) + ")"


def array_function(dialect: Dialect) -> str:
    """What makes an array of its arguments."""
    return "json_build_array" if dialect is Dialect.POSTGRES else "json_array"


def gathered(dialect: Dialect, array: Sql, order: str) -> Sql:
    """All rows' arrays in one. SQLite keeps the order in which it reads them, which is that of the page."""
    if dialect is Dialect.POSTGRES:
        return "COALESCE(json_agg(" + array + f" ORDER BY {order}), '[]')"
    return "json_group_array(" + array + ")"
