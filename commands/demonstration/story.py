"""The story of one contact: from the first word to the last payment."""

import random
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

from commands.demonstration.founding import Cast
from commands.demonstration.play import Play
from models import Contact, Conversation, ConversationStatus, Deal, MessageDirection
from models.operations.add_message import add_message
from models.operations.archive import archive
from models.operations.create_contact import create_contact
from models.operations.create_conversation import create_conversation
from models.operations.create_deal import create_deal
from models.operations.lose_deal import lose_deal
from models.operations.record_payment import record_payment
from models.operations.record_refund import record_refund
from models.operations.reopen_deal import reopen_deal
from models.operations.start_deal_contract import start_deal_contract
from models.operations.update_conversation import update_conversation
from models.operations.update_deal import update_deal
from models.operations.win_deal import win_deal

_FIRST = ("Alba", "Bento", "Clara", "Dario", "Fábio", "Greta", "Hugo", "João", "Luísa", "Mei", "Olga", "Saul")
_LAST = ("Amaral", "Berg", "Castro", "Eide", "Falk", "Haug", "Ito", "Kaur", "Lopes", "Ness", "Okoro")
_TRADES = ("Boats", "Fishing", "Harbour", "Charter", "Shipyard", "Ferries", "Dredging")
_STREETS = ("Rua do Cais", "Quay Road", "Strandgata", "Harbour Lane", "Avenida Beira-Mar")
_ASKED = (
    "Hello, could you send me a price for one {product}?",
    "We need a {product} before the season starts. Is that possible?",
    "A colleague recommended your {product}. What would three of them cost?",
)
_ANSWERED = (
    "Thank you for asking. The price follows today; may I call you tomorrow?",
    "Yes, it is in stock. Where shall we deliver it?",
    "Our offer is on its way. Tell me if anything is missing.",
)
_NOTED = ("In a hurry.", "The budget is decided at the end of the month.", "Compares us with two others.")
_STAGES = ("Interested", "Offer sent", "Negotiating")


class Story:
    """What happens with one contact; every number decides something else, so that all cases come up."""

    def __init__(self, play: Play, cast: Cast, number: int, seed: int) -> None:
        self.play = play
        self.cast = cast
        self.number = number
        self.chance = random.Random(seed)  # noqa: S311 - the same every time is wanted
        self.owner = None if number % 8 == 7 else cast.reps[number % len(cast.reps)]
        self.owner_id = self.owner.id if self.owner else None
        # Who waits for an owner does so in a team, so that its manager has somebody to hand out.
        teams = [*cast.teams.values()]
        self.team_id = None if self.owner else teams[number // 8 % len(teams)]
        self.by = cast.actor(self.owner)
        self.product, self.price = self.chance.choice(cast.company.products)
        self.name = f"{_FIRST[number % len(_FIRST)]} {_LAST[number % len(_LAST)]}"
        self.contact: Contact
        self.deal: Deal
        self.conversation: Conversation | None = None

    async def begin(self) -> None:
        """The contact comes in."""
        last = self.name.split()[-1]
        self.contact = await create_contact(
            self.by,
            name=self.name,
            email=f"contact{self.number}@{last.lower()}.example",
            phone=f"+55 00 5550-{self.number:04}",
            address=f"{self.chance.choice(_STREETS)} {self.chance.randrange(1, 200)}",
            company=f"{last} {self.chance.choice(_TRADES)}",
            notes=self.chance.choice((None, *_NOTED)),
            owner_id=self.owner_id,
            team_id=self.team_id,
        )
        if self.number % 10 == 9:
            self._later(40, lambda: archive(self.by, self.contact))
        else:
            self._later(2, self._write)
            self._later(6, self._offer)

    async def _write(self) -> None:
        """A conversation begins with a question."""
        self.conversation = await create_conversation(
            self.by,
            contact_id=self.contact.id,
            inbox_id=self.cast.inboxes[self.chance.choice(self.cast.company.inboxes)].id,
            subject=f"Question about {self.product}",
            owner_id=self.owner_id,
        )
        await self._say(MessageDirection.INBOUND, self.chance.choice(_ASKED).format(product=self.product))
        self._later(0.4, lambda: self._say(MessageDirection.OUTBOUND, self.chance.choice(_ANSWERED)))
        if self.number % 3 == 0:
            self._later(3, lambda: self._say(MessageDirection.NOTE, self.chance.choice(_NOTED)))
        if self.number % 4 == 0:
            self._later(9, self._close)
        if self.number % 10 == 3:
            self._later(60, self._archive_conversation)

    async def _say(self, direction: MessageDirection, body: str) -> None:
        assert self.conversation is not None
        await add_message(self.by, self.conversation, direction=direction, body=body)

    async def _close(self) -> None:
        assert self.conversation is not None
        await update_conversation(self.by, self.conversation, status=ConversationStatus.CLOSED)

    async def _archive_conversation(self) -> None:
        assert self.conversation is not None
        await archive(self.by, self.conversation)

    async def _offer(self) -> None:
        """A deal is made of it; every fifth one with the partner."""
        with_partner = self.number % 5 == 0
        self.deal = await create_deal(
            self.by,
            title=f"{self.product}, {self.contact.company}",
            stage=_STAGES[0],
            amount=self.cast.money(self.price * self.chance.randrange(1, 6)),
            expected_close_on=(self.play.instant + timedelta(days=30)).date(),
            contact_id=self.contact.id,
            conversation_id=self.conversation.id if self.conversation else None,
            partner_id=self.cast.partner_id if with_partner else None,
            assigned_user_id=self.cast.partner_user.id if with_partner else None,
            owner_id=self.owner_id,
        )
        for stage in _STAGES[1 : 1 + self.number % 3]:
            self._later(12, lambda stage=stage: update_deal(self.by, self.deal, stage=stage))  # type: ignore[misc]
        self._after(14, 30, (self._win, self._win, self._lose, self._rest)[self.number % 4])

    async def _win(self) -> None:
        self.deal = await win_deal(self.by, self.deal)
        self._later(8, self._start)
        self._after(8, 40, self._pay)

    async def _start(self) -> None:
        await start_deal_contract(self.by, self.deal)

    async def _pay(self) -> None:
        """Paid in full or by half; once in a while something goes back."""
        price = self.price if self.number % 2 else max(1, self.price // 2)
        source_id = f"transfer-{self.number}"
        paid = self.cast.money(price)
        await record_payment(self.by, self.deal, amount=paid, source="bank", source_id=source_id)
        if self.number % 12 == 4:
            back = self.cast.money(max(1, price // 4))
            self._later(10, lambda: record_refund(self.by, self.deal, amount=back))

    async def _lose(self) -> None:
        self.deal = await lose_deal(self.by, self.deal)
        if self.number % 12 == 6:
            self._later(20, lambda: reopen_deal(self.by, self.deal))

    async def _rest(self) -> None:
        """Nothing more is heard of it; some are put away."""
        if self.number % 12 == 3:
            await archive(self.by, self.deal)

    def _later(self, days: float, act: Callable[[], Awaitable[Any]]) -> None:
        self._after(0, days, act)

    def _after(self, first: float, last: float, act: Callable[[], Awaitable[Any]]) -> None:
        """Plan an act between so many days from now; who is suspended by then does nothing more."""
        span = first + (last - first) * self.chance.uniform(0.1, 1)
        instant = self.play.instant + timedelta(days=span)
        suspended = self.owner is not None and self.owner.name == self.cast.company.suspended
        if not (suspended and instant >= self.cast.suspended_at):
            self.play.at(instant, act)
