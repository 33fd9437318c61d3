"""Parameters that are not known when a statement is planned, and the run that knows them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from authz import cursors
from authz.compiling import Compiler
from authz.keys import Keys
from authz.predicate import Param
from authz.viewer import Viewer
from models.database import Dialect, among
from models.sql import Sql, value
from schema.errors import bad_input
from schema.reading.holding import Late
from schema.reading.size import Size


@dataclass(slots=True)
class Run:
    """One use of a plan: who asks, what they ask of each list, and what a mutation left to read."""

    viewer: Viewer
    keys: Keys
    asked: Sequence[Any]
    row: Mapping[str, Any] = field(default_factory=dict)
    size: Size = field(default_factory=Size)

    def cursor(self, site: int, place: list[Any]) -> str:
        """A row's place in the list that the field `site` reads, sealed. Raises CodedError, TooLarge."""
        try:
            cursor = cursors.seal(self.keys, self.asked[site].binding, place)
        except ValueError as error:
            raise bad_input(str(error)) from None
        self.size.add(len(cursor))
        return cursor


@dataclass(frozen=True, slots=True)
class OfViewer:
    """Something of whoever will ask."""

    name: str
    adapt: Callable[[Any], Any] = lambda held: held


@dataclass(frozen=True, slots=True)
class OfRow:
    """A column of the row that a mutation leaves."""

    name: str


@dataclass(frozen=True, slots=True)
class OfOutcome:
    """The ids of a table's rows that an outcome names: those in its columns at the end of `path`.

    What a column of the path holds is an outcome, or a list of them; at its end is an id, or a list of
    pairs of a table and an id.
    """

    table: str
    path: tuple[str, ...]
    adapt: Callable[[Sequence[str]], Any]

    def named(self, row: Mapping[str, Any]) -> Any:
        """The ids, each once, as the database takes them."""
        return self.adapt(list(dict.fromkeys(self._ids([row], self.path))))

    def _ids(self, rows: Sequence[Mapping[str, Any]], path: tuple[str, ...]) -> Iterator[str]:
        name, *below = path
        held = [row[name] for row in rows if row[name] is not None]
        flat = [one for each in held for one in (each if isinstance(each, list) else [each])]
        if below:
            yield from self._ids([outcome.row for outcome in flat], tuple(below))
            return
        for each in flat:
            if not isinstance(each, tuple):
                yield str(each)
            elif each[0] == self.table:
                yield str(each[1])


Bind = Callable[[Run], Any]


def binder(param: Any) -> Bind:
    """How to find the parameter once the plan is run."""
    match param:
        case Late(site, slot, adapt):
            return lambda run: adapt(run.asked[site].values[slot])
        case OfViewer(name, adapt):
            return lambda run: adapt(getattr(run.viewer, name))
        case OfRow(name):
            return lambda run: run.row.get(name)
        case OfOutcome():
            return lambda run: param.named(run.row)
    return lambda run: param


class LateCompiler(Compiler):
    """Compiles predicates for whoever will ask: nothing of one person is in the statement."""

    splits_sums = False

    @property
    def currency(self) -> Any:
        """Where to find the account's currency."""
        return OfViewer("currency")

    def param(self, param: Param) -> Any:
        """Where to find one id of the viewer's."""
        return OfViewer(param.value)

    def members(self, column: str, param: Param) -> Sql:
        """Whether the column is among a set of ids of the viewer's."""
        if self.dialect is Dialect.POSTGRES:
            return f"{column} = ANY(" + value(OfViewer(param.value, sorted)) + ")"
        listed = OfViewer(param.value, lambda ids: among(Dialect.SQLITE, "", sorted(ids)).params[0])
        return f"{column} IN (SELECT value FROM json_each(" + value(listed) + "))"
