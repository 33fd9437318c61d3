"""`provider`: an account comes to trust an issuer, and a subject becomes a person."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from joserfc import jws
from joserfc.jwk import ECKey

from authz import tokens
from authz.identity_providers import KeySets
from authz.keys import Keys
from commands.provider import provider
from models import Agent, clock
from models.database import Database
from tests.authz.people import make_account, make_agent, make_partner_user

KEY = ECKey.generate_key("P-256", {"kid": "one"})
NAMES = ["--issuer", "https://id.example", "--audience", "carteira-acme"]


@pytest.fixture
async def url(fresh_url: Callable[[], Awaitable[str]], monkeypatch: pytest.MonkeyPatch) -> str:
    """A database with one agent and one partner user, which the command line finds."""
    url = await fresh_url()
    monkeypatch.setenv("CARTEIRA_DATABASE_URL", url)
    database = await Database.open(url)
    async with database.writing():
        account = await make_account()
        await make_agent(account, name="Ana", email="ana@acme.example")
        await make_agent(account, name="Bea", email="bea@acme.example")
        await make_agent(account, name="BEA")
        await make_partner_user(account, email="pia@partner.example")
    await database.close()
    return url


@pytest.fixture
def key_file(tmp_path: Path) -> str:
    path = tmp_path / "keys.json"
    path.write_text(json.dumps({"keys": [KEY.as_dict(private=False)]}))
    return str(path)


async def run(*words: str) -> Result:
    # In a thread of its own, since the command brings its own event loop.
    return await asyncio.to_thread(CliRunner().invoke, provider, words)


async def add(key_file: str, *more: str, algorithm: str = "ES256", account: str = "Acme") -> Result:
    given = ["--account", account, *NAMES, "--algorithm", algorithm, "--jwks-file", key_file]
    return await run("add", *given, *more)


async def test_a_linked_subject_signs_in(url: str, key_file: str) -> None:
    added = await add(key_file)
    linked = await run("link", *NAMES, "--subject", "42", "--agent", "ANA@acme.example")
    assert (added.exit_code, linked.exit_code) == (0, 0), added.output + linked.output
    assert len(added.stdout.strip()) == 36
    claims = {"iss": NAMES[1], "aud": NAMES[3], "sub": "42", "exp": int(clock.now().timestamp()) + 60}
    bearer = jws.serialize_compact({"alg": "ES256", "kid": "one"}, json.dumps(claims), KEY)
    database = await Database.open(url)
    try:
        keys = Keys.derive("a secret of some length")
        claim = await tokens.read_token(database, keys, bearer, KeySets())
        async with database.reading():
            assert claim.agent_id == (await Agent.get(name="Ana")).id
    finally:
        await database.close()


async def test_a_partner_user_is_linked_by_email(url: str, key_file: str) -> None:
    await add(key_file)
    linked = await run("link", *NAMES, "--subject", "43", "--partner-user", "pia@partner.example")
    assert linked.exit_code == 0, linked.output


async def test_what_fails_says_why_in_one_line(url: str, key_file: str) -> None:
    failures = [
        (await add(key_file, account="Nobody"), "no account Nobody"),
        (await run("link", *NAMES, "--subject", "1", "--agent", "Ana"), "no provider yet"),
        (await add(key_file), ""),
        (await add(key_file), "already bound"),
        (await run("link", *NAMES, "--subject", "1", "--agent", "Zoe"), "nobody goes by Zoe"),
        (await run("link", *NAMES, "--subject", "1", "--agent", "bea"), "2 persons go by bea"),
    ]
    for result, message in failures:
        assert message in result.stderr
        assert result.exit_code == (1 if message else 0)
        assert len(result.stderr.splitlines()) == (1 if message else 0)


async def test_a_wrong_call_is_told_from_a_failure(url: str, key_file: str) -> None:
    for result in (
        await add(key_file, "--jwks-url", "https://id.example/keys"),
        await run("add", "--account", "Acme", *NAMES, "--algorithm", "ES256"),
        await run("link", *NAMES, "--subject", "1"),
        await run("link", *NAMES, "--subject", "1", "--agent", "Ana", "--partner-user", "x"),
        await run("add"),
        await add(key_file, algorithm="HS256"),
        await run(
            "add", "--account", "Acme", *NAMES, "--algorithm", "ES256", "--jwks-url", "http://x.example"
        ),
    ):
        assert result.exit_code == 2, result.output
