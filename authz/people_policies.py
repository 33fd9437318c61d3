"""Policies for people, places, roles, settings, passwords and tokens.

`people.manage` acts on the agents, teams and inboxes of its scope, and on partners with account scope.
Nobody gives away a permission, scope, reach, team or inbox beyond their own, nor touches a role or an
agent above them (authorization.md, "The other types"). Above is a role that has more than one's own, and
an agent who has such a role or is in a place that one does not hold: decision 11.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from authz.access import AGENT_PRIVATE, ROLE_CONTENTS, Refused
from authz.policies import SUBJECT, Act, Policy, anything, nothing_unseen, sees_every_record
from authz.predicate import ALWAYS, NEVER, Is, Param, Predicate
from authz.scopes import agents_in_scope, inboxes_in_scope, teams_in_scope
from authz.viewer import Viewer
from models import Permission, Reach, Scope
from models.operations.members import main_team_of
from models.operations.unset import UNSET

Columns = Mapping[str, Any]

_PRIVATE = ("email", "available", "inbox_ids", "expected_version")
_KNOWN = frozenset(permission.value for permission in Permission)


def above(viewer: Viewer, role: Columns) -> bool:
    """Whether a role has a permission, scope or reach that the viewer's has not.

    The viewer's is what theirs comes to; the other is taken as it is given. Where granular permissions
    are off a role of the account's own making comes to less, but only until they are on again.
    """
    return not (
        viewer.permissions.issuperset(role["permissions"])
        and (viewer.whole_account or role["scope"] == viewer.scope)
        and (viewer.reach is Reach.SCOPE or role["reach"] == viewer.reach)
    )


def those_in_scope(viewer: Viewer, table: str) -> Predicate:
    """The agents, teams or inboxes that the role's scope holds."""
    return {"agent": agents_in_scope, "team": teams_in_scope, "inbox": inboxes_in_scope}[table](viewer)


def roles_readable(viewer: Viewer, table: str) -> Predicate:
    """The roles whose contents the viewer may read: a permission acts on nothing else."""
    decision = ROLE_CONTENTS.decide(viewer, table)
    return NEVER if isinstance(decision, Refused) else decision


def tokens_revocable(viewer: Viewer, table: str) -> Predicate:
    """One's own tokens; with `account.manage` and account scope, all."""
    if viewer.may(Permission.ACCOUNT_MANAGE) and viewer.whole_account:
        return ALWAYS
    return Is("agent_id", Param.AGENT) if viewer.is_agent else Is("partner_user_id", Param.PARTNER_USER)


@dataclass(frozen=True, slots=True)
class Places:
    """What an agent is in: the places' table, and the one that joins them with agents."""

    table: str
    joining: str
    column: str
    scope: Scope
    within: Callable[[Viewer], Predicate]
    mine: Callable[[Viewer], frozenset[UUID]]


PLACES = {
    "team_ids": Places(
        "team", "team_member", "team_id", Scope.TEAM, teams_in_scope, lambda viewer: viewer.team_ids
    ),
    "inbox_ids": Places(
        "inbox", "inbox_member", "inbox_id", Scope.INBOX, inboxes_in_scope, lambda viewer: viewer.inbox_ids
    ),
}
"""The fields of inputs that say where an agent is to be."""


async def agent_not_above(act: Act) -> bool:
    """The agent acted on is not above the viewer."""
    return await not_above(act, _subject(act))


async def token_holder_not_above(act: Act) -> bool:
    """The agent whose token it is, where it is somebody else's, is not above the viewer."""
    holder = _subject(act)["agent_id"]
    if holder is None or holder == act.viewer.agent_id:
        return True
    return await not_above(act, (await act.related("agent", "id", holder))[0])


async def not_above(act: Act, agent: Columns) -> bool:
    """Whether the agent is not above the viewer."""
    return not above(act.viewer, await _role_of(act, agent)) and await _places_held(act, agent)


async def _places_held(act: Act, agent: Columns) -> bool:
    """Every team, or inbox, that a role of the viewer's scope makes use of in the agent's hands is theirs.

    A role comes to what its holder is in: who changes either hands out the sight of all of it.
    """
    viewer = act.viewer
    used = (places for places in PLACES.values() if places.scope is viewer.scope)
    return all([await _present(act, places, agent) <= places.mine(viewer) for places in used])


async def role_not_above(act: Act) -> bool:
    """The role acted on, or given to an agent, is not above the viewer's."""
    roles = [row for rows in act.named.values() for table, row in rows if table == "role"]
    return not any(above(act.viewer, role) for role in roles)


