"""Two worlds that differ only in what a viewer can't see give that viewer the same bytes.

Whatever is asked, by chance and with ids and values of both worlds: data, errors, cursors, counts.
And what is answered is what the judge answers (tests/proofs/judging.py), in its order.
CARTEIRA_TEST_QUERIES: how many queries for each kind of viewer and database. CARTEIRA_TEST_SEED:
another number makes other worlds and asks them other things.
"""

import asyncio
import os
import random
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import pytest

from authz.tokens import Unproved
from models.database import Database
from tests.conftest import Databases
from tests.judge import oracle
from tests.judge.twin import twin
from tests.judge.viewers import KINDS, Judged, Kind
from tests.judge.world import World, generate
from tests.proofs.acting import act_by_chance, mutations, preview_by_chance
from tests.proofs.asking import Answer, ask, sign_in
from tests.proofs.generating import Author, Document
from tests.proofs.judging import BadCursor, differences, judged, listed_type
from tests.proofs.tally import PROPERTY

QUERIES = int(os.environ.get("CARTEIRA_TEST_QUERIES", "70"))
SEED = int(os.environ.get("CARTEIRA_TEST_SEED", "2"))
MUTATIONS = QUERIES // 5
LEAST_TOTAL = 2_000
"""For a run over every kind, on one database."""
LEAST_NOT_EMPTY = 0.45
"""For a viewer who sees next to nothing; over all kinds it is that of tests/proofs/tally.py."""
TOLD = ("hidden portal access",)
"""Accepted: who may set a deal's partner is told who has portal access (docs/authorization.md)."""
ABOUT = ("__typename", "pageInfo", "userErrors")
SAYS = re.compile(r"You(r role)? may not read (\w+)\.(\w+)\.")


@pytest.fixture(scope="module")
def world() -> World:
    return generate(SEED)


@dataclass
class Worlds:
    """A viewer, before a world and its twin."""

    viewer: Judged
    unproved: Unproved
    databases: tuple[Database, Database]
    author: Author
    cursors: dict[str, UUID] = field(default_factory=dict)
    draws: int = 0
    count: Counter[str] = field(default_factory=Counter)

    async def ask(self, document: Document) -> Answer:
        """The answer, which is the same in both worlds."""
        self.draws += 1
        one, other = await asyncio.gather(
            *(
                ask(database, self.unproved, document.text, document.variables, draws=self.draws)
                for database in self.databases
            )
        )
        assert one.body == other.body, _parted(document, one, other)
        assert "INTERNAL_SERVER_ERROR" not in one.codes, _told(document, one)
        assert "GRAPHQL_VALIDATION_FAILED" not in one.codes, _told(document, one)
        self._count(one)
        return one

    def _count(self, answer: Answer) -> None:
        self.count["asked"] += 1
        self.count["not_empty"] += holds_something(answer.data)

    def judge(self, document: Document, answer: Answer) -> None:
        """Compare the answer with the judge's, where it has one."""
        try:
            expected, met = judged(self.viewer, document.text, document.variables, self.cursors)
        except BadCursor:
            return
        if set(answer.codes) - {"FORBIDDEN", "MODULE_DISABLED"}:
            return
        wrong = differences(answer.data, expected, self.cursors)
        assert not wrong, f"{wrong[:5]}\n{_told(document, answer)}"
        assert not met, f"{met}\n{_told(document, answer)}"
        assert not self._errors_wrong(answer), _told(document, answer)
        self.count["judged"] += 1

    def _errors_wrong(self, answer: Answer) -> list[str]:
        """Refusals of what the judge does not refuse; a list may be refused for what its filter names."""
        refused = oracle.refused(self.viewer)
        if "MODULE_DISABLED" in answer.codes and self.viewer.facts.sales_module:
            return ["the module is on"]
        forbidden = [one for one in answer.errors if one["extensions"]["code"] == "FORBIDDEN"]
        told = [SAYS.fullmatch(error["message"]) for error in forbidden]
        places = [found.group(2, 3) if found else ("", "") for found in told]
        return [
            f"{of}.{name}" for of, name in places if (of, name) not in refused and not listed_type(of, name)
        ]


