"""Two ways, one answer: what a plan reads by one statement is what is read value by value, to the byte.

The ordinary way is the plain statement of what is right (the oracle compares it with the judge's
word); the planned way is how the server reads. Generated documents go through both, for every kind
of viewer, over one endpoint that keeps viewers and plans from one question to the next.
"""

import os
import random
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum
from functools import cache, partial
from typing import Any

import pytest

from authz.passwords import hash_password
from models.database import Database, Dialect
from models.sql import Sql
from schema.reading.answering import Reading, Unread
from tests.conftest import Databases
from tests.judge.viewers import KINDS, Kind
from tests.judge.world import World, generate
from tests.proofs.acting import act_by_chance, mutations, preview_by_chance
from tests.proofs.aiming import aimed
from tests.proofs.asking import Answer, SignedIn, ask, sign_in
from tests.proofs.daring import Daring
from tests.proofs.generating import Document
from tests.proofs.reaching import reachable, reached
from tests.proofs.tally import MOST_UNREAD, WAYS

QUERIES = int(os.environ.get("CARTEIRA_TEST_WAYS", "100"))
"""Documents by each kind of viewer, without the pages that are turned."""

ENOUGH = 100
SEED = int(os.environ.get("CARTEIRA_TEST_SEED", "3"))
ACTS = QUERIES // 10
LEAST_TOTAL = 5_000
"""For a run over every kind, on one database."""

NEVER = ("INTERNAL_SERVER_ERROR", "GRAPHQL_VALIDATION_FAILED")
MOST_REFUSED = 0.1
UNLUCKY = 2
"""How many times as much one group of viewers may meet of what a whole run meets little of (tally.py)."""

MOST_FURTHER = 200
"""Documents by each kind of viewer, drawn to find what chance has left out: a handful do, for a new field."""

TURNS = 2
EVERYBODY = 5
"""Each so many documents, all the other viewers ask the same."""

Settings = tuple[tuple[str, Any], ...]
SETTINGS: dict[Settings, list[Kind]] = {}
for _kind in KINDS:
    SETTINGS.setdefault(_kind.settings, []).append(_kind)


@cache
def world() -> World:
    """What everybody looks at."""
    return generate(SEED)


def author_of(kind: Kind, who: SignedIn, what: str) -> Daring:
    """Who writes what a kind of viewer asks."""
    return Daring(random.Random(f"{kind.name} {SEED} {what}"), who.viewer, who.world)


def documents(author: Daring) -> Iterator[Document]:
    """What a kind of viewer asks: the same each time."""
    for number in range(QUERIES):
        match number % 20:
            case 19:
                yield author.unplanned()
            case 3 | 7 | 11 | 15:
                yield author.listing()
            case _:
                yield author.query()


class How(Enum):
    """How something was answered."""

    BY_PLAN = "by a plan"
    WITHOUT = "there is no plan for it"
    UNREAD = "the database could not read the plan's statement"


@dataclass
class Watch:
    """How each query and each payload since the last look was answered."""

    seen: dict[str, list[How]] = field(default_factory=lambda: {"answer": [], "payload": []})

    def look(self) -> dict[str, list[How]]:
        """What happened since the last look."""
        seen, self.seen = self.seen, {"answer": [], "payload": []}
        return seen


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Watch:
    watch = Watch()
    for name in ("answer", "payload"):
        monkeypatch.setattr(Reading, name, _watched(name, watch))
    return watch


def _watched(name: str, watch: Watch) -> Callable[..., Any]:
    way = getattr(Reading, name)

    async def watched(*args: Any, **kwargs: Any) -> Any:
        try:
            answered = await way(*args, **kwargs)
        except Unread:
            watch.seen[name].append(How.UNREAD)
            raise
        watch.seen[name].append(How.WITHOUT if answered is None else How.BY_PLAN)
        return answered

    return watched


