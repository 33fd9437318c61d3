"""Deals: finding, listing, summing and writing them."""

from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated, Any

import strawberry
from strawberry import ID, UNSET

from authz.access import SIGNED_IN
from authz.policies import CHANGE_RECORD, CREATE_RECORD
from models import Deal as DealRow
from models import Payment as PaymentRow
from models.operations.archive import archive
from models.operations.create_deal import create_deal as create
from models.operations.lose_deal import lose_deal as lose
from models.operations.record_payment import record_payment as pay
from models.operations.record_refund import record_refund as refund
from models.operations.reopen_deal import reopen_deal as reopen
from models.operations.set_deal_partner import set_deal_partner as set_partner
from models.operations.start_deal_contract import start_deal_contract as start_contract
from models.operations.unarchive import unarchive
from models.operations.update_deal import update_deal as update
from models.operations.win_deal import win_deal as win
from resolvers.act import Act, Named
from resolvers.amount import money_of, noted_money_of
from resolvers.placing import moved, new, placed
from resolvers.writing import mutation
from schema.connection import Connection
from schema.deal import Deal
from schema.deal_stat import DealGroup, DealStat
from schema.deal_stat import deal_stats as stats
from schema.fields import computed, find, many
from schema.money import MoneyInput
from schema.reading.marks import Mark
from schema.seen import Seen

if TYPE_CHECKING:
    DealFilter = Any
else:
    DealFilter = Annotated["DealFilter", strawberry.lazy("schema.inputs")]

DEAL = Named("deal")


@strawberry.type
class DealQueries(Seen):
    """What can be asked about deals."""

    deal: Deal | None = find(SIGNED_IN, "deal")
    deals: Connection[Deal] | None = many(SIGNED_IN, "deal")

    @computed(SIGNED_IN, reads=Mark.DEAL_STATS, metadata={"lists": "deal"})
    async def deal_stats(
        self, info: strawberry.Info, filter: DealFilter | None = None, group_by: DealGroup | None = None
    ) -> list[DealStat] | None:
        """Counts and sums over the deals in sight."""
        return await stats(info.context, filter, group_by)


@strawberry.input
class CreateDealInput:
    """A new deal: the viewer's own, unless another owner is named."""

    title: str
    stage: str | None = UNSET
    amount: MoneyInput | None = UNSET
    expected_close_on: date | None = UNSET
    contact_id: ID | None = UNSET
    conversation_id: ID | None = UNSET
    owner_id: ID | None = UNSET
    team_id: ID | None = UNSET
    inbox_id: ID | None = UNSET
    idempotency_key: str | None = UNSET


@mutation(
    CREATE_RECORD,
    links={
        "contact_id": "contact",
        "conversation_id": "conversation",
        "owner_id": "agent",
        "team_id": "team",
        "inbox_id": "inbox",
    },
    leaves=new("deal"),
    gives=("deal",),
)
async def create_deal(act: Act, input: CreateDealInput) -> DealRow:
    """Create a deal."""
    values = act.values("title", "stage", "expected_close_on", "contact_id", "conversation_id")
    return await create(act.by, **values, **noted_money_of(act), **await placed(act))


@strawberry.input
class UpdateDealInput:
    """What is to change; what is left out stays."""

    id: ID
    title: str | None = UNSET
    stage: str | None = UNSET
    amount: MoneyInput | None = UNSET
    expected_close_on: date | None = UNSET
    contact_id: ID | None = UNSET
    conversation_id: ID | None = UNSET
    expected_version: int | None = UNSET
    idempotency_key: str | None = UNSET


@mutation(
    CHANGE_RECORD,
    subject=DEAL,
    links={"contact_id": "contact", "conversation_id": "conversation"},
    leaves=moved,
    gives=("deal",),
)
async def update_deal(act: Act, input: UpdateDealInput) -> DealRow:
    """Change what is known of a deal."""
    values = act.values(
        "title", "stage", "expected_close_on", "contact_id", "conversation_id", "expected_version"
    )
    return await update(act.by, await act.subject(DealRow), **values, **noted_money_of(act))


@strawberry.input
class ArchiveDealInput:
    """The deal to put away."""

    id: ID
    expected_version: int | None = UNSET
    idempotency_key: str | None = UNSET


@mutation(CHANGE_RECORD, subject=DEAL, gives=("deal",))
async def archive_deal(act: Act, input: ArchiveDealInput) -> DealRow:
    """Put a deal away; its owner stays."""
    return await archive(act.by, await act.subject(DealRow), **act.values("expected_version"))


@strawberry.input
class UnarchiveDealInput:
    """The deal to take out again."""

    id: ID
    expected_version: int | None = UNSET
    idempotency_key: str | None = UNSET


