"""The account: changing its settings."""

import strawberry
from strawberry import UNSET

from authz.people_policies import UPDATE_ACCOUNT
from models import Account as AccountRow
from models.operations.update_account_settings import update_account_settings as update
from resolvers.act import Act
from resolvers.filled import filled
from resolvers.writing import mutation
from schema.enums import IsolationMode, UnownedVisibility

SETTINGS = (
    "isolation_mode",
    "unowned_visibility",
    "time_zone",
    "currency",
    "first_day_of_week",
    "fiscal_year_start_month",
)


@strawberry.input
class UpdateAccountSettingsInput:
    """What is to change; what is left out stays. Days count from Monday as 1, months from January as 1."""

    isolation_mode: IsolationMode | None = UNSET
    unowned_visibility: UnownedVisibility | None = UNSET
    time_zone: str | None = UNSET
    currency: str | None = UNSET
    first_day_of_week: int | None = UNSET
    fiscal_year_start_month: int | None = UNSET
    idempotency_key: str | None = UNSET


@mutation(UPDATE_ACCOUNT, gives=("account",))
async def update_account_settings(act: Act, input: UpdateAccountSettingsInput) -> AccountRow:
    """Change the settings of the viewer's account."""
    filled(act, *SETTINGS)
    account = await AccountRow.get(id=act.viewer.account_id)
    return await update(act.by, account, **act.values(*SETTINGS))
