"""Changes by chance, whoever may see them: what streams are tried with."""

import random
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid5

from models import Agent, Contact, Conversation, Deal, clock, ids
from models.conversation import MessageDirection
from models.database import Database
from models.operations.actor import Actor
from models.operations.add_message import add_message
from models.operations.archive import archive
from models.operations.assign_inbox import assign_inbox
from models.operations.assign_owner import assign_owner
from models.operations.assign_team import assign_team
from models.operations.create_contact import create_contact
from models.operations.create_conversation import create_conversation
from models.operations.create_deal import create_deal
from models.operations.erase_contact import erase_contact
from models.operations.problem import Problem
from models.operations.record_payment import record_payment
from models.operations.set_deal_partner import set_deal_partner
from models.operations.unarchive import unarchive
from models.operations.update_agent import update_agent
from models.operations.update_contact import update_contact
from models.operations.update_conversation import update_conversation
from models.operations.update_deal import update_deal
from models.operations.win_deal import win_deal
from models.rules.money import Money
from tests.judge.world import World
from tests.proofs.asking import NAMES, NOW

MODELS: dict[str, Any] = {"contact": Contact, "conversation": Conversation, "deal": Deal}
Doing = Callable[[Actor, Any], Awaitable[Any]]


@dataclass(frozen=True)
class Change:
    """Something to be done, the same in any world that has the row. `table` and `id` are what is changed."""

    name: str
    number: int
    table: str
    id: UUID | None
    doing: Doing

    async def do(self, database: Database, account_id: UUID) -> bool:
        """Do it; say whether it made sense."""
        try:
            async with database.writing():
                await self.within(account_id)
        except Problem:
            return False
        return True

    async def within(self, account_id: UUID) -> None:
        """The same in a transaction that is open. Raises Problem."""
        with _drawn(self.number):
            row = await self._model.get(id=self.id) if self.id else None
            await self.doing(Actor(account_id), row)

    @property
    def _model(self) -> Any:
        return {**MODELS, "agent": Agent}[self.table]


