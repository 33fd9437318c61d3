"""Why somebody sees a record or reads a field, and what would change it."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

import strawberry

from authz.access import SIGNED_IN, AccessRule
from authz.explanation import MAY_NOT_EXIST, SOMETHING, Question, explain
from authz.judging import holds
from authz.predicate import ALWAYS
from authz.scopes import RECORDS, SCOPES, agents_managed, in_sight, visible
from authz.viewer import Viewer, agent_as_viewer
from models import AgentStatus
from models.sql import value
from schema.context import Columns, Context
from schema.errors import bad_input
from schema.explanation import AccessExplanation, explanation_row
from schema.fields import computed
from schema.global_id import from_global, id_of
from schema.reading.view import guarded_fields
from schema.seen import Seen
from schema.tables import physical, type_name


@strawberry.type
class ExplanationQueries(Seen):
    """What can be asked about what may be seen."""

    @computed(SIGNED_IN)
    async def access_explanation(
        self,
        info: strawberry.Info,
        record_id: strawberry.ID,
        agent_id: strawberry.ID | None = None,
        field: str | None = None,
    ) -> AccessExplanation | None:
        """Why one sees a record, or a field of it, or does not; of an agent, to their managers alone."""
        context: Context = info.context
        asker = context.known_viewer
        agent = await _agent_asked_about(context, agent_id)
        if agent is None and (agent_id is not None or asker.is_agent):
            return None
        table, id = _record(record_id)
        rule = None if field is None else _rule_of(table, field, info)
        row = None if table is None else await context.find(table, id)
        if table is None or row is None:
            found = replace(MAY_NOT_EXIST, readable=None if field is None else False)
        else:
            found = await explain(await _question(context, agent, table, row, rule))
        shown = await explanation_row(context, found)
        asked = {"record_id": record_id, "field": field, "agent_id": agent["id"] if agent else None}
        return AccessExplanation.of({**asked, **shown})


def _record(record_id: str) -> tuple[str | None, UUID | None]:
    named = from_global(record_id)
    table = next((each for each in RECORDS if named and type_name(each) == named[0]), None)
    return table, named[1] if named else None


def _rule_of(table: str | None, field: str, info: Any) -> AccessRule | None:
    """The field's rule. Raises BAD_USER_INPUT where the record's type, as its id says, has no such field."""
    converter = info.schema.config.name_converter
    rules = {
        converter.from_field(each): each.rule
        for one in ([table] if table else RECORDS)
        for each in guarded_fields(one).values()
    }
    if field not in rules:
        of = type_name(table) if table else "Record"
        raise bad_input(f"{of} has no field {field!r}. It has: {', '.join(sorted(rules))}.")
    return rules[field]


async def _agent_asked_about(context: Context, agent_id: str | None) -> Columns | None:
    """The asker, or the agent named where the asker manages them; None for anybody else."""
    asker = context.known_viewer
    if agent_id is None:
        return await context.find("agent", asker.agent_id)
    agent = await context.find("agent", id_of("Agent", agent_id))
    if agent is None or not asker.is_agent:
        return None
    managed = await holds(agents_managed(asker), agent, asker, context.related)
    return agent if managed or agent["id"] == asker.agent_id else None


async def _question(
    context: Context, agent: Columns | None, table: str, row: Columns, rule: AccessRule | None
) -> Question:
    asker = context.known_viewer
    viewer = await _viewer(context, agent)
    role = await context.related("role", "id", viewer.role_id) if viewer.role_id else ()

    async def related(other: str, column: str, held: Any) -> Sequence[Columns]:
        return await _in_sight(context, other, column, held)

    return Question(
        viewer=viewer,
        table=table,
        row=await _known(context, row),
        related=related,
        complete=in_sight("conversation", asker) == ALWAYS,
        about_oneself=viewer is asker,
        active=agent is None or agent["status"] is AgentStatus.ACTIVE,
        made_here=bool(role) and role[0]["built_in"] is None,
        rule=rule,
    )


async def _viewer(context: Context, agent: Columns | None) -> Viewer:
    asker = context.known_viewer
    if agent is None or agent["id"] == asker.agent_id:
        return asker
    return await agent_as_viewer(context.session, asker.account_id, agent["id"])


async def _known(context: Context, row: Columns) -> Columns:
    """The row, where a conversation that the asker has not in sight can't be told from none."""
    if "conversation_id" not in row or await context.find("conversation", row["conversation_id"]):
        return row
    whole = in_sight("conversation", context.known_viewer) == ALWAYS
    return {**row, "conversation_id": None if whole else SOMETHING}


async def _in_sight(context: Context, table: str, column: str, held: Any) -> list[Columns]:
    """The rows that the asker has in sight; tables that only join have no scope of their own."""
    if table not in SCOPES:
        return list(await context.related(table, column, held))
    condition = context.compiler().sql(visible(table, context.known_viewer), "t")
    statement = f"SELECT t.* FROM {physical(table)} t WHERE t.{column} = " + value(held) + " AND " + condition
    return await context.rows(table, statement)
