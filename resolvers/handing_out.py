"""Handing out in somebody's name: what runs by itself stays within the scope of who saved it."""

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any
from uuid import UUID

from authz.compiling import Compiler
from authz.distribution import may_be_given, may_be_placed, may_distribute
from authz.judging import holds
from authz.scopes import agents_in_scope, visible
from authz.viewer import Viewer
from models import Contact, Conversation, DistributionPolicy, Scope
from models.database import Database, Session, among, hydrate
from models.operations import access_version, audit
from models.operations.actor import Actor
from models.operations.distribute import Columns, HandingOut, Place, Remit, by_team_and_inbox
from models.operations.distribute_contacts import most_at_once
from models.operations.distribution_place import serving, serving_inbox
from models.operations.plain import Changes
from models.record import RecordType
from models.sql import Sql, join, value
from resolvers.act import Act, related
from resolvers.acting_viewer import agent_today

Related = Callable[[str, str, Any], Awaitable[Sequence[Columns]]]


async def saver_of(session: Session, policy: DistributionPolicy) -> Viewer | None:
    """Who saved the policy, as a viewer today; None where they may do so no more, and the policy rests."""
    saver = await agent_today(session, policy.account_id, policy.saved_by_id)
    return saver if saver is not None and may_distribute(saver) else None


def remit_of(session: Session, related: Related, *viewers: Viewer) -> Remit:
    """What all of these viewers may have handed out."""

    def within(predicate: Callable[[Viewer], Any]) -> Sql:
        return join(
            " AND ", [Compiler(session.dialect, viewer).sql(predicate(viewer), "t") for viewer in viewers]
        )

    places = _Places(session, viewers, related)
    return Remit(
        contacts=within(lambda viewer: may_be_given(viewer, "contact")),
        conversations=within(lambda viewer: may_be_given(viewer, "conversation")),
        agents=within(agents_in_scope),
        may_lie=places.may_lie,
        places=places.of,
    )


class _Places:
    """Where records may be put. A place is judged once, and what lies beside a record read once."""

    def __init__(self, session: Session, viewers: Sequence[Viewer], related: Related) -> None:
        self._session = session
        self._viewers = viewers
        self._related = related
        # In inbox scope a contact lies where its conversations do.
        self._by_conversation = any(viewer.scope is Scope.INBOX for viewer in viewers)
        self._known: dict[Any, bool] = {}
        self._read: dict[tuple[str, str, Any], Sequence[Columns]] = {}

    async def of(self, record_type: RecordType, records: Sequence[Columns]) -> list[Place]:
        """The place of each record: its team, its inbox, and those of a contact's conversations."""
        alone = await by_team_and_inbox(record_type, records)
        if not self._by_conversation or record_type is not RecordType.CONTACT:
            return alone
        await self._read_conversations([record["id"] for record in records])
        talking = [self._read["conversation", "contact_id", record["id"]] for record in records]
        inboxes = [frozenset(each["inbox_id"] for each in listed) for listed in talking]
        return list(zip(alone, inboxes, strict=True))

    async def may_lie(self, record_type: RecordType, record: Columns) -> bool:
        """Whether each of the viewers could have put the record there."""
        place = (record["owner_id"], record["team_id"], record["inbox_id"])
        key = (record_type, place, record["id"] if self._by_conversation else None)
        if key not in self._known:
            self._known[key] = await self._judged(record_type.value.lower(), record)
        return self._known[key]

    async def _judged(self, table: str, record: Columns) -> bool:
        return all(
            [
                await holds(may_be_placed(viewer, table), record, viewer, self._beside)
                for viewer in self._viewers
            ]
        )

    async def _beside(self, table: str, column: str, held: Any) -> Sequence[Columns]:
        if (table, column, held) not in self._read:
            self._read[table, column, held] = await self._related(table, column, held)
        return self._read[table, column, held]

    async def _read_conversations(self, contact_ids: Sequence[UUID]) -> None:
        """Read those of all these contacts at once, as they are now."""
        found: dict[UUID, list[Columns]] = {id: [] for id in contact_ids}
        listed = "SELECT * FROM conversation WHERE " + among(self._session.dialect, "contact_id", found)
        for row in await self._session.fetch(listed):
            conversation = hydrate(Conversation, row)
            found[conversation["contact_id"]].append(conversation)
        self._read |= {("conversation", "contact_id", id): each for id, each in found.items()}


def hand_out_new_contact(act: Act, contact: Any) -> None:
    """Once the act is judged, hand out the contact that it made nobody's, by the policy that serves it."""

    async def follow() -> None:
        policy = await serving(contact.account_id, team_id=contact.team_id, inbox_id=contact.inbox_id)
        await _hand_out(act.session, policy, [contact.id], act.by.request_id)

    if contact.owner_id is None:
        act.follows.append(follow)


