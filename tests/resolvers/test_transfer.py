"""Transfers: previewed, made, reverted; what is refused, and that nothing is written then."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from models import (
    Agent,
    AgentStatus,
    AuditEntry,
    BuiltIn,
    Contact,
    ConversationStatus,
    Deal,
    DealStatus,
    Ownership,
    OwnershipCause,
    Permission,
    Reach,
    Scope,
    TimelineEntry,
    Transfer,
    clock,
)
from models.database import Database
from models.operations.transfer_batch import go_on
from models.sql import Sql
from models.transfer import TransferItem
from resolvers.act import Act
from resolvers.transfer_going_on import may_move
from tests.resolvers.support import ENDLESS, Scene, codes, gid, make_scene, mutate, run

PREVIEW = """query($input: TransferInput!) { transferPreview(input: $input) {
    records { contacts conversations deals } shares { agent { name } records { contacts deals } }
    sight { agent { name } gains { deals } loses { deals } }
    parting { deals conversations records { id } } token expiresAt userErrors { code field } } }"""
MADE = "transfer { id state progress { total moved left } shares { agent { name } weight } }"


@pytest.fixture
async def scene(database: Database) -> Scene:
    return await make_scene(database)


async def portfolio(scene: Scene, contacts: int = 4) -> list[Contact]:
    """Ana's: so many contacts, each with an open conversation, an open deal and a won one."""
    made = []
    for _ in range(contacts):
        contact = await scene.contact(owner=scene.ana, team=scene.north)
        await scene.conversation(contact, owner=scene.ana, team=scene.north)
        await scene.deal(contact=contact, owner=scene.ana, team=scene.north)
        await scene.deal(
            contact=contact, owner=scene.ana, team=scene.north, status=DealStatus.WON, won_at=clock.now()
        )
        made.append(contact)
    return made


def asked(scene: Scene, *to: Any, **more: Any) -> dict[str, Any]:
    """Ana's whole portfolio, to these agents."""
    return {"fromId": gid(scene.ana), "to": [{"agentId": gid(each)} for each in to], **more}


async def preview(scene: Scene, who: Any, input: dict[str, Any]) -> tuple[Any, list[Any]]:
    data, errors = await run(scene.database, who, PREVIEW, {"input": input})
    return data and data["transferPreview"], errors


async def transferred(scene: Scene, who: Any, input: dict[str, Any]) -> Any:
    payload, errors = await mutate(scene.database, who, "transferPortfolio", input, MADE)
    assert errors == []
    assert payload["userErrors"] == []
    return payload["transfer"]


def gained_and_lost(shown: Any) -> dict[str, tuple[int, int]]:
    """By name: the deals of which somebody gains and loses the sight."""
    return {
        each["agent"]["name"]: (each["gains"]["deals"], each["loses"]["deals"]) for each in shown["sight"]
    }


async def refusal(scene: Scene, who: Any, input: dict[str, Any], name: str = "transferPortfolio") -> Any:
    """The code of what a transfer is refused with, and its field; nothing was written."""
    before = await state(scene)
    payload, errors = await mutate(scene.database, who, name, input, "transfer { id }")
    assert await state(scene) == before
    if errors:
        return codes(errors)[0]
    [problem] = payload["userErrors"]
    return problem["code"], problem["field"]


async def state(scene: Scene) -> Any:
    """All that a transfer writes, but refusals in the audit."""
    async with scene.database.reading():
        return [
            sorted(await model.all().values_list("id")) for model in (Ownership, TimelineEntry, Transfer)
        ] + [
            sorted(map(str, await model.all().values_list("id", "owner_id", "version")))
            for model in (Contact, Deal)
        ]


async def owned(scene: Scene, agent: Any) -> tuple[int, int]:
    async with scene.database.reading():
        return await Contact.filter(owner_id=agent.id).count(), await Deal.filter(owner_id=agent.id).count()


