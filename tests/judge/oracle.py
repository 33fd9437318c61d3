"""What a viewer may see of a world, written from the tables of authorization.md and nothing else.

`view` is the whole of it: for each type, each row in sight, each field's value or None. A reference
is the id of what it refers to, a list of them a tuple. Beside the fields, records have
`maskedFields` (a tuple of names, sorted) and `viewerCan`.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple
from uuid import UUID

from tests.judge.viewers import Judged, members
from tests.judge.world import RECORDS, Row


class Money(NamedTuple):
    """An amount in minor units of its currency."""

    amount: int
    currency: str


class Relation(StrEnum):
    """What the viewer is to a record. COMPANY: a partner user, to a deal of their company's."""

    OWN = "OWN"
    MANAGED = "MANAGED"
    SHARED = "SHARED"
    UNOWNED = "UNOWNED"
    COMPANY = "COMPANY"
    NONE = "NONE"


class Standing(StrEnum):
    """How a record is treated: which column of the table holds for it.

    FULL: read and changed. OPEN: read. MASKED: identity is read. COMPANY: what a partner user reads.
    """

    FULL = "FULL"
    OPEN = "OPEN"
    MASKED = "MASKED"
    COMPANY = "COMPANY"
    NONE = "NONE"


class Group(StrEnum):
    """A row of the table of isolation modes."""

    IDENTITY = "IDENTITY"
    DETAILS = "DETAILS"
    WORDS = "WORDS"
    MONEY = "MONEY"
    ACTIVITY = "ACTIVITY"


@dataclass(frozen=True)
class Field:
    """A field: its group, what kind of value it has, the column, and the type that it refers to.

    Kinds: text, enum, number, flag, instant, day, money, one, many, json, counts, function.
    """

    group: Group
    kind: str
    column: str = ""
    target: str = ""


class Unjudged(KeyError):
    """The judge has no word on a field: it is new, and authorization.md must say who may see it."""

    __str__ = Exception.__str__


class Fields(dict[str, Field]):
    """The fields of a type, by their names."""

    def __init__(self, type_name: str, known: dict[str, Field]) -> None:
        super().__init__(known)
        self.type_name = type_name

    def __missing__(self, name: str) -> Field:
        raise Unjudged(
            f"The judge does not know {self.type_name}.{name}: add it to {self.type_name} in "
            f"{_where(self.type_name)} in tests/judge/oracle.py, with the group of authorization.md that it "
            "is in, and its column to what makes such rows in tests/judge/world.py."
        )


def _where(type_name: str) -> str:
    if type_name in RECORD_FIELDS:
        return "RECORD_FIELDS"
    return "MOVING_FIELDS" if type_name in MOVING_FIELDS else "PLAIN_FIELDS"


TYPES = {
    "Contact": "contact",
    "Conversation": "conversation",
    "Deal": "deal",
    "Message": "message",
    "Payment": "payment",
    "Ownership": "ownership",
    "TimelineEntry": "timeline_entry",
    "Agent": "agent",
    "Team": "team",
    "Inbox": "inbox",
    "Role": "role",
    "Partner": "partner",
    "PartnerUser": "partner_user",
    "AuditEntry": "audit_entry",
    "Token": "token",
    "Account": "account",
    "Transfer": "transfer",
    "TransferShare": "transfer_share",
    "TransferItem": "transfer_item",
    "TransferRule": "transfer_rule",
    "TransferRuleShare": "transfer_rule_share",
    "DistributionPolicy": "distribution_policy",
    "DistributionMember": "distribution_member",
    "DistributionDecision": "distribution_decision",
    "DistributionCandidate": "distribution_candidate",
}
TYPE_OF = {table: name for name, table in TYPES.items()}
RECORD_TYPES = tuple(TYPE_OF[table] for table in RECORDS)

_OF_A_RECORD = {
    "owner": Field(Group.IDENTITY, "one", "owner_id", "Agent"),
    "team": Field(Group.IDENTITY, "one", "team_id", "Team"),
    "inbox": Field(Group.IDENTITY, "one", "inbox_id", "Inbox"),
    "version": Field(Group.ACTIVITY, "number", "version"),
    "createdAt": Field(Group.IDENTITY, "instant", "created_at"),
    "updatedAt": Field(Group.ACTIVITY, "instant", "updated_at"),
    "archivedAt": Field(Group.IDENTITY, "instant", "archived_at"),
    "ownerships": Field(Group.IDENTITY, "many", target="Ownership"),
    "ownerAt": Field(Group.IDENTITY, "function"),
    "timeline": Field(Group.WORDS, "many", target="TimelineEntry"),
}

