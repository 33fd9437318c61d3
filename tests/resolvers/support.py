"""A small account, and the way to run GraphQL in it as any of its people, in process.

    scene = await make_scene(database)
    contact = await scene.contact(owner=scene.ana, team=scene.north)
    data, errors = await run(database, scene.ana, "{ contacts { totalCount } }")
    assert data == {"contacts": {"totalCount": 1}} and codes(errors) == []

`database` is the fixture of tests/conftest.py.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from authz.keys import Keys
from authz.tokens import Secret, Signed, Unproved, create_token, hash_secret, new_secret
from models import (
    BUILT_IN_ROLES,
    Account,
    Agent,
    BuiltIn,
    Contact,
    Conversation,
    Deal,
    Inbox,
    InboxMember,
    Partner,
    PartnerUser,
    Permission,
    Reach,
    Role,
    Scope,
    Team,
    TeamMember,
    Token,
    TokenKind,
    clock,
)
from models.database import Database, Dialect
from models.operations import ownership
from models.ownership import OwnershipCause
from resolvers.answering import Asked, answer
from resolvers.execution import formatted
from schema.context import Context
from schema.global_id import to_global
from schema.tables import type_name

KEYS = Keys.derive("a secret for tests alone, long enough")
Errors = list[dict[str, Any]]
Viewer = Agent | PartnerUser | str | Unproved | None
"""Who asks: an agent, a partner user, the bearer of an API token, a token checked already, or nobody."""


ENDLESS = {
    Dialect.SQLITE: "WITH RECURSIVE n AS (SELECT 1 i UNION ALL SELECT i FROM n) SELECT sum(i) FROM n",
    Dialect.POSTGRES: "SELECT pg_sleep(1000000)",
}
"""Statements that never come to an end."""


async def run(
    database: Database, viewer: Viewer, document: str, variables: dict[str, Any] | None = None
) -> tuple[Any, Errors]:
    """What the document answers: its data, and its errors as clients meet them."""
    context = Context(database, KEYS, await signed_in(database, viewer), request_id=uuid4().hex)
    try:
        await context.start_reading()
        return await run_in(context, document, variables)
    finally:
        await context.stop_reading()


async def run_in(
    context: Context, document: str, variables: dict[str, Any] | None = None
) -> tuple[Any, Errors]:
    """The same, for a request that has begun."""
    result = await answer(context, Asked(document, variables))
    return result.data, [formatted(error, suggestions=False) for error in result.errors]


async def mutate(
    database: Database, viewer: Viewer, name: str, input: dict[str, Any], selection: str
) -> tuple[Any, Errors]:
    """What a mutation's field answers: its payload, of which `selection` and `userErrors`, and the errors."""
    data, errors = await run(database, viewer, mutation_of(name, selection), {"input": input})
    return (data or {}).get(name), errors


def mutation_of(name: str, selection: str) -> str:
    """The document of a mutation that takes its input from the variable `input`."""
    selected = f"{selection} userErrors {{ code message field }}"
    capital = name[0].upper() + name[1:]
    return f"mutation($input: {capital}Input!) {{ {name}(input: $input) {{ {selected} }} }}"


def codes(errors: Errors) -> list[str]:
    """The codes of the errors."""
    return [error["extensions"]["code"] for error in errors]


def gid(row: Any) -> str:
    """The id by which clients know a row."""
    return to_global(type_name(row._meta.db_table), row.id)


async def signed_in(database: Database, viewer: Viewer) -> Unproved | None:
    """What signs the requests of `viewer`: their sign-in token, made when first asked for."""
    if isinstance(viewer, str):
        return Secret(hash_secret(viewer))
    if not isinstance(viewer, Agent | PartnerUser):
        return viewer
    person = {"agent_id" if isinstance(viewer, Agent) else "partner_user_id": viewer.id}
    async with database.reading():
        token = await Token.filter(kind__not=TokenKind.API, **person).first()
    if token is None:
        token = await _new_token(database, viewer.account_id, **person)
    assert token.expires_at is not None
    return Signed(token.id, viewer.account_id, viewer.id, token.kind, token.expires_at)


async def _new_token(
    database: Database, account: UUID, agent_id: UUID | None = None, partner_user_id: UUID | None = None
) -> Token:
    async with database.writing():
        token, _ = await create_token(
            KEYS, account=account, agent=agent_id, partner_user=partner_user_id, ttl=timedelta(days=1)
        )
    return token


async def api_token(database: Database, agent: Agent, permissions: Iterable[Permission] = ()) -> str:
    """The bearer of a new API token that acts as the agent, within these permissions."""
    bearer, secret_hash = new_secret()
    async with database.writing():
        await Token.create(
            account_id=agent.account_id,
            kind=TokenKind.API,
            name="Program",
            agent_id=agent.id,
            secret_hash=secret_hash,
            permissions=[permission.value for permission in permissions],
        )
    return bearer


