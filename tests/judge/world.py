"""A world: every row of every table, as plain dicts; loaded, stored, or generated from a seed."""

import random
from collections.abc import Iterable
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from enum import Enum
from typing import Any
from uuid import UUID

import models
from tests.judge.moving import add_moving

Row = dict[str, Any]
Table = dict[Any, Row]

RECORDS = ("contact", "conversation", "deal")

# In the order in which rows can be written: what is referred to comes first.
MODELS: dict[str, Any] = {
    "account": models.Account,
    "role": models.Role,
    "team": models.Team,
    "inbox": models.Inbox,
    "partner": models.Partner,
    "agent": models.Agent,
    "team_member": models.TeamMember,
    "inbox_member": models.InboxMember,
    "partner_user": models.PartnerUser,
    "contact": models.Contact,
    "conversation": models.Conversation,
    "message": models.Message,
    "deal": models.Deal,
    "payment": models.Payment,
    "transfer_rule": models.TransferRule,
    "transfer_rule_share": models.TransferRuleShare,
    "transfer": models.Transfer,
    "transfer_share": models.TransferShare,
    "transfer_item": models.TransferItem,
    "distribution_policy": models.DistributionPolicy,
    "distribution_member": models.DistributionMember,
    "distribution_decision": models.DistributionDecision,
    "distribution_candidate": models.DistributionCandidate,
    "ownership": models.Ownership,
    "timeline_entry": models.TimelineEntry,
    "audit_entry": models.AuditEntry,
    "identity_provider": models.IdentityProvider,
    "identity": models.Identity,
    "token": models.Token,
    "idempotency_key": models.IdempotencyKey,
    "outbox_event": models.OutboxEvent,
}

# What a column refers to; `record_id` and `subject_id` refer to the table that another column names.
REFERENCES = {
    "account_id": "account",
    "owner_id": "agent",
    "author_id": "agent",
    "actor_id": "agent",
    "agent_id": "agent",
    "role_id": "role",
    "team_id": "team",
    "main_team_id": "team",
    "inbox_id": "inbox",
    "partner_id": "partner",
    "assigned_user_id": "partner_user",
    "partner_user_id": "partner_user",
    "actor_partner_user_id": "partner_user",
    "contact_id": "contact",
    "conversation_id": "conversation",
    "deal_id": "deal",
    "provider_id": "identity_provider",
    "from_agent_id": "agent",
    "to_agent_id": "agent",
    "made_by_id": "agent",
    "reverted_by_id": "agent",
    "saved_by_id": "agent",
    "team_before_id": "team",
    "team_after_id": "team",
    "rule_id": "transfer_rule",
    "transfer_id": "transfer",
    "policy_id": "distribution_policy",
    "decision_id": "distribution_decision",
}