@dataclass
class Ways:
    """One database, or two that are equal until one of them is changed otherwise than the other."""

    planned: Database
    ordinary: Database
    watch: Watch
    count: Counter[str] = field(default_factory=Counter)

    async def ask(self, who: SignedIn | None, document: Document, draws: int = 0) -> Answer:
        """The answer, which is the same both ways, and came by a plan."""
        asked = (None if who is None else who.unproved, document.text, document.variables)
        answer = await ask(self.planned, *asked, draws=draws)
        seen = self.watch.look()
        ordinary = await ask(self.ordinary, *asked, draws=draws, planned=False)
        assert answer.body == ordinary.body, parted(document, answer, ordinary)
        assert not any(self.watch.look().values()), "the ordinary way asked for a plan"
        assert not set(NEVER) & set(answer.codes), told(document, answer)
        self._judge(document, answer, seen)
        return answer

    def _judge(self, document: Document, answer: Answer, seen: dict[str, list[How]]) -> None:
        self.count["compared"] += 1
        self.count["unplanned"] += is_unplanned(document)
        self.count["refused"] += answer.data is None
        if answer.data is None:
            return
        hows = seen["payload" if leaves_outcomes(document) else "answer"]
        if How.UNREAD in hows and self.planned.dialect is Dialect.SQLITE:
            # Once more in a session, and then value by value.
            self.count["unread"] += 1
        elif is_unplanned(document):
            # What a role refuses is known before anything is read.
            refused = not set(answer.codes).isdisjoint(("FORBIDDEN", "MODULE_DISABLED"))
            assert How.BY_PLAN not in hows or refused, told(document, answer)
        elif leaves_outcomes(document):
            # Who has revoked their own token is nobody, for whom nothing is planned.
            least = sum(leaves_something(payload) for payload in answer.data.values())
            assert hows in ([How.BY_PLAN], [How.BY_PLAN] * least), f"{hows}{told(document, answer)}"
        else:
            assert hows == [How.BY_PLAN], f"{hows}{told(document, answer)}"

    async def turn_pages(
        self, who: SignedIn, document: Document, answer: Answer, chance: random.Random
    ) -> None:
        """Go on from cursors that were given, forwards and backwards, at the top and further down."""
        for _ in range(TURNS):
            given = dict(document.variables)
            for variable, alias in document.places.items():
                found = list(cursors(below(answer.data, alias)))
                given[variable] = chance.choice(found) if found else None
            found = list(cursors(answer.data)) if document.pages else []
            if found:
                given[chance.choice(("after", "before"))] = chance.choice(found)
            if given == document.variables:
                return
            document = Document(document.text, given, document.pages, document.places)
            answer = await self.ask(who, document)


@pytest.fixture(params=SETTINGS, ids=lambda settings: ", ".join(str(value) for _, value in settings))
def settings(request: pytest.FixtureRequest) -> Settings:
    chosen: Settings = request.param
    return chosen


@pytest.fixture
def everybody(settings: Settings) -> list[tuple[Kind, SignedIn]]:
    return [(kind, sign_in(kind, world())) for kind in SETTINGS[settings]]


async def test_a_plan_answers_as_the_ordinary_way_does(
    everybody: list[tuple[Kind, SignedIn]],
    databases: Databases,
    watch: Watch,
    record_property: Callable[[str, object], None],
) -> None:
    database = await databases()
    await _store(everybody, database)
    ways = Ways(database, database, watch)
    for kind, who in everybody:
        turning = random.Random(f"{kind.name} {SEED} turning")
        for number, document in enumerate(documents(author_of(kind, who, "asks"))):
            answer = await ways.ask(who, document)
            await ways.turn_pages(who, document, answer, turning)
            if number % EVERYBODY == 0:
                for _, other in everybody:
                    await ways.ask(other, document)
    record_property(WAYS, {"dialect": database.dialect.value, "kinds": len(everybody), **ways.count})
    assert ways.count["compared"] * len(KINDS) >= min(LEAST_TOTAL, QUERIES * len(KINDS)) * len(everybody)
    assert ways.count["refused"] <= MOST_REFUSED * ways.count["compared"], ways.count
    assert ways.count["unread"] <= UNLUCKY * MOST_UNREAD * ways.count["compared"], ways.count


async def test_a_plan_reads_what_an_act_leaves_as_the_ordinary_way_does(
    everybody: list[tuple[Kind, SignedIn]],
    databases: Databases,
    watch: Watch,
    record_property: Callable[[str, object], None],
) -> None:
    ways = Ways(await databases(), await databases(), watch)
    await _store(everybody, ways.planned)
    await _store(everybody, ways.ordinary)
    draws = 0
    for kind, who in everybody:
        for document in acts(author_of(kind, who, "acts")):
            draws += 1
            await ways.ask(who, document, draws)
    record_property(WAYS, {"dialect": ways.planned.dialect.value, "kinds": 0, **ways.count})
    left = [await World.load(ways.planned), await World.load(ways.ordinary)]
    for token in (token for world in left for token in world["token"].values()):
        # A secret is random.
        del token["secret_hash"]
    for event in (event for world in left for event in world["outbox_event"].values()):
        # PostgreSQL numbers the transactions of all its databases together.
        del event["xact"]
    assert left[0].tables == left[1].tables


