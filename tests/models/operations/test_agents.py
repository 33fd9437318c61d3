"""Agents: taken in, changed, suspended, deactivated with their records handed over."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from models import (
    Account,
    Agent,
    AgentStatus,
    Contact,
    Conversation,
    Deal,
    InboxMember,
    OwnershipCause,
    TeamMember,
    Token,
    TokenKind,
)
from models.operations.assign_role import assign_role
from models.operations.create_agent import create_agent
from models.operations.create_contact import create_contact
from models.operations.create_conversation import create_conversation
from models.operations.create_deal import create_deal
from models.operations.create_partner import create_partner
from models.operations.create_partner_user import create_partner_user
from models.operations.create_role import create_role
from models.operations.deactivate_agent import deactivate_agent
from models.operations.problem import Conflict
from models.operations.reactivate_agent import reactivate_agent
from models.operations.set_account import set_account
from models.operations.set_password import set_password
from models.operations.suspend_agent import suspend_agent
from models.operations.update_agent import update_agent
from models.operations.update_partner_user import update_partner_user
from models.operations.update_role import update_role
from models.permission import Permission
from models.role import Reach, Scope
from tests.models.operations.world import Clock, World, audit, ownerships, refused, timeline, traces


async def teams_of(agent: Agent) -> list[object]:
    """The ids of the agent's teams."""
    return [member.team_id for member in await TeamMember.filter(agent_id=agent.id)]


async def test_an_agent_comes_with_teams_inboxes_and_a_main_team(world: World) -> None:
    north, south, inbox = world.north.id, world.south.id, world.inbox.id
    async with world.writing(), world.bumping(1):
        eve = await create_agent(
            world.by,
            name="Éve",
            role_id=world.rep.id,
            email="Eve@X.example",
            team_ids=[south, north],
            inbox_ids=[inbox],
            password_hash="a hash",
        )
        again = await Agent.get(id=eve.id)
        assert (again.main_team_id, again.email_folded, again.status) == (
            south,
            "eve@x.example",
            AgentStatus.ACTIVE,
        )
        assert set(await teams_of(eve)) == {north, south}
        assert await InboxMember.filter(agent_id=eve.id, inbox_id=inbox).count() == 1
        [act] = await audit(eve)
        assert act.changes["team_ids"] == [[], [str(south), str(north)]]
        assert "a hash" not in str(act.changes)


async def test_an_agent_who_can_not_be_is_refused(world: World) -> None:
    async with world.writing():
        async with refused("BLANK", "name"):
            await create_agent(world.by, name=" ", role_id=world.rep.id)
        async with refused("INVALID", "email"):
            await create_agent(world.by, name="Eve", role_id=world.rep.id, email="eve")
        async with refused("INVALID", "mainTeamId"):
            await create_agent(
                world.by,
                name="Eve",
                role_id=world.rep.id,
                team_ids=[world.north.id],
                main_team_id=world.south.id,
            )


async def test_teams_and_main_team_change_together(world: World) -> None:
    north, south = world.north.id, world.south.id

    async def main_after(teams: Sequence[UUID]) -> UUID | None:
        main: UUID | None = (await update_agent(world.by, world.ana, team_ids=teams)).main_team_id
        return main

    async with world.writing():
        async with world.bumping(1):
            assert await main_after([south, north]) == north
        assert await main_after([south]) == south
        async with refused("INVALID", "mainTeamId"):
            await update_agent(world.by, world.ana, main_team_id=north)
        async with refused("INVALID", "mainTeamId"):
            await update_agent(world.by, world.ana, main_team_id=None)
        assert await main_after([]) is None
        assert (await update_agent(world.by, world.ana, main_team_id=None)).main_team_id is None
        ana = await update_agent(world.by, world.ana, team_ids=[south, north], main_team_id=north)
        assert (ana.main_team_id, set(await teams_of(ana))) == (north, {north, south})
        act = (await audit(ana))[-1]
        assert act.changes == {
            "main_team_id": [None, str(north)],
            "team_ids": [[], sorted([str(north), str(south)])],
        }


async def test_a_name_is_changed_without_building_viewers_anew(world: World) -> None:
    async with world.writing():
        async with world.bumping(0):
            ana = await update_agent(world.by, world.ana, name="ANA", email=None, available=False)
        assert (ana.version, (await Agent.get(id=ana.id)).name_folded) == (2, "ana")
        before = await traces()
        async with world.bumping(0):
            await update_agent(world.by, ana, name="ANA", team_ids=[world.north.id], inbox_ids=[])
        assert await traces() == before
        async with world.bumping(1):
            ana = await update_agent(world.by, ana, inbox_ids=[world.inbox.id], expected_version=2)
        assert ana.version == 3
        with pytest.raises(Conflict):
            await update_agent(world.by, ana, name="", expected_version=2)


