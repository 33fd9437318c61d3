"""Signing in over GraphQL, and setting passwords: one's own, and those of the people one manages."""

from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from authz import password_change
from authz import passwords as hashing
from authz import sign_in as signing_in
from authz.identity_providers import KeySets
from authz.passwords import Passwords, check_password, hash_password
from authz.sign_in import settle
from authz.tokens import BadToken, Signed, create_token, verify
from models import Agent, AuditOutcome, BuiltIn, Permission, Reach, Scope, Token
from models.database import Database
from resolvers.http import routes
from tests.resolvers.people_support import (
    DONE,
    FORBIDDEN,
    NOT_FOUND,
    PEOPLE,
    actors,
    audited,
    expected,
    last_audit,
    outcome,
    tried,
)
from tests.resolvers.support import (
    KEYS,
    Errors,
    Scene,
    api_token,
    codes,
    gid,
    make_scene,
    mutate,
    run,
    signed_in,
)

PASSWORD = "correct horse battery staple"
NEW = "another horse, another staple"
SIGN_IN = "mutation($input: SignInInput!) { signIn(input: $input) { %s userErrors { code } } }"
ALL = "token expiresAt viewer { kind agent { name email } account { name } permissions }"


class Counting(Passwords):
    """Cheap, and counts what it hashed and verified."""

    def __init__(self) -> None:
        super().__init__(time_cost=1, memory_cost=8)
        self.worked = 0

    async def hash(self, password: str) -> str:
        self.worked += 1
        return await super().hash(password)

    async def check(self, password_hash: str | None, password: str) -> bool:
        self.worked += 1
        return await super().check(password_hash, password)


CHEAP = Counting()


