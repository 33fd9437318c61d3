"""Deals: from the first word to the last payment."""

from typing import Any

import pytest

from models import Deal, DealStatus, Payment, Permission, Reach, Scope, clock
from models.database import Database
from tests.resolvers.support import Scene, codes, gid, make_scene, mutate, run

WHOLE = """deal {
    id title stage status amount { amount currency } expectedCloseOn version archivedAt
    wonAt lostAt contractStartedAt
    contact { id } conversation { id } partner { name } assignedUser { name }
    owner { name } team { name } inbox { name }
}"""


@pytest.fixture
async def scene(database: Database) -> Scene:
    """One account."""
    return await make_scene(database)


async def done(scene: Scene, viewer: Any, name: str, input: dict[str, Any]) -> Any:
    """The deal that a mutation gives back; nothing is wrong."""
    payload, errors = await mutate(scene.database, viewer, name, input, WHOLE)
    assert (errors, payload["userErrors"]) == ([], [])
    return payload["deal"]


async def problem(scene: Scene, name: str, input: dict[str, Any]) -> tuple[str, str | None]:
    """The one user error that a mutation of Ana's answers; nothing is written."""
    before = await _counts(scene)
    payload, errors = await mutate(scene.database, scene.ana, name, input, WHOLE)
    assert errors == []
    assert payload["deal"] is None
    assert await _counts(scene) == before
    [found] = payload["userErrors"]
    return found["code"], found["field"]


async def _counts(scene: Scene) -> Any:
    async with scene.database.reading():
        return sorted(await Deal.all().values_list("id", "version")), await Payment.all().count()


async def test_created_whole(scene: Scene) -> None:
    contact = await scene.contact(owner=scene.ana)
    talk = await scene.conversation(contact, owner=scene.ana)
    given = {
        "title": "Bikes",
        "stage": "Engaging",
        "amount": {"amount": "1054.50", "currency": "BRL"},
        "expectedCloseOn": "2026-12-31",
    }
    links = {"contactId": gid(contact), "conversationId": gid(talk), "inboxId": gid(scene.mail)}
    made = await done(scene, scene.ana, "createDeal", given | links)
    assert made | given == made
    assert (made["contact"], made["conversation"]) == ({"id": gid(contact)}, {"id": gid(talk)})
    assert (made["owner"], made["team"], made["inbox"]) == (
        {"name": "Ana"},
        {"name": "North"},
        {"name": "Mail"},
    )
    assert (made["status"], made["version"]) == ("OPEN", 1)


async def test_what_it_links_may_be_changed(scene: Scene) -> None:
    await scene.set(isolation_mode="OPEN")
    bens = await scene.contact(owner=scene.ben, team=scene.north)
    deal = await scene.deal(owner=scene.ana, team=scene.north)
    for name, given in (("createDeal", {"title": "D"}), ("updateDeal", {"id": gid(deal)})):
        for viewer, expected in ((scene.ana, ["FORBIDDEN"]), (scene.max, [])):
            input = given | {"contactId": gid(bens)}
            _, errors = await mutate(scene.database, viewer, name, input, "")
            assert codes(errors) == expected, (name, viewer.name)


async def test_a_change_that_takes_it_out_of_reach_is_refused(scene: Scene) -> None:
    lead = await scene.agent(await scene.role(Scope.INBOX, Reach.SCOPE), inboxes=[scene.mail])
    talk = await scene.conversation(await scene.contact(owner=scene.ana), owner=scene.ana)
    deal = await scene.deal(owner=scene.ana, conversation=talk)
    input = {"id": gid(deal), "conversationId": None, "title": " "}
    _, errors = await mutate(scene.database, lead, "updateDeal", input, "")
    assert codes(errors) == ["FORBIDDEN"]
    assert (await done(scene, lead, "updateDeal", {"id": gid(deal), "title": "New"}))["title"] == "New"


async def test_changed_and_emptied(scene: Scene) -> None:
    deal = await scene.deal(owner=scene.ana, team=scene.north)
    input = {"id": gid(deal), "stage": None, "amount": None, "contactId": None}
    changed = await done(scene, scene.ana, "updateDeal", input)
    assert (changed["title"], changed["stage"], changed["amount"]) == ("Bikes", None, None)
    assert await problem(scene, "updateDeal", {"id": gid(deal), "title": None}) == ("BLANK", "title")


