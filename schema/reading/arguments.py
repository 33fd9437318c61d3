"""What a client asks of a list, parted into its form, which shapes a statement, and its values, which don't.

Two requests of one form share one statement; a value takes part in it as a parameter alone. A list's
size is of its form, since planners need to know how few rows are wanted.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from functools import cache, cached_property
from typing import Any

from strawberry import UNSET

from authz import cursors
from authz.keys import Keys
from authz.viewer import Viewer
from schema.errors import Code, CodedError, bad_input

LARGEST_PAGE = 200
DEFAULT_PAGE = 50
DEEPEST_FILTER = 10
MOST_CONDITIONS = 500
"""More would be a statement that databases refuse, or take long to plan."""

MOST_FIELDS = 10
MOST_GIVEN = 5_000
"""Values in all arguments of an operation together, each counted wherever it is used."""

_KEYWORDS = {"in", "not", "is"}


@dataclass(frozen=True, slots=True)
class Slot:
    """The place of a value among all that a client gave."""

    number: int


FilterForm = tuple[tuple[str, Any], ...]
"""The names that a filter gives, in order: each with a slot, a nested form, or what shapes the condition."""


@dataclass(frozen=True, slots=True)
class ListForm:
    """What of a list's arguments shapes its statement.

    `after` and `before` tell which parts of the places are null; their values begin at the slots
    `after_slot` and `before_slot`. `order` holds names in Python, and whether downwards.
    """

    size: int
    backwards: bool
    filter: FilterForm | None = None
    order: tuple[tuple[str, bool], ...] = ()
    after: tuple[bool, ...] | None = None
    before: tuple[bool, ...] | None = None
    after_slot: int = 0
    before_slot: int = 0


@dataclass(frozen=True)
class Asked:
    """What a client asks of a field: the form (a list's is a ListForm), and the values in its slots."""

    form: Any
    values: tuple[Any, ...]
    bind: Callable[[], bytes] = bytes

    @cached_property
    def binding(self) -> bytes:
        """What a list's cursors are bound to."""
        return self.bind()


@dataclass(slots=True)
class Lifting:
    """Parts filters into forms and values; amounts are of `currency` where none is named.

    Raises CodedError where a filter is too large or too deep.
    """

    currency: str
    values: list[Any] = field(default_factory=list)
    _conditions: int = 0

    def filter(self, filter: Any, depth: int = 1) -> FilterForm:
        """The form of a filter; its values are added to `values`."""
        if depth > DEEPEST_FILTER:
            message = f"A filter is nested at most {DEEPEST_FILTER} levels deep; ask in simpler terms."
            raise CodedError(Code.QUERY_TOO_COMPLEX, message)
        return tuple(sorted((name, self._operand(name, operand, depth)) for name, operand in given(filter)))

    def _operand(self, name: str, operand: Any, depth: int) -> Any:
        self._count(1)
        match name:
            case "all" | "any":
                return tuple(self.filter(each, depth + 1) for each in operand)
            case "not_":
                return self.filter(operand, depth + 1)
            case "search":
                return self._slot(operand)
        pairs = dict(given(operand))
        if any(_decimal(each) for each in pairs.values()):
            pairs = _priced(pairs, self.currency)
        return tuple(sorted((word, self._compared(word, each, depth)) for word, each in pairs.items()))

    def _compared(self, word: str, compared: Any, depth: int) -> Any:
        match word:
            case "some" | "none" | "every" | "is_":
                return self.filter(compared, depth + 1)
            case "is_null":
                return bool(compared)
            case "in_":
                self._count(len(compared))
        return self._slot(compared)

    def _slot(self, held: Any) -> Slot:
        self.values.append(held)
        return Slot(len(self.values) - 1)

    def _count(self, conditions: int) -> None:
        self._conditions += conditions
        if self._conditions > MOST_CONDITIONS:
            message = f"A filter holds at most {MOST_CONDITIONS} conditions and values; split the question."
            raise CodedError(Code.QUERY_TOO_COMPLEX, message)


def _decimal(operand: Any) -> bool:
    return isinstance(operand, Decimal) or (isinstance(operand, list) and any(map(_decimal, operand)))


def _priced(pairs: dict[str, Any], ours: str) -> dict[str, Any]:
    """Amounts with the currency that they are of: the account's, unless another is named."""
    code = pairs.get("currency") or ours
    return {name: _with_currency(each, code) for name, each in pairs.items()} | {"currency": code}


def _with_currency(operand: Any, code: str) -> Any:
    if isinstance(operand, list):
        return [(each, code) for each in operand]
    return (operand, code) if isinstance(operand, Decimal) else operand


def given(filter: Any) -> Iterator[tuple[str, Any]]:
    """The names in Python and the values that an input gives; absent and null ones are no condition."""
    if isinstance(filter, Mapping):
        pairs = [(python_name(name), operand) for name, operand in filter.items()]
    else:
        fields = type(filter).__strawberry_definition__.fields
        pairs = [(each.python_name, getattr(filter, each.python_name)) for each in fields]
    return ((name, operand) for name, operand in pairs if operand is not UNSET and operand is not None)


@cache
def python_name(name: str) -> str:
    """The name in Python of an input's field."""
    snake = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)
    return f"{snake}_" if snake in _KEYWORDS else snake


