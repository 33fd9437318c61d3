"""API tokens: made by people within their own permissions, shown once, revocable."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from authz.tokens import BadToken
from models import BuiltIn, Permission, Reach, Scope, Token, TokenKind
from models.database import Database
from tests.resolvers.people_support import (
    DONE,
    FORBIDDEN,
    NOT_FOUND,
    actors,
    expected,
    last_audit,
    outcome,
    tried,
)
from tests.resolvers.support import Scene, api_token, gid, make_scene, mutate, run, signed_in

TOMORROW = (datetime.now(UTC) + timedelta(days=1)).isoformat()


@pytest.fixture
async def scene(database: Database) -> Scene:
    """Granular permissions on, everybody in their place."""
    return await make_scene(database)


async def made(scene: Scene, viewer: Any, **input: Any) -> Any:
    """The payload of making a token."""
    selection = "secret token { id kind name permissions createdAt expiresAt revokedAt }"
    payload, errors = await mutate(
        scene.database, viewer, "createApiToken", {"name": "Robot", **input}, selection
    )
    assert errors == []
    return payload


async def test_who_makes_a_token(scene: Scene) -> None:
    async def make() -> dict[str, Any]:
        return {"name": "Robot"}

    who = await actors(scene)
    everyone = dict.fromkeys(expected(), DONE) | {"partner user": FORBIDDEN, "program": FORBIDDEN}
    assert await tried(scene, "createApiToken", make, who) == everyone
    await scene.set(granular_permissions=False)
    assert await tried(scene, "createApiToken", make, who) == everyone


async def test_a_token_acts_as_its_maker_within_its_list(scene: Scene) -> None:
    payload = await made(
        scene, scene.max, permissions=["portfolio.assign"], expiresAt=TOMORROW.replace("+00:00", "Z")
    )
    assert payload["token"]["kind"] == "API"
    assert payload["token"]["permissions"] == ["portfolio.assign"]
    data, errors = await run(scene.database, payload["secret"], "{ viewer { agent { name } permissions } }")
    assert errors == []
    assert data["viewer"] == {"agent": {"name": "Max"}, "permissions": ["portfolio.assign"]}


async def test_the_secret_is_kept_as_a_hash_alone(scene: Scene) -> None:
    payload = await made(scene, scene.ana)
    async with scene.database.reading():
        token = await Token.get(kind=TokenKind.API)
    assert payload["secret"] not in (token.secret_hash, token.name)
    assert "secret_hash" not in (await last_audit(scene)).changes
    data, _ = await run(scene.database, scene.ana, "{ viewer { tokens { kind name } } }")
    assert {"kind": "API", "name": "Robot"} in data["viewer"]["tokens"]


async def test_the_secret_is_shown_once(scene: Scene) -> None:
    first = await made(scene, scene.ana, idempotencyKey="once")
    again = await made(scene, scene.ana, idempotencyKey="once")
    assert first["token"] == again["token"]
    assert first["secret"]
    assert again["secret"] is None


async def test_nobody_gives_a_token_more_than_they_have(scene: Scene) -> None:
    for viewer, beyond in ((scene.ana, "portfolio.assign"), (scene.max, "people.manage")):
        input = {"name": "Robot", "permissions": [beyond]}
        assert await outcome(scene.database, viewer, "createApiToken", input) == FORBIDDEN
    grand = await scene.agent(await scene.role(Scope.ACCOUNT, Reach.SCOPE, Permission))
    await scene.set(granular_permissions=False)
    input = {"name": "Robot", "permissions": ["people.manage"]}
    assert await outcome(scene.database, grand, "createApiToken", input) == FORBIDDEN


async def test_what_makes_no_sense_is_told_at_its_field(scene: Scene) -> None:
    nonsense: dict[str, list[Any]] = {
        "name": ["", "  "],
        "permissions": [["fly"], ["roles.manage"], ["payouts.approve"], None],
        "expiresAt": ["2001-01-01T00:00:00Z"],
    }
    for field, values in nonsense.items():
        for value in values:
            payload = await made(scene, scene.administrator, **{field: value})
            assert payload["token"] is None
            assert payload["secret"] is None
            assert [problem["field"] for problem in payload["userErrors"]] == [field], value


async def test_a_token_counts_for_what_its_maker_is_that_day(scene: Scene) -> None:
    secret = (await made(scene, scene.max, permissions=["portfolio.assign"]))["secret"]
    rep = {"agentId": gid(scene.max), "roleId": gid(scene.roles[BuiltIn.REP])}
    assert await outcome(scene.database, scene.administrator, "assignRole", rep) == DONE
    data, _ = await run(scene.database, secret, "{ viewer { permissions access { reach } } }")
    assert data["viewer"] == {"permissions": [], "access": {"reach": "OWN"}}
    assert await outcome(scene.database, scene.administrator, "suspendAgent", {"id": gid(scene.max)}) == DONE
    with pytest.raises(BadToken):
        await run(scene.database, secret, "{ viewer { kind } }")


async def test_who_revokes_the_token_of_ana(scene: Scene) -> None:
    who = await actors(scene)

    async def make() -> dict[str, Any]:
        await api_token(scene.database, scene.ana)
        async with scene.database.reading():
            tokens = await Token.filter(kind=TokenKind.API, agent_id=scene.ana.id, revoked_at=None)
        return {"id": gid(tokens[0])}

    table = dict.fromkeys(expected(), NOT_FOUND) | {"rep": DONE, "administrator": DONE, "settings": DONE}
    # The administrator's program sees that the token exists.
    assert await tried(scene, "revokeToken", make, who) == table | {"program": FORBIDDEN}
    await scene.set(granular_permissions=False)
    table |= {"settings": NOT_FOUND, "program": FORBIDDEN}
    assert await tried(scene, "revokeToken", make, who) == table


async def test_nobody_revokes_a_token_of_who_is_above_them(scene: Scene) -> None:
    settings = await scene.agent(await scene.role(Scope.ACCOUNT, Reach.OWN, [Permission.ACCOUNT_MANAGE]))
    for holder, came in (
        (scene.administrator, FORBIDDEN),
        (scene.max, FORBIDDEN),
        (scene.ana, DONE),
        (scene.pia, DONE),
        (settings, DONE),
    ):
        await signed_in(scene.database, holder)
        column = "partner_user_id" if holder is scene.pia else "agent_id"
        async with scene.database.reading():
            token = await Token.filter(**{column: holder.id}).first()
        assert token is not None
        assert await outcome(scene.database, settings, "revokeToken", {"id": gid(token)}) == came, holder.name
        assert ((await scene.again(token)).revoked_at is None) == (came == FORBIDDEN)


async def test_a_revoked_token_is_good_for_nothing(scene: Scene) -> None:
    payload = await made(scene, scene.ana)
    revoked, errors = await mutate(
        scene.database, scene.ana, "revokeToken", {"id": payload["token"]["id"]}, "token { revokedAt }"
    )
    assert errors == []
    assert revoked["token"]["revokedAt"]
    entry = await last_audit(scene)
    assert (entry.action, entry.actor_id) == ("revoke_token", scene.ana.id)
    with pytest.raises(BadToken):
        await run(scene.database, payload["secret"], "{ viewer { kind } }")


async def test_an_administrator_sees_that_a_token_exists_no_more(scene: Scene) -> None:
    id = (await made(scene, scene.ana))["token"]["id"]
    payload, _ = await mutate(
        scene.database, scene.administrator, "revokeToken", {"id": id}, "token { kind name revokedAt }"
    )
    assert payload["token"] == {"kind": "API", "name": None, "revokedAt": None}


async def test_a_partner_user_ends_a_session_of_their_own(scene: Scene) -> None:
    await signed_in(scene.database, scene.pia)
    await signed_in(scene.database, scene.paul)
    async with scene.database.reading():
        own = await Token.get(partner_user_id=scene.pia.id)
        other = await Token.get(partner_user_id=scene.paul.id)
    assert await outcome(scene.database, scene.pia, "revokeToken", {"id": gid(other)}) == NOT_FOUND
    payload, errors = await mutate(
        scene.database, scene.pia, "revokeToken", {"id": gid(own)}, "token { kind }"
    )
    assert errors == []
    assert payload == {"token": None, "userErrors": []}
    with pytest.raises(BadToken):
        await run(scene.database, scene.pia, "{ viewer { kind } }")


async def test_a_token_of_another_account_is_none(scene: Scene) -> None:
    other = await make_scene(scene.database, "Other")
    await api_token(scene.database, other.ana)
    async with scene.database.reading():
        token = await Token.get(agent_id=other.ana.id)
    assert await outcome(scene.database, scene.administrator, "revokeToken", {"id": gid(token)}) == NOT_FOUND
