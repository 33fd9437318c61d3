"""Who looks: a viewer built naively from the rows, and the kinds of viewer that tests try."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from tests.judge.world import Row, World

REP = ("TEAM", "OWN", frozenset[str]())


@dataclass(frozen=True)
class Facts:
    """What a viewer is made of: when none of it differs, the viewer is the same."""

    account_id: UUID
    agent_id: UUID | None
    partner_user_id: UUID | None
    company_id: UUID | None
    permissions: frozenset[str]
    scope: str | None
    reach: str | None
    teams: frozenset[UUID]
    inboxes: frozenset[UUID]
    granular: bool
    isolation: str
    unowned_visibility: str
    sales_module: bool


@dataclass(frozen=True)
class Judged:
    """A viewer, and the world that is looked at.

    `token_id` is the API token that is used, if it is one. `memo` keeps what was found out already.
    """

    world: World
    facts: Facts
    token_id: UUID | None = None
    memo: dict[Any, Any] = field(default_factory=dict, repr=False, compare=False)

    def once(self, key: Any, find: Callable[[], Any]) -> Any:
        """What `find` answers, found once for `key`."""
        if key not in self.memo:
            self.memo[key] = find()
        return self.memo[key]

    def rows(self, table: str, column: str, value: Any) -> list[Row]:
        """The rows of `table` with this value in `column`; the world holds still meanwhile."""
        found: dict[Any, list[Row]] = self.once(("rows", table, column), lambda: self._rows_by(table, column))
        return found.get(value, [])

    def _rows_by(self, table: str, column: str) -> dict[Any, list[Row]]:
        found: dict[Any, list[Row]] = {}
        for row in self.world[table].values():
            found.setdefault(row[column], []).append(row)
        return found

    def again(self, world: World) -> "Judged":
        """The same person, looking at `world`. Raises ValueError if they may not sign in there."""
        if self.facts.agent_id is not None:
            return agent_viewer(world, self.facts.agent_id, self.token_id)
        assert self.facts.partner_user_id is not None
        return partner_viewer(world, self.facts.partner_user_id)

    def has(self, permission: str) -> bool:
        """Whether they hold `permission`."""
        return permission in self.facts.permissions

    def has_everywhere(self, permission: str) -> bool:
        """Whether they hold `permission` with account scope."""
        return self.has(permission) and self.facts.scope == "ACCOUNT"


def members(world: World, of: str, agent_id: UUID) -> frozenset[UUID]:
    """The teams (`of="team"`) or inboxes (`of="inbox"`) that the agent is a member of."""
    return frozenset(row[f"{of}_id"] for row in world[f"{of}_member"].values() if row["agent_id"] == agent_id)


def agent_viewer(world: World, agent_id: UUID, token_id: UUID | None = None) -> Judged:
    """The agent as a viewer. Raises ValueError if they are not active, or the token isn't theirs."""
    agent = world["agent"][agent_id]
    if agent["status"] != "ACTIVE":
        raise ValueError(f"agent {agent_id} is {agent['status']}: only an active agent is a viewer")
    account = world["account"][agent["account_id"]]
    scope, reach, permissions = _role(world["role"][agent["role_id"]], account)
    if token_id is not None:
        token = world["token"][token_id]
        if token["agent_id"] != agent_id or token["revoked_at"] is not None:
            raise ValueError(f"token {token_id} isn't a live token of agent {agent_id}")
        permissions &= frozenset(token["permissions"])
    facts = Facts(
        account_id=account["id"],
        agent_id=agent_id,
        partner_user_id=None,
        company_id=None,
        permissions=permissions,
        scope=scope,
        reach=reach,
        teams=members(world, "team", agent_id),
        inboxes=members(world, "inbox", agent_id),
        **_switches(account),
    )
    return Judged(world, facts, token_id)


def _role(role: Row, account: Row) -> tuple[str, str, frozenset[str]]:
    if not account["granular_permissions"] and role["built_in"] is None:
        return REP
    return role["scope"], role["reach"], frozenset(role["permissions"])


