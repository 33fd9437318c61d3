"""Creating an account, with its built-in roles and its first administrator."""

from models import clock
from models.account import Account
from models.agent import Agent
from models.operations import audit
from models.operations.account_columns import checked
from models.operations.actor import Actor
from models.operations.create_agent import create_agent
from models.operations.unique import unique
from models.role import BUILT_IN_ROLES, BuiltIn, Role


async def create_account(
    *,
    name: str,
    admin_email: str,
    admin_name: str | None = None,
    time_zone: str = "UTC",
    currency: str = "USD",
    admin_password_hash: str | None = None,
    request_id: str | None = None,
) -> tuple[Account, Agent]:
    """The new account and its first administrator, named for their email unless a name is given.

    It is the operator who makes accounts. Raises Problem BLANK, INVALID, TOO_LONG or TAKEN.
    """
    columns = checked({"name": name, "time_zone": time_zone, "currency": currency})
    account = Account(**columns, created_at=clock.now())
    with unique("name"):
        await account.save(force_create=True)
    by = Actor(account.id, request_id=request_id)
    changes = {column: [None, value] for column, value in columns.items()}
    await audit.append(by, "create_account", account, changes)
    role = await _built_in_roles(account)
    administrator = await create_agent(
        by,
        name=admin_name or admin_email,
        email=admin_email,
        role_id=role.id,
        password_hash=admin_password_hash,
    )
    return account, administrator


async def _built_in_roles(account: Account) -> Role:
    """Write the roles that every account has; return the administrator's."""
    roles = {
        built_in: await Role.create(
            account_id=account.id,
            name=name,
            built_in=built_in,
            permissions=[permission.value for permission in permissions],
            scope=scope,
            reach=reach,
        )
        for built_in, (name, scope, reach, permissions) in BUILT_IN_ROLES.items()
    }
    return roles[BuiltIn.ADMINISTRATOR]
