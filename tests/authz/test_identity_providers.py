"""Identity providers: whom an outside token names, and every way in which it may lie."""

import json
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from joserfc import jws
from joserfc.jwk import ECKey, Key, OKPKey, RSAKey

from authz import tokens
from authz.identity_providers import ALGORITHMS, KeySets, ProviderRefused, add_provider, link_subject
from authz.jwt import BadToken
from authz.keys import Keys
from authz.tokens import Claim
from models import Agent, AgentStatus, AuditEntry, Identity, IdentityProvider, TokenKind, clock
from models.database import Database
from tests.authz.forging import forge
from tests.authz.people import make_account, make_agent, make_partner_user

KEYS = Keys.derive("a secret of some length")
ISSUER, AUDIENCE, SUBJECT = "https://id.example", "carteira-acme", "248289761001"
RSA = RSAKey.generate_key(2048, {"kid": "one"})
OTHER_RSA = RSAKey.generate_key(2048, {"kid": "two"})
EC = ECKey.generate_key("P-256", {"kid": "ec"})
ED = OKPKey.generate_key("Ed25519", {"kid": "ed"})


def key_set(*keys: Key) -> dict[str, Any]:
    return {"keys": [key.as_dict(private=False) for key in keys]}


async def _no_fetch(url: str) -> bytes:
    raise AssertionError(f"nothing is to be fetched, yet {url} was")


async def read(database: Database, bearer: str) -> Claim:
    return await tokens.read_token(database, KEYS, bearer, KeySets(_no_fetch))


async def refused(database: Database, bearer: str) -> None:
    with pytest.raises(BadToken):
        await read(database, bearer)


async def agent_with_identity(database: Database, algorithm: str = "RS256", *keys: Key) -> Agent:
    async with database.writing():
        account = await make_account()
        agent = await make_agent(account, email="ana@acme.example")
        provider = await add_provider(
            account=account.id,
            issuer=ISSUER,
            audience=AUDIENCE,
            algorithm=algorithm,
            jwks=key_set(*(keys or (RSA,))),
        )
        await link_subject(provider, SUBJECT, agent=agent.id)
    return agent


def claims(**changes: Any) -> dict[str, Any]:
    now = int(clock.now().timestamp())
    theirs = {"iss": ISSUER, "aud": AUDIENCE, "sub": SUBJECT, "iat": now, "exp": now + 3600}
    return {name: value for name, value in {**theirs, **changes}.items() if value is not None}


def sign(
    key: Key = RSA, algorithm: str = "RS256", header: dict[str, Any] | None = None, **changes: Any
) -> str:
    kid = {"kid": key.kid} if key.kid else {}
    named = {"alg": algorithm, **kid, **(header or {})}
    return jws.serialize_compact(named, json.dumps(claims(**changes)), key, algorithms=[algorithm])


async def test_issuer_and_subject_name_the_agent(database: Database) -> None:
    agent = await agent_with_identity(database)
    claim = await read(database, sign())
    assert (claim.kind, claim.account_id, claim.agent_id) == (TokenKind.AGENT, agent.account_id, agent.id)
    assert (claim.token_id, claim.permissions) == (None, None)
    assert claim.expires_at is not None


async def test_a_subject_may_be_a_partner_user(database: Database) -> None:
    agent = await agent_with_identity(database)
    async with database.writing():
        user = await make_partner_user(await agent.account)
        await link_subject(await IdentityProvider.get(), "pia", partner_user=user.id)
    claim = await read(database, sign(sub="pia"))
    assert (claim.kind, claim.agent_id, claim.partner_user_id) == (TokenKind.PORTAL, None, user.id)


@pytest.mark.filterwarnings("ignore:EdDSA is deprecated")
@pytest.mark.parametrize(
    ("algorithm", "key"), [("PS512", RSA), ("ES256", EC), ("EdDSA", ED), ("Ed25519", ED)]
)
async def test_each_kind_of_signature_serves(database: Database, algorithm: str, key: Key) -> None:
    await agent_with_identity(database, algorithm, key)
    await read(database, sign(key, algorithm))
    await refused(database, sign(RSA, "RS256"))


async def test_a_key_without_a_kid_is_found_by_trying(database: Database) -> None:
    await agent_with_identity(database, "RS256", OTHER_RSA, RSA)
    nameless = RSAKey.import_key({k: v for k, v in RSA.as_dict(private=True).items() if k != "kid"})
    await read(database, sign(nameless))


