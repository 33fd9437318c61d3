"""Statements: as many as the levels of lists in a query, plus at most one for the viewer, whatever the rows.

(What is built takes one for everything, and a kept viewer none.)
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pytest

from models import Contact, Conversation, Deal, Message, Payment, PaymentKind, TimelineEntry, clock
from models.conversation import MessageDirection
from models.database import Database
from models.sql import Sql
from tests.conftest import Databases
from tests.resolvers.support import Scene, gid, make_scene, mutate, mutation_of, signed_in
from tests.schema.reading.counting import Asker, Statements, counted

ROWS = (1, 10, 200)
OF_A_DEAL = (
    "id title stage status amount { amount currency } createdAt owner { id name } contact { id name company }"
)


@dataclass
class Case:
    """A document, and how many levels of lists lie below one another in it."""

    name: str
    levels: int
    document: str
    variables: dict[str, Any] = field(default_factory=dict)


CASES = (
    Case("a: the first deals", 1, f"query ($n: Int!) {{ deals(first: $n) {{ nodes {{ {OF_A_DEAL} }} }} }}"),
    Case(
        "c: contacts, the first deals of each",
        2,
        "query ($n: Int!) { contacts(first: $n) { nodes { id name company owner { id name } "
        "deals(first: 5) { nodes { id title stage amount { amount currency } } } } } }",
    ),
    Case(
        "d: a page of deals and what lies around it",
        1,
        f"query ($n: Int!) {{ deals(last: $n) {{ nodes {{ {OF_A_DEAL} }} edges {{ cursor }} totalCount "
        "pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }",
    ),
    Case(
        "e: sums by owner",
        1,
        "{ dealStats(groupBy: OWNER) { key { id name } count amount { amount currency } leftOut } }",
    ),
    Case(
        "g: who asks",
        0,
        "{ viewer { agent { id name } permissions access { mode isolationMode scope reach } } }",
    ),
    Case("nothing of rows", 0, "{ __typename }"),
    Case(
        "one row and what it refers to",
        0,
        "query ($deal: ID!) { deal(id: $deal) { title owner { name role { name } mainTeam { name } } "
        "contact { name owner { name } } conversation { subject contact { name } } partner { name } } }",
    ),
    Case(
        "three levels of lists",
        3,
        "query ($n: Int!) { contacts(first: $n) { totalCount nodes { name conversations(first: 2) { nodes { "
        "subject messages(last: 2) { totalCount nodes { body } pageInfo { hasPreviousPage } } } } } } }",
    ),
    Case(
        "one list in two ways",
        2,
        "query ($n: Int!) { contacts(first: $n) { nodes { newest: deals(last: 2) { nodes { title } } "
        "won: deals(first: 9, filter: {status: {eq: WON}}, orderBy: [{field: TITLE, direction: DESC}]) "
        "{ totalCount nodes { title payments(first: 5) { nodes { kind } } } } } } }",
    ),
    Case(
        "two roots",
        2,
        "query ($n: Int!) { deals(first: $n) { nodes { title } } agents { nodes { name teams { name } "
        "inboxes { name } } } teams { name } roles { name } }",
    ),
    Case(
        "all about records",
        2,
        "query ($n: Int!) { deals(first: $n) { nodes { maskedFields viewerCan { update assign } "
        "ownerships { start owner { name } } timeline(first: 3) { nodes { kind author { name } "
        'changes { field before after } } } ownerAt(instant: "2026-01-01T00:00:00Z") { name } } } }',
    ),
    Case(
        "nodes, of whatever type",
        2,
        "query ($ids: [ID!]!) { nodes(ids: $ids) { id ... on Deal { title payments { nodes { kind } } } "
        "... on Contact { name conversations { nodes { subject } } } ... on Agent { name } } }",
    ),
    Case(
        "a node",
        1,
        "query ($deal: ID!) { node(id: $deal) { id ... on Record { owner { name } "
        "timeline { totalCount } } } }",
    ),
    Case(
        "portfolios",
        2,
        "query ($n: Int!) { portfolio { stats { contacts deals openAmount { amount } } "
        "deals(first: $n) { nodes { title } } } "
        "portfolios { nodes { owner { name } stats { deals } contacts(first: 3) { nodes { name } } } } }",
    ),
    Case(
        "the audit log",
        1,
        "query ($n: Int!) { auditLog(first: $n) { nodes { action at actor { name } "
        "subject { id ... on Deal { title } ... on Agent { name } } changes { field before after } } } }",
    ),
    Case(
        "a filter through other tables",
        1,
        "query ($n: Int!) { deals(first: $n, filter: {contact: {is: {conversations: {some: {messages: "
        '{some: {body: {contains: "1"}}}}}}}}) { totalCount nodes { title } } }',
    ),
)


@dataclass
class Filled:
    """A scene with so many rows at each level."""

    scene: Scene
    rows: int
    deals: list[Deal]
    contacts: list[Contact]

    def variables(self, document: str) -> dict[str, Any]:
        """The variables that a document declares."""
        some = [*self.deals[:100], *self.contacts[:100]][: self.rows]
        known = {"n": self.rows, "deal": gid(self.deals[0]), "ids": [gid(each) for each in some]}
        return {name: value for name, value in known.items() if f"${name}:" in document}


async def fill(database: Database, rows: int) -> Filled:
    """A scene with `rows` contacts of the rep Ana, and of the first of them as much of everything."""
    scene = await make_scene(database)
    place = {"account_id": scene.account.id, "owner_id": scene.ana.id, "team_id": scene.north.id}
    now = clock.now()
    contacts = [Contact(**place, name=f"Contact {n}") for n in range(rows)]
    inbox = {**place, "inbox_id": scene.mail.id}
    conversations = [
        Conversation(**inbox, contact_id=each.id, subject=f"About {n}")
        for n, each in enumerate([contacts[0]] * rows + contacts)
    ]
    deals = [
        Deal(
            **place,
            contact_id=each.id,
            conversation_id=conversations[0].id,
            title=f"Deal {n}",
            amount=100 + n,
            currency="USD",
            status="WON" if n % 2 else "OPEN",
            expected_close_on=date(2026, 5, 5),
        )
        for n, each in enumerate([contacts[0]] * rows + contacts)
    ]
    async with database.writing():
        await Contact.bulk_create(contacts)
        await Conversation.bulk_create(conversations)
        await Deal.bulk_create(deals)
        await Message.bulk_create(_messages(scene, conversations[0], rows, now))
        await Payment.bulk_create(_payments(scene, deals[1], rows, now))
        await TimelineEntry.bulk_create(_entries(scene, deals[0], rows, now))
    async with database.writing() as session:
        # As a database does by itself after a while: without it planners guess, and guess badly.
        await session.fetch(Sql("ANALYZE"))
    return Filled(scene, rows, deals, contacts)


def _messages(scene: Scene, conversation: Conversation, rows: int, now: Any) -> Iterator[Message]:
    for number in range(rows):
        yield Message(
            account_id=scene.account.id,
            conversation_id=conversation.id,
            number=number + 1,
            direction=MessageDirection.INBOUND,
            body=f"Word {number}",
            sent_at=now,
        )


def _payments(scene: Scene, deal: Deal, rows: int, now: Any) -> Iterator[Payment]:
    for number in range(rows):
        yield Payment(
            account_id=scene.account.id,
            deal_id=deal.id,
            kind=PaymentKind.PAYMENT,
            amount=1 + number,
            currency="USD",
            paid_at=now,
        )


def _entries(scene: Scene, deal: Deal, rows: int, now: Any) -> Iterator[TimelineEntry]:
    for number in range(rows):
        yield TimelineEntry(
            account_id=scene.account.id,
            record_type="DEAL",
            record_id=deal.id,
            number=number + 1,
            kind="UPDATED",
            at=now,
            author_id=scene.ana.id,
            changes={"title": ["before", "after"]},
        )


@dataclass
class Asked:
    """What one document took."""

    first: int
    kept: int
    in_sessions: int


async def _took(asker: Asker, statements: Statements, document: str, variables: dict[str, Any]) -> Asked:
    """The first time for this viewer, and once more."""
    asker.endpoint.viewers.forget(asker.unproved)  # type: ignore[arg-type]
    statements.reset()
    first_answer = await asker.ask(document, variables)
    first = statements.all
    statements.reset()
    assert await asker.ask(document, variables) == first_answer
    return Asked(first, statements.all, statements.in_sessions)


async def test_statements_are_as_many_as_levels_of_lists_whatever_the_rows(
    databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    took: dict[str, list[Asked]] = {}
    for rows in ROWS:
        database = await databases()
        filled = await fill(database, rows)
        asker = Asker(database, await signed_in(database, filled.scene.administrator))
        with monkeypatch.context() as patched:
            statements = counted(database, patched)
            for case in CASES:
                variables = filled.variables(case.document)
                took.setdefault(case.name, []).append(
                    await _took(asker, statements, case.document, variables)
                )
    for case in CASES:
        kept = [each.kept for each in took[case.name]]
        assert set(kept) == {kept[0]}, (case.name, took[case.name])
        assert kept[0] <= max(1, case.levels), (case.name, took[case.name])
        # A kept viewer costs nothing: not even a session is begun.
        assert [each.in_sessions for each in took[case.name]] == [0] * len(ROWS), case.name
        # One that is not kept takes some for the token, the agent, and their teams and inboxes.
        first = [each.first for each in took[case.name]]
        assert set(first) == {first[0]}, (case.name, took[case.name])
        assert first[0] <= kept[0] + VIEWER, (case.name, took[case.name])


VIEWER = 4
OF_CONTACT = (
    "id name owner { name } deals(first: 200) { totalCount nodes { title payments { nodes { kind } } } }"
)
PAYLOADS = (
    ("updateContact", "contact { id }"),
    ("updateContact", f"contact {{ {OF_CONTACT} }}"),
    ("archiveContact", f"contact {{ {OF_CONTACT} conversations(first: 200) {{ nodes {{ subject }} }} }}"),
    ("assignTeam", "record { id owner { name } timeline(first: 200) { nodes { kind changes { field } } } }"),
)


OUTCOMES = (
    (
        "distributeContacts",
        "mutation ($policy: ID!) { distributeContacts(input: {policyId: $policy, dryRun: true}) { "
        "assignments { contact { name team { name } } agent { name teams { name } } } left } }",
    ),
    (
        "distributionDiagnosis",
        "query ($policy: ID!) { distributionDiagnosis(policyId: $policy) { waiting "
        "policy { members { agent { name } } } agents { agent { name role { name } } eligible } } }",
    ),
    (
        "transferPreview",
        "query ($from: ID!, $to: ID!) { transferPreview(input: {fromId: $from, to: [{agentId: $to}]}) { "
        "records { deals } shares { agent { name } records { deals } } sight { agent { name } } "
        "parting { deals records { id owner { name } ... on Deal { contact { name } } } } } }",
    ),
)


async def test_an_outcome_takes_the_same_statements_however_much_it_names(
    databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    took: dict[str, list[int]] = {}
    for rows in (1, 10, 100):
        database = await databases()
        filled = await fill(database, rows)
        scene = filled.scene
        policy = await waiting(scene, rows)
        asker = Asker(database, await signed_in(database, scene.administrator))
        known = {"policy": policy, "from": gid(scene.ana), "to": gid(scene.ben)}
        with monkeypatch.context() as patched:
            statements = counted(database, patched)
            for name, document in OUTCOMES:
                variables = {each: id for each, id in known.items() if f"${each}:" in document}
                await asker.ask(document, variables)
                statements.reset()
                outcome = (await asker.ask(document, variables))[name]
                took.setdefault(name, []).append(statements.all)
                if name == "distributeContacts":
                    assert len(outcome["assignments"]) == rows
                    assert all(each["contact"] and each["agent"] for each in outcome["assignments"])
    assert {name: len(set(counts)) for name, counts in took.items()} == dict.fromkeys(took, 1), took


async def waiting(scene: Scene, rows: int) -> str:
    """The id of a policy with two in its pool, and so many contacts whom nobody owns."""
    contacts = [Contact(account_id=scene.account.id, name=f"Waiting {n}") for n in range(rows)]
    async with scene.database.writing():
        await Contact.bulk_create(contacts)
    members = [{"agentId": gid(agent)} for agent in (scene.ana, scene.ben)]
    selection = "distributionPolicy { id }"
    payload, _ = await mutate(
        scene.database, scene.administrator, "createDistributionPolicy", {"members": members}, selection
    )
    return str(payload["distributionPolicy"]["id"])


async def test_a_payload_takes_the_same_statements_whatever_the_rows(
    databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    took: dict[tuple[str, str], list[int]] = {}
    for rows in ROWS:
        database = await databases()
        filled = await fill(database, rows)
        asker = Asker(database, await signed_in(database, filled.scene.administrator))
        contact = gid(filled.contacts[0])
        inputs: dict[str, dict[str, Any]] = {
            "updateContact": {"id": contact},
            "archiveContact": {"id": contact},
            "assignTeam": {"recordId": gid(filled.deals[0]), "teamId": gid(filled.scene.south)},
        }
        with monkeypatch.context() as patched:
            statements = counted(database, patched)
            for number, (name, selection) in enumerate(PAYLOADS):
                inputs["updateContact"]["company"] = f"Acme {number}"
                statements.reset()
                data = await asker.ask(mutation_of(name, selection), {"input": inputs[name]})
                assert data[name]["userErrors"] == [], data
                took.setdefault((name, selection), []).append(statements.all)
    assert {payload: len(set(counts)) for payload, counts in took.items()} == dict.fromkeys(took, 1), took
    # What is selected of the payload costs nothing more, be it much or little: one statement reads it.
    small, large = (took[payload] for payload in PAYLOADS[:2])
    assert small == large, took
