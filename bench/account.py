"""A large account, made from a seed: the same size and seed give the same rows on every database."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import count
from random import Random
from typing import Any
from uuid import UUID

from bench import words
from models import BUILT_IN_ROLES, BuiltIn, IsolationMode, RecordType, UnownedVisibility
from models.text import fold

SHAPE = 2
"""Grows whenever other rows are made from the same size and seed, so that no older database is taken."""

BORN = datetime(2024, 1, 1, tzinfo=UTC)
YEAR = timedelta(days=365)
UNOWNED = 0.05
ELSEWHERE = 0.2
"""How many deals and conversations have another owner than their contact."""

Values = tuple[Any, ...]
Columns = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Size:
    """How much there is of everything, by the number of deals; at 300,000 it is what the goals speak of."""

    deals: int

    @property
    def agents(self) -> int:
        """A rep always has deals enough for the pages that are asked for."""
        return max(6, min(200, self.deals // 150))

    @property
    def teams(self) -> int:
        """As many agents in each, whatever the size."""
        return max(1, self.agents * 12 // 200)

    @property
    def inboxes(self) -> int:
        """Channels."""
        return max(2, self.agents * 8 // 200)

    @property
    def partners(self) -> int:
        """Companies that sell with the account."""
        return max(2, self.agents // 10)

    @property
    def contacts(self) -> int:
        """A third of the deals."""
        return max(1, self.deals // 3)

    @property
    def conversations(self) -> int:
        """Half of the deals."""
        return max(1, self.deals // 2)


@dataclass(frozen=True, slots=True)
class Table:
    """Rows for one table; they are made while they are read, once, table after table."""

    name: str
    columns: tuple[str, ...]
    rows: Iterator[Values]
    expected: int


@dataclass(slots=True)
class Making:
    """What the rows made so far are remembered by."""

    size: Size
    random: Random
    account: UUID = field(init=False)
    roles: dict[BuiltIn, UUID] = field(default_factory=dict)
    teams: list[UUID] = field(default_factory=list)
    inboxes: list[UUID] = field(default_factory=list)
    agents: list[tuple[UUID, BuiltIn, UUID | None]] = field(default_factory=list)
    partner_users: list[tuple[UUID, UUID]] = field(default_factory=list)
    contacts: list[tuple[UUID, UUID | None]] = field(default_factory=list)
    conversations: list[tuple[UUID, UUID]] = field(default_factory=list)
    owned: list[tuple[RecordType, UUID, UUID | None, UUID | None, datetime]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.account = self.new_id()

    def new_id(self) -> UUID:
        """A random id (RFC 9562, version 4), from the seed."""
        return UUID(int=self.random.getrandbits(128), version=4)

    def row(self, **columns: Any) -> Columns:
        """A row of the account's."""
        return {"id": self.new_id(), "account_id": self.account, **columns}

    @property
    def reps(self) -> list[tuple[UUID, BuiltIn, UUID | None]]:
        """They own the records."""
        return [agent for agent in self.agents if agent[1] is BuiltIn.REP]


def tables(size: Size, seed: int) -> Iterator[Table]:
    """The rows, in an order in which each refers to those before it."""
    making = Making(size, Random(seed))  # noqa: S311 the same rows again, no secrets
    makers: tuple[tuple[str, Callable[[Making], Iterator[Columns]], int], ...] = (
        ("account", _account, 1),
        ("role", _roles, len(BUILT_IN_ROLES)),
        ("team", _teams, size.teams),
        ("inbox", _inboxes, size.inboxes),
        ("agent", _agents, size.agents),
        ("team_member", _team_members, size.agents),
        ("inbox_member", _inbox_members, size.agents),
        ("partner", _partners, size.partners),
        ("partner_user", _partner_users, size.partners),
        ("contact", _contacts, size.contacts),
        ("conversation", _conversations, size.conversations),
        ("deal", _deals, size.deals),
        ("ownership", _ownerships, size.contacts + size.conversations + size.deals),
    )
    for name, maker, expected in makers:
        rows = maker(making)
        first = next(rows)
        yield Table(name, tuple(first), _values(first, rows), expected)


def _values(first: Columns, rest: Iterator[Columns]) -> Iterator[Values]:
    yield tuple(first.values())
    for row in rest:
        yield tuple(row.values())


def _account(making: Making) -> Iterator[Columns]:
    yield {
        "id": making.account,
        "name": "Bench",
        "time_zone": "America/Sao_Paulo",
        "currency": "USD",
        "first_day_of_week": 1,
        "fiscal_year_start_month": 1,
        "sales_module": True,
        "granular_permissions": True,
        "isolation_mode": IsolationMode.STRICT.value,
        "unowned_visibility": UnownedVisibility.MANAGERS.value,
        "access_version": 1,
        "created_at": BORN,
    }


