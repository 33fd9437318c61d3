"""Fields, declared by what they read and by the rule that guards them, not by how they are read.

`title: str | None = column(IDENTITY)` reads a column; `one`, `many` and `each` follow references;
`computed` calls a method. Executed one value at a time, each reads for itself.
"""

from collections.abc import Awaitable, Callable
from inspect import cleandoc
from typing import Any

from strawberry.annotation import StrawberryAnnotation
from strawberry.extensions import FieldExtension
from strawberry.permission import PermissionExtension
from strawberry.types.arguments import StrawberryArgument
from strawberry.types.field import StrawberryField

from authz.access import AccessRule
from schema.errors import RefusedByRole
from schema.inputs import NAMESPACE
from schema.reading.marks import Mark
from schema.reading.reads import Amount, Column, Each, Find, Many, NamedRows, One, Reads
from schema.tables import type_name


class Guard(PermissionExtension):
    """Asks a field's access rule; what it does not grant is null, and is no error here.

    A refusal by role is reported once, before execution (schema/refusals.py); what a rule hides on
    a row is no error at all.
    """

    def __init__(self, rule: AccessRule) -> None:
        super().__init__([rule])
        self.rule = rule

    def _on_unauthorized(self, permission: Any) -> None:
        return None


class GuardedField(StrawberryField):
    """A field with its rule and, unless a method computes it, what it reads."""

    @property
    def rule(self) -> AccessRule:
        """The rule that guards the field."""
        rule: AccessRule = self.metadata["rule"]
        return rule

    @property
    def reads(self) -> Reads | None:
        """What the field reads; None where a method computes it."""
        reads: Reads | None = self.metadata["reads"]
        return reads

    @property
    def column_name(self) -> str:
        """The column that a column's field reads: its own name, unless the declaration says another."""
        name = getattr(self.reads, "name", None) or self.python_name
        assert name is not None
        return name

    @property
    def is_async(self) -> bool:
        """Guards may look into other rows, so every field is awaited."""
        return True

    def get_result(self, source: Any, info: Any, args: list[Any], kwargs: Any) -> Awaitable[Any]:
        """The field's value, for a row in hand."""
        return self._result(source, info, args, kwargs)

    async def _result(self, source: Any, info: Any, args: list[Any], kwargs: Any) -> Any:
        try:
            if self.reads is not None:
                return await self.reads.resolve(self, source, info.context, kwargs)
            result = super().get_result(source, info, args, kwargs)
            return await result if isinstance(result, Awaitable) else result
        except RefusedByRole:
            return None


def _guarded(
    rule: AccessRule, reads: Reads | None, arguments: list[StrawberryArgument] | None = None, **options: Any
) -> Any:
    extensions: list[FieldExtension] = [Guard(rule)]
    metadata = {"rule": rule, "reads": reads, **options.pop("metadata", {})}
    field = GuardedField(metadata=metadata, extensions=extensions, **options)
    if arguments is not None:
        field.arguments = arguments
    return field


def column(rule: AccessRule, name: str | None = None, **options: Any) -> Any:
    """A column of the row."""
    return _guarded(rule, Column(name), **options)


def amount(rule: AccessRule, amount: str = "amount", currency: str = "currency", **options: Any) -> Any:
    """Money: a column of minor units, and one of the currency."""
    return _guarded(rule, Amount(amount, currency), **options)


def one(rule: AccessRule, table: str, name: str | None = None, **options: Any) -> Any:
    """The row of `table` that a column refers to, where it is in sight."""
    return _guarded(rule, One(table, name), **options)


def named(rule: AccessRule, **options: Any) -> Any:
    """The rows, of several tables, that something worked out names, where they are in sight."""
    return _guarded(rule, NamedRows(), **options)


def many(rule: AccessRule, table: str, inner: str | None = None, **options: Any) -> Any:
    """A connection of the rows of `table` whose `inner` refers to this row; without `inner`, of all."""
    return _guarded(rule, Many(table, inner), _connection_arguments(table), **options)


def many_of_record(rule: AccessRule, table: str, **options: Any) -> Any:
    """A connection of the rows of `table` that belong to this record; one table serves every type."""
    return _guarded(rule, Many(table, "record_id", of_record=True), _connection_arguments(table), **options)


def many_through(rule: AccessRule, table: str, joining: str, here: str, there: str, **options: Any) -> Any:
    """A connection of the rows of `table` that the table `joining` joins with this row."""
    reads = Many(table, "id", through=(joining, here, there))
    return _guarded(rule, reads, _connection_arguments(table), **options)


def each_of(rule: AccessRule, table: str, inner: str, **options: Any) -> Any:
    """A plain list of the rows of `table` whose `inner` refers to this row, by name."""
    return _guarded(rule, Each(table, inner=inner), [], **options)


def each(rule: AccessRule, table: str, through: tuple[str, str, str] | None = None, **options: Any) -> Any:
    """A plain list of rows of `table`, by name; `through` is the table that joins, with its columns."""
    return _guarded(rule, Each(table, through=through), [], **options)


def find(rule: AccessRule, table: str, **options: Any) -> Any:
    """The row of `table` with the id that the client gives, where it is in sight."""
    return _guarded(rule, Find(table), [_argument("id", "ID")], **options)


def computed(
    rule: AccessRule, reads: Mark | None = None, **options: Any
) -> Callable[[Callable[..., Any]], Any]:
    """What a method makes, from what its viewer may read; `reads` marks how a plan makes the same."""

    def declare(method: Callable[..., Any]) -> Any:
        described = {"description": cleandoc(method.__doc__ or ""), **options}
        described["metadata"] = {"planned": reads, **described.get("metadata", {})}
        return _guarded(rule, None, **described)(method)

    return declare


def _argument(name: str, annotation: str) -> StrawberryArgument:
    return StrawberryArgument(name, None, StrawberryAnnotation(annotation, namespace=NAMESPACE))


def _connection_arguments(table: str) -> list[StrawberryArgument]:
    name = type_name(table)
    return [
        _argument("first", "Optional[int]"),
        _argument("after", "Optional[str]"),
        _argument("last", "Optional[int]"),
        _argument("before", "Optional[str]"),
        _argument("filter", f"Optional[{name}Filter]"),
        _argument("order_by", f"Optional[list[{name}Order]]"),
    ]


def rule_of(field: Any) -> Any:
    """The rule, or a mutation's policy, that guards a field; None where the declaration forgot it."""
    guards = [each for each in getattr(field, "extensions", ()) if isinstance(each, PermissionExtension)]
    return guards[0].permissions[0] if guards else None
