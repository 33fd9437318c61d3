"""Which records a transfer takes, and to whom each goes: one statement, whatever their number.

A contact takes its conversations and deals along to the same agent, so that they don't part. Whatever
else is chosen decides for itself. Items are numbered contacts first, then conversations, then deals, each
kind in the order of its ids, which are random. Shared out they are in another order, where the kinds are
mixed as evenly as their numbers allow: so each agent gets their share of all to within one
(models/rules/shares.py), and of each kind to within three.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from models.database import Dialect
from models.operations.record_type import MODELS
from models.record import RecordType
from models.rules.shares import ends, found, placed
from models.sql import Sql, join, value

Chosen = Mapping[RecordType, Sql]
"""For each kind that is taken, the condition over its table, which goes by `t`."""

_NONE = Sql("FALSE")
_ORDER = {RecordType.CONTACT: 1, RecordType.CONVERSATION: 2, RecordType.DEAL: 3}


@dataclass(frozen=True, slots=True)
class Giver:
    """Whose records go: nothing of anybody else's ever does, whatever is chosen."""

    account_id: UUID
    agent_id: UUID


def items(dialect: Dialect, giver: Giver, chosen: Chosen, weights: Mapping[UUID, int]) -> Sql:
    """The rows (record_type, record_id, number, to_agent_id, team_id, team_after_id) of a transfer.

    A record's team stays if who gets it is in it; else it becomes their main team.

    `weights` are those of the agents who get. To be used as `SELECT … FROM (` this `) item`.
    """
    heaviest = sorted(weights, key=lambda agent: -weights[agent])
    stretches = ends([weights[agent] for agent in heaviest])
    return (
        "WITH chosen AS ("
        + join(" UNION ALL ", [_kind(kind, giver, chosen.get(kind, _NONE)) for kind in _ORDER])
        + f"), {_SHARED_OUT}, located AS (SELECT x.*, {placed('x.nth', 'x.many', stretches[-1])} AS place "
        f"FROM mixed x), taken AS (SELECT p.*, {found('p.place', stretches)} AS n FROM located p), "
        "item AS (SELECT t.*, CASE WHEN t.follows THEN min(CASE WHEN t.kind = 1 THEN t.n END) "
        "OVER (PARTITION BY t.contact_id) ELSE t.n END AS by FROM taken t), given AS ("
        + _given(dialect, heaviest)
        + ") SELECT item.record_type, item.record_id, item.number, a.id AS to_agent_id, item.team_id, "
        "CASE WHEN EXISTS (SELECT 1 FROM team_member m WHERE m.agent_id = a.id "
        "AND m.team_id = item.team_id) THEN item.team_id ELSE a.main_team_id END AS team_after_id "
        "FROM item JOIN given g ON g.n = item.by JOIN agent a ON a.id = g.agent_id"
    )


_SHARED_OUT = (
    "led AS (SELECT c.*, row_number() OVER (ORDER BY c.kind, c.record_id) AS number, c.kind > 1 AND "
    "COALESCE(min(c.kind) OVER (PARTITION BY c.contact_id), 0) = 1 AS follows FROM chosen c), "
    "counted AS (SELECT l.*, "
    "row_number() OVER (PARTITION BY l.follows, l.kind ORDER BY l.record_id) AS nth_of_kind, "
    "count(*) OVER (PARTITION BY l.follows, l.kind) AS many_of_kind FROM led l), "
    "mixed AS (SELECT l.*, count(*) OVER (PARTITION BY l.follows) AS many, "
    "row_number() OVER (PARTITION BY l.follows ORDER BY "
    "CAST(2 * l.nth_of_kind - 1 AS double precision) / l.many_of_kind, l.kind) AS nth FROM counted l)"
)
"""Each that is chosen with its place among those that are shared out; what follows its contact is not.

Windows, not joins of what is chosen with itself: where a planner takes it for few, those are quadratic.
"""


def _kind(kind: RecordType, giver: Giver, condition: Sql) -> Sql:
    contact = "t.id" if kind is RecordType.CONTACT else "t.contact_id"
    head = (
        f"SELECT {_ORDER[kind]} AS kind, '{kind.value}' AS record_type, t.id AS record_id, "
        f"{contact} AS contact_id, t.team_id FROM {MODELS[kind]._meta.db_table} t "
        "WHERE t.account_id = ? AND t.owner_id = ? AND ("
    )
    return Sql(head, (giver.account_id, giver.agent_id)) + condition + ")"


def _given(dialect: Dialect, agents: Sequence[UUID]) -> Sql:
    """The agents as a table of (n, agent_id), from 0."""
    if dialect is Dialect.POSTGRES:
        listed = value(list(agents))
        return (
            "SELECT o.n - 1 AS n, o.agent_id FROM unnest(CAST("
            + listed
            + " AS uuid[])) WITH ORDINALITY AS o(agent_id, n)"
        )
    return "SELECT key AS n, value AS agent_id FROM json_each(" + value(_json(agents)) + ")"


def _json(ids: Sequence[UUID]) -> str:
    return json.dumps([str(id) for id in ids])


def columns_of(kind: RecordType) -> Sequence[str]:
    """The columns that say where a record of this kind is, and what rules who sees it."""
    shared = ["id", "account_id", "owner_id", "team_id", "inbox_id"]
    more: dict[RecordType, list[str]] = {
        RecordType.CONTACT: [],
        RecordType.CONVERSATION: ["contact_id"],
        RecordType.DEAL: ["contact_id", "conversation_id", "partner_id"],
    }
    return [*shared, *more[kind]]


def afterwards(kind: RecordType, source: Sql) -> Sql:
    """The records of this kind among the items that `source` selects, as they will be."""
    after = {"owner_id": Sql("i.to_agent_id"), "team_id": Sql("i.team_after_id")}
    columns = [after.get(name, Sql(f"r.{name}")) + f" AS {name}" for name in columns_of(kind)]
    table = MODELS[kind]._meta.db_table
    return (
        "SELECT "
        + join(", ", columns)
        + " FROM ("
        + source
        + f") i JOIN {table} r ON r.id = i.record_id WHERE i.record_type = '{kind.value}'"
    )
