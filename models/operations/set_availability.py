"""Saying whether an agent takes new contacts."""

from models.agent import Agent
from models.operations.actor import Actor
from models.operations.change import locked
from models.operations.row_change import change_row


async def set_availability(by: Actor, agent: Agent, *, available: bool) -> Agent:
    """The agent, available or away: those who are away are handed out nothing."""
    return await change_row(by, await locked(agent), {"available": available}, "set_availability")