async def test_a_whole_portfolio_is_shared_out_evenly(scene: Scene) -> None:
    await portfolio(scene, 4)
    made = await transferred(scene, scene.max, asked(scene, scene.ben, scene.max))
    assert made["state"] == "APPLIED"
    assert made["progress"] == {"total": 16, "moved": 16, "left": 0}
    assert await owned(scene, scene.ana) == (0, 0)
    assert await owned(scene, scene.ben) == await owned(scene, scene.max) == (2, 4)


async def test_by_weight(scene: Scene) -> None:
    await portfolio(scene, 6)
    input = asked(scene) | {
        "to": [{"agentId": gid(scene.ben), "weight": 4}, {"agentId": gid(scene.max), "weight": 2}]
    }
    await transferred(scene, scene.max, input)
    assert (await owned(scene, scene.ben), await owned(scene, scene.max)) == ((4, 8), (2, 4))


async def test_a_contact_keeps_its_deals_beside_it(scene: Scene) -> None:
    await portfolio(scene, 5)
    await transferred(scene, scene.max, asked(scene, scene.ben, scene.max))
    async with scene.database.reading():
        for deal in await Deal.all():
            assert (await Contact.get(id=deal.contact_id)).owner_id == deal.owner_id


async def test_what_it_leaves_behind(scene: Scene) -> None:
    """One interval ends and one begins, one entry in each timeline, one in the audit."""
    contacts = await portfolio(scene, 2)
    made = await transferred(scene, scene.max, asked(scene, scene.ben) | {"reason": "Ana moves to Lisbon"})
    async with scene.database.reading():
        for contact in contacts:
            intervals = await Ownership.filter(record_id=contact.id).order_by("started_at")
            assert [each.owner_id for each in intervals] == [scene.ana.id, scene.ben.id]
            assert intervals[0].ended_at == intervals[1].started_at
            assert intervals[1].ended_at is None
            assert intervals[1].cause is OwnershipCause.TRANSFERRED
            [entry] = await TimelineEntry.filter(record_id=contact.id)
            assert (entry.kind, entry.author_id, entry.reason) == (
                "TRANSFERRED",
                scene.max.id,
                "Ana moves to Lisbon",
            )
            assert entry.changes == {"owner_id": [str(scene.ana.id), str(scene.ben.id)]}
        [audited] = await AuditEntry.all()
        assert (audited.action, audited.subject_type) == ("transfer_portfolio", "transfer")
    told = (
        f'{{ contact(id: "{gid(contacts[0])}") {{ timeline {{ nodes {{ reason transfer {{ id }} }} }} }} }}'
    )
    data, errors = await run(scene.database, scene.max, told)
    assert errors == []
    [entry] = data["contact"]["timeline"]["nodes"]
    assert entry == {"reason": "Ana moves to Lisbon", "transfer": {"id": made["id"]}}


class TestWhatGoes:
    async def test_a_list_takes_open_work_along(self, scene: Scene) -> None:
        first, _ = await portfolio(scene, 2)
        made = await transferred(scene, scene.max, asked(scene, scene.ben, recordIds=[gid(first)]))
        assert made["progress"]["moved"] == 3
        assert await owned(scene, scene.ben) == (1, 1)

    async def test_unless_it_is_said_otherwise(self, scene: Scene) -> None:
        first, _ = await portfolio(scene, 2)
        along = {"openDeals": False, "closedDeals": True, "openConversations": False}
        await transferred(scene, scene.max, asked(scene, scene.ben, recordIds=[gid(first)], carryOver=along))
        async with scene.database.reading():
            assert [deal.status for deal in await Deal.filter(owner_id=scene.ben.id)] == [DealStatus.WON]

    async def test_a_filter(self, scene: Scene) -> None:
        await portfolio(scene, 3)
        given = {"deals": {"status": {"eq": "WON"}}}
        made = await transferred(scene, scene.max, asked(scene, scene.ben, filter=given))
        assert made["progress"]["moved"] == 3
        assert await owned(scene, scene.ben) == (0, 3)

    async def test_what_is_closed_can_stay(self, scene: Scene) -> None:
        contacts = await portfolio(scene, 1)
        await scene.conversation(
            contacts[0], owner=scene.ana, team=scene.north, status=ConversationStatus.CLOSED
        )
        along = {"closedConversations": False, "closedDeals": False}
        made = await transferred(scene, scene.max, asked(scene, scene.ben, carryOver=along))
        assert made["progress"]["moved"] == 3

    async def test_nothing_that_the_manager_cannot_see(self, scene: Scene) -> None:
        await portfolio(scene, 1)
        await scene.deal(owner=scene.ana, team=scene.south)
        made = await transferred(scene, scene.max, asked(scene, scene.ben))
        assert made["progress"]["total"] == 4
        assert await owned(scene, scene.ana) == (0, 1)


