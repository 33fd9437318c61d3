"""A key stands for one act by one actor with one input."""

import asyncio
from typing import Any

from models import Contact, IdempotencyKey
from models.operations.actor import Actor
from models.operations.create_contact import create_contact
from models.operations.idempotency import remember, replayed
from tests.models.operations.world import World, refused


async def once(world: World, key: str = "k") -> Any:
    """Create a contact unless `key` has done so; return its id."""
    async with world.writing():
        result = await replayed(world.by, "createContact", key, "hash")
        if result is None:
            contact = await create_contact(world.by, name="Bo")
            result = {"id": str(contact.id)}
            await remember(world.by, "createContact", key, "hash", result)
        return result


async def test_it_is_done_once(world: World) -> None:
    first = await once(world)
    assert await once(world) == first
    assert await once(world, "another") != first
    async with world.writing():
        ana = Actor(world.account.id, agent_id=world.ana.id)
        assert await replayed(ana, "createContact", "k", "hash") is None


async def test_another_input_or_mutation_is_refused(world: World) -> None:
    await once(world)
    async with world.writing():
        for mutation, given in (("createContact", "other"), ("updateContact", "hash")):
            async with refused("IDEMPOTENCY_KEY_REUSED", "idempotencyKey"):
                await replayed(world.by, mutation, "k", given)
        for key, code in ((" ", "BLANK"), ("\0", "INVALID"), ("x" * 201, "TOO_LONG")):
            async with refused(code, "idempotencyKey"):
                await replayed(world.by, "createContact", key, "hash")


async def test_of_two_at_once_the_second_sees_what_the_first_made(world: World) -> None:
    first, second = await asyncio.gather(once(world), once(world))
    assert first == second
    async with world.database.reading():
        assert await Contact.all().count() == 1


async def test_what_is_rolled_back_takes_no_key(world: World) -> None:
    async with refused("BLANK", "name"), world.writing():
        assert await replayed(world.by, "createContact", "k", "hash") is None
        await create_contact(world.by, name="")
    async with world.database.reading():
        assert await IdempotencyKey.all().count() == 0
    await once(world)
