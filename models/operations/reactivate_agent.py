"""Letting an agent who was suspended or deactivated in again."""

from models.agent import Agent, AgentStatus
from models.operations.access_version import locked_with_account
from models.operations.actor import Actor
from models.operations.row_change import change_row


async def reactivate_agent(by: Actor, agent: Agent, *, expected_version: int | None = None) -> Agent:
    """The agent, active; one who is already stays so. Raises Conflict."""
    agent = await locked_with_account(agent, expected_version)
    columns = {"status": AgentStatus.ACTIVE}
    return await change_row(by, agent, columns, "reactivate_agent", access=frozenset(columns))
