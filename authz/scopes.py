"""Scopes: which rows of each table are in a viewer's sight.

(authorization.md, "What the viewer is to a record" and "The other types")

Each is a function from the viewer to a predicate over the table. `SCOPES` holds one for every table
that can be read; a table without one is out of everybody's sight.
"""

from collections.abc import Callable

from authz.predicate import (
    ALWAYS,
    NEVER,
    Equals,
    In,
    Is,
    Not,
    Null,
    Param,
    Predicate,
    all_of,
    any_of,
    exists,
    negate,
)
from authz.viewer import Viewer
from models import IsolationMode, Permission, Reach, RecordType, Scope, UnownedVisibility

ScopeFunction = Callable[[Viewer], Predicate]

SCOPES: dict[str, ScopeFunction] = {}
AUDITED: dict[str, ScopeFunction] = {}
"""Which rows of a table lie in a role's scope, where the audit is about them; records are judged apart."""
RECORDS = {"contact": RecordType.CONTACT, "conversation": RecordType.CONVERSATION, "deal": RecordType.DEAL}
OWNED = Is("owner_id", Param.AGENT)


def scope(table: str) -> Callable[[ScopeFunction], ScopeFunction]:
    """Declare a table's scope."""

    def declare(function: ScopeFunction) -> ScopeFunction:
        SCOPES[table] = function
        return function

    return declare


def audited(table: str) -> Callable[[ScopeFunction], ScopeFunction]:
    """Declare which rows of a table are subjects of the audit in a role's scope."""

    def declare(function: ScopeFunction) -> ScopeFunction:
        AUDITED[table] = function
        return function

    return declare


def in_sight(table: str, viewer: Viewer) -> Predicate:
    """The rows of `table`, within the account, that the viewer may know of."""
    return SCOPES[table](viewer) if table in SCOPES else NEVER


def visible(table: str, viewer: Viewer) -> Predicate:
    """The rows of `table` that the viewer may know of: those in sight, and of the account."""
    if table == "account":
        return in_sight(table, viewer)
    return all_of(SCOPES["tenant"](viewer), in_sight(table, viewer))


@scope("tenant")
def tenant(viewer: Viewer) -> Predicate:
    """Nothing ever crosses: every row is of the viewer's account."""
    return Is("account_id", Param.ACCOUNT)


@scope("account")
def accounts(viewer: Viewer) -> Predicate:
    """The viewer's own account."""
    return Is("id", Param.ACCOUNT)


def in_scope(table: str, viewer: Viewer) -> Predicate:
    """The records that lie in the scope of the viewer's role, whoever owns them."""
    if not viewer.is_agent:
        return NEVER
    if not viewer.granular:
        return in_sight(table, viewer)
    match viewer.scope:
        case Scope.ACCOUNT:
            return ALWAYS
        case Scope.TEAM:
            return any_of(In("team_id", Param.TEAMS), all_of(Null("team_id"), _owner_in_teams()))
        case Scope.INBOX:
            return any_of(In("inbox_id", Param.INBOXES), _inbox_by_conversation(table))


def _owner_in_teams() -> Predicate:
    return exists("team_member", "agent_id", "owner_id", In("team_id", Param.TEAMS))


def _inbox_by_conversation(table: str) -> Predicate:
    mine = In("inbox_id", Param.INBOXES)
    match table:
        case "contact":
            return exists("conversation", "contact_id", "id", mine)
        case "deal":
            return all_of(Null("inbox_id"), exists("conversation", "id", "conversation_id", mine))
        case _:
            return NEVER


def _records_in_sight(table: str, viewer: Viewer) -> Predicate:
    if not viewer.granular:
        return _by_team_and_inbox(viewer)
    lying = in_scope(table, viewer)
    if viewer.reach is Reach.SCOPE:
        return any_of(OWNED, lying)
    return any_of(OWNED, _shared(viewer, lying), _unowned(viewer, lying))


def _by_team_and_inbox(viewer: Viewer) -> Predicate:
    if viewer.may(Permission.ACCOUNT_MANAGE) and viewer.whole_account:
        return ALWAYS
    return any_of(OWNED, In("team_id", Param.TEAMS), In("inbox_id", Param.INBOXES))


