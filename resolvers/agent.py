"""Agents: finding, listing and writing them."""

from functools import partial

import strawberry
from strawberry import ID, UNSET

from authz.access import SIGNED_IN
from authz.distribution import SET_AVAILABILITY
from authz.people_policies import CREATE_AGENT, DEACTIVATE_AGENT, SET_AGENT_STATUS, UPDATE_AGENT
from models import Agent as AgentRow
from models import Contact
from models.operations.create_agent import create_agent as create
from models.operations.deactivate_agent import deactivate_agent as deactivate
from models.operations.draft_transfer import Share
from models.operations.problem import Problem
from models.operations.reactivate_agent import reactivate_agent as reactivate
from models.operations.set_availability import set_availability as set_available
from models.operations.suspend_agent import suspend_agent as suspend
from models.operations.update_agent import update_agent as update
from resolvers.act import Act, Named
from resolvers.filled import filled
from resolvers.handing_out import hand_out_released
from resolvers.ruling import rule_over_leaver
from resolvers.transfer_choice import TransferShareInput, shares_of
from resolvers.writing import mutation
from schema.agent import Agent
from schema.connection import Connection
from schema.errors import module_disabled
from schema.fields import find, many
from schema.seen import Seen

AGENT = Named("agent")
PLACES = {"team_ids": "team", "main_team_id": "team", "inbox_ids": "inbox"}


@strawberry.type
class AgentQueries(Seen):
    """What can be asked about agents."""

    agent: Agent | None = find(SIGNED_IN, "agent")
    agents: Connection[Agent] | None = many(SIGNED_IN, "agent")


@strawberry.input
class CreateAgentInput:
    """A new agent; the main team is the first of the teams, unless another of them is named."""

    name: str
    role_id: ID
    email: str | None = UNSET
    team_ids: list[ID] | None = UNSET
    main_team_id: ID | None = UNSET
    inbox_ids: list[ID] | None = UNSET
    idempotency_key: str | None = UNSET


@mutation(CREATE_AGENT, links={"role_id": "role", **PLACES}, gives=("agent",))
async def create_agent(act: Act, input: CreateAgentInput) -> AgentRow:
    """Take someone into the account."""
    filled(act, "team_ids", "inbox_ids")
    values = act.values("name", "email", "role_id", "team_ids", "main_team_id", "inbox_ids")
    return await create(act.by, **values)


@strawberry.input
class UpdateAgentInput:
    """What is to change; what is left out stays. The lists are whole: who is not in them leaves."""

    id: ID
    name: str | None = UNSET
    email: str | None = UNSET
    available: bool | None = UNSET
    team_ids: list[ID] | None = UNSET
    main_team_id: ID | None = UNSET
    inbox_ids: list[ID] | None = UNSET
    expected_version: int | None = UNSET
    idempotency_key: str | None = UNSET


@mutation(UPDATE_AGENT, subject=AGENT, links=PLACES, gives=("agent",))
async def update_agent(act: Act, input: UpdateAgentInput) -> AgentRow:
    """Change an agent's name, email, availability, teams or inboxes."""
    filled(act, "available", "team_ids", "inbox_ids")
    values = act.values(
        "name", "email", "available", "team_ids", "main_team_id", "inbox_ids", "expected_version"
    )
    return await update(act.by, await act.subject(AgentRow), **values)


@strawberry.input
class SetAvailabilityInput:
    """Whether an agent takes new contacts: oneself, unless another is named."""

    available: bool
    agent_id: ID | None = UNSET
    idempotency_key: str | None = UNSET


@mutation(SET_AVAILABILITY, links={"agent_id": "agent"}, gives=("agent",))
async def set_availability(act: Act, input: SetAvailabilityInput) -> AgentRow:
    """Say whether an agent is available or away; who is away is handed out nothing."""
    agent_id = act.linked("agent_id") or act.viewer.agent_id
    return await set_available(act.by, await AgentRow.get(id=agent_id), **act.values("available"))


@strawberry.input
class SuspendAgentInput:
    """The agent who is to be suspended."""

    id: ID
    expected_version: int | None = UNSET
    idempotency_key: str | None = UNSET


@mutation(SET_AGENT_STATUS, subject=AGENT, gives=("agent",))
async def suspend_agent(act: Act, input: SuspendAgentInput) -> AgentRow:
    """Suspend an agent: no signing in, no new records; what they own stays theirs."""
    return await suspend(act.by, await act.subject(AgentRow), **act.values("expected_version"))


@strawberry.input
class ReactivateAgentInput:
    """The agent who is to be active again."""

    id: ID
    expected_version: int | None = UNSET
    idempotency_key: str | None = UNSET


@mutation(SET_AGENT_STATUS, subject=AGENT, gives=("agent",))
async def reactivate_agent(act: Act, input: ReactivateAgentInput) -> AgentRow:
    """Let an agent in again who was suspended or deactivated."""
    return await reactivate(act.by, await act.subject(AgentRow), **act.values("expected_version"))


@strawberry.input
class DeactivateAgentInput:
    """The agent who leaves, and where their records go: to others, to whom distribution gives them, or to
    nobody. What transfer rules take goes by them.
    """

    id: ID
    to: list[TransferShareInput] | None = UNSET
    distribute: bool | None = False
    leave_unowned: bool | None = False
    new_owner_id: ID | None = UNSET
    expected_version: int | None = UNSET
    idempotency_key: str | None = UNSET


@mutation(
    DEACTIVATE_AGENT,
    subject=AGENT,
    links={"new_owner_id": "agent", "to.agent_id": "agent"},
    gives=("agent",),
)
async def deactivate_agent(act: Act, input: DeactivateAgentInput) -> AgentRow:
    """Deactivate an agent, who then owns nothing; the name stays in history."""
    if (input.distribute or act.given.get("to")) and not act.viewer.sales_module:
        raise module_disabled()
    agent = await act.subject(AgentRow)
    theirs = [contact.id for contact in await _contacts(agent)] if input.distribute else []
    left = await deactivate(
        act.by,
        agent,
        to=_word(act, input),
        leave_unowned=bool(input.leave_unowned or input.distribute),
        by_rule=partial(rule_over_leaver, act),
        **act.values("new_owner_id", "expected_version"),
    )
    await hand_out_released(act, theirs)
    return left


async def _contacts(agent: AgentRow) -> list[Contact]:
    return await Contact.filter(owner_id=agent.id).only("id")


def _word(act: Act, input: DeactivateAgentInput) -> list[Share]:
    """Who gets the records. Raises Problem INVALID where more than one thing is said."""
    shares = shares_of(act) if act.given.get("to") else []
    owner = act.linked("new_owner_id")
    said = [bool(shares), owner is not None, bool(input.distribute), bool(input.leave_unowned)]
    if said.count(True) > 1:
        field = "newOwnerId" if owner is not None else "to"
        raise Problem("INVALID", "Say one thing: who gets the records, distribute, or leave them.", field)
    return shares
