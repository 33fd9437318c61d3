"""Signing in: who may, into which account, and how little a failure tells."""

import asyncio
import contextlib
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from authz import sign_in as signing_in
from authz import tokens
from authz.identity_providers import KeySets
from authz.keys import Keys
from authz.passwords import Passwords
from authz.rate_limit import MovingWindow, RateLimited
from authz.sign_in import MOST_CANDIDATES, SignedIn, SignInFailed, SignInLimits, settle, sign_in
from models import Account, Agent, AgentStatus, AuditEntry, AuditOutcome, PartnerUser, Token, TokenKind, clock
from models.database import Database
from tests.authz.people import make_account, make_agent, make_partner_user

KEYS = Keys.derive("a secret of some length")
EMAIL, PASSWORD = "ana@acme.example", "correct horse battery staple"


class Counting(Passwords):
    """Cheap, and counts how often it verified."""

    def __init__(self) -> None:
        super().__init__(time_cost=1, memory_cost=8)
        self.verified = 0

    def _verify(self, password_hash: str, given: bytes) -> bool:
        self.verified += 1
        return super()._verify(password_hash, given)


HASHING = Counting()


async def hashed(password: str = PASSWORD) -> str:
    return await HASHING.hash(password)


async def attempt(database: Database, **changes: Any) -> SignedIn:
    known = {
        "email": EMAIL,
        "password": PASSWORD,
        "address": "192.0.2.1",
        "limits": SignInLimits(),
        "hashing": HASHING,
    }
    return await sign_in(database, KEYS, **{**known, **changes})


async def fails(database: Database, **changes: Any) -> str:
    with pytest.raises(SignInFailed) as failed:
        await attempt(database, **changes)
    await settle()
    return str(failed.value)


async def one_agent(database: Database, **columns: Any) -> Agent:
    password_hash = await hashed()
    async with database.writing():
        account = await make_account()
        return await make_agent(account, **{"email": EMAIL, "password_hash": password_hash, **columns})


async def entries(database: Database) -> list[AuditEntry]:
    await settle()
    async with database.reading():
        return await AuditEntry.filter(action="sign_in").order_by("at", "id")


async def test_an_agent_gets_a_token_that_works(database: Database) -> None:
    agent = await one_agent(database)
    signed_in = await attempt(database)
    assert (signed_in.account_id, signed_in.agent_id, signed_in.partner_user_id) == (
        agent.account_id,
        agent.id,
        None,
    )
    claim = await tokens.read_token(database, KEYS, signed_in.token, KeySets())
    assert (claim.kind, claim.agent_id, claim.expires_at) == (TokenKind.AGENT, agent.id, signed_in.expires_at)
    assert timedelta(hours=11) < signed_in.expires_at - clock.now() <= signing_in.TTL


async def test_a_partner_user_gets_a_portal_token(database: Database) -> None:
    password_hash = await hashed()
    async with database.writing():
        user = await make_partner_user(await make_account(), email=EMAIL, password_hash=password_hash)
    signed_in = await attempt(database)
    assert (signed_in.agent_id, signed_in.partner_user_id) == (None, user.id)
    claim = await tokens.read_token(database, KEYS, signed_in.token, KeySets())
    assert (claim.kind, claim.partner_user_id) == (TokenKind.PORTAL, user.id)


async def test_emails_are_compared_folded(database: Database) -> None:
    await one_agent(database, email="Ströße@Acme.Example")
    await attempt(database, email="STRÖSSE@acme.example")


@pytest.mark.parametrize("status", [AgentStatus.SUSPENDED, AgentStatus.DEACTIVATED])
async def test_who_is_not_active_may_not(database: Database, status: AgentStatus) -> None:
    await one_agent(database, status=status)
    await fails(database)


async def test_without_portal_access_a_partner_user_may_not(database: Database) -> None:
    password_hash = await hashed()
    async with database.writing():
        account = await make_account()
        await make_partner_user(account, email=EMAIL, password_hash=password_hash, portal_access=False)
    await fails(database)


async def test_without_a_password_nobody_may(database: Database) -> None:
    await one_agent(database, password_hash=None)
    await fails(database)
    await fails(database, password="")


async def test_every_failure_looks_alike(database: Database) -> None:
    await one_agent(database)
    answers = {
        await fails(database, **changes)
        for changes in (
            {"password": "wrong"},
            {"password": ""},
            {"password": "x" * 5000},
            {"password": "\ud800\0"},
            {"email": "bea@acme.example"},
            {"email": ""},
            {"email": "\0"},
            {"email": "\ud800"},
            {"email": "x" * 100_000},
            {"account_name": "Other"},
            {"account_name": "\0"},
            {"account_name": ""},
        )
    }
    assert len(answers) == 1


async def test_an_unknown_email_is_as_much_work_as_a_known_one(database: Database) -> None:
    await one_agent(database)
    tries: list[dict[str, Any]] = [
        {"password": "wrong"},
        {"email": "bea@acme.example"},
        {"email": "\0"},
        {"email": ""},
        {"account_name": "Other"},
    ]
    for changes in tries:
        before = HASHING.verified
        await fails(database, **changes)
        assert HASHING.verified == before + MOST_CANDIDATES


