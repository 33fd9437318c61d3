"""The log of a distribution policy's decisions: every candidate, and why each was passed over."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any
from uuid import UUID

from models.database import Session, among, hydrate
from models.distribution import DistributionCandidate, DistributionDecision, DistributionPolicy, PassedOver
from models.ids import new_id
from models.operations.distribution_pool import Candidate, Pool
from models.operations.inserting import insert_rows
from models.operations.moving import Telling
from models.sql import Sql

Columns = Mapping[str, Any]
Reasons = dict[str, str | None]

AT_ONCE = 2_000
"""Candidates that one statement writes down: whoever else waits for the loop gets a turn in between."""


@dataclass(frozen=True, slots=True)
class Decision:
    """A contact, who gets it, if anybody does, and how the pool was found."""

    contact: Columns
    chosen: Candidate | None
    candidates: Sequence[Columns]

    @property
    def agent_id(self) -> UUID | None:
        """Who gets it."""
        return None if self.chosen is None else self.chosen.agent_id

    @property
    def reasons(self) -> Reasons:
        """Why each candidate was passed over."""
        return {str(each["agent_id"]): each["passed_over"] for each in self.candidates}


def decided(pool: Pool, contact: Columns, outside: Sequence[PassedOver | None]) -> Decision:
    """Who of the pool gets the contact. `outside` says of each whether it would be out of scope with them."""
    found = [each.passed_over or reason for each, reason in zip(pool.candidates, outside, strict=True)]
    loads = [each.load for each in pool.candidates]
    eligible = [each for each, reason in zip(pool.candidates, found, strict=True) if reason is None]
    chosen = pool.take(eligible) if eligible else None
    candidates = [
        {
            "agent_id": each.agent_id,
            "number": each.member.number,
            "load": load,
            "passed_over": None if each is chosen else reason or PassedOver.NOT_THEIR_TURN,
        }
        for each, load, reason in zip(pool.candidates, loads, found, strict=True)
    ]
    return Decision(contact, chosen, candidates)


async def log(
    session: Session, policy: DistributionPolicy, telling: Telling, decisions: Sequence[Decision]
) -> None:
    """Write the decisions down."""
    ids = [new_id() for _ in decisions]
    told = [
        {
            "id": id,
            "account_id": policy.account_id,
            "policy_id": policy.id,
            "contact_id": each.contact["id"],
            "agent_id": each.agent_id,
            "made_by_id": telling.by.agent_id,
            "method": policy.method,
            "at": telling.at,
        }
        for id, each in zip(ids, decisions, strict=True)
    ]
    await insert_rows(session, DistributionDecision, told)
    candidates = (
        {"id": new_id(), "account_id": policy.account_id, "decision_id": id, **candidate}
        for id, each in zip(ids, decisions, strict=True)
        for candidate in each.candidates
    )
    while some := list(islice(candidates, AT_ONCE)):
        await insert_rows(session, DistributionCandidate, some)


async def news(session: Session, policy: DistributionPolicy, undecided: Sequence[Decision]) -> list[Decision]:
    """Those whom nobody could have for other reasons than the log has already: a backlog fills no log."""
    if not undecided:
        return []
    last = await _last(session, policy, [each.contact["id"] for each in undecided])
    return [each for each in undecided if last.get(each.contact["id"]) != each.reasons]


async def _last(
    session: Session, policy: DistributionPolicy, contact_ids: Sequence[UUID]
) -> dict[UUID, Reasons]:
    """Why each candidate was passed over in the policy's last decision on each of these contacts."""
    decided = Sql("SELECT id, contact_id FROM distribution_decision WHERE policy_id = ? AND ", (policy.id,))
    of_these = among(session.dialect, "contact_id", contact_ids)
    rows = await session.fetch(decided + of_these + " ORDER BY at")
    decisions = [hydrate(DistributionDecision, row) for row in rows]
    last = {each["contact_id"]: str(each["id"]) for each in decisions}
    reasons: dict[str, Reasons] = {decision: {} for decision in last.values()}
    listed = Sql("SELECT decision_id, agent_id, passed_over FROM distribution_candidate WHERE ")
    for row in await session.fetch(listed + among(session.dialect, "decision_id", reasons)):
        reasons[str(row["decision_id"])][str(row["agent_id"])] = row["passed_over"]
    return {contact: reasons[decision] for contact, decision in last.items()}
