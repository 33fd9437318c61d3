"""Transfers, their rules and distribution: who sees them, and what of them."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

import pytest

from tests.judge.oracle import FIELDS, MOVING_FIELDS, TYPES, disabled, refused, sight, view
from tests.judge.small import ADMINISTRATOR, MANAGER, Small, ids
from tests.judge.twin import twin
from tests.judge.viewers import KINDS, Judged
from tests.judge.world import START, Row, generate

MAY = ["portfolio.transfer", "sales.manage", "audit.read"]
MOVING = tuple(TYPES[name] for name in MOVING_FIELDS)


class _Scene:
    """A manager of the team North, with Ana and Ben in it, and Zoe in South."""

    def __init__(self, permissions: Iterable[str] = MAY, **settings: Any) -> None:
        self.small = small = Small(**settings)
        self.manager = small.agent(small.role(**MANAGER, permissions=permissions), [small.north])
        self.ana, self.ben = (small.agent(teams=[small.north], name=name) for name in ("Ana", "Ben"))
        self.zoe = small.agent(teams=[small.south], name="Zoe")

    @property
    def viewer(self) -> Judged:
        return self.small.look(self.manager)

    def seen(self, type_name: str) -> dict[UUID, Row]:
        return view(self.viewer)[type_name]

    def transfer(self, giver: Row, *getting: Row, **columns: Any) -> Row:
        small = self.small
        values: Row = {
            "made_by_id": None,
            "reverted_by_id": None,
            "rule_id": None,
            "state": "APPLIED",
            "reason": "Ana leaves",
            "created_at": START,
            "finished_at": START,
            "reverted_at": None,
            "version": 2,
        }
        row = small.add("transfer", from_agent_id=giver["id"], **{**values, **columns})
        for agent in getting:
            small.add("transfer_share", transfer_id=row["id"], agent_id=agent["id"], weight=1)
        return row

    def item(self, transfer: Row, table: str, record: Row, to: Row, number: int = 1) -> Row:
        return self.small.add(
            "transfer_item",
            transfer_id=transfer["id"],
            record_type=table.upper(),
            record_id=record["id"],
            number=number,
            to_agent_id=to["id"],
            state="MOVED",
        )

    def rule(self, *getting: Row, **columns: Any) -> Row:
        values: Row = {
            "name": "Leavers",
            "trigger": "IDLE",
            "idle_days": 7,
            "team_id": None,
            "record_types": ["CONTACT", "DEAL"],
            "enabled": True,
            "saved_by_id": self.manager["id"],
            "created_at": START,
            "version": 1,
        }
        row = self.small.add("transfer_rule", **{**values, **columns})
        for agent in getting:
            self.small.add("transfer_rule_share", rule_id=row["id"], agent_id=agent["id"], weight=2)
        return row

    def policy(self, *pool: Row, **columns: Any) -> Row:
        values: Row = {
            "team_id": None,
            "inbox_id": None,
            "method": "ROUND_ROBIN",
            "enabled": True,
            "capacity": 20,
            "working_hours": [],
            "saved_by_id": self.manager["id"],
            "created_at": START,
            "version": 1,
        }
        row = self.small.add("distribution_policy", **{**values, **columns})
        for number, agent in enumerate(pool, 1):
            self.small.add(
                "distribution_member",
                policy_id=row["id"],
                agent_id=agent["id"],
                number=number,
                weight=1,
                capacity=None,
            )
        return row

    def decision(self, policy: Row, contact: Row, chosen: Row | None, *candidates: Row) -> Row:
        row = self.small.add(
            "distribution_decision",
            policy_id=policy["id"],
            contact_id=contact["id"],
            agent_id=chosen and chosen["id"],
            made_by_id=None,
            method="ROUND_ROBIN",
            at=START,
        )
        for number, agent in enumerate(candidates, 1):
            self.small.add(
                "distribution_candidate",
                decision_id=row["id"],
                agent_id=agent["id"],
                number=number,
                load=4,
                passed_over=None if agent is chosen else "AWAY",
            )
        return row


def test_a_transfer_is_for_those_in_whose_scope_all_named_in_it_lie() -> None:
    scene = _Scene()
    within = scene.transfer(scene.ana, scene.ben, made_by_id=scene.zoe["id"])
    scene.transfer(scene.ana, scene.zoe)
    scene.transfer(scene.zoe, scene.ben)
    scene.transfer(scene.ana, scene.ben, scene.zoe)
    assert set(scene.seen("Transfer")) == ids(within)
    assert scene.seen("Transfer")[within["id"]]["madeBy"] == scene.zoe["id"]


def test_a_transfers_shares_are_of_those_who_get() -> None:
    scene = _Scene()
    transfer = scene.transfer(scene.ana, scene.ben, scene.manager)
    shares = scene.seen("TransferShare")
    listed = scene.seen("Transfer")[transfer["id"]]["shares"]
    assert {shares[one]["agent"] for one in listed} == ids(scene.ben, scene.manager)


def test_an_item_is_seen_with_its_record_and_its_transfer() -> None:
    scene = _Scene()
    small = scene.small
    transfer = scene.transfer(scene.ana, scene.ben)
    elsewhere = scene.transfer(scene.zoe, scene.ben)
    deal = small.deal(owner_id=scene.ben["id"], team_id=small.north["id"])
    other = small.deal(owner_id=scene.ben["id"], team_id=small.north["id"])
    left = small.contact(owner_id=scene.zoe["id"], team_id=small.south["id"])
    seen = scene.item(transfer, "deal", deal, scene.ben)
    scene.item(transfer, "contact", left, scene.ben, 2)
    scene.item(elsewhere, "deal", other, scene.ben)
    items = scene.seen("TransferItem")
    assert set(items) == ids(seen)
    assert scene.seen("Transfer")[transfer["id"]]["items"] == (seen["id"],)
    assert (items[seen["id"]]["record"], items[seen["id"]]["to"]) == (("Deal", deal["id"]), scene.ben["id"])


def test_a_rule_a_policy_and_a_decision_are_for_those_in_whose_scope_all_named_lie() -> None:
    scene = _Scene()
    contact = scene.small.contact(owner_id=scene.ben["id"], team_id=scene.small.north["id"])
    rule, policy = scene.rule(scene.ana, saved_by_id=scene.zoe["id"]), scene.policy(scene.ana, scene.ben)
    scene.rule(scene.ana, scene.zoe)
    beyond = scene.policy(scene.ben, scene.zoe)
    decision = scene.decision(policy, contact, scene.ben, scene.ana, scene.ben)
    scene.decision(policy, scene.small.contact(owner_id=scene.zoe["id"]), scene.ben, scene.ben)
    scene.decision(policy, contact, scene.ben, scene.zoe, scene.ben)
    scene.decision(beyond, contact, scene.ben, scene.ben)
    assert set(scene.seen("TransferRule")) == ids(rule)
    assert set(scene.seen("DistributionPolicy")) == ids(policy)
    assert set(scene.seen("DistributionDecision")) == ids(decision)
    assert scene.seen("TransferRule")[rule["id"]]["recordTypes"] == ("CONTACT", "DEAL")
    assert len(scene.seen("DistributionPolicy")[policy["id"]]["members"]) == 2
    assert len(scene.seen("DistributionDecision")[decision["id"]]["candidates"]) == 2


def test_a_candidates_load_and_why_they_were_passed_over_are_for_them_and_their_managers() -> None:
    for reach, expected in (("SCOPE", {4}), ("OWN", {4, None})):
        scene = _Scene()
        small = scene.small
        scene.manager = small.agent(small.role("TEAM", reach, MAY), [small.north])
        contact = small.contact(owner_id=scene.manager["id"])
        policy = scene.policy(scene.ana, scene.manager)
        scene.decision(policy, contact, None, scene.ana, scene.manager)
        candidates = scene.seen("DistributionCandidate").values()
        assert {one["load"] for one in candidates} == expected
        hidden = [one for one in candidates if one["load"] is None]
        assert all(one["passedOver"] is None and one["agent"] == scene.ana["id"] for one in hidden)


def test_an_agents_load_counts_their_contacts_in_whoevers_sight() -> None:
    scene = _Scene()
    small = scene.small
    south = {"owner_id": scene.ana["id"], "team_id": small.south["id"]}
    small.contact(**south)
    small.contact(**south, archived_at=START)
    small.deal(**south)
    assert not scene.seen("Contact")
    assert [scene.seen("Agent")[one["id"]]["load"] for one in (scene.ana, scene.ben)] == [1, 0]
    assert scene.seen("Agent")[scene.zoe["id"]]["load"] is None


def _filled(scene: _Scene) -> None:
    """One row of each kind that the manager may see."""
    contact = scene.small.contact(owner_id=scene.ben["id"], team_id=scene.small.north["id"])
    scene.rule(scene.ana)
    scene.item(scene.transfer(scene.ana, scene.ben), "contact", contact, scene.ben)
    scene.decision(scene.policy(scene.ana), contact, scene.ana, scene.ana)


TRANSFERS = {"Transfer", "TransferShare", "TransferItem"}
RULES = set(MOVING_FIELDS) - TRANSFERS


@pytest.mark.parametrize(
    ("permissions", "seen"),
    [(MAY, TRANSFERS | RULES), (MAY[:1], TRANSFERS), (MAY[1:], RULES), ((), set())],
)
def test_each_by_its_permission(permissions: list[str], seen: set[str]) -> None:
    scene = _Scene(permissions)
    _filled(scene)
    assert {name for name in MOVING_FIELDS if scene.seen(name)} == seen
    refused_types = {of for of, _ in refused(scene.viewer) if of in MOVING_FIELDS}
    assert refused_types == set(MOVING_FIELDS) - seen
    assert (("Query", "transfers") in refused(scene.viewer)) is ("Transfer" not in seen)


def test_with_the_module_off_none_of_it() -> None:
    scene = _Scene()
    _filled(scene)
    assert not disabled(scene.viewer)
    scene.small.set(sales_module=False)
    assert not any(scene.seen(name) for name in MOVING_FIELDS)
    assert {of for of, _ in disabled(scene.viewer)} == {"Query", *MOVING_FIELDS}
    assert scene.seen("Contact")


def test_a_partner_user_sees_none_of_it() -> None:
    scene = _Scene()
    _filled(scene)
    _, user, _ = scene.small.partner()
    viewer = scene.small.look_from_outside(user)
    assert not any(sight(viewer, table) for table in MOVING)
    assert {(name, field) for name in MOVING_FIELDS for field in FIELDS[name]} <= refused(viewer)


def test_a_timeline_names_the_transfer_where_that_is_in_sight() -> None:
    scene = _Scene()
    deal = scene.small.deal(owner_id=scene.ben["id"], team_id=scene.small.north["id"])
    transfers = [scene.transfer(scene.ana, scene.ben), scene.transfer(scene.zoe, scene.ben)]
    for number, transfer in enumerate(transfers, 1):
        scene.small.add(
            "timeline_entry",
            record_type="DEAL",
            record_id=deal["id"],
            number=number,
            kind="TRANSFERRED",
            at=START,
            author_id=None,
            changes={},
            reason="Ana leaves",
            transfer_id=transfer["id"],
        )
    told = sorted(scene.seen("TimelineEntry").values(), key=lambda one: int(one["number"]))
    assert [(one["transfer"], one["reason"]) for one in told] == [
        (transfers[0]["id"], "Ana leaves"),
        (None, "Ana leaves"),
    ]


def test_the_audit_of_a_transfer_is_for_those_in_whose_scope_all_named_lie() -> None:
    scene = _Scene(["audit.read"])
    within = {
        "transfer": scene.transfer(scene.ana, scene.ben),
        "transfer_rule": scene.rule(scene.ana),
        "distribution_policy": scene.policy(scene.ben),
    }
    beyond = {
        "transfer": scene.transfer(scene.ana, scene.zoe),
        "transfer_rule": scene.rule(scene.zoe),
        "distribution_policy": scene.policy(scene.ben, scene.zoe),
    }
    entries = [
        [_entry(scene.small, table, row) for table, row in subjects.items()] for subjects in (within, beyond)
    ]
    assert set(scene.seen("AuditEntry")) == ids(*entries[0])
    assert [one["subject"] for one in scene.seen("AuditEntry").values()] == [None] * 3
    everywhere = scene.small.role(**ADMINISTRATOR, permissions=MAY)
    seen = view(scene.small.look(scene.small.agent(everywhere)))["AuditEntry"]
    assert set(seen) == ids(*entries[0], *entries[1])
    assert seen[entries[1][0]["id"]]["subject"] == ("Transfer", beyond["transfer"]["id"])


def _entry(small: Small, table: str, row: Row) -> Row:
    return small.add(
        "audit_entry",
        at=START,
        actor_id=None,
        actor_partner_user_id=None,
        request_id=None,
        action="act",
        outcome="DONE",
        subject_type=table,
        subject_id=row["id"],
        changes={},
    )


def test_generated_worlds_have_some_of_each_in_sight_and_some_out_of_it() -> None:
    world = generate(1)
    viewers = [kind.look(world) for kind in KINDS]
    for name in MOVING_FIELDS:
        partly = [
            viewer
            for viewer in viewers
            if 0 < len(view(viewer)[name]) < len(viewer.world[TYPES[name]])
            and viewer.facts.scope != "ACCOUNT"
        ]
        assert partly, name
    # Two in sight for the reach of one's own, so that a candidate's load is hidden now and then.
    candidates = [one for viewer in viewers for one in view(viewer)["DistributionCandidate"].values()]
    assert {one["load"] is None for one in candidates} == {True, False}


def test_twins_differ_in_these_too() -> None:
    world = generate(2)
    kept: dict[str, int] = {}
    for kind in KINDS[::4]:
        settled = kind.settle(world)
        for change, count in twin(settled, kind.viewer(settled), 3).kept.items():
            kept[change] = kept.get(change, 0) + count
    kinds = ("changed moving", "added moving", "removed moving", "hidden transfer in history")
    assert all(kept.get(one, 0) > 5 for one in kinds), kept
