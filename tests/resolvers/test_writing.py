"""The writing path: what is judged in which order, what is left, what is done once, who waits for whom."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import uuid4

import pytest

from models import (
    Agent,
    AgentStatus,
    AuditEntry,
    AuditOutcome,
    BuiltIn,
    Contact,
    IdempotencyKey,
    Ownership,
    Permission,
    Reach,
    Scope,
    TimelineEntry,
    Token,
    clock,
)
from models.database import Database
from schema.context import Context
from tests.resolvers.support import (
    KEYS,
    Scene,
    api_token,
    codes,
    gid,
    make_scene,
    mutate,
    mutation_of,
    run,
    run_in,
    signed_in,
)

NAME = "contact { id name version }"


@pytest.fixture
async def scene(database: Database) -> Scene:
    """One account."""
    return await make_scene(database)


async def of_anas(scene: Scene, **columns: Any) -> Contact:
    """A contact of Ana's, in North."""
    return await scene.contact(owner=scene.ana, team=scene.north, **columns)


async def rename(
    scene: Scene, viewer: Any, contact: Contact, **input: Any
) -> tuple[Any, list[str], list[str]]:
    """Rename a contact: the payload's contact, the codes of its user errors, and those of the errors."""
    payload, errors = await mutate(
        scene.database, viewer, "updateContact", {"id": gid(contact), "name": "New", **input}, NAME
    )
    problems = [each["code"] for each in payload["userErrors"]] if payload else []
    return payload and payload["contact"], problems, codes(errors)


async def test_the_order_of_judgment(scene: Scene) -> None:
    await scene.set(isolation_mode="OPEN")
    contact = await of_anas(scene)
    wrong: dict[str, Any] = {"name": " ", "expectedVersion": 7}
    assert await rename(scene, scene.cid, contact, **wrong) == (None, [], ["NOT_FOUND"])
    assert await rename(scene, scene.ben, contact, **wrong) == (None, [], ["FORBIDDEN"])
    assert await rename(scene, scene.ana, contact, **wrong) == (None, [], ["CONFLICT"])
    assert await rename(scene, scene.ana, contact, name=" ", expectedVersion=1) == (None, ["BLANK"], [])
    assert await rename(scene, scene.ana, contact, name=None) == (None, ["BLANK"], [])
    assert (await scene.again(contact)).version == 1
    renamed, *_ = await rename(scene, scene.ana, contact, expectedVersion=1)
    assert renamed == {"id": gid(contact), "name": "New", "version": 2}


async def test_version_comes_before_what_a_resolver_reads_of_the_input(scene: Scene) -> None:
    deal = await scene.deal(owner=scene.ana, team=scene.north)
    contact = await of_anas(scene)
    talk = await scene.conversation(contact, owner=scene.ana, team=scene.north)
    stale = {"expectedVersion": 7}
    bad = {"amount": {"amount": "1.005", "currency": "USD"}}
    for name, input, problem in (
        ("updateDeal", {"id": gid(deal), **bad}, "TOO_PRECISE"),
        ("recordPayment", {"dealId": gid(deal), **bad}, "TOO_PRECISE"),
        ("updateConversation", {"id": gid(talk), "status": None}, "BLANK"),
    ):
        _, errors = await mutate(scene.database, scene.ana, name, input | stale, "")
        assert codes(errors) == ["CONFLICT"], name
        payload, errors = await mutate(scene.database, scene.ana, name, input, "")
        assert (errors, payload["userErrors"][0]["code"]) == ([], problem)


async def test_the_state_left_is_judged_before_version_and_sense(scene: Scene) -> None:
    assigner = await scene.role(Scope.TEAM, Reach.SCOPE, [Permission.PORTFOLIO_ASSIGN])
    lead = await scene.agent(assigner, [scene.north])
    contact = await of_anas(scene)
    for name, input in (
        ("createContact", {"name": " ", "ownerId": None}),
        ("createDeal", {"title": " ", "ownerId": None}),
        ("assignOwner", {"recordId": gid(contact), "ownerId": gid(scene.cid), "expectedVersion": 7}),
    ):
        _, errors = await mutate(scene.database, lead, name, input, "")
        assert codes(errors) == ["FORBIDDEN"], name
    async with scene.database.reading():
        refused = await AuditEntry.filter(outcome=AuditOutcome.REFUSED).order_by("at")
    subjects = [(entry.action, entry.subject_type, entry.subject_id) for entry in refused]
    assert subjects == [
        ("create_contact", None, None),
        ("create_deal", None, None),
        ("assign_owner", "contact", contact.id),
    ]