@dataclass
class Scene:
    """An account with people and places.

    North: its manager Max, the reps Ana and Ben. South: the rep Cid. The administrator is in no team.
    Ana and Ben are in the inbox Mail; the inbox Web has no members. Pia and Paul are users of the
    partner Kin, with portal access; Otto is one of another partner.
    """

    database: Database
    account: Account
    roles: dict[BuiltIn, Role] = field(default_factory=dict)
    north: Team = field(init=False)
    south: Team = field(init=False)
    mail: Inbox = field(init=False)
    web: Inbox = field(init=False)
    administrator: Agent = field(init=False)
    max: Agent = field(init=False)
    ana: Agent = field(init=False)
    ben: Agent = field(init=False)
    cid: Agent = field(init=False)
    kin: Partner = field(init=False)
    other: Partner = field(init=False)
    pia: PartnerUser = field(init=False)
    paul: PartnerUser = field(init=False)
    otto: PartnerUser = field(init=False)

    async def set(self, **settings: Any) -> None:
        """Set the account otherwise: `isolation_mode`, `granular_permissions`, …"""
        async with self.database.writing():
            await Account.filter(id=self.account.id).update(**settings)

    async def role(
        self, scope: Scope = Scope.TEAM, reach: Reach = Reach.OWN, permissions: Iterable[Permission] = ()
    ) -> Role:
        """A role of the account's own making."""
        made: Role = await self._made(
            Role,
            name=f"Role {uuid4()}",
            scope=scope,
            reach=reach,
            permissions=[permission.value for permission in permissions],
        )
        return made

    async def agent(
        self,
        role: Role | BuiltIn = BuiltIn.REP,
        teams: Iterable[Team] = (),
        inboxes: Iterable[Inbox] = (),
        **columns: Any,
    ) -> Agent:
        """An active agent; the first team is the main one."""
        joined = list(teams)
        role_id = role.id if isinstance(role, Role) else self.roles[role].id
        columns = {"name": "Eva", "main_team_id": joined[0].id if joined else None, **columns}
        agent: Agent = await self._made(Agent, role_id=role_id, **columns)
        for team in joined:
            await self._made(TeamMember, team_id=team.id, agent_id=agent.id)
        for inbox in inboxes:
            await self._made(InboxMember, inbox_id=inbox.id, agent_id=agent.id)
        return agent

    async def contact(self, **columns: Any) -> Contact:
        """A contact; `owner`, `team` and `inbox` say where it lies, nowhere if left out."""
        made: Contact = await self._record(Contact, {"name": "Bia", "email": "bia@client.example"} | columns)
        return made

    async def conversation(self, contact: Contact, **columns: Any) -> Conversation:
        """A conversation of the contact, in the inbox Mail unless `inbox` says another."""
        columns = {"subject": "Hello", "inbox": self.mail, **columns}
        made: Conversation = await self._record(Conversation, {"contact_id": contact.id, **columns})
        return made

    async def deal(self, **columns: Any) -> Deal:
        """An open deal worth 100 dollars."""
        defaults = {"title": "Bikes", "stage": "Engaging", "amount": 10_000, "currency": "USD"}
        made: Deal = await self._record(Deal, defaults | columns)
        return made

    async def _record(self, model: Any, columns: dict[str, Any]) -> Any:
        references = ("owner", "team", "inbox", "contact", "conversation", "partner", "assigned_user")
        ids = {f"{name}_id": columns.pop(name).id for name in references if columns.get(name)}
        async with self.database.writing():
            record = await model.create(account_id=self.account.id, **columns, **ids)
            await ownership.begin(record, clock.now(), OwnershipCause.ASSIGNED)
        return record

    async def _made(self, model: Any, **columns: Any) -> Any:
        async with self.database.writing():
            return await model.create(account_id=self.account.id, **columns)

    async def again(self, row: Any) -> Any:
        """The row as it is in the database now."""
        async with self.database.reading():
            return await type(row).get(id=row.id)


async def make_scene(database: Database, name: str = "Acme", **settings: Any) -> Scene:
    """A new account with its people; several may be in one database."""
    async with database.writing():
        scene = Scene(database, await Account.create(name=name, **settings))
    for built_in, (role_name, scope, reach, permissions) in BUILT_IN_ROLES.items():
        scene.roles[built_in] = await scene._made(
            Role,
            name=role_name,
            built_in=built_in,
            scope=scope,
            reach=reach,
            permissions=[permission.value for permission in permissions],
        )
    scene.north, scene.south = await scene._made(Team, name="North"), await scene._made(Team, name="South")
    scene.mail, scene.web = await scene._made(Inbox, name="Mail"), await scene._made(Inbox, name="Web")
    await _people(scene)
    return scene


async def _people(scene: Scene) -> None:
    scene.administrator = await scene.agent(BuiltIn.ADMINISTRATOR, name="Ada")
    scene.max = await scene.agent(BuiltIn.SALES_MANAGER, [scene.north], name="Max")
    scene.ana = await scene.agent(BuiltIn.REP, [scene.north], [scene.mail], name="Ana")
    scene.ben = await scene.agent(BuiltIn.REP, [scene.north], [scene.mail], name="Ben")
    scene.cid = await scene.agent(BuiltIn.REP, [scene.south], name="Cid")
    scene.kin, scene.other = await scene._made(Partner, name="Kin"), await scene._made(Partner, name="Other")
    for name, partner in (("pia", scene.kin), ("paul", scene.kin), ("otto", scene.other)):
        user = await scene._made(
            PartnerUser, partner_id=partner.id, name=name.capitalize(), portal_access=True
        )
        setattr(scene, name, user)
