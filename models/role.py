"""The role: a named set of permissions, a scope and a reach."""

from enum import StrEnum
from typing import Any

from tortoise import fields

from models.base import Row
from models.permission import Permission
from models.text import FoldedField


class Scope(StrEnum):
    """How far a role looks: the account, the holder's teams, or the holder's inboxes."""

    ACCOUNT = "ACCOUNT"
    TEAM = "TEAM"
    INBOX = "INBOX"


class Reach(StrEnum):
    """What a role's holder works on inside the scope: their own portfolio, or all of it."""

    OWN = "OWN"
    SCOPE = "SCOPE"


class BuiltIn(StrEnum):
    """The roles that every account has and that nobody changes."""

    REP = "REP"
    SALES_MANAGER = "SALES_MANAGER"
    ADMINISTRATOR = "ADMINISTRATOR"


class Role(Row):
    """A role of an account; `built_in` is None for a role of the account's own making."""

    name = fields.TextField()
    name_folded = FoldedField("name")
    built_in = fields.CharEnumField(BuiltIn, max_length=16, null=True)
    permissions: Any = fields.JSONField(default=list)
    scope = fields.CharEnumField(Scope, max_length=16)
    reach = fields.CharEnumField(Reach, max_length=16)
    version = fields.IntField(default=1)

    class Meta:
        table = "role"
        unique_together = (("account", "name_folded"), ("account", "built_in"))


BUILT_IN_ROLES: dict[BuiltIn, tuple[str, Scope, Reach, tuple[Permission, ...]]] = {
    BuiltIn.REP: ("Rep", Scope.TEAM, Reach.OWN, ()),
    BuiltIn.SALES_MANAGER: (
        "Sales manager",
        Scope.TEAM,
        Reach.SCOPE,
        (
            Permission.SALES_MANAGE,
            Permission.PORTFOLIO_ASSIGN,
            Permission.PORTFOLIO_TRANSFER,
            Permission.PAYOUTS_MANAGE,
        ),
    ),
    BuiltIn.ADMINISTRATOR: ("Administrator", Scope.ACCOUNT, Reach.SCOPE, tuple(Permission)),
}
