"""The demo: what it is made of, that it is made once, and the same every time."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from click.testing import CliRunner

from commands.demo import demo, demo_people, make_demo
from models import (
    Account,
    Agent,
    AgentStatus,
    Contact,
    Conversation,
    Deal,
    DealStatus,
    IsolationMode,
    Message,
    Ownership,
    PartnerUser,
    Payment,
    PaymentKind,
    Role,
    TimelineEntry,
    clock,
)
from models.database import Database, Dialect
from tests.conftest import Databases

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def still() -> Iterator[None]:
    """The clock stands still, where the demo does not move it."""
    clock.tell_time_with(lambda: NOW)
    yield
    clock.tell_time_with(None)


async def test_everything_that_a_demo_needs_is_there(database: Database) -> None:
    assert await make_demo(database)
    async with database.reading():
        assert {account.isolation_mode for account in await Account.all()} == {
            IsolationMode.STRICT,
            IsolationMode.MASKED,
        }
        assert await Agent.filter(status=AgentStatus.SUSPENDED).count() == 1
        assert await Agent.filter(available=False).count() == 1
        for account in await Account.all():
            await there_is_everything(account.id)


async def there_is_everything(account_id: Any) -> None:
    roles = await Role.filter(account_id=account_id)
    used = {agent.role_id for agent in await Agent.filter(account_id=account_id)}
    assert {role.id for role in roles} == used
    assert any(role.built_in is None for role in roles)
    deals = await Deal.filter(account_id=account_id)
    assert Counter(deal.status for deal in deals).keys() == set(DealStatus)
    assert any(deal.assigned_user_id for deal in deals)
    assert any(deal.contract_started_at for deal in deals)
    assert {payment.kind for payment in await Payment.filter(account_id=account_id)} == set(PaymentKind)
    assert {user.portal_access for user in await PartnerUser.filter(account_id=account_id)} == {True, False}
    assert await TimelineEntry.filter(account_id=account_id, kind="REOPENED").exists()
    for records in (Contact, Conversation, Deal):
        found = await records.filter(account_id=account_id)
        assert {record.owner_id is None for record in found} == {True, False}
        assert {record.archived_at is None for record in found} == {True, False}
        assert all(NOW - timedelta(days=360) < record.created_at < NOW for record in found)
        assert max(record.created_at for record in found) > NOW - timedelta(days=60)
    assert await Message.filter(account_id=account_id).count() > 20


async def test_ownership_began_when_the_record_came(database: Database) -> None:
    await make_demo(database)
    async with database.reading():
        began = {interval.record_id: interval.started_at for interval in await Ownership.all()}
        for deal in await Deal.exclude(owner_id=None):
            assert began[deal.id] == deal.created_at


async def test_it_is_made_once(database: Database) -> None:
    await make_demo(database)
    async with database.reading():
        before = await TimelineEntry.all().count()
    assert not await make_demo(database)
    async with database.reading():
        assert await TimelineEntry.all().count() == before


async def test_it_is_the_same_every_time(databases: Databases) -> None:
    told = []
    for database in (await databases(), await databases()):
        await make_demo(database)
        async with database.reading():
            deals = (
                await Deal.all().order_by("created_at").values_list("title", "status", "amount", "created_at")
            )
            bodies = await Message.all().order_by("sent_at").values_list("body", "sent_at")
            told.append((deals, bodies))
    assert told[0] == told[1]


async def test_everyone_who_can_sign_in_is_listed(database: Database) -> None:
    assert await demo_people(database) == []
    await make_demo(database)
    people = await demo_people(database)
    assert people[0] == ("Vela Marine Supply", "Administrator", "Helena Prado", "helena.prado@vela.example")
    kinds = {kind for _, kind, _, _ in people}
    assert kinds == {"Administrator", "Sales manager", "Rep", "Inbox lead", "Auditor", "Partner user"}
    names = {name for _, _, name, _ in people}
    assert "Rui Esteves" not in names
    assert "Sofia Reis" not in names
    assert all(email.isascii() for _, _, _, email in people)
    assert len({email for _, _, _, email in people}) == len(people)


@pytest.mark.parametrize("dialect", [Dialect.SQLITE])
async def test_the_command_says_what_it_did(
    fresh_url: Callable[[], Awaitable[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CARTEIRA_DATABASE_URL", await fresh_url())
    first = await asyncio.to_thread(CliRunner().invoke, demo)
    assert (first.exit_code, first.stdout) == (0, "")
    assert "Vela Marine Supply and Nordlys Instruments" in first.stderr
    again = await asyncio.to_thread(CliRunner().invoke, demo)
    assert again.exit_code == 1
    assert "nothing was changed" in again.stderr
    content = await asyncio.to_thread(CliRunner().invoke, demo, ["--if-empty"])
    assert content.exit_code == 0
