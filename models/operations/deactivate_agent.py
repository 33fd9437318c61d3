"""Deactivating an agent, who then owns nothing; the name stays in history."""

from uuid import UUID

from models.agent import Agent, AgentStatus
from models.operations.access_version import hold
from models.operations.actor import Actor
from models.operations.administrators import keeping_an_administrator
from models.operations.assign_owner import assign_owner
from models.operations.change import agree, all_locked
from models.operations.new_owner import require_active
from models.operations.problem import Problem
from models.operations.record_type import MODELS
from models.operations.row_change import change_row
from models.ownership import OwnershipCause
from models.record import Record

_BATCH = 200


async def deactivate_agent(
    by: Actor,
    agent: Agent,
    *,
    leave_unowned: bool = False,
    new_owner_id: UUID | None = None,
    expected_version: int | None = None,
) -> Agent:
    """The agent, deactivated, their records the new owner's or nobody's; one who is already stays so.

    Raises Conflict, or Problem OWNS_RECORDS, INVALID, NOT_ACTIVE or LAST_ADMINISTRATOR.
    """
    await hold(agent.account_id)
    held = await all_locked(Agent, [agent.id, new_owner_id])
    agent = held[agent.id]
    agree(agent, expected_version)
    _require_one_destination(agent, leave_unowned, held[new_owner_id] if new_owner_id else None)
    await _require_word(agent, leave_unowned or new_owner_id is not None)
    async with keeping_an_administrator(agent.account_id):
        columns = {"status": AgentStatus.DEACTIVATED}
        agent = await change_row(by, agent, columns, "deactivate_agent", access=frozenset(columns))
    await _hand_over(by, agent, new_owner_id)
    return agent


def _require_one_destination(agent: Agent, leave_unowned: bool, owner: Agent | None) -> None:
    if owner is None:
        return
    if leave_unowned or owner.id == agent.id:
        raise Problem("INVALID", "The records go to another agent, or are left unowned.", "newOwnerId")
    require_active(owner, "newOwnerId")


async def _require_word(agent: Agent, said: bool) -> None:
    if not said and any([await model.filter(owner_id=agent.id).exists() for model in MODELS.values()]):
        raise Problem(
            "OWNS_RECORDS", "The agent owns records; say who gets them, or leave them unowned.", "newOwnerId"
        )


async def _hand_over(by: Actor, agent: Agent, new_owner_id: UUID | None) -> None:
    for model in MODELS.values():
        while batch := await _next(model, agent):
            for record in batch:
                await assign_owner(by, record, owner_id=new_owner_id, cause=OwnershipCause.TRANSFERRED)


async def _next(model: type[Record], agent: Agent) -> list[Record]:
    return await model.filter(owner_id=agent.id).order_by("id").limit(_BATCH)
