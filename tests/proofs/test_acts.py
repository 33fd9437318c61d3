"""Acts: what a viewer may not do is refused, writes nothing, and is told to the audit alone."""

from itertools import count

import pytest

from authz.policies import POLICIES
from tests.conftest import Databases
from tests.judge.answers import global_id
from tests.judge.oracle import TYPES, sight, viewer_can
from tests.judge.viewers import KINDS, Kind
from tests.judge.world import Row, World, generate
from tests.proofs.asking import NOW, ask, sign_in
from tests.proofs.refusals import REFUSALS, Refusal, document

STALE = 1_000_000
ACTS = {"Contact": "archiveContact", "Conversation": "archiveConversation", "Deal": "archiveDeal"}


@pytest.fixture(scope="module")
def world() -> World:
    return generate(1)


def test_every_policy_is_seen_to_refuse() -> None:
    assert {one.policy for one in REFUSALS} == set(POLICIES)


@pytest.mark.parametrize("refusal", REFUSALS, ids=lambda one: f"{one.policy}: {one.mutation}, {one.kind}")
async def test_a_refused_act_writes_nothing_but_the_audit(
    refusal: Refusal, world: World, databases: Databases
) -> None:
    who, database = refusal.sign_in(world), await databases()
    await who.world.store(database)
    answer = await refusal.ask(database, who)
    assert (answer.data, answer.codes) == ({refusal.mutation: None}, ["FORBIDDEN"])
    left = await World.load(database)
    told = [row for row_id, row in left["audit_entry"].items() if row_id not in who.world["audit_entry"]]
    assert [(row["outcome"], row["at"], row["actor_id"]) for row in told] == [
        ("REFUSED", NOW, who.viewer.facts.agent_id)
    ]
    assert [row["request_id"] for row in told] == ["request-0"]
    del left["audit_entry"][told[0]["id"]]
    assert left.tables == who.world.tables


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
async def test_each_record_is_not_found_or_refused_or_changed(
    kind: Kind, world: World, databases: Databases
) -> None:
    """A stale version keeps what is allowed from happening: so each act says how far it came."""
    who, database = sign_in(kind, world), await databases()
    await who.world.store(database)
    myself = who.viewer.facts.agent_id and global_id("Agent", who.viewer.facts.agent_id)
    draws = count(1)
    for type_name, mutation in ACTS.items():
        table = TYPES[type_name]
        for row_id, row in list(who.world[table].items())[::3]:
            subject = global_id(type_name, row_id)
            can = viewer_can(who.viewer, table, row)
            acts: dict[str, tuple[Row, bool]] = {
                mutation: ({"id": subject}, can["update"]),
                "assignOwner": ({"recordId": subject, "ownerId": myself}, can["assign"]),
            }
            for name, (given, allowed) in acts.items():
                variables = {"input": {**given, "expectedVersion": STALE + row["version"]}}
                answer = await ask(database, who.unproved, document(name), variables, draws=next(draws))
                seen = row_id in sight(who.viewer, table)
                expected = ("CONFLICT" if allowed else "FORBIDDEN") if seen else "NOT_FOUND"
                assert answer.codes == [expected], (name, row, answer.body)
