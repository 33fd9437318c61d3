"""Parameters that are not known when a statement is planned, and the run that knows them."""

from collections.abc import Callable, Mapping, Sequence
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
