"""Letting an agent who was suspended or deactivated in again, with a new sign-in."""

from models.agent import Agent, AgentStatus
from models.operations.access_version import locked_with_account
from models.operations.actor import Actor
from models.operations.revoke_sessions import revoke_all
from models.operations.row_change import change_row


async def reactivate_agent(by: Actor, agent: Agent, *, expected_version: int | None = None) -> Agent:
    """The agent, active; one who is already stays so. No token is good that was not until now.

    Raises Conflict.
    """
    agent = await locked_with_account(agent, expected_version)
    if agent.status is not AgentStatus.ACTIVE:
        await revoke_all(by, agent)
    columns = {"status": AgentStatus.ACTIVE}
    return await change_row(by, agent, columns, "reactivate_agent", access=frozenset(columns))