def asked_of_list(keys: Keys, viewer: Viewer, table: str, arguments: Mapping[str, Any]) -> Asked:
    """What a connection's arguments, by their names in Python, ask of the list. Raises CodedError."""
    size, backwards = _page(arguments)
    lifting = Lifting(viewer.currency)
    filter, order_by = _absent_as_none(arguments.get("filter")), _absent_as_none(arguments.get("order_by"))
    form = None if filter is None else lifting.filter(filter)
    order = _order(order_by or ())

    def bind() -> bytes:
        plain_filter = None if form is None else unlifted(form, lifting.values)
        return _binding(viewer, table, plain_filter, order)

    places = [_place(keys, bind, _absent_as_none(arguments.get(name))) for name in ("after", "before")]
    after, before = (None if place is None else tuple(part is None for part in place) for place in places)
    starts = len(lifting.values), len(lifting.values) + len(places[0] or ())
    values = (*lifting.values, *(places[0] or ()), *(places[1] or ()))
    return Asked(ListForm(size, backwards, form, order, after, before, *starts), values, bind)


@dataclass(slots=True)
class Given:
    """How many values an operation's arguments hold so far, however few variables they come from."""

    values: int = 0

    def add(self, given: Any) -> None:
        """Count what a field is given. Raises CodedError."""
        left = [given]
        while left:
            each = left.pop()
            self.values += 1
            if self.values > MOST_GIVEN:
                message = f"All arguments together hold at most {MOST_GIVEN} values; send several requests."
                raise CodedError(Code.QUERY_TOO_COMPLEX, message)
            if isinstance(each, Mapping):
                left.extend(each.values())
            elif isinstance(each, list):
                left.extend(each)


def whole_list(values: tuple[Any, ...] = ()) -> Asked:
    """All of a list, in its own order."""
    return Asked(ListForm(0, backwards=False), values)


def _page(arguments: Mapping[str, Any]) -> tuple[int, bool]:
    first, last = (_size(arguments.get(name), name) for name in ("first", "last"))
    if first is not None and last is not None:
        raise bad_input("Ask for `first` or for `last`, not for both.")
    size = first if first is not None else last if last is not None else DEFAULT_PAGE
    return size, last is not None


def _size(raw: Any, name: str) -> int | None:
    if raw is None or raw is UNSET:
        return None
    if not 1 <= raw <= LARGEST_PAGE:
        raise bad_input(f"`{name}` is a number from 1 to {LARGEST_PAGE}; it is {raw}.")
    return int(raw)


def _order(order_by: Any) -> tuple[tuple[str, bool], ...]:
    if len(order_by) > MOST_FIELDS:
        raise CodedError(Code.QUERY_TOO_COMPLEX, f"A list is ordered by at most {MOST_FIELDS} fields.")
    pairs = [dict(given(each)) for each in order_by]
    return tuple((plain(pair["field"]), plain(pair.get("direction", "ASC")) == "DESC") for pair in pairs)


def _place(keys: Keys, bind: Callable[[], bytes], cursor: Any) -> list[Any] | None:
    if cursor is None:
        return None
    try:
        return cursors.open(keys, bind(), str(cursor))
    except cursors.BadCursor as error:
        raise CodedError(Code.INVALID_CURSOR, str(error)) from None


def _binding(viewer: Viewer, table: str, filter: Any, order: tuple[tuple[str, bool], ...]) -> bytes:
    bound = [viewer.kind, str(viewer.actor_id), table, filter, order]
    return json.dumps(bound, default=str).encode()


def unlifted(form: Any, values: list[Any]) -> Any:
    """A form with its values put back, as JSON takes it."""
    if isinstance(form, Slot):
        held = values[form.number]
        return [_text(each) for each in held] if isinstance(held, list) else _text(held)
    return [unlifted(part, values) for part in form] if isinstance(form, tuple) else form


def _text(held: Any) -> Any:
    held = plain(held)
    return str(held) if isinstance(held, datetime | date | Decimal | tuple) else held


def plain(operand: Any) -> Any:
    """An enum's value; anything else as it is."""
    return operand.value if isinstance(operand, Enum) else operand


def _absent_as_none(given: Any) -> Any:
    return None if given is UNSET else given
