"""A twin of a world: it differs in what a viewer can't see, and in nothing else.

Changes are drawn by chance from what seems hidden, and kept only where `answers.whole` stays equal:
so the oracle alone says what is hidden, and an idea here that is wrong costs a change, no more.
"""

import random
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any
from uuid import UUID

from tests.judge.answers import whole
from tests.judge.oracle import (
    FIELDS,
    TYPE_OF,
    Standing,
    readable,
    reads,
    relation,
    sight,
    standing,
)
from tests.judge.viewers import Judged
from tests.judge.world import RECORDS, REFERENCES, Row, World

# (table, id, the row as it shall be; None takes it away)
Change = tuple[str, UUID, Row | None]
Changes = list[Change]

ENUMS = ("state", "method", "passed_over")

BATCH = 6
PER_KIND = 12

_DEPENDENTS = {
    "contact": (),
    "conversation": (("message", "conversation_id"),),
    "deal": (("payment", "deal_id"),),
}


def twin(world: World, viewer: Judged, seed: int, without: Iterable[str] = ()) -> World:
    """A world that is the same to `viewer` (who looks at `world`), and differs elsewhere.

    `kept` of the twin counts the changes by kind; the kinds in `without` are not tried.
    """
    # Not the numbers that the world was made of: ids are drawn from them too.
    work = _Work(world.copy(), viewer, random.Random(f"twin {seed}"))
    for kind, propose in KINDS_OF_CHANGE.items():
        if kind not in without:
            work.try_out(kind, propose)
    work.world.kept = dict(work.kept)
    return work.world


def difference(one: World, other: World) -> int:
    """How many rows differ between two worlds."""
    return sum(
        one[table].get(row_id) != other[table].get(row_id)
        for table in one.tables
        for row_id in one[table].keys() | other[table].keys()
    )


