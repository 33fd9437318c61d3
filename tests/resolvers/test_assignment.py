"""Assignment: who may move a record, and how far."""

from typing import Any

import pytest

from models import Ownership, Permission, Reach, Scope
from models.database import Database
from tests.resolvers.support import Scene, codes, gid, make_scene, mutate, run

RECORD = "record { __typename id version owner { name } team { name } inbox { name } }"


@pytest.fixture
async def scene(database: Database) -> Scene:
    """One account."""
    return await make_scene(database)


async def assign(
    scene: Scene, viewer: Any, record: Any, name: str, place: Any, **more: Any
) -> tuple[Any, list[str]]:
    """Assign a record: the payload, and the codes of the errors."""
    field = {"assignOwner": "ownerId", "assignTeam": "teamId", "assignInbox": "inboxId"}[name]
    input = {"recordId": gid(record), field: None if place is None else gid(place), **more}
    payload, errors = await mutate(scene.database, viewer, name, input, RECORD)
    return payload, codes(errors)


async def test_records_of_every_type(scene: Scene) -> None:
    contact = await scene.contact(owner=scene.ana, team=scene.north)
    talk = await scene.conversation(contact, owner=scene.ana, team=scene.north)
    deal = await scene.deal(owner=scene.ana, team=scene.north)
    for record, type_name in ((contact, "Contact"), (talk, "Conversation"), (deal, "Deal")):
        payload, errors = await assign(scene, scene.administrator, record, "assignOwner", scene.cid)
        assert errors == []
        assert payload["record"]["__typename"] == type_name
        assert (payload["record"]["owner"], payload["record"]["team"]) == (
            {"name": "Cid"},
            {"name": "South"},
        )
        payload, _ = await assign(scene, scene.administrator, record, "assignTeam", scene.north)
        assert (payload["record"]["owner"], payload["record"]["team"]) == (
            {"name": "Cid"},
            {"name": "North"},
        )
        payload, _ = await assign(scene, scene.administrator, record, "assignInbox", scene.web)
        assert payload["record"]["inbox"] == {"name": "Web"}
        assert payload["record"]["version"] == 4
        async with scene.database.reading():
            intervals = await Ownership.filter(record_id=record.id, ended_at=None)
        assert [(each.owner_id, each.team_id) for each in intervals] == [(scene.cid.id, scene.north.id)]


async def test_to_nobody_and_to_nowhere(scene: Scene) -> None:
    contact = await scene.contact(owner=scene.ana, team=scene.north, inbox=scene.mail)
    for name in ("assignInbox", "assignTeam", "assignOwner"):
        payload, errors = await assign(scene, scene.administrator, contact, name, None)
        assert (errors, payload["userErrors"]) == ([], [])
    assert {payload["record"][place] is None for place in ("owner", "team", "inbox")} == {True}
    async with scene.database.reading():
        assert await Ownership.filter(record_id=contact.id, ended_at=None).count() == 0


async def test_a_manager_moves_within_the_scope(scene: Scene) -> None:
    for name, place, expected in (
        ("assignOwner", scene.ben, []),
        ("assignOwner", scene.max, []),
        ("assignOwner", None, []),
        ("assignOwner", scene.cid, ["FORBIDDEN"]),
        ("assignTeam", None, []),
        ("assignTeam", scene.south, ["FORBIDDEN"]),
        ("assignInbox", scene.mail, ["FORBIDDEN"]),
        ("assignInbox", None, []),
    ):
        contact = await scene.contact(owner=scene.ana, team=scene.north, inbox=scene.web)
        _, errors = await assign(scene, scene.max, contact, name, place)
        assert errors == expected, (name, place)


async def test_nobody_puts_a_record_beyond_their_reach(scene: Scene) -> None:
    orphan = await scene.contact(team=scene.north)
    _, errors = await assign(scene, scene.max, orphan, "assignTeam", None)
    assert errors == ["FORBIDDEN"]
    homeless = await scene.contact(owner=scene.ana)
    _, errors = await assign(scene, scene.max, homeless, "assignOwner", None)
    assert errors == ["FORBIDDEN"]
    # A colleague of Max's whose main team is not his takes the record out of his scope.
    both = await scene.agent(teams=[scene.south, scene.north])
    stray = await scene.contact(owner=scene.ana)
    _, errors = await assign(scene, scene.max, stray, "assignOwner", both)
    assert errors == ["FORBIDDEN"]
    assert (await scene.again(stray)).owner_id == scene.ana.id
    within = await scene.contact(owner=scene.ana, team=scene.north)
    _, errors = await assign(scene, scene.max, within, "assignOwner", both)
    assert errors == []


