"""The write of a row that is no record (people, places, settings), and its audit entry."""

from collections.abc import Mapping
from typing import Any, TypeVar

from models.base import Row
from models.operations import access_version, audit
from models.operations.actor import Actor
from models.operations.change import apply, born, renew
from models.operations.plain import Changes
from models.operations.unique import unique

R = TypeVar("R", bound=Row)


async def create_row(
    by: Actor, row: R, action: str, *, more: Changes | None = None, taken: str | None = None
) -> R:
    """Write the new row; `more` came with it in other tables. Raises Problem TAKEN for the field `taken`."""
    with unique(taken):
        await row.save(force_create=True)
    await audit.append(by, action, row, born(row) | (more or {}))
    return row


async def change_row(
    by: Actor,
    row: R,
    columns: Mapping[str, Any],
    action: str,
    *,
    access: frozenset[str] = frozenset(),
    more: Changes | None = None,
    taken: str | None = None,
) -> R:
    """Change the columns that differ; `more` is what was changed in other tables already.

    A change of any of the columns in `access` makes viewers be built anew. Where nothing differs,
    nothing is written. Raises Problem TAKEN for the field `taken`.
    """
    with unique(taken):
        changes = await apply(row, columns)
    if more and not changes:
        await renew(row, {})
    changes |= more or {}
    if changes:
        await audit.append(by, action, row, changes)
    if changes.keys() & access:
        await access_version.bump(row.account_id)
    return row