PASSWORD = "a long password, Łódź 🚲"
SIGN_IN = "mutation ($input: SignInInput!) { signIn(input: $input) { token expiresAt viewer { %s } %s } }"
SET = "mutation ($input: SetPasswordInput!) { setPassword(input: $input) { agent { %s } %s } }"
PROBLEMS = "userErrors { code message field }"
MYSELF = (
    "kind permissions access { mode scope } agent { id teams { agents(last: 2) { nodes { id email } } } }"
)


async def test_a_plan_reads_who_signed_in_and_who_has_a_new_password(
    databases: Databases, watch: Watch
) -> None:
    who = sign_in(KINDS[0], world())
    agent = who.viewer.facts.agent_id
    assert agent is not None
    who.world["agent"][agent]["password_hash"] = await hash_password(PASSWORD)
    ways = Ways(await databases(), await databases(), watch)
    for database in (ways.planned, ways.ordinary):
        await who.world.store(database)
    known = {"email": who.world["agent"][agent]["email"], "password": PASSWORD, "account": "Aurora"}
    changed = {"password": f"{PASSWORD} 2", "currentPassword": PASSWORD}
    for draws, (asker, text, given) in enumerate(
        (
            (None, SIGN_IN % (MYSELF, PROBLEMS), known),
            (None, SIGN_IN % ("partnerUser { id } account { name }", PROBLEMS), known),
            (None, SIGN_IN % (MYSELF, PROBLEMS), known | {"password": "another, as long"}),
            (who, SET % ("id role { name } portfolio { owner { id } }", PROBLEMS), changed),
            (who, SET % ("id", PROBLEMS), changed),
        )
    ):
        await ways.ask(asker, Document(text, {"input": given}), draws)


def acts(author: Daring) -> Iterator[Document]:
    """What a kind of viewer tries to change: the same each time."""
    for name in author.chance.sample(mutations(), ACTS):
        yield act_by_chance(author, name)


STREAMED = "event by event: test_streams.py"
LEFT_OUT = {
    **{f"RecordChange.{name}": STREAMED for name in ("cursor", "kind", "record", "recordId")},
    "Subscription.recordChanged": STREAMED,
    **{f"Subscription.recordChanged({name})": STREAMED for name in ("after", "ownerId", "types")},
    "Subscription.transferProgressed": STREAMED,
    "Subscription.transferProgressed(transferId)": STREAMED,
    "TransferPreview.token": "sealed anew each time, and dated",
    "TransferPreview.expiresAt": "dated by when it is asked",
    "CreateApiTokenPayload.secret": "random, and shown once",
    "Mutation.setPassword": "below",
    "Mutation.setPassword(input)": "below",
    "Mutation.signIn": "below",
    "Mutation.signIn(input)": "below",
    **{f"SetPasswordPayload.{name}": "below" for name in ("agent", "partnerUser", "userErrors")},
    **{f"SignInPayload.{name}": "below" for name in ("token", "expiresAt", "userErrors", "viewer")},
}
"""What chance does not ask for, and why."""

WAYS_TO_WRITE = (
    r"fragment F\d+ on [A-Z]",
    r"\.\.\.F\d+ @",
    r"\.\.\. on Record",
    r"\.\.\. on Node",
    r"\.\.\. on Query",
    r"\.\.\. {",
    r"\.\.\. @",
    r"@include\(if: \$",
    r"@skip\(if: true\)",
    r"@skip\(if: false\) @include",
    r"\$v\d+: \w+ = ",
    r"\[\$v",
    r": \$v\d+[,}]",
    r"(a\d+): deals\(.*(a\d+): deals\(",
)


@cache
def by_chance() -> list[Document]:
    """What every kind of viewer asks and tries, as it comes."""
    asked: list[Document] = []
    for kind in KINDS:
        who = sign_in(kind, world())
        asked += documents(author_of(kind, who, "asks"))
        asked += acts(author_of(kind, who, "acts"))
    return asked