RECORD_FIELDS: dict[str, dict[str, Field]] = {
    "Contact": {
        **_OF_A_RECORD,
        "name": Field(Group.IDENTITY, "text", "name"),
        "email": Field(Group.DETAILS, "text", "email"),
        "phone": Field(Group.DETAILS, "text", "phone"),
        "address": Field(Group.DETAILS, "text", "address"),
        "company": Field(Group.IDENTITY, "text", "company"),
        "notes": Field(Group.WORDS, "text", "notes"),
        "erasedAt": Field(Group.IDENTITY, "instant", "erased_at"),
        "conversations": Field(Group.IDENTITY, "many", target="Conversation"),
        "deals": Field(Group.IDENTITY, "many", target="Deal"),
    },
    "Conversation": {
        **_OF_A_RECORD,
        "subject": Field(Group.WORDS, "text", "subject"),
        "status": Field(Group.IDENTITY, "enum", "status"),
        "contact": Field(Group.IDENTITY, "one", "contact_id", "Contact"),
        "deals": Field(Group.IDENTITY, "many", target="Deal"),
        "messages": Field(Group.WORDS, "many", target="Message"),
        "lastMessageAt": Field(Group.ACTIVITY, "instant", "last_message_at"),
    },
    "Deal": {
        **_OF_A_RECORD,
        "title": Field(Group.IDENTITY, "text", "title"),
        "status": Field(Group.IDENTITY, "enum", "status"),
        "stage": Field(Group.IDENTITY, "text", "stage"),
        "amount": Field(Group.MONEY, "money", "amount"),
        "expectedCloseOn": Field(Group.IDENTITY, "day", "expected_close_on"),
        "wonAt": Field(Group.IDENTITY, "instant", "won_at"),
        "lostAt": Field(Group.IDENTITY, "instant", "lost_at"),
        "contractStartedAt": Field(Group.IDENTITY, "instant", "contract_started_at"),
        "contact": Field(Group.IDENTITY, "one", "contact_id", "Contact"),
        "conversation": Field(Group.IDENTITY, "one", "conversation_id", "Conversation"),
        "partner": Field(Group.IDENTITY, "one", "partner_id", "Partner"),
        "assignedUser": Field(Group.IDENTITY, "one", "assigned_user_id", "PartnerUser"),
        "payments": Field(Group.MONEY, "many", target="Payment"),
    },
}

# "its company's deals: title, stage, status, dates, amount, assigned user, the owner's name"
COMPANY_READS = {
    *("title", "stage", "status", "amount", "partner", "assignedUser", "owner"),
    *("createdAt", "archivedAt", "expectedCloseOn", "wonAt", "lostAt", "contractStartedAt"),
}

