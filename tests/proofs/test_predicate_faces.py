"""A predicate has two faces, SQL and Python: they say the same of every row, unknown included.

First over predicates, viewers and settings by chance, on rows that hold every mixture of values;
then over every scope and rule that there is, for every kind of viewer, on every row of a world.
"""

from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from authz.access import Refused
from authz.compiling import Compiler
from authz.judging import judge
from authz.policies import POLICIES, SUBJECT, record_actions
from authz.predicate import All, AnyOf, Constant, Equals, Exists, In, Is, Not, Null, Param, Predicate
from authz.scopes import RECORDS, SCOPES, in_scope, visible
from authz.tokens import prove
from authz.viewer import Viewer, ViewerKind, load_viewer
from models import Account, IsolationMode, Token, UnownedVisibility
from models.database import Database, Dialect, Session
from models.sql import Sql
from resolvers.judge import Judge
from resolvers.writing import MUTATIONS
from schema.reading.view import guarded_fields
from schema.seen import TYPES
from schema.tables import physical
from tests.conftest import Databases
from tests.judge.viewers import KINDS
from tests.judge.world import Row, World, generate
from tests.proofs.asking import sign_in

A, B = UUID(int=1, version=4), UUID(int=2, version=4)
IDS = (None, A, B)
TEXTS = (None, "OPEN", "WON")
FLAGS = (None, True, False)
SINGLE = (Param.AGENT, Param.PARTNER, Param.PARTNER_USER)
PLURAL = (Param.TEAMS, Param.INBOXES)

columns = some.sampled_from(["owner_id", "team_id"])
plain = some.one_of(
    some.builds(Is, columns, some.sampled_from(SINGLE)),
    some.builds(In, columns, some.sampled_from(PLURAL)),
    some.builds(Null, columns),
    some.builds(Equals, some.just("status"), some.sampled_from(["OPEN", "WON"])),
    some.builds(Equals, some.just("shown"), some.booleans()),
    some.builds(Constant, some.booleans()),
)


def _combined(parts: some.SearchStrategy[Predicate]) -> some.SearchStrategy[Predicate]:
    several = some.lists(parts, min_size=1, max_size=3).map(tuple)
    return some.one_of(
        some.builds(All, several),
        some.builds(AnyOf, several),
        some.builds(Not, parts),
        some.builds(Exists, some.just("other"), columns, columns, parts),
    )


predicates = some.recursive(plain, _combined, max_leaves=8)
sets = some.frozensets(some.sampled_from([A, B]))
viewers = some.builds(
    Viewer,
    kind=some.sampled_from(ViewerKind),
    account_id=some.just(A),
    access_version=some.just(1),
    currency=some.just("USD"),
    time_zone=some.just("UTC"),
    sales_module=some.booleans(),
    granular=some.booleans(),
    isolation_mode=some.sampled_from(IsolationMode),
    unowned_visibility=some.sampled_from(UnownedVisibility),
    agent_id=some.sampled_from(IDS),
    partner_id=some.sampled_from(IDS),
    partner_user_id=some.sampled_from(IDS),
    team_ids=sets,
    inbox_ids=sets,
)


def _every_mixture() -> Iterator[Row]:
    for number, (owner, team, status, shown) in enumerate(product(IDS, IDS, TEXTS, FLAGS)):
        yield {
            "id": UUID(int=100 + number, version=4),
            "owner_id": owner,
            "team_id": team,
            "status": status,
            "shown": shown,
        }


ROWS = list(_every_mixture())
OTHERS = ROWS[::7]


@pytest.fixture
async def mixtures(database: Database) -> Database:
    """A database with the tables `face` and `other`, which hold every mixture of values."""
    kinds = "id {id}, owner_id {id}, team_id {id}, status TEXT, shown {flag}"
    postgres = database.dialect is Dialect.POSTGRES
    kinds = kinds.format(id="UUID" if postgres else "TEXT", flag="BOOLEAN" if postgres else "INTEGER")
    async with database.writing() as session:
        for table, rows in (("face", ROWS), ("other", OTHERS)):
            await session.fetch(Sql(f"CREATE TABLE {table} ({kinds})"))
            for row in rows:
                await session.fetch(Sql(f"INSERT INTO {table} VALUES (?, ?, ?, ?, ?)", tuple(row.values())))
    return database


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(predicate=predicates, viewer=viewers)
async def test_any_predicate_says_the_same_in_both(
    mixtures: Database, predicate: Predicate, viewer: Viewer
) -> None:
    async def related(table: str, column: str, value: Any) -> list[Row]:
        return [row for row in OTHERS if row[column] == value]

    async with mixtures.reading() as session:
        in_sql = await _in_sql(session, viewer, "face", predicate)
    for row in ROWS:
        assert in_sql[row["id"]] is await judge(predicate, row, viewer, related), row