async def role_written_within(act: Act) -> bool:
    """What is written of a role is not beyond the viewer's own; what is no permission, the act refuses."""
    viewer = act.viewer
    written = {
        "permissions": _KNOWN.intersection(act.given.get("permissions") or ()),
        "scope": act.given.get("scope") or viewer.scope,
        "reach": act.given.get("reach") or viewer.reach,
    }
    return not above(viewer, written)


async def holders_in_scope(act: Act) -> bool:
    """Every agent who has the role lies in the viewer's scope, with all that it makes use of there."""
    return all(
        [
            await act.holds(agents_in_scope(act.viewer), holder) and await _places_held(act, holder)
            for holder in await act.related("agent", "role_id", _subject(act)["id"])
        ]
    )


async def private_readable(act: Act) -> bool:
    """What the input names of an agent beside name, role, teams and status, the viewer may read."""
    if not any(name in act.given for name in _PRIVATE):
        return True
    decision = AGENT_PRIVATE.decide(act.viewer, "agent")
    return not isinstance(decision, Refused) and await act.holds(decision, _subject(act))


async def places_within(act: Act) -> bool:
    """Every team and inbox that the agent enters or leaves lies in the scope."""
    for name, places in PLACES.items():
        if name not in act.given:
            continue
        moved = _wanted(act, name) ^ (await _present(act, places, _subject(act)) if _exists(act) else set())
        if not await _all_within(act, places.within, moved):
            return False
    return True


async def main_team_within(act: Act) -> bool:
    """The main team, where it becomes another one, named or not, was and will be one of the scope."""
    before = _subject(act)["main_team_id"]
    after = _main_team_left(act, before)
    moved = {team for team in (before, after) if team is not None} if before != after else set()
    return await _all_within(act, teams_in_scope, moved)


def _main_team_left(act: Act, before: UUID | None) -> UUID | None:
    if "main_team_id" in act.given:
        return next(iter(_wanted(act, "main_team_id")), None)
    if "team_ids" not in act.given:
        return before
    return main_team_of([row["id"] for _, row in act.named.get("team_ids", [])], UNSET, before)


async def left_in_scope(act: Act) -> bool:
    """The agent will lie in the viewer's scope: nobody is put where they could not have been reached."""
    for name, places in PLACES.items():
        if places.scope is act.viewer.scope and (name in act.given or not _exists(act)):
            return bool(_wanted(act, name) & places.mine(act.viewer))
    return True


async def may_place_portfolio(act: Act) -> bool:
    """To say where somebody's records go is to assign them."""
    words = ("leave_unowned", "distribute", "to", "new_owner_id")
    says_where = any(act.given.get(word) for word in words)
    return not says_where or act.viewer.may(Permission.PORTFOLIO_ASSIGN)


async def portal_access_kept_or_all_seen(act: Act) -> bool:
    """To take portal access away takes every deal from that user, those out of sight included."""
    return act.given.get("portal_access") is not False or await nothing_unseen(act)


async def oneself_or_all_seen(act: Act) -> bool:
    """A password is one's own, or set by who sees every record: who sets it can sign in as that person."""
    people = [row for rows in act.named.values() for row in rows]
    return all([await _may_sign_in_as(act, table, row) for table, row in people])


async def token_permissions_within(act: Act) -> bool:
    """A token's permissions are its maker's; what is no permission, the act refuses."""
    return act.viewer.permissions.issuperset(_KNOWN.intersection(act.given.get("permissions") or ()))


async def _may_sign_in_as(act: Act, table: str, person: Columns) -> bool:
    viewer = act.viewer
    if person["id"] == viewer.actor_id:
        return True
    if not viewer.may(Permission.PEOPLE_MANAGE) or not sees_every_record(viewer):
        return False
    return table == "partner_user" or await not_above(act, person)


def _exists(act: Act) -> bool:
    return SUBJECT in act.named


def _subject(act: Act) -> Columns:
    return act.named[SUBJECT][0][1]


async def _role_of(act: Act, agent: Columns) -> Columns:
    return (await act.related("role", "id", agent["role_id"]))[0]


def _wanted(act: Act, name: str) -> set[UUID]:
    return {row["id"] for _, row in act.named.get(name, [])}


async def _present(act: Act, places: Places, agent: Columns) -> set[UUID]:
    rows = await act.related(places.joining, "agent_id", agent["id"])
    return {row[places.column] for row in rows}


