"""Handing out a backlog in a process of its own: URL, policy, how many tasks, where to die.

Each task hands out some contacts at a time until none wait. With a fourth argument the process kills
itself there, in the second hand-out: "moved" (records moved, nothing logged), "logged" (all but
committed) or "committed". Prints what the tasks met: how many each was told of, and all errors.
"""

import asyncio
import json
import os
import signal
import sys
from typing import Any
from uuid import UUID

from models import Agent, DistributionPolicy
from models.database import Database
from models.operations import distribute
from tests.resolvers.support import gid, mutate

LIMIT = 37
"""No multiple of the pool: each hand-out begins in the middle of the turn."""


def die() -> None:
    """As if the plug were pulled."""
    os.kill(os.getpid(), signal.SIGKILL)


async def hand_out(database: Database, policy_id: str, who: Agent, dying: str | None) -> dict[str, Any]:
    """Hand out until nothing waits."""
    told, rounds, errors = 0, 0, []
    input = {"policyId": policy_id, "limit": LIMIT}
    while True:
        payload, failed = await mutate(database, who, "distributeContacts", input, "handedOut")
        rounds += 1
        if failed or payload["userErrors"]:
            errors.append(failed or payload["userErrors"])
            break
        told += payload["handedOut"]
        if dying == "committed" and rounds == 2:
            die()
        if payload["handedOut"] == 0:
            break
    return {"told": told, "errors": errors}


async def main(url: str, policy_id: str, tasks: int, dying: str | None) -> None:
    """Hand out by so many tasks at once."""
    database = await Database.open(url)
    try:
        async with database.reading():
            policy = await DistributionPolicy.get(id=UUID(policy_id))
            who = await Agent.get(id=policy.saved_by_id)
        kill_at(dying)
        named = gid(policy)
        met = await asyncio.gather(*(hand_out(database, named, who, dying) for _ in range(tasks)))
        print(json.dumps(met))
    finally:
        await database.close()


def kill_at(dying: str | None) -> None:
    """Let the second hand-out die after its records have moved, or after it was logged."""
    name = {"moved": "move_records", "logged": "log"}.get(dying or "")
    if name is None:
        return
    step, times = getattr(distribute, name), 0

    async def step_and_die(*arguments: Any) -> None:
        nonlocal times
        await step(*arguments)
        times += 1
        if times == 2:
            die()

    setattr(distribute, name, step_and_die)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4] if sys.argv[4:] else None))