async def test_suspending_and_reactivating(world: World) -> None:
    async with world.writing():
        async with world.bumping(1):
            assert (await suspend_agent(world.by, world.ana)).status is AgentStatus.SUSPENDED
        async with world.bumping(0):
            await suspend_agent(world.by, world.ana)
        async with world.bumping(1):
            assert (await reactivate_agent(world.by, world.ana)).status is AgentStatus.ACTIVE
        await deactivate_agent(world.by, world.ana)
        async with refused("DEACTIVATED"):
            await suspend_agent(world.by, world.ana)
        assert (await reactivate_agent(world.by, world.ana)).status is AgentStatus.ACTIVE
        assert [act.action for act in await audit(world.ana)][1:] == [
            "suspend_agent",
            "reactivate_agent",
            "deactivate_agent",
            "reactivate_agent",
        ]


async def tokens_of(person: Any) -> dict[TokenKind, bool]:
    """Of each kind of token that the person has, whether it stands."""
    column = "agent_id" if isinstance(person, Agent) else "partner_user_id"
    return {token.kind: token.revoked_at is None for token in await Token.filter(**{column: person.id})}


async def with_tokens(person: Any, time: Clock) -> None:
    """Give the person a session, and a program that never ends; one session has ended by itself."""
    agent = isinstance(person, Agent)
    holder = {"account_id": person.account_id, "agent_id" if agent else "partner_user_id": person.id}
    kind = TokenKind.AGENT if agent else TokenKind.PORTAL
    await Token.create(kind=kind, expires_at=time.now + timedelta(hours=1), **holder)
    await Token.create(kind=TokenKind.DISPLAY, expires_at=time.now - timedelta(hours=1), **holder)
    if agent:
        await Token.create(kind=TokenKind.API, name="Program", **holder)


async def test_who_is_sent_away_has_no_good_token(world: World, time: Clock) -> None:
    for act in (suspend_agent, deactivate_agent):
        async with world.writing():
            agent = await create_agent(world.by, name="Eve", role_id=world.rep.id)
            await with_tokens(agent, time)
            async with world.bumping(3):
                await act(world.by, agent)
            dead = {TokenKind.AGENT: False, TokenKind.API: False, TokenKind.DISPLAY: True}
            assert await tokens_of(agent) == dead
            async with world.bumping(1):
                await reactivate_agent(world.by, agent)
            assert await tokens_of(agent) == dead
            revoked = await Token.filter(agent_id=agent.id, revoked_at__isnull=False)
            for token in revoked:
                assert [(act.action, act.actor_id) for act in await audit(token)] == [
                    ("revoke_token", world.by.agent_id)
                ]


async def test_a_token_made_for_who_is_suspended_is_never_good(world: World, time: Clock) -> None:
    async with world.writing():
        await suspend_agent(world.by, world.ana)
        await with_tokens(world.ana, time)
        await reactivate_agent(world.by, world.ana)
        assert (await tokens_of(world.ana))[TokenKind.API] is False
        await Token.filter(agent_id=world.ana.id).delete()
        await with_tokens(world.ana, time)
        await reactivate_agent(world.by, world.ana)
        assert (await tokens_of(world.ana))[TokenKind.API] is True


async def test_a_partner_users_tokens_end_with_their_access(world: World, time: Clock) -> None:
    async with world.writing():
        partner = await create_partner(world.by, name="Resellers")
        user = await create_partner_user(world.by, partner_id=partner.id, name="Pia", portal_access=True)
        await with_tokens(user, time)
        user = await update_partner_user(world.by, user, name="Pia Pereira", portal_access=True)
        assert (await tokens_of(user))[TokenKind.PORTAL] is True
        async with world.bumping(2):
            user = await update_partner_user(world.by, user, portal_access=False)
        assert (await tokens_of(user))[TokenKind.PORTAL] is False
        await with_tokens(user, time)
        user = await update_partner_user(world.by, user, portal_access=True)
        assert (await tokens_of(user))[TokenKind.PORTAL] is False


