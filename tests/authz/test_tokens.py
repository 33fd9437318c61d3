"""Tokens: whose they are while they stand, and one answer for all that don't."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authz import tokens
from authz.identity_providers import KeySets
from authz.jwt import BadToken
from authz.keys import Keys
from authz.tokens import Claim
from models import Account, Agent, AgentStatus, AuditEntry, PartnerUser, Token, TokenKind, clock
from models.database import Database, IntegrityError
from tests.authz.people import make_account, make_agent, make_partner_user

KEYS = Keys.derive("a secret of some length")
HOUR = timedelta(hours=1)


async def _no_fetch(url: str) -> bytes:
    raise AssertionError(f"nothing is to be fetched, yet {url} was")


KEY_SETS = KeySets(_no_fetch)


async def read(database: Database, bearer: str) -> Claim:
    return await tokens.read_token(database, KEYS, bearer, KEY_SETS)


async def agent_with_token(database: Database) -> tuple[Agent, str]:
    async with database.writing():
        account = await make_account()
        agent = await make_agent(account)
    bearer = await tokens.issue_token(database, KEYS, account=account.id, agent=agent.id, ttl=HOUR)
    return agent, bearer


async def partner_user_with_token(database: Database) -> tuple[PartnerUser, str]:
    async with database.writing():
        account = await make_account()
        user = await make_partner_user(account)
    bearer = await tokens.issue_token(database, KEYS, account=account.id, partner_user=user.id, ttl=HOUR)
    return user, bearer


async def api_token(database: Database, agent: Agent, **columns: Any) -> str:
    bearer, secret_hash = tokens.new_secret()
    known = {
        "account_id": agent.account_id,
        "kind": TokenKind.API,
        "agent_id": agent.id,
        "secret_hash": secret_hash,
        "permissions": ["portfolio.assign"],
    }
    async with database.writing():
        await Token.create(**{**known, **columns})
    return bearer


async def test_an_agents_token_names_the_agent(database: Database) -> None:
    agent, bearer = await agent_with_token(database)
    claim = await read(database, bearer)
    assert (claim.kind, claim.account_id, claim.agent_id) == (TokenKind.AGENT, agent.account_id, agent.id)
    assert claim.partner_user_id is None
    assert claim.permissions is None
    assert isinstance(claim.token_id, UUID)
    assert claim.expires_at is not None
    assert claim.expires_at.tzinfo is not None


async def test_a_partner_users_token_names_the_partner_user(database: Database) -> None:
    user, bearer = await partner_user_with_token(database)
    claim = await read(database, bearer)
    assert (claim.kind, claim.account_id) == (TokenKind.PORTAL, user.account_id)
    assert (claim.agent_id, claim.partner_user_id) == (None, user.id)


async def test_an_api_token_acts_as_its_maker_within_its_own_list(database: Database) -> None:
    agent, _ = await agent_with_token(database)
    claim = await read(database, await api_token(database, agent))
    assert (claim.kind, claim.agent_id) == (TokenKind.API, agent.id)
    assert claim.permissions == frozenset({"portfolio.assign"})
    assert claim.expires_at is None


async def test_an_api_token_without_a_list_permits_nothing(database: Database) -> None:
    agent, _ = await agent_with_token(database)
    claim = await read(database, await api_token(database, agent, permissions=None))
    assert claim.permissions == frozenset()


async def test_an_api_token_is_not_kept_in_clear(database: Database) -> None:
    agent, _ = await agent_with_token(database)
    bearer = await api_token(database, agent)
    assert len(bearer) == len("carteira_") + 43
    async with database.reading():
        row = await Token.get(kind=TokenKind.API)
    assert row.secret_hash == tokens.hash_secret(bearer)
    assert bearer not in [getattr(row, name) for name in row._meta.db_fields]


async def test_our_own_tokens_take_one_statement(database: Database) -> None:
    agent, signed = await agent_with_token(database)
    for bearer in (signed, await api_token(database, agent)):
        unproved = await tokens.check(database, KEYS, bearer, KEY_SETS)
        async with database.reading() as session:
            await tokens.prove(session, unproved)
            assert session.statements == 1


async def test_issuing_is_audited(database: Database) -> None:
    _, bearer = await agent_with_token(database)
    async with database.reading():
        entry = await AuditEntry.get(action="issue_token")
    assert (entry.subject_type, entry.subject_id) == ("token", (await read(database, bearer)).token_id)


async def test_a_token_is_for_one_person_of_the_account(database: Database) -> None:
    agent, _ = await agent_with_token(database)
    async with database.writing():
        other = await make_account("Other")
    issue = tokens.issue_token
    with pytest.raises(ValueError, match="exactly one"):
        await issue(database, KEYS, account=agent.account_id, ttl=HOUR)
    with pytest.raises(ValueError, match="exactly one"):
        await issue(database, KEYS, account=other.id, agent=agent.id, partner_user=uuid4(), ttl=HOUR)
    with pytest.raises(ValueError, match="no such agent"):
        await issue(database, KEYS, account=other.id, agent=agent.id, ttl=HOUR)
    with pytest.raises(ValueError, match="no such partner user"):
        await issue(database, KEYS, account=other.id, partner_user=agent.id, ttl=HOUR)


# What no longer stands


async def _revoke(agent: Agent) -> None:
    await Token.filter(agent_id=agent.id).update(revoked_at=clock.now())


async def _suspend(agent: Agent) -> None:
    await Agent.filter(id=agent.id).update(status=AgentStatus.SUSPENDED)


async def _deactivate(agent: Agent) -> None:
    await Agent.filter(id=agent.id).update(status=AgentStatus.DEACTIVATED)


async def _expire(agent: Agent) -> None:
    await Token.filter(agent_id=agent.id).update(expires_at=clock.now())


async def _delete(agent: Agent) -> None:
    await Token.filter(agent_id=agent.id).delete()


@pytest.mark.parametrize("change", [_revoke, _suspend, _deactivate, _expire, _delete])
async def test_a_change_counts_from_the_next_request(
    database: Database, change: Callable[[Agent], Awaitable[None]]
) -> None:
    agent, signed = await agent_with_token(database)
    bearers = [signed, await api_token(database, agent)]
    unproved = [await tokens.check(database, KEYS, bearer, KEY_SETS) for bearer in bearers]
    async with database.writing():
        await change(agent)
    for bearer, one in zip(bearers, unproved, strict=True):
        with pytest.raises(BadToken):
            await read(database, bearer)
        async with database.reading() as session:
            with pytest.raises(BadToken):
                await tokens.prove(session, one)


async def test_portal_access_taken_away_counts_at_once(database: Database) -> None:
    user, bearer = await partner_user_with_token(database)
    async with database.writing():
        await PartnerUser.filter(id=user.id).update(portal_access=False)
    with pytest.raises(BadToken):
        await read(database, bearer)


async def test_a_token_ends_with_its_last_second(database: Database) -> None:
    _, bearer = await agent_with_token(database)
    unproved = await tokens.check(database, KEYS, bearer, KEY_SETS)
    ends = (await read(database, bearer)).expires_at
    assert ends is not None
    clock.tell_time_with(lambda: ends - timedelta(microseconds=1))
    await read(database, bearer)
    clock.tell_time_with(lambda: ends)
    with pytest.raises(BadToken):
        await read(database, bearer)
    async with database.reading() as session:
        with pytest.raises(BadToken):
            await tokens.prove(session, unproved)
    clock.tell_time_with(None)


async def test_an_expired_api_token_is_refused(database: Database) -> None:
    agent, _ = await agent_with_token(database)
    await read(database, await api_token(database, agent, expires_at=clock.now() + HOUR))
    with pytest.raises(BadToken):
        await read(database, await api_token(database, agent, expires_at=clock.now()))


async def test_a_row_of_another_kind_proves_nothing(database: Database) -> None:
    agent, bearer = await agent_with_token(database)
    display = await api_token(database, agent, kind=TokenKind.DISPLAY)
    personal = await api_token(database, agent, kind=TokenKind.AGENT)
    async with database.writing():
        await Token.filter(secret_hash=None).update(kind=TokenKind.API)
    for refused in (display, personal, bearer):
        with pytest.raises(BadToken):
            await read(database, refused)


async def test_a_token_of_another_account_than_its_holders_cannot_be_kept(database: Database) -> None:
    agent, _ = await agent_with_token(database)
    async with database.writing():
        other: Account = await make_account("Other")
    with pytest.raises(IntegrityError):
        await api_token(database, agent, account_id=other.id)


async def test_a_token_of_two_persons_or_of_none_cannot_be_kept(database: Database) -> None:
    agent, _ = await agent_with_token(database)
    async with database.writing():
        user = await make_partner_user(await Account.get(id=agent.account_id))
    with pytest.raises(IntegrityError):
        await api_token(database, agent, partner_user_id=user.id)
    with pytest.raises(IntegrityError):
        await api_token(database, agent, agent_id=None)


async def test_an_unknown_api_token_is_refused(database: Database) -> None:
    with pytest.raises(BadToken):
        await read(database, tokens.new_secret()[0])


@given(st.text(st.characters(exclude_categories=()), max_size=200))
def test_any_other_text_is_a_bad_token(text: str) -> None:
    for bearer in (text, f"carteira_{text}", f"{text}.{text}.{text}"):
        with pytest.raises(BadToken):
            tokens.verify(KEYS, bearer)


def test_the_answer_is_the_same_for_every_reason() -> None:
    answers = set()
    for bearer in ("", "x", "carteira_x", "a.b.c", "x" * 100_000, "\0", "\ud800"):
        with pytest.raises(BadToken) as refused:
            tokens.verify(KEYS, bearer)
        answers.add(str(refused.value))
    assert len(answers) == 1
    assert "Sign in" in answers.pop()


def test_the_epoch_is_utc() -> None:
    from authz.jwt import instant_in

    assert instant_in({"exp": 0}, "exp") == datetime(1970, 1, 1, tzinfo=UTC)