PLAIN_FIELDS: dict[str, dict[str, Field]] = {
    "Message": {
        "number": Field(Group.WORDS, "number", "number"),
        "direction": Field(Group.WORDS, "enum", "direction"),
        "body": Field(Group.WORDS, "text", "body"),
        "sentAt": Field(Group.WORDS, "instant", "sent_at"),
        "author": Field(Group.WORDS, "one", "author_id", "Agent"),
        "conversation": Field(Group.WORDS, "one", "conversation_id", "Conversation"),
    },
    "Payment": {
        "kind": Field(Group.MONEY, "enum", "kind"),
        "amount": Field(Group.MONEY, "money", "amount"),
        "paidAt": Field(Group.MONEY, "instant", "paid_at"),
        "deal": Field(Group.MONEY, "one", "deal_id", "Deal"),
        "source": Field(Group.MONEY, "text", "source"),
        "sourceId": Field(Group.MONEY, "text", "source_id"),
    },
    "Ownership": {
        "owner": Field(Group.IDENTITY, "one", "owner_id", "Agent"),
        "team": Field(Group.IDENTITY, "one", "team_id", "Team"),
        "start": Field(Group.IDENTITY, "instant", "started_at"),
        "end": Field(Group.IDENTITY, "instant", "ended_at"),
        "cause": Field(Group.IDENTITY, "enum", "cause"),
    },
    "TimelineEntry": {
        "number": Field(Group.WORDS, "number", "number"),
        "kind": Field(Group.WORDS, "enum", "kind"),
        "at": Field(Group.WORDS, "instant", "at"),
        "author": Field(Group.WORDS, "one", "author_id", "Agent"),
        "changes": Field(Group.WORDS, "json", "changes"),
        "reason": Field(Group.WORDS, "text", "reason"),
        "transfer": Field(Group.WORDS, "one", "transfer_id", "Transfer"),
    },
    "Agent": {
        "name": Field(Group.IDENTITY, "text", "name"),
        "email": Field(Group.DETAILS, "text", "email"),
        "status": Field(Group.IDENTITY, "enum", "status"),
        "available": Field(Group.ACTIVITY, "flag", "available"),
        "load": Field(Group.ACTIVITY, "number"),
        "version": Field(Group.ACTIVITY, "number", "version"),
        "role": Field(Group.IDENTITY, "one", "role_id", "Role"),
        "mainTeam": Field(Group.IDENTITY, "one", "main_team_id", "Team"),
        "teams": Field(Group.IDENTITY, "many", target="Team"),
        "inboxes": Field(Group.ACTIVITY, "many", target="Inbox"),
        "portfolio": Field(Group.IDENTITY, "one", "id", "Portfolio"),
    },
    "Team": {
        "name": Field(Group.IDENTITY, "text", "name"),
        "version": Field(Group.ACTIVITY, "number", "version"),
        "agents": Field(Group.DETAILS, "many", target="Agent"),
    },
    "Inbox": {
        "name": Field(Group.IDENTITY, "text", "name"),
        "version": Field(Group.ACTIVITY, "number", "version"),
        "agents": Field(Group.DETAILS, "many", target="Agent"),
    },
    "Role": {
        "name": Field(Group.IDENTITY, "text", "name"),
        "permissions": Field(Group.DETAILS, "json", "permissions"),
        "scope": Field(Group.DETAILS, "enum", "scope"),
        "reach": Field(Group.DETAILS, "enum", "reach"),
        "builtIn": Field(Group.DETAILS, "enum", "built_in"),
        "version": Field(Group.DETAILS, "number", "version"),
    },
    "Partner": {
        "name": Field(Group.IDENTITY, "text", "name"),
        "version": Field(Group.DETAILS, "number", "version"),
        "users": Field(Group.DETAILS, "many", target="PartnerUser"),
        "deals": Field(Group.IDENTITY, "many", target="Deal"),
    },
    "PartnerUser": {
        "name": Field(Group.IDENTITY, "text", "name"),
        "email": Field(Group.DETAILS, "text", "email"),
        "portalAccess": Field(Group.DETAILS, "flag", "portal_access"),
        "version": Field(Group.DETAILS, "number", "version"),
        "partner": Field(Group.IDENTITY, "one", "partner_id", "Partner"),
    },
    "AuditEntry": {
        "at": Field(Group.IDENTITY, "instant", "at"),
        "actor": Field(Group.IDENTITY, "one", "actor_id", "Agent"),
        "actorPartnerUser": Field(Group.IDENTITY, "one", "actor_partner_user_id", "PartnerUser"),
        "requestId": Field(Group.IDENTITY, "text", "request_id"),
        "action": Field(Group.IDENTITY, "text", "action"),
        "outcome": Field(Group.IDENTITY, "enum", "outcome"),
        "subject": Field(Group.IDENTITY, "one", "subject_id", "Node"),
        "changes": Field(Group.IDENTITY, "json", "changes"),
    },
    "Token": {
        "kind": Field(Group.IDENTITY, "enum", "kind"),
        "name": Field(Group.DETAILS, "text", "name"),
        "permissions": Field(Group.DETAILS, "json", "permissions"),
        "createdAt": Field(Group.DETAILS, "instant", "created_at"),
        "expiresAt": Field(Group.DETAILS, "instant", "expires_at"),
        "revokedAt": Field(Group.DETAILS, "instant", "revoked_at"),
    },
    "Account": {
        "name": Field(Group.IDENTITY, "text", "name"),
        "timeZone": Field(Group.IDENTITY, "enum", "time_zone"),
        "currency": Field(Group.IDENTITY, "enum", "currency"),
        "firstDayOfWeek": Field(Group.DETAILS, "number", "first_day_of_week"),
        "fiscalYearStartMonth": Field(Group.DETAILS, "number", "fiscal_year_start_month"),
        "salesModule": Field(Group.DETAILS, "flag", "sales_module"),
        "granularPermissions": Field(Group.DETAILS, "flag", "granular_permissions"),
        "isolationMode": Field(Group.DETAILS, "enum", "isolation_mode"),
        "unownedVisibility": Field(Group.DETAILS, "enum", "unowned_visibility"),
    },
}
_SHARE = {
    "agent": Field(Group.IDENTITY, "one", "agent_id", "Agent"),
    "weight": Field(Group.IDENTITY, "number", "weight"),
}
_AS_SAVED = {
    "enabled": Field(Group.IDENTITY, "flag", "enabled"),
    "team": Field(Group.IDENTITY, "one", "team_id", "Team"),
    "savedBy": Field(Group.IDENTITY, "one", "saved_by_id", "Agent"),
    "createdAt": Field(Group.IDENTITY, "instant", "created_at"),
    "version": Field(Group.IDENTITY, "number", "version"),
}
MOVING_FIELDS: dict[str, dict[str, Field]] = {
    "Transfer": {
        "fromAgent": Field(Group.IDENTITY, "one", "from_agent_id", "Agent"),
        "madeBy": Field(Group.IDENTITY, "one", "made_by_id", "Agent"),
        "revertedBy": Field(Group.IDENTITY, "one", "reverted_by_id", "Agent"),
        "rule": Field(Group.IDENTITY, "one", "rule_id", "TransferRule"),
        "state": Field(Group.IDENTITY, "enum", "state"),
        "reason": Field(Group.IDENTITY, "text", "reason"),
        "createdAt": Field(Group.IDENTITY, "instant", "created_at"),
        "finishedAt": Field(Group.IDENTITY, "instant", "finished_at"),
        "revertedAt": Field(Group.IDENTITY, "instant", "reverted_at"),
        "version": Field(Group.IDENTITY, "number", "version"),
        "shares": Field(Group.IDENTITY, "many", target="TransferShare"),
        "items": Field(Group.IDENTITY, "many", target="TransferItem"),
        "progress": Field(Group.IDENTITY, "counts"),
    },
    "TransferShare": _SHARE,
    "TransferItem": {
        "record": Field(Group.IDENTITY, "one", "record_id", "Node"),
        "to": Field(Group.IDENTITY, "one", "to_agent_id", "Agent"),
        "state": Field(Group.IDENTITY, "enum", "state"),
    },
    "TransferRule": {
        **_AS_SAVED,
        "name": Field(Group.IDENTITY, "text", "name"),
        "trigger": Field(Group.IDENTITY, "enum", "trigger"),
        "idleDays": Field(Group.IDENTITY, "number", "idle_days"),
        "recordTypes": Field(Group.IDENTITY, "json", "record_types"),
        "shares": Field(Group.IDENTITY, "many", target="TransferRuleShare"),
    },
    "TransferRuleShare": _SHARE,
    "DistributionPolicy": {
        **_AS_SAVED,
        "inbox": Field(Group.IDENTITY, "one", "inbox_id", "Inbox"),
        "method": Field(Group.IDENTITY, "enum", "method"),
        "capacity": Field(Group.IDENTITY, "number", "capacity"),
        "workingHours": Field(Group.IDENTITY, "json", "working_hours"),
        "members": Field(Group.IDENTITY, "many", target="DistributionMember"),
        "decisions": Field(Group.IDENTITY, "many", target="DistributionDecision"),
    },
    "DistributionMember": {
        **_SHARE,
        "capacity": Field(Group.IDENTITY, "number", "capacity"),
        "number": Field(Group.IDENTITY, "number", "number"),
    },
    "DistributionDecision": {
        "policy": Field(Group.IDENTITY, "one", "policy_id", "DistributionPolicy"),
        "contact": Field(Group.IDENTITY, "one", "contact_id", "Contact"),
        "agent": Field(Group.IDENTITY, "one", "agent_id", "Agent"),
        "madeBy": Field(Group.IDENTITY, "one", "made_by_id", "Agent"),
        "method": Field(Group.IDENTITY, "enum", "method"),
        "at": Field(Group.IDENTITY, "instant", "at"),
        "candidates": Field(Group.IDENTITY, "many", target="DistributionCandidate"),
    },
    "DistributionCandidate": {
        "agent": Field(Group.IDENTITY, "one", "agent_id", "Agent"),
        "number": Field(Group.IDENTITY, "number", "number"),
        "load": Field(Group.ACTIVITY, "number", "load"),
        "passedOver": Field(Group.ACTIVITY, "enum", "passed_over"),
    },
}
_FIELDS = {
    **RECORD_FIELDS,
    **PLAIN_FIELDS,
    **MOVING_FIELDS,
    # What an agent owns; its id is that agent's.
    "Portfolio": {
        "owner": Field(Group.IDENTITY, "one", "id", "Agent"),
        "contacts": Field(Group.IDENTITY, "many", target="Contact"),
        "conversations": Field(Group.IDENTITY, "many", target="Conversation"),
        "deals": Field(Group.IDENTITY, "many", target="Deal"),
    },
}
FIELDS = {type_name: Fields(type_name, known) for type_name, known in _FIELDS.items()}


