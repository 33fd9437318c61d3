"""Switching an account's modules and capabilities, which only an operator does."""

from models.account import Account
from models.operations.account_change import change_account
from models.operations.actor import Actor
from models.operations.administrators import keeping_an_administrator
from models.operations.unset import UNSET, Unset, given


async def set_account(
    by: Actor,
    account: Account,
    *,
    sales_module: bool | Unset = UNSET,
    granular_permissions: bool | Unset = UNSET,
) -> Account:
    """The account, with these switched on or off.

    Raises Problem LAST_ADMINISTRATOR where nobody would administer it without granular permissions.
    """
    columns = given(sales_module=sales_module, granular_permissions=granular_permissions)
    async with keeping_an_administrator(account.id):
        return await change_account(by, account, columns, "set_account")