def _shared(viewer: Viewer, lying: Predicate) -> Predicate:
    strict = viewer.isolation_mode is IsolationMode.STRICT
    return NEVER if strict else all_of(lying, Not(Null("owner_id")))


def _unowned(viewer: Viewer, lying: Predicate) -> Predicate:
    shown = viewer.unowned_visibility is UnownedVisibility.SCOPE
    return all_of(lying, Null("owner_id")) if shown else NEVER


@scope("contact")
def contacts(viewer: Viewer) -> Predicate:
    """Owned, managed, shared or unowned contacts; a partner user sees none."""
    return _records_in_sight("contact", viewer) if viewer.is_agent else NEVER


@scope("conversation")
def conversations(viewer: Viewer) -> Predicate:
    """Owned, managed, shared or unowned conversations; a partner user sees none."""
    return _records_in_sight("conversation", viewer) if viewer.is_agent else NEVER


@scope("deal")
def deals(viewer: Viewer) -> Predicate:
    """Owned, managed, shared or unowned deals; a partner user sees the company's."""
    return _records_in_sight("deal", viewer) if viewer.is_agent else Is("partner_id", Param.PARTNER)


def readable(viewer: Viewer) -> Predicate:
    """Among records in sight: those whose words, money, details and activity may be read."""
    if not viewer.is_agent:
        return NEVER
    if not viewer.granular or viewer.reach is Reach.SCOPE:
        return ALWAYS
    if viewer.isolation_mode is IsolationMode.OPEN:
        return ALWAYS
    return ALWAYS if _only_own_in_sight(viewer) else OWNED


def changeable(viewer: Viewer) -> Predicate:
    """Among records in sight: those that the viewer may change."""
    if not viewer.is_agent:
        return NEVER
    if not viewer.granular or viewer.reach is Reach.SCOPE:
        return ALWAYS
    return ALWAYS if _only_own_in_sight(viewer) else OWNED


def _only_own_in_sight(viewer: Viewer) -> bool:
    strict = viewer.isolation_mode is IsolationMode.STRICT
    return strict and viewer.unowned_visibility is UnownedVisibility.MANAGERS


@scope("message")
def messages(viewer: Viewer) -> Predicate:
    """The messages of conversations whose words may be read."""
    words = all_of(in_sight("conversation", viewer), readable(viewer))
    return exists("conversation", "id", "conversation_id", words)


@scope("payment")
def payments(viewer: Viewer) -> Predicate:
    """The payments of deals whose money may be read."""
    return exists("deal", "id", "deal_id", all_of(in_sight("deal", viewer), readable(viewer)))


def of_records(type_column: str, id_column: str, viewer: Viewer, also: Predicate = ALWAYS) -> Predicate:
    """The rows that belong to records in sight which also satisfy `also`."""
    return any_of(
        *(
            all_of(Equals(type_column, kind.value), exists(table, "id", id_column, rows))
            for table, kind in RECORDS.items()
            if (rows := all_of(in_sight(table, viewer), also)) != NEVER
        )
    )


@scope("timeline_entry")
def timeline_entries(viewer: Viewer) -> Predicate:
    """What happened to records whose words may be read."""
    return of_records("record_type", "record_id", viewer, readable(viewer))


@scope("ownership")
def ownerships(viewer: Viewer) -> Predicate:
    """The ownership of records in sight; a partner user sees none."""
    return of_records("record_type", "record_id", viewer) if viewer.is_agent else NEVER


@scope("agent")
def agents(viewer: Viewer) -> Predicate:
    """Every agent of the account; a partner user sees the owners of the company's deals."""
    return ALWAYS if viewer.is_agent else exists("deal", "owner_id", "id", in_sight("deal", viewer))


@scope("team")
def teams(viewer: Viewer) -> Predicate:
    """Every team of the account, for its agents."""
    return ALWAYS if viewer.is_agent else NEVER


@scope("inbox")
def inboxes(viewer: Viewer) -> Predicate:
    """Every inbox of the account, for its agents."""
    return ALWAYS if viewer.is_agent else NEVER


@scope("role")
def roles(viewer: Viewer) -> Predicate:
    """Every role of the account, for its agents."""
    return ALWAYS if viewer.is_agent else NEVER


@scope("partner")
def partners(viewer: Viewer) -> Predicate:
    """Every partner of the account; a partner user sees their own company."""
    return ALWAYS if viewer.is_agent else Is("id", Param.PARTNER)


