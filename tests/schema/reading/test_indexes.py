"""Pages of a large account are found by its indexes: no table of records is read through, no list is sorted.

The statement is the very one that answers the bench's questions, and the plan is the database's own.
"""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import orjson
import pytest

from authz.identity_providers import KeySets
from authz.tokens import Unproved
from bench.account import Size
from bench.kept import filled
from bench.people import ASKERS
from bench.queries import CONTACTS, DEAL_PAGES, DEALS, VIEWER
from models import Agent
from models.database import Database, Dialect
from models.migrating import migrate
from models.sql import Sql
from resolvers.answering import Asked
from resolvers.http import Endpoint
from schema.context import Context
from tests.conftest import Server
from tests.resolvers.support import KEYS, signed_in

SIZE, SEED = Size(24_000), 3
LARGE = {"contact", "conversation", "deal", "message", "timeline_entry", "ownership"}
BEFORE_CURSOR = 60
"""Deals before the page that is reached by a cursor."""

TAKEN_OVER = 9
"""Reps whose deals the rep who asks has taken over: they have 1,500 then, as at the bench's own size."""

PAGE = {"first": 20, "after": None}
FIRST_PAGES: Mapping[str, tuple[str, dict[str, Any]]] = {
    "a": (DEALS, {"first": 20}),
    "b": (DEALS, {"first": 100}),
    "c": (CONTACTS, {"first": 50, "deals": 5}),
    "d": (DEAL_PAGES, PAGE),
    "g": (VIEWER, {}),
}


@dataclass
class Large:
    """The large account, and the statements that ran alone."""

    database: Database
    endpoint: Endpoint
    askers: dict[str, Unproved | None] = field(default_factory=dict)
    ran: list[Sql] = field(default_factory=list)

    async def ask(self, who: str, document: str, variables: dict[str, Any]) -> Any:
        """The data of the answer."""
        context = Context(self.database, KEYS, self.askers[who], request_id=uuid4().hex)
        answer = orjson.loads((await self.endpoint.answer(context, Asked(document, variables))).body)
        assert "errors" not in answer, answer
        return answer["data"]

    async def statement(self, who: str, document: str, variables: dict[str, Any]) -> Sql:
        """The one statement that answers a viewer who is kept."""
        await self.ask(who, document, variables)
        self.ran.clear()
        await self.ask(who, document, variables)
        (statement,) = self.ran
        return statement

    async def cursor(self, who: str) -> str:
        """A cursor that lies some pages inside the viewer's deals."""
        deals = (await self.ask(who, DEAL_PAGES, {"first": BEFORE_CURSOR, "after": None}))["deals"]
        assert deals["pageInfo"]["hasNextPage"], who
        cursor: str = deals["pageInfo"]["endCursor"]
        return cursor

    async def plan(self, statement: Sql) -> "Plan":
        """How the database runs the statement."""
        postgres = self.database.dialect is Dialect.POSTGRES
        explain = "EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) " if postgres else "EXPLAIN QUERY PLAN "
        async with self.database.reading() as session:
            rows = await session.fetch(Sql(explain + statement.text, statement.params))
        return PostgresPlan.of(rows) if postgres else SqlitePlan.of(rows, statement.text)


@dataclass(frozen=True, slots=True)
class Plan:
    """What a plan does that it should not, and what it should."""

    whole: str
    scans: Sequence[str]
    """Large tables that are read through, row after row."""
    sorts: Sequence[str]
    """Where rows of large tables are sorted."""
    by_place: bool
    """Whether deals are found by when they were created."""


class PostgresPlan(Plan):
    """Read from EXPLAIN's JSON."""

    @classmethod
    def of(cls, rows: Sequence[Mapping[str, Any]]) -> Plan:
        """The plan that EXPLAIN answered."""
        explained = rows[0]["QUERY PLAN"]
        (whole,) = json.loads(explained) if isinstance(explained, str) else explained
        nodes = list(_nodes(whole["Plan"]))
        large = [node for node in nodes if node.get("Relation Name") in LARGE]
        return cls(
            whole=json.dumps(whole["Plan"], indent=1),
            scans=[node["Relation Name"] for node in large if node["Node Type"] == "Seq Scan"],
            sorts=[
                f"{node['Node Type']} by {node['Sort Key']}"
                for node in nodes
                if "Sort Key" in node and any(each.get("Relation Name") in LARGE for each in _nodes(node))
            ],
            by_place=any(
                node["Relation Name"] == "deal" and "created_at" in node.get("Index Cond", "")
                for node in large
            ),
        )