@mutation(CHANGE_RECORD, subject=DEAL, gives=("deal",))
async def unarchive_deal(act: Act, input: UnarchiveDealInput) -> DealRow:
    """Take a deal out again."""
    return await unarchive(act.by, await act.subject(DealRow), **act.values("expected_version"))


@strawberry.input
class WinDealInput:
    """The deal that was won, and when: now, if nothing is said."""

    id: ID
    won_at: datetime | None = UNSET
    expected_version: int | None = UNSET
    idempotency_key: str | None = UNSET


@mutation(CHANGE_RECORD, subject=DEAL, gives=("deal",))
async def win_deal(act: Act, input: WinDealInput) -> DealRow:
    """Win an open deal."""
    return await win(act.by, await act.subject(DealRow), **act.values("won_at", "expected_version"))


@strawberry.input
class LoseDealInput:
    """The deal that was lost, and when: now, if nothing is said."""

    id: ID
    lost_at: datetime | None = UNSET
    expected_version: int | None = UNSET
    idempotency_key: str | None = UNSET


@mutation(CHANGE_RECORD, subject=DEAL, gives=("deal",))
async def lose_deal(act: Act, input: LoseDealInput) -> DealRow:
    """Lose an open deal."""
    return await lose(act.by, await act.subject(DealRow), **act.values("lost_at", "expected_version"))


@strawberry.input
class ReopenDealInput:
    """The deal that is to be open again."""

    id: ID
    expected_version: int | None = UNSET
    idempotency_key: str | None = UNSET


@mutation(CHANGE_RECORD, subject=DEAL, gives=("deal",))
async def reopen_deal(act: Act, input: ReopenDealInput) -> DealRow:
    """Open a deal again that was won or lost."""
    return await reopen(act.by, await act.subject(DealRow), **act.values("expected_version"))


@strawberry.input
class StartDealContractInput:
    """The won deal whose contract started, and when: now, if nothing is said."""

    id: ID
    started_at: datetime | None = UNSET
    expected_version: int | None = UNSET
    idempotency_key: str | None = UNSET


@mutation(CHANGE_RECORD, subject=DEAL, gives=("deal",))
async def start_deal_contract(act: Act, input: StartDealContractInput) -> DealRow:
    """Start the contract of a won deal."""
    values = act.values("started_at", "expected_version")
    return await start_contract(act.by, await act.subject(DealRow), **values)


@strawberry.input
class RecordPaymentInput:
    """Money that came in. The same `source` and `sourceId` count once."""

    deal_id: ID
    amount: MoneyInput
    paid_at: datetime | None = UNSET
    source: str | None = UNSET
    source_id: str | None = UNSET
    expected_version: int | None = UNSET
    idempotency_key: str | None = UNSET


@strawberry.input
class RecordRefundInput(RecordPaymentInput):
    """Money that went back. The same `source` and `sourceId` count once."""


@mutation(CHANGE_RECORD, subject=Named("deal", "deal_id"), gives=("payment", "deal"))
async def record_payment(act: Act, input: RecordPaymentInput) -> dict[str, object]:
    """Record a payment for a deal."""
    values = act.values("paid_at", "source", "source_id", "expected_version")
    made = await pay(act.by, await act.subject(DealRow), **money_of(act), **values)
    return _given_back(made)


@mutation(CHANGE_RECORD, subject=Named("deal", "deal_id"), gives=("payment", "deal"))
async def record_refund(act: Act, input: RecordRefundInput) -> dict[str, object]:
    """Record a refund for a deal."""
    values = act.values("paid_at", "source", "source_id", "expected_version")
    made = await refund(act.by, await act.subject(DealRow), **money_of(act), **values)
    return _given_back(made)


@strawberry.input
class SetDealPartnerInput:
    """The partner that sells along, null for none, and its user who is assigned the deal, if anybody is."""

    id: ID
    partner_id: ID | None = UNSET
    assigned_user_id: ID | None = UNSET
    expected_version: int | None = UNSET
    idempotency_key: str | None = UNSET


@mutation(
    CHANGE_RECORD,
    subject=DEAL,
    links={"partner_id": "partner", "assigned_user_id": "partner_user"},
    needs=("partner_id",),
    gives=("deal",),
)
async def set_deal_partner(act: Act, input: SetDealPartnerInput) -> DealRow:
    """Say which partner sells a deal along, and who of theirs."""
    values = act.values("partner_id", "assigned_user_id", "expected_version")
    return await set_partner(act.by, await act.subject(DealRow), **values)


def _given_back(payment: PaymentRow) -> dict[str, object]:
    return {"payment_id": payment.id, "deal_id": payment.deal_id}
