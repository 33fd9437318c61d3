"""Setting the owner of several records at once."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from models.agent import Agent
from models.audit import AuditEntry, AuditOutcome
from models.database import Session
from models.ids import new_id
from models.operations import text
from models.operations.actor import Actor
from models.operations.inserting import insert_rows
from models.operations.moving import Move, Telling, held_records, move_records
from models.operations.new_owner import held_agent, require_active
from models.operations.record_type import MODELS
from models.operations.timeline import TimelineKind
from models.ownership import OwnershipCause
from models.record import RecordType
from models.team import TeamMember

Owners = Mapping[tuple[RecordType, UUID], UUID | None]
"""Whose each record was when it was looked at."""


async def assign_owners(
    session: Session, by: Actor, seen: Owners, *, owner_id: UUID | None, reason: str | None = None
) -> int:
    """How many records have a new owner, or nobody; one that is not any more whose it was seen to be stays.

    When the owner is not in a record's team, the team becomes the owner's main team. Raises Problem
    NOT_ACTIVE, INVALID or TOO_LONG.
    """
    owner = await held_agent(owner_id)
    if owner is not None:
        require_active(owner)
    told = text.optional(reason, "reason")
    telling = Telling(by, TimelineKind.OWNER_ASSIGNED, OwnershipCause.ASSIGNED, told)
    moves = await _moves(session, seen, owner)
    await move_records(session, moves, telling)
    await insert_rows(session, AuditEntry, [_entry(telling, move) for move in moves])
    return len(moves)


async def _moves(session: Session, seen: Owners, owner: Agent | None) -> list[Move]:
    teams = (
        set(await TeamMember.filter(agent_id=owner.id).values_list("team_id", flat=True)) if owner else set()
    )
    moves = []
    for kind in MODELS:
        records = await held_records(session, kind, [id for of_kind, id in seen if of_kind is kind])
        for id, record in records.items():
            if record["owner_id"] == seen[kind, id] and record["owner_id"] != (owner and owner.id):
                moves.append(_move(kind, record, owner, teams))
    return moves


def _move(kind: RecordType, record: Mapping[str, Any], owner: Agent | None, teams: set[Any]) -> Move:
    if owner is None:
        return Move(kind, record, None, record["team_id"])
    team = record["team_id"] if record["team_id"] in teams else owner.main_team_id
    return Move(kind, record, owner.id, team)


def _entry(telling: Telling, move: Move) -> dict[str, Any]:
    return {
        "id": new_id(),
        "account_id": telling.by.account_id,
        "at": telling.at,
        "actor_id": telling.by.agent_id,
        "actor_partner_user_id": telling.by.partner_user_id,
        "request_id": telling.by.request_id,
        "action": "assign_owner",
        "outcome": AuditOutcome.DONE,
        "subject_type": move.record_type.lower(),
        "subject_id": move.record["id"],
        "changes": move.changes,
    }


def listed(owners: Sequence[tuple[str, Mapping[str, Any]]]) -> Owners:
    """Whose these rows, each with its table, are."""
    return {(RecordType(table.upper()), row["id"]): row["owner_id"] for table, row in owners}