HISTORY = "query ($d: ID!) { deal(id: $d) { timeline { nodes { kind changes { field before after } } } } }"


async def test_a_link_to_what_is_out_of_sight_is_as_none(scene: Scene) -> None:
    contacts = {"hidden": await scene.contact(owner=scene.cid), "own": await scene.contact(owner=scene.ana)}
    deals = [await scene.deal(owner=scene.ana, contact=each) for each in (contacts["hidden"], None)]
    for deal in deals:
        made = await done(scene, scene.ana, "updateDeal", {"id": gid(deal), "contactId": None})
        assert (made["contact"], made["version"]) == (None, 1)
    assert (await scene.again(deals[0])).contact_id == contacts["hidden"].id
    for deal in deals:
        linked = await done(
            scene, scene.ana, "updateDeal", {"id": gid(deal), "contactId": gid(contacts["own"])}
        )
        assert (linked["contact"], linked["version"]) == ({"id": gid(contacts["own"])}, 2)
        emptied = await done(scene, scene.ana, "updateDeal", {"id": gid(deal), "contactId": None})
        assert (emptied["contact"], emptied["version"]) == (None, 3)
    answers = [await run(scene.database, scene.ana, HISTORY, {"d": gid(deal)}) for deal in deals]
    assert answers[0] == answers[1]


async def test_that_a_link_out_of_sight_changed_is_not_told(scene: Scene) -> None:
    hidden = await scene.contact(owner=scene.cid)
    deal = await scene.deal(owner=scene.ana)
    input = {"id": gid(deal), "contactId": gid(hidden), "title": "Vans"}
    await done(scene, scene.administrator, "updateDeal", input)
    for viewer, fields in ((scene.ana, ["title"]), (scene.administrator, ["title", "contact"])):
        data, errors = await run(scene.database, viewer, HISTORY, {"d": gid(deal)})
        [entry] = data["deal"]["timeline"]["nodes"]
        assert (errors, [each["field"] for each in entry["changes"]]) == ([], fields)


@pytest.mark.parametrize(
    ("amount", "currency", "code"),
    [
        ("1.005", "USD", "TOO_PRECISE"),
        ("1.5", "JPY", "TOO_PRECISE"),
        ("-1", "USD", "INVALID"),
        ("1", "usd", "INVALID"),
        ("1", "XYZ", "INVALID"),
        ("10000000000000.01", "USD", "TOO_LARGE"),
        ("9" * 30, "USD", "TOO_LARGE"),
    ],
)
async def test_amounts_are_never_cut_or_rounded(scene: Scene, amount: str, currency: str, code: str) -> None:
    input = {"title": "D", "amount": {"amount": amount, "currency": currency}}
    assert await problem(scene, "createDeal", input) == (code, "amount")


async def test_won_lost_reopened_and_begun(scene: Scene) -> None:
    deal = await scene.deal(owner=scene.ana, team=scene.north)
    me = {"id": gid(deal)}
    assert await problem(scene, "reopenDeal", me) == ("ALREADY_OPEN", None)
    assert await problem(scene, "startDealContract", me) == ("NOT_WON", None)
    won = await done(scene, scene.ana, "winDeal", me | {"wonAt": "2026-01-02T03:04:05Z"})
    assert (won["status"], won["wonAt"]) == ("WON", "2026-01-02T03:04:05Z")
    assert (await problem(scene, "winDeal", me))[0] == "ALREADY_WON"
    assert (await problem(scene, "loseDeal", me))[0] == "ALREADY_WON"
    more = me | {"amount": {"amount": "1", "currency": "USD"}}
    assert await problem(scene, "updateDeal", more) == ("WON", "amount")
    assert await problem(scene, "startDealContract", me | {"startedAt": "9999-01-01T00:00:00Z"}) == (
        "IN_FUTURE",
        "startedAt",
    )
    begun = await done(scene, scene.ana, "startDealContract", me | {"startedAt": None})
    assert begun["contractStartedAt"] is not None
    again = await done(scene, scene.ana, "reopenDeal", me)
    assert (again["status"], again["wonAt"], again["contractStartedAt"]) == ("OPEN", None, None)
    lost = await done(scene, scene.ana, "loseDeal", me | {"expectedVersion": again["version"]})
    assert (lost["status"], lost["lostAt"] is None) == ("LOST", False)


