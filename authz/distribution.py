"""Distribution: who sees its policies and their decisions, who may change them, and within what they act."""

from collections.abc import Mapping
from typing import Any

from authz.access import REFUSED, Decision, rule
from authz.people_policies import not_above
from authz.policies import SUBJECT, Act, Policy, changeable_records, linkable, placeable_records
from authz.predicate import ALWAYS, NEVER, Is, Param, Predicate, all_of, any_of, exists
from authz.scopes import (
    agents_in_scope,
    agents_managed,
    all_named_in_scope,
    audited,
    in_scope,
    in_sight,
    inboxes_in_scope,
    named_in_scope,
    scope,
    teams_in_scope,
)
from authz.viewer import Viewer
from models import Permission, Reach


def may_distribute(viewer: Viewer) -> bool:
    """Whether distribution is theirs to manage."""
    return viewer.is_agent and viewer.sales_module and viewer.may(Permission.SALES_MANAGE)


@audited("distribution_policy")
def policies_named(viewer: Viewer) -> Predicate:
    """The policies of which every member is in scope."""
    return all_named_in_scope(viewer, "distribution_member", "policy_id")


@scope("distribution_policy")
def distribution_policies(viewer: Viewer) -> Predicate:
    """With `sales.manage`: those whose every member is in scope."""
    return policies_named(viewer) if may_distribute(viewer) else NEVER


@scope("distribution_member")
def distribution_members(viewer: Viewer) -> Predicate:
    """The members of policies in sight."""
    return exists("distribution_policy", "id", "policy_id", in_sight("distribution_policy", viewer))


@scope("distribution_decision")
def distribution_decisions(viewer: Viewer) -> Predicate:
    """The decisions of policies in sight, about contacts in sight, whose every candidate is in scope."""
    if not may_distribute(viewer):
        return NEVER
    return all_of(
        exists("distribution_policy", "id", "policy_id", in_sight("distribution_policy", viewer)),
        exists("contact", "id", "contact_id", in_sight("contact", viewer)),
        all_named_in_scope(viewer, "distribution_candidate", "decision_id"),
    )


@scope("distribution_candidate")
def distribution_candidates(viewer: Viewer) -> Predicate:
    """The candidates of decisions in sight."""
    return exists("distribution_decision", "id", "decision_id", in_sight("distribution_decision", viewer))


@rule("distribution", "`sales.manage`, with every agent named in it in scope.", of_module=True)
def DISTRIBUTION(viewer: Viewer | None, table: str) -> Decision:
    """Distribution policies, their members, and the log of their decisions."""
    return ALWAYS if viewer is not None and may_distribute(viewer) else REFUSED


@rule(
    "distribution.candidate",
    "With `sales.manage`: the candidate, and their managers.",
    of_module=True,
)
def CANDIDATE(viewer: Viewer | None, table: str) -> Decision:
    """How much a candidate had, and why they were passed over: it tells of their availability and load."""
    if viewer is None or not may_distribute(viewer):
        return REFUSED
    managed = named_in_scope(viewer, "agent_id") if knows_everyone(viewer) else NEVER
    return any_of(Is("agent_id", Param.AGENT), managed)


def knows_everyone(viewer: Viewer) -> bool:
    """Whether they read load and availability of every agent in their scope, as the managers of all."""
    return viewer.reach is Reach.SCOPE


def may_be_given(viewer: Viewer, table: str) -> Predicate:
    """The records that a policy may hand out in the viewer's name: in their scope, and theirs to change."""
    return all_of(changeable_records(viewer, table), in_scope(table, viewer))


def may_be_placed(viewer: Viewer, table: str) -> Predicate:
    """Where a policy may put a record in the viewer's name."""
    return placeable_records(viewer, table)


def nameable(viewer: Viewer, table: str) -> Predicate:
    """The agents, teams and inboxes that a policy of the viewer's may name: those in scope."""
    within = {"agent": agents_in_scope, "team": teams_in_scope, "inbox": inboxes_in_scope}
    return within[table](viewer)


PLACES = ("team", "inbox")


async def place_in_scope(act: Act) -> bool:
    """The policy is, and will be, for a place in the scope; for the account in account scope alone."""
    left = {table: _place_left(act, f"{table}_id") for table in PLACES}
    before = [row for _, row in act.named.get(SUBJECT, ())]
    places = [left, *({table: row[f"{table}_id"] for table in PLACES} for row in before)]
    return all([await _reaches(act, each) for each in places])


async def _reaches(act: Act, places: Mapping[str, Any]) -> bool:
    named = [(table, id) for table, id in places.items() if id is not None]
    if not named:
        return act.viewer.whole_account
    return all([await act.holds(nameable(act.viewer, table), {"id": id}) for table, id in named])


def _place_left(act: Act, name: str) -> Any:
    """The team or inbox that the policy will be for."""
    if name in act.given:
        return next((row["id"] for _, row in act.named.get(name, ())), None)
    return act.named[SUBJECT][0][1][name] if SUBJECT in act.named else None


def themselves_or_managed(viewer: Viewer, table: str) -> Predicate:
    """The viewer's own agent; with `sales.manage`, those whose manager they are."""
    managed = agents_managed(viewer) if viewer.may(Permission.SALES_MANAGE) else NEVER
    return any_of(Is("id", Param.AGENT), managed)


CREATE_DISTRIBUTION_POLICY = Policy(
    "create-distribution-policy",
    "`sales.manage`, for a team or inbox of its scope, or with account scope for the account; every member "
    "in scope.",
    permission=Permission.SALES_MANAGE,
    links=nameable,
    checks=(place_in_scope,),
    of_module=True,
)
UPDATE_DISTRIBUTION_POLICY = Policy(
    "update-distribution-policy",
    "`sales.manage`, for policies in sight, as `create-distribution-policy`, for what is left of them too.",
    permission=Permission.SALES_MANAGE,
    links=nameable,
    checks=(place_in_scope,),
    of_module=True,
)
DISTRIBUTE_CONTACTS = Policy(
    "distribute-contacts",
    "`sales.manage`, by policies in sight, of the contacts of one's scope that one manages.",
    permission=Permission.SALES_MANAGE,
    links=linkable,
    of_module=True,
)


async def named_not_above(act: Act) -> bool:
    """Whoever else is named is not above the viewer."""
    named = [row for _, row in act.named.get("agent_id", ())]
    others = [row for row in named if row["id"] != act.viewer.agent_id]
    return all([await not_above(act, row) for row in others])


SET_AVAILABILITY = Policy(
    "set-availability",
    "Every agent, their own; with `sales.manage`, that of the agents whose manager one is.",
    links=themselves_or_managed,
    checks=(named_not_above,),
)