async def test_who_owns_records_is_deactivated_with_word_of_where_they_go(
    world: World, time: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("models.operations.transfer_batch.BATCH", 2)
    monkeypatch.setattr("models.operations.release_records.BATCH", 2)
    async with world.writing():
        contacts = [await create_contact(world.by, name="Bo", owner_id=world.ana.id) for _ in range(5)]
        talk = await create_conversation(
            world.by, contact_id=contacts[0].id, inbox_id=world.inbox.id, owner_id=world.ana.id
        )
        deal = await create_deal(world.by, title="D", owner_id=world.ana.id)
        async with refused("OWNS_RECORDS", "to"):
            await deactivate_agent(world.by, world.ana)
        async with refused("TO_THEMSELVES", "newOwnerId"):
            await deactivate_agent(world.by, world.ana, new_owner_id=world.ana.id)
        async with refused("INVALID", "newOwnerId"):
            await deactivate_agent(world.by, world.ana, new_owner_id=world.ben.id, leave_unowned=True)
        time.forward(days=1)
        async with world.bumping(1):
            ana = await deactivate_agent(world.by, world.ana, new_owner_id=world.ben.id, expected_version=1)
        assert ana.status is AgentStatus.DEACTIVATED
        for model in (Contact, Conversation, Deal):
            assert not await model.exists(owner_id=ana.id)
        for record in (*contacts, talk, deal):
            assert [o.owner_id for o in await ownerships(record)] == [ana.id, world.ben.id]
            assert (await timeline(record))[-1].kind == "TRANSFERRED"
        last = (await ownerships(deal))[-1]
        assert (last.team_id, last.cause, last.started_at) == (
            world.south.id,
            OwnershipCause.TRANSFERRED,
            time.now,
        )
        async with refused("NOT_ACTIVE", "newOwnerId"):
            await deactivate_agent(world.by, world.ben, new_owner_id=ana.id)
        await deactivate_agent(world.by, world.ben, leave_unowned=True)
        assert (await Deal.get(id=deal.id)).owner_id is None
        assert all(o.ended_at for o in await ownerships(deal))


async def test_the_last_administrator_stays(world: World) -> None:
    everything = [permission.value for permission in Permission]
    root = world.administrator
    async with world.writing():
        own = await create_role(
            world.by, name="Root", scope=Scope.ACCOUNT, reach=Reach.SCOPE, permissions=everything
        )
    async with refused("LAST_ADMINISTRATOR"), world.writing():
        await suspend_agent(world.by, root)
    async with refused("LAST_ADMINISTRATOR"), world.writing():
        await deactivate_agent(world.by, root)
    async with refused("LAST_ADMINISTRATOR", "roleId"), world.writing():
        await assign_role(world.by, root, role_id=world.rep.id)
    async with world.writing():
        await assign_role(world.by, root, role_id=own.id)
    changes: list[dict[str, Any]] = [{"scope": Scope.TEAM}, {"permissions": []}]
    for change in changes:
        async with refused("LAST_ADMINISTRATOR"), world.writing():
            await update_role(world.by, own, **change)
    async with world.writing():
        await assign_role(world.by, world.ana, role_id=own.id)
        await suspend_agent(world.by, root)
    async with refused("LAST_ADMINISTRATOR"), world.writing():
        await deactivate_agent(world.by, world.ana)
    async with world.database.reading():
        assert (await Agent.get(id=world.ana.id)).status is AgentStatus.ACTIVE


async def test_without_granular_permissions_built_in_roles_alone_administer(world: World) -> None:
    everything = [permission.value for permission in Permission]
    async with world.writing():
        own = await create_role(
            world.by, name="Root", scope=Scope.ACCOUNT, reach=Reach.SCOPE, permissions=everything
        )
        await assign_role(world.by, world.ana, role_id=own.id)
        await set_account(world.by, world.account, granular_permissions=False)
    async with refused("LAST_ADMINISTRATOR"), world.writing():
        await suspend_agent(world.by, world.administrator)
    async with refused("LAST_ADMINISTRATOR"), world.writing():
        await deactivate_agent(world.by, world.administrator)
    async with refused("LAST_ADMINISTRATOR", "roleId"), world.writing():
        await assign_role(world.by, world.administrator, role_id=own.id)
    async with world.writing():
        await suspend_agent(world.by, world.ana)
        await reactivate_agent(world.by, world.ana)
        await set_account(world.by, world.account, granular_permissions=True)
        await suspend_agent(world.by, world.administrator)


async def test_a_role_is_assigned_and_viewers_built_anew(world: World) -> None:
    async with world.writing():
        role = await create_role(world.by, name="Reader", scope=Scope.ACCOUNT, reach=Reach.OWN)
        async with world.bumping(1):
            ana = await assign_role(world.by, world.ana, role_id=role.id, expected_version=1)
        assert (await audit(ana))[-1].changes == {"role_id": [str(world.rep.id), str(role.id)]}
        async with world.bumping(0):
            await assign_role(world.by, ana, role_id=role.id)
        with pytest.raises(Conflict):
            await assign_role(world.by, ana, role_id=world.rep.id, expected_version=1)


async def test_a_password_is_never_told(world: World) -> None:
    async with world.writing():
        async with world.bumping(1):
            ana = await set_password(world.by, world.ana, password_hash="the hash", expected_version=1)
        assert (await Agent.get(id=ana.id)).password_hash == "the hash"
        act = (await audit(ana))[-1]
        assert (act.action, act.changes) == ("set_password", {})
        assert (await Account.get(id=world.account.id)).access_version > 1
