"""Roles: listing, writing and giving them."""

import strawberry
from strawberry import ID, UNSET

from authz.access import AGENT
from authz.people_policies import ASSIGN_ROLE, CREATE_ROLE, UPDATE_ROLE
from models import Agent as AgentRow
from models import Role as RoleRow
from models.operations.assign_role import assign_role as assign
from models.operations.create_role import create_role as create
from models.operations.update_role import update_role as update
from resolvers.act import Act, Named
from resolvers.filled import filled
from resolvers.writing import mutation
from schema.enums import Reach, Scope
from schema.fields import each
from schema.role import Role
from schema.seen import Seen


@strawberry.type
class RoleQueries(Seen):
    """What can be asked about roles."""

    roles: list[Role] | None = each(AGENT, "role")


@strawberry.input
class CreateRoleInput:
    """A new role, with no permissions unless some are named."""

    name: str
    scope: Scope
    reach: Reach
    permissions: list[str] | None = UNSET
    idempotency_key: str | None = UNSET


@mutation(CREATE_ROLE, gives=("role",))
async def create_role(act: Act, input: CreateRoleInput) -> RoleRow:
    """Make a role of the account's own."""
    filled(act, "permissions")
    return await create(act.by, **act.values("name", "scope", "reach", "permissions"))


@strawberry.input
class UpdateRoleInput:
    """What is to change; what is left out stays. `permissions` is the whole list."""

    id: ID
    name: str | None = UNSET
    scope: Scope | None = UNSET
    reach: Reach | None = UNSET
    permissions: list[str] | None = UNSET
    expected_version: int | None = UNSET
    idempotency_key: str | None = UNSET


@mutation(UPDATE_ROLE, subject=Named("role"), gives=("role",))
async def update_role(act: Act, input: UpdateRoleInput) -> RoleRow:
    """Change a role of the account's own making, for all who hold it."""
    filled(act, "scope", "reach", "permissions")
    values = act.values("name", "scope", "reach", "permissions", "expected_version")
    return await update(act.by, await act.subject(RoleRow), **values)


@strawberry.input
class AssignRoleInput:
    """The agent, and the role that they are to have."""

    agent_id: ID
    role_id: ID
    expected_version: int | None = UNSET
    idempotency_key: str | None = UNSET


@mutation(ASSIGN_ROLE, subject=Named("agent", "agent_id"), links={"role_id": "role"}, gives=("agent",))
async def assign_role(act: Act, input: AssignRoleInput) -> AgentRow:
    """Give an agent a role, in place of the one so far."""
    return await assign(act.by, await act.subject(AgentRow), **act.values("role_id", "expected_version"))
