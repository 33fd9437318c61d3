"""Access rules: may this viewer read this field, and on which rows (authorization.md, "Who may see what").

A rule answers, before any row is read, with a predicate over the row's table, or with `REFUSED`
where no row could be readable. It is the permission class of the resolvers that it guards; one
instance serves all requests and holds no state.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import strawberry
from strawberry.permission import BasePermission
from strawberry.schema_directive import Location

from authz.judging import holds
from authz.predicate import ALWAYS, NEVER, Is, Param, Predicate, any_of
from authz.scopes import (
    agents_managed,
    inboxes_in_scope,
    readable,
    teams_in_scope,
)
from authz.viewer import Viewer
from models import Permission

log = logging.getLogger("carteira.authz")


@dataclass(frozen=True, slots=True)
class Refused:
    """No row could be readable; where `module`, because the account's sales module is off."""

    module: bool = False


REFUSED: Final = Refused()
DISABLED: Final = Refused(module=True)
Decision = Predicate | Refused
Decide = Callable[[Viewer | None, str], Decision]


@strawberry.schema_directive(locations=[Location.FIELD_DEFINITION], name="access")
class Access:
    """The rule that guards a field."""

    rule: str


def disabled(viewer: Viewer | None) -> bool:
    """Whether whoever asks is of an account that has the sales module off."""
    return viewer is not None and not viewer.sales_module


class AccessRule(BasePermission):
    """A named rule; `reads` says in words who may read what it guards.

    What is `of_module`, the sales module's, is DISABLED while that is off, whoever asks.
    """

    def __init__(self, name: str, reads: str, decide: Decide, *, of_module: bool = False) -> None:
        self.name = name
        self.reads = reads
        self.of_module = of_module
        self._decide = decide
        self._directive = Access(rule=name)

    @property
    def schema_directive(self) -> object:
        """The rule's name, for the SDL."""
        return self._directive

    def decide(self, viewer: Viewer | None, table: str) -> Decision:
        """Which rows of `table` the viewer may read this on; a rule that fails refuses."""
        if self.of_module and disabled(viewer):
            return DISABLED
        try:
            return self._decide(viewer, table)
        except Exception:
            log.exception("The access rule %s failed on %s; it refuses.", self.name, table)
            return REFUSED

    async def has_permission(self, source: Any, info: Any, **_arguments: Any) -> bool:
        """Whether this viewer may read this field of the row in hand."""
        context = info.context
        decision = self.decide(context.viewer, getattr(source, "table", ""))
        if isinstance(decision, Refused):
            return False
        if decision == ALWAYS:
            return True
        return await holds(decision, source.row, context.viewer, context.related)


RULES: dict[str, AccessRule] = {}


def rule(name: str, reads: str, *, of_module: bool = False) -> Callable[[Decide], AccessRule]:
    """Declare a rule by the function that decides it; `of_module`: what it guards is the sales module's."""

    def declare(decide: Decide) -> AccessRule:
        RULES[name] = AccessRule(name, reads, decide, of_module=of_module)
        return RULES[name]

    return declare


def granted(yes: bool, rows: Predicate = ALWAYS) -> Decision:
    """These rows if `yes`; where that comes to none, refused."""
    return REFUSED if not yes or rows == NEVER else rows


@rule("public", "Anyone, signed in or not.")
def PUBLIC(viewer: Viewer | None, table: str) -> Decision:
    """Anyone."""
    return ALWAYS


@rule("signed-in", "Whoever is signed in; the rows below it keep their own rules.")
def SIGNED_IN(viewer: Viewer | None, table: str) -> Decision:
    """Agents and partner users."""
    return granted(viewer is not None)


@rule("agent", "Every agent of the account; the rows below it keep their own rules.")
def AGENT(viewer: Viewer | None, table: str) -> Decision:
    """Agents."""
    return granted(viewer is not None and viewer.is_agent)


@rule("record.identity", "Whoever has the record in sight.")
def IDENTITY(viewer: Viewer | None, table: str) -> Decision:
    """Name, title, company, stage, status, owner, partner, assigned user, and their dates."""
    return granted(viewer is not None)


@rule("record.place", "Every agent who has the record in sight; null for partner users.")
def PLACE(viewer: Viewer | None, table: str) -> Decision:
    """Team, inbox, contact, conversation and ownerships."""
    return NEVER if viewer and not viewer.is_agent else granted(viewer is not None)


def _by_relation(viewer: Viewer | None) -> Decision:
    return REFUSED if viewer is None else readable(viewer)


@rule("record.details", "The owner and their managers; in OPEN mode everyone in the scope.")
def DETAILS(viewer: Viewer | None, table: str) -> Decision:
    """Email, phone and address of a contact."""
    return _by_relation(viewer)


@rule("record.words", "The owner and their managers; in OPEN mode everyone in the scope.")
def WORDS(viewer: Viewer | None, table: str) -> Decision:
    """Subject, messages, notes and timeline."""
    return _by_relation(viewer)


@rule(
    "record.money", "The owner, their managers, and the deal's partner; in OPEN mode everyone in the scope."
)
def MONEY(viewer: Viewer | None, table: str) -> Decision:
    """A deal's amount with its currency."""
    return ALWAYS if viewer and not viewer.is_agent else _by_relation(viewer)


