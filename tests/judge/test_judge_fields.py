"""Which fields are read: the cells of the tables as examples."""

from uuid import UUID

import pytest

from tests.judge.oracle import RECORD_FIELDS, Money, owner_at, refused, view
from tests.judge.small import MANAGER, Small, ids
from tests.judge.world import START, Row

HIDDEN_IN_MASKED = {
    "Contact": ("address", "email", "notes", "phone", "timeline", "updatedAt", "version"),
    "Conversation": ("lastMessageAt", "messages", "subject", "timeline", "updatedAt", "version"),
    "Deal": ("amount", "payments", "timeline", "updatedAt", "version"),
}


def _shared(mode: str) -> tuple[Small, Row, dict[str, Row]]:
    """A rep's colleague's records, one of each type, in the rep's team, with all that hangs on them."""
    small = Small(isolation_mode=mode)
    me, colleague = small.agent(teams=[small.north]), small.agent(teams=[small.north])
    placed = {"owner_id": colleague["id"], "team_id": small.north["id"]}
    contact = small.contact(**placed)
    talk = small.conversation(contact, inbox_id=small.sales["id"], **placed)
    deal = small.deal(contact_id=contact["id"], conversation_id=talk["id"], **placed)
    small.add(
        "message",
        conversation_id=talk["id"],
        number=1,
        direction="INBOUND",
        author_id=None,
        body="Hi",
        sent_at=START,
    )
    small.add("payment", deal_id=deal["id"], kind="PAYMENT", amount=1, currency="USD", paid_at=START)
    small.add(
        "ownership",
        record_type="DEAL",
        record_id=deal["id"],
        owner_id=colleague["id"],
        team_id=None,
        started_at=START,
        ended_at=None,
        cause="ASSIGNED",
    )
    small.add(
        "timeline_entry",
        record_type="DEAL",
        record_id=deal["id"],
        number=1,
        kind="UPDATED",
        at=START,
        author_id=None,
        changes={"title": ["a", "b"]},
    )
    return small, me, {"Contact": contact, "Conversation": talk, "Deal": deal}


@pytest.mark.parametrize("type_name", RECORD_FIELDS)
@pytest.mark.parametrize("mode", ["STRICT", "MASKED", "OPEN"])
def test_a_colleagues_record(type_name: str, mode: str) -> None:
    small, me, records = _shared(mode)
    seen = view(small.look(me))[type_name].get(records[type_name]["id"])
    if mode == "STRICT":
        assert seen is None
        return
    assert seen is not None
    hidden = HIDDEN_IN_MASKED[type_name] if mode == "MASKED" else ()
    assert seen["maskedFields"] == hidden
    assert all(seen[name] is None for name in hidden)


def test_what_hangs_on_a_masked_record() -> None:
    small, me, records = _shared("MASKED")
    seen = view(small.look(me))
    counts = {name: len(seen[name]) for name in ("Message", "Payment", "TimelineEntry", "Ownership")}
    assert counts == {"Message": 0, "Payment": 0, "TimelineEntry": 0, "Ownership": 1}
    assert seen["Deal"][records["Deal"]["id"]]["owner"] == records["Deal"]["owner_id"]
    assert owner_at(small.look(me), "deal", records["Deal"], START) == records["Deal"]["owner_id"]


def test_what_hangs_on_an_open_record() -> None:
    small, me, records = _shared("OPEN")
    seen = view(small.look(me))
    assert all(len(seen[name]) == 1 for name in ("Message", "Payment", "TimelineEntry", "Ownership"))
    assert seen["Deal"][records["Deal"]["id"]]["amount"] == Money(10_000, "USD")


def test_a_reference_out_of_sight_is_null_and_not_listed() -> None:
    small = Small()
    me = small.agent(teams=[small.north])
    deal = small.deal(owner_id=me["id"], contact_id=small.contact(owner_id=small.agent()["id"])["id"])
    seen = view(small.look(me))["Deal"][deal["id"]]
    assert (seen["contact"], seen["maskedFields"]) == (None, ())