# What the viewer is to a record


def relation(viewer: Judged, table: str, row: Row) -> Relation:
    """What the viewer is to this record of `table`."""
    found: Relation = viewer.once(("relation", row["id"]), lambda: _relation(viewer, table, row))
    return found


def _relation(viewer: Judged, table: str, row: Row) -> Relation:
    facts = viewer.facts
    if row["account_id"] != facts.account_id:
        return Relation.NONE
    if facts.agent_id is None:
        theirs = table == "deal" and row["partner_id"] == facts.company_id
        return Relation.COMPANY if theirs else Relation.NONE
    if row["owner_id"] == facts.agent_id:
        return Relation.OWN
    if not facts.granular:
        return Relation.MANAGED if _by_team_or_inbox(viewer, row) else Relation.NONE
    if not in_scope(viewer, table, row):
        return Relation.NONE
    if row["owner_id"] is None:
        return Relation.UNOWNED
    return Relation.MANAGED if facts.reach == "SCOPE" else Relation.SHARED


def _by_team_or_inbox(viewer: Judged, row: Row) -> bool:
    """Granular permissions off: the record's own team or inbox is theirs, or all are."""
    return (
        viewer.has_everywhere("account.manage")
        or row["team_id"] in viewer.facts.teams
        or row["inbox_id"] in viewer.facts.inboxes
    )


def in_scope(viewer: Judged, table: str, row: Row) -> bool:
    """Whether the record lies in the scope of the viewer's role."""
    facts = viewer.facts
    if row["account_id"] != facts.account_id:
        return False
    if facts.scope == "ACCOUNT":
        return True
    if facts.scope == "TEAM":
        if row["team_id"] is not None:
            return row["team_id"] in facts.teams
        return row["owner_id"] is not None and bool(
            members(viewer.world, "team", row["owner_id"]) & facts.teams
        )
    if facts.scope == "INBOX":
        return bool(inboxes_of(viewer, table, row) & facts.inboxes)
    return False


def inboxes_of(viewer: Judged, table: str, row: Row) -> set[UUID]:
    """The inboxes that a record lies in."""
    own = {row["inbox_id"]} - {None}
    if table == "contact":
        talks = viewer.rows("conversation", "contact_id", row["id"])
        return own | {talk["inbox_id"] for talk in talks}
    if table == "deal" and not own and row["conversation_id"] is not None:
        return {viewer.world["conversation"][row["conversation_id"]]["inbox_id"]} - {None}
    return own


def standing(viewer: Judged, table: str, row: Row) -> Standing:
    """Which column of the table of isolation modes holds for this record."""
    what, facts = relation(viewer, table, row), viewer.facts
    if what is Relation.COMPANY:
        return Standing.COMPANY
    if what in (Relation.OWN, Relation.MANAGED):
        return Standing.FULL
    if what is Relation.SHARED:
        return {"STRICT": Standing.NONE, "MASKED": Standing.MASKED, "OPEN": Standing.OPEN}[facts.isolation]
    if what is Relation.UNOWNED:
        if facts.reach == "SCOPE":
            return Standing.FULL
        if facts.unowned_visibility == "SCOPE":
            return Standing.OPEN if facts.isolation == "OPEN" else Standing.MASKED
    return Standing.NONE


def reads(viewer: Judged, table: str, row: Row, field: str) -> bool:
    """Whether the viewer may read `field` (GraphQL's name) on this record."""
    how = standing(viewer, table, row)
    if how in (Standing.FULL, Standing.OPEN):
        return True
    if how is Standing.MASKED:
        return FIELDS[TYPE_OF[table]][field].group is Group.IDENTITY
    return how is Standing.COMPANY and field in COMPANY_READS