@dataclass
class World:
    """Tables by name, rows by id, columns by name; the folded shadows of texts are left out.

    `kept` is empty but in a twin, where it counts the changes that were kept, by kind.
    """

    tables: dict[str, Table] = field(default_factory=lambda: {name: {} for name in MODELS})
    kept: dict[str, int] = field(default_factory=dict)

    def __getitem__(self, table: str) -> Table:
        return self.tables[table]

    def rows(self, table: str, **columns: Any) -> list[Row]:
        """The rows of `table` whose columns have just these values."""
        return [
            row
            for row in self.tables[table].values()
            if all(row[name] == value for name, value in columns.items())
        ]

    def copy(self) -> "World":
        """The same world, in rows of its own."""
        return World(deepcopy(self.tables))

    def agent(self, email: str) -> UUID:
        """The id of the agent with this email; KeyError if there is none."""
        return self._by_email("agent", email)

    def partner_user(self, email: str) -> UUID:
        """The id of the partner user with this email; KeyError if there is none."""
        return self._by_email("partner_user", email)

    def _by_email(self, table: str, email: str) -> UUID:
        for row in self.rows(table, email=email):
            found: UUID = row["id"]
            return found
        raise KeyError(f"no {table} has the email {email!r}: the world wasn't generated here, or was changed")

    def broken(self) -> list[str]:
        """The references to rows that are not there, or are of another account: a world has none."""
        return [
            f"{table} {row_id}: {column}"
            for table, rows in self.tables.items()
            for row_id, row in rows.items()
            for column, target in REFERENCES.items()
            if row.get(column) is not None and not self._refers(row, target, row[column])
        ]

    def _refers(self, row: Row, target: str, target_id: UUID) -> bool:
        there = self[target].get(target_id)
        if there is None:
            return False
        return target == "account" or bool(there["account_id"] == row["account_id"])

    @classmethod
    async def load(cls, database: Any, account_id: UUID | None = None) -> "World":
        """Every row that `database` holds, of all accounts or of one, whoever may see it."""
        async with database.reading():
            return await cls.load_here(account_id)

    @classmethod
    async def load_here(cls, account_id: UUID | None = None) -> "World":
        """The same, in a transaction that is open, as that one has it."""
        world = cls()
        for name, model in MODELS.items():
            key = "id" if name == "account" else "account_id"
            of_account = {} if account_id is None else {key: account_id}
            for instance in await model.filter(**of_account):
                row = {column: _plain(getattr(instance, column)) for column in columns_of(model)}
                world[name][row["id"]] = row
        return world

    async def store(self, database: Any) -> None:
        """Write every row to `database`, which is migrated and empty."""
        async with database.writing():
            for name, model in MODELS.items():
                rows = [model(**deepcopy(row)) for row in self[name].values()]
                if rows:
                    await model.bulk_create(rows)


def columns_of(model: Any) -> list[str]:
    """The model's columns, without the folded shadows."""
    return [name for name in model._meta.fields_db_projection if not name.endswith("_folded")]