# One email, several persons


async def several(database: Database, *passwords: str) -> list[Agent]:
    """Agents with the same email, each in an account of their own, by id."""
    hashes = [await hashed(password) for password in passwords]
    async with database.writing():
        agents = [
            await make_agent(
                await make_account(f"Account {number}"), email=EMAIL, password_hash=password_hash
            )
            for number, password_hash in enumerate(hashes)
        ]
    return sorted(agents, key=lambda agent: agent.id)


async def test_the_password_tells_persons_with_one_email_apart(database: Database) -> None:
    agents = await several(database, "password of one", "password of two")
    found = {
        (await attempt(database, password=password)).agent_id
        for password in ("password of one", "password of two")
    }
    assert found == {agent.id for agent in agents}


async def test_all_candidates_are_tried_though_the_first_matches(database: Database) -> None:
    agents = await several(database, *[PASSWORD] * MOST_CANDIDATES)
    before = HASHING.verified
    assert (await attempt(database)).agent_id == agents[0].id
    assert HASHING.verified == before + MOST_CANDIDATES


async def test_the_accounts_name_tells_equal_persons_apart(database: Database) -> None:
    for agent in await several(database, PASSWORD, PASSWORD):
        async with database.reading():
            account = await Account.get(id=agent.account_id)
        assert (await attempt(database, account_name=account.name)).agent_id == agent.id


async def test_of_equal_persons_one_who_may_not_is_passed_over(database: Database) -> None:
    first, second = await several(database, PASSWORD, PASSWORD)
    async with database.writing():
        await Agent.filter(id=first.id).update(status=AgentStatus.SUSPENDED)
    assert (await attempt(database)).agent_id == second.id


async def test_no_more_than_so_many_are_tried(database: Database) -> None:
    await several(database, *[PASSWORD] * (MOST_CANDIDATES + 2))
    before = HASHING.verified
    await attempt(database)
    assert HASHING.verified == before + MOST_CANDIDATES


async def test_an_agent_and_a_partner_user_may_share_an_email(database: Database) -> None:
    agent = await one_agent(database)
    password_hash = await hashed("password of the partner user")
    async with database.writing():
        account = await Account.get(id=agent.account_id)
        user = await make_partner_user(account, email=EMAIL, password_hash=password_hash)
    assert (await attempt(database, account_name=account.name)).agent_id == agent.id
    signed_in = await attempt(database, password="password of the partner user", account_name=account.name)
    assert signed_in.partner_user_id == user.id


async def decoys(database: Database, *emails: str, name: str = "Decoys", **columns: Any) -> list[Agent]:
    """Agents of one account, whose passwords are their places in the list; the first have the lowest ids."""
    hashes = [await hashed(f"password number {number}") for number in range(len(emails))]
    async with database.writing():
        account = await make_account(name)
        return [
            await make_agent(
                account, id=UUID(int=number + 1), email=email, password_hash=password_hash, **columns
            )
            for number, (email, password_hash) in enumerate(zip(emails, hashes, strict=True))
        ]


async def entrances(database: Database, count: int, **changes: Any) -> list[bool]:
    """Whether each decoy comes in."""
    came = []
    for number in range(count):
        try:
            await attempt(database, password=f"password number {number}", **changes)
        except SignInFailed:
            came.append(False)
        else:
            came.append(True)
    await settle()
    return came


@pytest.mark.parametrize("known", [True, False])
async def test_no_account_learns_who_is_in_another(database: Database, known: bool) -> None:
    await one_agent(database, email=EMAIL if known else "bea@acme.example")
    await decoys(database, EMAIL, EMAIL)
    assert await entrances(database, 2) == [True, False]
    assert await entrances(database, 2, account_name="Decoys") == [True, True]


async def test_no_account_locks_a_person_of_another_out(database: Database) -> None:
    agent = await one_agent(database)
    await decoys(database, *[EMAIL] * 4)
    assert (await attempt(database)).agent_id == agent.id


async def test_of_one_account_who_may_sign_in_comes_first(database: Database) -> None:
    (gone,) = await decoys(database, EMAIL, status=AgentStatus.DEACTIVATED)
    password_hash = await hashed()
    async with database.writing():
        again = await make_agent(
            await Account.get(id=gone.account_id), email=EMAIL, password_hash=password_hash
        )
    assert (await attempt(database)).agent_id == again.id


# The audit


async def test_success_and_failure_of_known_persons_are_audited(database: Database) -> None:
    agent = await one_agent(database)
    await attempt(database)
    await fails(database, password="wrong")
    written = await entries(database)
    assert [entry.outcome for entry in written] == [AuditOutcome.DONE, AuditOutcome.REFUSED]
    for entry in written:
        assert (entry.account_id, entry.actor_id) == (agent.account_id, agent.id)
        assert (entry.subject_type, entry.subject_id) == ("agent", agent.id)


