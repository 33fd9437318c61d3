"""The sales module off: what belongs to it answers MODULE_DISABLED, each at its own place; no more does."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from authz.access import RULES
from authz.policies import POLICIES
from models import AuditEntry
from models.database import Database
from schema.context import Context
from tests.proofs.turned import forget_plans
from tests.resolvers.support import Scene, codes, gid, make_scene, mutate, run


@contextmanager
def of_module(*guards: Any) -> Iterator[None]:
    """These rules and policies guard what is the module's."""
    for guard in guards:
        object.__setattr__(guard, "of_module", True)
    forget_plans()
    try:
        yield
    finally:
        for guard in guards:
            object.__setattr__(guard, "of_module", False)
        forget_plans()


@pytest.fixture
async def scene(database: Database) -> Scene:
    """An account without the module."""
    return await make_scene(database, sales_module=False)


async def test_a_field_answers_at_its_place_down_to_the_first_list(scene: Scene) -> None:
    await scene.contact(owner=scene.ana, team=scene.north)
    with of_module(RULES["record.details"], RULES["audit.entry"]):
        document = "{ contacts { nodes { name email } } auditLog { nodes { action } } teams { name } }"
        data, errors = await run(scene.database, scene.administrator, document)
    assert data["contacts"] == {"nodes": [{"name": "Bia", "email": None}]}
    assert (data["auditLog"], len(data["teams"])) == (None, 2)
    found = [(error["extensions"]["code"], error["path"]) for error in errors]
    assert found == [("MODULE_DISABLED", ["contacts", "nodes"]), ("MODULE_DISABLED", ["auditLog"])]


async def test_the_module_comes_before_the_role_and_is_told_only_to_who_signed_in(scene: Scene) -> None:
    with of_module(RULES["audit.entry"]):
        for viewer, code in ((scene.ana, "MODULE_DISABLED"), (scene.pia, "MODULE_DISABLED"), (None, None)):
            _, errors = await run(scene.database, viewer, "{ auditLog { totalCount } }")
            assert codes(errors) == [code or "UNAUTHENTICATED"]
    _, errors = await run(scene.database, scene.ana, "{ auditLog { totalCount } }")
    assert codes(errors) == ["FORBIDDEN"]


@pytest.mark.parametrize(
    "argument",
    [
        'filter: {email: {eq: "x"}}',
        'filter: {any: [{name: {eq: "x"}}, {not: {email: {eq: "x"}}}]}',
        "orderBy: [{field: EMAIL, direction: ASC}]",
    ],
)
async def test_what_a_list_is_asked_by(scene: Scene, argument: str) -> None:
    with of_module(RULES["record.details"]):
        document = f"{{ contacts({argument}) {{ totalCount }} }}"
        data, errors = await run(scene.database, scene.ana, document)
    assert (data, codes(errors)) == ({"contacts": None}, ["MODULE_DISABLED"])


async def test_a_mutation_does_nothing_whatever_it_is_given(scene: Scene) -> None:
    contact = await scene.contact(owner=scene.ana, team=scene.north)
    with of_module(POLICIES["assign-record"]):
        for record, who in ((gid(contact), scene.max), ("nothing", scene.max), (gid(contact), scene.pia)):
            payload, errors = await mutate(
                scene.database, who, "assignOwner", {"recordId": record, "ownerId": None}, "record { id }"
            )
            assert (payload, codes(errors)) == (None, ["MODULE_DISABLED"])
            assert errors[0]["path"] == ["assignOwner"]
    assert (await scene.again(contact)).owner_id == scene.ana.id
    async with scene.database.reading():
        assert await AuditEntry.all().count() == 0


@pytest.mark.parametrize("word", [{"to": True}, {"distribute": True}], ids=["transfer", "distribution"])
async def test_who_leaves_hands_nothing_over_by_what_is_off(scene: Scene, word: dict[str, Any]) -> None:
    deal = await scene.deal(owner=scene.ana, team=scene.north)
    shares = {"to": [{"agentId": gid(scene.ben)}]} if "to" in word else word
    input = {"id": gid(scene.ana), **shares}
    _, errors = await mutate(scene.database, scene.administrator, "deactivateAgent", input, "__typename")
    assert codes(errors) == ["MODULE_DISABLED"]
    input = {"id": gid(scene.ana), "newOwnerId": gid(scene.ben)}
    _, errors = await mutate(scene.database, scene.administrator, "deactivateAgent", input, "__typename")
    assert errors == []
    assert (await scene.again(deal)).owner_id == scene.ben.id


async def test_off_since_the_request_began(scene: Scene) -> None:
    """The module goes off between two mutations of one request: the transaction has the last word."""
    await scene.set(sales_module=True)
    contact = await scene.contact(owner=scene.ana, team=scene.north)
    policy = POLICIES["assign-record"]
    switching = Switching(scene)
    with of_module(policy), switching:
        payload, errors = await mutate(
            scene.database,
            scene.max,
            "assignOwner",
            {"recordId": gid(contact), "ownerId": None},
            "record { id }",
        )
    assert (payload, codes(errors)) == (None, ["MODULE_DISABLED"])
    assert (await scene.again(contact)).owner_id == scene.ana.id


class Switching:
    """Switches the module off once the first snapshot was let go of."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.patch = pytest.MonkeyPatch()

    def __enter__(self) -> None:
        stop = Context.stop_reading

        async def stopped(context: Context) -> None:
            await stop(context)
            self.patch.undo()
            await self.scene.set(sales_module=False)

        self.patch.setattr(Context, "stop_reading", stopped)

    def __exit__(self, *_: Any) -> None:
        self.patch.undo()


async def test_nobodys_sight_widens(scene: Scene) -> None:
    await scene.contact(owner=scene.ben, team=scene.north)
    data, errors = await run(scene.database, scene.ana, "{ contacts { totalCount } }")
    assert (data, codes(errors)) == ({"contacts": {"totalCount": 0}}, [])
