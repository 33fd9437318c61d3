"""An account with people in it, for the tests of sign-in and tokens."""

from typing import Any

from models import BUILT_IN_ROLES, Account, Agent, BuiltIn, Partner, PartnerUser, Role


async def make_account(name: str = "Acme") -> Account:
    """An account; run this and its neighbours within `database.writing()`."""
    return await Account.create(name=name)


async def make_agent(account: Account, **columns: Any) -> Agent:
    """An active rep, unless `columns` say otherwise."""
    role = await Role.get_or_none(account_id=account.id, built_in=BuiltIn.REP) or await _make_rep(account)
    return await Agent.create(**{"account_id": account.id, "role_id": role.id, "name": "Ana", **columns})


async def make_partner_user(account: Account, **columns: Any) -> PartnerUser:
    """A partner user with portal access, unless `columns` say otherwise."""
    partner = await Partner.get_or_none(account_id=account.id, name="Resellers")
    partner = partner or await Partner.create(account_id=account.id, name="Resellers")
    known = {"account_id": account.id, "partner_id": partner.id, "name": "Pia", "portal_access": True}
    return await PartnerUser.create(**{**known, **columns})


async def _make_rep(account: Account) -> Role:
    name, scope, reach, permissions = BUILT_IN_ROLES[BuiltIn.REP]
    return await Role.create(
        account_id=account.id,
        name=name,
        built_in=BuiltIn.REP,
        permissions=list(permissions),
        scope=scope,
        reach=reach,
    )
