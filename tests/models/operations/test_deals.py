"""Deals: won, lost and reopened with their dates, their money, their partner."""

from datetime import UTC, date, timedelta

import pytest

from models import Deal, DealStatus, Partner, PartnerUser, Payment
from models.operations.create_contact import create_contact
from models.operations.create_deal import create_deal
from models.operations.create_partner import create_partner
from models.operations.create_partner_user import create_partner_user
from models.operations.lose_deal import lose_deal
from models.operations.problem import Conflict
from models.operations.record_payment import record_payment
from models.operations.record_refund import record_refund
from models.operations.reopen_deal import reopen_deal
from models.operations.set_deal_partner import set_deal_partner
from models.operations.start_deal_contract import start_deal_contract
from models.operations.update_deal import update_deal
from models.operations.update_partner_user import update_partner_user
from models.operations.win_deal import win_deal
from models.rules.money import LARGEST, Money
from tests.models.operations.world import Clock, World, refused, timeline, traces

TEN = Money(1000, "USD")


async def test_a_deal_is_created_and_changed(world: World) -> None:
    async with world.writing():
        contact = await create_contact(world.by, name="Bo")
        deal = await create_deal(
            world.by, title="GTX", stage="Prospecting", amount=TEN, expected_close_on=date(2026, 4, 1)
        )
        assert (deal.status, deal.amount, deal.currency) == (DealStatus.OPEN, 1000, "USD")
        assert (await timeline(deal))[0].changes == {
            "title": [None, "GTX"],
            "stage": [None, "Prospecting"],
            "status": [None, "OPEN"],
            "amount": [None, 1000],
            "currency": [None, "USD"],
            "expected_close_on": [None, "2026-04-01"],
        }
        deal = await update_deal(world.by, deal, amount=Money(LARGEST, "USD"), contact_id=contact.id)
        assert (await timeline(deal))[1].changes == {
            "amount": [1000, LARGEST],
            "currency": ["USD", "USD"],
            "contact_id": [None, str(contact.id)],
        }
        deal = await update_deal(world.by, deal, amount=None, expected_close_on=None, stage=None)
        again = await Deal.get(id=deal.id)
        assert [again.amount, again.currency, again.expected_close_on] == [None] * 3
        assert again.stage_folded is None
        assert again.version == 3


IMPOSSIBLE = [
    (Money(-1, "USD"), "INVALID"),
    (Money(LARGEST + 1, "USD"), "TOO_LARGE"),
    (Money(1, "usd"), "INVALID"),
    (Money(1, "XXX"), "INVALID"),
]


async def test_an_amount_that_can_not_be_is_refused(world: World) -> None:
    async with world.writing():
        deal = await create_deal(world.by, title="D", amount=Money(0, "USD"))
        for amount, code in IMPOSSIBLE:
            async with refused(code, "amount"):
                await create_deal(world.by, title="D", amount=amount)
            async with refused(code, "amount"):
                await update_deal(world.by, deal, amount=amount)


async def test_winning_losing_and_reopening(world: World, time: Clock) -> None:
    async with world.writing():
        deal = await create_deal(world.by, title="D", amount=TEN)
        async with refused("ALREADY_OPEN"):
            await reopen_deal(world.by, deal)
        async with refused("NOT_WON"):
            await start_deal_contract(world.by, deal)
        async with refused("IN_FUTURE", "wonAt"):
            await win_deal(world.by, deal, won_at=time.now + timedelta(microseconds=1))
        won = await win_deal(world.by, deal, expected_version=1)
        assert (won.status, won.won_at, won.lost_at) == (DealStatus.WON, time.now, None)
        with pytest.raises(Conflict):
            await win_deal(world.by, deal, expected_version=1)
        for verb in (win_deal, lose_deal):
            async with refused("ALREADY_WON"):
                await verb(world.by, deal)
        async with refused("IN_FUTURE", "startedAt"):
            await start_deal_contract(world.by, deal, started_at=time.now + timedelta(days=1))
        assert (await start_deal_contract(world.by, deal)).contract_started_at == time.now
        async with refused("ALREADY_STARTED"):
            await start_deal_contract(world.by, deal)
        opened = await reopen_deal(world.by, deal)
        assert (opened.won_at, opened.lost_at, opened.contract_started_at) == (None, None, None)
        async with refused("IN_FUTURE", "lostAt"):
            await lose_deal(world.by, deal, lost_at=time.now + timedelta(days=1))
        yesterday = time.now - timedelta(days=1)
        lost = await lose_deal(world.by, deal, lost_at=yesterday)
        assert (lost.status, lost.lost_at, lost.won_at) == (DealStatus.LOST, yesterday, None)
        for verb in (win_deal, lose_deal):
            async with refused("ALREADY_LOST"):
                await verb(world.by, deal)
        kinds = [entry.kind for entry in await timeline(deal)]
        assert kinds == ["CREATED", "WON", "CONTRACT_STARTED", "REOPENED", "LOST"]