@pytest.fixture(params=KINDS, ids=lambda kind: kind.name)
async def worlds(request: pytest.FixtureRequest, databases: Databases, world: World) -> Worlds:
    kind: Kind = request.param
    who = sign_in(kind, world)
    other = twin(who.world, who.viewer, SEED, without=TOLD if who.viewer.facts.agent_id else ())
    pair = (await databases(), await databases())
    await who.world.store(pair[0])
    await other.store(pair[1])
    author = Author(random.Random(f"{kind.name} {SEED}"), who.viewer, other)
    return Worlds(who.viewer, who.unproved, pair, author)


async def test_two_worlds_give_the_same_bytes(
    worlds: Worlds, record_property: Callable[[str, object], None]
) -> None:
    for number in range(QUERIES):
        if number % 12 == 11:
            await worlds.ask(worlds.author.explanation())
            continue
        if number % 12 == 5:
            await worlds.ask(preview_by_chance(worlds.author))
            await worlds.ask(worlds.author.diagnosis())
            continue
        document = worlds.author.listing() if number % 4 == 3 else worlds.author.query()
        answer = await worlds.ask(document)
        worlds.judge(document, answer)
        if document.pages:
            await _turn_pages(worlds, document, answer)
    await _act(worlds)
    record_property(PROPERTY, {"dialect": worlds.databases[0].dialect.value, **worlds.count})
    assert worlds.count["asked"] * len(KINDS) >= min(LEAST_TOTAL, QUERIES * len(KINDS))
    assert worlds.count["not_empty"] >= LEAST_NOT_EMPTY * worlds.count["asked"], worlds.count


async def _act(worlds: Worlds) -> None:
    """Try mutations, which change both worlds; and look at what is left."""
    chance = worlds.author.chance
    for number, name in enumerate(chance.sample(mutations(), min(MUTATIONS, len(mutations())))):
        answer = await worlds.ask(act_by_chance(worlds.author, name))
        if answer.codes[:1] == ["UNAUTHENTICATED"]:
            return
        if number % 4 == 3:
            await worlds.ask(worlds.author.query())


async def _turn_pages(worlds: Worlds, document: Document, answer: Answer) -> None:
    chance = worlds.author.chance
    for _ in range(2):
        given = sorted(one for one in strings(answer.data) if one in worlds.cursors)
        if not given:
            return
        way = chance.choice(("after", "before"))
        turned = Document(document.text, {**document.variables, way: chance.choice(given)}, pages=True)
        answer = await worlds.ask(turned)
        worlds.judge(turned, answer)


def holds_something(data: Any) -> bool:
    """Whether any value came back, counts of nothing and words about pages left out."""
    if isinstance(data, dict):
        told = {name: value for name, value in data.items() if (name, value) != ("totalCount", 0)}
        return any(holds_something(value) for name, value in told.items() if name not in ABOUT)
    if isinstance(data, list):
        return any(holds_something(one) for one in data)
    return data is not None


def strings(data: Any) -> Iterator[str]:
    """Every text in an answer."""
    if isinstance(data, str):
        yield data
    for one in data.values() if isinstance(data, dict) else data if isinstance(data, list) else ():
        yield from strings(one)


def _told(document: Document, answer: Answer) -> str:
    return f"\n{document.text}\n{document.variables}\n{answer.body.decode()[:3000]}"


def _parted(document: Document, one: Answer, other: Answer) -> str:
    at = next((n for n, pair in enumerate(zip(one.body, other.body, strict=False)) if pair[0] != pair[1]), 0)
    start = max(0, at - 200)
    return (
        f"the worlds part at byte {at}\n{document.text}\n{document.variables}\n"
        f"one:   …{one.body[start : at + 300].decode(errors='replace')}\n"
        f"other: …{other.body[start : at + 300].decode(errors='replace')}"
    )