class TestPreview:
    async def test_it_counts(self, scene: Scene) -> None:
        await portfolio(scene, 3)
        shown, errors = await preview(scene, scene.max, asked(scene, scene.ben, scene.max))
        assert errors == []
        assert shown["userErrors"] == []
        assert shown["records"] == {"contacts": 3, "conversations": 3, "deals": 6}
        assert sorted(each["records"]["contacts"] for each in shown["shares"]) == [1, 2]
        assert shown["token"]

    async def test_who_gains_and_loses_sight(self, scene: Scene) -> None:
        await portfolio(scene, 3)
        shown, _ = await preview(scene, scene.max, asked(scene, scene.ben))
        assert gained_and_lost(shown) == {
            "Ana": (0, 6),
            "Ben": (6, 0),
        }
        shown, _ = await preview(scene, scene.administrator, asked(scene, scene.cid))
        assert gained_and_lost(shown) == {
            "Ana": (0, 6),
            "Cid": (6, 0),
            "Max": (0, 6),
        }

    async def test_where_a_deal_and_its_contact_part(self, scene: Scene) -> None:
        [contact] = await portfolio(scene, 1)
        along = {"openDeals": False, "openConversations": False}
        shown, _ = await preview(
            scene, scene.max, asked(scene, scene.ben, recordIds=[gid(contact)], carryOver=along)
        )
        assert (shown["parting"]["deals"], shown["parting"]["conversations"]) == (2, 1)
        assert len(shown["parting"]["records"]) == 3
        shown, _ = await preview(scene, scene.max, asked(scene, scene.ben))
        assert shown["parting"] == {"deals": 0, "conversations": 0, "records": []}

    async def test_its_token_makes_just_that(self, scene: Scene) -> None:
        await portfolio(scene, 2)
        input = asked(scene, scene.ben)
        shown, _ = await preview(scene, scene.max, input)
        await transferred(scene, scene.max, input | {"token": shown["token"]})
        assert await refusal(scene, scene.max, input | {"token": shown["token"]}) == ("PREVIEW_USED", "token")

    async def test_what_changes_makes_it_stale(self, scene: Scene) -> None:
        await portfolio(scene, 2)
        input = asked(scene, scene.ben)
        shown, _ = await preview(scene, scene.max, input)
        await scene.deal(owner=scene.ana, team=scene.north)
        assert await refusal(scene, scene.max, input | {"token": shown["token"]}) == (
            "PREVIEW_STALE",
            "token",
        )

    async def test_what_changes_out_of_sight_does_not(self, scene: Scene) -> None:
        await portfolio(scene, 2)
        input = asked(scene, scene.ben)
        shown, _ = await preview(scene, scene.max, input)
        await scene.deal(owner=scene.ana, team=scene.south)
        await transferred(scene, scene.max, input | {"token": shown["token"]})

    async def test_it_is_for_who_asked_and_what_was_asked(self, scene: Scene) -> None:
        await portfolio(scene, 2)
        shown, _ = await preview(scene, scene.max, asked(scene, scene.ben))
        token = {"token": shown["token"]}
        unknown = ("PREVIEW_UNKNOWN", "token")
        assert await refusal(scene, scene.administrator, asked(scene, scene.ben) | token) == unknown
        assert await refusal(scene, scene.max, asked(scene, scene.max) | token) == unknown
        assert await refusal(scene, scene.max, asked(scene, scene.ben) | {"token": "nonsense"}) == unknown

    async def test_it_ends(self, scene: Scene) -> None:
        await portfolio(scene, 1)
        input = asked(scene, scene.ben)
        shown, _ = await preview(scene, scene.max, input)
        later = datetime.now(UTC) + timedelta(hours=1)
        clock.tell_time_with(lambda: later)
        try:
            assert await refusal(scene, scene.max, input | {"token": shown["token"]}) == (
                "PREVIEW_EXPIRED",
                "token",
            )
        finally:
            clock.tell_time_with(None)

    async def test_it_writes_nothing_and_tells_what_is_wrong(self, scene: Scene) -> None:
        before = await state(scene)
        shown, errors = await preview(scene, scene.max, asked(scene, scene.ben))
        assert errors == []
        assert shown["token"] is None
        assert shown["userErrors"] == [{"code": "NOTHING_TO_TRANSFER", "field": "fromId"}]
        assert await state(scene) == before

    @pytest.mark.parametrize("chosen", [{"filter": {}}, {"recordIds": []}])
    async def test_nothing_chosen_is_nothing_to_transfer(self, scene: Scene, chosen: dict[str, Any]) -> None:
        await portfolio(scene, 1)
        input = asked(scene, scene.ben, **chosen)
        shown, errors = await preview(scene, scene.max, input)
        assert errors == []
        assert shown["userErrors"] == [{"code": "NOTHING_TO_TRANSFER", "field": "fromId"}]
        assert await refusal(scene, scene.max, input) == ("NOTHING_TO_TRANSFER", "fromId")


