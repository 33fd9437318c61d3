"""Handing out from many places at once, and by a process that is killed: each contact once, nobody more."""

import asyncio
import json
import signal
import sys
from collections import Counter
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from models import (
    Contact,
    DistributionDecision,
    DistributionPolicy,
    OutboxEvent,
    Ownership,
    TimelineEntry,
)
from models.database import Database, Dialect
from models.ids import new_id
from models.operations.inserting import insert_rows
from tests.resolvers.support import Scene, codes, gid, make_scene, mutate

ROOT = Path(__file__).parents[2]
POOL = 7
PATIENCE = 240
"""Seconds after which a child that hangs is given up."""


async def backlog(database: Database, size: int, method: str = "ROUND_ROBIN") -> tuple[Scene, UUID]:
    """An account with so many contacts of nobody's, and a policy with a pool of seven."""
    scene = await make_scene(database)
    agents = [await scene.agent(teams=[scene.north], name=f"Agent {number}") for number in range(POOL)]
    input = {"members": [{"agentId": gid(agent)} for agent in agents], "method": method}
    payload, _ = await mutate(
        database, scene.administrator, "createDistributionPolicy", input, "distributionPolicy { id }"
    )
    assert payload["distributionPolicy"]
    async with database.writing() as session:
        rows = [await a_contact(scene, number) for number in range(size)]
        await insert_rows(session, Contact, rows)
        policy = await DistributionPolicy.get(account_id=scene.account.id)
    return scene, policy.id


async def a_contact(scene: Scene, number: int) -> dict[str, Any]:
    """A contact's columns."""
    contact = Contact(id=new_id(), account_id=scene.account.id, name=f"Lead {number}", team_id=scene.north.id)
    columns = ("id", "account_id", "name", "team_id", "version", "created_at", "updated_at")
    return {column: getattr(contact, column) for column in columns}


async def child(database: Database, policy_id: UUID, tasks: int, *dying: str) -> tuple[int, list[Any]]:
    """Hand out in another process; its exit status, and what its tasks met."""
    command = [sys.executable, "-m", "tests.resolvers.distributing"]
    arguments = [database.url, str(policy_id), str(tasks), *dying]
    process = await asyncio.create_subprocess_exec(
        *command, *arguments, cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    try:
        printed, _ = await asyncio.wait_for(process.communicate(), PATIENCE)
    except TimeoutError:
        process.kill()
        raise
    assert process.returncode is not None
    return process.returncode, json.loads(printed or b"[]")


async def each_once(database: Database, size: int) -> Counter[UUID]:
    """See that each contact was handed out once, with all its traces; how many each agent has."""
    async with database.reading():
        owned = Counter(await Contact.all().values_list("owner_id", flat=True))
        traces = [
            Counter(await Ownership.filter(ended_at=None).values_list("record_id", flat=True)),
            Counter(await Ownership.all().values_list("record_id", flat=True)),
            Counter(await TimelineEntry.filter(kind="DISTRIBUTED").values_list("record_id", flat=True)),
            Counter(await OutboxEvent.all().values_list("record_id", flat=True)),
            Counter(await DistributionDecision.all().values_list("contact_id", flat=True)),
        ]
    assert None not in owned
    for trace in traces:
        assert len(trace) == size
        assert set(trace.values()) == {1}
    return owned


@pytest.mark.parametrize("method", ["ROUND_ROBIN", "LEAST_LOADED", "WEIGHTED"])
async def test_eight_tasks_in_two_processes(database: Database, method: str) -> None:
    """2,000 contacts on PostgreSQL by turns; fewer where that proves as much."""
    size = 2_000 if database.dialect is Dialect.POSTGRES and method == "ROUND_ROBIN" else 300
    _, policy_id = await backlog(database, size, method)
    both = await asyncio.gather(child(database, policy_id, 4), child(database, policy_id, 4))
    assert [status for status, _ in both] == [0, 0]
    met = [task for _, tasks in both for task in tasks]
    assert [task["errors"] for task in met] == [[]] * 8
    assert sum(task["told"] for task in met) == size
    owned = await each_once(database, size)
    assert max(owned.values()) - min(owned.values()) <= 1
    assert len(owned) == POOL


@pytest.mark.parametrize("dying", ["moved", "logged", "committed"])
async def test_killed_and_begun_again(database: Database, dying: str) -> None:
    scene, policy_id = await backlog(database, 200)
    status, _ = await child(database, policy_id, 1, dying)
    assert status == -signal.SIGKILL
    async with database.reading():
        left = await Contact.filter(owner_id=None).count()
    assert left == 200 - 37 * (2 if dying == "committed" else 1)
    status, [met] = await child(database, policy_id, 1)
    assert (status, met) == (0, {"told": left, "errors": []})
    owned = await each_once(database, 200)
    assert sorted(owned.values()) == [28] * 3 + [29] * 4
    assert scene.administrator.id not in owned


async def test_new_contacts_from_many_at_once(database: Database) -> None:
    """Whoever makes contacts, at once with who hands out a backlog: the turn goes round all the same."""
    scene, policy_id = await backlog(database, 70)
    async with database.reading():
        policy = await DistributionPolicy.get(id=policy_id)

    async def make(number: int) -> list[str]:
        input = {"name": f"New {number}", "ownerId": None, "teamId": gid(scene.north)}
        _, errors = await mutate(database, scene.administrator, "createContact", input, "contact { id }")
        return codes(errors)

    async def hand_out() -> list[str]:
        input = {"policyId": gid(policy), "limit": 10}
        _, errors = await mutate(database, scene.max, "distributeContacts", input, "handedOut")
        return codes(errors)

    await make(0)  # so that both have signed in
    assert await hand_out() == []
    tasks = [make(number) for number in range(1, 35)] + [hand_out() for _ in range(6)]
    assert await asyncio.gather(*tasks) == [[]] * 40
    async with database.reading():
        owned = Counter(await Contact.all().values_list("owner_id", flat=True))
    assert max(owned.values()) - min(owned.values()) <= 1
    assert sum(owned.values()) == 105
    assert None not in owned
