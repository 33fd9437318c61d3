"""Changing a password: what takes long is done before the transaction, the rest is decided inside it."""

from dataclasses import dataclass
from datetime import timedelta
from functools import cache

from authz.passwords import PasswordRefused, check_password, hash_password
from authz.rate_limit import MovingWindow
from authz.viewer import Viewer
from models import AuditEntry, AuditOutcome, clock
from models.database import Database
from models.sql import Sql

MOST_FAILURES = 10
"""Wrong current passwords that one person may give within WINDOW."""

WINDOW = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class PasswordChange:
    """A new password's hash, or why it can't be set; and the hash that the current password was proved by."""

    new_hash: str | None
    refused: str | None
    proved_hash: str | None

    def proves(self, password_hash: str | None) -> bool:
        """Whether the current password was given, for who has this hash of one; nobody's needs no proof."""
        return password_hash is None or password_hash == self.proved_hash


@cache
def _failures() -> MovingWindow:
    return MovingWindow(MOST_FAILURES, WINDOW)


async def prepare_change(
    database: Database, viewer: Viewer, *, password: str, current: str | None, request_id: str
) -> PasswordChange:
    """Hash the new password, and check the viewer's own current one if it is given.

    Opens sessions of its own: call it outside of any transaction. Raises RateLimited.
    """
    proved = None if current is None else await _prove(database, viewer, current, request_id)
    try:
        return PasswordChange(await hash_password(password), None, proved)
    except PasswordRefused as refusal:
        return PasswordChange(None, str(refusal), proved)


async def _prove(database: Database, viewer: Viewer, current: str, request_id: str) -> str | None:
    """The viewer's hash, if `current` is what was hashed. A wrong one is counted, and audited."""
    password_hash = await _own_hash(database, viewer)
    receipt = _failures().take(str(viewer.actor_id))
    matches = await check_password(password_hash, current)
    if matches or password_hash is None:
        _failures().give_back(str(viewer.actor_id), receipt)
    else:
        await _audit_failure(database, viewer, request_id)
    return password_hash if matches else None


async def _own_hash(database: Database, viewer: Viewer) -> str | None:
    table = _table(viewer)
    async with database.reading() as session:
        rows = await session.fetch(Sql(f"SELECT password_hash FROM {table} WHERE id = ?", (viewer.actor_id,)))
    return rows[0]["password_hash"] if rows else None


async def _audit_failure(database: Database, viewer: Viewer, request_id: str) -> None:
    async with database.writing():
        await AuditEntry.create(
            account_id=viewer.account_id,
            at=clock.now(),
            actor_id=viewer.agent_id,
            actor_partner_user_id=viewer.partner_user_id,
            request_id=request_id,
            action="set_password",
            outcome=AuditOutcome.REFUSED,
            subject_type=_table(viewer),
            subject_id=viewer.actor_id,
        )


def _table(viewer: Viewer) -> str:
    return "agent" if viewer.is_agent else "partner_user"
