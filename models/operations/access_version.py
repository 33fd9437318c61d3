"""The number that says whether a viewer's powers are still what they were."""

from typing import TypeVar
from uuid import UUID

from tortoise.expressions import F

from models.account import Account
from models.base import Row
from models.database import Dialect, Session, session_of_task
from models.operations.change import locked
from models.sql import Sql

R = TypeVar("R", bound=Row)


async def bump(account_id: UUID) -> None:
    """Say that something changed of which viewers of the account are built."""
    await Account.filter(id=account_id).update(access_version=F("access_version") + 1)


async def share(session: Session, account_id: UUID) -> None:
    """Keep what viewers of the account are built from until the transaction ends, as every write does.

    Whoever waits to change it comes next, before those who ask to share after them: a row's lock alone
    would let them pass, and a rep who writes without a pause could not be suspended. The row is held too,
    weaker than FOR UPDATE, so that whoever refers to the account does not wait for it.
    """
    if session.dialect is Dialect.POSTGRES:
        in_turn = (
            "WITH turn AS MATERIALIZED (SELECT pg_advisory_xact_lock_shared(?)) "
            "SELECT a.id FROM turn, account a WHERE a.id = ? FOR SHARE OF a"
        )
        await session.fetch(Sql(in_turn, (_queue(account_id), account_id)))


async def hold(account_id: UUID) -> Account:
    """The account, held until the transaction ends.

    What viewers are built from changes one writer at a time. The account is locked before any
    agent, partner user or record, always, so that no two writers wait for each other.
    """
    session = session_of_task()
    if session.dialect is Dialect.POSTGRES:
        await session.fetch(Sql("SELECT pg_advisory_xact_lock(?)", (_queue(account_id),)))
    return await Account.filter(id=account_id).select_for_update(no_key=True).get()


def _queue(account_id: UUID) -> int:
    """The advisory lock of an account: half of its id, which is random."""
    return int.from_bytes(account_id.bytes[:8], signed=True)


async def locked_with_account(row: R, expected_version: int | None = None) -> R:
    """The row as it stands, held together with its account; raises Conflict if its version is another."""
    await hold(row.account_id)
    return await locked(row, expected_version)
