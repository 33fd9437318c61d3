"""Doing once what is asked more than once under the same key."""

from typing import Any
from uuid import UUID

from models import clock
from models.idempotency import IdempotencyKey
from models.ids import new_id
from models.operations import text
from models.operations.actor import Actor
from models.operations.problem import Problem

_FIELD = "idempotencyKey"


async def replayed(by: Actor, mutation: str, key: str, input_hash: str) -> Any | None:
    """What `key` made before, or None: then it is taken now, and `remember` follows in this transaction.

    Of two who ask at once, the second waits for the first to end and sees what that one made. Raises
    Problem IDEMPOTENCY_KEY_REUSED if the key stood for something else; BLANK, INVALID or TOO_LONG.
    """
    taken = await _take(by, mutation, text.required(key, _FIELD, text.LONGEST_NAME), input_hash)
    if (taken.mutation, taken.input_hash) != (mutation, input_hash):
        raise Problem("IDEMPOTENCY_KEY_REUSED", "This key stood for another request; use a new one.", _FIELD)
    return taken.result


async def remember(by: Actor, mutation: str, key: str, input_hash: str, result: Any) -> None:
    """Keep what was made under the key that `replayed` has taken: ids, never values."""
    await IdempotencyKey.filter(actor_id=_actor(by), key=key).update(result=result)


async def _take(by: Actor, mutation: str, key: str, input_hash: str) -> IdempotencyKey:
    """The row of the key: a new one, or whosever the database says was first."""
    row = IdempotencyKey(
        id=new_id(),
        account_id=by.account_id,
        actor_id=_actor(by),
        key=key,
        mutation=mutation,
        input_hash=input_hash,
        created_at=clock.now(),
    )
    await IdempotencyKey.bulk_create([row], ignore_conflicts=True)
    return await IdempotencyKey.get(actor_id=row.actor_id, key=key)


def _actor(by: Actor) -> UUID:
    return by.agent_id or by.partner_user_id or by.account_id
