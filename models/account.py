"""The account: the tenant, its money and calendar, its switches, and how private its portfolios are."""

from enum import StrEnum

from tortoise import Model, fields

from models import clock
from models.ids import new_id


class IsolationMode(StrEnum):
    """How much a rep reads of a colleague's record: nothing, a masked row, or all of it."""

    STRICT = "STRICT"
    MASKED = "MASKED"
    OPEN = "OPEN"


class UnownedVisibility(StrEnum):
    """Who sees records that nobody owns: managers, or everyone in whose scope they lie."""

    MANAGERS = "MANAGERS"
    SCOPE = "SCOPE"


class Account(Model):
    """A tenant. `access_version` grows with every change of what a viewer is built from."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    name = fields.CharField(max_length=200, unique=True)
    time_zone = fields.TextField(default="UTC")
    currency = fields.CharField(max_length=3, default="USD")
    first_day_of_week = fields.SmallIntField(default=1)
    fiscal_year_start_month = fields.SmallIntField(default=1)
    sales_module = fields.BooleanField(default=True)
    granular_permissions = fields.BooleanField(default=True)
    isolation_mode = fields.CharEnumField(IsolationMode, max_length=16, default=IsolationMode.STRICT)
    unowned_visibility = fields.CharEnumField(
        UnownedVisibility, max_length=16, default=UnownedVisibility.MANAGERS
    )
    access_version = fields.BigIntField(default=1)
    created_at = fields.DatetimeField(default=clock.now)

    class Meta:
        table = "account"
