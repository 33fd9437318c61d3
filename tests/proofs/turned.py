"""Whether the proofs can fail: each scope, rule and policy is turned to "yes", and some test must notice.

    python -m tests.proofs.turned

prints what was turned and the test that fails of it; the exit status is 1 if any goes unnoticed.
"""

import asyncio
import logging
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from authz.access import REFUSED, RULES
from authz.policies import POLICIES
from authz.predicate import ALWAYS
from authz.scopes import SCOPES
from authz.tokens import prove
from authz.viewer import Viewer, load_viewer
from models.database import Database
from models.migrating import migrate
from resolvers.answering import DOCUMENTS
from schema.fields import GuardedField
from schema.reading.view import guarded_fields
from schema.seen import TYPES
from tests.judge.viewers import KINDS, Kind
from tests.judge.world import World, generate
from tests.proofs.asking import SignedIn, sign_in
from tests.proofs.examining import Examination
from tests.proofs.refusals import REFUSALS

ORACLE = "test_oracle.py::test_every_field_of_every_row[{}]"
IN_SIGHT = "test_oracle.py::test_every_row_in_sight[{}]"
NOBODY = "test_oracle.py::test_nobody_signed_in_reads_nothing[{}]"
ACTS = "test_acts.py::test_a_refused_act_writes_nothing_but_the_audit[{}: {}, {}]"
NEVER_SAYS_NO = "(never says no)"


@dataclass(frozen=True)
class Turned:
    """What was turned, and the test that noticed; None if none did."""

    what: str
    name: str
    noticed_by: str | None


@dataclass
class Turner:
    """A world for each kind of viewer, and the proofs over it, on SQLite."""

    folder: Path
    stack: AsyncExitStack
    world: World = field(default_factory=lambda: generate(1))
    examinations: dict[str, Examination] = field(default_factory=dict)
    viewers: dict[str, Viewer] = field(default_factory=dict)

    async def prepare(self) -> None:
        """Load every kind's viewer, before anything is turned."""
        template = await Database.open(f"sqlite://{self.folder}/template.db")
        try:
            await migrate(template)
        finally:
            await template.close()
        for kind in KINDS:
            examination = await self._examine(kind)
            async with examination.database.reading() as session:
                claim = await prove(session, examination.who.unproved)
                self.viewers[kind.name] = await load_viewer(session, claim)

    async def _examine(self, kind: Kind) -> Examination:
        who = sign_in(kind, self.world)
        database = await self.stack.enter_async_context(self._stored(who))
        self.examinations[kind.name] = Examination(database, who)
        return self.examinations[kind.name]

    @asynccontextmanager
    async def _stored(self, who: SignedIn) -> AsyncIterator[Database]:
        path = Path(tempfile.mkstemp(suffix=".db", dir=self.folder)[1])
        shutil.copyfile(self.folder / "template.db", path)
        database = await Database.open(f"sqlite://{path}")
        try:
            await who.world.store(database)
            yield database
        finally:
            await database.close()

    async def turn_all(self) -> AsyncIterator[Turned]:
        """Turn each in its turn."""
        for table in SCOPES:
            yield await self._scope(table)
        for name in RULES:
            yield await self._rule(name)
        for name in POLICIES:
            yield await self._policy(name)

    async def _scope(self, table: str) -> Turned:
        kinds = [name for name, viewer in self.viewers.items() if SCOPES[table](viewer) != ALWAYS]
        with turned_scope(table):
            kind = await self._kind_that_notices(kinds)
            by_rows = None if kind else await self._kind_of_other_rows(kinds)
        return Turned("scope", table, await self._by_oracle(kind) or await self._by_rows(by_rows))

    async def _rule(self, name: str) -> Turned:
        tables = [table for table in TYPES if any(field.rule.name == name for field in _fields(table))] or [
            ""
        ]
        kinds = [
            kind
            for kind, viewer in self.viewers.items()
            if any(RULES[name].decide(viewer, table) != ALWAYS for table in tables)
        ]
        for_nobody = RULES[name].decide(None, tables[0]) is REFUSED
        if not kinds and not for_nobody:
            return Turned("rule", name, NEVER_SAYS_NO)
        with turned_rule(name):
            kind = await self._kind_that_notices(kinds)
            unlike_before = for_nobody and RULES[name].decide(None, tables[0]) is not REFUSED
        by_nobody = NOBODY.format(name) if unlike_before else None
        return Turned("rule", name, await self._by_oracle(kind) or by_nobody)

    async def _policy(self, name: str) -> Turned:
        with turned_policy(name):
            for refusal in REFUSALS:
                if refusal.policy != name:
                    continue
                who = refusal.sign_in(self.world)
                async with self._stored(who) as database:
                    if (await refusal.ask(database, who)).codes != ["FORBIDDEN"]:
                        test = ACTS.format(refusal.policy, refusal.mutation, refusal.kind)
                        return Turned("policy", name, test)
        return Turned("policy", name, None)

    async def _kind_that_notices(self, kinds: list[str]) -> str | None:
        for kind in kinds:
            async for _ in self.examinations[kind].wrongs():
                return kind
        return None

    async def _kind_of_other_rows(self, kinds: list[str]) -> str | None:
        """Who has other rows in sight than the judge says, though no answer of theirs shows it."""
        for kind in kinds:
            if await self.examinations[kind].rows_wrong(self.viewers[kind]):
                return kind
        return None

    async def _by_rows(self, kind: str | None) -> str | None:
        if kind is None:
            return None
        wrong = await self.examinations[kind].rows_wrong(self.viewers[kind])
        if wrong:
            raise AssertionError(f"{kind}: wrong with nothing turned, so it proves nothing: {wrong[:3]}")
        return IN_SIGHT.format(kind)

    async def _by_oracle(self, kind: str | None) -> str | None:
        """The test of this kind; what it noticed must be right again now that it is turned back."""
        if kind is None:
            return None
        examination = self.examinations[kind]
        _, wrong = await examination.ask(*examination.last)
        if wrong:
            raise AssertionError(f"{kind}: wrong with nothing turned, so it proves nothing: {wrong[:3]}")
        return ORACLE.format(kind)