@cache
def further() -> list[tuple[Kind, Document]]:
    """What reaches the rest, and who asks it, so that a new field does not have to be lucky."""
    found: list[tuple[Kind, Document]] = []
    left = set(reachable()) - LEFT_OUT.keys() - set[str]().union(*map(reached, by_chance()))
    authors = [(kind, author_of(kind, sign_in(kind, world()), "further")) for kind in KINDS]
    for kind, author in authors * MOST_FURTHER:
        if not left:
            break
        document = _towards(author, sorted(left))
        if new := left & reached(document):
            found.append((kind, document))
            left -= new
    return found


def _towards(author: Daring, left: Sequence[str]) -> Document:
    wanted = author.chance.choice(left)
    near = aimed(author, wanted) if wanted.count(".") == 1 and "(" not in wanted else None
    if near is not None:
        return near
    ways = (author.query, author.query, author.diagnosis, partial(preview_by_chance, author))
    return author.chance.choice(ways)()


@pytest.mark.skipif(QUERIES < ENOUGH, reason="so few do not reach everything")
async def test_all_that_can_be_asked_is_asked(databases: Databases, watch: Watch) -> None:
    for kinds in SETTINGS.values():
        signed_in = {kind.name: sign_in(kind, world()) for kind in kinds}
        database = await databases()
        await _store([(kind, signed_in[kind.name]) for kind in kinds], database)
        ways = Ways(database, database, watch)
        for kind, document in further():
            if kind.name in signed_in:
                await ways.ask(signed_in[kind.name], document)
    asked = [*by_chance(), *(document for _, document in further())]
    found = set[str]().union(*map(reached, asked))
    left = set(reachable()) - found
    assert left == set(LEFT_OUT)
    assert [way for way in WAYS_TO_WRITE if not any(re.search(way, one.text) for one in asked)] == []


async def _store(everybody: list[tuple[Kind, SignedIn]], database: Database) -> None:
    """Store the world, set as this group wants it, with everybody's token."""
    stored = everybody[0][1].world.copy()
    for _, who in everybody:
        stored.tables["token"] |= who.world["token"]
    await stored.store(database)
    async with database.writing() as session:
        # As the server does at its start and now and then: so that plans are those of a real database.
        await session.fetch(Sql("ANALYZE"))


UNPLANNED = ("accessExplanation", "__type(")
WORKED_OUT = ("transferPreview", "distributionDiagnosis")


def is_unplanned(document: Document) -> bool:
    """Whether it asks for what no plan reads: why something is so, and the schema itself."""
    return any(word in document.text for word in UNPLANNED)


def leaves_outcomes(document: Document) -> bool:
    """Whether what it comes to is worked out first: by a mutation, or by counting."""
    return document.text.startswith("mutation") or any(word in document.text for word in WORKED_OUT)


def leaves_something(payload: Any) -> bool:
    """Whether an outcome has more to tell than what was wrong."""
    return any(value is not None for name, value in (payload or {}).items() if name != "userErrors")


def below(data: Any, alias: str) -> Iterator[Any]:
    """What the answer has under an alias, wherever."""
    if isinstance(data, dict):
        if alias in data:
            yield data[alias]
        for each in data.values():
            yield from below(each, alias)
    if isinstance(data, list):
        for each in data:
            yield from below(each, alias)


def cursors(data: Any) -> Iterator[str]:
    """The cursors in an answer, not those of other lists below it."""
    if isinstance(data, dict):
        for name, value in data.items():
            if name in ("cursor", "startCursor", "endCursor") and value is not None:
                yield value
            yield from cursors(value)
    elif not isinstance(data, str) and isinstance(data, list | Iterator):
        for each in data:
            yield from cursors(each)


def told(document: Document, answer: Answer) -> str:
    """A question and its answer."""
    return f"\n{document.text}\n{document.variables}\n{answer.body.decode()[:3000]}"


def parted(document: Document, planned: Answer, ordinary: Answer) -> str:
    """Where two answers part."""
    pairs = enumerate(zip(planned.body, ordinary.body, strict=False))
    at = next((n for n, pair in pairs if pair[0] != pair[1]), min(len(planned.body), len(ordinary.body)))
    start = max(0, at - 200)
    return (
        f"the ways part at byte {at}\n{document.text}\n{document.variables}\n"
        f"planned:  …{planned.body[start : at + 300].decode(errors='replace')}\n"
        f"ordinary: …{ordinary.body[start : at + 300].decode(errors='replace')}"
    )
