"""Suspending an agent: no signing in, no token good any more, no new records; what they own stays theirs."""

from models.agent import Agent, AgentStatus
from models.operations.access_version import locked_with_account
from models.operations.actor import Actor
from models.operations.administrators import keeping_an_administrator
from models.operations.problem import Problem
from models.operations.revoke_sessions import revoke_all
from models.operations.row_change import change_row


async def suspend_agent(by: Actor, agent: Agent, *, expected_version: int | None = None) -> Agent:
    """The agent, suspended; one who is already stays so. Raises Conflict, or Problem DEACTIVATED or
    LAST_ADMINISTRATOR.
    """
    agent = await locked_with_account(agent, expected_version)
    if agent.status is AgentStatus.DEACTIVATED:
        raise Problem("DEACTIVATED", "The agent is deactivated, which is more than suspended.")
    async with keeping_an_administrator(agent.account_id):
        columns = {"status": AgentStatus.SUSPENDED}
        agent = await change_row(by, agent, columns, "suspend_agent", access=frozenset(columns))
    await revoke_all(by, agent)
    return agent