def partner_viewer(world: World, user_id: UUID) -> Judged:
    """The partner user as a viewer. Raises ValueError if they have no portal access."""
    user = world["partner_user"][user_id]
    if not user["portal_access"]:
        raise ValueError(f"partner user {user_id} has no portal access: they are no viewer")
    account = world["account"][user["account_id"]]
    facts = Facts(
        account_id=account["id"],
        agent_id=None,
        partner_user_id=user_id,
        company_id=user["partner_id"],
        permissions=frozenset(),
        scope=None,
        reach=None,
        teams=frozenset(),
        inboxes=frozenset(),
        **_switches(account),
    )
    return Judged(world, facts)


def _switches(account: Row) -> dict[str, Any]:
    granular = account["granular_permissions"]
    return {
        "granular": granular,
        "isolation": account["isolation_mode"] if granular else "STRICT",
        "unowned_visibility": account["unowned_visibility"],
        "sales_module": account["sales_module"],
    }


@dataclass(frozen=True)
class Kind:
    """A kind of viewer: who of Aurora looks, by which API token, and how the account is set."""

    name: str
    who: str
    settings: tuple[tuple[str, Any], ...] = ()
    token: str | None = None

    def settle(self, world: World) -> World:
        """A copy of a generated `world` in which Aurora is set as this kind wants it."""
        settled = world.copy()
        account = settled.rows("account", name="Aurora")[0]
        account.update(dict(self.settings))
        return settled

    def viewer(self, world: World) -> Judged:
        """The viewer of this kind in `world`, which is settled already."""
        if "@" in self.who:
            return partner_viewer(world, world.partner_user(self.who))
        agent_id = world.agent(f"{self.who}@aurora.example")
        if self.token is None:
            return agent_viewer(world, agent_id)
        return agent_viewer(world, agent_id, world.rows("token", name=self.token, agent_id=agent_id)[0]["id"])

    def look(self, world: World) -> Judged:
        """The viewer of this kind in a settled copy of `world`."""
        return self.viewer(self.settle(world))


def _kind(
    name: str,
    who: str,
    isolation_mode: str = "STRICT",
    unowned_visibility: str = "MANAGERS",
    *,
    granular_permissions: bool = True,
    sales_module: bool = True,
    token: str | None = None,
) -> Kind:
    settings = {
        "isolation_mode": isolation_mode,
        "unowned_visibility": unowned_visibility,
        "granular_permissions": granular_permissions,
        "sales_module": sales_module,
    }
    return Kind(name, who, tuple(settings.items()), token)


KINDS = (
    _kind("rep, strict", "rep"),
    _kind("rep, strict, unowned in scope", "rep", "STRICT", "SCOPE"),
    _kind("rep, masked", "rep", "MASKED"),
    _kind("rep of two teams, masked, unowned in scope", "colleague", "MASKED", "SCOPE"),
    _kind("rep of two teams, open", "colleague", "OPEN"),
    _kind("rep, open, unowned in scope", "rep", "OPEN", "SCOPE"),
    _kind("team manager", "manager"),
    _kind("team manager, module off", "manager", "MASKED", sales_module=False),
    _kind("team manager of own making", "team-lead"),
    _kind("team manager without a team", "teamless-lead", "OPEN", "SCOPE"),
    _kind("inbox manager", "inbox-lead"),
    _kind("account manager", "account-lead", "MASKED"),
    _kind("administrator", "administrator"),
    _kind("account scope, own reach, strict", "account-worker", "STRICT", "SCOPE"),
    _kind("account scope, own reach, masked", "account-worker", "MASKED", "SCOPE"),
    _kind("inbox scope, own reach, masked", "inbox-worker", "MASKED", "SCOPE"),
    _kind("inbox scope, own reach, open", "inbox-worker", "OPEN"),
    _kind("team scope, own reach, masked", "team-worker", "MASKED"),
    _kind("rep, granular off", "rep", "MASKED", "SCOPE", granular_permissions=False),
    _kind("team manager, granular off", "manager", "OPEN", granular_permissions=False),
    _kind("administrator, granular off", "administrator", granular_permissions=False),
    _kind("role of own making, granular off", "account-lead", "OPEN", granular_permissions=False),
    _kind("partner user", "first@kin.example"),
    _kind("partner user of another partner", "second@other.example", "OPEN"),
    _kind("API token", "administrator", token="short list of 2"),
    _kind("API token, nothing on its list, granular off", "administrator", granular_permissions=False,
          token="short list of 0"),
)  # fmt: skip