async def test_a_refusal_is_audited_with_who_when_and_which_request(scene: Scene) -> None:
    await scene.set(isolation_mode="MASKED")
    contact = await of_anas(scene)
    context = Context(
        scene.database, KEYS, await signed_in(scene.database, scene.ben), request_id="request-9"
    )
    await context.start_reading()
    try:
        document = mutation_of("archiveContact", "contact { id }")
        _, errors = await run_in(context, document, {"input": {"id": gid(contact)}})
    finally:
        await context.stop_reading()
    assert codes(errors) == ["FORBIDDEN"]
    async with scene.database.reading():
        entry = await AuditEntry.get()
    assert (entry.account_id, entry.actor_id, entry.actor_partner_user_id, entry.request_id) == (
        scene.account.id,
        scene.ben.id,
        None,
        "request-9",
    )
    assert (entry.outcome, entry.action, entry.subject_type, entry.subject_id) == (
        AuditOutcome.REFUSED,
        "archive_contact",
        "contact",
        contact.id,
    )


async def test_nobody_writes_without_a_token(scene: Scene) -> None:
    payload, errors = await mutate(scene.database, None, "createContact", {"name": "New"}, NAME)
    assert (payload, codes(errors)) == (None, ["UNAUTHENTICATED"])
    async with scene.database.reading():
        assert await Contact.all().count() == 0


async def test_what_may_be_null_but_not_left_out(scene: Scene) -> None:
    contact = await of_anas(scene)
    deal = await scene.deal(owner=scene.ana, team=scene.north)
    for name, input in (
        ("assignOwner", {"recordId": gid(contact)}),
        ("assignTeam", {"recordId": gid(contact)}),
        ("assignInbox", {"recordId": gid(contact)}),
        ("setDealPartner", {"id": gid(deal)}),
    ):
        _, errors = await mutate(scene.database, scene.administrator, name, input, "")
        assert codes(errors) == ["BAD_USER_INPUT"], name


Between = Callable[[Scene], Awaitable[Any]]


async def between(scene: Scene, change: Between, document: str, variables: Any) -> tuple[Any, list[str]]:
    """What Max's request answers, when `change` was committed after the request had begun."""
    context = Context(scene.database, KEYS, await signed_in(scene.database, scene.max), request_id="r")
    await context.start_reading()
    try:
        await asyncio.create_task(_apart(scene, change))
        data, errors = await run_in(context, document, variables)
    finally:
        await context.stop_reading()
    return data, codes(errors)


async def _apart(scene: Scene, change: Between) -> None:
    async with scene.database.writing():
        await change(scene)


async def _demote(scene: Scene) -> None:
    await Agent.filter(id=scene.max.id).update(role_id=scene.roles[BuiltIn.REP].id)


async def _suspend(scene: Scene) -> None:
    await Agent.filter(id=scene.max.id).update(status=AgentStatus.SUSPENDED)


async def _revoke(scene: Scene) -> None:
    await Token.filter(agent_id=scene.max.id).update(revoked_at=clock.now())


async def _promote(scene: Scene) -> None:
    await Agent.filter(id=scene.max.id).update(role_id=scene.roles[BuiltIn.ADMINISTRATOR].id)


@pytest.mark.parametrize(
    ("change", "error"),
    [
        (_demote, ["NOT_FOUND"]),
        (_suspend, ["UNAUTHENTICATED"]),
        (_revoke, ["UNAUTHENTICATED"]),
        (_promote, []),
    ],
)
async def test_a_write_is_judged_by_what_its_viewer_is_by_then(
    scene: Scene, change: Between, error: list[str]
) -> None:
    mine = await of_anas(scene)
    theirs = await scene.contact(owner=scene.cid, team=scene.south)
    contact = theirs if change is _promote else mine
    variables = {"input": {"id": gid(contact), "name": "New"}}
    data, found = await between(scene, change, mutation_of("updateContact", NAME), variables)
    assert found == error
    assert (data["updateContact"] is None) == bool(error)
    assert (await scene.again(contact)).name == ("Bia" if error else "New")


async def test_what_left_the_sight_is_null_in_the_payload(scene: Scene) -> None:
    assigner = await scene.role(Scope.TEAM, Reach.OWN, [Permission.PORTFOLIO_ASSIGN])
    rep = await scene.agent(assigner, [scene.north])
    contact = await scene.contact(owner=rep, team=scene.north)
    input = {"recordId": gid(contact), "ownerId": gid(scene.ana), "idempotencyKey": "once"}
    for _ in range(2):
        payload, errors = await mutate(scene.database, rep, "assignOwner", input, "record { id }")
        assert (payload, errors) == ({"record": None, "userErrors": []}, [])
    assert (await scene.again(contact)).owner_id == scene.ana.id


