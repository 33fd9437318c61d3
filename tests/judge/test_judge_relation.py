"""What the viewer is to a record: each sentence of the design as an example."""

import pytest

from tests.judge.oracle import Relation, Standing, relation, sight, standing, viewer_can
from tests.judge.small import ADMINISTRATOR, EVERYTHING, MANAGER, REP, Small, ids

ALL = {"update": True, "assign": True, "transfer": True, "archive": True}
NOTHING = dict.fromkeys(ALL, False)


def test_own_is_the_current_owners_wherever_the_record_lies() -> None:
    small = Small()
    me = small.agent(teams=[small.north])
    deal = small.deal(owner_id=me["id"], team_id=small.south["id"])
    assert relation(small.look(me), "deal", deal) is Relation.OWN


@pytest.mark.parametrize(("reach", "expected"), [("SCOPE", Relation.MANAGED), ("OWN", Relation.SHARED)])
def test_somebody_elses_record_in_the_scope(reach: str, expected: Relation) -> None:
    small = Small()
    me = small.agent(small.role("TEAM", reach), [small.north])
    deal = small.deal(owner_id=small.agent()["id"], team_id=small.north["id"])
    assert relation(small.look(me), "deal", deal) is expected


def test_team_scope_goes_by_the_team_and_without_one_by_the_owners_teams() -> None:
    small = Small()
    viewer = small.look(small.agent(small.role(**MANAGER), [small.north]))
    colleague = small.agent(teams=[small.north, small.south])
    theirs = {"owner_id": colleague["id"]}
    assert relation(viewer, "deal", small.deal(**theirs)) is Relation.MANAGED
    assert relation(viewer, "deal", small.deal(**theirs, team_id=small.south["id"])) is Relation.NONE
    assert relation(viewer, "deal", small.deal(owner_id=small.agent()["id"])) is Relation.NONE
    assert relation(viewer, "deal", small.deal(team_id=small.north["id"])) is Relation.UNOWNED


def test_inbox_scope_goes_by_the_inbox_and_by_that_of_the_conversations() -> None:
    small = Small()
    viewer = small.look(small.agent(small.role("INBOX", "SCOPE"), inboxes=[small.sales]))
    contact = small.contact(owner_id=small.agent()["id"], inbox_id=small.web["id"])
    assert relation(viewer, "contact", contact) is Relation.NONE
    viewer.memo.clear()
    talk = small.conversation(contact, inbox_id=small.sales["id"])
    assert relation(viewer, "contact", contact) is Relation.MANAGED
    assert relation(viewer, "deal", small.deal(conversation_id=talk["id"])) is Relation.UNOWNED
    elsewhere = small.deal(conversation_id=talk["id"], inbox_id=small.web["id"])
    assert relation(viewer, "deal", elsewhere) is Relation.NONE


@pytest.mark.parametrize(("scope", "seen"), [("ACCOUNT", True), ("TEAM", False), ("INBOX", False)])
def test_no_owner_team_or_inbox_is_for_account_scope_alone(scope: str, seen: bool) -> None:
    small = Small()
    me = small.agent(small.role(scope, "SCOPE"), [small.north], [small.sales])
    assert (relation(small.look(me), "deal", small.deal()) is Relation.UNOWNED) is seen


def test_team_scope_without_a_team_holds_nothing_but_ones_own() -> None:
    small = Small(isolation_mode="OPEN", unowned_visibility="SCOPE")
    me = small.agent(small.role(**MANAGER))
    small.deal(owner_id=small.agent()["id"])
    small.deal(team_id=small.north["id"])
    mine = small.deal(owner_id=me["id"])
    assert sight(small.look(me), "deal") == ids(mine)


@pytest.mark.parametrize(
    ("reach", "mode", "visibility", "expected"),
    [
        ("SCOPE", "STRICT", "MANAGERS", Standing.FULL),
        ("OWN", "OPEN", "MANAGERS", Standing.NONE),
        ("OWN", "STRICT", "SCOPE", Standing.MASKED),
        ("OWN", "MASKED", "SCOPE", Standing.MASKED),
        ("OWN", "OPEN", "SCOPE", Standing.OPEN),
    ],
)
def test_unowned(reach: str, mode: str, visibility: str, expected: Standing) -> None:
    small = Small(isolation_mode=mode, unowned_visibility=visibility)
    me = small.agent(small.role("TEAM", reach), [small.north])
    deal = small.deal(team_id=small.north["id"])
    assert standing(small.look(me), "deal", deal) is expected


