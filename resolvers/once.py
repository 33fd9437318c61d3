"""Once: what an `idempotencyKey` was given with is done the first time, and told again after that."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import is_dataclass
from enum import Enum
from hashlib import sha256
from typing import Any
from uuid import UUID

from models.operations import idempotency
from resolvers.act import Act, given_of

Row = dict[str, Any]


async def once(act: Act, name: str, do: Callable[[], Awaitable[Row]]) -> Row:
    """What the act leaves, or what it left when it was done with the same key and input.

    Raises Problem IDEMPOTENCY_KEY_REUSED.
    """
    key = act.given.pop("idempotency_key", None)
    if key is None:
        return await do()
    hashed = digest(act.given)
    before = await idempotency.replayed(act.by, name, key, hashed)
    if before is not None:
        return {name: UUID(kept) if kept else None for name, kept in before.items()}
    row = await do()
    kept = {name: str(id) if id else None for name, id in row.items() if name.endswith("_id")}
    await idempotency.remember(act.by, name, key, hashed, kept)
    return row


def digest(given_: dict[str, Any]) -> str:
    """What tells two inputs apart."""
    return sha256(json.dumps(_plain(given_), sort_keys=True, default=str).encode()).hexdigest()


def _plain(operand: Any) -> Any:
    if isinstance(operand, Enum):
        return operand.value
    if is_dataclass(operand):
        return {name: _plain(each) for name, each in given_of(operand)}
    if isinstance(operand, dict):
        return {name: _plain(each) for name, each in operand.items()}
    return [_plain(each) for each in operand] if isinstance(operand, list) else operand