async def test_a_partner_users_failure_is_audited_as_theirs(database: Database) -> None:
    password_hash = await hashed()
    async with database.writing():
        user = await make_partner_user(await make_account(), email=EMAIL, password_hash=password_hash)
    await fails(database, password="wrong")
    (entry,) = await entries(database)
    assert (entry.actor_id, entry.actor_partner_user_id) == (None, user.id)


async def test_unknown_emails_leave_no_trace(database: Database) -> None:
    await one_agent(database)
    await fails(database, email="bea@acme.example")
    assert await entries(database) == []


async def test_a_failure_makes_no_token(database: Database) -> None:
    await one_agent(database)
    await fails(database, password="wrong")
    async with database.reading():
        assert await Token.all().count() == 0


class Interrupted(Counting):
    """Lets something happen while the password is being checked."""

    def __init__(self, database: Database, **columns: Any) -> None:
        super().__init__()
        self._database, self._columns = database, columns

    async def check(self, password_hash: str | None, password: str) -> bool:
        matches = await super().check(password_hash, password)
        async with self._database.writing():
            for people in (Agent, PartnerUser):
                fields = {k: v for k, v in self._columns.items() if k in people._meta.fields}
                if fields:
                    await people.all().update(**fields)
        return matches


async def test_what_changes_while_the_password_is_checked_counts(database: Database) -> None:
    await one_agent(database)
    await fails(database, hashing=Interrupted(database, status=AgentStatus.SUSPENDED))
    async with database.writing():
        await Agent.all().update(status=AgentStatus.ACTIVE)
    await fails(database, hashing=Interrupted(database, password_hash=await hashed("another password")))


# The limits


def limits(by_address: int = 100, by_email: int = 100) -> SignInLimits:
    quarter = timedelta(minutes=15)
    return SignInLimits(
        by_address=MovingWindow(by_address, quarter), by_email=MovingWindow(by_email, quarter)
    )


async def test_an_email_is_guessed_at_only_so_often_from_wherever(database: Database) -> None:
    await one_agent(database)
    shared = limits(by_email=3)
    for number in range(3):
        await fails(database, limits=shared, address=f"192.0.2.{number}", password="wrong")
    with pytest.raises(RateLimited) as limited:
        await attempt(database, limits=shared, address="192.0.2.99", email=EMAIL.upper())
    assert 0 < limited.value.retry_after <= 900


async def test_there_are_limits_unless_told_otherwise(database: Database) -> None:
    shared = SignInLimits()
    for number in range(10):
        await fails(database, limits=shared, address=f"192.0.2.{number}")
    with pytest.raises(RateLimited):
        await attempt(database, limits=shared, address="192.0.2.99")
    for number in range(60):
        with contextlib.suppress(SignInFailed):
            await attempt(database, limits=shared, email=f"{number}@acme.example", address="198.51.100.1")
    with pytest.raises(RateLimited):
        await attempt(database, limits=shared, email="new@acme.example", address="198.51.100.1")


async def test_an_unknown_email_is_limited_likewise(database: Database) -> None:
    shared = limits(by_email=3)
    for _ in range(3):
        await fails(database, limits=shared)
    with pytest.raises(RateLimited):
        await attempt(database, limits=shared)


async def test_an_address_guesses_only_so_often_at_whomever(database: Database) -> None:
    shared = limits(by_address=3)
    for number in range(3):
        await fails(database, limits=shared, email=f"{number}@acme.example")
    with pytest.raises(RateLimited):
        await attempt(database, limits=shared)
    await fails(database, limits=shared, address="192.0.2.2")


async def test_one_network_of_ipv6_is_one_address(database: Database) -> None:
    shared = limits(by_address=2)
    await fails(database, limits=shared, address="2001:db8::1")
    await fails(database, limits=shared, address="2001:db8::ffff:1")
    with pytest.raises(RateLimited):
        await attempt(database, limits=shared, address="2001:db8:0:0:1::1")
    await fails(database, limits=shared, address="2001:db8:0:1::1")
    await fails(database, limits=shared, address="::ffff:192.0.2.1")
    await fails(database, limits=shared, address="192.0.2.1")
    with pytest.raises(RateLimited):
        await attempt(database, limits=shared, address="192.0.2.1")


async def test_who_succeeds_is_never_limited(database: Database) -> None:
    await one_agent(database)
    shared = limits(by_address=1, by_email=1)
    for _ in range(5):
        await attempt(database, limits=shared)


async def test_guesses_at_once_are_counted_at_once(database: Database) -> None:
    await one_agent(database)
    shared = limits(by_email=2)
    answers = await asyncio.gather(
        *(attempt(database, limits=shared, password="wrong") for _ in range(6)), return_exceptions=True
    )
    await settle()
    assert [type(answer) for answer in answers].count(SignInFailed) == 2
    assert [type(answer) for answer in answers].count(RateLimited) == 4


async def test_a_crowded_queue_is_nobodys_failure(database: Database) -> None:
    await one_agent(database)
    shared, full = limits(by_email=1), Passwords(time_cost=1, memory_cost=8, threads=1, waiting=-1)
    for _ in range(3):
        with pytest.raises(RateLimited):
            await attempt(database, limits=shared, hashing=full)
    await attempt(database, limits=shared)
