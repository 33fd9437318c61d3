"""Handing out contacts that nobody owns to the agents of a policy's pool, each decision told.

One hand-out after the other: the account's policies are held, so that the turn goes round, and nobody
who is in two pools gets more than they may. Agents are not held: who writes holds the account, and no
agent's status, role or teams change meanwhile.
"""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from models.contact import Contact
from models.conversation import Conversation, ConversationStatus
from models.database import Dialect, Session, among, hydrate
from models.distribution import DistributionMember, DistributionPolicy, PassedOver
from models.operations.actor import Actor
from models.operations.distribution_log import Decision, decided, log, news
from models.operations.distribution_place import hold_policies, lying_in, waiting
from models.operations.distribution_pool import Candidate, Pool, pool_of
from models.operations.moving import Move, Telling, move_records
from models.operations.timeline import TimelineKind
from models.operations.updating import update_rows
from models.ownership import OwnershipCause
from models.record import RecordType
from models.sql import Sql

Columns = Mapping[str, Any]
Place = Hashable
"""Where records lie: those of one place may be put, or not, to the same owners."""

_PLACE = ("id", "owner_id", "team_id", "inbox_id")


async def by_team_and_inbox(record_type: RecordType, records: Sequence[Columns]) -> list[Place]:
    """The place of each record, where it is its team and its inbox alone."""
    return [(record["team_id"], record["inbox_id"]) for record in records]


@dataclass(frozen=True, slots=True)
class Remit:
    """Within what contacts are handed out, whatever the policy says: the scope of who saved it.

    The first three are conditions over a table's rows, by the name `t`. `may_lie` tells whether a record
    of this type may be put where these columns say: owner, team and inbox. `places` tells where each
    of them lies until then.
    """

    contacts: Sql
    conversations: Sql
    agents: Sql
    may_lie: Callable[[RecordType, Columns], Awaitable[bool]]
    places: Callable[[RecordType, Sequence[Columns]], Awaitable[list[Place]]] = by_team_and_inbox


@dataclass(slots=True)
class HandingOut:
    """One hand-out of one policy. `dry` decides, and writes nothing."""

    session: Session
    by: Actor
    policy: DistributionPolicy
    remit: Remit
    dry: bool = False
    telling: Telling = field(init=False)

    def __post_init__(self) -> None:
        self.telling = Telling(self.by, TimelineKind.DISTRIBUTED, OwnershipCause.DISTRIBUTED)

    async def among(self, contact_ids: Iterable[UUID] | None, limit: int) -> list[Decision]:
        """Decide on up to so many of the contacts that wait, those of `contact_ids` or all, oldest first.

        What another writer holds is left to them.
        """
        await hold_policies(self.session, self.by.account_id)
        self.policy = await DistributionPolicy.get(id=self.policy.id)
        pool = await pool_of(self.session, self.policy, self.remit.agents, self.telling.at)
        contacts = await self._waiting(contact_ids, limit)
        decisions = await self._decided(pool, contacts)
        if not self.dry:
            await self._write(pool, decisions)
        return decisions

    async def _waiting(self, contact_ids: Iterable[UUID] | None, limit: int) -> list[dict[str, Any]]:
        condition = waiting(self.policy) + " AND " + self.remit.contacts
        if contact_ids is not None:
            condition = condition + " AND " + among(self.session.dialect, "t.id", contact_ids)
        hold = " FOR NO KEY UPDATE OF t SKIP LOCKED" if self.session.dialect is Dialect.POSTGRES else ""
        columns = ", ".join(f"t.{column}" for column in _PLACE)
        rows = await self.session.fetch(
            f"SELECT {columns} FROM contact t WHERE "
            + condition
            + f" ORDER BY t.created_at, t.id LIMIT {limit}{hold}"
        )
        return [hydrate(Contact, row) for row in rows]

    async def _decided(self, pool: Pool, contacts: Sequence[Columns]) -> list[Decision]:
        """What becomes of each. A place is judged once, and whoever else waits gets a turn in between."""
        judged: dict[Place, Sequence[PassedOver | None]] = {}
        decisions = []
        for contact, place in zip(
            contacts, await self.remit.places(RecordType.CONTACT, contacts), strict=True
        ):
            if place not in judged:
                judged[place] = [await self._out_of_scope(each, contact) for each in pool.candidates]
            decisions.append(decided(pool, contact, judged[place]))
            await asyncio.sleep(0)
        return decisions

    async def _out_of_scope(self, candidate: Candidate, contact: Columns) -> PassedOver | None:
        if candidate.hindered is not None:
            return candidate.hindered
        lies = await self.remit.may_lie(RecordType.CONTACT, _given(candidate, contact))
        return None if lies else PassedOver.OUT_OF_SCOPE

    async def _write(self, pool: Pool, decisions: Sequence[Decision]) -> None:
        given = [each for each in decisions if each.chosen is not None]
        left = [each for each in decisions if each.chosen is None]
        chosen = {each.contact["id"]: each.chosen for each in given if each.chosen}
        moves = [_move(RecordType.CONTACT, each.contact, chosen[each.contact["id"]]) for each in given]
        await move_records(self.session, moves + await self._conversations(chosen), self.telling)
        if given:
            await self._turn(pool)
        await log(
            self.session, self.policy, self.telling, [*given, *await news(self.session, self.policy, left)]
        )

    async def _conversations(self, chosen: Mapping[UUID, Candidate]) -> list[Move]:
        """What goes along: open conversations of nobody's in the policy's place. Who gets a lead reads it."""
        condition = (
            Sql(
                "t.owner_id IS NULL AND t.archived_at IS NULL AND t.status = ? AND ",
                (ConversationStatus.OPEN,),
            )
            + among(self.session.dialect, "t.contact_id", chosen)
            + lying_in(self.policy)
            + " AND "
            + self.remit.conversations
        )
        hold = " FOR NO KEY UPDATE OF t" if self.session.dialect is Dialect.POSTGRES else ""
        columns = ", ".join(f"t.{column}" for column in (*_PLACE, "contact_id"))
        rows = await self.session.fetch(
            f"SELECT {columns} FROM conversation t WHERE " + condition + f" ORDER BY t.id{hold}"
        )
        moves = []
        for row in (hydrate(Conversation, found) for found in rows):
            owner = chosen[row["contact_id"]]
            if await self.remit.may_lie(RecordType.CONVERSATION, _given(owner, row)):
                moves.append(_move(RecordType.CONVERSATION, row, owner))
        return moves

    async def _turn(self, pool: Pool) -> None:
        await DistributionPolicy.filter(id=self.policy.id).update(turn=pool.turn)
        changed = [each for each in pool.candidates if each.credit != each.member.credit]
        credits_left = [{"id": each.member.id, "credit": each.credit} for each in changed]
        await update_rows(self.session, DistributionMember, credits_left)


def _given(candidate: Candidate, record: Columns) -> Columns:
    """The record's place once the candidate has it."""
    owned = {"owner_id": candidate.agent_id, "team_id": candidate.team_with(record["team_id"])}
    return {**record, **owned}


def _move(record_type: RecordType, record: Columns, owner: Candidate) -> Move:
    return Move(record_type, record, owner.agent_id, owner.team_with(record["team_id"]))