class TestRefused:
    async def test_by_role(self, scene: Scene) -> None:
        await portfolio(scene, 1)
        assert await refusal(scene, scene.ana, asked(scene, scene.ben)) == "FORBIDDEN"
        _, errors = await preview(scene, scene.ana, asked(scene, scene.ben))
        assert codes(errors) == ["FORBIDDEN"]

    async def test_an_agent_out_of_scope(self, scene: Scene) -> None:
        await portfolio(scene, 1)
        assert await refusal(scene, scene.max, asked(scene, scene.cid)) == "FORBIDDEN"
        input = asked(scene, scene.ben) | {"fromId": gid(scene.cid)}
        assert await refusal(scene, scene.max, input) == "FORBIDDEN"
        _, errors = await preview(scene, scene.max, asked(scene, scene.cid))
        assert codes(errors) == ["FORBIDDEN"]

    async def test_an_agent_of_another_account(self, scene: Scene) -> None:
        other = await make_scene(scene.database, "Other")
        await portfolio(scene, 1)
        assert await refusal(scene, scene.administrator, asked(scene, other.ben)) == "NOT_FOUND"
        assert (
            await refusal(scene, scene.max, asked(scene) | {"to": [{"agentId": "nonsense"}]}) == "NOT_FOUND"
        )

    @pytest.mark.parametrize("status", [AgentStatus.SUSPENDED, AgentStatus.DEACTIVATED])
    async def test_an_agent_who_is_not_active(self, scene: Scene, status: AgentStatus) -> None:
        gone = await scene.agent(BuiltIn.REP, [scene.north], status=status)
        await portfolio(scene, 1)
        assert await refusal(scene, scene.max, asked(scene, gone)) == ("NOT_ACTIVE", "to")

    async def test_sense(self, scene: Scene) -> None:
        [contact] = await portfolio(scene, 1)
        to = {"agentId": gid(scene.ben)}
        others = asked(scene)
        assert await refusal(scene, scene.max, asked(scene, scene.ana)) == ("TO_THEMSELVES", "to")
        assert await refusal(scene, scene.max, others) == ("BLANK", "to")
        assert await refusal(scene, scene.max, others | {"to": [to, to]}) == ("REPEATED", "to")
        for weight in (0, -1, 1001):
            assert await refusal(scene, scene.max, others | {"to": [to | {"weight": weight}]}) == (
                "INVALID",
                "to",
            )
        twice = asked(scene, scene.ben, recordIds=[gid(contact), gid(contact)])
        assert await refusal(scene, scene.max, twice) == ("REPEATED", "recordIds")
        both = asked(scene, scene.ben, recordIds=[gid(contact)], filter={})
        assert await refusal(scene, scene.max, both) == ("INVALID", "filter")
        bens = await scene.contact(owner=scene.ben, team=scene.north)
        theirs = asked(scene, scene.max, recordIds=[gid(bens)])
        assert await refusal(scene, scene.max, theirs) == ("NOT_THEIRS", "recordIds")

    async def test_one_record_out_of_sight_among_many(self, scene: Scene) -> None:
        contacts = await portfolio(scene, 3)
        hidden = await scene.deal(owner=scene.ana, team=scene.south)
        listed = asked(scene, scene.ben, recordIds=[*map(gid, contacts), gid(hidden)])
        assert await refusal(scene, scene.max, listed) == "NOT_FOUND"

    async def test_to_where_the_manager_does_not_reach(self, scene: Scene) -> None:
        """Bo is in North, but records come into the main team of who gets them."""
        bo = await scene.agent(BuiltIn.REP, [scene.south, scene.north], name="Bo")
        await scene.deal(owner=scene.ana)
        assert await refusal(scene, scene.max, asked(scene, bo)) == "FORBIDDEN"

    async def test_while_the_module_is_off(self, scene: Scene) -> None:
        await portfolio(scene, 1)
        await scene.set(sales_module=False)
        assert await refusal(scene, scene.max, asked(scene, scene.ben)) == "MODULE_DISABLED"
        _, errors = await preview(scene, scene.max, asked(scene, scene.ben))
        assert codes(errors) == ["MODULE_DISABLED"]