@rule("record.payments", "The owner and their managers; in OPEN mode everyone in the scope.")
def PAYMENTS(viewer: Viewer | None, table: str) -> Decision:
    """A deal's payments, as a whole."""
    return _by_relation(viewer)


@rule("record.activity", "The owner and their managers; in OPEN mode everyone in the scope.")
def ACTIVITY(viewer: Viewer | None, table: str) -> Decision:
    """Version, time of the last change and of the last message."""
    return _by_relation(viewer)


@rule("agent.name", "Every agent; partner users, of the owners of their company's deals.")
def AGENT_NAME(viewer: Viewer | None, table: str) -> Decision:
    """An agent's name."""
    return granted(viewer is not None)


@rule("agent.membership", "Every agent of the account.")
def AGENT_MEMBERSHIP(viewer: Viewer | None, table: str) -> Decision:
    """An agent's role, teams and status."""
    return granted(viewer is not None and viewer.is_agent)


@rule("agent.private", "The agent, and their managers.")
def AGENT_PRIVATE(viewer: Viewer | None, table: str) -> Decision:
    """An agent's email, availability and inboxes."""
    if viewer is None or not viewer.is_agent:
        return REFUSED
    return any_of(Is("id", Param.AGENT), agents_managed(viewer))


@rule("name", "Every agent; partner users, of their own company.")
def NAME(viewer: Viewer | None, table: str) -> Decision:
    """The name of a team, inbox, role, partner or partner user."""
    return granted(viewer is not None)


@rule("team.members", "`people.manage`, for the teams in its scope.")
def TEAM_MEMBERS(viewer: Viewer | None, table: str) -> Decision:
    """What a team holds beside its name."""
    return _held(viewer, Permission.PEOPLE_MANAGE, teams_in_scope)


@rule("inbox.members", "`people.manage`, for the inboxes in its scope.")
def INBOX_MEMBERS(viewer: Viewer | None, table: str) -> Decision:
    """What an inbox holds beside its name."""
    return _held(viewer, Permission.PEOPLE_MANAGE, inboxes_in_scope)


@rule("role.contents", "`roles.manage`, for the roles in its scope.")
def ROLE_CONTENTS(viewer: Viewer | None, table: str) -> Decision:
    """A role's permissions, scope and reach."""
    return _held(viewer, Permission.ROLES_MANAGE, _roles_in_scope)


@rule("partner.contents", "`people.manage` with account scope; partner users, of their own company.")
def PARTNER_CONTENTS(viewer: Viewer | None, table: str) -> Decision:
    """A partner's users and deals."""
    if viewer is not None and not viewer.is_agent:
        return ALWAYS
    return _held(viewer, Permission.PEOPLE_MANAGE, _whole_account)


@rule("partner-user.details", "`people.manage` with account scope; a partner user, their own.")
def PARTNER_USER_DETAILS(viewer: Viewer | None, table: str) -> Decision:
    """A partner user's email, portal access and version."""
    if viewer is not None and not viewer.is_agent:
        return Is("id", Param.PARTNER_USER)
    return _held(viewer, Permission.PEOPLE_MANAGE, _whole_account)


@rule("account.switches", "Every agent of the account.")
def ACCOUNT_SWITCHES(viewer: Viewer | None, table: str) -> Decision:
    """The account's modules, capabilities and settings."""
    return granted(viewer is not None and viewer.is_agent)


@rule("audit.entry", "`audit.read`; the subject in its scope.")
def AUDIT(viewer: Viewer | None, table: str) -> Decision:
    """The audit log; values in it keep the rules of the fields that they were."""
    held = viewer is not None and viewer.is_agent and viewer.may(Permission.AUDIT_READ)
    return granted(held)


@rule("token.own", "Who made the token.")
def TOKEN_CONTENTS(viewer: Viewer | None, table: str) -> Decision:
    """What a token may do, and when it was made and ends."""
    if viewer is None:
        return REFUSED
    return Is("agent_id", Param.AGENT) if viewer.is_agent else Is("partner_user_id", Param.PARTNER_USER)


@rule("in-sight", "Whoever has the row in sight.")
def IN_SIGHT(viewer: Viewer | None, table: str) -> Decision:
    """What is there to read on every row in sight."""
    return ALWAYS


@rule("act.outcome", "Who acted.")
def OUTCOME(viewer: Viewer | None, table: str) -> Decision:
    """What a mutation gives back; the rows below it keep their own rules."""
    return ALWAYS


@rule("stream.frame", "Whoever subscribed, of what their view shows as it then stands.")
def FRAME(viewer: Viewer | None, table: str) -> Decision:
    """What a subscription tells; the rows below it keep their own rules."""
    return REFUSED if viewer is None else ALWAYS


def _held(viewer: Viewer | None, permission: Permission, rows: Callable[[Viewer], Predicate]) -> Decision:
    if viewer is None or not viewer.is_agent or not viewer.may(permission):
        return REFUSED
    return granted(True, rows(viewer))


def _whole_account(viewer: Viewer) -> Predicate:
    return ALWAYS if viewer.whole_account else NEVER


def _roles_in_scope(viewer: Viewer) -> Predicate:
    return ALWAYS if viewer.whole_account else Is("id", Param.ROLE)
