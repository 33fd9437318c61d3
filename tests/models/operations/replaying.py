"""Two accounts that are alike, so that what is done in one way in one can be compared with another way."""

from dataclasses import dataclass
from itertools import count
from typing import Any
from uuid import UUID

from models import Agent, Contact, Conversation, Deal, OutboxEvent, Ownership, Record, TimelineEntry
from models.database import Database
from models.operations.create_agent import create_agent
from models.operations.create_contact import create_contact
from models.operations.create_conversation import create_conversation
from models.operations.create_deal import create_deal
from tests.models.operations.world import World, make_world

MODELS: tuple[type[Record], ...] = (Contact, Conversation, Deal)
PEOPLE = ("ana", "ben", "cat", "administrator")
TEAMS = ("north", "south")
RECORDS = 6
NUMBERS = count(1)


@dataclass(frozen=True)
class Side:
    """One of the accounts: its people, teams and records by name, and what goes by each id."""

    world: World
    agents: dict[str, Agent]
    records: list[Record]
    names: dict[str, str]

    def agent_id(self, name: str | None) -> UUID | None:
        """Whose id goes by this name; None for nobody."""
        return self.agents[name].id if name else None

    def team_id(self, name: str | None) -> UUID | None:
        """The team's id; None for none."""
        return getattr(self.world, name).id if name else None

    def teams_of(self, name: str) -> list[UUID | None]:
        """The teams of who goes by this name, the main one first; None where there is none."""
        teams = {"ana": ["north"], "ben": ["south"], "cat": ["south", "north"]}.get(name, [])
        return [self.team_id(one) for one in teams] or [None]

    async def now(self, number: int) -> Any:
        """The record of this number as it stands."""
        record = self.records[number]
        return await type(record).get(id=record.id)

    def told(self, value: Any) -> Any:
        """The value, with names for ids."""
        if isinstance(value, dict):
            return {key: self.told(one) for key, one in value.items()}
        if isinstance(value, list | tuple):
            return [self.told(one) for one in value]
        return self.names.get(str(value), value)


async def make_side(database: Database, owners: list[str | None], teams: list[str | None]) -> Side:
    """An account with as many records as there are owners; contacts, conversations, deals, and again."""
    world = await make_world(database, name=f"Acme {next(NUMBERS)}")
    cat = await create_agent(
        world.by,
        name="Cat",
        role_id=world.rep.id,
        team_ids=[world.north.id, world.south.id],
        main_team_id=world.south.id,
    )
    agents = {"ana": world.ana, "ben": world.ben, "cat": cat, "administrator": world.administrator}
    names = {str(row.id): name for name, row in agents.items()}
    names |= {str(getattr(world, name).id): name for name in (*TEAMS, "inbox")}
    side = Side(world, agents, [], names)
    client = await create_contact(world.by, name="Client")
    names[str(client.id)] = "client"
    for number, (owner, team) in enumerate(zip(owners, teams, strict=True)):
        placed: dict[str, Any] = {"owner_id": side.agent_id(owner), "team_id": side.team_id(team)}
        record: Record
        if number % 3 == 0:
            record = await create_contact(world.by, name="Bo", **placed)
        elif number % 3 == 1:
            inbox = world.inbox.id
            record = await create_conversation(world.by, contact_id=client.id, inbox_id=inbox, **placed)
        else:
            record = await create_deal(world.by, title="D", contact_id=client.id, **placed)
        side.records.append(record)
        names[str(record.id)] = f"record {number}"
    return side


async def traces(side: Side) -> list[dict[str, Any]]:
    """All that is kept of each record: where it is, its ownerships, its timeline, its events."""
    return [await _traces(side, number) for number in range(len(side.records))]


async def _traces(side: Side, number: int) -> dict[str, Any]:
    record = await side.now(number)
    intervals = await Ownership.filter(record_id=record.id)
    entries = await TimelineEntry.filter(record_id=record.id).order_by("number")
    events = await OutboxEvent.filter(record_id=record.id).order_by("id")
    return {
        "record": side.told([record.owner_id, record.team_id, record.version, record.updated_at]),
        "ownerships": sorted(
            (side.told([o.owner_id, o.team_id, o.started_at, o.ended_at, o.cause]) for o in intervals),
            key=str,
        ),
        "timeline": [
            side.told([e.number, e.kind, e.at, e.author_id, e.changes, e.reason, e.transfer_id])
            for e in entries
        ],
        "events": [side.told([e.kind, e.at, e.before, sorted(e.columns), e.record_type]) for e in events],
    }
