"""`recordChanged`: each is told what changed in their view, and nothing else."""

import pytest

from models import Reach, Scope
from models.database import Database
from schema.errors import CodedError
from tests.resolvers.listening import WATCH, listening, streams_of
from tests.resolvers.support import Scene, gid, make_scene, mutate, run

WHOLE = (
    "subscription { recordChanged { kind recordId record { __typename id version owner { name } maskedFields "
    "... on Deal { title amount { amount } } } } }"
)


@pytest.fixture
async def scene(database: Database) -> Scene:
    return await make_scene(database)


async def change(scene: Scene, name: str, input: dict[str, object], by: object = None) -> None:
    answered, errors = await mutate(scene.database, by or scene.administrator, name, input, "__typename")  # type: ignore[arg-type]
    assert errors == [], errors
    assert answered["userErrors"] == [], answered


async def retitle(scene: Scene, deal: object, title: str) -> None:
    await change(scene, "updateDeal", {"id": gid(deal), "title": title})


async def test_a_change_is_told_to_who_sees_it_and_to_nobody_else(scene: Scene) -> None:
    deal = await scene.deal(owner=scene.ana, team=scene.north)
    streams = streams_of(scene.database)
    async with (
        listening(scene.database, scene.ana, streams=streams) as owner,
        listening(scene.database, scene.max, streams=streams) as manager,
        listening(scene.database, scene.ben, streams=streams) as colleague,
        listening(scene.database, scene.cid, streams=streams) as stranger,
        listening(scene.database, scene.pia, streams=streams) as partner,
    ):
        await retitle(scene, deal, "Trucks")
        told = {"kind": "UPDATED", "recordId": gid(deal)}
        assert await owner.told() == [told]
        assert await manager.told() == [told]
        for nobody in (colleague, stranger, partner):
            assert await nobody.told() == []
    assert streams.relay.watched == 0


async def test_a_record_comes_changes_and_goes(scene: Scene) -> None:
    deal = await scene.deal(owner=scene.ana, team=scene.north)
    told = []
    async with listening(scene.database, scene.ben, WHOLE) as stream:
        for owner, title in ((scene.ben, "A"), (scene.ana, "B"), (scene.ben, "C"), (scene.cid, "D")):
            await change(scene, "assignOwner", {"recordId": gid(deal), "ownerId": gid(owner)})
            told += await stream.told()
            await retitle(scene, deal, title)
            told += await stream.told()
    shown = [(each["kind"], each["record"] and each["record"]["title"]) for each in told]
    assert shown == [
        ("CREATED", "Bikes"),
        ("UPDATED", "A"),
        ("GONE", None),
        ("CREATED", "B"),
        ("UPDATED", "C"),
        ("GONE", None),
    ]


async def test_what_is_told_is_read_through_the_view(scene: Scene) -> None:
    await scene.set(isolation_mode="MASKED")
    deal = await scene.deal(owner=scene.ana, team=scene.north)
    async with listening(scene.database, scene.ben, WHOLE) as stream:
        await change(scene, "updateDeal", {"id": gid(deal), "amount": {"amount": "7", "currency": "USD"}})
        assert await stream.told() == []
        await retitle(scene, deal, "Trucks")
        (told,) = await stream.told()
    record = told["record"]
    assert (record["title"], record["amount"], record["version"]) == ("Trucks", None, None)
    assert {"amount", "version"} <= set(record["maskedFields"])


async def test_both_ways_tell_the_same(scene: Scene) -> None:
    deal = await scene.deal(owner=scene.ana, team=scene.north)
    async with (
        listening(scene.database, scene.max, WHOLE) as one,
        listening(scene.database, scene.max, WHOLE, planned=False) as other,
    ):
        for owner in (scene.ben, scene.ana):
            await change(scene, "assignOwner", {"recordId": gid(deal), "ownerId": gid(owner)})
            await one.settle()
            await other.settle()
        assert one.bodies == other.bodies
        assert len(one.bodies) == 2


# Who may listen, and to what


async def test_nobody_signed_in_does_not_listen(scene: Scene) -> None:
    async with listening(scene.database, None) as stream:
        assert stream.ended == "UNAUTHENTICATED"