def test_a_partner_user_reads_of_their_companys_deals_what_the_table_says() -> None:
    small = Small(isolation_mode="OPEN")
    partner, one, two = small.partner()
    owner = small.agent(teams=[small.north])
    contact = small.contact(owner_id=owner["id"])
    deal = small.deal(
        owner_id=owner["id"], contact_id=contact["id"], partner_id=partner["id"], assigned_user_id=two["id"]
    )
    small.deal(owner_id=small.agent()["id"])
    seen = view(small.look_from_outside(one))
    assert set(seen["Deal"]) == ids(deal)
    assert set(seen["Agent"]) == ids(owner)
    assert not seen["Contact"]
    assert not seen["Team"]
    row = seen["Deal"][deal["id"]]
    assert set(row["maskedFields"]) == {
        *("contact", "conversation", "team", "inbox", "version", "updatedAt", "payments", "timeline"),
        *("ownerships", "ownerAt"),
    }
    assert (row["owner"], row["amount"], row["title"]) == (owner["id"], Money(10_000, "USD"), "Bikes")
    assert not any(row["viewerCan"].values())
    agent = seen["Agent"][owner["id"]]
    assert agent["name"] == "Ana"
    assert all(agent[name] is None for name in ("email", "status", "role", "teams", "portfolio"))


def test_a_partner_user_knows_the_others_by_name() -> None:
    small = Small()
    _, one, two = small.partner()
    small.partner()
    users = view(small.look_from_outside(one))["PartnerUser"]
    assert set(users) == ids(one, two)
    assert (users[two["id"]]["name"], users[two["id"]]["email"]) == ("Two", None)
    assert users[one["id"]]["email"] == "k@kin.example"


def test_an_agents_email_is_for_themselves_and_their_managers() -> None:
    small = Small()
    rep = small.agent(teams=[small.north], inboxes=[small.web])
    colleague = small.agent(teams=[small.north])
    manager = small.agent(small.role(**MANAGER), [small.north])
    stranger = small.agent(small.role(**MANAGER), [small.south])
    for looking, reads in [(rep, True), (manager, True), (colleague, False), (stranger, False)]:
        seen = view(small.look(looking))["Agent"][rep["id"]]
        assert (seen["email"] is not None) is reads
        assert (seen["inboxes"] is not None) is reads
        assert (seen["name"], seen["teams"]) == ("Ana", (small.north["id"],))


def _place_agents(small: Small, scope: str, permissions: list[str]) -> dict[UUID, bool]:
    me = small.agent(small.role(scope, "SCOPE", permissions), [small.north], [small.sales])
    seen = view(small.look(me))
    places = (small.north, small.south, small.sales, small.web)
    found = {**seen["Team"], **seen["Inbox"]}
    return {place["id"]: found[place["id"]]["agents"] is not None for place in places}


@pytest.mark.parametrize(
    ("scope", "permissions", "expected"),
    [
        ("ACCOUNT", ["people.manage"], [True, True, True, True]),
        ("TEAM", ["people.manage"], [True, False, False, False]),
        ("INBOX", ["people.manage"], [False, False, True, False]),
        ("ACCOUNT", [], [False, False, False, False]),
    ],
)
def test_who_is_in_a_team_or_inbox(scope: str, permissions: list[str], expected: list[bool]) -> None:
    assert list(_place_agents(Small(), scope, permissions).values()) == expected


@pytest.mark.parametrize(
    ("scope", "permissions", "own", "other"),
    [
        ("ACCOUNT", ["roles.manage"], True, True),
        ("TEAM", ["roles.manage"], True, False),
        ("ACCOUNT", [], False, False),
    ],
)
def test_what_a_role_allows(scope: str, permissions: list[str], own: bool, other: bool) -> None:
    small = Small()
    mine, another = small.role(scope, "SCOPE", permissions), small.role("TEAM", "OWN")
    viewer = small.look(small.agent(mine))
    roles = view(viewer)["Role"]
    assert [roles[one["id"]]["scope"] is not None for one in (mine, another)] == [own, other]
    assert (("Role", "scope") in refused(viewer)) is not own


