"""The SQL face of a predicate."""

from collections.abc import Iterator
from itertools import count
from typing import TYPE_CHECKING, Any

from authz.belonging import OfOther
from authz.predicate import All, AnyOf, Constant, Equals, Exists, In, Is, Not, Null, Param, Predicate
from models.database import Dialect, among
from models.sql import Sql, join, value

if TYPE_CHECKING:
    from authz.viewer import Viewer


class Compiler:
    """Turns predicates into SQL for one viewer, drawing an alias for each table that they look into."""

    splits_sums = True
    """Whether sums may never be more than the database can count to."""

    def __init__(self, dialect: Dialect, viewer: "Viewer", prefix: str = "g") -> None:
        self.dialect = dialect
        self.viewer = viewer
        self._aliases: Iterator[str] = (f"{prefix}{number}" for number in count())

    def alias(self) -> str:
        """A table alias not yet used in this statement."""
        return next(self._aliases)

    @property
    def currency(self) -> Any:
        """The parameter for the account's currency."""
        return self.viewer.currency

    def param(self, param: Param) -> Any:
        """The parameter for one id of the viewer's."""
        return getattr(self.viewer, param)

    def members(self, column: str, param: Param) -> Sql:
        """Whether the column is among a set of ids of the viewer's."""
        return among(self.dialect, column, sorted(getattr(self.viewer, param)))

    def sql(self, predicate: Predicate, alias: str) -> Sql:
        """The condition over the table that goes by `alias`."""
        match predicate:
            case Constant(holds):
                return Sql("TRUE" if holds else "FALSE")
            case Is(column, param):
                return Sql(f"{alias}.{column} = ") + value(self.param(param))
            case In(column, param):
                return self.members(f"{alias}.{column}", param)
            case Equals(column, constant):
                return Sql(f"{alias}.{column} = ") + value(constant)
            case Null(column):
                return Sql(f"{alias}.{column} IS NULL")
            case Not(part):
                return "NOT (" + self.sql(part, alias) + ")"
            case All(parts):
                return "(" + join(" AND ", [self.sql(part, alias) for part in parts]) + ")"
            case AnyOf(parts):
                return "(" + join(" OR ", [self.sql(part, alias) for part in parts]) + ")"
            case Exists():
                return self._exists(predicate, alias)
            case OfOther():
                return self.sql(predicate.where, predicate.alias)

    def _exists(self, predicate: Exists, alias: str) -> Sql:
        inside = self.alias()
        head = (
            f"EXISTS (SELECT 1 FROM {predicate.table} {inside} "
            f"WHERE {inside}.{predicate.inner} = {alias}.{predicate.outer} AND "
        )
        return head + self.sql(predicate.where, inside) + ")"