async def test_proving_takes_one_statement(database: Database) -> None:
    await agent_with_identity(database)
    unproved = await tokens.check(database, KEYS, sign(), KeySets(_no_fetch))
    async with database.reading() as session:
        await tokens.prove(session, unproved)
        assert session.statements == 1


# Forgeries


async def test_another_key_is_refused_whatever_it_calls_itself(database: Database) -> None:
    await agent_with_identity(database)
    await refused(database, sign(OTHER_RSA))
    await refused(database, sign(OTHER_RSA, header={"kid": "one"}))
    await refused(database, sign(OTHER_RSA, header={"kid": "one", "jwk": OTHER_RSA.as_dict(private=False)}))


async def test_another_algorithm_of_the_same_key_is_refused(database: Database) -> None:
    await agent_with_identity(database)
    for algorithm in ("RS384", "RS512", "PS256"):
        await refused(database, sign(RSA, algorithm))


async def test_the_public_key_is_no_secret_to_sign_with(database: Database) -> None:
    await agent_with_identity(database)
    public = RSA.as_dict(private=False)
    spellings = [RSA.as_pem(private=False), RSA.as_der(private=False), str(public["n"]).encode()]
    for secret in (*spellings, json.dumps(public).encode(), KEYS.sign_in):
        await refused(database, forge({"alg": "HS256", "kid": "one"}, claims(), secret))
        await refused(database, forge({"alg": "RS256", "kid": "one"}, claims(), secret))


async def test_no_signature_is_refused(database: Database) -> None:
    await agent_with_identity(database)
    header, payload, signature = sign().split(".")
    await refused(database, f"{header}.{payload}.")
    await refused(database, f"eyJhbGciOiJub25lIn0.{payload}.")
    await refused(database, f"eyJhbGciOiJub25lIn0.{payload}.{signature}")


OTHER_CLAIMS: list[dict[str, Any]] = [
    {"iss": "https://elsewhere.example"},
    {"iss": ISSUER + "/"},
    {"aud": "carteira-other"},
    {"aud": None},
    {"aud": []},
    {"aud": [AUDIENCE, 7]},
    {"aud": [AUDIENCE] + [str(number) for number in range(100)]},
    {"sub": "248289761002"},
    {"sub": None},
    {"sub": ""},
    {"sub": "\0"},
    {"sub": "\ud800"},
    {"sub": 248289761001},
    {"sub": "ana@acme.example", "email": "ana@acme.example", "email_verified": True},
    {"sub": "x" * 1001},
    {"exp": None},
    {"exp": "soon"},
    {"exp": True},
]


async def test_other_claims_are_refused(database: Database) -> None:
    await agent_with_identity(database)
    for changes in OTHER_CLAIMS:
        await refused(database, sign(**changes))


async def test_a_token_of_another_time_is_refused(database: Database) -> None:
    await agent_with_identity(database)
    now = int(clock.now().timestamp())
    for bearer in (sign(exp=now - 1), sign(nbf=now + 60), sign(iat=now + 60)):
        await refused(database, bearer)


async def test_a_clock_a_little_ahead_is_forgiven(database: Database) -> None:
    await agent_with_identity(database)
    await read(database, sign(nbf=int((clock.now() + timedelta(seconds=20)).timestamp())))


async def test_a_token_for_two_accounts_is_for_neither(database: Database) -> None:
    agent = await agent_with_identity(database)
    async with database.writing():
        other = await make_account("Other")
        await add_provider(
            account=other.id, issuer=ISSUER, audience="carteira-other", algorithm="RS256", jwks=key_set(RSA)
        )
    await refused(database, sign(aud=[AUDIENCE, "carteira-other"]))
    assert (await read(database, sign(aud=[AUDIENCE, "elsewhere"]))).agent_id == agent.id
    await refused(database, sign(aud="carteira-other"))


async def test_a_suspended_agent_is_refused(database: Database) -> None:
    agent = await agent_with_identity(database)
    async with database.writing():
        await Agent.filter(id=agent.id).update(status=AgentStatus.SUSPENDED)
    await refused(database, sign())