def _roles(making: Making) -> Iterator[Columns]:
    for built_in, (name, scope, reach, permissions) in BUILT_IN_ROLES.items():
        row = making.row(
            **_named(name),
            built_in=built_in.value,
            permissions=json.dumps([permission.value for permission in permissions]),
            scope=scope.value,
            reach=reach.value,
            version=1,
        )
        making.roles[built_in] = row["id"]
        yield row


def _named(name: str) -> Columns:
    return {"name": name, "name_folded": fold(name)}


def _teams(making: Making) -> Iterator[Columns]:
    for number in range(making.size.teams):
        row = making.row(**_named(f"Team {number + 1}"), version=1)
        making.teams.append(row["id"])
        yield row


def _inboxes(making: Making) -> Iterator[Columns]:
    for number in range(making.size.inboxes):
        row = making.row(**_named(f"Inbox {number + 1}"), version=1)
        making.inboxes.append(row["id"])
        yield row


def _agents(making: Making) -> Iterator[Columns]:
    """One administrator, one manager for each team; the others are reps."""
    numbers = {built_in: count(1) for built_in in BuiltIn}
    for number in range(making.size.agents):
        built_in = _role_of(number, making.size)
        team = None if built_in is BuiltIn.ADMINISTRATOR else making.teams[number % making.size.teams]
        email = f"{built_in.value.lower().replace('_', '-')}-{next(numbers[built_in])}@bench.example"
        row = making.row(
            **_named(words.person(number)),
            email=email,
            email_folded=email,
            status="ACTIVE",
            available=True,
            role_id=making.roles[built_in],
            main_team_id=team,
            version=1,
        )
        making.agents.append((row["id"], built_in, team))
        yield row


def _role_of(number: int, size: Size) -> BuiltIn:
    if number < size.teams:
        return BuiltIn.SALES_MANAGER
    return BuiltIn.ADMINISTRATOR if number == size.teams else BuiltIn.REP


def _team_members(making: Making) -> Iterator[Columns]:
    """Each in the main team; one rep of ten in another one too."""
    for agent, built_in, team in making.agents:
        if team is None:
            continue
        yield making.row(team_id=team, agent_id=agent)
        another = making.random.choice(making.teams)
        if built_in is BuiltIn.REP and another != team and making.random.random() < 0.1:
            yield making.row(team_id=another, agent_id=agent)


def _inbox_members(making: Making) -> Iterator[Columns]:
    for agent, built_in, _ in making.agents:
        if built_in is BuiltIn.REP:
            yield making.row(inbox_id=making.random.choice(making.inboxes), agent_id=agent)


def _partners(making: Making) -> Iterator[Columns]:
    for number in range(making.size.partners):
        row = making.row(**_named(f"{words.company(number)} Partners {number + 1}"), version=1)
        # Each has one user, whose id is drawn here so that the next table can use it.
        making.partner_users.append((row["id"], making.new_id()))
        yield row


def _partner_users(making: Making) -> Iterator[Columns]:
    for number, (partner, user) in enumerate(making.partner_users):
        yield {
            "id": user,
            "account_id": making.account,
            "partner_id": partner,
            **_named(words.person(number * 7 + 3)),
            "portal_access": True,
            "version": 1,
        }


def _contacts(making: Making) -> Iterator[Columns]:
    reps = making.reps
    for number in range(making.size.contacts):
        created = _moment(making, BORN - YEAR, number, making.size.contacts)
        owner = _owner(making, reps)
        name = words.person(making.random.randrange(10**6))
        company = words.company(making.random.randrange(10**6))
        email = f"{fold(name)}.{number}@customer.example".replace(" ", ".")
        row = making.row(
            **_place(making, owner, RecordType.CONTACT),
            **_dates(created),
            **_named(name),
            email=email,
            email_folded=email,
            company=company,
            company_folded=fold(company),
        )
        making.contacts.append((row["id"], row["owner_id"]))
        _remember(making, RecordType.CONTACT, row)
        yield row


def _conversations(making: Making) -> Iterator[Columns]:
    reps = {agent: (agent, built_in, team) for agent, built_in, team in making.reps}
    everyone = list(reps.values())
    for number in range(making.size.conversations):
        created = _moment(making, BORN, number, making.size.conversations)
        contact, owner_id = making.random.choice(making.contacts)
        owner = _owner_beside(making, owner_id, reps, everyone)
        subject = words.subject(making.random.randrange(10**6))
        row = making.row(
            **_place(making, owner, RecordType.CONVERSATION),
            **_dates(created),
            contact_id=contact,
            subject=subject,
            subject_folded=fold(subject),
            status="CLOSED" if making.random.random() < 0.7 else "OPEN",
            last_message_at=created,
        )
        making.conversations.append((row["id"], contact))
        _remember(making, RecordType.CONVERSATION, row)
        yield row


