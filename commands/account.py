"""`account`: the operator makes accounts, and switches their modules and capabilities."""

import asyncio
import shlex

import click

from commands.finding import account_called
from commands.opening import opened
from commands.saying import as_typed
from models import Account
from models.operations.actor import Actor
from models.operations.create_account import create_account
from models.operations.set_account import set_account
from models.operations.unset import UNSET

SWITCH = click.Choice(["on", "off"])


@click.group()
def account() -> None:
    """Accounts: the tenants, nothing of which ever crosses to another."""


@account.command()
@click.argument("name")
@click.option("--admin", required=True, metavar="EMAIL", help="Its first administrator.")
@click.option("--time-zone", default="UTC", show_default=True, metavar="Z", help="As in America/Sao_Paulo.")
@click.option("--currency", default="USD", show_default=True, metavar="C", help="Three letters, as in EUR.")
def create(name: str, admin: str, time_zone: str, currency: str) -> None:
    """Make an account with its built-in roles and an administrator; prints its id."""
    with as_typed(name="NAME", email="--admin", timeZone="--time-zone", currency="--currency"):
        made = asyncio.run(_create(name, admin, time_zone, currency))
    click.echo(made.id)
    call = shlex.join(["python", "server.py", "token", "--account", name, "--agent", admin])
    click.echo(f"To sign in: {call}", err=True)


async def _create(name: str, admin: str, time_zone: str, currency: str) -> Account:
    async with opened() as database, database.writing():
        made, _ = await create_account(name=name, admin_email=admin, time_zone=time_zone, currency=currency)
        return made


@account.command("set")
@click.argument("name")
@click.option(
    "--module",
    "modules",
    type=(click.Choice(["sales"]), SWITCH),
    multiple=True,
    metavar="sales on|off",
    help="Distribution, transfers and their rules.",
)
@click.option(
    "--capability",
    "capabilities",
    type=(click.Choice(["granular-permissions"]), SWITCH),
    multiple=True,
    metavar="granular-permissions on|off",
    help="On: role, reach and isolation say who sees a record. Off: its team and inbox.",
)
def set_(name: str, modules: list[tuple[str, str]], capabilities: list[tuple[str, str]]) -> None:
    """Switch a module or a capability on or off; prints how they stand then."""
    if not modules and not capabilities:
        raise click.UsageError(
            "Say what to switch: --module sales on|off, --capability granular-permissions on|off"
        )
    changed = asyncio.run(
        _set(name, dict(modules).get("sales"), dict(capabilities).get("granular-permissions"))
    )
    click.echo(f"module sales {_word(changed.sales_module)}")
    click.echo(f"capability granular-permissions {_word(changed.granular_permissions)}")


async def _set(name: str, sales: str | None, granular: str | None) -> Account:
    async with opened() as database, database.writing():
        found = await account_called(name)
        return await set_account(
            Actor(found.id),
            found,
            sales_module=UNSET if sales is None else sales == "on",
            granular_permissions=UNSET if granular is None else granular == "on",
        )


def _word(on: bool) -> str:
    return "on" if on else "off"
