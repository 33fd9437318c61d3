"""Transfers: finding, listing, making and reverting them."""

import asyncio
from functools import partial

import strawberry
from strawberry import ID, UNSET

from authz.transfer import TRANSFER, TRANSFER_PORTFOLIO
from models import Transfer as TransferRow
from models import TransferState
from models.operations.draft_transfer import Drawn, draft_transfer, items_of
from models.operations.revert_transfer import draft_revert
from models.operations.revert_transfer import revert_transfer as revert
from models.operations.transfer_batch import go_on
from models.operations.transfer_portfolio import transfer_portfolio as transfer_drawn
from resolvers.act import Act, Named
from resolvers.transfer_choice import (
    AGENTS_AND_RECORDS,
    TransferInput,
    carried,
    chosen,
    require_listed,
    returning,
    shares_of,
)
from resolvers.transfer_going_on import may_move
from resolvers.transfer_left import require_left
from resolvers.transfer_token import require_as_shown, used
from resolvers.writing import mutation
from schema.connection import Connection
from schema.context import LONGEST_QUERY
from schema.fields import find, many
from schema.seen import Seen
from schema.transfer import Transfer

LONGEST_DRAWING_UP = LONGEST_QUERY
"""Seconds that drawing one up may take: a filter of the client's is run there, and other writers wait."""


@strawberry.type
class TransferQueries(Seen):
    """What can be asked about transfers."""

    transfer: Transfer | None = find(TRANSFER, "transfer")
    transfers: Connection[Transfer] | None = many(TRANSFER, "transfer")


@strawberry.input
class TransferPortfolioInput(TransferInput):
    """What `transferPreview` was asked, and its token: refused if what it showed has changed since."""

    token: str | None = UNSET
    reason: str | None = UNSET
    idempotency_key: str | None = UNSET


@mutation(
    TRANSFER_PORTFOLIO,
    subject=Named("agent", "from_id"),
    links=AGENTS_AND_RECORDS,
    gives=("transfer",),
)
async def transfer_portfolio(act: Act, input: TransferPortfolioInput) -> TransferRow:
    """Move an agent's records to others. A large transfer goes on by itself: ask `transfer` how far it is."""
    drawn = Drawn(
        act.linked_subject,
        shares_of(act),
        chosen(act),
        carried(act),
        act.given.get("reason"),
        used(act),
    )
    require_listed(act)
    async with asyncio.timeout(LONGEST_DRAWING_UP):
        transfer = await draft_transfer(act.session, act.by, drawn)
        await require_left(act, items_of(transfer))
        await require_as_shown(act, items_of(transfer))
    return _going_on(act, await transfer_drawn(act.session, act.by, transfer, drawn, may_move))


@strawberry.input
class RevertTransferInput:
    """The transfer whose records are to go back."""

    transfer_id: ID
    expected_version: int | None = UNSET
    idempotency_key: str | None = UNSET


@mutation(TRANSFER_PORTFOLIO, subject=Named("transfer", "transfer_id"), gives=("transfer",))
async def revert_transfer(act: Act, input: RevertTransferInput) -> TransferRow:
    """Bring back what is still as the transfer left it; the items in the state KEPT are what is not."""
    transfer = await act.subject(TransferRow)
    values = act.values("expected_version")
    transfer = await draft_revert(act.session, act.by, transfer, returning(act), **values)
    await require_left(act, items_of(transfer, returning=True))
    return _going_on(act, await revert(act.session, act.by, transfer, may_move))


def _going_on(act: Act, transfer: TransferRow) -> TransferRow:
    if transfer.state in (TransferState.RUNNING, TransferState.REVERTING):
        act.afterwards.append(partial(go_on, act.context.database, may_move, transfer.id))
    return transfer
