"""A world of a few rows, made by hand, for examples in which each row has a reason."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID, uuid4

from tests.judge.viewers import Judged, agent_viewer, partner_viewer
from tests.judge.world import START, Row, World

REP = {"built_in": "REP", "scope": "TEAM", "reach": "OWN"}
MANAGER = {"built_in": "SALES_MANAGER", "scope": "TEAM", "reach": "SCOPE"}
ADMINISTRATOR = {"built_in": "ADMINISTRATOR", "scope": "ACCOUNT", "reach": "SCOPE"}
EVERYTHING = ["portfolio.assign", "portfolio.transfer", "people.manage", "roles.manage", "account.manage"]


class Small:
    """An account with two teams (`north`, `south`) and two inboxes (`sales`, `web`)."""

    def __init__(self, **settings: Any) -> None:
        self.world = World()
        self.account = self._account("Small", settings)
        self.north, self.south = self.add("team", name="North"), self.add("team", name="South")
        self.sales, self.web = self.add("inbox", name="Sales"), self.add("inbox", name="Web")

    def _account(self, name: str, settings: Row) -> Row:
        row = {
            "id": uuid4(),
            "name": name,
            "currency": "USD",
            "time_zone": "UTC",
            "first_day_of_week": 1,
            "fiscal_year_start_month": 1,
            "sales_module": True,
            "granular_permissions": True,
            "isolation_mode": "STRICT",
            "unowned_visibility": "MANAGERS",
            **settings,
        }
        self.world["account"][row["id"]] = row
        return row

    def add(self, table: str, **columns: Any) -> Row:
        """A row of `table`, of the account."""
        row = {"id": uuid4(), "account_id": self.account["id"], **_DEFAULTS.get(table, {}), **columns}
        self.world[table][row["id"]] = row
        return row

    def set(self, **settings: Any) -> None:
        """Set the account otherwise."""
        self.account.update(settings)

    def role(self, scope: str, reach: str, permissions: Iterable[str] = (), **columns: Any) -> Row:
        """A role, of the account's own making unless `built_in` says other."""
        listed = list(permissions)
        columns = {"name": f"{scope} {reach}", "built_in": None, **columns}
        return self.add("role", scope=scope, reach=reach, permissions=listed, **columns)

    def agent(
        self,
        role: Row | None = None,
        teams: Iterable[Row] = (),
        inboxes: Iterable[Row] = (),
        **columns: Any,
    ) -> Row:
        """An agent; a rep if no role is given."""
        role = role or self.role(**REP)
        defaults = {"name": "Ana", "email": "ana@x.example", "status": "ACTIVE", "available": True}
        row = self.add("agent", **{**defaults, "role_id": role["id"], "main_team_id": None, **columns})
        for team in teams:
            self.add("team_member", team_id=team["id"], agent_id=row["id"])
        for inbox in inboxes:
            self.add("inbox_member", inbox_id=inbox["id"], agent_id=row["id"])
        return row

    def record(self, table: str, **columns: Any) -> Row:
        """A record with every value that can be hidden, with nobody, in no team and no inbox."""
        values: Row = {
            "owner_id": None,
            "team_id": None,
            "inbox_id": None,
            "version": 3,
            "created_at": START,
            "updated_at": START,
            "archived_at": None,
        }
        return self.add(table, **{**values, **_OWN_COLUMNS[table], **columns})

    def contact(self, **columns: Any) -> Row:
        return self.record("contact", **columns)

    def conversation(self, contact: Row | None = None, **columns: Any) -> Row:
        return self.record("conversation", contact_id=(contact or self.contact())["id"], **columns)

    def deal(self, **columns: Any) -> Row:
        return self.record("deal", **columns)

    def look(self, agent: Row, token: Row | None = None) -> Judged:
        """What this agent is as a viewer."""
        return agent_viewer(self.world, agent["id"], None if token is None else token["id"])

    def look_from_outside(self, user: Row) -> Judged:
        """What this partner user is as a viewer."""
        return partner_viewer(self.world, user["id"])

    def partner(self) -> tuple[Row, Row, Row]:
        """A partner, and two users of it."""
        partner = self.add("partner", name="Kin")
        columns = {"partner_id": partner["id"], "email": "k@kin.example", "portal_access": True}
        return (
            partner,
            self.add("partner_user", name="One", **columns),
            self.add("partner_user", name="Two", **columns),
        )


_VERSIONED = ("team", "inbox", "role", "agent", "partner", "partner_user")
_DEFAULTS: dict[str, Row] = {
    "payment": {"source": None, "source_id": None},
    "timeline_entry": {"reason": None, "transfer_id": None},
    "token": {"partner_user_id": None, "created_at": START, "expires_at": None, "name": None},
    **{table: {"version": 1} for table in _VERSIONED},
}
_OWN_COLUMNS: dict[str, Row] = {
    "contact": {
        "name": "Bia",
        "email": "bia@client.example",
        "phone": "+55 1",
        "address": "Rua 1",
        "company": "Acme",
        "notes": "calls back",
        "erased_at": None,
    },
    "conversation": {"subject": "Hello", "status": "OPEN", "last_message_at": START},
    "deal": {
        "contact_id": None,
        "conversation_id": None,
        "partner_id": None,
        "assigned_user_id": None,
        "title": "Bikes",
        "stage": "Engaging",
        "status": "OPEN",
        "amount": 10_000,
        "currency": "USD",
        "expected_close_on": None,
        "won_at": None,
        "lost_at": None,
        "contract_started_at": None,
    },
}


def ids(*rows: Row) -> set[UUID]:
    """The ids of these rows."""
    return {row["id"] for row in rows}
