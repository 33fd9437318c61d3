"""Changing an account's settings."""

from models.account import Account, IsolationMode, UnownedVisibility
from models.operations.account_change import change_account
from models.operations.account_columns import checked
from models.operations.actor import Actor
from models.operations.unset import UNSET, Unset, given


async def update_account_settings(
    by: Actor,
    account: Account,
    *,
    isolation_mode: IsolationMode | Unset = UNSET,
    unowned_visibility: UnownedVisibility | Unset = UNSET,
    time_zone: str | Unset = UNSET,
    currency: str | Unset = UNSET,
    first_day_of_week: int | Unset = UNSET,
    fiscal_year_start_month: int | Unset = UNSET,
) -> Account:
    """The account; days of the week count from Monday as 1, months from January as 1.

    Raises Problem INVALID.
    """
    columns = given(
        isolation_mode=isolation_mode,
        unowned_visibility=unowned_visibility,
        time_zone=time_zone,
        currency=currency,
        first_day_of_week=first_day_of_week,
        fiscal_year_start_month=fiscal_year_start_month,
    )
    return await change_account(by, account, checked(columns), "update_account_settings")
