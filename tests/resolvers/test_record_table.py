"""Who may do what to whose record: every mutation of records, by every kind of viewer, in every mode."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from authz.policies import ASSIGN_INBOX, ASSIGN_RECORD, CHANGE_RECORD, CREATE_RECORD, ERASE_CONTACT
from authz.scopes import RECORDS
from models import AuditEntry, AuditOutcome, BuiltIn, DealStatus, Payment, PaymentKind, Permission, clock
from models.database import Database
from models.sql import Sql
from resolvers.writing import MUTATIONS
from schema.seen import TYPES
from tests.resolvers.support import Scene, Viewer, api_token, codes, gid, make_scene, mutate, signed_in

WON = {"status": DealStatus.WON, "won_at": clock.now()}
MONEY = {"amount": "1.00", "currency": "USD"}
POLICIES = {
    CREATE_RECORD: "create",
    CHANGE_RECORD: "change",
    ASSIGN_RECORD: "assign",
    ASSIGN_INBOX: "assign",
    ERASE_CONTACT: "erase",
}


@dataclass
class Rows:
    """Ana's records, in her team, as far as they were made, and what inputs name besides."""

    scene: Scene
    contact: Any = None
    conversation: Any = None
    deal: Any = None


@dataclass(frozen=True)
class Case:
    """One mutation: the table of what it acts on or links, and its input over Ana's records.

    `deal`: what the deal must be like. `places`: the input names a team or inbox: partner
    users see none.
    """

    table: str | None
    input: Callable[[Rows], dict[str, Any]]
    gives: str
    deal: dict[str, Any] = field(default_factory=dict)
    places: bool = False


def _on(table: str, gives: str | None = None, id: str = "id", deal: Any = None, **more: Any) -> Case:
    return Case(table, lambda rows: {id: gid(getattr(rows, table)), **more}, gives or table, deal or {})


def _assign(table: str, field: str, named: Callable[[Scene], Any]) -> Case:
    return Case(
        table,
        lambda rows: {"recordId": gid(getattr(rows, table)), field: gid(named(rows.scene))},
        "record",
        places=field != "ownerId",
    )


CASES: dict[tuple[str, str], Case] = {
    ("createContact", ""): Case(None, lambda rows: {"name": "New"}, "contact"),
    ("updateContact", ""): _on("contact", name="Other", email=None),
    ("archiveContact", ""): _on("contact"),
    ("unarchiveContact", ""): _on("contact"),
    ("eraseContact", ""): _on("contact"),
    ("createConversation", ""): Case(
        "contact",
        lambda rows: {"contactId": gid(rows.contact), "inboxId": gid(rows.scene.mail)},
        "conversation",
    ),
    ("updateConversation", ""): _on("conversation", status="CLOSED"),
    ("archiveConversation", ""): _on("conversation"),
    ("unarchiveConversation", ""): _on("conversation"),
    ("addMessage", ""): _on("conversation", "message", "conversationId", body="Hello"),
    ("createDeal", ""): Case(None, lambda rows: {"title": "New"}, "deal"),
    ("createDeal", "of a contact"): Case(
        "contact", lambda rows: {"title": "New", "contactId": gid(rows.contact)}, "deal"
    ),
    ("createDeal", "from a conversation"): Case(
        "conversation", lambda rows: {"title": "New", "conversationId": gid(rows.conversation)}, "deal"
    ),
    ("updateDeal", ""): _on("deal", title="Other", stage=None),
    ("archiveDeal", ""): _on("deal"),
    ("unarchiveDeal", ""): _on("deal"),
    ("winDeal", ""): _on("deal"),
    ("loseDeal", ""): _on("deal"),
    ("reopenDeal", ""): _on("deal", deal=WON),
    ("startDealContract", ""): _on("deal", deal=WON),
    ("recordPayment", ""): _on("deal", "payment", "dealId", amount=MONEY),
    ("recordRefund", ""): _on("deal", "payment", "dealId", amount=MONEY),
    ("setDealPartner", ""): Case(
        "deal",
        lambda rows: {
            "id": gid(rows.deal),
            "partnerId": gid(rows.scene.kin),
            "assignedUserId": gid(rows.scene.paul),
        },
        "deal",
    ),
    **{
        (mutation, table): _assign(table, field, named)
        for table in ("contact", "conversation", "deal")
        for mutation, field, named in (
            ("assignOwner", "ownerId", lambda scene: scene.ben),
            ("assignTeam", "teamId", lambda scene: scene.south),
            ("assignInbox", "inboxId", lambda scene: scene.web),
        )
    },
}