async def test_with_inbox_scope(scene: Scene) -> None:
    role = await scene.role(Scope.INBOX, Reach.SCOPE, [Permission.PORTFOLIO_ASSIGN])
    lead = await scene.agent(role, inboxes=[scene.mail])
    contact = await scene.contact(owner=scene.ana)
    talk = await scene.conversation(contact, owner=scene.ana)
    for record, name, place, expected in (
        (contact, "assignOwner", scene.ben, []),
        (contact, "assignOwner", scene.cid, ["FORBIDDEN"]),
        (contact, "assignInbox", scene.web, ["FORBIDDEN"]),
        (contact, "assignTeam", scene.north, ["FORBIDDEN"]),
        (talk, "assignInbox", None, ["FORBIDDEN"]),
        (talk, "assignInbox", scene.mail, []),
    ):
        _, errors = await assign(scene, lead, record, name, place)
        assert errors == expected, (name, place)


async def test_granular_permissions_off(scene: Scene) -> None:
    await scene.set(granular_permissions=False)
    contact = await scene.contact(owner=scene.ana, team=scene.north)
    assert (await assign(scene, scene.ben, contact, "assignOwner", scene.ben))[1] == ["FORBIDDEN"]
    assert (await assign(scene, scene.max, contact, "assignTeam", None))[1] == ["FORBIDDEN"]
    assert (await assign(scene, scene.max, contact, "assignOwner", scene.ben))[1] == []
    assert (await assign(scene, scene.max, contact, "assignOwner", None))[1] == []


async def test_a_conversation_always_has_an_inbox(scene: Scene) -> None:
    talk = await scene.conversation(await scene.contact(), owner=scene.ana)
    payload, errors = await assign(scene, scene.administrator, talk, "assignInbox", None)
    assert (payload["record"], errors) == (None, [])
    assert [(each["code"], each["field"]) for each in payload["userErrors"]] == [("BLANK", "inboxId")]


async def test_a_new_owner_is_active_and_the_version_comes_first(scene: Scene) -> None:
    gone = await scene.agent(teams=[scene.north], status="DEACTIVATED")
    contact = await scene.contact(owner=scene.ana, team=scene.north)
    _, errors = await assign(scene, scene.max, contact, "assignOwner", gone, expectedVersion=2)
    assert errors == ["CONFLICT"]
    payload, errors = await assign(scene, scene.max, contact, "assignOwner", gone, expectedVersion=1)
    assert (payload["record"], errors) == (None, [])
    assert [each["code"] for each in payload["userErrors"]] == ["NOT_ACTIVE"]


async def test_without_the_sales_module(scene: Scene) -> None:
    await scene.set(sales_module=False)
    contact = await scene.contact(owner=scene.ana, team=scene.north)
    assert (await assign(scene, scene.max, contact, "assignOwner", scene.ben))[1] == []


async def inbox_lead(scene: Scene, reach: Reach = Reach.SCOPE) -> Any:
    """Assigns what lies in Mail and in a second inbox of theirs, Post."""
    role = await scene.role(Scope.INBOX, reach, [Permission.PORTFOLIO_ASSIGN])
    post = await scene._made(type(scene.mail), name="Post")
    lead = await scene.agent(role, inboxes=[scene.mail, post])
    return lead, post


