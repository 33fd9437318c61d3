"""Where an agent's records go when the agent leaves: no further than whoever says so can see."""

from uuid import UUID

from authz.compiling import Compiler
from authz.people_policies import sees_every_record
from authz.scopes import RECORDS, visible
from models.operations.assign_owner import assign_owner
from models.operations.problem import Problem
from models.ownership import OwnershipCause
from models.sql import Sql
from resolvers.writing import Act
from schema.tables import MODELS, physical


async def part_with_unseen(act: Act, agent_id: UUID) -> None:
    """Leave unowned those records of the agent that the viewer has not in sight: nobody hands on what
    they can't see, nor learns that it is there.

    So that nothing is told by asking either, who may not see every record always says where they go.
    Raises Problem OWNS_RECORDS.
    """
    if sees_every_record(act.viewer):
        return
    if not act.given.get("leave_unowned") and act.given.get("new_owner_id") is None:
        raise Problem(
            "OWNS_RECORDS",
            "The agent may own records, some out of your sight; say who gets those that you see, or leave "
            "them unowned.",
            "newOwnerId",
        )
    for table in RECORDS:
        for id in await _unseen(act, table, agent_id):
            record = await MODELS[table].get(id=id)
            await assign_owner(act.by, record, owner_id=None, cause=OwnershipCause.TRANSFERRED)


async def _unseen(act: Act, table: str, agent_id: UUID) -> list[UUID]:
    seen = Compiler(act.session.dialect, act.viewer).sql(visible(table, act.viewer), "t")
    owned = Sql(f"SELECT t.id FROM {physical(table)} t WHERE t.owner_id = ?", (agent_id,))
    within = {UUID(str(row["id"])) for row in await act.session.fetch(owned + " AND " + seen)}
    rows = await act.related(table, "owner_id", agent_id)
    return [row["id"] for row in rows if row["id"] not in within]