YES, SEEN, GONE = "may change it", "has it in sight", "does not know of it"
MODES: dict[str, dict[str, Any]] = {
    "strict": {"isolation_mode": "STRICT"},
    "masked": {"isolation_mode": "MASKED"},
    "open": {"isolation_mode": "OPEN"},
    "granular off": {"isolation_mode": "OPEN", "granular_permissions": False},
}
_STRICT = {
    "owner": YES,
    "owner's program": YES,
    "manager": YES,
    "administrator": YES,
    "administrator's program": YES,
    "administrator's assigning program": YES,
    "colleague": GONE,
    "rep of another team": GONE,
    "another account's administrator": GONE,
    "partner user": GONE,
}
_SHARED = _STRICT | {"colleague": SEEN}
# Without `account.manage` on its list, a program of the administrator's has no team and no inbox.
_OFF = _STRICT | {
    "colleague": YES,
    "administrator's program": GONE,
    "administrator's assigning program": GONE,
}
STANDINGS = {"strict": _STRICT, "masked": _SHARED, "open": _SHARED, "granular off": _OFF}
ASSIGNS = {"manager", "administrator", "administrator's assigning program"}
ERASES = {"administrator"}


def expected(kind: str, case: Case, who: str, mode: str) -> str:
    """What authorization.md's tables say comes of it."""
    if case.table is None:
        return "FORBIDDEN" if who == "partner user" else "done"
    standing = STANDINGS[mode][who]
    if who == "partner user" and case.table == "deal":
        standing = GONE if case.places else SEEN
    if standing == GONE:
        return "NOT_FOUND"
    holders = {"assign": ASSIGNS, "erase": ERASES}.get(kind)
    allowed = standing == YES and (holders is None or who in holders)
    return "done" if allowed else "FORBIDDEN"


async def _viewers(scene: Scene, other: Scene) -> dict[str, Viewer]:
    # In both teams and inboxes, so that whatever the cases name lies in the scope.
    manager = await scene.agent(
        BuiltIn.SALES_MANAGER, [scene.north, scene.south], [scene.mail, scene.web], name="Mia"
    )
    people: dict[str, Viewer] = {
        "owner": scene.ana,
        "owner's program": await api_token(scene.database, scene.ana),
        "manager": manager,
        "administrator": scene.administrator,
        "administrator's program": await api_token(scene.database, scene.administrator),
        "administrator's assigning program": await api_token(
            scene.database, scene.administrator, [Permission.PORTFOLIO_ASSIGN]
        ),
        "colleague": scene.ben,
        "rep of another team": scene.cid,
        "another account's administrator": other.administrator,
        "partner user": scene.pia,
    }
    return {who: await signed_in(scene.database, viewer) for who, viewer in people.items()}


async def _rows(scene: Scene, *tables: str, **deal: Any) -> Rows:
    """The records of these tables, made."""
    places = {"owner": scene.ana, "team": scene.north}
    rows = Rows(scene)
    if "contact" in tables or "conversation" in tables:
        rows.contact = await scene.contact(**places)
    if "conversation" in tables:
        rows.conversation = await scene.conversation(rows.contact, **places)
    if "deal" in tables:
        rows.deal = await scene.deal(partner=scene.kin, **places, **deal)
        await _paid(scene, rows.deal)
    return rows


async def _paid(scene: Scene, deal: Any) -> None:
    money: dict[str, Any] = {
        "kind": PaymentKind.PAYMENT,
        "amount": 100,
        "currency": "USD",
        "paid_at": clock.now(),
    }
    async with scene.database.writing():
        await Payment.create(account_id=scene.account.id, deal_id=deal.id, **money)


TRACES = """
SELECT (SELECT count(*) FROM audit_entry WHERE outcome = 'REFUSED') AS refused,
    (SELECT count(*) FROM audit_entry WHERE outcome = 'DONE') AS done,
    (SELECT count(*) FROM timeline_entry) AS told, (SELECT count(*) FROM outbox_event) AS announced,
    (SELECT sum(version) FROM contact) AS contacts, (SELECT sum(version) FROM deal) AS deals,
    (SELECT sum(version) FROM conversation) AS conversations
"""


async def _traces(database: Database) -> tuple[int, dict[str, Any]]:
    """How many acts were refused, and what else there is that a write would have changed."""
    async with database.reading() as session:
        found = dict((await session.fetch(Sql(TRACES)))[0])
    return found.pop("refused"), found