class Stirrer:
    """Draws changes in one account of a world."""

    def __init__(self, chance: random.Random, world: World, account_id: UUID) -> None:
        self.chance = chance
        self.account_id = account_id
        self._number = 0
        tables = (*MODELS, "team", "inbox", "partner")
        self._of = {
            table: [row["id"] for row in world.rows(table, account_id=account_id)] for table in tables
        }
        self._active = [row["id"] for row in world.rows("agent", account_id=account_id, status="ACTIVE")]

    def record_change(
        self, among: dict[str, Sequence[UUID]] | None = None, only: Sequence[str] = ()
    ) -> Change:
        """A change of a record: of any, or of one `among` these; of any kind, or `only` of these."""
        pools = among or {table: self._of[table] for table in MODELS}
        table = self.chance.choice([table for table in MODELS if pools.get(table)])
        kinds = [name for name in _kinds(table) if not only or name in only]
        if not kinds:
            return self.record_change(among, only)
        name = self.chance.choice(kinds)
        return self._change(name, table, self.chance.choice(list(pools[table])))

    def new_record(self) -> Change:
        """A new record."""
        table = self.chance.choice(list(MODELS))
        return self._change(f"new_{table}", table, None)

    def places_changed(self, agent_id: UUID | None = None) -> Change:
        """An agent who is in other teams and inboxes than before."""
        agent = agent_id or self.chance.choice(self._active)
        teams, inboxes = (
            self.chance.sample(self._of[of], self.chance.randint(0, 2)) for of in ("team", "inbox")
        )

        async def doing(by: Actor, row: Any) -> Any:
            return await update_agent(by, row, team_ids=teams, inbox_ids=inboxes)

        return Change("places", self._next(), "agent", agent, doing)

    def _next(self) -> int:
        self._number += 1
        return self._number

    def _change(self, name: str, table: str, id: UUID | None) -> Change:
        return Change(name, self._next(), table, id, getattr(self, f"_{name}")(table))

    def _maybe(self, table: str) -> UUID | None:
        return None if self.chance.random() < 0.2 else self.chance.choice(self._of[table])

    def _word(self) -> str:
        return f"{self.chance.choice(('Ana', 'Bikes', 'Straße', 'Zed'))} {self.chance.randint(1, 999)}"

    # Each draws now what it does later

    def _name(self, table: str) -> Doing:
        word = self._word()
        update: Any = {"contact": update_contact, "conversation": update_conversation, "deal": update_deal}[
            table
        ]
        column = {"contact": "name", "conversation": "subject", "deal": "title"}[table]
        return lambda by, row: update(by, row, **{column: word})

    def _details(self, table: str) -> Doing:
        word = self._word()
        return lambda by, row: update_contact(by, row, notes=word, phone=None)

    def _amount(self, table: str) -> Doing:
        money = Money(self.chance.randint(1, 10_000) * 100, "USD")
        return lambda by, row: update_deal(by, row, amount=money)

    def _payment(self, table: str) -> Doing:
        money = Money(self.chance.randint(1, 100) * 100, "USD")
        return lambda by, row: record_payment(by, row, amount=money)

    def _message(self, table: str) -> Doing:
        word = self._word()
        return lambda by, row: add_message(by, row, direction=MessageDirection.INBOUND, body=word)

    def _stage(self, table: str) -> Doing:
        word = self._word()
        return lambda by, row: update_deal(by, row, stage=word)

    def _won(self, table: str) -> Doing:
        return lambda by, row: win_deal(by, row)

    def _contact(self, table: str) -> Doing:
        contact = self._maybe("contact")
        return lambda by, row: update_deal(by, row, contact_id=contact)

    def _conversation(self, table: str) -> Doing:
        conversation = self._maybe("conversation")
        return lambda by, row: update_deal(by, row, conversation_id=conversation)

    def _partner(self, table: str) -> Doing:
        partner = self._maybe("partner")
        return lambda by, row: set_deal_partner(by, row, partner_id=partner)

    def _owner(self, table: str) -> Doing:
        owner = None if self.chance.random() < 0.2 else self.chance.choice(self._active)
        return lambda by, row: assign_owner(by, row, owner_id=owner)

    def _team(self, table: str) -> Doing:
        team = self._maybe("team")
        return lambda by, row: assign_team(by, row, team_id=team)

    def _inbox(self, table: str) -> Doing:
        inbox = self._maybe("inbox")
        return lambda by, row: assign_inbox(by, row, inbox_id=inbox)

    def _archived(self, table: str) -> Doing:
        return lambda by, row: unarchive(by, row) if row.archived_at else archive(by, row)

    def _erased(self, table: str) -> Doing:
        return lambda by, row: erase_contact(by, row)

    def _new_contact(self, table: str) -> Doing:
        word, owner, inbox = self._word(), self.chance.choice(self._active), self._maybe("inbox")
        return lambda by, _: create_contact(by, name=word, owner_id=owner, inbox_id=inbox)

    def _new_conversation(self, table: str) -> Doing:
        contact, inbox = self.chance.choice(self._of["contact"]), self.chance.choice(self._of["inbox"])
        owner = self.chance.choice(self._active)
        return lambda by, _: create_conversation(by, contact_id=contact, inbox_id=inbox, owner_id=owner)

    def _new_deal(self, table: str) -> Doing:
        word, conversation, partner = self._word(), self._maybe("conversation"), self._maybe("partner")
        owner = None if self.chance.random() < 0.3 else self.chance.choice(self._active)
        return lambda by, _: create_deal(
            by, title=word, conversation_id=conversation, partner_id=partner, owner_id=owner
        )


HIDDEN_IN_SIGHT = ("details", "amount", "payment", "message")
"""Changes of what can be hidden on a record that is in sight."""


def _kinds(table: str) -> tuple[str, ...]:
    every = ("name", "owner", "owner", "team", "inbox", "archived")
    return (
        every
        + {
            "contact": ("details", "details", "erased"),
            "conversation": ("message", "message"),
            "deal": ("amount", "payment", "stage", "won", "contact", "conversation", "partner", "partner"),
        }[table]
    )


@contextmanager
def _drawn(number: int) -> Iterator[None]:
    """The same new ids, and the same time, for the same change."""
    drawn = (UUID(int=uuid5(NAMES, f"{number} {nth}").int, version=4) for nth in range(10_000))
    ids.draw_ids_from(lambda: next(drawn))
    clock.tell_time_with(lambda: NOW + timedelta(minutes=number))
    try:
        yield
    finally:
        ids.draw_ids_from(None)
        clock.tell_time_with(None)
