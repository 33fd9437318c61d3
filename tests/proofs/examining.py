"""Asking one viewer for everything, and comparing each answer with the judge's."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from authz.compiling import Compiler
from authz.scopes import visible
from authz.viewer import Viewer
from models.database import Database
from schema.tables import physical
from tests.judge import oracle
from tests.judge.oracle import TYPES
from tests.judge.world import World
from tests.proofs import documents
from tests.proofs.asking import Answer, SignedIn, ask
from tests.proofs.judging import LISTS, NODES, differences, judged

SAYS = {True: "Your role may not read {}.{}.", False: "You may not read {}.{}."}
"""By whether an agent asks: who is no agent has no role."""


@dataclass
class Examination:
    """One viewer's answers, and where they part from the judge's."""

    database: Database
    who: SignedIn
    cursors: dict[str, UUID] = field(default_factory=dict)
    last: tuple[str, dict[str, Any] | None] = ("", None)

    async def ask(self, document: str, variables: dict[str, Any] | None = None) -> tuple[Answer, list[str]]:
        """The answer, and what is wrong with it; `last` is what was asked last."""
        self.last = (document, variables)
        answer = await ask(self.database, self.who.unproved, document, variables)
        expected, _ = judged(self.who.viewer, document, variables, self.cursors)
        wrong = differences(answer.data, expected, self.cursors)
        return answer, wrong + refusals_wrong(self.who, document, answer)

    async def wrongs(self) -> AsyncIterator[str]:
        """All that is wrong with any answer, as it is found."""
        for document, variables in everything(self.who.world):
            for wrong in (await self.ask(document, variables))[1]:
                yield wrong
        for root in LISTS:
            for backwards in (False, True):
                async for wrong in self._page_by_page(root, backwards=backwards):
                    yield wrong

    async def rows_wrong(self, viewer: Viewer) -> list[str]:
        """The tables of which other rows are in sight than the judge says, however they are reached."""
        return [
            table for table in TYPES.values() if await self._selected(viewer, table) != self._judged(table)
        ]

    async def _selected(self, viewer: Viewer, table: str) -> set[UUID]:
        async with self.database.reading() as session:
            seen = Compiler(session.dialect, viewer).sql(visible(table, viewer), "t")
            rows = await session.fetch(f"SELECT t.id FROM {physical(table)} t WHERE " + seen)
        return {UUID(str(row["id"])) for row in rows}

    def _judged(self, table: str) -> set[UUID]:
        return oracle.sight(self.who.viewer, table)

    async def _page_by_page(self, root: str, *, backwards: bool) -> AsyncIterator[str]:
        document = documents.page(root, backwards=backwards)
        more, cursor = ("hasPreviousPage", "startCursor") if backwards else ("hasNextPage", "endCursor")
        place: str | None = None
        for _ in range(100):
            answer, wrongs = await self.ask(document, {"place": place})
            for wrong in wrongs:
                yield wrong
            listed = answer.data[root]
            if listed is None or not listed["pageInfo"][more]:
                return
            place = listed["pageInfo"][cursor]
        yield f"{root} has no end"


def refusals_wrong(who: SignedIn, document: str, answer: Answer) -> list[str]:
    """Where the errors are other than one for each place that asks for what is refused or disabled."""
    refused, disabled = oracle.refused(who.viewer), oracle.disabled(who.viewer)
    places = documents.places_of(document, refused | disabled)
    says = SAYS[who.viewer.facts.agent_id is not None]
    expected = sorted("MODULE_DISABLED" if place in disabled else says.format(*place) for place in places)
    real = sorted(_said(error) for error in answer.errors)
    paths = [error["path"] for error in answer.errors if any(isinstance(part, int) for part in error["path"])]
    right = real == expected and set(answer.codes) <= {"FORBIDDEN", "MODULE_DISABLED"} and not paths
    return [] if right else [f"errors {answer.errors}, the judge says {expected}"]


def _said(error: dict[str, Any]) -> str:
    """What an error says; that the module is off may be said in any words."""
    code = str(error["extensions"]["code"])
    return code if code == "MODULE_DISABLED" else str(error["message"])


def everything(world: World) -> Iterator[tuple[str, dict[str, Any]]]:
    """Documents, with their variables, that together ask for every field of every row, in sight or not."""
    yield documents.myself(), {}
    yield documents.plain_lists(), {}
    yield documents.sums(), {}
    for type_name in NODES:
        yield from documents.nodes(type_name, world[TYPES[type_name]])
    yield from documents.portfolios(world)
    yield from documents.singles(world)