def viewer_can(viewer: Judged, table: str, row: Row) -> dict[str, bool]:
    """What `viewerCan` says of this record."""
    full = standing(viewer, table, row) is Standing.FULL
    return {
        "update": full,
        "assign": full and viewer.has("portfolio.assign"),
        # With the module off a transfer answers MODULE_DISABLED: nobody can.
        "transfer": full and viewer.has("portfolio.transfer") and viewer.facts.sales_module,
        "archive": full,
    }


# What the viewer is to an agent, a team, an inbox


def agent_in_scope(viewer: Judged, agent_id: UUID) -> bool:
    """Whether the agent lies in the viewer's scope."""
    facts = viewer.facts
    if viewer.world["agent"][agent_id]["account_id"] != facts.account_id:
        return False
    if facts.scope == "TEAM":
        return bool(members(viewer.world, "team", agent_id) & facts.teams)
    if facts.scope == "INBOX":
        return bool(members(viewer.world, "inbox", agent_id) & facts.inboxes)
    return facts.scope == "ACCOUNT"


def is_self_or_managed(viewer: Judged, agent_id: UUID) -> bool:
    """Whether the agent is the viewer, or the viewer is a manager of theirs."""
    if viewer.facts.agent_id is None:
        return False
    if agent_id == viewer.facts.agent_id:
        return True
    return viewer.facts.reach == "SCOPE" and agent_in_scope(viewer, agent_id)


def place_in_scope(viewer: Judged, table: str, row_id: UUID) -> bool:
    """Whether a team or an inbox is within the viewer's scope."""
    facts = viewer.facts
    if viewer.world[table][row_id]["account_id"] != facts.account_id:
        return False
    if facts.scope == "TEAM":
        return table == "team" and row_id in facts.teams
    if facts.scope == "INBOX":
        return table == "inbox" and row_id in facts.inboxes
    return facts.scope == "ACCOUNT"


# Which rows


def sight(viewer: Judged, table: str) -> set[UUID]:
    """The ids of the rows of `table` in the viewer's sight."""
    ids: set[UUID] = viewer.once(("sight", table), lambda: _sight(viewer, table))
    return ids


def _sight(viewer: Judged, table: str) -> set[UUID]:
    if table == "account":
        return {viewer.facts.account_id}
    rows = [
        row for row in viewer.world[table].values() if row["account_id"] == viewer.facts.account_id
    ]  # nothing ever crosses
    return {row["id"] for row in rows if _in_sight(viewer, table, row)}


def _in_sight(viewer: Judged, table: str, row: Row) -> bool:
    if table in RECORDS:
        return standing(viewer, table, row) is not Standing.NONE
    if table in ("message", "payment", "ownership", "timeline_entry"):
        return _as_its_record(viewer, table, row)
    if table == "audit_entry":
        return _audit_in_sight(viewer, row)
    if table == "token":
        return viewer.has_everywhere("account.manage") or _made(viewer, row)
    if table in PERMISSIONS:
        return _moving_in_sight(viewer, table, row)
    if viewer.facts.agent_id is not None:
        return True
    return _partner_sees(viewer, table, row)


def _as_its_record(viewer: Judged, table: str, row: Row) -> bool:
    of, field = {
        "message": ("conversation", "messages"),
        "payment": ("deal", "payments"),
        "ownership": ("", "ownerships"),
        "timeline_entry": ("", "timeline"),
    }[table]
    record_table = of or row["record_type"].lower()
    record = viewer.world[record_table].get(row[f"{of or 'record'}_id"])
    return record is not None and reads(viewer, record_table, record, field)


# Transfers, their rules and distribution: "its permission, with every agent named in it in scope"

PERMISSIONS = {
    "transfer": "portfolio.transfer",
    "transfer_share": "portfolio.transfer",
    "transfer_item": "portfolio.transfer",
    "transfer_rule": "sales.manage",
    "transfer_rule_share": "sales.manage",
    "distribution_policy": "sales.manage",
    "distribution_member": "sales.manage",
    "distribution_decision": "sales.manage",
    "distribution_candidate": "sales.manage",
}
# What belongs to what, and by which column.
_OF = {
    "transfer_share": ("transfer", "transfer_id"),
    "transfer_item": ("transfer", "transfer_id"),
    "transfer_rule_share": ("transfer_rule", "rule_id"),
    "distribution_member": ("distribution_policy", "policy_id"),
    "distribution_decision": ("distribution_policy", "policy_id"),
    "distribution_candidate": ("distribution_decision", "decision_id"),
}


def _moving_in_sight(viewer: Judged, table: str, row: Row) -> bool:
    if not viewer.facts.sales_module or not viewer.has(PERMISSIONS[table]):
        return False
    if table in _OF:
        of, column = _OF[table]
        if row[column] not in sight(viewer, of):
            return False
    if table == "transfer_item":
        return row["record_id"] in sight(viewer, row["record_type"].lower())
    if table == "distribution_decision" and row["contact_id"] not in sight(viewer, "contact"):
        return False
    return all_named_in_scope(viewer, table, row)


def all_named_in_scope(viewer: Judged, table: str, row: Row) -> bool:
    """Whether every agent that this row of `table` names lies in the viewer's scope."""
    return all(agent_in_scope(viewer, one) for one in _named(viewer, table, row))