@pytest.mark.parametrize(
    ("document", "variables", "code"),
    [
        ("{ viewer { __typename } }", {}, "BAD_USER_INPUT"),
        ("subscription { nonsense }", {}, "BAD_USER_INPUT"),
        ("subscription ($no: Boolean!) { recordChanged @skip(if: $no) { kind } }", {}, "BAD_USER_INPUT"),
        ("subscription ($o: ID) { recordChanged(ownerId: $o) { kind } }", {"o": "nobody"}, "NOT_FOUND"),
        ("subscription ($a: String) { recordChanged(after: $a) { kind } }", {"a": "x"}, "INVALID_CURSOR"),
        (
            "subscription ($t: [RecordType!]) { recordChanged(types: $t) { kind } }",
            {"t": [1]},
            "BAD_USER_INPUT",
        ),
    ],
)
async def test_what_makes_no_sense_does_not_begin(
    scene: Scene, document: str, variables: dict[str, object], code: str
) -> None:
    async with listening(scene.database, scene.ana, document, variables) as stream:
        assert (stream.ended, stream.bodies) == (code, [])


async def test_a_subscription_is_no_query(scene: Scene) -> None:
    with pytest.raises(CodedError, match="text/event-stream"):
        await run(scene.database, scene.ana, WATCH)


async def test_only_of_the_types_asked_for(scene: Scene) -> None:
    deal, contact = await scene.deal(owner=scene.ana), await scene.contact(owner=scene.ana)
    document = "subscription { recordChanged(types: [CONTACT]) { recordId } }"
    async with listening(scene.database, scene.ana, document) as stream:
        await retitle(scene, deal, "Trucks")
        await change(scene, "updateContact", {"id": gid(contact), "name": "Zoe"})
        assert await stream.told() == [{"recordId": gid(contact)}]


async def test_only_of_the_owner_asked_for_as_long_as_it_is_or_was_theirs(scene: Scene) -> None:
    hers, his = await scene.deal(owner=scene.ana), await scene.deal(owner=scene.ben)
    document = "subscription ($owner: ID) { recordChanged(ownerId: $owner) { kind recordId } }"
    async with listening(scene.database, scene.administrator, document, {"owner": gid(scene.ana)}) as stream:
        told = []
        for name, input in (
            ("updateDeal", {"id": gid(hers), "title": "Trucks"}),
            ("updateDeal", {"id": gid(his), "title": "Trucks"}),
            ("assignOwner", {"recordId": gid(hers), "ownerId": gid(scene.ben)}),
            ("updateDeal", {"id": gid(hers), "title": "Vans"}),
            ("assignOwner", {"recordId": gid(his), "ownerId": gid(scene.ana)}),
        ):
            await change(scene, name, input)
            told += [each["recordId"] for each in await stream.told()]
        assert told == [gid(hers), gid(hers), gid(his)]


async def test_an_owner_of_another_account_is_not_found(scene: Scene) -> None:
    other = await make_scene(scene.database, "Other")
    document = "subscription ($owner: ID) { recordChanged(ownerId: $owner) { kind } }"
    for stranger in (other.ana, scene.north):
        async with listening(scene.database, scene.ana, document, {"owner": gid(stranger)}) as stream:
            assert stream.ended == "NOT_FOUND"


async def test_another_account_is_told_nothing(scene: Scene) -> None:
    other = await make_scene(scene.database, "Other")
    streams = streams_of(scene.database)
    deal = await scene.deal(owner=scene.ana)
    async with (
        listening(scene.database, other.administrator, streams=streams) as stranger,
        listening(scene.database, scene.administrator, streams=streams) as own,
    ):
        await retitle(scene, deal, "Trucks")
        assert len(await own.told()) == 1
        assert await stranger.told() == []


# What changes in a view


async def test_a_partner_user_is_told_what_their_company_may_read(scene: Scene) -> None:
    deal = await scene.deal(owner=scene.ana, partner=scene.kin)
    contact = await scene.contact(owner=scene.ana)
    async with (
        listening(scene.database, scene.pia) as stream,
        listening(scene.database, scene.otto) as other,
    ):
        await change(scene, "updateDeal", {"id": gid(deal), "contactId": gid(contact)})
        await change(scene, "assignTeam", {"recordId": gid(deal), "teamId": gid(scene.north)})
        assert await stream.told() == []
        await retitle(scene, deal, "Trucks")
        assert [told["kind"] for told in await stream.told()] == ["UPDATED"]
        assert await other.told() == []
        await change(scene, "setDealPartner", {"id": gid(deal), "partnerId": gid(scene.other)})
        assert [told["kind"] for told in await stream.told()] == ["GONE"]
        assert [told["kind"] for told in await other.told()] == ["CREATED"]