@pytest.fixture(autouse=True)
def _anew(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Hashing is cheap, and what other tests failed at counts for none."""
    for module in (hashing, signing_in):
        monkeypatch.setattr(module, "passwords", lambda: CHEAP)
    _forget_failures()
    yield
    _forget_failures()


def _forget_failures() -> None:
    signing_in._limits.cache_clear()
    password_change._failures.cache_clear()


@pytest.fixture
async def scene(database: Database) -> Scene:
    """Ana can sign in with PASSWORD, and so can Pia."""
    scene = await make_scene(database)
    password_hash = await hash_password(PASSWORD)
    async with database.writing():
        for person in (scene.ana, scene.pia):
            person.email = f"{person.name.lower()}@acme.example"
            person.password_hash = password_hash
            await person.save()
    return scene


@pytest.fixture
async def client(scene: Scene) -> AsyncIterator[httpx.AsyncClient]:
    """Speaks HTTP with the endpoint."""
    app = Starlette(routes=routes(scene.database, KEYS, KeySets(), development=False))
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://carteira.example") as client:
        yield client


def bearing(token: str) -> Signed:
    """What signs the requests of whoever bears the token."""
    signed = verify(KEYS, token)
    assert isinstance(signed, Signed)
    return signed


async def sign_in(
    scene: Scene, selection: str = "token", viewer: Any = None, **changes: Any
) -> tuple[Any, Errors]:
    """The payload of signing in as Ana."""
    input = {"email": "ana@acme.example", "password": PASSWORD, **changes}
    data, errors = await run(scene.database, viewer, SIGN_IN % selection, {"input": input})
    await settle()
    return data["signIn"] if data else None, errors


async def test_whoever_signs_in_is_told_who_they_are(scene: Scene) -> None:
    payload, errors = await sign_in(scene, ALL)
    assert errors == []
    assert payload["viewer"] == {
        "kind": "AGENT",
        "agent": {"name": "Ana", "email": "ana@acme.example"},
        "account": {"name": "Acme"},
        "permissions": [],
    }
    assert payload["userErrors"] == []
    data, _ = await run(scene.database, bearing(payload["token"]), "{ viewer { agent { name } } }")
    assert data == {"viewer": {"agent": {"name": "Ana"}}}


async def test_the_token_is_good_until_it_says(scene: Scene) -> None:
    payload, _ = await sign_in(scene, "token expiresAt")
    async with scene.database.reading():
        token = await Token.get(agent_id=scene.ana.id)
    assert token.expires_at is not None
    assert payload["expiresAt"] == token.expires_at.isoformat().replace("+00:00", "Z")
    assert token.expires_at - token.created_at == timedelta(hours=12)


async def test_what_a_partner_user_may_not_read_is_refused_in_its_place(scene: Scene) -> None:
    selection = "viewer { kind partnerUser { name } access { mode } }"
    payload, errors = await sign_in(scene, selection, email="PIA@acme.example")
    assert payload["viewer"]["partnerUser"] == {"name": "Pia"}
    assert codes(errors) == [FORBIDDEN]
    assert errors[0]["path"] == ["signIn", "viewer", "access", "mode"]


async def test_every_failure_looks_alike(scene: Scene) -> None:
    async with scene.database.writing():
        await Agent.filter(id=scene.ben.id).update(
            email="ben@acme.example",
            email_folded="ben@acme.example",
            status="SUSPENDED",
            password_hash=scene.ana.password_hash,
        )
    failures: list[dict[str, Any]] = [
        {"password": "wrong"},
        {"password": ""},
        {"email": "nobody@acme.example"},
        {"email": "ben@acme.example"},
        {"account": "Other"},
    ]
    answers = [await sign_in(scene, ALL, **changes) for changes in failures]
    assert all(answer == answers[0] for answer in answers)
    payload, errors = answers[0]
    assert payload is None
    assert codes(errors) == ["UNAUTHENTICATED"]


async def test_the_accounts_name_tells_accounts_apart(scene: Scene) -> None:
    other = await make_scene(scene.database, "Other")
    async with scene.database.writing():
        other.ana.email, other.ana.password_hash = "ana@acme.example", scene.ana.password_hash
        await other.ana.save()
    for name in ("Acme", "Other"):
        payload, _ = await sign_in(scene, "viewer { account { name } }", account=name)
        assert payload["viewer"] == {"account": {"name": name}}


async def test_the_account_is_named_where_it_has_several_with_one_email(scene: Scene) -> None:
    async with scene.database.writing():
        scene.ben.email, scene.ben.password_hash = "ana@acme.example", await hash_password(NEW)
        await scene.ben.save()
    for password, name in ((PASSWORD, "Ana"), (NEW, "Ben")):
        payload, errors = await sign_in(scene, "viewer { agent { name } }", password=password, account="Acme")
        assert errors == []
        assert payload["viewer"] == {"agent": {"name": name}}
    answers = [await sign_in(scene, password=password) for password in (PASSWORD, NEW)]
    assert sorted(bool(payload) for payload, _ in answers) == [False, True]


async def test_too_many_tries_are_told_to_wait(scene: Scene) -> None:
    for _ in range(10):
        _, errors = await sign_in(scene, password="wrong")
        assert codes(errors) == ["UNAUTHENTICATED"]
    payload, errors = await sign_in(scene)
    assert payload is None
    assert codes(errors) == ["RATE_LIMITED"]
    assert 0 < errors[0]["extensions"]["retryAfter"] <= 15 * 60


async def test_it_stands_alone_in_its_request(scene: Scene) -> None:
    both = """mutation($input: SignInInput!) {
        a: signIn(input: $input) { token } b: signIn(input: $input) { token }
    }"""
    then = """mutation($input: SignInInput!) {
        signIn(input: $input) { token } createTeam(input: {name: "Mine"}) { team { id } }
    }"""
    input = {"input": {"email": "ana@acme.example", "password": PASSWORD}}
    data, errors = await run(scene.database, None, both, input)
    assert data == {"a": None, "b": None}
    assert codes(errors) == ["BAD_USER_INPUT", "BAD_USER_INPUT"]
    data, errors = await run(scene.database, None, then, input)
    assert data == {"signIn": None, "createTeam": None}
    assert sorted(codes(errors)) == ["BAD_USER_INPUT", "UNAUTHENTICATED"]
    named = "mutation($input: SignInInput!) { __typename me: signIn(input: $input) { viewer { kind } } }"
    data, errors = await run(scene.database, None, named, input)
    assert errors == []
    assert data == {"__typename": "Mutation", "me": {"viewer": {"kind": "AGENT"}}}


async def test_who_is_signed_in_may_sign_in_as_another(scene: Scene) -> None:
    payload, errors = await sign_in(scene, "viewer { agent { name } }", viewer=scene.administrator)
    assert errors == []
    assert payload["viewer"] == {"agent": {"name": "Ana"}}


async def test_a_failure_is_an_answer_over_http(scene: Scene, client: httpx.AsyncClient) -> None:
    body = {
        "query": SIGN_IN % "token",
        "variables": {"input": {"email": "ana@acme.example", "password": "x"}},
    }
    answer = await client.post("/graphql", json=body)
    await settle()
    assert answer.status_code == 200
    assert answer.json()["data"] == {"signIn": None}
    assert codes(answer.json()["errors"]) == ["UNAUTHENTICATED"]


async def test_in_over_http(scene: Scene, client: httpx.AsyncClient) -> None:
    input = {"email": "ana@acme.example", "password": PASSWORD}
    answer = await client.post("/graphql", json={"query": SIGN_IN % "token", "variables": {"input": input}})
    bearer = {"authorization": f"Bearer {answer.json()['data']['signIn']['token']}"}
    asked = {"query": "{ viewer { agent { name } } }"}
    assert (await client.post("/graphql", json=asked)).status_code == 401
    assert (await client.post("/graphql", json=asked, headers=bearer)).json() == {
        "data": {"viewer": {"agent": {"name": "Ana"}}}
    }


async def set_own(scene: Scene, viewer: Any, **input: Any) -> str:
    return await outcome(scene.database, viewer, "setPassword", {"password": NEW, **input})


async def has_password(scene: Scene, person: Any, password: str) -> bool:
    return await check_password((await scene.again(person)).password_hash, password)


async def test_ones_own_password_takes_the_current_one(scene: Scene) -> None:
    for person in (scene.ana, scene.pia):
        assert await set_own(scene, person) == "WRONG_PASSWORD"
        assert await set_own(scene, person, currentPassword="wrong") == "WRONG_PASSWORD"
        assert await set_own(scene, person, currentPassword="") == "WRONG_PASSWORD"
        assert await has_password(scene, person, PASSWORD)
        assert await set_own(scene, person, currentPassword=PASSWORD) == DONE
        assert await has_password(scene, person, NEW)
    payload, _ = await sign_in(scene, password=NEW)
    assert payload["token"]


async def test_naming_oneself_changes_nothing_about_that(scene: Scene) -> None:
    assert await set_own(scene, scene.ana, agentId=gid(scene.ana)) == "WRONG_PASSWORD"
    lead = await scene.agent(
        await scene.role(Scope.TEAM, Reach.SCOPE, PEOPLE),
        [scene.north],
        password_hash=scene.ana.password_hash,
    )
    assert await set_own(scene, lead, agentId=gid(lead)) == "WRONG_PASSWORD"
    assert await set_own(scene, lead, agentId=gid(lead), currentPassword=PASSWORD) == DONE


async def test_the_first_password_needs_no_other(scene: Scene) -> None:
    assert await set_own(scene, scene.ben) == DONE
    assert await has_password(scene, scene.ben, NEW)


async def test_a_password_that_is_none_is_told(scene: Scene) -> None:
    for password in ("short", "x" * 1025, "\ud800" * 12):
        input = {"password": password, "currentPassword": PASSWORD}
        payload, errors = await mutate(scene.database, scene.ana, "setPassword", input, "agent { name }")
        assert errors == []
        assert [problem["field"] for problem in payload["userErrors"]] == ["password"]
    both = {"agentId": gid(scene.ben), "partnerUserId": gid(scene.paul)}
    assert await set_own(scene, scene.administrator, **both) == "INVALID"


async def test_guessing_the_current_password_ends(scene: Scene) -> None:
    for _ in range(10):
        assert await set_own(scene, scene.ana, currentPassword="wrong") == "WRONG_PASSWORD"
    assert (await audited(scene))[AuditOutcome.REFUSED] == 10
    assert (await last_audit(scene)).subject_id == scene.ana.id
    payload, errors = await mutate(
        scene.database,
        scene.ana,
        "setPassword",
        {"password": NEW, "currentPassword": PASSWORD},
        "agent { id }",
    )
    assert payload is None
    assert codes(errors) == ["RATE_LIMITED"]
    assert errors[0]["extensions"]["retryAfter"] > 0
    assert await set_own(scene, scene.ben) == DONE


async def test_no_password_is_hashed_for_who_may_not_set_it(scene: Scene) -> None:
    other = await make_scene(scene.database, "Other")
    program = await api_token(scene.database, scene.administrator, Permission)
    before = CHEAP.worked
    refused: list[tuple[Any, dict[str, Any], str]] = [
        (scene.ana, {"agentId": gid(scene.ben)}, FORBIDDEN),
        (scene.ana, {"agentId": gid(scene.ben), "currentPassword": "wrong"}, FORBIDDEN),
        (scene.administrator, {"agentId": gid(other.ana)}, NOT_FOUND),
        (scene.pia, {"agentId": gid(scene.ben)}, NOT_FOUND),
        (program, {}, FORBIDDEN),
    ]
    for viewer, named, code in refused:
        entries = (await audited(scene))[AuditOutcome.REFUSED]
        assert await set_own(scene, viewer, **named) == code
        assert (await audited(scene))[AuditOutcome.REFUSED] - entries == (code == FORBIDDEN)
    assert CHEAP.worked == before


async def test_every_sign_in_is_the_same_work(scene: Scene) -> None:
    for name in ("Second", "Third"):
        other = await make_scene(scene.database, name)
        async with scene.database.writing():
            other.ana.email, other.ana.password_hash = "ana@acme.example", scene.ana.password_hash
            await other.ana.save()
    tries: list[dict[str, Any]] = [
        {},
        {"password": "wrong"},
        {"password": ""},
        {"email": "pia@acme.example"},
        {"email": "pia@acme.example", "password": "wrong"},
        {"email": "nobody@acme.example"},
        {"email": ""},
        {"account": "Acme"},
        {"account": "Nowhere"},
        {"email": "nobody@acme.example", "account": "Acme"},
    ]
    work = set()
    for changes in tries:
        before = CHEAP.worked
        await sign_in(scene, **changes)
        work.add(CHEAP.worked - before)
    assert work == {signing_in.MOST_CANDIDATES}


async def test_who_sets_the_password_of_a_rep_of_north(scene: Scene) -> None:
    async def make() -> dict[str, Any]:
        return {"password": NEW, "agentId": gid(await scene.agent(teams=[scene.north]))}

    who = await actors(scene)
    assert await tried(scene, "setPassword", make, who) == expected(
        administrator=DONE, people_in_the_account=DONE, partner_user=NOT_FOUND
    )
    await scene.set(granular_permissions=False)
    assert await tried(scene, "setPassword", make, who) == expected(
        administrator=DONE, partner_user=NOT_FOUND
    )


async def test_who_sets_the_password_of_a_partner_user(scene: Scene) -> None:
    async def make() -> dict[str, Any]:
        return {"password": NEW, "partnerUserId": gid(scene.paul)}

    assert await tried(scene, "setPassword", make, await actors(scene)) == expected(
        administrator=DONE, people_in_the_account=DONE
    )


async def test_nobody_signs_in_as_who_owns_what_they_do_not_see(scene: Scene) -> None:
    inbox = await scene.agent(await scene.role(Scope.INBOX, Reach.SCOPE, PEOPLE), inboxes=[scene.mail])
    team = await scene.agent(await scene.role(Scope.TEAM, Reach.SCOPE, PEOPLE), [scene.north])
    open_eyed = await scene.agent(await scene.role(Scope.ACCOUNT, Reach.OWN, PEOPLE))
    rep = await scene.agent(await scene.role(Scope.INBOX), [scene.north], [scene.mail])
    await scene.deal(owner=rep, team=scene.south, inbox=scene.web)
    await scene.set(isolation_mode="OPEN", unowned_visibility="SCOPE")
    for viewer in (inbox, team, open_eyed):
        assert await set_own(scene, viewer, agentId=gid(rep)) == FORBIDDEN
        assert await set_own(scene, viewer, partnerUserId=gid(scene.pia)) == FORBIDDEN


async def test_nobody_becomes_more_by_setting_a_password(scene: Scene) -> None:
    lead = await scene.agent(await scene.role(Scope.TEAM, Reach.SCOPE, PEOPLE), [scene.north])
    clerk = await scene.agent(await scene.role(Scope.TEAM, Reach.OWN, PEOPLE), [scene.north])
    wide = await scene.agent(await scene.role(Scope.ACCOUNT, Reach.OWN, PEOPLE))
    beyond = [
        (lead, {"agentId": gid(scene.max)}),
        (lead, {"agentId": gid(scene.cid)}),
        (lead, {"agentId": gid(await scene.agent(BuiltIn.ADMINISTRATOR, [scene.north]))}),
        (lead, {"agentId": gid(await scene.agent(teams=[scene.north, scene.south]))}),
        (lead, {"partnerUserId": gid(scene.pia)}),
        (clerk, {"agentId": gid(scene.ana)}),
        (wide, {"agentId": gid(scene.ana)}),
        (wide, {"partnerUserId": gid(scene.pia)}),
        (scene.pia, {"partnerUserId": gid(scene.paul)}),
    ]
    for viewer, named in beyond:
        assert await set_own(scene, viewer, **named) == FORBIDDEN
    assert await set_own(scene, scene.pia, partnerUserId=gid(scene.otto)) == NOT_FOUND


async def test_a_program_sets_no_password(scene: Scene) -> None:
    program = await api_token(scene.database, scene.administrator, Permission)
    assert await set_own(scene, program) == FORBIDDEN
    assert await set_own(scene, program, agentId=gid(scene.ana)) == FORBIDDEN


async def test_a_person_of_another_account_is_nobody(scene: Scene) -> None:
    other = await make_scene(scene.database, "Other")
    named = ({"agentId": gid(other.ana)}, {"partnerUserId": gid(other.pia)}, {"agentId": gid(scene.pia)})
    for each in named:
        assert await set_own(scene, scene.administrator, **each) == NOT_FOUND


async def test_other_sessions_end_and_this_one_goes_on(scene: Scene) -> None:
    current = await signed_in(scene.database, scene.ana)
    async with scene.database.writing():
        _, elsewhere = await create_token(
            KEYS, account=scene.account.id, agent=scene.ana.id, partner_user=None, ttl=timedelta(hours=1)
        )
    program = await api_token(scene.database, scene.ana)
    assert await set_own(scene, scene.ana, currentPassword=PASSWORD) == DONE
    query = "{ viewer { kind } }"
    for unproved in (current, await signed_in(scene.database, program)):
        data, _ = await run(scene.database, unproved, query)
        assert data == {"viewer": {"kind": "AGENT"}}
    with pytest.raises(BadToken):
        await run(scene.database, bearing(elsewhere), query)
    assert await set_own(scene, scene.administrator, agentId=gid(scene.ana)) == DONE
    with pytest.raises(BadToken):
        await run(scene.database, current, query)


async def test_no_entry_holds_a_password(scene: Scene) -> None:
    assert await set_own(scene, scene.ana, currentPassword=PASSWORD) == DONE
    entry = await last_audit(scene)
    assert (entry.action, entry.subject_id, entry.changes) == ("set_password", scene.ana.id, {})
