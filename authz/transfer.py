"""Transfers: who sees them, who makes them, and who brings them back.

(authorization.md, "The other types": its permission, with every agent named in it in scope; items and
counts through today's view)
"""

from authz.access import Decision, granted, rule
from authz.policies import Policy
from authz.predicate import ALWAYS, NEVER, Is, Null, Param, Predicate, all_of, any_of, exists
from authz.scopes import (
    agents_in_scope,
    all_named_in_scope,
    audited,
    changeable,
    named_in_scope,
    of_records,
    scope,
    teams_in_scope,
)
from authz.viewer import Viewer
from models import Permission


@audited("transfer")
def transfers_named(viewer: Viewer) -> Predicate:
    """The transfers of which every agent, who gives or gets, lies in the scope."""
    return all_of(named_in_scope(viewer, "from_agent_id"), gets_in_scope(viewer))


def gets_in_scope(viewer: Viewer) -> Predicate:
    """The transfers of which every agent who gets lies in the scope."""
    return all_named_in_scope(viewer, "transfer_share", "transfer_id")


@audited("transfer_rule")
def rules_named(viewer: Viewer) -> Predicate:
    """The transfer rules of which every agent who gets lies in the scope."""
    return all_named_in_scope(viewer, "transfer_rule_share", "rule_id")


def _held(viewer: Viewer, permission: Permission) -> bool:
    return viewer.is_agent and viewer.sales_module and viewer.may(permission)


@scope("transfer")
def transfers(viewer: Viewer) -> Predicate:
    """With `portfolio.transfer`: those that name agents of the scope alone."""
    return transfers_named(viewer) if _held(viewer, Permission.PORTFOLIO_TRANSFER) else NEVER


@scope("transfer_share")
def transfer_shares(viewer: Viewer) -> Predicate:
    """Who gets, of the transfers in sight."""
    return exists("transfer", "id", "transfer_id", transfers(viewer))


@scope("transfer_item")
def transfer_items(viewer: Viewer) -> Predicate:
    """The records in sight, of the transfers in sight."""
    return all_of(
        exists("transfer", "id", "transfer_id", transfers(viewer)),
        of_records("record_type", "record_id", viewer),
    )


@scope("transfer_rule")
def transfer_rules(viewer: Viewer) -> Predicate:
    """With `sales.manage`: those that name agents of the scope alone."""
    return rules_named(viewer) if _held(viewer, Permission.SALES_MANAGE) else NEVER


@scope("transfer_rule_share")
def transfer_rule_shares(viewer: Viewer) -> Predicate:
    """Who gets, by the transfer rules in sight."""
    return exists("transfer_rule", "id", "rule_id", transfer_rules(viewer))


@rule(
    "transfer.contents",
    "`portfolio.transfer`, where every agent named in the transfer lies in its scope.",
    of_module=True,
)
def TRANSFER(viewer: Viewer | None, table: str) -> Decision:
    """Transfers, their items and previews."""
    return granted(viewer is not None and _held(viewer, Permission.PORTFOLIO_TRANSFER))


@rule(
    "transfer-rule.contents",
    "`sales.manage`, where every agent named in the rule lies in its scope.",
    of_module=True,
)
def TRANSFER_RULE(viewer: Viewer | None, table: str) -> Decision:
    """Transfer rules."""
    return granted(viewer is not None and _held(viewer, Permission.SALES_MANAGE))


def transferable(viewer: Viewer, table: str) -> Predicate:
    """Who may give and get, and what may go: agents of the scope, and records that the viewer may change.

    A transfer that is in sight names nobody else.
    """
    if table == "transfer":
        return ALWAYS
    return agents_in_scope(viewer) if table == "agent" else changeable(viewer)


TRANSFER_PORTFOLIO = Policy(
    "transfer-portfolio",
    "`portfolio.transfer`, from and to agents of its scope, of records one may change, to where one's scope "
    "reaches.",
    permission=Permission.PORTFOLIO_TRANSFER,
    rows=transferable,
    links=transferable,
    of_module=True,
)


def rule_linkable(viewer: Viewer, table: str) -> Predicate:
    """What a transfer rule may name: agents and teams of the scope."""
    return teams_in_scope(viewer) if table == "team" else agents_in_scope(viewer)


def may_rule(viewer: Viewer) -> bool:
    """Whether rules that the viewer has saved act today."""
    return _held(viewer, Permission.SALES_MANAGE)


def rule_changeable(viewer: Viewer, table: str) -> Predicate:
    """The rules that are the viewer's to change: for a team of the scope; for every team, their own.

    To change a rule is to make it act in one's own scope, and no farther.
    """
    if viewer.whole_account:
        return ALWAYS
    of_team = exists("team", "id", "team_id", teams_in_scope(viewer))
    return any_of(of_team, all_of(Null("team_id"), Is("saved_by_id", Param.AGENT)))


WRITE_TRANSFER_RULE = Policy(
    "write-transfer-rule",
    "`sales.manage`, for rules that name agents and a team of its scope; for every team, those one saved, or "
    "with account scope all.",
    permission=Permission.SALES_MANAGE,
    rows=rule_changeable,
    links=rule_linkable,
    of_module=True,
)