@scope("partner_user")
def partner_users(viewer: Viewer) -> Predicate:
    """Every partner user of the account; a partner user sees those of their own company."""
    return ALWAYS if viewer.is_agent else Is("partner_id", Param.PARTNER)


@scope("token")
def tokens(viewer: Viewer) -> Predicate:
    """The viewer's own tokens; whoever manages the whole account sees that each exists."""
    if not viewer.is_agent:
        return Is("partner_user_id", Param.PARTNER_USER)
    manages = viewer.may(Permission.ACCOUNT_MANAGE) and viewer.whole_account
    return ALWAYS if manages else Is("agent_id", Param.AGENT)


@scope("audit_entry")
def audit_entries(viewer: Viewer) -> Predicate:
    """With `audit.read`: what was done to subjects in the scope; without a subject, the account's."""
    if not viewer.is_agent or not viewer.may(Permission.AUDIT_READ):
        return NEVER
    about_records = any_of(
        *(
            all_of(Equals("subject_type", table), exists(table, "id", "subject_id", rows))
            for table in RECORDS
            if (rows := all_of(in_sight(table, viewer), in_scope(table, viewer))) != NEVER
        )
    )
    about_all = all(all_of(in_sight(table, viewer), in_scope(table, viewer)) == ALWAYS for table in RECORDS)
    if viewer.whole_account:
        others = all_of(*(Not(Equals("subject_type", table)) for table in RECORDS))
        return ALWAYS if about_all else any_of(Null("subject_type"), others, about_records)
    return any_of(about_records, *_subjects_in_scope(viewer))


def _subjects_in_scope(viewer: Viewer) -> list[Predicate]:
    return [
        all_of(Equals("subject_type", table), exists(table, "id", "subject_id", within(viewer)))
        for table, within in AUDITED.items()
        if within(viewer) != NEVER
    ]


@audited("agent")
def agents_in_scope(viewer: Viewer) -> Predicate:
    """The agents who lie in the role's scope: by sharing a team, or an inbox, with the viewer."""
    return named_in_scope(viewer, "id")


def named_in_scope(viewer: Viewer, column: str) -> Predicate:
    """Whether the agent that `column` names lies in the role's scope."""
    if not viewer.is_agent:
        return NEVER
    match viewer.scope:
        case Scope.ACCOUNT:
            return ALWAYS
        case Scope.TEAM:
            return exists("team_member", "agent_id", column, In("team_id", Param.TEAMS))
        case Scope.INBOX:
            return exists("inbox_member", "agent_id", column, In("inbox_id", Param.INBOXES))


def all_named_in_scope(viewer: Viewer, table: str, inner: str) -> Predicate:
    """Whether every agent that `table` names, in rows whose `inner` refers here, lies in the role's scope."""
    return negate(exists(table, inner, "id", negate(named_in_scope(viewer, "agent_id"))))


def agents_managed(viewer: Viewer) -> Predicate:
    """The agents whose manager the viewer is: in the scope, the reach being the scope."""
    return agents_in_scope(viewer) if viewer.reach is Reach.SCOPE else NEVER


@audited("team")
def teams_in_scope(viewer: Viewer) -> Predicate:
    """The teams that the role's scope holds."""
    if viewer.is_agent and viewer.scope is Scope.ACCOUNT:
        return ALWAYS
    return In("id", Param.TEAMS) if viewer.is_agent and viewer.scope is Scope.TEAM else NEVER


@audited("inbox")
def inboxes_in_scope(viewer: Viewer) -> Predicate:
    """The inboxes that the role's scope holds."""
    if viewer.is_agent and viewer.scope is Scope.ACCOUNT:
        return ALWAYS
    return In("id", Param.INBOXES) if viewer.is_agent and viewer.scope is Scope.INBOX else NEVER


@scope("portfolio")
def portfolios(viewer: Viewer) -> Predicate:
    """The agents whose portfolio is in sight: one's own, a managed agent's, one with a record in sight."""
    if not viewer.is_agent:
        return NEVER
    holding = (exists(table, "owner_id", "id", in_sight(table, viewer)) for table in RECORDS)
    return any_of(Is("id", Param.AGENT), agents_managed(viewer), *holding)
