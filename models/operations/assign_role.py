"""Giving an agent a role."""

from uuid import UUID

from models.agent import Agent
from models.operations.access_version import locked_with_account
from models.operations.actor import Actor
from models.operations.administrators import keeping_an_administrator
from models.operations.row_change import change_row


async def assign_role(
    by: Actor, agent: Agent, *, role_id: UUID, expected_version: int | None = None
) -> Agent:
    """The agent with the role; raises Conflict, or Problem LAST_ADMINISTRATOR."""
    agent = await locked_with_account(agent, expected_version)
    async with keeping_an_administrator(agent.account_id, "roleId"):
        columns = {"role_id": role_id}
        return await change_row(by, agent, columns, "assign_role", access=frozenset(columns))