class TestIdempotency:
    """`idempotencyKey`."""

    async def test_done_once_and_read_anew(self, scene: Scene) -> None:
        input = {"name": "New", "idempotencyKey": "once"}
        first, _ = await mutate(scene.database, scene.ana, "createContact", input, NAME)
        async with scene.database.writing():
            await Contact.all().update(name="Other", version=5)
        second, errors = await mutate(scene.database, scene.ana, "createContact", input, NAME)
        assert errors == []
        assert second["contact"] == {"id": first["contact"]["id"], "name": "Other", "version": 5}
        async with scene.database.writing():
            assert await Contact.all().count() == 1
            await Contact.all().update(owner_id=scene.cid.id, team_id=scene.south.id)
        third, errors = await mutate(scene.database, scene.ana, "createContact", input, NAME)
        assert (third, errors) == ({"contact": None, "userErrors": []}, [])

    async def test_it_belongs_to_its_actor_and_its_input(self, scene: Scene) -> None:
        other = await make_scene(scene.database, "Other")
        input = {"name": "New", "idempotencyKey": "once"}
        for viewer in (scene.ana, scene.ben, other.ana):
            payload, _ = await mutate(scene.database, viewer, "createContact", input, NAME)
            assert payload["contact"]["version"] == 1
        async with scene.database.reading():
            assert await Contact.all().count() == 3
        for name, reused in (
            ("createContact", {"name": "New", "notes": None}),
            ("createDeal", {"title": "New"}),
        ):
            payload, errors = await mutate(
                scene.database, scene.ana, name, reused | {"idempotencyKey": "once"}, ""
            )
            assert errors == []
            assert [each["code"] for each in payload["userErrors"]] == ["IDEMPOTENCY_KEY_REUSED"]

    async def test_a_key_is_not_spent_on_what_was_not_done(self, scene: Scene) -> None:
        contact = await of_anas(scene)
        key = {"idempotencyKey": "once"}
        assert await rename(scene, scene.ben, contact, **key) == (None, [], ["NOT_FOUND"])
        assert await rename(scene, scene.ana, contact, name="", **key) == (None, ["BLANK"], [])
        assert await rename(scene, scene.ana, contact, expectedVersion=7, **key) == (None, [], ["CONFLICT"])
        async with scene.database.reading():
            assert await IdempotencyKey.all().count() == 0
        renamed, *_ = await rename(scene, scene.ana, contact, **key)
        assert renamed["version"] == 2
        assert await rename(scene, scene.ana, contact, **key) == (renamed, [], [])

    async def test_null_is_no_key_and_a_blank_one_is_told(self, scene: Scene) -> None:
        contact = await of_anas(scene)
        assert (await rename(scene, scene.ana, contact, idempotencyKey=None))[0]["version"] == 2
        assert await rename(scene, scene.ana, contact, idempotencyKey=" ") == (None, ["BLANK"], [])

    async def test_a_replay_counts_for_payments_and_messages_too(self, scene: Scene) -> None:
        contact = await of_anas(scene)
        talk = await scene.conversation(contact, owner=scene.ana, team=scene.north)
        input = {"conversationId": gid(talk), "body": "Hi", "idempotencyKey": "m"}
        selection = "message { id number } conversation { id version }"
        answers = [
            (await mutate(scene.database, scene.ana, "addMessage", input, selection))[0] for _ in range(2)
        ]
        assert answers[0] == answers[1]
        assert answers[0]["message"]["number"] == 1
        assert answers[0]["conversation"]["version"] == 2


async def test_several_mutations_in_one_document_run_in_order_and_apart(scene: Scene) -> None:
    document = """mutation {
        a: createContact(input: {name: "A"}) { contact { name } userErrors { code } }
        b: createContact(input: {name: " "}) { contact { name } userErrors { code } }
        c: archiveContact(input: {id: "x"}) { contact { name } }
        d: createContact(input: {name: "D"}) { contact { name owner { portfolio { stats { contacts } } } } }
    }"""
    data, errors = await run(scene.database, scene.ana, document)
    assert data["a"] == {"contact": {"name": "A"}, "userErrors": []}
    assert data["b"] == {"contact": None, "userErrors": [{"code": "BLANK"}]}
    assert data["c"] is None
    assert data["d"]["contact"]["owner"]["portfolio"]["stats"]["contacts"] == 2
    assert [(each["path"], each["extensions"]["code"]) for each in errors] == [(["c"], "NOT_FOUND")]


async def test_a_program_acts_within_its_list(scene: Scene) -> None:
    contact = await of_anas(scene)
    input = {"recordId": gid(contact), "ownerId": None}
    for listed, expected in (((), ["FORBIDDEN"]), ((Permission.PORTFOLIO_ASSIGN,), [])):
        program = await api_token(scene.database, scene.max, listed)
        _, errors = await mutate(scene.database, program, "assignOwner", input, "")
        assert codes(errors) == expected
    program = await api_token(scene.database, scene.ana, list(Permission))
    _, errors = await mutate(scene.database, program, "createContact", {"name": "x", "ownerId": None}, "")
    assert codes(errors) == ["FORBIDDEN"]


