"""What must hold though two write at once: on PostgreSQL by locks, on SQLite since one writes at a time."""

import asyncio
from collections.abc import Awaitable, Callable
from contextvars import Context
from typing import Any

from models import BuiltIn, Contact, Deal, Message, MessageDirection, Payment, Role
from models.operations.add_message import add_message
from models.operations.assign_owner import assign_owner
from models.operations.assign_role import assign_role
from models.operations.create_contact import create_contact
from models.operations.create_conversation import create_conversation
from models.operations.create_deal import create_deal
from models.operations.create_partner import create_partner
from models.operations.create_partner_user import create_partner_user
from models.operations.create_team import create_team
from models.operations.deactivate_agent import deactivate_agent
from models.operations.erase_contact import erase_contact
from models.operations.problem import Conflict, Problem
from models.operations.record_payment import record_payment
from models.operations.set_deal_partner import set_deal_partner
from models.operations.suspend_agent import suspend_agent
from models.operations.update_contact import update_contact
from models.operations.update_partner_user import update_partner_user
from models.operations.win_deal import win_deal
from models.rules.money import Money
from tests.models.operations.world import World, ownerships, timeline


async def ended(world: World, act: Callable[[], Awaitable[Any]]) -> str:
    """Do `act` in a transaction of its own; tell how it ended."""
    try:
        async with world.writing():
            await act()
    except Problem as problem:
        return problem.code
    except Conflict:
        return "CONFLICT"
    return "done"


async def at_once(world: World, *acts: Callable[[], Awaitable[Any]]) -> list[str]:
    """Do each act, all together; tell how each ended."""
    return sorted(await asyncio.gather(*(ended(world, act) for act in acts)))


async def test_one_writer_wins_and_the_other_hears_of_it(world: World) -> None:
    async with world.writing():
        deal = await create_deal(world.by, title="D", amount=Money(1, "USD"))
        contact = await create_contact(world.by, name="Bo")
    assert await at_once(world, *[lambda: win_deal(world.by, deal)] * 3) == ["ALREADY_WON"] * 2 + ["done"]
    renames = [lambda: update_contact(world.by, contact, name="Al", expected_version=1)] * 2
    assert await at_once(world, *renames) == ["CONFLICT", "done"]
    assert await at_once(world, *[lambda: create_team(world.by, name="East")] * 2) == ["TAKEN", "done"]


async def test_numbers_have_no_gaps_and_no_doubles(world: World) -> None:
    async with world.writing():
        contact = await create_contact(world.by, name="Bo")
        talk = await create_conversation(world.by, contact_id=contact.id, inbox_id=world.inbox.id)
        deal = await create_deal(world.by, title="D")
    says = [lambda: add_message(world.by, talk, direction=MessageDirection.NOTE, body="x")] * 4
    pays = [lambda: record_payment(world.by, deal, amount=Money(1, "USD"), source="bank", source_id="1")] * 4
    assert await at_once(world, *says, *pays) == ["done"] * 8
    async with world.database.reading():
        messages = await Message.filter(conversation_id=talk.id).order_by("number")
        assert [message.number for message in messages] == [1, 2, 3, 4]
        assert [entry.number for entry in await timeline(talk)] == [1, 2, 3, 4, 5]
        assert await Payment.filter(deal_id=deal.id).count() == 1
        assert (await Deal.get(id=deal.id)).version == 2


async def behind(
    world: World, first: Callable[[], Awaitable[Any]], second: Callable[[], Awaitable[Any]]
) -> str:
    """Do `first`, and before it is committed let `second` come as far as it can; tell how `second` ended."""
    async with world.writing():
        await first()
        # In a context of its own, since this one's transaction is not the second writer's.
        task = asyncio.create_task(ended(world, second), context=Context())
        done, _ = await asyncio.wait({task}, timeout=0.15)
        assert not done, "the second writer did not wait for the first"
    return await task


async def test_two_administrators_do_not_suspend_each_other(world: World) -> None:
    async with world.writing():
        root = await Role.get(account_id=world.account.id, built_in=BuiltIn.ADMINISTRATOR)
        await assign_role(world.by, world.ana, role_id=root.id)
    first, second = world.ana, world.administrator
    end = await behind(world, lambda: suspend_agent(world.by, first), lambda: suspend_agent(world.by, second))
    assert end == "LAST_ADMINISTRATOR"


async def test_nobody_gives_a_record_to_who_is_being_deactivated(world: World) -> None:
    async with world.writing():
        contact = await create_contact(world.by, name="Bo", owner_id=world.ben.id)
    end = await behind(
        world,
        lambda: deactivate_agent(world.by, world.ana, leave_unowned=True),
        lambda: assign_owner(world.by, contact, owner_id=world.ana.id),
    )
    assert end == "NOT_ACTIVE"


async def test_what_is_just_being_given_to_an_agent_is_not_left_behind_when_they_go(world: World) -> None:
    async with world.writing():
        contact = await create_contact(world.by, name="Bo", owner_id=world.ben.id)
    end = await behind(
        world,
        lambda: assign_owner(world.by, contact, owner_id=world.ana.id),
        lambda: deactivate_agent(world.by, world.ana, leave_unowned=True),
    )
    assert end == "done"
    async with world.database.reading():
        assert (await Contact.get(id=contact.id)).owner_id is None
        assert all(interval.ended_at for interval in await ownerships(contact))


async def test_nothing_is_begun_with_a_contact_that_is_being_erased(world: World) -> None:
    async with world.writing():
        contact = await create_contact(world.by, name="Bo")
    end = await behind(
        world,
        lambda: erase_contact(world.by, contact),
        lambda: create_conversation(world.by, contact_id=contact.id, inbox_id=world.inbox.id),
    )
    assert end == "ERASED"


async def test_no_deal_is_assigned_to_who_is_losing_access(world: World) -> None:
    async with world.writing():
        partner = await create_partner(world.by, name="Resellers")
        user = await create_partner_user(world.by, partner_id=partner.id, name="Pia", portal_access=True)
        deal = await create_deal(world.by, title="D", partner_id=partner.id)
    end = await behind(
        world,
        lambda: update_partner_user(world.by, user, portal_access=False),
        lambda: set_deal_partner(world.by, deal, partner_id=partner.id, assigned_user_id=user.id),
    )
    assert end == "NO_PORTAL_ACCESS"