@pytest.mark.parametrize("mode", MODES)
async def test_each_mutation_by_each_viewer(database: Database, mode: str) -> None:
    scene = await make_scene(database, **MODES[mode])
    viewers = await _viewers(scene, await make_scene(database, "Other", **MODES[mode]))
    # So that a partner user has the colleague in sight, as an owner of a deal of the company's.
    await scene.deal(owner=scene.ben, partner=scene.kin)
    wrong = []
    for (name, variant), case in CASES.items():
        kind = POLICIES[MUTATIONS[_snake(name)].metadata["rule"]]
        rows = await _rows(scene, case.table or "", **case.deal)
        before = await _traces(database)
        for who, viewer in viewers.items():
            payload, errors = await mutate(
                database, viewer, name, case.input(rows), f"{case.gives} {{ __typename }}"
            )
            outcome = codes(errors)[0] if errors else "done"
            if outcome != expected(kind, case, who, mode):
                wrong.append((name, variant, who, outcome))
            if outcome == "done":
                assert payload[case.gives] is not None, (name, variant, who, payload)
                assert payload["userErrors"] == [], (name, variant, who)
                rows = await _rows(scene, case.table or "", **case.deal)
            after = await _traces(database)
            if outcome != "done":
                assert payload is None
                assert after == (before[0] + (outcome == "FORBIDDEN"), before[1]), (name, variant, who)
            before = after
    assert wrong == []


def test_the_cases_are_all_mutations_of_records() -> None:
    ours = {name for name, field in MUTATIONS.items() if field.metadata["rule"] in POLICIES}
    assert {_snake(name) for name, _ in CASES} == ours
    assert all(table in TYPES for case in CASES.values() if (table := case.table) is not None)


BAD_IDS = ("", "x", "é", "\ud800", "Q29udGFjdDp4", "Q29udGFjdDo=")
"""Nothing, no base64, no ASCII, half a surrogate pair, and twice a type without a UUID."""


async def test_whatever_an_input_names_must_be_in_sight(database: Database) -> None:
    scene, other = await make_scene(database), await make_scene(database, "Other")
    rows, theirs = await _rows(scene, *RECORDS), await _rows(other, *RECORDS)
    hidden = Rows(
        scene,
        await scene.contact(owner=scene.cid),
        await scene.conversation(await scene.contact(owner=scene.cid), owner=scene.cid),
        await scene.deal(owner=scene.cid),
    )
    tried = 0
    for (name, _), case in CASES.items():
        good = case.input(rows)
        judge = MUTATIONS[_snake(name)].extensions[0]
        fields = {}
        for link, known in judge.links.items():  # type: ignore[attr-defined]
            fields[_camel(link)] = (known,) if isinstance(known, str) else known
        if (subject := judge.named) is not None:  # type: ignore[attr-defined]
            fields[_camel(subject.field)] = subject.known
        for named, tables in fields.items():
            bad = [*BAD_IDS, gid(scene.account), *_strangers(tables, rows, theirs, hidden)]
            for id in bad:
                _, errors = await mutate(
                    database, scene.ana, name, good | {named: id}, f"{case.gives} {{ __typename }}"
                )
                assert codes(errors) == ["NOT_FOUND"], (name, named, id)
                tried += 1
    assert tried > 300
    async with database.reading():
        assert await AuditEntry.filter(outcome=AuditOutcome.REFUSED).count() == 0
        assert await AuditEntry.filter(outcome=AuditOutcome.DONE).count() == 0


def _strangers(tables: tuple[str, ...], ours: Rows, theirs: Rows, hidden: Rows) -> list[str]:
    """Ids of rows of other types, of another account, and out of the owner's sight."""
    others = {
        "agent": theirs.scene.ana,
        "team": theirs.scene.north,
        "inbox": theirs.scene.mail,
        "partner": theirs.scene.kin,
        "partner_user": theirs.scene.pia,
        "contact": theirs.contact,
        "conversation": theirs.conversation,
        "deal": theirs.deal,
    }
    foreign = [gid(others[table]) for table in tables]
    of_another_type = [
        gid(row)
        for table, row in (("contact", ours.contact), ("team", ours.scene.north), ("deal", ours.deal))
        if table not in tables
    ]
    unseen = [gid(getattr(hidden, table)) for table in tables if hasattr(hidden, table)]
    return foreign + of_another_type + unseen


def _snake(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)


def _camel(name: str) -> str:
    head, *tail = name.split("_")
    return head + "".join(word.capitalize() for word in tail)
