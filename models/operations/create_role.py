"""Making a role of the account's own."""

from collections.abc import Iterable

from models.operations.actor import Actor
from models.operations.role_columns import checked
from models.operations.row_change import create_row
from models.role import Reach, Role, Scope


async def create_role(
    by: Actor, *, name: str, scope: Scope, reach: Reach, permissions: Iterable[str] = ()
) -> Role:
    """The new role; raises Problem BLANK, INVALID, TOO_LONG or TAKEN."""
    columns = checked({"name": name, "scope": scope, "reach": reach, "permissions": permissions})
    return await create_row(by, Role(account_id=by.account_id, **columns), "create_role", taken="name")
