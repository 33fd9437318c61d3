"""Taking out of the outbox what is older than it is kept."""

from datetime import timedelta
from uuid import UUID

from models import clock
from models.outbox import OutboxEvent

AT_ONCE = 10_000
"""Rows that are taken out by one statement."""


async def purge_outbox(account_id: UUID, keep: timedelta) -> int:
    """Take out the account's events up to the last one that is older than `keep`; say how many.

    It is always the outbox's beginning that goes, and never the newest event: so whoever comes back
    with a place in it can be told whether something is missing after it.
    """
    kept = OutboxEvent.filter(account_id=account_id)
    newest = await kept.order_by("-xact", "-id").first()
    first = await kept.filter(at__gte=clock.now() - keep).order_by("xact", "id").first() or newest
    if first is None:
        return 0
    gone = 0
    while True:
        ids = await _before(account_id, first)
        if not ids:
            return gone
        gone += await OutboxEvent.filter(id__in=ids).delete()


async def _before(account_id: UUID, first: OutboxEvent) -> list[int]:
    older = OutboxEvent.filter(account_id=account_id, xact__lt=first.xact)
    same = OutboxEvent.filter(account_id=account_id, xact=first.xact, id__lt=first.id)
    for events in (older, same):
        ids = await events.order_by("xact", "id").limit(AT_ONCE).values_list("id", flat=True)
        if ids:
            return list(ids)  # type: ignore[arg-type]
    return []