class _Work:
    """A twin in the making."""

    def __init__(self, world: World, viewer: Judged, chance: random.Random) -> None:
        self.world = world
        self.viewer = viewer.again(world)
        self.chance = chance
        self.kept: Counter[str] = Counter()
        self.seen = seen(self.viewer)

    def new_id(self) -> UUID:
        return UUID(int=self.chance.getrandbits(128), version=4)

    def try_out(self, kind: str, propose: "Propose") -> None:
        """Propose changes, a batch at a time; where a batch shows, one at a time."""
        for _ in range(PER_KIND // BATCH):
            undo, count = self.apply(propose, BATCH)
            if self.same():
                self.kept[kind] += count
                continue
            self.put(undo)
            for _ in range(BATCH):
                undo, count = self.apply(propose, 1)
                if count and self.same():
                    self.kept[kind] += 1
                else:
                    self.put(undo)

    def apply(self, propose: "Propose", times: int) -> tuple[Changes, int]:
        """Make proposed changes; return how to undo them, and how many they are."""
        undo: Changes = []
        count = 0
        for _ in range(times):
            changes = [one for one in propose(self) or [] if self.world[one[0]].get(one[1]) != one[2]]
            count += bool(changes)
            undo = self.put(changes) + undo
        return undo, count

    def put(self, changes: Changes) -> Changes:
        """Make these changes; return those that undo them."""
        undo: Changes = []
        for table, row_id, row in changes:
            undo.insert(0, (table, row_id, self.world[table].get(row_id)))
            if row is None:
                self.world[table].pop(row_id, None)
            else:
                self.world[table][row_id] = row
        self.viewer.memo.clear()
        return undo

    def same(self) -> bool:
        """Whether the viewer sees what they saw."""
        try:
            return bool(seen(self.viewer.again(self.world)) == self.seen)
        except (KeyError, ValueError):
            return False

    # Drawing

    def pick(self, rows: Iterable[Row]) -> Row | None:
        listed = list(rows)
        return self.chance.choice(listed) if listed else None

    def rows(self, table: str, *, ours: bool = True) -> list[Row]:
        """Rows of the viewer's account, or of the others."""
        account = self.viewer.facts.account_id
        return [row for row in self.world[table].values() if (row["account_id"] == account) == ours]

    def unseen(self, table: str) -> list[Row]:
        return [row for row in self.rows(table) if row["id"] not in sight(self.viewer, table)]

    def unreadable(self, table: str, field: str) -> Row | None:
        """A row of ours on which the viewer may not read `field`."""
        return self.pick(
            row for row in self.rows(table) if not readable(self.viewer, TYPE_OF[table], row, field)
        )

    def any_id(self, table: str, account_id: UUID) -> Any:
        row = self.pick(self.world.rows(table, account_id=account_id))
        return None if row is None else row["id"]

    def value(self, table: str, row: Row, column: str) -> Any:
        """Another value for a column, drawn from what the table holds, so that filters may hit it."""
        if column in ("version", "number", "weight", "load"):
            return row[column] + self.chance.randint(1, 3)
        if column in REFERENCES:
            return self.any_id(REFERENCES[column], row["account_id"])
        if column in ("updated_at", "last_message_at", "sent_at", "paid_at", "at", "created_at"):
            base = row[column] or row["created_at"]
            return base + timedelta(hours=self.chance.randint(-9, 90))
        if column in ("available", "portal_access", "enabled"):
            return not row[column]
        others = [one[column] for one in self.world[table].values() if one[column] is not None]
        drawn = self.chance.choice(others) if others else "drawn"
        if column not in ENUMS and isinstance(drawn, str) and self.chance.random() < 0.3:
            return f"{drawn} Ω{self.chance.randint(1, 9)}"
        return drawn


Propose = Callable[[_Work], Changes | None]


def seen(viewer: Judged) -> Any:
    """All that the viewer sees, and what they are to each record in sight."""
    relations = {
        one: relation(viewer, table, viewer.world[table][one])
        for table in RECORDS
        for one in sight(viewer, table)
    }
    return whole(viewer), relations


def _changed(table: str, row: Row, **columns: Any) -> Change:
    return table, row["id"], {**row, **columns}


# What is hidden in rows in sight


def hidden_value(work: _Work) -> Changes | None:
    """A masked column of a record in sight."""
    table = work.chance.choice(RECORDS)
    row = work.pick(
        row
        for row in work.rows(table)
        if standing(work.viewer, table, row) in (Standing.MASKED, Standing.COMPANY)
    )
    if row is None:
        return None
    fields = FIELDS[TYPE_OF[table]].items()
    hidden = [
        field.column for name, field in fields if field.column and not reads(work.viewer, table, row, name)
    ]
    column = work.chance.choice(hidden)
    if column == "amount":
        return [_changed(table, row, **_amount(work))]
    if column not in ("version", "updated_at") and work.chance.random() < 0.25:
        return [_changed(table, row, **{column: None})]
    return [_changed(table, row, **{column: work.value(table, row, column)})]


def _amount(work: _Work) -> Row:
    currency = work.chance.choice(("USD", "USD", "EUR", None))
    return {
        "currency": currency,
        "amount": currency and work.chance.choice((0, 1, 9_999, 77_700_000)),
    }


def hidden_person(work: _Work) -> Changes | None:
    """The email or availability of an agent, or the email of a partner user, in sight by name."""
    table = work.chance.choice(("agent", "agent", "partner_user"))
    row = work.unreadable(table, "email")
    if row is None:
        return None
    column = work.chance.choice(("email", "available")) if table == "agent" else "email"
    return [_changed(table, row, **{column: work.value(table, row, column)})]


def hidden_portal_access(work: _Work) -> Changes | None:
    """Whether a partner user has portal access."""
    row = work.unreadable("partner_user", "portalAccess")
    return None if row is None else [_changed("partner_user", row, portal_access=not row["portal_access"])]


def hidden_role(work: _Work) -> Changes | None:
    """What a role allows."""
    row = work.unreadable("role", "permissions")
    if row is None or row["built_in"] is not None:
        return None
    other = work.pick(work.rows("role")) or row
    if _manages_people(work.viewer) and _is_above(work.viewer, row) != _is_above(work.viewer, other):
        # Accepted (docs/authorization.md): a refusal tells whether a role has more than one's own.
        return None
    return [
        _changed(
            "role", row, permissions=list(other["permissions"]), scope=other["scope"], reach=other["reach"]
        )
    ]


def _manages_people(viewer: Judged) -> bool:
    return viewer.has("people.manage") or viewer.has("roles.manage")


def _is_above(viewer: Judged, role: Row) -> bool:
    """Whether a role has a permission, scope or reach that the viewer's has not."""
    facts = viewer.facts
    return not (
        facts.permissions.issuperset(role["permissions"])
        and facts.scope in ("ACCOUNT", role["scope"])
        and facts.reach in ("SCOPE", role["reach"])
    )


def hidden_membership(work: _Work) -> Changes | None:
    """Who is a member of an inbox (or, for a partner user, of a team)."""
    table = work.chance.choice(("inbox", "team"))
    told = table == "inbox" and work.viewer.facts.scope == "INBOX" and _manages_people(work.viewer)
    held = work.pick(work.rows(f"{table}_member"))
    if held is not None and work.chance.random() < 0.5:
        if told and held["inbox_id"] not in work.viewer.facts.inboxes:
            return None
        return [(f"{table}_member", held["id"], None)]
    agent, place = work.pick(work.rows("agent")), work.pick(work.rows(table))
    if agent is None or place is None:
        return None
    if told and place["id"] not in work.viewer.facts.inboxes:
        # Accepted: a refusal tells that an agent is in an inbox that one does not hold.
        return None
    columns = {"agent_id": agent["id"], f"{table}_id": place["id"]}
    if work.world.rows(f"{table}_member", **columns):
        return None
    row = {"id": work.new_id(), "account_id": agent["account_id"], **columns}
    return [(f"{table}_member", row["id"], row)]


def hidden_reference(work: _Work) -> Changes | None:
    """A reference to something out of sight, pointed to something else out of sight, or to nothing."""
    table, column, target = work.chance.choice(
        (
            ("deal", "contact_id", "contact"),
            ("deal", "conversation_id", "conversation"),
            ("conversation", "contact_id", "contact"),
        )
    )
    targets: list[Any] = [row["id"] for row in work.unseen(target)]
    if column != "contact_id" or table != "conversation":
        targets.append(None)
    row = work.pick(
        row
        for row in work.rows(table)
        if row["id"] in sight(work.viewer, table) and (row[column] is None or row[column] in targets)
    )
    if row is None or not targets:
        return None
    return [_changed(table, row, **{column: work.chance.choice(targets)})]


def hidden_reference_in_history(work: _Work) -> Changes | None:
    """An id out of sight that a timeline or audit entry in sight tells of."""
    table = work.chance.choice(("timeline_entry", "audit_entry"))
    found = []
    for row in work.rows(table):
        for column, pair in row["changes"].items():
            target = REFERENCES.get(column)
            if target in RECORDS and row["id"] in sight(work.viewer, table):
                hidden = {str(one["id"]) for one in work.unseen(target)}
                places = [at for at in (0, 1) if pair[at] is None or pair[at] in hidden]
                found += [(row, column, at, hidden) for at in places]
    if not found:
        return None
    row, column, at, hidden = work.chance.choice(found)
    pair = list(row["changes"][column])
    pair[at] = work.chance.choice([*sorted(hidden), None])
    return [_changed(table, row, changes={**row["changes"], column: pair})]


# What hangs on a row, and is hidden with a field of it

_CHILDREN = {
    "message": ("messages", ("body", "author_id", "sent_at")),
    "payment": ("payments", ("amount", "paid_at")),
    "timeline_entry": ("timeline", ("author_id", "at", "reason")),
    "ownership": ("ownerships", ("owner_id", "team_id")),
}


def _parent(child: str, row: Row) -> tuple[str, UUID]:
    if child == "message":
        return "conversation", row["conversation_id"]
    if child == "payment":
        return "deal", row["deal_id"]
    return row["record_type"].lower(), row["record_id"]


def _hidden_children(work: _Work, child: str) -> list[Row]:
    """Those that are hidden though their record may be in sight; the latter first of all."""
    rows = work.unseen(child)
    under_seen = [
        row for row in rows for table, one in [_parent(child, row)] if one in sight(work.viewer, table)
    ]
    return under_seen or rows


def changed_child(work: _Work) -> Changes | None:
    """A message, payment, timeline entry or ownership out of sight is another."""
    child = work.chance.choice(tuple(_CHILDREN))
    row = work.pick(_hidden_children(work, child))
    if row is None:
        return None
    column = work.chance.choice(_CHILDREN[child][1])
    return [_changed(child, row, **{column: work.value(child, row, column)})]


def removed_child(work: _Work) -> Changes | None:
    """A message, payment or timeline entry out of sight is not there."""
    child = work.chance.choice(("message", "payment", "timeline_entry"))
    row = work.pick(_hidden_children(work, child))
    return None if row is None else [(child, row["id"], None)]


def added_child(work: _Work) -> Changes | None:
    """One more message, payment or timeline entry where none of them is seen."""
    child = work.chance.choice(("message", "payment", "timeline_entry"))
    table = {"message": "conversation", "payment": "deal"}.get(child) or work.chance.choice(RECORDS)
    field, _ = _CHILDREN[child]
    hidden = [row for row in work.rows(table) if not reads(work.viewer, table, row, field)]
    parent = work.pick([row for row in hidden if row["id"] in sight(work.viewer, table)] or hidden)
    like = work.pick(one for one in work.rows(child) if _parent(child, one)[0] == table)
    if parent is None or like is None:
        return None
    key = "record_id" if child == "timeline_entry" else f"{table}_id"
    row = {**like, "id": work.new_id(), key: parent["id"]}
    if "number" in row:
        there = work.world.rows(child, **{key: parent["id"]})
        row["number"] = 1 + max((one["number"] for one in there), default=0)
    return [(child, row["id"], row)]


# Rows out of sight


def changed_record(work: _Work) -> Changes | None:
    """A record out of sight has another value, owner, team or inbox."""
    table = work.chance.choice(RECORDS)
    row = work.pick(work.unseen(table))
    return None if row is None else [_another(work, table, row)]


_TEXTS = {"contact": ("name", "company", "email"), "conversation": ("subject",), "deal": ("title", "stage")}


def _another(work: _Work, table: str, row: Row) -> Change:
    text = work.chance.choice(_TEXTS[table])
    columns: Row = {text: work.value(table, row, text)}
    place = work.chance.choice(("owner_id", "team_id", "inbox_id", ""))
    if place and not _has_open_ownership(work, row):
        columns[place] = work.value(table, row, place)
    if table == "deal" and work.chance.random() < 0.6:
        columns |= _amount(work)
    return _changed(table, row, **columns)


def _has_open_ownership(work: _Work, row: Row) -> bool:
    # Owner, team and the open interval say the same: they are not to part.
    return bool(work.world.rows("ownership", record_id=row["id"], ended_at=None))


def reowned_record(work: _Work) -> Changes | None:
    """A record out of sight is somebody else's, and its open ownership with it."""
    table = work.chance.choice(RECORDS)
    row = work.pick(row for row in work.unseen(table) if row["owner_id"])
    owner = work.pick(one for one in work.rows("agent") if one["status"] != "DEACTIVATED")
    if row is None or owner is None:
        return None
    intervals = work.world.rows("ownership", record_id=row["id"], ended_at=None)
    return [
        _changed(table, row, owner_id=owner["id"]),
        *(_changed("ownership", one, owner_id=owner["id"]) for one in intervals),
    ]


def added_record(work: _Work) -> Changes | None:
    """One more record out of sight, like one that is there; perhaps of a contact in sight."""
    table = work.chance.choice(RECORDS)
    like = work.pick(work.unseen(table))
    if like is None:
        return None
    row = {**like, "id": work.new_id(), "source": None, "source_id": None}
    if "contact_id" in row:
        row["contact_id"] = work.any_id("contact", row["account_id"])
    if "conversation_id" in row:
        row["conversation_id"] = None
    _, row_id, changed = _another(work, table, row)
    return [(table, row_id, changed)]


def removed_record(work: _Work) -> Changes | None:
    """A record out of sight is not there, nor what hangs on it."""
    table = work.chance.choice(("contact", "conversation", "deal", "deal"))
    row = work.pick(row for row in work.unseen(table) if not _needed(work, table, row))
    return None if row is None else _without(work.world, table, row)


def _needed(work: _Work, table: str, row: Row) -> bool:
    return table == "contact" and bool(work.world.rows("conversation", contact_id=row["id"]))


def _without(world: World, table: str, row: Row) -> Changes:
    changes: Changes = []
    for decision in world.rows("distribution_decision", contact_id=row["id"]):
        changes += _without_decision(world, decision)
    if table in ("contact", "conversation"):
        column = f"{table}_id"
        changes += [
            _changed("deal", deal, **{column: None}) for deal in world.rows("deal", **{column: row["id"]})
        ]
    for child, column in (
        *_DEPENDENTS[table],
        ("ownership", "record_id"),
        ("timeline_entry", "record_id"),
        ("transfer_item", "record_id"),
        ("audit_entry", "subject_id"),
    ):
        changes += [(child, one["id"], None) for one in world.rows(child, **{column: row["id"]})]
    return [*changes, (table, row["id"], None)]


def _without_decision(world: World, decision: Row) -> Changes:
    candidates = world.rows("distribution_candidate", decision_id=decision["id"])
    return [
        *(("distribution_candidate", one["id"], None) for one in candidates),
        ("distribution_decision", decision["id"], None),
    ]


# Transfers, their rules and distribution

_MOVING = {
    "transfer": ("reason", "state", "from_agent_id", "made_by_id", "rule_id", "created_at", "version"),
    "transfer_share": ("weight",),
    "transfer_item": ("state", "to_agent_id", "number"),
    "transfer_rule": ("name", "enabled", "saved_by_id", "team_id", "version"),
    "transfer_rule_share": ("weight",),
    "distribution_policy": ("method", "enabled", "capacity", "saved_by_id", "version"),
    "distribution_member": ("weight", "capacity"),
    "distribution_decision": ("made_by_id", "contact_id", "at"),
    "distribution_candidate": ("load", "passed_over"),
}


def changed_moving(work: _Work) -> Changes | None:
    """A transfer, a rule, a policy or what belongs to one is another, out of sight."""
    table = work.chance.choice(tuple(_MOVING))
    row = work.pick(work.unseen(table))
    if row is None:
        return None
    column = work.chance.choice(_MOVING[table])
    if column == "to_agent_id":
        getting = work.world.rows("transfer_share", transfer_id=row["transfer_id"])
        return (
            [_changed(table, row, to_agent_id=work.chance.choice(getting)["agent_id"])] if getting else None
        )
    value = work.value(table, row, column)
    return None if value == "WAITING" else [_changed(table, row, **{column: value})]


def added_moving(work: _Work) -> Changes | None:
    """One more decision, rule, transfer or item out of sight; the item perhaps of a transfer in sight."""
    table = work.chance.choice(
        ("transfer_item", "transfer_item", "distribution_decision", "transfer", "transfer_rule")
    )
    like = work.pick(work.unseen(table))
    if like is None:
        return None
    if table == "transfer_item":
        return _added_item(work, like)
    row = {**like, "id": work.new_id()}
    column = {"distribution_decision": "decision_id", "transfer": "transfer_id"}.get(table, "rule_id")
    child = {
        "distribution_decision": "distribution_candidate",
        "transfer": "transfer_share",
        "transfer_rule": "transfer_rule_share",
    }[table]
    children = [
        {**one, "id": work.new_id(), column: row["id"]}
        for one in work.world.rows(child, **{column: like["id"]})
    ]
    return [(table, row["id"], row), *((child, one["id"], one) for one in children)]


def _added_item(work: _Work, like: Row) -> Changes | None:
    transfer = work.pick(work.rows("transfer"))
    table = work.chance.choice(RECORDS)
    record = work.pick(work.unseen(table))
    if transfer is None or record is None:
        return None
    there = work.world.rows("transfer_item", transfer_id=transfer["id"])
    if any(one["record_id"] == record["id"] for one in there):
        return None
    row = {
        **like,
        "id": work.new_id(),
        "transfer_id": transfer["id"],
        "record_type": table.upper(),
        "record_id": record["id"],
        "number": 1 + max((one["number"] for one in there), default=0),
        "state": "MOVED",
    }
    return [("transfer_item", row["id"], row)]


def removed_moving(work: _Work) -> Changes | None:
    """A share, an item, a member or a decision out of sight is not there."""
    table = work.chance.choice(("transfer_item", "transfer_item", "distribution_decision", "transfer_share"))
    row = work.pick(work.unseen(table))
    if row is None:
        return None
    if table == "distribution_decision":
        return _without_decision(work.world, row)
    return [(table, row["id"], None)]


def hidden_candidate(work: _Work) -> Changes | None:
    """The load of a candidate in sight, and why they were passed over."""
    row = work.unreadable("distribution_candidate", "load")
    if row is None:
        return None
    column = work.chance.choice(("load", "passed_over"))
    return [
        _changed("distribution_candidate", row, **{column: work.value("distribution_candidate", row, column)})
    ]


def hidden_transfer_in_history(work: _Work) -> Changes | None:
    """The transfer out of sight that a timeline entry tells of, or the rule that a transfer was made by."""
    table, column, target = work.chance.choice(
        (("timeline_entry", "transfer_id", "transfer"), ("transfer", "rule_id", "transfer_rule"))
    )
    hidden: list[Any] = [*(row["id"] for row in work.unseen(target)), None]
    row = work.pick(
        row for row in work.rows(table) if row["id"] in sight(work.viewer, table) and row[column] in hidden
    )
    return None if row is None else [_changed(table, row, **{column: work.chance.choice(hidden)})]


def audit(work: _Work) -> Changes | None:
    """An audit entry out of sight is another, is not there, or is there once more."""
    row = work.pick(work.unseen("audit_entry"))
    if row is None:
        return None
    how = work.chance.choice(("changed", "removed", "added"))
    if how == "removed":
        return [("audit_entry", row["id"], None)]
    actor = work.any_id("agent", row["account_id"])
    other = {
        **row,
        "actor_id": actor,
        "actor_partner_user_id": None,
        "at": work.value("audit_entry", row, "at"),
    }
    if how == "added":
        other["id"] = work.new_id()
    return [("audit_entry", other["id"], other)]


def place_or_person(work: _Work) -> Changes | None:
    """An agent, team, inbox, role, partner or partner user out of sight is another, or is one more."""
    table = work.chance.choice(("agent", "team", "inbox", "role", "partner", "partner_user"))
    row = work.pick(work.unseen(table))
    if row is None:
        return None
    if work.chance.random() < 0.5 or row.get("built_in"):
        return [_changed(table, row, name=f"{row['name']} {work.chance.randint(1, 9)}")]
    new_id = work.new_id()
    return [(table, new_id, {**row, "id": new_id, "name": f"{row['name']} {new_id.hex[:6]}"})]


# The other accounts


def other_account(work: _Work) -> Changes | None:
    """A row of another account is another, or its account is set otherwise."""
    if work.chance.random() < 0.1:
        return _account_settings(work)
    table = work.chance.choice((*RECORDS, "agent", "payment", "message", "audit_entry", "timeline_entry"))
    row = work.pick(work.rows(table, ours=False))
    if row is None:
        return None
    if table in RECORDS:
        return [_another(work, table, row)]
    column = {"agent": "email", "payment": "amount", "message": "body"}.get(table, "at")
    return [_changed(table, row, **{column: work.value(table, row, column)})]


def _account_settings(work: _Work) -> Changes | None:
    ours = work.viewer.facts.account_id
    account = work.pick(row for row in work.world["account"].values() if row["id"] != ours)
    if account is None:
        return None
    mode = work.chance.choice(("MASKED", "OPEN"))
    return [_changed("account", account, isolation_mode=mode, unowned_visibility="SCOPE")]


def other_account_added(work: _Work) -> Changes | None:
    """One more deal in another account, like one of ours but for its account and references."""
    like = work.pick(work.rows("deal"))
    there = work.pick(work.rows("deal", ours=False))
    if like is None or there is None:
        return None
    new_id = work.new_id()
    columns = ("title", "stage", "status", "amount", "currency", "created_at")
    row = {**there, "id": new_id, **{column: like[column] for column in columns}}
    return [("deal", new_id, row)]


def other_account_removed(work: _Work) -> Changes | None:
    """A deal of another account is not there."""
    row = work.pick(work.rows("deal", ours=False))
    return None if row is None else _without(work.world, "deal", row)


KINDS_OF_CHANGE: dict[str, Propose] = {
    "hidden value": hidden_value,
    "hidden person": hidden_person,
    "hidden portal access": hidden_portal_access,
    "hidden role": hidden_role,
    "hidden membership": hidden_membership,
    "hidden reference": hidden_reference,
    "hidden reference in history": hidden_reference_in_history,
    "changed child": changed_child,
    "removed child": removed_child,
    "added child": added_child,
    "changed record": changed_record,
    "reowned record": reowned_record,
    "added record": added_record,
    "removed record": removed_record,
    "changed moving": changed_moving,
    "added moving": added_moving,
    "removed moving": removed_moving,
    "hidden candidate": hidden_candidate,
    "hidden transfer in history": hidden_transfer_in_history,
    "audit": audit,
    "place or person": place_or_person,
    "other account": other_account,
    "other account, added": other_account_added,
    "other account, removed": other_account_removed,
}
