"""Watching a transfer: how far it is, each time that changes, until it has ended."""

from collections.abc import AsyncGenerator
from typing import Any
from uuid import UUID

from strawberry import ID

from authz.transfer import TRANSFER
from models.operations.transfer_batch import GOING_ON
from resolvers.subscribing import AccessChanged, Frame, Listener, subscription
from schema.errors import not_found
from schema.global_id import id_of
from schema.reading.marks import Mark
from schema.transfer import Transfer


@subscription(TRANSFER, gives=Transfer, mark=Mark.TRANSFER, nullable=True)
async def transfer_progressed(listener: Listener, transfer_id: ID) -> AsyncGenerator[Frame, None]:
    """How far a transfer in sight is, each time that this changes in your view; it ends with the transfer."""
    id, last = id_of("Transfer", transfer_id), b""
    while True:
        stirred = listener.feed.stirred
        await listener.renew(listener.feed.version)
        row = await _found(listener, id)
        try:
            frame = await listener.frame(row)
        except AccessChanged as changed:
            await listener.renew(changed.version)
            continue
        if frame.body != last:
            yield frame
            last = frame.body
        if row["state"] not in GOING_ON:
            return
        await listener.wait(stirred)


async def _found(listener: Listener, id: UUID | None) -> dict[str, Any]:
    """The transfer, as it is in sight. Raises NOT_FOUND."""
    context = listener.context
    try:
        await context.start_reading()
        row = await context.find("transfer", id)
    finally:
        await context.stop_reading()
    if row is None:
        raise not_found()
    told = {name: held for name, held in row.items() if name != "carry_over"}
    return {**told, "transfer_id": row["id"]}