@pytest.mark.parametrize(
    ("mode", "expected"),
    [("STRICT", Standing.NONE), ("MASKED", Standing.MASKED), ("OPEN", Standing.OPEN)],
)
def test_shared(mode: str, expected: Standing) -> None:
    small = Small(isolation_mode=mode)
    me = small.agent(small.role("ACCOUNT", "OWN", EVERYTHING))
    deal = small.deal(owner_id=small.agent()["id"])
    assert standing(small.look(me), "deal", deal) is expected
    assert viewer_can(small.look(me), "deal", deal) == NOTHING


def test_own_and_managed_are_changed_and_assigned_and_transferred_by_permission() -> None:
    small = Small()
    rep, boss = small.agent(teams=[small.north]), small.agent(small.role("ACCOUNT", "SCOPE", EVERYTHING))
    deal = small.deal(owner_id=rep["id"])
    assert viewer_can(small.look(rep), "deal", deal) == ALL | {"assign": False, "transfer": False}
    assert viewer_can(small.look(boss), "deal", deal) == ALL


def test_a_token_acts_within_its_makers_permissions_and_its_own_list() -> None:
    small = Small()
    me = small.agent(small.role("ACCOUNT", "SCOPE", ["portfolio.assign"]))
    listed = ["portfolio.assign", "portfolio.transfer"]
    token = small.add("token", agent_id=me["id"], permissions=listed, revoked_at=None)
    assert small.look(me, token).facts.permissions == {"portfolio.assign"}
    token["permissions"] = []
    assert viewer_can(small.look(me, token), "deal", small.deal())["assign"] is False


def test_granular_off_an_agent_sees_and_changes_by_own_team_own_inbox_or_owner() -> None:
    small = Small(granular_permissions=False, isolation_mode="MASKED")
    me = small.agent(small.role(**REP), [small.north], [small.sales])
    colleague = small.agent(teams=[small.north])
    talk = small.conversation(inbox_id=small.sales["id"])
    seen = [
        small.deal(owner_id=me["id"], team_id=small.south["id"]),
        small.deal(owner_id=colleague["id"], team_id=small.north["id"]),
        small.deal(team_id=small.north["id"]),
        small.deal(team_id=small.south["id"], inbox_id=small.sales["id"]),
    ]
    unseen = [
        small.deal(owner_id=colleague["id"]),
        small.deal(conversation_id=talk["id"]),
        small.deal(team_id=small.south["id"], inbox_id=small.web["id"]),
        small.deal(),
    ]
    viewer = small.look(me)
    assert sight(viewer, "deal") == ids(*seen)
    assert all(viewer_can(viewer, "deal", deal)["update"] for deal in seen)
    assert all(viewer_can(viewer, "deal", deal) == NOTHING for deal in unseen)


def test_granular_off_account_manage_with_account_scope_sees_all_but_not_by_a_role_of_own_making() -> None:
    small = Small(granular_permissions=False)
    deal = small.deal()
    administrator = small.agent(small.role(permissions=EVERYTHING, **ADMINISTRATOR))
    homemade = small.agent(small.role("ACCOUNT", "SCOPE", EVERYTHING))
    assert sight(small.look(administrator), "deal") == ids(deal)
    assert sight(small.look(homemade), "deal") == set()
    assert small.look(homemade).facts.scope == "TEAM"
    assert not small.look(homemade).facts.permissions


def test_another_account_is_absent_even_for_an_administrator() -> None:
    small, other = Small(), Small()
    small.world.tables["deal"] |= {row["id"]: row for row in [other.deal()]}
    administrator = small.agent(small.role(permissions=EVERYTHING, **ADMINISTRATOR))
    assert sight(small.look(administrator), "deal") == set()


def test_who_is_no_longer_active_is_no_viewer() -> None:
    small = Small()
    with pytest.raises(ValueError, match="SUSPENDED"):
        small.look(small.agent(status="SUSPENDED"))