async def test_a_provider_taken_away_vouches_for_nobody(database: Database) -> None:
    await agent_with_identity(database)
    unproved = await tokens.check(database, KEYS, sign(), KeySets(_no_fetch))
    async with database.writing():
        await Identity.all().delete()
        await IdentityProvider.all().delete()
    async with database.reading() as session:
        with pytest.raises(BadToken):
            await tokens.prove(session, unproved)


# Setting up


async def provider_in(account: UUID, **changes: Any) -> IdentityProvider:
    known: dict[str, Any] = {
        "issuer": ISSUER,
        "audience": AUDIENCE,
        "algorithm": "RS256",
        "jwks": key_set(RSA),
    }
    return await add_provider(account=account, **{**known, **changes})


async def test_a_symmetric_or_unknown_algorithm_is_refused(database: Database) -> None:
    assert not any(name.startswith("HS") for name in ALGORITHMS)
    async with database.writing():
        account = await make_account()
        for algorithm in ("HS256", "HS512", "none", "", "rs256", "dir"):
            with pytest.raises(ProviderRefused, match="asymmetric"):
                await provider_in(account.id, algorithm=algorithm)


IMPOSSIBLE: list[tuple[dict[str, Any], str]] = [
    ({"issuer": "carteira"}, "own tokens"),
    ({"issuer": " "}, "issuer"),
    ({"audience": "a\0b"}, "audience"),
    ({"jwks": None}, "once"),
    ({"jwks_url": "https://id.example/keys"}, "once"),
    ({"jwks": None, "jwks_url": "http://id.example/keys"}, "https"),
    ({"jwks": None, "jwks_url": "http://127.0.0.1/keys"}, "https"),
    ({"jwks": "{"}, "JSON"),
    ({"jwks": "[]"}, "keys"),
    ({"jwks": {"keys": []}}, "no public"),
    ({"jwks": {"keys": [{"kty": "oct", "k": "c2VjcmV0"}]}}, "no public"),
    ({"algorithm": "ES256"}, "no key for ES256"),
]


async def test_what_can_not_work_is_refused_with_a_reason(database: Database) -> None:
    async with database.writing():
        account = await make_account()
        for changes, message in IMPOSSIBLE:
            with pytest.raises(ProviderRefused, match=message):
                await provider_in(account.id, **changes)


async def test_in_development_keys_may_come_from_this_machine(database: Database) -> None:
    async with database.writing():
        account = await make_account()
        url = "http://127.0.0.1:9000/keys"
        assert (await provider_in(account.id, jwks=None, jwks_url=url, development=True)).jwks_url == url


async def test_no_private_part_is_kept(database: Database) -> None:
    async with database.writing():
        account = await make_account()
        provider = await provider_in(account.id, jwks={"keys": [RSA.as_dict(private=True)]})
    assert provider.jwks == key_set(RSA)


async def test_an_issuer_and_audience_belong_to_one_account(database: Database) -> None:
    await agent_with_identity(database)
    async with database.writing():
        other = await make_account("Other")
        with pytest.raises(ProviderRefused, match="already bound"):
            await provider_in(other.id)


async def test_a_subject_is_one_person_of_the_providers_account(database: Database) -> None:
    agent = await agent_with_identity(database)
    async with database.writing():
        provider = await IdentityProvider.get()
        stranger = await make_agent(await make_account("Other"))
        with pytest.raises(ProviderRefused, match="already linked"):
            await link_subject(provider, SUBJECT, agent=agent.id)
        with pytest.raises(ProviderRefused, match="no such person"):
            await link_subject(provider, "new", agent=stranger.id)
        with pytest.raises(ProviderRefused, match="no such person"):
            await link_subject(provider, "new", partner_user=agent.id)
        with pytest.raises(ProviderRefused, match="exactly one"):
            await link_subject(provider, "new")
        with pytest.raises(ProviderRefused, match="exactly one"):
            await link_subject(provider, "new", agent=agent.id, partner_user=uuid4())
        with pytest.raises(ProviderRefused, match="subject"):
            await link_subject(provider, "", agent=agent.id)


async def test_setting_up_is_audited(database: Database) -> None:
    agent = await agent_with_identity(database)
    async with database.reading():
        entries = await AuditEntry.filter(account_id=agent.account_id)
    assert {entry.action for entry in entries} == {"addIdentityProvider", "linkIdentity"}