async def test_archived_and_back(scene: Scene) -> None:
    deal = await scene.deal(owner=scene.ana, team=scene.north)
    assert (await done(scene, scene.ana, "archiveDeal", {"id": gid(deal)}))["archivedAt"] is not None
    assert (await done(scene, scene.ana, "unarchiveDeal", {"id": gid(deal)}))["archivedAt"] is None


async def test_payments_and_refunds(scene: Scene) -> None:
    deal = await scene.deal(owner=scene.ana, team=scene.north, status=DealStatus.WON, won_at=clock.now())
    ten = {"dealId": gid(deal), "amount": {"amount": "10.00", "currency": "USD"}}
    assert (await problem(scene, "recordRefund", ten))[0] == "TOO_LARGE"
    selection = "payment { id kind amount { amount currency } source sourceId } deal { version }"
    told = ten | {"source": "bank", "sourceId": "7"}
    first, _ = await mutate(scene.database, scene.ana, "recordPayment", told, selection)
    twice, _ = await mutate(
        scene.database, scene.ana, "recordPayment", told | {"expectedVersion": 1}, selection
    )
    assert first == twice
    assert first["payment"]["amount"] == {"amount": "10.00", "currency": "USD"}
    assert (first["payment"]["kind"], first["deal"]["version"]) == ("PAYMENT", 2)
    back, _ = await mutate(scene.database, scene.ana, "recordRefund", ten, selection)
    assert (back["payment"]["kind"], back["deal"]["version"]) == ("REFUND", 3)
    assert (await problem(scene, "recordRefund", ten))[0] == "TOO_LARGE"
    assert await problem(scene, "recordPayment", ten | {"source": "bank"}) == ("BLANK", "sourceId")
    none = {"amount": {"amount": "0", "currency": "USD"}}
    assert await problem(scene, "recordPayment", ten | none) == ("INVALID", "amount")


async def test_a_partner_sells_along(scene: Scene) -> None:
    deal = await scene.deal(owner=scene.ana, team=scene.north)
    me = {"id": gid(deal)}
    along = await done(
        scene,
        scene.ana,
        "setDealPartner",
        me | {"partnerId": gid(scene.kin), "assignedUserId": gid(scene.pia)},
    )
    assert (along["partner"], along["assignedUser"]) == ({"name": "Kin"}, {"name": "Pia"})
    wrong = me | {"partnerId": gid(scene.other), "assignedUserId": gid(scene.pia)}
    assert await problem(scene, "setDealPartner", wrong) == ("INVALID", "assignedUserId")
    alone = await done(scene, scene.ana, "setDealPartner", me | {"partnerId": None})
    assert (alone["partner"], alone["assignedUser"]) == (None, None)


async def test_a_partner_user_changes_nothing_they_see(scene: Scene) -> None:
    deal = await scene.deal(owner=scene.ana, team=scene.north, partner=scene.kin)
    for viewer, expected in ((scene.pia, ["FORBIDDEN"]), (scene.otto, ["NOT_FOUND"])):
        _, errors = await mutate(scene.database, viewer, "winDeal", {"id": gid(deal)}, "")
        assert codes(errors) == expected


async def test_a_permission_to_assign_is_none_to_change(scene: Scene) -> None:
    await scene.set(isolation_mode="OPEN")
    role = await scene.role(Scope.TEAM, Reach.OWN, [Permission.PORTFOLIO_ASSIGN])
    rep = await scene.agent(role, [scene.north])
    deal = await scene.deal(owner=scene.ana, team=scene.north)
    for name, input in (
        ("winDeal", {"id": gid(deal)}),
        ("assignOwner", {"recordId": gid(deal), "ownerId": gid(rep)}),
    ):
        _, errors = await mutate(scene.database, rep, name, input, "")
        assert codes(errors) == ["FORBIDDEN"], name