async def _all_within(act: Act, within: Callable[[Viewer], Predicate], ids: set[UUID]) -> bool:
    return all([await act.holds(within(act.viewer), {"id": id}) for id in ids])


CREATE_AGENT = Policy(
    "create-agent",
    "`people.manage`: into teams and inboxes of its scope (below account scope at least one), with a role "
    "not above one's own.",
    permission=Permission.PEOPLE_MANAGE,
    links=anything,
    checks=(role_not_above, places_within, left_in_scope),
    changes_access=True,
)
UPDATE_AGENT = Policy(
    "update-agent",
    "`people.manage`, for agents of its scope who are not above one; who stay in it, and enter and leave "
    "teams and inboxes of the scope alone.",
    permission=Permission.PEOPLE_MANAGE,
    rows=those_in_scope,
    links=anything,
    checks=(agent_not_above, private_readable, places_within, main_team_within, left_in_scope),
    changes_access=True,
)
SET_AGENT_STATUS = Policy(
    "set-agent-status",
    "`people.manage`, for agents of its scope who are not above one.",
    permission=Permission.PEOPLE_MANAGE,
    rows=those_in_scope,
    checks=(agent_not_above, private_readable),
    changes_access=True,
)
DEACTIVATE_AGENT = Policy(
    "deactivate-agent",
    "`people.manage` with every record of the account in sight, for agents who are not above one; to say "
    "where their records go, `portfolio.assign` as well.",
    permission=Permission.PEOPLE_MANAGE,
    checks=(nothing_unseen, agent_not_above, may_place_portfolio),
    changes_access=True,
)
CREATE_PLACE = Policy(
    "create-place",
    "`people.manage` with account scope: a new team or inbox lies in no other.",
    permission=Permission.PEOPLE_MANAGE,
    account_wide=True,
)
UPDATE_PLACE = Policy(
    "update-place",
    "`people.manage`, for the teams and inboxes of its scope.",
    permission=Permission.PEOPLE_MANAGE,
    rows=those_in_scope,
)
WRITE_PARTNER = Policy(
    "write-partner",
    "`people.manage` with account scope.",
    permission=Permission.PEOPLE_MANAGE,
    account_wide=True,
)
UPDATE_PARTNER_USER = Policy(
    "update-partner-user",
    "`people.manage` with account scope; to take portal access away, with every record of the account in "
    "sight.",
    permission=Permission.PEOPLE_MANAGE,
    account_wide=True,
    checks=(portal_access_kept_or_all_seen,),
    changes_access=True,
)
CREATE_ROLE = Policy(
    "create-role",
    "`roles.manage`, within one's own permissions, scope and reach; not by programs.",
    permission=Permission.ROLES_MANAGE,
    checks=(role_written_within,),
    by_programs=False,
)
UPDATE_ROLE = Policy(
    "update-role",
    "`roles.manage`, for roles that one may read and that are not above one's own, held in the scope alone "
    "and by nobody above one; within one's own permissions, scope and reach; not by programs.",
    permission=Permission.ROLES_MANAGE,
    rows=roles_readable,
    checks=(role_not_above, role_written_within, holders_in_scope),
    by_programs=False,
    changes_access=True,
)
ASSIGN_ROLE = Policy(
    "assign-role",
    "`roles.manage`, for agents of its scope who are not above one, with a role not above one's own; not by "
    "programs.",
    permission=Permission.ROLES_MANAGE,
    rows=those_in_scope,
    checks=(agent_not_above, role_not_above, private_readable),
    by_programs=False,
    changes_access=True,
)
UPDATE_ACCOUNT = Policy(
    "update-account",
    "`account.manage` with account scope.",
    permission=Permission.ACCOUNT_MANAGE,
    account_wide=True,
    changes_access=True,
)
SET_PASSWORD = Policy(
    "set-password",
    "Everyone, their own; `people.manage` with every record of the account in sight, those of partner users "
    "and of agents who are not above one; not by programs.",
    links=anything,
    checks=(oneself_or_all_seen,),
    partner_users=True,
    by_programs=False,
    changes_access=True,
)
CREATE_API_TOKEN = Policy(
    "create-api-token",
    "Every agent, within their own permissions; not by programs.",
    checks=(token_permissions_within,),
    by_programs=False,
)
REVOKE_TOKEN = Policy(
    "revoke-token",
    "Everyone, their own; `account.manage` with account scope, those of partner users and of agents who are "
    "not above one; not by programs.",
    rows=tokens_revocable,
    checks=(token_holder_not_above,),
    partner_users=True,
    by_programs=False,
    changes_access=True,
)