class TestReverting:
    async def test_what_is_still_as_it_was_left(self, scene: Scene) -> None:
        first, second = await portfolio(scene, 2)
        made = await transferred(scene, scene.max, asked(scene, scene.ben))
        input = {"recordId": gid(second), "ownerId": gid(scene.max)}
        _, errors = await mutate(scene.database, scene.administrator, "assignOwner", input, "record { id }")
        assert errors == []
        kept = "items(filter: {state: {eq: KEPT}}) { nodes { record { id } } }"
        selection = f"transfer {{ state progress {{ reverted kept }} {kept} }}"
        payload, errors = await mutate(
            scene.database, scene.max, "revertTransfer", {"transferId": made["id"]}, selection
        )
        assert errors == []
        assert payload["userErrors"] == []
        assert payload["transfer"] == {
            "state": "REVERTED",
            "progress": {"reverted": 7, "kept": 1},
            "items": {"nodes": [{"record": {"id": gid(second)}}]},
        }
        assert await owned(scene, scene.ana) == (1, 4)
        async with scene.database.reading():
            causes = (
                await Ownership.filter(record_id=first.id)
                .order_by("started_at")
                .values_list("cause", flat=True)
            )
        assert [*causes] == ["ASSIGNED", "TRANSFERRED", "REVERTED"]

    async def test_what_came_back_by_itself_is_not_touched(self, scene: Scene) -> None:
        [contact] = await portfolio(scene, 1)
        made = await transferred(scene, scene.max, asked(scene, scene.ben))
        for owner in (scene.max, scene.ben):
            input = {"recordId": gid(contact), "ownerId": gid(owner)}
            await mutate(scene.database, scene.administrator, "assignOwner", input, "record { id }")
        payload, _ = await mutate(
            scene.database,
            scene.max,
            "revertTransfer",
            {"transferId": made["id"]},
            "transfer { progress { kept } }",
        )
        assert payload["transfer"]["progress"]["kept"] == 1
        assert (await scene.again(contact)).owner_id == scene.ben.id

    async def test_twice(self, scene: Scene) -> None:
        await portfolio(scene, 1)
        made = await transferred(scene, scene.max, asked(scene, scene.ben))
        input = {"transferId": made["id"]}
        await mutate(scene.database, scene.max, "revertTransfer", input, "transfer { id }")
        assert await refusal(scene, scene.max, input, "revertTransfer") == ("ALREADY_REVERTED", None)

    async def test_to_someone_who_is_not_there_any_more(self, scene: Scene) -> None:
        await portfolio(scene, 1)
        made = await transferred(scene, scene.max, asked(scene, scene.ben))
        async with scene.database.writing():
            await type(scene.ana).filter(id=scene.ana.id).update(status=AgentStatus.SUSPENDED)
        input = {"transferId": made["id"]}
        assert await refusal(scene, scene.max, input, "revertTransfer") == ("NOT_ACTIVE", "transferId")

    async def test_one_out_of_sight(self, scene: Scene) -> None:
        await portfolio(scene, 1)
        made = await transferred(scene, scene.administrator, asked(scene, scene.cid))
        input = {"transferId": made["id"]}
        assert await refusal(scene, scene.max, input, "revertTransfer") == "NOT_FOUND"
        assert await refusal(scene, scene.ana, input, "revertTransfer") == "NOT_FOUND"