def _named(viewer: Judged, table: str, row: Row) -> set[UUID]:
    """Whom it takes from, gives to, or chooses among; who made or saved it is its author alone."""
    rows_of = {
        "transfer": ("transfer_share", "transfer_id"),
        "transfer_rule": ("transfer_rule_share", "rule_id"),
        "distribution_policy": ("distribution_member", "policy_id"),
        "distribution_decision": ("distribution_candidate", "decision_id"),
    }
    if table not in rows_of:
        return set()
    child, column = rows_of[table]
    named = {one["agent_id"] for one in viewer.rows(child, column, row["id"])}
    return {one for one in (*named, row.get("from_agent_id"), row.get("agent_id")) if one is not None}


def _partner_sees(viewer: Judged, table: str, row: Row) -> bool:
    company = viewer.facts.company_id
    if table == "partner":
        return bool(row["id"] == company)
    if table == "partner_user":
        return bool(row["partner_id"] == company)
    if table == "agent":
        deals = viewer.rows("deal", "owner_id", row["id"])
        return any(standing(viewer, "deal", deal) is not Standing.NONE for deal in deals)
    return False


def _made(viewer: Judged, token: Row) -> bool:
    facts = viewer.facts
    return (token["agent_id"], token["partner_user_id"]) == (facts.agent_id, facts.partner_user_id)


def _audit_in_sight(viewer: Judged, entry: Row) -> bool:
    if not viewer.has("audit.read"):
        return False
    table, subject = entry["subject_type"], entry["subject_id"]
    if table in RECORDS:
        record = viewer.world[table].get(subject)
        return (
            record is not None
            and standing(viewer, table, record) is not Standing.NONE
            and in_scope(viewer, table, record)
        )
    if table == "agent":
        return subject in viewer.world["agent"] and agent_in_scope(viewer, subject)
    if table in ("team", "inbox"):
        return subject in viewer.world[table] and place_in_scope(viewer, table, subject)
    if table in ("transfer", "transfer_rule", "distribution_policy"):
        row = viewer.world[table].get(subject)
        return row is not None and all_named_in_scope(viewer, table, row)
    return viewer.facts.scope == "ACCOUNT"


# Which fields of the types that are no records


def readable(viewer: Judged, type_name: str, row: Row, field: str) -> bool:
    """Whether the viewer may read `field` on this row, which is in their sight."""
    table = TYPES[type_name]
    if type_name in RECORD_FIELDS:
        return reads(viewer, table, row, field)
    rule = {
        "Agent": _reads_agent,
        "Team": _reads_place,
        "Inbox": _reads_place,
        "Role": _reads_role,
        "Partner": _reads_partner,
        "PartnerUser": _reads_partner_user,
        "Token": _reads_token,
        "DistributionCandidate": _reads_candidate,
        "Account": _reads_account,
    }.get(type_name)
    return rule(viewer, table, row, field) if rule else True


def _reads_agent(viewer: Judged, table: str, row: Row, field: str) -> bool:
    if viewer.facts.agent_id is None:
        return field == "name"
    if field in ("email", "available", "load", "version", "inboxes"):
        return is_self_or_managed(viewer, row["id"])
    return True


def _reads_place(viewer: Judged, table: str, row: Row, field: str) -> bool:
    if field == "name":
        return viewer.facts.agent_id is not None
    return viewer.has("people.manage") and place_in_scope(viewer, table, row["id"])


def _reads_role(viewer: Judged, table: str, row: Row, field: str) -> bool:
    if field == "name":
        return viewer.facts.agent_id is not None
    if not viewer.has("roles.manage"):
        return False
    return viewer.facts.scope == "ACCOUNT" or row["id"] == _own_role(viewer)


def _own_role(viewer: Judged) -> UUID | None:
    if viewer.facts.agent_id is None:
        return None
    role: UUID = viewer.world["agent"][viewer.facts.agent_id]["role_id"]
    return role


def _reads_partner(viewer: Judged, table: str, row: Row, field: str) -> bool:
    if viewer.facts.agent_id is None:
        return bool(row["id"] == viewer.facts.company_id)
    return field not in ("users", "version") or viewer.has_everywhere("people.manage")


def _reads_partner_user(viewer: Judged, table: str, row: Row, field: str) -> bool:
    if field not in ("email", "portalAccess", "version"):
        return True
    if viewer.facts.agent_id is None:
        return bool(row["id"] == viewer.facts.partner_user_id)
    return viewer.has_everywhere("people.manage")


def _reads_token(viewer: Judged, table: str, row: Row, field: str) -> bool:
    # Who manages the account sees that a token exists, and of what kind.
    return field == "kind" or _made(viewer, row)


def _reads_candidate(viewer: Judged, table: str, row: Row, field: str) -> bool:
    # They tell of the agent's load and availability.
    return field not in ("load", "passedOver") or is_self_or_managed(viewer, row["agent_id"])


def _reads_account(viewer: Judged, table: str, row: Row, field: str) -> bool:
    return FIELDS["Account"][field].group is Group.IDENTITY or viewer.facts.agent_id is not None


_OF_PLACES = ("agents", "version")
_OF_ROLES = ("permissions", "scope", "reach", "builtIn", "version")
_OF_PARTNER_USERS = ("email", "portalAccess", "version")
_FOR_AGENTS = (
    *("contact", "contacts", "conversation", "conversations", "portfolio", "portfolios"),
    *("teams", "inboxes", "roles"),
)