async def test_a_reference_from_one_hidden_record_to_another_is_no_change(scene: Scene) -> None:
    await scene.set(isolation_mode="MASKED")
    deal = await scene.deal(owner=scene.ana, team=scene.north)
    far, farther = await scene.contact(owner=scene.cid), await scene.contact(owner=scene.cid)
    near = await scene.contact(owner=scene.ana, team=scene.north)
    async with listening(scene.database, scene.ben) as stream:
        for contact in (far, farther):
            await change(scene, "updateDeal", {"id": gid(deal), "contactId": gid(contact)})
            assert await stream.told() == []
        for contact in (near, far):
            await change(scene, "updateDeal", {"id": gid(deal), "contactId": gid(contact)})
            assert [told["kind"] for told in await stream.told()] == ["UPDATED"]


async def test_a_conversation_that_changes_inbox_takes_contact_and_deals_along(scene: Scene) -> None:
    role = await scene.role(Scope.INBOX, Reach.SCOPE)
    mail = await scene.agent(role, inboxes=[scene.mail])
    web = await scene.agent(role, inboxes=[scene.web])
    contact = await scene.contact(owner=scene.ana)
    conversation = await scene.conversation(contact, owner=scene.ana)
    deal = await scene.deal(owner=scene.ana, contact=contact, conversation=conversation)
    every = {gid(contact), gid(conversation), gid(deal)}
    streams = streams_of(scene.database)
    async with (
        listening(scene.database, mail, streams=streams) as leaving,
        listening(scene.database, web, streams=streams) as entering,
        listening(scene.database, scene.administrator, streams=streams) as whole,
    ):
        await change(scene, "assignInbox", {"recordId": gid(conversation), "inboxId": gid(scene.web)})
        assert sorted(_by(await leaving.told())) == sorted((id, "GONE") for id in every)
        assert sorted(_by(await entering.told())) == sorted((id, "CREATED") for id in every)
        assert _by(await whole.told()) == [(gid(conversation), "UPDATED")]
        other = await scene.conversation(contact, owner=scene.ana)
        await change(scene, "updateDeal", {"id": gid(deal), "conversationId": gid(other)})
        assert _by(await leaving.told()) == [(gid(deal), "CREATED")]
        assert _by(await entering.told()) == [(gid(deal), "GONE")]


async def test_a_new_conversation_brings_its_contact_into_sight_of_its_inbox(scene: Scene) -> None:
    role = await scene.role(Scope.INBOX, Reach.SCOPE)
    mail = await scene.agent(role, inboxes=[scene.mail])
    contact = await scene.contact(owner=scene.ana)
    async with listening(scene.database, mail) as stream:
        await change(
            scene,
            "createConversation",
            {"contactId": gid(contact), "inboxId": gid(scene.mail), "ownerId": None},
        )
        told = await stream.told()
        assert [each["kind"] for each in told] == ["CREATED", "CREATED"]
        assert told[1]["recordId"] == gid(contact)
        await change(scene, "createConversation", {"contactId": gid(contact), "inboxId": gid(scene.mail)})
        assert len(await stream.told()) == 1


def _by(told: list[dict[str, str]]) -> list[tuple[str, str]]:
    return [(each["recordId"], each["kind"]) for each in told]


async def test_granular_off_is_by_team_and_inbox(scene: Scene) -> None:
    await scene.set(granular_permissions=False)
    deal = await scene.deal(owner=scene.cid, team=scene.north)
    async with listening(scene.database, scene.ben) as stream:
        await retitle(scene, deal, "Trucks")
        assert [told["kind"] for told in await stream.told()] == ["UPDATED"]
        await change(scene, "assignTeam", {"recordId": gid(deal), "teamId": gid(scene.south)})
        assert [told["kind"] for told in await stream.told()] == ["GONE"]
        await retitle(scene, deal, "Vans")
        assert await stream.told() == []
        await change(scene, "assignInbox", {"recordId": gid(deal), "inboxId": gid(scene.mail)})
        assert [told["kind"] for told in await stream.told()] == ["CREATED"]