class TestAtOnce:
    """Many who write at the same time."""

    async def test_of_two_with_one_version_one_wins(self, scene: Scene) -> None:
        contact = await of_anas(scene)
        answers = await asyncio.gather(
            *(rename(scene, viewer, contact, expectedVersion=1) for viewer in (scene.ana, scene.max) * 2)
        )
        outcomes = sorted(error[0] if error else "done" for _, _, error in answers)
        assert outcomes == ["CONFLICT"] * 3 + ["done"]
        assert (await scene.again(contact)).version == 2

    async def test_of_many_with_one_key_one_is_done(self, scene: Scene) -> None:
        input = {"name": "New", "idempotencyKey": "once"}
        answers = await asyncio.gather(
            *(mutate(scene.database, scene.ana, "createContact", input, NAME) for _ in range(6))
        )
        assert {payload["contact"]["id"] for payload, _ in answers} == {answers[0][0]["contact"]["id"]}
        assert all(errors == [] for _, errors in answers)
        async with scene.database.reading():
            assert await Contact.all().count() == 1
            assert await Ownership.all().count() == 1

    async def test_what_was_lost_meanwhile_is_judged_as_lost(self, scene: Scene) -> None:
        role = await scene.role(Scope.TEAM, Reach.OWN, [Permission.PORTFOLIO_ASSIGN])
        rep = await scene.agent(role, [scene.north])
        for _ in range(5):
            contact = await scene.contact(owner=rep, team=scene.north)
            to_ana, to_ben = (
                {"recordId": gid(contact), "ownerId": gid(owner)} for owner in (scene.ana, scene.ben)
            )
            answers = await asyncio.gather(
                mutate(scene.database, rep, "assignOwner", to_ana, ""),
                mutate(scene.database, rep, "assignOwner", to_ben, ""),
            )
            assert sorted(codes(errors) for _, errors in answers) == [[], ["NOT_FOUND"]]

    async def test_fifty_writers_on_the_same_records_all_end(self, scene: Scene) -> None:
        contact = await of_anas(scene)
        talk = await scene.conversation(contact, owner=scene.ana, team=scene.north)
        deal = await scene.deal(owner=scene.ana, team=scene.north, contact=contact, conversation=talk)
        ada, ana = scene.administrator, scene.ana
        each: list[tuple[Any, str, dict[str, Any]]] = [
            (ada, "assignOwner", {"recordId": gid(contact), "ownerId": gid(ana)}),
            (ana, "createDeal", {"title": "D", "contactId": gid(contact), "conversationId": gid(talk)}),
            (ada, "assignOwner", {"recordId": gid(talk), "ownerId": gid(ana)}),
            (ana, "addMessage", {"conversationId": gid(talk), "body": "Hi"}),
            (ana, "createConversation", {"contactId": gid(contact), "inboxId": gid(scene.mail)}),
            (ada, "eraseContact", {"id": gid(contact)}),
            (ada, "updateDeal", {"id": gid(deal), "contactId": gid(contact), "conversationId": gid(talk)}),
            (ada, "setDealPartner", {"id": gid(deal), "partnerId": gid(scene.kin),
                                     "assignedUserId": gid(scene.pia)}),
            (ada, "createDeal", {"title": "D", "contactId": gid(contact), "ownerId": gid(ana)}),
            (ada, "recordPayment", {"dealId": gid(deal), "amount": {"amount": "1", "currency": "USD"}}),
        ]  # fmt: skip
        acts = [mutate(scene.database, who, name, input, "") for who, name, input in each * 5]
        answers = await asyncio.wait_for(asyncio.gather(*acts), 60)
        outcomes = {code for _, errors in answers for code in codes(errors)}
        assert outcomes <= {"NOT_FOUND", "FORBIDDEN"}
        async with scene.database.reading():
            entries = await TimelineEntry.filter(record_id=talk.id).order_by("number")
        assert [entry.number for entry in entries] == list(range(1, len(entries) + 1))


async def test_a_cancelled_request_leaves_the_pool_whole(scene: Scene) -> None:
    contact = await of_anas(scene)
    cancelled = 0
    for steps in range(1, 90, 3):
        task = asyncio.create_task(rename(scene, scene.ana, contact, name=f"New {uuid4()}"))
        for _ in range(steps):
            await asyncio.sleep(0)
        task.cancel()
        try:
            await task
        except asyncio.CancelledError:
            cancelled += 1
    assert cancelled > 5
    version = (await scene.again(contact)).version
    again = (rename(scene, scene.ana, contact) for _ in range(15))
    answers = await asyncio.wait_for(asyncio.gather(*again), 30)
    assert all(errors == [] for _, _, errors in answers)
    async with scene.database.reading():
        assert await TimelineEntry.filter(record_id=contact.id).count() == version
    assert (await scene.again(contact)).version == version + 1
