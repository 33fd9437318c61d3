"""The oracle: for every kind of viewer, each value of each row and field is just what the judge says.

The judge knows nothing of how we answer, and we nothing of it: nothing more is shown than it
allows, nothing less, and what is refused is refused at its place.
"""

import pytest
from graphql import GraphQLObjectType

from authz.access import IN_SIGHT, OUTCOME, PUBLIC, REFUSED, RULES
from authz.tokens import prove
from authz.viewer import load_viewer
from schema.seen import TYPES as OUR_TYPES
from tests.conftest import Databases
from tests.judge.answers import global_id
from tests.judge.oracle import RECORD_TYPES, TYPES, readable, sight
from tests.judge.viewers import KINDS, Judged, Kind
from tests.judge.world import World, generate
from tests.proofs import documents
from tests.proofs.asking import SignedIn, ask, sign_in
from tests.proofs.examining import Examination, everything
from tests.proofs.judging import LISTS, published

# Root fields that are asked elsewhere: by two worlds (test_two_worlds.py), or by tests of their own.
ELSEWHERE = {"accessExplanation", "transferPreview", "distributionDiagnosis"}
# What is not asked for here, and why.
LEFT_OUT = {
    "Mutation": "acts have proofs of their own (test_acts.py)",
    "UserError": "words about an input",
    "AccessExplanation": "compared below with the judge, field by field; its steps in two worlds",
    "ExplanationStep": "compared in two worlds",
    **dict.fromkeys(
        ("TransferPreview", "RecordCounts", "PreviewedShare", "SightChange", "Parting"),
        "compared in two worlds",
    ),
    **dict.fromkeys(("DistributionDiagnosis", "DiagnosedAgent"), "it has tests of its own"),
    "DistributionAssignment": "what an act gives back",
    "Subscription": "streams have proofs of their own",
    "RecordChange": "streams have proofs of their own",
}


@pytest.fixture(scope="module")
def world() -> World:
    return generate(1)


@pytest.fixture(params=KINDS, ids=lambda kind: kind.name)
def who(request: pytest.FixtureRequest, world: World) -> SignedIn:
    kind: Kind = request.param
    return sign_in(kind, world)


async def test_every_field_of_every_row(who: SignedIn, databases: Databases) -> None:
    database = await databases()
    await who.world.store(database)
    assert [wrong async for wrong in Examination(database, who).wrongs()][:10] == []
    await _explained(Examination(database, who))


async def test_every_row_in_sight(who: SignedIn, databases: Databases) -> None:
    """By the scopes alone: also of what is reached only through something else that is in sight."""
    database = await databases()
    await who.world.store(database)
    async with database.reading() as session:
        viewer = await load_viewer(session, await prove(session, who.unproved))
    assert await Examination(database, who).rows_wrong(viewer) == []


async def _explained(examination: Examination) -> None:
    """The explanation of one's own access says just what is so."""
    viewer = examination.who.viewer
    for type_name in RECORD_TYPES:
        fields = list(documents.fields_to_explain(type_name))
        for row_id in list(viewer.world[TYPES[type_name]])[::6]:
            asked = " ".join(
                f'{name}: accessExplanation(recordId: "{global_id(type_name, row_id)}", field: "{name}") '
                "{ inSight readable }"
                for name in fields
            )
            answer = await ask(examination.database, examination.who.unproved, f"{{ {asked} }}")
            expected = {name: _explanation(viewer, type_name, row_id, name) for name in fields}
            assert answer.data == expected


def _explanation(viewer: Judged, type_name: str, row_id: object, name: str) -> dict[str, bool]:
    table = TYPES[type_name]
    seen = row_id in sight(viewer, table)
    return {
        "inSight": seen,
        "readable": seen and readable(viewer, type_name, viewer.world[table][row_id], name),
    }


def test_no_field_of_the_schema_is_left_out(world: World) -> None:
    asked = set[tuple[str, str]]()
    for document in {document for document, _ in everything(world)}:
        asked |= documents.fields_of(document)
    for root in LISTS:
        asked |= documents.fields_of(documents.page(root, backwards=False))
    missing = {
        f"{type_.name}.{name}"
        for type_ in published().type_map.values()
        if isinstance(type_, GraphQLObjectType) and not type_.name.startswith("__")
        if type_.name not in LEFT_OUT and not type_.name.endswith("Payload")
        for name in type_.fields
        if (type_.name, name) not in asked and name not in ELSEWHERE
    }
    assert missing == set()


@pytest.mark.parametrize("name", RULES)
def test_nobody_signed_in_reads_nothing(name: str) -> None:
    if RULES[name] in (PUBLIC, IN_SIGHT, OUTCOME):
        return
    for table in OUR_TYPES:
        assert RULES[name].decide(None, table) is REFUSED
