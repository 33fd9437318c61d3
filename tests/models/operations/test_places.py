"""Accounts and settings, teams, inboxes, roles, partners, tokens."""

from datetime import timedelta
from typing import Any

import pytest

from models import (
    BUILT_IN_ROLES,
    Account,
    Agent,
    BuiltIn,
    IsolationMode,
    Partner,
    PartnerUser,
    Role,
    Token,
    TokenKind,
    UnownedVisibility,
)
from models.operations.create_account import create_account
from models.operations.create_api_token import create_api_token
from models.operations.create_inbox import create_inbox
from models.operations.create_partner import create_partner
from models.operations.create_partner_user import create_partner_user
from models.operations.create_role import create_role
from models.operations.create_team import create_team
from models.operations.problem import Conflict
from models.operations.revoke_token import revoke_token
from models.operations.set_account import set_account
from models.operations.set_password import set_password
from models.operations.update_account_settings import update_account_settings
from models.operations.update_inbox import update_inbox
from models.operations.update_partner import update_partner
from models.operations.update_partner_user import update_partner_user
from models.operations.update_role import update_role
from models.operations.update_team import update_team
from models.role import Reach, Scope
from tests.models.operations.world import Clock, World, audit, refused, traces


async def test_an_account_begins_with_its_roles_and_an_administrator(world: World, time: Clock) -> None:
    async with world.writing():
        account, root = await create_account(
            name="Globex", admin_email="r@g.example", time_zone="America/Sao_Paulo", currency="JPY"
        )
        assert (account.sales_module, account.granular_permissions) == (True, True)
        assert (account.isolation_mode, account.unowned_visibility) == (
            IsolationMode.STRICT,
            UnownedVisibility.MANAGERS,
        )
        roles = {role.built_in: role for role in await Role.filter(account_id=account.id)}
        assert roles.keys() == set(BuiltIn)
        for built_in, (name, scope, reach, permissions) in BUILT_IN_ROLES.items():
            role = roles[built_in]
            assert (role.name, role.scope, role.reach, role.permissions) == (
                name,
                scope,
                reach,
                list(permissions),
            )
        assert root.role_id == roles[BuiltIn.ADMINISTRATOR].id
        assert (root.name, root.email, root.account_id) == ("r@g.example", "r@g.example", account.id)
        assert [act.action for act in await audit(account)] == ["create_account"]
        assert await Agent.filter(account_id=account.id).count() == 1


IMPOSSIBLE: list[tuple[dict[str, Any], str, str]] = [
    ({"name": " "}, "BLANK", "name"),
    ({"name": "x" * 201}, "TOO_LONG", "name"),
    ({"admin_email": "root"}, "INVALID", "email"),
    ({"time_zone": "Mars/Olympus"}, "INVALID", "timeZone"),
    ({"time_zone": "../etc/passwd"}, "INVALID", "timeZone"),
    ({"time_zone": ""}, "INVALID", "timeZone"),
    ({"time_zone": "\0"}, "INVALID", "timeZone"),
    ({"currency": "usd"}, "INVALID", "currency"),
    ({"currency": "XAU"}, "INVALID", "currency"),
    ({"name": "Acme"}, "TAKEN", "name"),
]


async def test_an_account_that_can_not_be_is_refused(world: World) -> None:
    for wrong, code, field in IMPOSSIBLE:
        async with refused(code, field), world.writing():
            await create_account(**{"name": "New", "admin_email": "r@x.example"} | wrong)


async def test_settings_are_checked_audited_and_build_viewers_anew(world: World) -> None:
    settings: dict[str, Any] = {
        "isolation_mode": IsolationMode.OPEN,
        "unowned_visibility": UnownedVisibility.SCOPE,
        "time_zone": "Pacific/Apia",
        "currency": "KWD",
        "first_day_of_week": 7,
        "fiscal_year_start_month": 12,
    }
    async with world.writing():
        async with world.bumping(1):
            account = await update_account_settings(world.by, world.account, **settings)
        again = await Account.get(id=account.id)
        assert {column: getattr(again, column) for column in settings} == settings
        assert again.access_version == account.access_version
        act = (await audit(account))[-1]
        assert act.changes["isolation_mode"] == ["STRICT", "OPEN"]
        assert act.actor_id == world.administrator.id
        before = await traces()
        async with world.bumping(0):
            await update_account_settings(world.by, account, **settings)
        assert await traces() == before
        wrong: list[tuple[str, Any, str]] = [
            ("first_day_of_week", 0, "firstDayOfWeek"),
            ("first_day_of_week", 8, "firstDayOfWeek"),
            ("fiscal_year_start_month", 13, "fiscalYearStartMonth"),
            ("fiscal_year_start_month", -1, "fiscalYearStartMonth"),
            ("time_zone", "EST5EDT\ud800", "timeZone"),
            ("currency", "EURO", "currency"),
        ]
        for column, value, field in wrong:
            async with refused("INVALID", field):
                await update_account_settings(world.by, account, **{column: value})


async def test_the_operator_switches_module_and_capability(world: World) -> None:
    async with world.writing():
        async with world.bumping(1):
            account = await set_account(world.by, world.account, sales_module=False)
        assert (account.sales_module, account.granular_permissions) == (False, True)
        await set_account(world.by, account, sales_module=True, granular_permissions=False)
        assert (await audit(account))[-1].changes == {
            "sales_module": [False, True],
            "granular_permissions": [True, False],
        }