def refused(viewer: Judged) -> set[tuple[str, str]]:
    """The fields that no row could let the viewer read, so that asking is FORBIDDEN: (type, field).

    What a partner user meets on a deal is null by rule, never refused.
    """
    found = {("Role", field) for field in _OF_ROLES if not viewer.has("roles.manage")}
    for table, type_name in (("team", "Team"), ("inbox", "Inbox")):
        if not viewer.has("people.manage") or not _scope_holds(viewer, table):
            found |= {(type_name, field) for field in _OF_PLACES}
    if not viewer.has("audit.read"):
        found |= {("Query", "auditLog")} | {("AuditEntry", field) for field in FIELDS["AuditEntry"]}
    found |= {place for place, permission in _moving_places().items() if not viewer.has(permission)}
    if viewer.facts.agent_id is None:
        return found | _refused_to_partners()
    if not viewer.has_everywhere("people.manage"):
        found |= {("Partner", field) for field in ("users", "version")}
        found |= {("PartnerUser", field) for field in _OF_PARTNER_USERS}
    return found


def disabled(viewer: Judged) -> set[tuple[str, str]]:
    """The fields that answer MODULE_DISABLED: (type, field)."""
    return set() if viewer.facts.sales_module else set(_moving_places())


_MOVING_ROOTS = {
    "transferPreview": "portfolio.transfer",
    "transfer": "portfolio.transfer",
    "transfers": "portfolio.transfer",
    "transferRules": "sales.manage",
    "distributionPolicies": "sales.manage",
    "distributionDiagnosis": "sales.manage",
}


def _moving_places() -> dict[tuple[str, str], str]:
    """Every field of transfers, their rules and distribution, with its permission."""
    fields = {
        (type_name, field): PERMISSIONS[TYPES[type_name]]
        for type_name in MOVING_FIELDS
        for field in MOVING_FIELDS[type_name]
    }
    return fields | {("Query", root): permission for root, permission in _MOVING_ROOTS.items()}


def _scope_holds(viewer: Judged, table: str) -> bool:
    """Whether a scope such as the viewer's holds any team (`table` is team), or any inbox, at all."""
    return viewer.facts.scope in ("ACCOUNT", table.upper())


def _refused_to_partners() -> set[tuple[str, str]]:
    switches = {name for name, field in FIELDS["Account"].items() if field.group is not Group.IDENTITY}
    return (
        {("Agent", field) for field in FIELDS["Agent"] if field != "name"}
        | {("Account", field) for field in switches}
        | {("ViewerAccess", field) for field in ("mode", "isolationMode", "scope", "reach")}
        | {("Query", field) for field in _FOR_AGENTS}
    )


# The view


def view(viewer: Judged) -> dict[str, dict[UUID, Row]]:
    """Everything that the viewer may see: type → id → field → value."""
    found: dict[str, dict[UUID, Row]] = viewer.once("view", lambda: _view(viewer))
    return found


def _view(viewer: Judged) -> dict[str, dict[UUID, Row]]:
    rows = {
        type_name: {
            row_id: _seen(viewer, type_name, viewer.world[table][row_id]) for row_id in sight(viewer, table)
        }
        for type_name, table in TYPES.items()
    }
    return rows | {"Portfolio": {owner: _portfolio(viewer, owner) for owner in portfolios(viewer)}}


def _portfolio(viewer: Judged, owner: UUID) -> Row:
    held: Row = {"id": owner, "owner": owner}
    for table in RECORDS:
        owned = sorted(viewer.rows(table, "owner_id", owner), key=lambda row: natural_order(table, row))
        held[f"{table}s"] = tuple(row["id"] for row in owned if row["id"] in sight(viewer, table))
    return held


def _seen(viewer: Judged, type_name: str, row: Row) -> Row:
    fields = FIELDS[type_name]
    hidden = sorted(name for name in fields if not readable(viewer, type_name, row, name))
    seen: Row = {"id": row["id"]}
    for name, field in fields.items():
        seen[name] = None if name in hidden else _value(viewer, type_name, row, name, field)
    seen["maskedFields"] = tuple(hidden)
    if type_name in RECORD_FIELDS:
        seen["viewerCan"] = viewer_can(viewer, TYPES[type_name], row)
    return seen


def _value(viewer: Judged, type_name: str, row: Row, name: str, field: Field) -> Any:
    if field.kind == "many":
        return _listed(viewer, type_name, row, name)
    if field.kind == "money":
        return None if row["amount"] is None else Money(row["amount"], row["currency"])
    if field.kind == "function":
        return None
    if name == "changes":
        return _changes(viewer, row)
    if field.kind == "counts":
        return _progress(viewer, row)
    if (type_name, name) == ("Agent", "load"):
        return load(viewer, row["id"])
    if field.target == "Node":
        return _subject(viewer, row)
    if field.kind == "one":
        return _referred(viewer, field.target, row[field.column])
    value = row[field.column]
    return tuple(value) if isinstance(value, list) else value


def _referred(viewer: Judged, target: str, row_id: UUID | None) -> UUID | None:
    if row_id is None:
        return None
    if target == "Portfolio":
        return row_id if row_id in portfolios(viewer) else None
    return row_id if row_id in sight(viewer, TYPES[target]) else None


def _listed(viewer: Judged, type_name: str, row: Row, name: str) -> tuple[UUID, ...]:
    """The ids in sight of a list, in its natural order."""
    table = TYPES[FIELDS[type_name][name].target]
    found = _related(viewer, TYPES[type_name], row["id"], table)
    found.sort(key=lambda one: natural_order(table, one))
    return tuple(one["id"] for one in found if one["id"] in sight(viewer, table))


