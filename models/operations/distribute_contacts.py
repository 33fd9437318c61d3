"""Handing out a backlog by hand: up to a thousand contacts, in one transaction."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from models.distribution import DistributionMember, DistributionPolicy
from models.operations import audit
from models.operations.distribute import HandingOut
from models.operations.distribution_log import Decision
from models.operations.problem import Problem

MOST = 1_000
MOST_CANDIDATES = 20_000
"""Contacts times members of the pool, at once: each is a row of the log, and nobody else writes meanwhile."""
USUAL = 200


async def distribute_contacts(
    handing_out: HandingOut, *, contact_ids: Iterable[UUID] | None, limit: int | None = None
) -> Sequence[Decision]:
    """What was decided on those that wait, all or those named, oldest first; unless a limit is given,
    on 200 of them, or as many as go at once.

    Whoever is named and does not wait, or is held by another writer just now, is left alone.
    Raises Problem OFF, INVALID or TOO_LARGE.
    """
    most = await most_at_once(handing_out.policy)
    limit = min(USUAL, most) if limit is None else limit
    _require_sense(limit, most)
    if not handing_out.policy.enabled:
        raise Problem("OFF", "This policy is off; switch it on, then hand out.", "policyId")
    decisions = await handing_out.among(contact_ids, limit)
    if not handing_out.dry:
        given = sum(decision.chosen is not None for decision in decisions)
        counts = {"handed_out": [None, given], "left": [None, len(decisions) - given]}
        await audit.append(handing_out.by, "distribute_contacts", handing_out.policy, counts)
    return decisions


async def most_at_once(policy: DistributionPolicy) -> int:
    """How many contacts the policy hands out at once: the more, the smaller its pool is."""
    members = await DistributionMember.filter(policy_id=policy.id).count()
    return min(MOST, MOST_CANDIDATES // max(members, 1))


def _require_sense(limit: int, most: int) -> None:
    if limit < 1:
        raise Problem("INVALID", "A limit is a number above zero.", "limit")
    if limit > MOST:
        raise Problem("TOO_LARGE", f"At most {MOST:,} contacts are handed out at once.", "limit")
    if limit > most:
        message = f"By a pool of this size, at most {most:,} contacts are handed out at once; the rest waits."
        raise Problem("TOO_LARGE", message, "limit")
