"""The agent that is to own a record."""

from uuid import UUID

from models.agent import Agent, AgentStatus
from models.operations.change import all_locked
from models.operations.problem import Problem


async def held_agent(agent_id: UUID | None) -> Agent | None:
    """The agent, held as they are until the transaction ends. Agents are locked before records, always."""
    if agent_id is None:
        return None
    return (await all_locked(Agent, [agent_id]))[agent_id]


def require_active(owner: Agent, field: str = "ownerId") -> Agent:
    """`owner`, who is active; raises Problem NOT_ACTIVE."""
    if owner.status is not AgentStatus.ACTIVE:
        raise Problem("NOT_ACTIVE", "A new owner is an active agent; choose another one.", field)
    return owner
