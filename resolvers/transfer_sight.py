"""Who would gain and who would lose the sight of what a transfer moves, as roles and places stand.

Told of those whom the viewer manages, and of the viewer. A record is looked at as it is and as it will be,
through the eyes of everyone of one kind at once: who neither gives nor gets sees what others of the same
role and places see.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from authz.compiling import Compiler
from authz.policies import sees_every_record
from authz.predicate import ALWAYS, Is, Param, any_of
from authz.scopes import agents_managed, visible
from authz.viewer import Viewer, agent_as_viewer
from models import Scope
from models.operations.record_type import MODELS
from models.operations.transfer_items import afterwards
from models.record import RecordType
from models.sql import Sql, join
from resolvers.act import Act
from schema.transfer_preview import RecordCounts, SightChange

MOST_AGENTS = 200


@dataclass(slots=True)
class Watching:
    """Agents who see alike, and how many of each kind they gain and lose."""

    viewer: Viewer
    agents: list[UUID]
    gains: dict[str, int] = field(default_factory=dict)
    loses: dict[str, int] = field(default_factory=dict)

    @property
    def changed(self) -> bool:
        """Whether anything differs for them."""
        return any(self.gains.values()) or any(self.loses.values())


async def sight_changes(act: Act, listed: Sql) -> list[SightChange]:
    """Those for whom something changes, in the order of their names."""
    watching = await _watching(act)
    for kind in MODELS:
        await _count(act, listed, kind, watching)
    changed = {id: each for each in watching if each.changed for id in each.agents}
    return [_change(id, changed[id]) for id in await _managed(act) if id in changed]


def _change(agent: UUID, watching: Watching) -> SightChange:
    return SightChange.of(
        {"agent_id": agent, "gains": _counts(watching.gains), "loses": _counts(watching.loses)}
    )


def _counts(of_kinds: dict[str, int]) -> RecordCounts:
    return RecordCounts.of({f"{kind.lower()}s": of_kinds.get(kind, 0) for kind in RecordType})


async def _managed(act: Act) -> Sequence[UUID]:
    """The active agents whom the viewer manages, and the viewer, by name."""
    managed = any_of(Is("id", Param.AGENT), agents_managed(act.viewer))
    condition = Compiler(act.session.dialect, act.viewer).sql(managed, "a")
    found = (
        "SELECT a.id FROM agent a WHERE a.account_id = ? AND a.status = 'ACTIVE' AND "
        + condition
        + f" ORDER BY a.name_folded, a.id LIMIT {MOST_AGENTS}"
    )
    rows = await act.session.fetch(Sql(found.text, (act.viewer.account_id, *found.params)))
    return [UUID(str(row["id"])) for row in rows]


async def _watching(act: Act) -> list[Watching]:
    named = {act.linked_subject, *act.linked_all("to.agent_id")}
    alike: dict[Any, Watching] = {}
    for id in await _managed(act):
        viewer = await agent_as_viewer(act.session, act.viewer.account_id, id)
        if not _tellable(act.viewer, viewer):
            continue
        key = id if id in named else (viewer.shape, viewer.team_ids, viewer.inbox_ids)
        alike.setdefault(key, Watching(viewer, [])).agents.append(id)
    return list(alike.values())


def _tellable(asker: Viewer, watcher: Viewer) -> bool:
    """Whether what a watcher sees rests on nothing that the asker might not see.

    In inbox scope a contact lies where its conversations do, those out of the asker's sight too.
    """
    by_inbox = watcher.granular and watcher.scope is Scope.INBOX
    return not by_inbox or watcher.agent_id == asker.agent_id or sees_every_record(asker)


async def _count(act: Act, listed: Sql, kind: RecordType, watching: Sequence[Watching]) -> None:
    """Count for all of them in one pass over the records of a kind."""
    table = MODELS[kind]._meta.db_table
    looking = [each for each in watching if visible(table, each.viewer) != ALWAYS]
    columns: list[Sql] = []
    for number, each in enumerate(looking):
        sees = Compiler(act.session.dialect, each.viewer, prefix=f"s{number}x")
        sight = visible(table, each.viewer)
        before, after = ("COALESCE(" + sees.sql(sight, alias) + ", FALSE)" for alias in ("b", "v"))
        columns.append("count(CASE WHEN " + after + " AND NOT " + before + f" THEN 1 END) AS gained{number}")
        columns.append("count(CASE WHEN " + before + " AND NOT " + after + f" THEN 1 END) AS lost{number}")
    if not columns:
        return
    moved = f"FROM {table} b JOIN (" + afterwards(kind, listed) + ") v ON v.id = b.id"
    [row] = await act.session.fetch("SELECT " + join(", ", columns) + " " + moved)
    for number, each in enumerate(looking):
        each.gains[kind], each.loses[kind] = row[f"gained{number}"], row[f"lost{number}"]
