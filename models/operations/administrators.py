"""No account loses its last active administrator: account scope, with `account.manage`.

While granular permissions are off, a role of the account's own making administers nothing.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

from models.account import Account
from models.agent import Agent, AgentStatus
from models.operations.problem import Problem
from models.permission import Permission
from models.role import Role, Scope


@asynccontextmanager
async def keeping_an_administrator(account_id: UUID, field: str | None = None) -> AsyncIterator[None]:
    """Raise Problem LAST_ADMINISTRATOR if what is done inside leaves none; the caller holds the account."""
    had_one = await _any_administrator(account_id)
    yield
    if had_one and not await _any_administrator(account_id):
        raise Problem(
            "LAST_ADMINISTRATOR", "This is the last active administrator; make another one first.", field
        )


async def _any_administrator(account_id: UUID) -> bool:
    granular = (await Account.get(id=account_id)).granular_permissions
    roles = await Role.filter(account_id=account_id, scope=Scope.ACCOUNT)
    administering = [
        role.id
        for role in roles
        if Permission.ACCOUNT_MANAGE in role.permissions and (granular or role.built_in is not None)
    ]
    return await Agent.filter(role_id__in=administering, status=AgentStatus.ACTIVE).exists()
