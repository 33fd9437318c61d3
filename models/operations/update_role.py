"""Changing a role of the account's own."""

from collections.abc import Iterable

from models.operations.access_version import locked_with_account
from models.operations.actor import Actor
from models.operations.administrators import keeping_an_administrator
from models.operations.problem import Problem
from models.operations.role_columns import checked
from models.operations.row_change import change_row
from models.operations.unset import UNSET, Unset, given
from models.role import Reach, Role, Scope

_ACCESS = frozenset({"scope", "reach", "permissions"})


async def update_role(
    by: Actor,
    role: Role,
    *,
    name: str | Unset = UNSET,
    scope: Scope | Unset = UNSET,
    reach: Reach | Unset = UNSET,
    permissions: Iterable[str] | Unset = UNSET,
    expected_version: int | None = None,
) -> Role:
    """The role.

    Raises Conflict, or Problem BUILT_IN, LAST_ADMINISTRATOR, BLANK, INVALID, TOO_LONG or TAKEN.
    """
    role = await locked_with_account(role, expected_version)
    if role.built_in is not None:
        raise Problem("BUILT_IN", "A built-in role stays as it is; make one of your own.")
    columns = checked(given(name=name, scope=scope, reach=reach, permissions=permissions))
    async with keeping_an_administrator(role.account_id):
        return await change_row(by, role, columns, "update_role", access=_ACCESS, taken="name")
