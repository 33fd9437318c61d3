"""The write of an account's own row, and its audit entry."""

from collections.abc import Mapping
from typing import Any

from models.account import Account
from models.operations import access_version, audit
from models.operations.actor import Actor
from models.operations.plain import changes_between


async def change_account(by: Actor, account: Account, columns: Mapping[str, Any], action: str) -> Account:
    """Change the columns that differ; viewers are built anew. Where nothing differs, nothing is written."""
    account = await access_version.hold(account.id)
    changes = changes_between({column: getattr(account, column) for column in columns}, columns)
    if changes:
        account.update_from_dict({column: columns[column] for column in changes})
        await account.save(update_fields=list(changes))
        await audit.append(by, action, account, changes)
        await access_version.bump(account.id)
        await account.refresh_from_db(fields=["access_version"])
    return account
