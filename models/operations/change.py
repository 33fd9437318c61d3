"""How a row changes: locked, compared with the version that the writer saw, and only where it differs."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from models import clock
from models.base import Row
from models.operations.plain import Changes, changes_between, plain
from models.operations.problem import Conflict
from models.text import FoldedField, folded_of

R = TypeVar("R", bound=Row)

AT_ONCE = 10_000
"""Rows that are locked by one statement."""

SECRET = frozenset({"password_hash", "secret_hash"})
"""Columns that no timeline or audit entry ever holds."""
_UNTOLD = SECRET | {"id", "account_id", "version", "created_at", "updated_at", "source", "source_id"}


async def locked(row: R, expected_version: int | None = None) -> R:
    """The row as it stands, held until the transaction ends; raises Conflict if its version is another."""
    current: R = await type(row).filter(id=row.id).select_for_update(no_key=True).get()
    agree(current, expected_version)
    return current


async def all_locked(model: type[R], ids: Iterable[UUID | None]) -> dict[UUID, R]:
    """The rows of these ids, locked in the order of their ids so that two writers never wait in a ring."""
    wanted = sorted({wanted for wanted in ids if wanted is not None})
    return {row.id: row for some in _slices(wanted) for row in await _locked_rows(model, some)}


def _slices(ids: Sequence[UUID]) -> Iterator[Sequence[UUID]]:
    """A statement takes only so many parameters."""
    return (ids[start : start + AT_ONCE] for start in range(0, len(ids), AT_ONCE))


async def _locked_rows(model: type[R], ids: Sequence[UUID]) -> Sequence[R]:
    return await model.filter(id__in=ids).order_by("id").select_for_update(no_key=True)


def agree(row: Any, expected_version: int | None) -> None:
    """Raise Conflict unless the row has the version that the writer saw."""
    if expected_version is not None and row.version != expected_version:
        raise Conflict(f"It is not at version {expected_version}; read it again, then change it.")


async def apply(row: Row, columns: Mapping[str, Any], at: datetime | None = None) -> Changes:
    """Write the columns that differ, and the next version; return what changed, secrets left out."""
    before = {column: getattr(row, column) for column in columns}
    differing = {column: value for column, value in columns.items() if before[column] != value}
    if not differing:
        return {}
    changes = changes_between(before, differing)
    await renew(row, differing, at)
    return _with_currency(row, {column: change for column, change in changes.items() if column not in SECRET})


async def renew(row: Row, columns: Mapping[str, Any], at: datetime | None = None) -> None:
    """Write these columns as they are given, with the row's next version and the time of its change."""
    written = dict(columns) | _marks(row, at)
    for column, value in written.items():
        setattr(row, column, value)
    await row.save(update_fields=[*written, *_shadows(row, columns)])


def born(row: Row) -> Changes:
    """What a new row came with: each of its columns that has a value, from nothing."""
    told = (column for column in _columns(row) if column not in _UNTOLD)
    values = {column: plain(getattr(row, column)) for column in told}
    return {column: [None, value] for column, value in values.items() if value not in (None, [])}


def _with_currency(row: Any, changes: Changes) -> Changes:
    """An amount means nothing without its currency, so the currency stands beside it."""
    if "amount" not in changes or "currency" in changes:
        return changes
    return changes | {"currency": [row.currency, row.currency]}


def _marks(row: Row, at: datetime | None) -> dict[str, Any]:
    fields = row._meta.fields_map
    version = {"version": row.version + 1} if "version" in fields else {}  # type: ignore[attr-defined]
    return version | ({"updated_at": at or clock.now()} if "updated_at" in fields else {})


def _shadows(row: Row, columns: Iterable[str]) -> list[str]:
    changed = set(columns)
    return [shadow for shadow, source in folded_of(type(row)).items() if source in changed]


def _columns(row: Row) -> list[str]:
    fields = row._meta.fields_map
    return [name for name in row._meta.fields_db_projection if not isinstance(fields[name], FoldedField)]
