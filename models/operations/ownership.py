"""Keeping ownership in step with a record's owner and team, and which team an owner brings along."""

from datetime import datetime
from uuid import UUID

from models.agent import Agent
from models.operations.record_type import type_of
from models.ownership import Ownership, OwnershipCause
from models.record import Record
from models.team import TeamMember


async def begin(record: Record, at: datetime, cause: OwnershipCause) -> None:
    """Open the interval of the record's owner, if it has one."""
    if record.owner_id is not None:
        await Ownership.create(
            account_id=record.account_id,
            record_type=type_of(record),
            record_id=record.id,
            owner_id=record.owner_id,
            team_id=record.team_id,
            started_at=at,
            cause=cause,
        )


async def follow(record: Record, at: datetime, cause: OwnershipCause) -> None:
    """End the open interval and begin the one of the owner and team that the record has now."""
    await begin(record, await _close(record, at), cause)


async def _close(record: Record, at: datetime) -> datetime:
    """End the open interval at `at`, or where the last one stands if a clock went back; say when."""
    last = await Ownership.filter(record_id=record.id).order_by("-started_at").first()
    if last is None:
        return at
    at = max(at, last.started_at, last.ended_at or last.started_at)
    await Ownership.filter(record_id=record.id, ended_at=None).update(ended_at=at)
    return at


async def team_with(owner: Agent, team_id: UUID | None) -> UUID | None:
    """The record's team once `owner` has it: `team_id` if they are in it, else their main team."""
    if team_id is not None and await TeamMember.filter(agent_id=owner.id, team_id=team_id).exists():
        return team_id
    main: UUID | None = owner.main_team_id
    return main
