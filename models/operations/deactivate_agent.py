"""Deactivating an agent, who then owns nothing and has no good token; the name stays in history."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from uuid import UUID

from models.agent import Agent, AgentStatus
from models.database import session_of_task
from models.operations import audit
from models.operations.access_version import hold
from models.operations.actor import Actor
from models.operations.administrators import keeping_an_administrator
from models.operations.change import agree, all_locked
from models.operations.draft_transfer import Drawn, Share, draft_transfer, drawn_changes, require_shares
from models.operations.moving import Telling
from models.operations.problem import Problem
from models.operations.record_type import MODELS
from models.operations.release_records import release_records
from models.operations.revoke_sessions import revoke_all
from models.operations.row_change import change_row
from models.operations.timeline import TimelineKind
from models.operations.transfer_batch import move_all
from models.ownership import OwnershipCause
from models.sql import value

ByRule = Callable[[Agent], Awaitable[None]]
"""Lets transfer rules take what they take of who leaves."""


async def deactivate_agent(
    by: Actor,
    agent: Agent,
    *,
    leave_unowned: bool = False,
    new_owner_id: UUID | None = None,
    to: Sequence[Share] = (),
    by_rule: ByRule | None = None,
    expected_version: int | None = None,
) -> Agent:
    """The agent, deactivated; one who is already stays so. What rules leave of their records is the new
    owner's, is shared out among those in `to`, or is left to nobody.

    Raises Conflict, or Problem OWNS_RECORDS, INVALID, LAST_ADMINISTRATOR, or as `require_shares` does.
    """
    shares = [Share(new_owner_id)] if new_owner_id is not None else to
    await hold(agent.account_id)
    held = await all_locked(Agent, [agent.id, *(share.agent_id for share in shares)])
    agent = held[agent.id]
    agree(agent, expected_version)
    if shares:
        _require_sense(agent, shares, held, leave_unowned, "to" if new_owner_id is None else "newOwnerId")
    if by_rule is None:
        await _require_word(agent, shares, leave_unowned)
    async with keeping_an_administrator(agent.account_id):
        columns = {"status": AgentStatus.DEACTIVATED}
        agent = await change_row(by, agent, columns, "deactivate_agent", access=frozenset(columns))
    await revoke_all(by, agent)
    if by_rule is not None:
        await by_rule(agent)
    await _hand_over(by, agent, shares, leave_unowned)
    return agent


def _require_sense(
    agent: Agent, shares: Sequence[Share], held: Mapping[UUID, Agent], leave_unowned: bool, field: str
) -> None:
    if leave_unowned:
        raise Problem("INVALID", "The records go to other agents, or are left unowned.", field)
    require_shares(agent, shares, held, field)


async def _require_word(agent: Agent, to: Sequence[Share], leave_unowned: bool) -> None:
    said = bool(to) or leave_unowned
    if not said and any([await model.filter(owner_id=agent.id).exists() for model in MODELS.values()]):
        raise Problem("OWNS_RECORDS", "The agent owns records; say where they go.", "to")


async def _hand_over(by: Actor, agent: Agent, to: Sequence[Share], leave_unowned: bool) -> None:
    await _require_word(agent, to, leave_unowned)
    session = session_of_task()
    if leave_unowned:
        telling = Telling(by, TimelineKind.OWNER_ASSIGNED, OwnershipCause.ASSIGNED)
        await release_records(session, agent.id, telling)
        await audit.append(by, "leave_unowned", agent)
    elif to and any([await model.filter(owner_id=agent.id).exists() for model in MODELS.values()]):
        chosen = {kind: "t.owner_id = " + value(agent.id) for kind in MODELS}
        drawn = Drawn(agent.id, to, chosen)
        transfer = await draft_transfer(session, by, drawn)
        await audit.append(by, "transfer_portfolio", transfer, drawn_changes(drawn))
        await move_all(session, transfer)