def hand_out_who_writes(act: Act, conversation: Any) -> None:
    """Once the act is judged, hand out the contact of a new conversation by the policy of its inbox."""

    async def follow() -> None:
        policy = await serving_inbox(conversation.account_id, conversation.inbox_id)
        await _hand_out(act.session, policy, [conversation.contact_id], act.by.request_id)

    act.follows.append(follow)


async def _hand_out(
    session: Session, policy: DistributionPolicy | None, contact_ids: Sequence[UUID], request_id: str | None
) -> None:
    """Hand out those contacts that nobody has. It is done by itself, so nobody is its author."""
    saver = None if policy is None else await saver_of(session, policy)
    if policy is None or saver is None:
        return
    by = Actor(policy.account_id, request_id=request_id)
    remit = remit_of(session, partial(related, session), saver)
    for decision in await HandingOut(session, by, policy, remit).among(contact_ids, len(contact_ids)):
        if decision.agent_id is not None:
            contact = Contact(id=decision.contact["id"], account_id=policy.account_id)
            changes: Changes = {"owner_id": [None, str(decision.agent_id)]}
            await audit.append(by, "distribute_contact", contact, changes)


def not_served_elsewhere(session: Session, viewer: Viewer, policy: DistributionPolicy) -> Sql:
    """And that no policy in the viewer's sight, for a narrower place, serves the contact, by the name `t`."""
    if policy.inbox_id is not None:
        return Sql("")
    narrower = "q.inbox_id = t.inbox_id OR " + _talking(session, viewer, Sql("q.inbox_id"))
    if policy.team_id is None:
        narrower = narrower + " OR q.team_id = t.team_id"
    sight = Compiler(session.dialect, viewer).sql(visible("distribution_policy", viewer), "q")
    head = " AND NOT EXISTS (SELECT 1 FROM distribution_policy q WHERE q.enabled AND (" + narrower + ") AND "
    return head + sight + ")"


def lying_in_sight(session: Session, viewer: Viewer, policy: DistributionPolicy) -> Sql:
    """And that the contact, by the name `t`, lies in the policy's inbox by what the viewer has in sight."""
    if policy.inbox_id is None:
        return Sql("")
    inbox = value(policy.inbox_id)
    return " AND (t.inbox_id = " + inbox + " OR " + _talking(session, viewer, inbox) + ")"


def _talking(session: Session, viewer: Viewer, inbox: Sql) -> Sql:
    """That the contact, by the name `t`, has a conversation in sight in an inbox."""
    sight = Compiler(session.dialect, viewer, prefix="w").sql(visible("conversation", viewer), "w")
    head = "EXISTS (SELECT 1 FROM conversation w WHERE w.contact_id = t.id AND w.inbox_id = " + inbox
    return head + " AND " + sight + ")"


async def hand_out_released(act: Act, contact_ids: Sequence[UUID]) -> None:
    """Hand out those of these contacts that nobody owns any more, each by the policy that serves it: as many
    as are handed out at once, and the rest once that is committed, some at a time.
    """
    listed = "SELECT id, account_id, team_id, inbox_id FROM contact WHERE owner_id IS NULL AND "
    rows = await act.session.fetch(listed + among(act.session.dialect, "id", contact_ids))
    contacts = [hydrate(Contact, row) for row in rows]
    places = {(each["team_id"], each["inbox_id"]): each["account_id"] for each in contacts}
    for (team_id, inbox_id), account_id in places.items():
        policy = await serving(account_id, team_id=team_id, inbox_id=inbox_id)
        of_place = [
            each["id"] for each in contacts if (each["team_id"], each["inbox_id"]) == (team_id, inbox_id)
        ]
        if policy is not None:
            most, request_id = await most_at_once(policy), act.by.request_id
            await _hand_out(act.session, policy, of_place[:most], request_id)
            rest = partial(_hand_out_rest, act.context.database, policy, of_place[most:], request_id)
            act.afterwards.append(rest)


async def _hand_out_rest(
    database: Database, policy: DistributionPolicy, contact_ids: Sequence[UUID], request_id: str | None
) -> None:
    """What is left half-way waits, as any contact that nobody owns does."""
    while contact_ids:
        async with database.writing() as session:
            await access_version.share(session, policy.account_id)
            policy = await DistributionPolicy.get(id=policy.id)
            if not policy.enabled:
                return
            most = await most_at_once(policy)
            some, contact_ids = contact_ids[:most], contact_ids[most:]
            await _hand_out(session, policy, some, request_id)
