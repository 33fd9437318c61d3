"""What is written of a distribution policy, and what makes sense of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from models.distribution import DistributionMember, DistributionPolicy
from models.operations import text
from models.operations.problem import Problem, gathered
from models.rules.working_hours import is_wall_time

LARGEST_POOL = 200
LARGEST = 1_000_000
"""The largest weight or capacity: sums of them stay what a database can count to."""
MOST_SPANS = 70


@dataclass(frozen=True, slots=True)
class Membership:
    """An agent of a pool: their share, where it is by weight, and how many contacts they may have."""

    agent_id: UUID
    weight: int = 1
    capacity: int | None = None


def checked(columns: Mapping[str, Any], team_id: UUID | None, inbox_id: UUID | None) -> dict[str, Any]:
    """The columns and the members, as they are kept. Raises Problem BLANK, TAKEN, INVALID or TOO_LARGE."""
    with gathered() as problems:
        problems.check(_one_place, team_id, inbox_id)
        return problems.check(text.checked, columns, _CHECKS)


def _one_place(team_id: UUID | None, inbox_id: UUID | None) -> None:
    if team_id is not None and inbox_id is not None:
        raise Problem(
            "INVALID", "A policy is for a team or for an inbox; name one of them, or none.", "inboxId"
        )


def _capacity(value: int | None, field: str) -> int | None:
    return None if value is None else _positive(value, field)


def _pool(members: Sequence[Membership], field: str) -> list[Membership]:
    if not members:
        raise Problem("BLANK", "A pool has somebody in it; name at least one member.", field)
    if len(members) > LARGEST_POOL:
        raise Problem("TOO_LARGE", f"A pool has at most {LARGEST_POOL} members.", field)
    if len({member.agent_id for member in members}) < len(members):
        raise Problem("TAKEN", "Nobody is in a pool twice; name each member once.", field)
    with gathered() as problems:
        for number, member in enumerate(members):
            problems.check(_positive, member.weight, f"{field}.{number}.weight")
            problems.check(_capacity, member.capacity, f"{field}.{number}.capacity")
    return list(members)


def _working_hours(spans: Sequence[Mapping[str, Any]], field: str) -> list[dict[str, Any]]:
    if len(spans) > MOST_SPANS:
        raise Problem("TOO_LARGE", f"A week has at most {MOST_SPANS} spans here.", field)
    with gathered() as problems:
        sound = [problems.check(_span, span, f"{field}.{number}") for number, span in enumerate(spans)]
    return sorted(sound, key=lambda span: (span["day"], span["start"], span["end"]))


def _span(span: Mapping[str, Any], field: str) -> dict[str, Any]:
    with gathered() as problems:
        problems.check(_day, span["day"], f"{field}.day")
        for name in ("start", "end"):
            problems.check(_time, span[name], f"{field}.{name}", end=name == "end")
    if span["start"] >= span["end"]:
        raise Problem(
            "INVALID", "Hours end after they start; write those over midnight as two.", f"{field}.end"
        )
    return {name: span[name] for name in ("day", "start", "end")}


def _day(day: int, field: str) -> None:
    if not 1 <= day <= 7:
        raise Problem("INVALID", "A day is 1 (Monday) to 7 (Sunday).", field)


def _time(time: str, field: str, *, end: bool) -> None:
    if not is_wall_time(time, end=end):
        raise Problem("INVALID", 'A time is written as in "09:00" or "17:30".', field)


def _positive(value: int, field: str) -> int:
    if value <= 0:
        raise Problem("INVALID", "This is a number above zero.", field)
    if value > LARGEST:
        raise Problem("TOO_LARGE", f"This is at most {LARGEST:,}.", field)
    return value


_CHECKS: text.Checks = {"members": _pool, "capacity": _capacity, "working_hours": _working_hours}


async def write_members(policy: DistributionPolicy, members: Sequence[Membership]) -> None:
    """Make these the policy's pool, nobody's share paid yet."""
    await DistributionMember.filter(policy_id=policy.id).delete()
    await DistributionMember.bulk_create(
        DistributionMember(
            account_id=policy.account_id,
            policy_id=policy.id,
            agent_id=member.agent_id,
            number=number,
            weight=member.weight,
            capacity=member.capacity,
        )
        for number, member in enumerate(members, 1)
    )


def told(members: Sequence[Membership]) -> list[dict[str, Any]]:
    """The pool as the audit keeps it."""
    return [
        {"agent": str(member.agent_id), "weight": member.weight, "capacity": member.capacity}
        for member in members
    ]