def _deals(making: Making) -> Iterator[Columns]:
    reps = {agent: (agent, built_in, team) for agent, built_in, team in making.reps}
    everyone = list(reps.values())
    owners = dict(making.contacts)
    for number in range(making.size.deals):
        created = _moment(making, BORN, number, making.size.deals)
        conversation, contact = _occasion(making)
        owner = _owner_beside(making, owners[contact], reps, everyone)
        row = making.row(
            **_place(making, owner, RecordType.DEAL),
            **_dates(created),
            contact_id=contact,
            conversation_id=conversation,
            **_partner(making),
            **_sale(making, created),
        )
        _remember(making, RecordType.DEAL, row)
        yield row


def _occasion(making: Making) -> tuple[UUID | None, UUID]:
    """Half of the deals come from a conversation."""
    if making.random.random() < 0.5:
        return None, making.random.choice(making.contacts)[0]
    return making.random.choice(making.conversations)


def _owner(making: Making, reps: list[Any]) -> Any:
    return None if making.random.random() < UNOWNED else making.random.choice(reps)


def _owner_beside(making: Making, beside: UUID | None, reps: dict[UUID, Any], everyone: list[Any]) -> Any:
    """The contact's owner mostly; each record has its own."""
    owner = _owner(making, everyone)
    if owner is None or beside is None or making.random.random() < ELSEWHERE:
        return owner
    return reps[beside]


def _place(making: Making, owner: Any, kind: RecordType) -> Columns:
    """Mostly the owner's main team. A few have no team; a conversation always has an inbox."""
    agent, team = (owner[0], owner[2]) if owner else (None, making.random.choice(making.teams))
    without_inbox = kind is not RecordType.CONVERSATION and making.random.random() < 0.5
    return {
        "owner_id": agent,
        "team_id": None if making.random.random() < 0.03 else team,
        "inbox_id": None if without_inbox else making.random.choice(making.inboxes),
    }


def _dates(created: datetime) -> Columns:
    return {"version": 1, "created_at": created, "updated_at": created}


def _moment(making: Making, start: datetime, number: int, of: int) -> datetime:
    """One after the other over a year, as a table fills in life."""
    step = YEAR / of
    return start + step * number + step * making.random.random()


def _partner(making: Making) -> Columns:
    if making.random.random() >= 0.05:
        return {"partner_id": None, "assigned_user_id": None}
    partner, user = making.random.choice(making.partner_users)
    return {"partner_id": partner, "assigned_user_id": user if making.random.random() < 0.5 else None}


def _sale(making: Making, created: datetime) -> Columns:
    random = making.random
    stage, title = random.choice(words.STAGES), words.title(random.randrange(10**6))
    status = random.choices(("OPEN", "WON", "LOST"), (5, 3, 2))[0]
    ended = created + timedelta(hours=random.randrange(1, 60 * 24))
    amount = None if random.random() < 0.05 else random.randrange(5_000, 5_000_000)
    return {
        "title": title,
        "title_folded": fold(title),
        "stage": stage,
        "stage_folded": fold(stage),
        "status": status,
        "amount": amount,
        "currency": None if amount is None else "EUR" if random.random() < 0.03 else "USD",
        "expected_close_on": _day(created, random.randrange(10, 90)),
        "won_at": ended if status == "WON" else None,
        "lost_at": ended if status == "LOST" else None,
    }


def _day(created: datetime, days: int) -> date:
    return (created + timedelta(days=days)).date()


def _remember(making: Making, kind: RecordType, row: Columns) -> None:
    making.owned.append((kind, row["id"], row["owner_id"], row["team_id"], row["created_at"]))


def _ownerships(making: Making) -> Iterator[Columns]:
    """The open interval of each owned record; one of eight was somebody else's for a while."""
    reps = making.reps
    for kind, record, owner, team, created in making.owned:
        if owner is None:
            continue
        started = created
        if making.random.random() < 0.125:
            started = created + timedelta(days=making.random.randrange(1, 30))
            before, _, before_team = making.random.choice(reps)
            yield _ownership(making, kind, record, before, before_team, created, started)
        yield _ownership(making, kind, record, owner, team, started, None)


def _ownership(
    making: Making,
    kind: RecordType,
    record: UUID,
    owner: UUID,
    team: UUID | None,
    started: datetime,
    ended: datetime | None,
) -> Columns:
    return making.row(
        record_type=kind.value,
        record_id=record,
        owner_id=owner,
        team_id=team,
        started_at=started,
        ended_at=ended,
        cause="ASSIGNED",
    )
