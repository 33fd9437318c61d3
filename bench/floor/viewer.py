"""Who asks, from their token, in one statement."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson

from authz.jwt import BadToken
from authz.tokens import Signed
from bench.floor.drivers import Connection
from models.database import Dialect

_LISTS = {
    Dialect.POSTGRES: "ARRAY(SELECT m.{of}_id FROM {of}_member m WHERE m.agent_id = g.id)",
    Dialect.SQLITE: "(SELECT json_group_array(m.{of}_id) FROM {of}_member m WHERE m.agent_id = g.id)",
}


def statement(dialect: Dialect) -> str:
    """The token, its holder, their role and places, and the account's switches."""
    return (
        "SELECT t.kind, t.expires_at, t.revoked_at, t.account_id, g.id, g.name, g.status, r.built_in, "
        "r.permissions, r.scope, r.reach, a.currency, a.granular_permissions, a.isolation_mode, "
        f"a.unowned_visibility, {_LISTS[dialect].format(of='team')}, {_LISTS[dialect].format(of='inbox')} "
        "FROM token t JOIN agent g ON g.id = t.agent_id AND g.account_id = t.account_id "
        "JOIN account a ON a.id = t.account_id JOIN role r ON r.id = g.role_id "
        f"WHERE t.id = {'$1' if dialect is Dialect.POSTGRES else '?1'}"
    )


@dataclass(slots=True)
class Viewer:
    """An agent; ids are as the driver writes them."""

    account: Any
    id: Any
    name: str
    permissions: list[str]
    scope: str
    reach: str
    currency: str
    granular: bool
    isolation_mode: str
    unowned_visibility: str
    teams: Any
    inboxes: Any


async def load(connection: Connection, text: str, signed: Signed, dialect: Dialect) -> Viewer:
    """The token's holder as they now stand. Raises BadToken."""
    token: Any = signed.token_id if dialect is Dialect.POSTGRES else str(signed.token_id)
    rows = list(await connection.rows(text, token))
    if not rows or not _stands(rows[0], signed):
        raise BadToken
    row: Sequence[Any] = rows[0]
    permissions = row[8]
    return Viewer(
        account=row[3],
        id=row[4],
        name=row[5],
        permissions=orjson.loads(permissions) if row[7] or row[12] else [],
        scope=row[9],
        reach=row[10],
        currency=row[11],
        granular=bool(row[12]),
        isolation_mode=row[13],
        unowned_visibility=row[14],
        teams=row[15],
        inboxes=row[16],
    )


def _stands(row: Sequence[Any], signed: Signed) -> bool:
    expires = row[1] if isinstance(row[1], datetime) else datetime.fromisoformat(row[1])
    holder = (UUID(str(row[3])), UUID(str(row[4])), row[0])
    said = (signed.account_id, signed.subject, signed.kind)
    return row[2] is None and row[6] == "ACTIVE" and datetime.now(UTC) < expires and holder == said