class TestWhoSees:
    async def test_those_who_may_transfer_and_reach_everyone_named(self, scene: Scene) -> None:
        await portfolio(scene, 1)
        await transferred(scene, scene.max, asked(scene, scene.ben))
        await transferred(scene, scene.administrator, asked(scene, scene.cid) | {"fromId": gid(scene.ben)})
        document = "{ transfers { totalCount nodes { state fromAgent { name } items { totalCount } } } }"
        data, errors = await run(scene.database, scene.max, document)
        assert errors == []
        assert data["transfers"]["totalCount"] == 1
        # What went on to Cid has left Max's sight, and is not counted any more.
        assert data["transfers"]["nodes"][0]["items"]["totalCount"] == 0
        data, _ = await run(scene.database, scene.administrator, document)
        assert [node["items"]["totalCount"] for node in data["transfers"]["nodes"]] == [4, 4]
        data, errors = await run(scene.database, scene.ana, document)
        assert data["transfers"] is None
        assert codes(errors) == ["FORBIDDEN"]

    async def test_a_rep_with_the_permission_gives_only_their_own(self, scene: Scene) -> None:
        role = await scene.role(Scope.TEAM, Reach.OWN, [Permission.PORTFOLIO_TRANSFER])
        eva = await scene.agent(role, [scene.north])
        await portfolio(scene, 1)
        assert await refusal(scene, eva, asked(scene, eva)) == ("NOTHING_TO_TRANSFER", "fromId")
        await scene.deal(owner=eva, team=scene.north)
        await transferred(scene, eva, asked(scene, scene.ben) | {"fromId": gid(eva)})
        assert await owned(scene, scene.ben) == (0, 1)