def forget_plans() -> None:
    """Plans are made of the rules as they are: nothing may answer by those of before."""
    DOCUMENTS.__init__(DOCUMENTS._schema)  # type: ignore[misc]


def _fields(table: str) -> Iterator[GuardedField]:
    yield from guarded_fields(table).values()


@contextmanager
def turned_scope(table: str) -> Iterator[None]:
    """All rows are in sight."""
    before = SCOPES[table]
    SCOPES[table] = lambda viewer: ALWAYS
    forget_plans()
    try:
        yield
    finally:
        SCOPES[table] = before
        forget_plans()


@contextmanager
def turned_rule(name: str) -> Iterator[None]:
    """Everyone may read it on every row."""
    rule: Any = RULES[name]
    before: Callable[..., Any] = rule._decide
    rule._decide = lambda viewer, table: ALWAYS
    forget_plans()
    try:
        yield
    finally:
        rule._decide = before
        forget_plans()


@contextmanager
def turned_policy(name: str) -> Iterator[None]:
    """Everyone may do it."""
    policy = POLICIES[name]

    async def yes(*_: Any) -> bool:
        return True

    object.__setattr__(policy, "allows", yes)
    object.__setattr__(policy, "allows_left", yes)
    try:
        yield
    finally:
        object.__delattr__(policy, "allows")
        object.__delattr__(policy, "allows_left")


async def turn_all() -> list[Turned]:
    """What each turned scope, rule and policy is noticed by."""
    with tempfile.TemporaryDirectory() as folder:
        async with AsyncExitStack() as stack:
            turner = Turner(Path(folder), stack)
            await turner.prepare()
            return [turned async for turned in turner.turn_all()]


def main() -> int:
    """Print the table; 1 if any goes unnoticed."""
    logging.disable(logging.CRITICAL)
    found = asyncio.run(turn_all())
    table = Table("", "turned to yes", "the test that fails (tests/proofs/)")
    for turned in found:
        table.add_row(turned.what, turned.name, escape(turned.noticed_by or "NONE NOTICES"))
    Console(width=150).print(table)
    missed = [turned for turned in found if turned.noticed_by is None]
    print(f"{len(found)} turned, {len(missed)} unnoticed")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