async def test_no_conversation_drags_records_into_sight(scene: Scene) -> None:
    lead, post = await inbox_lead(scene)
    secret = await scene.contact(owner=scene.cid, team=scene.south)
    mine = await scene.contact(owner=lead)
    for contact in (secret, mine):
        talk = await scene.conversation(contact, owner=lead, inbox=scene.web)
        deal = await scene.deal(owner=scene.cid, team=scene.south, conversation=talk)
        assert await assign(scene, lead, talk, "assignInbox", scene.mail) == (None, ["FORBIDDEN"])
        assert (await scene.again(talk)).inbox_id == scene.web.id
        query = f'{{ contact(id: "{gid(secret)}") {{ name }} deal(id: "{gid(deal)}") {{ title }} }}'
        data, _ = await run(scene.database, lead, query)
        assert data == {"contact": None, "deal": None}
    within = await scene.conversation(secret, owner=lead)
    payload, errors = await assign(scene, lead, within, "assignInbox", post)
    assert (payload["record"]["inbox"], errors) == ({"name": "Post"}, [])


async def test_a_conversation_takes_its_contact_along_only_where_that_may_be_changed(scene: Scene) -> None:
    role = await scene.role(Scope.TEAM, Reach.SCOPE, [Permission.PORTFOLIO_ASSIGN])
    lead = await scene.agent(role, [scene.north], [scene.web])
    for owner, team, expected in (
        (scene.cid, scene.south, ["FORBIDDEN"]),
        (scene.ana, scene.north, []),
        (lead, scene.south, []),
    ):
        contact = await scene.contact(owner=owner, team=team)
        talk = await scene.conversation(contact, owner=scene.ana, team=scene.north)
        assert (await assign(scene, lead, talk, "assignInbox", scene.web))[1] == expected
    shared = await scene.role(Scope.TEAM, Reach.OWN, [Permission.PORTFOLIO_ASSIGN])
    rep = await scene.agent(shared, [scene.north], [scene.web])
    await scene.set(isolation_mode="OPEN")
    contact = await scene.contact(owner=scene.ana, team=scene.north)
    talk = await scene.conversation(contact, owner=rep, team=scene.north)
    assert (await assign(scene, rep, talk, "assignInbox", scene.web))[1] == ["FORBIDDEN"]


async def test_a_conversation_takes_no_deal_along_that_is_somebody_elses_to_change(scene: Scene) -> None:
    rep, post = await inbox_lead(scene, Reach.OWN)
    await scene.set(isolation_mode="MASKED")
    talk = await scene.conversation(await scene.contact(owner=rep), owner=rep)
    deal = await scene.deal(owner=scene.ana, conversation=talk)
    assert (await assign(scene, rep, talk, "assignInbox", post))[1] == ["FORBIDDEN"]
    placed = await assign(scene, scene.administrator, deal, "assignInbox", scene.mail)
    assert placed[1] == []
    assert (await assign(scene, rep, talk, "assignInbox", post))[1] == []


@pytest.mark.parametrize("hidden", [True, False])
async def test_deals_out_of_sight_stay_where_they_lay(scene: Scene, hidden: bool) -> None:
    role = await scene.role(Scope.TEAM, Reach.SCOPE, [Permission.PORTFOLIO_ASSIGN])
    lead = await scene.agent(role, [scene.north], [scene.web])
    contact = await scene.contact(owner=scene.ana, team=scene.north)
    talk = await scene.conversation(contact, owner=scene.ana, team=scene.north)
    seen = await scene.deal(owner=scene.ana, team=scene.north, conversation=talk)
    unseen = [await scene.deal(owner=scene.cid, team=scene.south, conversation=talk)] if hidden else []
    within = await scene.role(Scope.INBOX, Reach.SCOPE)
    before, after = [await scene.agent(within, inboxes=[inbox]) for inbox in (scene.mail, scene.web)]
    assert (await assign(scene, lead, talk, "assignInbox", scene.mail))[1] == ["FORBIDDEN"]
    payload, errors = await assign(scene, lead, talk, "assignInbox", scene.web)
    assert (payload["record"]["inbox"], payload["record"]["version"], errors) == ({"name": "Web"}, 2, [])
    assert (await scene.again(seen)).inbox_id is None
    for viewer, count in ((before, len(unseen)), (after, 1)):
        data, _ = await run(scene.database, viewer, "{ deals { totalCount } }")
        assert data == {"deals": {"totalCount": count}}
    again, errors = await assign(scene, lead, talk, "assignInbox", scene.web)
    assert (again["record"]["version"], errors) == (2, [])
