"""The number that says whether a viewer's powers are still what they were."""

from typing import TypeVar
from uuid import UUID

from tortoise.expressions import F

from models.account import Account
from models.base import Row
from models.operations.change import locked

R = TypeVar("R", bound=Row)


async def bump(account_id: UUID) -> None:
    """Say that something changed of which viewers of the account are built."""
    await Account.filter(id=account_id).update(access_version=F("access_version") + 1)


async def hold(account_id: UUID) -> Account:
    """The account, held until the transaction ends.

    What viewers are built from changes one writer at a time. The account is locked before any
    agent, partner user or record, always, so that no two writers wait for each other.
    """
    return await Account.filter(id=account_id).select_for_update(no_key=True).get()


async def locked_with_account(row: R, expected_version: int | None = None) -> R:
    """The row as it stands, held together with its account; raises Conflict if its version is another."""
    await hold(row.account_id)
    return await locked(row, expected_version)