@pytest.mark.parametrize(("scope", "reads"), [("ACCOUNT", True), ("TEAM", False)])
def test_a_partners_users_are_for_people_manage_with_account_scope(scope: str, reads: bool) -> None:
    small = Small()
    partner, one, _ = small.partner()
    viewer = small.look(small.agent(small.role(scope, "SCOPE", ["people.manage"]), [small.north]))
    assert (view(viewer)["Partner"][partner["id"]]["users"] is not None) is reads
    assert (view(viewer)["PartnerUser"][one["id"]]["email"] is not None) is reads
    assert view(viewer)["PartnerUser"][one["id"]]["name"] == "One"


def _entry(small: Small, table: str | None, row: Row | None, **changes: list[object]) -> UUID:
    found: UUID = small.add(
        "audit_entry",
        at=START,
        actor_id=None,
        actor_partner_user_id=None,
        request_id=None,
        action="act",
        outcome="DONE",
        subject_type=table,
        subject_id=row and row["id"],
        changes=changes,
    )["id"]
    return found


def test_the_audit_shows_what_is_in_scope() -> None:
    small = Small()
    role = small.role("TEAM", "SCOPE", ["audit.read"])
    me, colleague = small.agent(role, [small.north]), small.agent(teams=[small.north])
    stranger = small.agent(teams=[small.south])
    seen = {
        _entry(small, "deal", small.deal(team_id=small.north["id"])),
        _entry(small, "agent", colleague),
        _entry(small, "team", small.north),
    }
    unseen = {
        _entry(small, "deal", small.deal(team_id=small.south["id"])),
        _entry(small, "deal", small.deal(owner_id=me["id"], team_id=small.south["id"])),
        _entry(small, "agent", stranger),
        _entry(small, "team", small.south),
        _entry(small, "inbox", small.sales),
        _entry(small, "role", role),
        _entry(small, None, None),
    }
    assert set(view(small.look(me))["AuditEntry"]) == seen
    everywhere = small.agent(small.role("ACCOUNT", "SCOPE", ["audit.read"]))
    assert set(view(small.look(everywhere))["AuditEntry"]) == seen | unseen
    assert not view(small.look(colleague))["AuditEntry"]


def test_old_and_new_values_go_by_the_fields_own_rule() -> None:
    small = Small(isolation_mode="MASKED")
    me = small.agent(small.role("ACCOUNT", "OWN", ["audit.read"]))
    contact = small.contact(owner_id=small.agent()["id"])
    deal = small.deal(owner_id=small.agent()["id"])
    entry = _entry(
        small,
        "deal",
        deal,
        title=["a", "b"],
        amount=[1, 2],
        currency=["USD", "EUR"],
        contact_id=[None, str(contact["id"])],
        password_hash=["x", "y"],
    )
    seen = view(small.look(me))["AuditEntry"][entry]
    assert seen["changes"] == (
        ("amount", None, None),
        ("contact_id", None, contact["id"]),
        ("currency", None, None),
        ("password_hash", None, None),
        ("title", "a", "b"),
    )
    assert seen["subject"] == ("Deal", deal["id"])


def test_a_timeline_tells_no_id_out_of_sight() -> None:
    small = Small()
    me = small.agent(teams=[small.north])
    hidden = small.contact(owner_id=small.agent()["id"])
    deal = small.deal(owner_id=me["id"])
    small.add(
        "timeline_entry",
        record_type="DEAL",
        record_id=deal["id"],
        number=1,
        kind="UPDATED",
        at=START,
        author_id=None,
        changes={"contact_id": [str(hidden["id"]), None], "owner_id": [None, str(me["id"])]},
    )
    entries = view(small.look(me))["TimelineEntry"].values()
    assert [one["changes"] for one in entries] == [
        (("owner_id", None, me["id"]),),
    ]