async def test_a_won_deals_amount_stays(world: World) -> None:
    async with world.writing():
        deal = await win_deal(world.by, await create_deal(world.by, title="D", amount=TEN))
        for amount in (None, Money(999, "USD"), Money(1000, "EUR")):
            async with refused("WON", "amount"):
                await update_deal(world.by, deal, amount=amount)
        assert (await update_deal(world.by, deal, amount=TEN, title="E")).title == "E"
        reopened = await reopen_deal(world.by, deal)
        assert (await update_deal(world.by, reopened, amount=Money(1, "EUR"))).currency == "EUR"


async def test_a_payment_told_of_twice_counts_once(world: World, time: Clock) -> None:
    async with world.writing():
        deal = await create_deal(world.by, title="D")
        paid = await record_payment(
            world.by, deal, amount=TEN, source="bank", source_id="1", expected_version=1
        )
        before = await traces()
        again = await record_payment(
            world.by, deal, amount=TEN, source="bank", source_id="1", expected_version=1
        )
        assert again.id == paid.id
        assert await traces() == before
        async with refused("TAKEN", "sourceId"):
            await record_payment(world.by, deal, amount=Money(1, "USD"), source="bank", source_id="1")
        other = await create_deal(world.by, title="E")
        assert (await record_payment(world.by, other, amount=TEN, source="bank", source_id="1")).id != paid.id
        await record_payment(world.by, deal, amount=TEN)
        await record_payment(world.by, deal, amount=TEN)
        assert await Payment.filter(deal_id=deal.id).count() == 3
        assert (await Deal.get(id=deal.id)).version == 4
        entry = (await timeline(deal))[1]
        assert (entry.kind, entry.changes) == ("PAYMENT_RECORDED", {"payment_id": [None, str(paid.id)]})
        assert paid.paid_at == time.now.astimezone(UTC)


async def test_no_more_goes_back_than_came_in(world: World, time: Clock) -> None:
    async with world.writing():
        deal = await create_deal(world.by, title="D")
        await record_payment(world.by, deal, amount=TEN)
        async with refused("TOO_LARGE", "amount"):
            await record_refund(world.by, deal, amount=Money(1, "EUR"))
        await record_refund(world.by, deal, amount=Money(600, "USD"), source="bank", source_id="r")
        async with refused("TOO_LARGE", "amount"):
            await record_refund(world.by, deal, amount=Money(401, "USD"))
        await record_refund(world.by, deal, amount=Money(600, "USD"), source="bank", source_id="r")
        await record_refund(world.by, deal, amount=Money(400, "USD"))
        for verb in (record_payment, record_refund):
            for amount in (Money(0, "USD"), Money(-1, "USD")):
                async with refused("INVALID", "amount"):
                    await verb(world.by, deal, amount=amount)
        async with refused("IN_FUTURE", "paidAt"):
            await record_payment(world.by, deal, amount=TEN, paid_at=time.now + timedelta(days=1))
        with pytest.raises(Conflict):
            await record_refund(world.by, deal, amount=Money(0, "USD"), expected_version=1)
        assert [entry.kind for entry in await timeline(deal)][-2:] == ["REFUND_RECORDED"] * 2


async def partnered(world: World) -> tuple[Partner, PartnerUser]:
    """A partner, and a user of theirs with portal access."""
    partner = await create_partner(world.by, name="Resellers")
    user = await create_partner_user(world.by, partner_id=partner.id, name="Pia", portal_access=True)
    return partner, user


async def test_the_assigned_user_is_the_partners_and_has_access(world: World) -> None:
    async with world.writing():
        partner, user = await partnered(world)
        other = await create_partner(world.by, name="Others")
        outsider = await create_partner_user(world.by, partner_id=partner.id, name="Olga")
        deal = await create_deal(world.by, title="D", partner_id=partner.id, assigned_user_id=user.id)
        async with refused("INVALID", "assignedUserId"):
            await set_deal_partner(world.by, deal, partner_id=other.id, assigned_user_id=user.id)
        async with refused("INVALID", "assignedUserId"):
            await create_deal(world.by, title="D", assigned_user_id=user.id)
        async with refused("NO_PORTAL_ACCESS", "assignedUserId"):
            await set_deal_partner(world.by, deal, partner_id=partner.id, assigned_user_id=outsider.id)
        with pytest.raises(Conflict):
            await set_deal_partner(
                world.by, deal, partner_id=other.id, assigned_user_id=user.id, expected_version=7
            )
        deal = await set_deal_partner(world.by, deal, partner_id=other.id, expected_version=1)
        assert (deal.partner_id, deal.assigned_user_id) == (other.id, None)
        deal = await set_deal_partner(world.by, deal, partner_id=None)
        assert (await timeline(deal))[-1].changes == {"partner_id": [str(other.id), None]}


async def test_who_loses_access_is_assigned_to_nothing_any_more(world: World) -> None:
    async with world.writing():
        partner, user = await partnered(world)
        deal = await create_deal(world.by, title="D", partner_id=partner.id, assigned_user_id=user.id)
        async with world.bumping(1):
            await update_partner_user(world.by, user, portal_access=False)
        deal = await Deal.get(id=deal.id)
        assert (deal.partner_id, deal.assigned_user_id, deal.version) == (partner.id, None, 2)
        assert (await timeline(deal))[-1].kind == "PARTNER_SET"