PLACES: list[tuple[Any, Any, dict[str, Any]]] = [
    (create_team, update_team, {}),
    (create_inbox, update_inbox, {}),
    (create_partner, update_partner, {}),
    (create_role, update_role, {"scope": Scope.TEAM, "reach": Reach.OWN}),
]


@pytest.mark.parametrize(("create", "update", "more"), PLACES, ids=["team", "inbox", "partner", "role"])
async def test_a_name_is_one_of_its_kind(
    world: World, create: Any, update: Any, more: dict[str, Any]
) -> None:
    async with world.writing():
        east = await create(world.by, name="East", **more)
        west = await create(world.by, name="West", **more)
        assert (await audit(east))[0].changes["name"] == [None, "East"]
        renamed = await update(world.by, west, name="Straße " + "ΐ" * 193, expected_version=1)
        assert renamed.version == 2
        assert (await audit(west))[-1].changes == {"name": ["West", renamed.name]}
        before = await traces()
        await update(world.by, renamed, name=renamed.name)
        assert await traces() == before
        with pytest.raises(Conflict):
            await update(world.by, west, name="", expected_version=1)
        for name, code in (("", "BLANK"), ("\0", "INVALID"), ("x" * 201, "TOO_LONG")):
            async with refused(code, "name"):
                await create(world.by, name=name, **more)
            async with refused(code, "name"):
                await update(world.by, east, name=name)
    async with refused("TAKEN", "name"), world.writing():
        await create(world.by, name="EAST", **more)
    async with refused("TAKEN", "name"), world.writing():
        await update(world.by, west, name="eAST")
    async with world.writing():
        other, _ = await create_account(name="Globex", admin_email="r@g.example")
        by = type(world.by)(other.id)
        assert (await create(by, name="East", **more)).account_id == other.id


async def test_a_role_of_ones_own_changes_and_a_built_in_one_does_not(world: World) -> None:
    async with world.writing():
        role = await create_role(
            world.by,
            name="Lead",
            scope=Scope.TEAM,
            reach=Reach.SCOPE,
            permissions=["portfolio.transfer", "sales.manage", "sales.manage"],
        )
        assert role.permissions == ["sales.manage", "portfolio.transfer"]
        async with world.bumping(1):
            await update_role(world.by, role, permissions=["audit.read"], reach=Reach.OWN)
        async with world.bumping(0):
            await update_role(world.by, role, name="Leader")
        assert (await Role.get(id=role.id)).permissions == ["audit.read"]
        for names in (["sales.everything"], ["\ud800"]):
            async with refused("INVALID", "permissions"):
                await update_role(world.by, role, permissions=names)
        async with refused("BUILT_IN"):
            await update_role(world.by, world.rep, name="Seller")


async def test_partner_users(world: World) -> None:
    async with world.writing():
        partner = await create_partner(world.by, name="Resellers")
        user = await create_partner_user(
            world.by, partner_id=partner.id, name="Pía", email="P@x.example", portal_access=True
        )
        again = await PartnerUser.get(id=user.id)
        assert (again.name_folded, again.email_folded, again.portal_access) == ("pía", "p@x.example", True)
        async with world.bumping(0):
            user = await update_partner_user(world.by, user, name="Pia", email=None, expected_version=1)
        async with world.bumping(1):
            user = await update_partner_user(world.by, user, portal_access=False)
        async with world.bumping(1):
            await set_password(world.by, user, password_hash="h")
        assert (await PartnerUser.get(id=user.id)).version == 4
        with pytest.raises(Conflict):
            await update_partner_user(world.by, user, name="", expected_version=1)
        async with refused("INVALID", "email"):
            await update_partner_user(world.by, user, email="p")
        async with refused("BLANK", "name"):
            await create_partner_user(world.by, partner_id=partner.id, name="")
        assert await Partner.exists(id=partner.id)


async def test_api_tokens(world: World, time: Clock) -> None:
    secret = "5" * 64
    async with world.writing():
        token = await create_api_token(
            world.by,
            agent_id=world.ana.id,
            name="Sync",
            secret_hash=secret,
            permissions=["sales.manage"],
            expires_at=time.now + timedelta(days=30),
        )
        again = await Token.get(id=token.id)
        assert (again.kind, again.secret_hash, again.permissions) == (TokenKind.API, secret, ["sales.manage"])
        assert (again.created_at, again.expires_at) == (time.now, time.now + timedelta(days=30))
        assert secret not in str([act.changes for act in await audit(token)])
        async with refused("IN_PAST", "expiresAt"):
            await create_api_token(
                world.by, agent_id=world.ana.id, name="x", secret_hash="6", expires_at=time.now
            )
        async with refused("BLANK", "name"):
            await create_api_token(world.by, agent_id=world.ana.id, name="", secret_hash="6")
        async with refused("INVALID", "permissions"):
            await create_api_token(
                world.by, agent_id=world.ana.id, name="x", secret_hash="6", permissions=["all"]
            )
        async with world.bumping(1):
            revoked = await revoke_token(world.by, token)
        assert revoked.revoked_at == time.now
        time.forward(days=1)
        async with world.bumping(0):
            assert (await revoke_token(world.by, token)).revoked_at == revoked.revoked_at