def _plain(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    return value.astimezone(UTC) if isinstance(value, datetime) else value


TEXTS = (
    "Alpha",
    "alpha",
    "ALPHA beta",
    "Straße",
    "STRASSE",
    "Łódź, Kraków",
    "İstanbul",
    "ΣΊΣΥΦΟΣ",
    "日本語の契約",
    "مرحبا",
    "50 % off_all\\",
    'o\'Hara "quoted"',
    "🚲 bicycle",
    "e\u0301clair",
    "éclair",
    "Zulu",
    "  padded ",
)
STAGES = ("Prospecting", "prospecting", "Engaging", "Closing ☑", None)
COMPANIES = ("Acme", "ACME", "Bétà", "Gamma Ltd", None)
START = datetime(2026, 1, 5, 9, tzinfo=UTC)

# scope and reach, permissions
CUSTOM_ROLES: dict[str, tuple[str, str, list[str]]] = {
    "Account worker": ("ACCOUNT", "OWN", ["audit.read", "portfolio.assign", "sales.manage"]),
    "Account lead": (
        "ACCOUNT",
        "SCOPE",
        ["audit.read", "people.manage", "portfolio.assign", "portfolio.transfer", "account.manage"],
    ),
    "Team worker": (
        "TEAM",
        "OWN",
        ["audit.read", "portfolio.assign", "portfolio.transfer", "people.manage", "sales.manage"],
    ),
    "Team lead": ("TEAM", "SCOPE", ["audit.read", "people.manage", "roles.manage"]),
    "Inbox worker": ("INBOX", "OWN", ["audit.read"]),
    "Inbox lead": (
        "INBOX",
        "SCOPE",
        ["audit.read", "people.manage", "portfolio.assign", "portfolio.transfer", "sales.manage"],
    ),
}

# who: role, teams, inboxes, status; teams and inboxes by number
CAST: dict[str, tuple[str, tuple[int, ...], tuple[int, ...], str]] = {
    "administrator": ("Administrator", (0,), (), "ACTIVE"),
    "manager": ("Sales manager", (0, 1), (0,), "ACTIVE"),
    "rep": ("Rep", (0,), (0,), "ACTIVE"),
    "colleague": ("Rep", (0, 1), (1, 2), "ACTIVE"),
    "stranger": ("Rep", (2,), (1,), "ACTIVE"),
    "account-worker": ("Account worker", (1,), (), "ACTIVE"),
    "account-lead": ("Account lead", (2,), (2,), "ACTIVE"),
    "team-worker": ("Team worker", (1, 2), (), "ACTIVE"),
    "team-lead": ("Team lead", (1,), (0,), "ACTIVE"),
    "teamless-lead": ("Team lead", (), (), "ACTIVE"),
    "inbox-worker": ("Inbox worker", (), (1,), "ACTIVE"),
    "inbox-lead": ("Inbox lead", (2,), (0, 1), "ACTIVE"),
    "suspended": ("Rep", (0,), (0,), "SUSPENDED"),
    "deactivated": ("Rep", (), (), "DEACTIVATED"),
}
WITH_A_PORTFOLIO = ("rep", "colleague", "account-worker", "team-worker", "inbox-worker")
SMALL_CAST = ("administrator", "manager", "rep", "inbox-lead")


def generate(seed: int) -> World:
    """Two accounts, richly connected; the same world for the same seed, ids and instants too.

    The first is Aurora, of whom everybody in CAST is a member (`rep@aurora.example`), with the
    partner users `first@`, `second@` and `nobody@` of `kin.example` and of `other.example`.
    """
    maker = _Maker(random.Random(seed), World())
    maker.account("aurora", CAST, contacts=15, conversations=15, deals=34, audit=45)
    maker.account("boreal", SMALL_CAST, contacts=5, conversations=5, deals=8, audit=8)
    for account_id in list(maker.world["account"]):
        add_moving(maker.chance, maker.world, account_id)
    return maker.world


class _Maker:
    """Makes rows, drawing everything from one source of chance."""

    def __init__(self, chance: random.Random, world: World) -> None:
        self.chance = chance
        self.world = world
        self.account_id: UUID = UUID(int=0)
        self.people: list[UUID] = []
        self.owners: list[UUID] = []
        self.bag: list[UUID] = []
        self.teams: list[UUID] = []
        self.inboxes: list[UUID] = []
        self.of_agent: dict[UUID, list[UUID]] = {}

    def new_id(self) -> UUID:
        return UUID(int=self.chance.getrandbits(128), version=4)

    def add(self, table: str, **columns: Any) -> Row:
        row = {"id": self.new_id(), "account_id": self.account_id, **columns}
        self.world[table][row["id"]] = row
        return row

    def maybe(self, likelihood: float, values: Iterable[Any]) -> Any:
        return self.chance.choice(list(values)) if self.chance.random() < likelihood else None

    def text(self) -> str:
        one = self.chance.choice(TEXTS)
        return one if self.chance.random() < 0.5 else f"{one} {self.chance.choice(TEXTS)}"

    def moment(self, first_day: int = 0, last_day: int = 120) -> datetime:
        # Few distinct instants, so that orders are settled by the id now and then.
        day, hour = self.chance.randint(first_day, last_day), self.chance.randint(0, 3)
        return START + timedelta(days=day, hours=hour)

    def account(
        self,
        name: str,
        cast: Iterable[str],
        *,
        contacts: int,
        conversations: int,
        deals: int,
        audit: int,
    ) -> None:
        self.account_id = self.new_id()
        self.world["account"][self.account_id] = {
            "id": self.account_id,
            "name": name.title(),
            "time_zone": "America/Sao_Paulo",
            "currency": "USD",
            "first_day_of_week": 1,
            "fiscal_year_start_month": 1,
            "sales_module": True,
            "granular_permissions": True,
            "isolation_mode": "STRICT",
            "unowned_visibility": "MANAGERS",
            "access_version": 1,
            "created_at": START,
        }
        self.places(name)
        self.agents(name, cast)
        self.partners(name)
        for _ in range(contacts):
            self.contact()
        for _ in range(conversations):
            self.conversation()
        for _ in range(deals):
            self.deal()
        self.histories()
        for _ in range(audit):
            self.audited()
        self.tokens()

    def places(self, name: str) -> None:
        self.teams = [
            self.add("team", name=text, version=1)["id"] for text in ("North Łódź", "south", f"West {name}")
        ]
        self.inboxes = [
            self.add("inbox", name=text, version=1)["id"] for text in ("sales@", "WhatsApp ☎", f"{name} web")
        ]
        for built_in, (text, scope, reach, permissions) in models.BUILT_IN_ROLES.items():
            self.role(text, built_in.value, scope.value, reach.value, [one.value for one in permissions])
        for text, (custom_scope, custom_reach, listed) in CUSTOM_ROLES.items():
            self.role(text, None, custom_scope, custom_reach, list(listed))

    def role(self, name: str, built_in: str | None, scope: str, reach: str, permissions: list[str]) -> None:
        self.add(
            "role",
            name=name,
            built_in=built_in,
            permissions=permissions,
            scope=scope,
            reach=reach,
            version=1,
        )

    def agents(self, account: str, cast: Iterable[str]) -> None:
        roles = {row["name"]: row["id"] for row in self.world.rows("role", account_id=self.account_id)}
        self.people, self.owners, self.bag, self.of_agent = [], [], [], {}
        for who in cast:
            role, teams, inboxes, status = CAST[who]
            agent_id = self.add(
                "agent",
                name=f"{who.title()} {self.chance.choice(('Łukasz', 'ana', 'Ana', 'ÖZGE', '李'))}",
                email=f"{who}@{account}.example",
                password_hash=None,
                status=status,
                available=self.chance.random() < 0.7,
                role_id=roles[role],
                main_team_id=self.teams[teams[-1]] if teams else None,
                version=1,
            )["id"]
            for number in teams:
                self.add("team_member", team_id=self.teams[number], agent_id=agent_id)
            for number in inboxes:
                self.add("inbox_member", inbox_id=self.inboxes[number], agent_id=agent_id)
            self.of_agent[agent_id] = [self.teams[number] for number in teams]
            self.people.append(agent_id)
            if status != "DEACTIVATED":
                self.owners += [agent_id] * (4 if who in WITH_A_PORTFOLIO else 1)

    def partners(self, account: str) -> None:
        for company in ("kin", "other"):
            domain = f"{company}.example" if account == "aurora" else f"{company}.{account}.example"
            partner = self.add("partner", name=f"{company.title()} & Søn", version=1)
            for who in ("first", "second", "nobody"):
                self.add(
                    "partner_user",
                    partner_id=partner["id"],
                    name=f"{who} Ünal",
                    email=f"{who}@{domain}",
                    password_hash=None,
                    portal_access=who != "nobody",
                    version=1,
                )

    def owner(self) -> UUID:
        """The next out of a bag that is filled again when empty, so that nobody is left without."""
        if not self.bag:
            self.bag = self.chance.sample(self.owners, len(self.owners))
        return self.bag.pop()

    def placed(self, *, always_inbox: bool = False) -> Row:
        """What every record has: owner, team and inbox or none, and its dates."""
        owner = self.owner() if self.chance.random() < 0.75 else None
        theirs = self.of_agent.get(owner, []) if owner else []
        created = self.moment()
        changed = created + timedelta(days=self.chance.randint(0, 20))
        return {
            "owner_id": owner,
            "team_id": self.maybe(0.6, theirs if theirs and self.chance.random() < 0.7 else self.teams),
            "inbox_id": self.chance.choice(self.inboxes) if always_inbox else self.maybe(0.45, self.inboxes),
            "version": self.chance.randint(1, 5),
            "created_at": created,
            "updated_at": changed,
            "archived_at": changed if self.chance.random() < 0.15 else None,
            "source": None,
            "source_id": None,
        }

    def contact(self) -> None:
        person = self.text()
        digits = self.chance.randint(1000, 9999)
        self.add(
            "contact",
            name=person,
            email=self.maybe(0.7, [f"{person.split()[0].casefold()}{digits % 5}@client.example"]),
            phone=self.maybe(0.7, [f"+55 11 {digits}"]),
            address=self.maybe(0.5, [f"{digits % 90} Straße, Łódź"]),
            company=self.chance.choice(COMPANIES),
            notes=self.maybe(0.6, [self.text()]),
            erased_at=None,
            **self.placed(),
        )

    def mine(self, table: str) -> list[Row]:
        return self.world.rows(table, account_id=self.account_id)

    def conversation(self) -> None:
        row = self.add(
            "conversation",
            contact_id=self.chance.choice(self.mine("contact"))["id"],
            subject=self.maybe(0.8, [self.text()]),
            status=self.chance.choice(("OPEN", "CLOSED")),
            last_message_at=None,
            **self.placed(always_inbox=True),
        )
        at = row["created_at"]
        for number in range(1, self.chance.randint(0, 4) + 1):
            at += timedelta(hours=self.chance.randint(0, 30))
            direction = self.chance.choice(("INBOUND", "OUTBOUND", "NOTE"))
            self.add(
                "message",
                conversation_id=row["id"],
                number=number,
                direction=direction,
                author_id=None if direction == "INBOUND" else self.chance.choice(self.people),
                body=self.text(),
                sent_at=at,
            )
            row["last_message_at"] = at

    def deal(self) -> None:
        contact = self.maybe(0.8, self.mine("contact"))
        talks = [row for row in self.mine("conversation") if contact and row["contact_id"] == contact["id"]]
        talk = self.maybe(0.7, talks) if talks else None
        partner = self.maybe(0.5, self.mine("partner"))
        users = [
            row
            for row in self.mine("partner_user")
            if partner and row["partner_id"] == partner["id"] and row["portal_access"]
        ]
        status = self.chance.choice(("OPEN", "OPEN", "WON", "WON", "LOST"))
        placed = self.placed()
        closed = placed["created_at"] + timedelta(days=self.chance.randint(1, 40))
        currency = self.chance.choice(("USD", "USD", "USD", "EUR", "JPY", None))
        row = self.add(
            "deal",
            contact_id=contact and contact["id"],
            conversation_id=talk and talk["id"],
            partner_id=partner and partner["id"],
            assigned_user_id=(self.maybe(0.7, users) or {}).get("id") if users else None,
            title=self.text(),
            stage=self.chance.choice(STAGES),
            status=status,
            amount=None if currency is None else self.chance.choice((0, 100, 9_999, 10_000, 250_000)),
            currency=currency,
            expected_close_on=self.maybe(0.6, [date(2026, 5, self.chance.randint(1, 28))]),
            won_at=closed if status == "WON" else None,
            lost_at=closed if status == "LOST" else None,
            contract_started_at=closed if status == "WON" and self.chance.random() < 0.5 else None,
            **placed,
        )
        for _ in range(self.chance.choice((0, 0, 1, 2, 3))):
            self.add(
                "payment",
                deal_id=row["id"],
                kind=self.chance.choice(("PAYMENT", "PAYMENT", "REFUND")),
                amount=self.chance.choice((1, 500, 9_999)),
                currency=currency or "USD",
                paid_at=self.moment(60, 200),
                source=None,
                source_id=None,
            )

    def histories(self) -> None:
        for table in RECORDS:
            for row in self.mine(table):
                self.ownerships(table, row)
                self.timeline(table, row)

    def ownerships(self, table: str, row: Row) -> None:
        owners = [self.chance.choice(self.people) for _ in range(self.chance.choice((0, 0, 1, 2)))]
        start = row["created_at"] - timedelta(days=10 * len(owners))
        for past in owners:
            end = start + timedelta(days=10 if self.chance.random() < 0.7 else 6)
            self.interval(table, row["id"], past, self.maybe(0.6, self.teams), start, end)
            start += timedelta(days=10)
        if row["owner_id"]:
            self.interval(table, row["id"], row["owner_id"], row["team_id"], start, None)

    def interval(
        self, table: str, record: UUID, owner: UUID, team: UUID | None, start: datetime, end: datetime | None
    ) -> None:
        self.add(
            "ownership",
            record_type=table.upper(),
            record_id=record,
            owner_id=owner,
            team_id=team,
            started_at=start,
            ended_at=end,
            cause=self.chance.choice(("ASSIGNED", "IMPORTED", "TRANSFERRED")),
        )

    def timeline(self, table: str, row: Row) -> None:
        for number in range(1, self.chance.randint(0, 3) + 1):
            self.add(
                "timeline_entry",
                record_type=table.upper(),
                record_id=row["id"],
                number=number,
                kind=self.chance.choice(("CREATED", "UPDATED", "OWNER_ASSIGNED", "ARCHIVED")),
                at=self.moment(),
                author_id=self.maybe(0.7, self.people),
                changes=self.changes(table),
                reason=None,
                transfer_id=None,
            )

    def changes(self, table: str) -> dict[str, list[Any]]:
        """One or two columns of `table` with what they were before and after."""
        possible: dict[str, list[Any]] = {
            "owner_id": self._pair(self.people),
            "team_id": self._pair(self.teams),
            "inbox_id": self._pair(self.inboxes),
        }
        if table == "contact":
            possible |= {"name": self._texts(), "email": ["a@b.example", None], "notes": self._texts()}
        if table == "conversation":
            possible |= {"subject": self._texts(), "contact_id": self._ids("contact")}
        if table == "deal":
            possible |= {
                "title": self._texts(),
                "amount": [100, 250_000],
                "contact_id": self._ids("contact"),
                "conversation_id": self._ids("conversation"),
                "assigned_user_id": self._ids("partner_user"),
            }
        names = self.chance.sample(sorted(possible), self.chance.randint(0, 2))
        changes = {name: possible[name] for name in names}
        # An amount means nothing without its currency, which stands beside it.
        return changes | ({"currency": ["USD", "EUR"]} if "amount" in changes else {})

    def _pair(self, ids: list[UUID]) -> list[Any]:
        before, after = self.maybe(0.7, ids), self.maybe(0.7, ids)
        return [before and str(before), after and str(after)]

    def _lists(self, ids: list[UUID]) -> list[Any]:
        return [sorted(str(one) for one in self.chance.sample(ids, count)) for count in (1, 2)]

    def _ids(self, table: str) -> list[Any]:
        return self._pair([row["id"] for row in self.mine(table)])

    def _texts(self) -> list[Any]:
        return [self.text(), self.text()]

    def audited(self) -> None:
        table = self.chance.choice((*RECORDS, *RECORDS, "agent", "agent", *OTHER_SUBJECTS, None))
        subject = self._subject(table)
        by_partner = self.chance.random() < 0.1
        self.add(
            "audit_entry",
            at=self.moment(60, 180),
            actor_id=None if by_partner else self.maybe(0.85, self.people),
            actor_partner_user_id=self.chance.choice(self.mine("partner_user"))["id"] if by_partner else None,
            request_id=f"r-{self.chance.randint(1, 30)}",
            action=f"update_{table}" if table else "sign_in",
            outcome=self.chance.choice(("DONE", "DONE", "REFUSED")),
            subject_type=table,
            subject_id=subject,
            changes=self.audit_changes(table),
        )

    def _subject(self, table: str | None) -> UUID | None:
        if table is None:
            return None
        if table == "account":
            return self.account_id
        found: UUID = self.chance.choice(self.mine(table))["id"]
        return found

    def audit_changes(self, table: str | None) -> dict[str, list[Any]]:
        if table in RECORDS:
            return self.changes(str(table))
        if table == "agent":
            pairs: dict[str, list[Any]] = {
                "email": ["old@aurora.example", "new@aurora.example"],
                "name": self._texts(),
                "role_id": self._ids("role"),
                "main_team_id": self._pair(self.teams),
                "available": [True, False],
                "team_ids": self._lists(self.teams),
                "inbox_ids": self._lists(self.inboxes),
            }
            names = self.chance.sample(sorted(pairs), 2)
            return {name: pairs[name] for name in names}
        if table == "role":
            return {"permissions": [[], ["audit.read"]], "name": self._texts()}
        if table == "account":
            return {"isolation_mode": ["STRICT", "MASKED"]}
        if table == "partner_user":
            return {"portal_access": [False, True], "email": [None, "x@kin.example"]}
        return {"name": self._texts()} if table else {}

    def tokens(self) -> None:
        for permissions in (["portfolio.assign", "audit.read"], []):
            self.add(
                "token",
                kind="API",
                name=f"short list of {len(permissions)}",
                agent_id=self.people[0],
                partner_user_id=None,
                secret_hash=f"{self.chance.getrandbits(256):064x}",
                permissions=permissions,
                created_at=START,
                expires_at=None,
                revoked_at=None,
            )


OTHER_SUBJECTS = ("team", "inbox", "role", "account", "partner", "partner_user")