def _nodes(node: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield node
    for below in node.get("Plans", ()):
        yield from _nodes(below)


class SqlitePlan(Plan):
    """Read from the lines of EXPLAIN QUERY PLAN, which name tables by their aliases."""

    @classmethod
    def of(cls, rows: Sequence[Mapping[str, Any]], statement: str) -> Plan:
        """The plan that EXPLAIN QUERY PLAN answered."""
        details = [str(row["detail"]) for row in rows]
        tables = {alias: table for table, alias in re.findall(r"\b(?:FROM|JOIN) (\w+) (\w+)", statement)}
        scanned = [re.match(r"SCAN (\w+)\b(?!.* USING)", detail) for detail in details]
        read = [tables.get(found[1], found[1]) for found in scanned if found]
        deals = [alias for alias, table in tables.items() if table == "deal"]
        return cls(
            whole="\n".join(details),
            scans=[table for table in read if table in LARGE],
            sorts=[detail for detail in details if "TEMP B-TREE" in detail],
            by_place=any(
                re.match(rf"SEARCH {alias} USING .*\((account|owner)_id=\? AND created_at[<>]", detail)
                for alias in deals
                for detail in details
            ),
        )


@pytest.fixture
async def large(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Large]:
    """The large account on a database of its own: to empty one takes longer than to drop it."""
    url = await server.empty(tmp_path)
    database = await Database.open(url)
    try:
        await migrate(database)
        await asyncio.to_thread(filled, url, SIZE, SEED)
        await _give_deals_to_the_rep(database)
        large = Large(database, Endpoint(database, KEYS, KeySets(), development=False))
        await _sign_in(large)
        _record(large, monkeypatch)
        yield large
    finally:
        await database.close()


async def _give_deals_to_the_rep(database: Database) -> None:
    """At this size a rep has so few that to sort them would be right."""
    others = ", ".join(f"'rep-{number}@bench.example'" for number in range(2, 2 + TAKEN_OVER))
    take = f"UPDATE deal SET owner_id = (SELECT id FROM agent WHERE email = '{ASKERS['rep']}') "
    take += f"WHERE owner_id IN (SELECT id FROM agent WHERE email IN ({others}))"
    async with database.writing() as session:
        await session.fetch(Sql(take))
        await session.fetch(Sql("ANALYZE"))


async def _sign_in(large: Large) -> None:
    async with large.database.reading():
        agents = {who: await Agent.get(email=email) for who, email in ASKERS.items()}
    large.askers = {who: await signed_in(large.database, agent) for who, agent in agents.items()}


def _record(large: Large, monkeypatch: pytest.MonkeyPatch) -> None:
    row = Database.row

    async def recording(database: Database, text: str, params: Sequence[Any]) -> Mapping[str, Any]:
        large.ran.append(Sql(text, tuple(params)))
        return await row(database, text, params)

    monkeypatch.setattr(Database, "row", recording)


async def test_pages_are_found_by_indexes(large: Large) -> None:
    wrong: list[str] = []
    for who in ASKERS:
        pages = {f"{letter}, page 1": asked for letter, asked in FIRST_PAGES.items()}
        pages["d, by cursor"] = (DEAL_PAGES, PAGE | {"after": await large.cursor(who)})
        for page, (document, variables) in pages.items():
            plan = await large.plan(await large.statement(who, document, variables))
            wrong += [f"{page} as {who}: {each}\n{plan.whole}" for each in _faults(plan, page, who)]
    assert not wrong, "\n\n".join(wrong)


def _faults(plan: Plan, page: str, who: str) -> Iterator[str]:
    yield from (f"{table} is read through" for table in plan.scans)
    if who == "rep" and page[0] in "ab":
        yield from (f"a list is sorted: {sort}" for sort in plan.sorts)
    if page == "d, by cursor" and not plan.by_place:
        yield "the page is not found by its cursor's place"
