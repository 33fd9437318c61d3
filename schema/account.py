"""The account: the tenant, its calendar, money and switches."""

from authz.access import ACCOUNT_SWITCHES, NAME
from schema.enums import IsolationMode, UnownedVisibility
from schema.fields import column
from schema.node import Node
from schema.seen import table_type


@table_type("account")
class Account(Node):
    """The viewer's account."""

    name: str | None = column(NAME)
    time_zone: str | None = column(NAME)
    currency: str | None = column(NAME)
    first_day_of_week: int | None = column(ACCOUNT_SWITCHES)
    fiscal_year_start_month: int | None = column(ACCOUNT_SWITCHES)
    sales_module: bool | None = column(ACCOUNT_SWITCHES)
    granular_permissions: bool | None = column(ACCOUNT_SWITCHES)
    isolation_mode: IsolationMode | None = column(ACCOUNT_SWITCHES)
    unowned_visibility: UnownedVisibility | None = column(ACCOUNT_SWITCHES)