async def test_one_that_takes_too_long_to_draw_up_is_given_up(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    contact = await scene.contact(owner=scene.ana, team=scene.north)

    async def endlessly(act: Act, _: Sql) -> None:
        await act.session.fetch(Sql(ENDLESS[act.session.dialect]))

    input = {"fromId": gid(scene.ana), "to": [{"agentId": gid(scene.ben)}]}
    with monkeypatch.context() as patched:
        patched.setattr("resolvers.transfer.require_as_shown", endlessly)
        patched.setattr("resolvers.transfer.LONGEST_DRAWING_UP", 0.05)
        payload, errors = await mutate(
            scene.database, scene.max, "transferPortfolio", input, "transfer { id }"
        )
    assert (payload, codes(errors)) == (None, ["QUERY_TOO_COMPLEX"])
    async with scene.database.reading():
        assert await Transfer.all().count() == 0
        assert await TransferItem.all().count() == 0
    payload, errors = await mutate(scene.database, scene.max, "transferPortfolio", input, "transfer { id }")
    assert (errors, payload["userErrors"]) == ([], [])
    assert (await scene.again(contact)).owner_id == scene.ben.id


async def test_a_large_one_goes_on_by_itself(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("models.operations.transfer_portfolio.AT_ONCE", 5)
    monkeypatch.setattr("models.operations.transfer_batch.BATCH", 3)
    await portfolio(scene, 2)
    made = await transferred(scene, scene.max, asked(scene, scene.ben))
    assert (made["state"], made["progress"]["moved"]) == ("RUNNING", 0)
    # Meanwhile another one of the same records is told so.
    assert await refusal(scene, scene.max, asked(scene, scene.max)) == ("IN_TRANSFER", "fromId")
    async with scene.database.reading():
        transfer = await Transfer.get()
    await go_on(scene.database, may_move, transfer.id)
    assert (await scene.again(transfer)).state == "APPLIED"
    assert await owned(scene, scene.ana) == (0, 0)


async def drawn_up(scene: Scene, who: Agent, *to: Agent) -> Transfer:
    """A large transfer, of which nothing is moved yet."""
    made = await transferred(scene, who, asked(scene, *to))
    assert made["state"] == "RUNNING"
    async with scene.database.reading():
        return await Transfer.get()


async def left(scene: Scene) -> int:
    """How many records a transfer left."""
    async with scene.database.reading():
        return await TransferItem.filter(state="LEFT").count()


@pytest.mark.parametrize("loses", ["status", "role", "place", "receiver", "module"])
async def test_a_large_one_goes_no_farther_than_its_makers_rights_of_today(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, loses: str
) -> None:
    monkeypatch.setattr("models.operations.transfer_portfolio.AT_ONCE", 0)
    deal = await scene.deal(owner=scene.ana, team=scene.north)
    transfer = await drawn_up(scene, scene.max, scene.ben)
    changes: dict[str, Any] = {
        "status": ("suspendAgent", {"id": gid(scene.max)}),
        "role": ("assignRole", {"agentId": gid(scene.max), "roleId": gid(await scene.role())}),
        "place": ("updateAgent", {"id": gid(scene.max), "teamIds": [gid(scene.south)]}),
        "receiver": ("updateAgent", {"id": gid(scene.ben), "teamIds": [gid(scene.south)]}),
    }
    if loses == "module":
        await scene.set(sales_module=False)
    else:
        name, input = changes[loses]
        _, errors = await mutate(scene.database, scene.administrator, name, input, "__typename")
        assert errors == []
    await go_on(scene.database, may_move, transfer.id)
    assert (await scene.again(transfer)).state == "APPLIED"
    assert (await scene.again(deal)).owner_id == scene.ana.id
    assert await left(scene) == 1


async def test_a_large_one_leaves_what_has_left_its_makers_sight(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("models.operations.transfer_portfolio.AT_ONCE", 0)
    role = await scene.role(Scope.INBOX, Reach.SCOPE, [Permission.PORTFOLIO_TRANSFER])
    ina = await scene.agent(role, inboxes=[scene.mail], name="Ina")
    goes, stays = [await scene.deal(owner=scene.ana, team=scene.north, inbox=scene.mail) for _ in range(2)]
    transfer = await drawn_up(scene, ina, scene.ben)
    input = {"recordId": gid(stays), "inboxId": gid(scene.web)}
    _, errors = await mutate(scene.database, scene.administrator, "assignInbox", input, "__typename")
    assert errors == []
    await go_on(scene.database, may_move, transfer.id)
    assert (await scene.again(goes)).owner_id == scene.ben.id
    assert (await scene.again(stays)).owner_id == scene.ana.id
    assert await left(scene) == 1