def _related(viewer: Judged, table: str, me: UUID, other: str) -> list[Row]:
    """The rows of the table `other` that belong to row `me` of `table`."""
    world = viewer.world
    if table == "agent":
        return [world[other][one] for one in members(world, other, me)]
    if other == "agent":
        memberships = viewer.rows(f"{table}_member", f"{table}_id", me)
        return [world["agent"][one["agent_id"]] for one in memberships]
    if other in ("ownership", "timeline_entry"):
        return list(viewer.rows(other, "record_id", me))
    if other in _OF:
        return list(viewer.rows(other, _OF[other][1], me))
    return list(viewer.rows(other, f"{table}_id", me))


def natural_order(table: str, row: Row) -> tuple[Any, ...]:
    """Where `row` stands in its table when no order is asked for."""
    if table in RECORDS:
        return (-row["created_at"].timestamp(), row["id"])
    by = {
        "message": "number",
        "timeline_entry": "number",
        "payment": "paid_at",
        "ownership": "started_at",
        "transfer_item": "number",
        "distribution_policy": "created_at",
        "distribution_member": "number",
        "distribution_candidate": "number",
    }.get(table)
    if by:
        return (row[by], row["id"])
    if table in ("audit_entry", "distribution_decision"):
        return (-row["at"].timestamp(), row["id"])
    if table == "transfer":
        return (-row["created_at"].timestamp(), row["id"])
    if table in ("transfer_share", "transfer_rule_share"):
        return (-row["weight"], row["id"])
    return (row["name"].casefold(), row["id"])


def _subject(viewer: Judged, entry: Row) -> tuple[str, UUID] | None:
    """(type, id) of what an audit entry, or an item of a transfer, is about, when it is in sight."""
    table = (entry.get("record_type") or entry.get("subject_type") or "").lower()
    subject: UUID | None = entry.get("record_id") or entry.get("subject_id")
    type_name = TYPE_OF.get(table)
    if type_name is None or subject is None or subject not in sight(viewer, table):
        return None
    return type_name, subject


def _changes(viewer: Judged, entry: Row) -> tuple[tuple[str, Any, Any], ...]:
    """(column, before, after) for each change, sorted; values by the rule of the field they belong to."""
    table = (entry.get("record_type") or entry.get("subject_type") or "").lower()
    subject = viewer.world.tables.get(table, {}).get(entry.get("record_id") or entry.get("subject_id"))
    changes = [
        (column, *(_changed(viewer, table, subject, column, value) for value in entry["changes"][column]))
        for column in sorted(entry["changes"])
    ]
    return tuple(each for each in changes if not _is_hidden_reference(table, *each))


def _is_hidden_reference(table: str, column: str, before: Any, after: Any) -> bool:
    """Whether a reference led from nothing in sight to nothing in sight: in the view nothing changed."""
    _, field = field_of_column(table, column)
    return field is not None and field.kind == "one" and before is None and after is None


def _changed(viewer: Judged, table: str, subject: Row | None, column: str, value: Any) -> Any:
    if subject is None or value is None:
        return None
    name, field = field_of_column(table, column)
    if field is None or subject["id"] not in sight(viewer, table):
        return None
    if not readable(viewer, TYPE_OF[table], subject, name):
        return None
    if field.kind in ("one", "many"):
        ids = value if isinstance(value, list) else [value]
        known = tuple(_referred(viewer, field.target, _uuid(one)) for one in ids)
        return known if isinstance(value, list) else known[0]
    return tuple(value) if isinstance(value, list) else value


def _uuid(value: Any) -> UUID | None:
    try:
        return UUID(str(value))
    except ValueError:
        return None  # what is no id names nothing


def field_of_column(table: str, column: str) -> tuple[str, Field | None]:
    """The field that a column is read by: its name, and None if there is no such field."""
    if column == "currency" and table in ("deal", "payment"):
        column = "amount"
    for name, field in FIELDS.get(TYPE_OF.get(table, ""), {}).items():
        listed = f"{TYPES[field.target]}_ids" if field.kind == "many" else ""
        if column in (name, field.column, listed):
            return name, field
    return "", None


# What is computed


def portfolios(viewer: Judged) -> set[UUID]:
    """The agents whose portfolio the viewer sees."""
    owners: set[UUID] = viewer.once("portfolios", lambda: _portfolios(viewer))
    return owners


def _portfolios(viewer: Judged) -> set[UUID]:
    if viewer.facts.agent_id is None:
        return set()
    agents = sight(viewer, "agent")
    held = {viewer.world[table][one]["owner_id"] for table in RECORDS for one in sight(viewer, table)}
    return {one for one in agents if one in held or is_self_or_managed(viewer, one)}


def _progress(viewer: Judged, transfer: Row) -> Row:
    """How many items of a transfer, of those in sight, are in each state."""
    items = viewer.rows("transfer_item", "transfer_id", transfer["id"])
    states = [one["state"].lower() for one in items if one["id"] in sight(viewer, "transfer_item")]
    named = ("waiting", "moved", "left", "returning", "reverted", "kept")
    return {"total": len(states), **{name: states.count(name) for name in named}}


def load(viewer: Judged, agent_id: UUID) -> int:
    """How many contacts the agent has that are not archived, in whoever's sight."""
    return sum(row["archived_at"] is None for row in viewer.rows("contact", "owner_id", agent_id))


def owner_at(viewer: Judged, table: str, row: Row, instant: datetime) -> UUID | None:
    """What `ownerAt` answers for a record in sight."""
    if not reads(viewer, table, row, "ownerAt"):
        return None
    for one in viewer.rows("ownership", "record_id", row["id"]):
        if one["started_at"] <= instant and (one["ended_at"] is None or instant < one["ended_at"]):
            return _referred(viewer, "Agent", one["owner_id"])
    return None