async def test_every_scope_and_rule_says_the_same_in_both(databases: Databases) -> None:
    generated = generate(1)
    database = await databases()
    compared = 0
    await generated.store(database)
    for kind in KINDS:
        who = sign_in(kind, generated)
        await _settle(database, who.world, generated)
        async with database.reading() as session:
            viewer = await load_viewer(session, await prove(session, who.unproved))
            for table, predicate in _all_that_are_asked(viewer):
                in_sql = await _in_sql(session, viewer, physical(table), predicate)
                for row in generated[physical(table)].values():
                    in_python = await judge(predicate, row, viewer, _Related(generated))
                    assert in_sql[row["id"]] is in_python, (kind.name, table, predicate, row)
                    compared += 1
    assert compared > 10_000


class _Related:
    """Reads what a predicate looks into from a world in hand."""

    def __init__(self, world: World) -> None:
        self.world = world

    async def __call__(self, table: str, column: str, value: Any) -> list[Row]:
        return self.world.rows(table, **{column: value})


async def _settle(database: Database, world: World, stored: World) -> None:
    async with database.writing():
        for account in world["account"].values():
            await Account.filter(id=account["id"]).update(
                **{name: account[name] for name in account if name != "id"}
            )
        for token in world["token"].values():
            if token["id"] not in stored["token"]:
                await Token.create(**token)
                stored["token"][token["id"]] = token


def _all_that_are_asked(viewer: Viewer) -> Iterator[tuple[str, Predicate]]:
    """Every predicate over every table: scopes, rules of fields, actions, and what policies ask."""
    found = dict.fromkeys(_asked(viewer))
    yield from found


def _asked(viewer: Viewer) -> Iterator[tuple[str, Predicate]]:
    for table in TYPES:
        if table in SCOPES:
            yield table, visible(table, viewer)
        for field in guarded_fields(table).values():
            decision = field.rule.decide(viewer, table)
            if not isinstance(decision, Refused):
                yield table, decision
    for table in RECORDS:
        yield table, in_scope(table, viewer)
        for predicate in record_actions(viewer, table).values():
            yield table, predicate
    for policy, table in _subjects():
        yield table, policy.rows(viewer, table)
        if policy.left is not None and table in RECORDS:
            yield table, policy.left(viewer, table)
    for policy, table in _links():
        yield table, policy.links(viewer, table)


def _judges() -> Iterator[Judge]:
    for field in MUTATIONS.values():
        yield from (one for one in getattr(field, "extensions", ()) if isinstance(one, Judge))


def _subjects() -> Iterator[tuple[Any, str]]:
    for one in _judges():
        for table in one.named.known if one.named else ():
            yield one.policy, table


def _links() -> Iterator[tuple[Any, str]]:
    for one in _judges():
        for tables in one.links.values():
            yield from ((one.policy, table) for table in ([tables] if isinstance(tables, str) else tables))


async def _in_sql(
    session: Session, viewer: Viewer, table: str, predicate: Predicate
) -> Mapping[UUID, bool | None]:
    compiler = Compiler(session.dialect, viewer)
    statement = (
        "SELECT t.id, CASE WHEN "
        + compiler.sql(predicate, "t")
        + " THEN 1 WHEN NOT ("
        + compiler.sql(predicate, "t")
        + f") THEN 0 END AS held FROM {table} t"
    )
    rows = await session.fetch(statement)
    return {UUID(str(row["id"])): None if row["held"] is None else bool(row["held"]) for row in rows}


def test_every_policy_is_asked_by_some_mutation() -> None:
    assert {one.policy.name for one in _judges()} == set(POLICIES), SUBJECT
