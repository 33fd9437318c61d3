"""Agents: who may take them in, change, suspend and let them go, and how far."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from authz.tokens import BadToken, Signed, create_token, verify
from models import AgentStatus, AuditOutcome, BuiltIn, InboxMember, Permission, Reach, Scope, TeamMember
from models.database import Database
from tests.resolvers.people_support import (
    DONE,
    FORBIDDEN,
    NOT_FOUND,
    PEOPLE,
    actors,
    expected,
    last_audit,
    outcome,
    tried,
)
from tests.resolvers.support import KEYS, Scene, Viewer, api_token, codes, gid, make_scene, mutate, run


@pytest.fixture
async def scene(database: Database) -> Scene:
    """Granular permissions on, everybody in their place."""
    return await make_scene(database)


async def team_lead(scene: Scene, *more: Permission, reach: Reach = Reach.SCOPE) -> Any:
    """Manages the people of North."""
    return await scene.agent(await scene.role(Scope.TEAM, reach, (*PEOPLE, *more)), [scene.north])


async def newcomer(scene: Scene, **changes: Any) -> dict[str, Any]:
    """The input for a rep in North."""
    rep = gid(scene.roles[BuiltIn.REP])
    return {"name": "Nina", "roleId": rep, "teamIds": [gid(scene.north)], **changes}


async def new_session(scene: Scene, agent: Any) -> Signed:
    """What signs the requests of an agent who signs in anew."""
    async with scene.database.writing():
        _, bearer = await create_token(
            KEYS, account=scene.account.id, agent=agent.id, partner_user=None, ttl=timedelta(hours=1)
        )
    signed = verify(KEYS, bearer)
    assert isinstance(signed, Signed)
    return signed


async def teams_of(scene: Scene, agent: Any) -> set[Any]:
    async with scene.database.reading():
        return {row.team_id for row in await TeamMember.filter(agent_id=agent.id)}


async def inboxes_of(scene: Scene, agent: Any) -> set[Any]:
    async with scene.database.reading():
        return {row.inbox_id for row in await InboxMember.filter(agent_id=agent.id)}


MANAGING = expected(
    administrator=DONE,
    people_in_the_account=DONE,
    people_in_a_team=DONE,
    program=DONE,
    partner_user=NOT_FOUND,
)


async def test_who_creates_an_agent(scene: Scene) -> None:
    outcomes = await tried(scene, "createAgent", lambda: newcomer(scene), await actors(scene))
    assert outcomes == MANAGING


async def test_who_changes_a_rep_of_north(scene: Scene) -> None:
    async def make() -> dict[str, Any]:
        return {"id": gid(await scene.agent(teams=[scene.north])), "name": "Renamed"}

    outcomes = await tried(scene, "updateAgent", make, await actors(scene))
    assert outcomes == MANAGING


async def test_who_changes_an_agent_of_an_inbox(scene: Scene) -> None:
    role = await scene.role(Scope.INBOX)

    async def make() -> dict[str, Any]:
        return {"id": gid(await scene.agent(role, inboxes=[scene.mail])), "email": "new@acme.example"}

    outcomes = await tried(scene, "updateAgent", make, await actors(scene))
    assert outcomes == expected(
        administrator=DONE,
        people_in_the_account=DONE,
        people_in_an_inbox=DONE,
        program=DONE,
        partner_user=NOT_FOUND,
    )


@pytest.mark.parametrize("name", ["suspendAgent", "deactivateAgent"])
async def test_who_sends_a_rep_away(scene: Scene, name: str) -> None:
    async def make() -> dict[str, Any]:
        return {"id": gid(await scene.agent(teams=[scene.north]))}

    outcomes = await tried(scene, name, make, await actors(scene))
    # Whose records some may be out of sight is deactivated by nobody.
    unseeing = {"people in a team": FORBIDDEN} if name == "deactivateAgent" else {}
    assert outcomes == MANAGING | unseeing


async def test_who_lets_a_rep_in_again(scene: Scene) -> None:
    async def make() -> dict[str, Any]:
        return {"id": gid(await scene.agent(teams=[scene.north], status=AgentStatus.SUSPENDED))}

    outcomes = await tried(scene, "reactivateAgent", make, await actors(scene))
    assert outcomes == MANAGING


async def test_without_granular_permissions_only_built_in_roles_count(scene: Scene) -> None:
    who = await actors(scene)
    await scene.set(granular_permissions=False)
    alone = expected(administrator=DONE, program=DONE, partner_user=NOT_FOUND)
    assert await tried(scene, "createAgent", lambda: newcomer(scene), who) == alone

    async def make() -> dict[str, Any]:
        return {"id": gid(await scene.agent(teams=[scene.north])), "name": "Renamed"}

    assert await tried(scene, "updateAgent", make, who) == alone


async def test_a_partner_user_sees_an_owner_but_may_not_change_them(scene: Scene) -> None:
    await scene.deal(owner=scene.ana, partner=scene.kin)
    input = {"id": gid(scene.ana), "name": "Renamed"}
    assert await outcome(scene.database, scene.pia, "updateAgent", input) == FORBIDDEN
    assert (await scene.again(scene.ana)).name == "Ana"


async def test_a_new_agent_is_there_at_once(scene: Scene) -> None:
    input = await newcomer(scene, email="nina@acme.example", inboxIds=[gid(scene.mail)])
    selection = "agent { name email role { name } mainTeam { name } teams { name } inboxes { name } }"
    payload, errors = await mutate(scene.database, scene.administrator, "createAgent", input, selection)
    assert errors == []
    assert payload["agent"] == {
        "name": "Nina",
        "email": "nina@acme.example",
        "role": {"name": "Rep"},
        "mainTeam": {"name": "North"},
        "teams": [{"name": "North"}],
        "inboxes": [{"name": "Mail"}],
    }


async def test_emails_may_be_the_same(scene: Scene) -> None:
    input = await newcomer(scene, email="same@acme.example")
    for _ in range(2):
        assert await outcome(scene.database, scene.administrator, "createAgent", input) == DONE


async def test_what_makes_no_sense_is_told_at_its_field(scene: Scene) -> None:
    wrong: dict[str, dict[str, Any]] = {
        "name": {"name": " "},
        "email": {"email": "nobody"},
        "mainTeamId": {"mainTeamId": gid(scene.south)},
        "teamIds": {"teamIds": None},
        "inboxIds": {"inboxIds": None},
    }
    for field, changes in wrong.items():
        input = await newcomer(scene, **changes)
        payload, _ = await mutate(scene.database, scene.administrator, "createAgent", input, "agent { id }")
        assert payload["agent"] is None
        assert [each["field"] for each in payload["userErrors"]] == [field]


async def test_nobody_takes_someone_in_beyond_their_own_teams(scene: Scene) -> None:
    lead = await team_lead(scene)
    beyond: list[dict[str, Any]] = [
        {"teamIds": [gid(scene.south)]},
        {"teamIds": [gid(scene.north), gid(scene.south)]},
        {"teamIds": []},
        {"inboxIds": [gid(scene.mail)]},
    ]
    for changes in beyond:
        input = await newcomer(scene, **changes)
        assert await outcome(scene.database, lead, "createAgent", input) == FORBIDDEN
    without = {"name": "Nina", "roleId": gid(scene.roles[BuiltIn.REP])}
    assert await outcome(scene.database, lead, "createAgent", without) == FORBIDDEN


async def test_nobody_takes_someone_in_with_a_role_above_theirs(scene: Scene) -> None:
    lead = await team_lead(scene)
    above = [
        scene.roles[BuiltIn.ADMINISTRATOR],
        scene.roles[BuiltIn.SALES_MANAGER],
        await scene.role(Scope.ACCOUNT),
        await scene.role(Scope.INBOX),
        await scene.role(Scope.TEAM, Reach.OWN, [Permission.AUDIT_READ]),
    ]
    for role in above:
        input = await newcomer(scene, roleId=gid(role))
        assert await outcome(scene.database, lead, "createAgent", input) == FORBIDDEN
    same = await newcomer(scene, roleId=gid(await scene.role(Scope.TEAM, Reach.SCOPE, PEOPLE)))
    assert await outcome(scene.database, lead, "createAgent", same) == DONE


async def test_reach_is_not_given_beyond_ones_own(scene: Scene) -> None:
    clerk = await team_lead(scene, reach=Reach.OWN)
    wider = await newcomer(scene, roleId=gid(await scene.role(Scope.TEAM, Reach.SCOPE)))
    assert await outcome(scene.database, clerk, "createAgent", wider) == FORBIDDEN
    assert await outcome(scene.database, clerk, "createAgent", await newcomer(scene)) == DONE


async def test_a_program_gives_no_more_than_its_token_lists(scene: Scene) -> None:
    program = await api_token(scene.database, scene.administrator, [Permission.PEOPLE_MANAGE])
    manager = await newcomer(scene, roleId=gid(scene.roles[BuiltIn.SALES_MANAGER]))
    assert await outcome(scene.database, program, "createAgent", manager) == FORBIDDEN
    assert await outcome(scene.database, program, "createAgent", await newcomer(scene)) == DONE
    touched = {"id": gid(scene.max), "name": "Renamed"}
    assert await outcome(scene.database, program, "updateAgent", touched) == FORBIDDEN


async def test_a_role_that_counts_as_rep_today_is_still_above(scene: Scene) -> None:
    grand = await scene.role(Scope.ACCOUNT, Reach.SCOPE, Permission)
    await scene.set(granular_permissions=False)
    program = await api_token(scene.database, scene.administrator, [Permission.PEOPLE_MANAGE])
    input = await newcomer(scene, roleId=gid(grand))
    assert await outcome(scene.database, program, "createAgent", input) == FORBIDDEN


@pytest.mark.parametrize("name", ["updateAgent", "suspendAgent", "reactivateAgent", "deactivateAgent"])
async def test_nobody_touches_an_agent_above_them(scene: Scene, name: str) -> None:
    lead = await team_lead(scene, Permission.PORTFOLIO_ASSIGN)
    admin = await scene.agent(BuiltIn.ADMINISTRATOR, [scene.north])
    for above in (scene.max, admin):
        extra = {"leaveUnowned": True} if name == "deactivateAgent" else {}
        assert await outcome(scene.database, lead, name, {"id": gid(above), **extra}) == FORBIDDEN
        assert (await scene.again(above)).version == above.version


async def test_nobody_touches_an_agent_out_of_their_scope(scene: Scene) -> None:
    lead = await team_lead(scene)
    for away in (scene.cid, await scene.agent(inboxes=[scene.mail])):
        input = {"id": gid(away), "name": "Renamed"}
        assert await outcome(scene.database, lead, "updateAgent", input) == FORBIDDEN


async def test_an_agent_of_another_account_is_nobody(scene: Scene) -> None:
    other = await make_scene(scene.database, "Other")
    for agent in (gid(other.ana), gid(scene.north), "nonsense", ""):
        input = {"id": agent, "name": "Renamed"}
        assert await outcome(scene.database, scene.administrator, "updateAgent", input) == NOT_FOUND
    listed = await newcomer(scene, teamIds=[gid(scene.north), gid(other.north)])
    assert await outcome(scene.database, scene.administrator, "createAgent", listed) == NOT_FOUND
    role = await newcomer(scene, roleId=gid(other.roles[BuiltIn.REP]))
    assert await outcome(scene.database, scene.administrator, "createAgent", role) == NOT_FOUND


async def test_an_id_out_of_sight_comes_before_what_is_not_allowed(scene: Scene) -> None:
    listed = await newcomer(scene, teamIds=[gid(scene.north), "nonsense"])
    assert await outcome(scene.database, scene.ana, "createAgent", listed) == NOT_FOUND


async def test_a_list_has_an_end(scene: Scene) -> None:
    payload, errors = await mutate(
        scene.database,
        scene.administrator,
        "createAgent",
        await newcomer(scene, teamIds=["x"] * 201),
        "agent { id }",
    )
    assert payload is None
    assert codes(errors) == ["BAD_USER_INPUT"]


@pytest.mark.parametrize("name", ["updateAgent", "suspendAgent", "reactivateAgent", "deactivateAgent"])
async def test_an_agent_of_a_team_that_one_does_not_hold_is_above(scene: Scene, name: str) -> None:
    lead = await team_lead(scene, Permission.PORTFOLIO_ASSIGN)
    role = await scene.role(Scope.TEAM, Reach.SCOPE, PEOPLE)
    for both in [await scene.agent(each, [scene.north, scene.south]) for each in (BuiltIn.REP, role)]:
        said: dict[str, Any] = {"deactivateAgent": {"leaveUnowned": True}, "updateAgent": {"name": "New"}}
        input = {"id": gid(both), **said.get(name, {})}
        assert await outcome(scene.database, lead, name, input) == FORBIDDEN
        assert (await scene.again(both)).version == 1
        assert await outcome(scene.database, scene.administrator, name, input) == DONE


async def test_what_a_role_makes_no_use_of_lifts_nobody(scene: Scene) -> None:
    lead = await team_lead(scene)
    agent = await scene.agent(teams=[scene.north], inboxes=[scene.mail, scene.web])
    assert await outcome(scene.database, lead, "updateAgent", {"id": gid(agent), "name": "Renamed"}) == DONE
    role = await scene.role(Scope.INBOX)
    inbox = await scene.agent(await scene.role(Scope.INBOX, Reach.SCOPE, PEOPLE), inboxes=[scene.mail])
    for inboxes, came in (([scene.mail], DONE), ([scene.mail, scene.web], FORBIDDEN)):
        agent = await scene.agent(role, [scene.north, scene.south], inboxes)
        assert await outcome(scene.database, inbox, "suspendAgent", {"id": gid(agent)}) == came


async def test_teams_out_of_the_scope_stay_untouched(scene: Scene) -> None:
    lead = await team_lead(scene)
    one = await scene.agent(teams=[scene.north], inboxes=[scene.mail])
    north, south = gid(scene.north), gid(scene.south)
    refused: list[dict[str, Any]] = [
        {"teamIds": [south]},
        {"teamIds": []},
        {"teamIds": [north, south]},
        {"inboxIds": []},
        {"inboxIds": [gid(scene.mail), gid(scene.web)]},
        {"mainTeamId": south},
    ]
    for changes in refused:
        assert await outcome(scene.database, lead, "updateAgent", {"id": gid(one), **changes}) == FORBIDDEN
        assert await teams_of(scene, one) == {scene.north.id}
    kept: dict[str, Any] = {"id": gid(one), "teamIds": [north], "inboxIds": [gid(scene.mail)]}
    payload, errors = await mutate(scene.database, lead, "updateAgent", kept, "agent { version }")
    assert errors == []
    assert payload["agent"] == {"version": 1}


async def test_no_team_out_of_the_scope_becomes_the_main_one(scene: Scene) -> None:
    west = await scene._made(type(scene.north), name="West")
    lead = await scene.agent(await scene.role(Scope.TEAM, Reach.SCOPE, PEOPLE), [scene.north, west])
    agent = await scene.agent(teams=[scene.north, west, scene.south])
    left = {"id": gid(agent), "teamIds": [gid(scene.south), gid(west)]}
    assert await outcome(scene.database, lead, "updateAgent", left) == FORBIDDEN
    assert (await scene.again(agent)).main_team_id == scene.north.id


async def test_the_main_team_is_judged_though_no_team_is_moved(scene: Scene) -> None:
    inbox = await scene.agent(await scene.role(Scope.INBOX, Reach.SCOPE, PEOPLE), inboxes=[scene.mail])
    role = await scene.role(Scope.INBOX)
    agent = await scene.agent(role, [scene.north, scene.south], [scene.mail], main_team_id=None)
    same = {"id": gid(agent), "teamIds": [gid(scene.south), gid(scene.north)]}
    assert await outcome(scene.database, inbox, "updateAgent", same) == FORBIDDEN
    assert (await scene.again(agent)).main_team_id is None
    assert await outcome(scene.database, scene.administrator, "updateAgent", same) == DONE
    assert (await scene.again(agent)).main_team_id == scene.south.id
    assert await outcome(scene.database, inbox, "updateAgent", same) == DONE


async def test_a_lead_of_two_teams_moves_people_between_them(scene: Scene) -> None:
    west = await scene._made(type(scene.north), name="West")
    lead = await scene.agent(await scene.role(Scope.TEAM, Reach.SCOPE, PEOPLE), [scene.north, west])
    input = {"id": gid(scene.ana), "teamIds": [gid(west)]}
    assert await outcome(scene.database, lead, "updateAgent", input) == DONE
    assert await teams_of(scene, scene.ana) == {west.id}
    assert (await scene.again(scene.ana)).main_team_id == west.id
    both = {"id": gid(scene.ana), "teamIds": [gid(west), gid(scene.north)], "mainTeamId": gid(scene.north)}
    assert await outcome(scene.database, lead, "updateAgent", both) == DONE
    assert (await scene.again(scene.ana)).main_team_id == scene.north.id


async def test_the_lead_of_an_inbox_keeps_to_it(scene: Scene) -> None:
    role = await scene.role(Scope.INBOX)
    lead = await scene.agent(await scene.role(Scope.INBOX, Reach.SCOPE, PEOPLE), inboxes=[scene.mail])
    new = {"name": "Nina", "roleId": gid(role), "inboxIds": [gid(scene.mail)]}
    assert await outcome(scene.database, lead, "createAgent", new) == DONE
    beyond: list[dict[str, Any]] = [
        {"inboxIds": [gid(scene.web)]},
        {"inboxIds": []},
        {"teamIds": [gid(scene.north)]},
    ]
    for changes in beyond:
        assert await outcome(scene.database, lead, "createAgent", {**new, **changes}) == FORBIDDEN
    agent = await scene.agent(role, inboxes=[scene.mail])
    assert await outcome(scene.database, lead, "updateAgent", {"id": gid(agent), "inboxIds": []}) == FORBIDDEN
    assert await inboxes_of(scene, agent) == {scene.mail.id}


async def test_what_may_not_be_read_may_not_be_written(scene: Scene) -> None:
    clerk = await team_lead(scene, reach=Reach.OWN)
    hidden: list[dict[str, Any]] = [
        {"email": "x@acme.example"},
        {"email": None},
        {"available": False},
        {"expectedVersion": 1},
    ]
    for changes in hidden:
        input = {"id": gid(scene.ana), **changes}
        assert await outcome(scene.database, clerk, "updateAgent", input) == FORBIDDEN
    status = {"id": gid(scene.ana), "expectedVersion": 99}
    assert await outcome(scene.database, clerk, "suspendAgent", status) == FORBIDDEN
    assert await outcome(scene.database, clerk, "updateAgent", {"id": gid(scene.ana), "name": "Ann"}) == DONE
    own = {"id": gid(clerk), "email": "clerk@acme.example"}
    assert await outcome(scene.database, clerk, "updateAgent", own) == DONE


async def test_a_stale_version_is_a_conflict_before_it_is_nonsense(scene: Scene) -> None:
    input = {"id": gid(scene.ana), "name": " ", "expectedVersion": 7}
    assert await outcome(scene.database, scene.administrator, "updateAgent", input) == "CONFLICT"


async def test_memberships_count_from_the_next_request(scene: Scene) -> None:
    deal = await scene.deal(owner=scene.cid, team=scene.south)
    query = "{ deals { totalCount } viewer { agent { teams { name } } } }"
    await scene.set(granular_permissions=False)
    data, _ = await run(scene.database, scene.ana, query)
    assert data["deals"] == {"totalCount": 0}
    input = {"id": gid(scene.ana), "teamIds": [gid(scene.north), gid(scene.south)]}
    assert await outcome(scene.database, scene.administrator, "updateAgent", input) == DONE
    data, _ = await run(scene.database, scene.ana, query)
    assert data["deals"] == {"totalCount": 1}
    assert data["viewer"]["agent"]["teams"] == [{"name": "North"}, {"name": "South"}]
    assert deal.owner_id == scene.cid.id


async def test_a_change_of_membership_is_audited(scene: Scene) -> None:
    input = {"id": gid(scene.ana), "teamIds": [gid(scene.south)]}
    assert await outcome(scene.database, scene.administrator, "updateAgent", input) == DONE
    entry = await last_audit(scene)
    assert (entry.action, entry.outcome) == ("update_agent", AuditOutcome.DONE)
    assert (entry.subject_id, entry.actor_id) == (scene.ana.id, scene.administrator.id)
    assert entry.changes["team_ids"] == [[str(scene.north.id)], [str(scene.south.id)]]
    assert entry.request_id


async def test_a_refused_act_is_audited(scene: Scene) -> None:
    assert await outcome(scene.database, scene.ana, "suspendAgent", {"id": gid(scene.ben)}) == FORBIDDEN
    entry = await last_audit(scene)
    assert (entry.action, entry.outcome) == ("suspend_agent", AuditOutcome.REFUSED)
    assert (entry.subject_type, entry.subject_id) == ("agent", scene.ben.id)
    assert entry.actor_id == scene.ana.id


async def test_who_is_suspended_is_nobody_from_the_next_request(scene: Scene) -> None:
    data, _ = await run(scene.database, scene.ana, "{ viewer { kind } }")
    assert data["viewer"] == {"kind": "AGENT"}
    assert await outcome(scene.database, scene.administrator, "suspendAgent", {"id": gid(scene.ana)}) == DONE
    with pytest.raises(BadToken):
        await run(scene.database, scene.ana, "{ viewer { kind } }")


@pytest.mark.parametrize("name", ["suspendAgent", "deactivateAgent"])
async def test_a_token_of_who_was_sent_away_stays_dead(scene: Scene, name: str) -> None:
    query, ada = "{ viewer { agent { name } } }", scene.administrator
    before: list[Viewer] = [
        scene.ana,
        await api_token(scene.database, scene.ana),
        await new_session(scene, scene.ana),
    ]
    for viewer in before:
        assert (await run(scene.database, viewer, query))[1] == []
    for act in (name, "reactivateAgent"):
        assert await outcome(scene.database, ada, act, {"id": gid(scene.ana)}) == DONE
        for viewer in before:
            with pytest.raises(BadToken):
                await run(scene.database, viewer, query)
    data, _ = await run(scene.database, await new_session(scene, scene.ana), query)
    assert data == {"viewer": {"agent": {"name": "Ana"}}}
    assert (await run(scene.database, scene.ben, query))[1] == []


async def test_the_end_of_a_token_is_audited(scene: Scene) -> None:
    await api_token(scene.database, scene.ana)
    assert await outcome(scene.database, scene.administrator, "suspendAgent", {"id": gid(scene.ana)}) == DONE
    entry = await last_audit(scene)
    assert (entry.action, entry.subject_type) == ("revoke_token", "token")
    assert (entry.actor_id, entry.outcome) == (scene.administrator.id, AuditOutcome.DONE)
    assert entry.request_id


async def test_who_was_suspended_before_tokens_ended_with_it_signs_in_anew(scene: Scene) -> None:
    assert (await run(scene.database, scene.ana, "{ viewer { kind } }"))[1] == []
    async with scene.database.writing():
        await type(scene.ana).filter(id=scene.ana.id).update(status=AgentStatus.SUSPENDED)
    input = {"id": gid(scene.ana)}
    for _ in range(2):
        assert await outcome(scene.database, scene.administrator, "reactivateAgent", input) == DONE
        with pytest.raises(BadToken):
            await run(scene.database, scene.ana, "{ viewer { kind } }")


async def test_who_is_active_already_stays_signed_in(scene: Scene) -> None:
    assert (await run(scene.database, scene.ana, "{ viewer { kind } }"))[1] == []
    input = {"id": gid(scene.ana)}
    assert await outcome(scene.database, scene.administrator, "reactivateAgent", input) == DONE
    assert (await run(scene.database, scene.ana, "{ viewer { kind } }"))[1] == []


@pytest.mark.parametrize("name", ["suspendAgent", "deactivateAgent"])
async def test_nobody_locks_the_account_out(scene: Scene, name: str) -> None:
    input = {"id": gid(scene.administrator)}
    assert await outcome(scene.database, scene.administrator, name, input) == "LAST_ADMINISTRATOR"
    await scene.agent(BuiltIn.ADMINISTRATOR)
    payload, errors = await mutate(scene.database, scene.administrator, name, input, "agent { name }")
    assert errors == []
    assert payload == {"agent": None, "userErrors": []}


async def test_two_who_suspend_each_other_at_once_do_not_both(scene: Scene) -> None:
    second = await scene.agent(BuiltIn.ADMINISTRATOR)
    pairs = ((scene.administrator, second), (second, scene.administrator))
    outcomes = await asyncio.gather(
        *(outcome(scene.database, actor, "suspendAgent", {"id": gid(other)}) for actor, other in pairs),
        return_exceptions=True,
    )
    assert outcomes.count(DONE) == 1
    (refused,) = (each for each in outcomes if each != DONE)
    assert refused == "UNAUTHENTICATED" or isinstance(refused, BadToken)


async def test_records_go_to_the_new_owner(scene: Scene) -> None:
    deal = await scene.deal(owner=scene.ana, team=scene.north)
    input: dict[str, Any] = {"id": gid(scene.ana)}
    assert await outcome(scene.database, scene.administrator, "deactivateAgent", input) == "OWNS_RECORDS"
    both = {**input, "leaveUnowned": True, "newOwnerId": gid(scene.ben)}
    assert await outcome(scene.database, scene.administrator, "deactivateAgent", both) == "INVALID"
    input["newOwnerId"] = gid(scene.ben)
    assert await outcome(scene.database, scene.administrator, "deactivateAgent", input) == DONE
    assert (await scene.again(deal)).owner_id == scene.ben.id
    assert (await scene.again(scene.ana)).status is AgentStatus.DEACTIVATED


async def test_records_are_left_unowned(scene: Scene) -> None:
    deal = await scene.deal(owner=scene.ana, team=scene.north)
    input = {"id": gid(scene.ana), "leaveUnowned": True}
    assert await outcome(scene.database, scene.administrator, "deactivateAgent", input) == DONE
    assert (await scene.again(deal)).owner_id is None


async def test_to_say_where_records_go_takes_the_right_to_assign(scene: Scene) -> None:
    people = await scene.agent(await scene.role(Scope.ACCOUNT, Reach.SCOPE, PEOPLE))
    await scene.deal(owner=scene.ana, team=scene.north)
    for word in ({"newOwnerId": gid(people)}, {"leaveUnowned": True}):
        input = {"id": gid(scene.ana), **word}
        assert await outcome(scene.database, people, "deactivateAgent", input) == FORBIDDEN
    assert await outcome(scene.database, people, "deactivateAgent", {"id": gid(scene.ana)}) == "OWNS_RECORDS"


async def test_nobody_takes_a_portfolio_that_they_do_not_manage(scene: Scene) -> None:
    clerk = await team_lead(scene, Permission.PORTFOLIO_ASSIGN, reach=Reach.OWN)
    deal = await scene.deal(owner=scene.ana, team=scene.north)
    input = {"id": gid(scene.ana), "newOwnerId": gid(clerk)}
    assert await outcome(scene.database, clerk, "deactivateAgent", input) == FORBIDDEN
    assert (await scene.again(deal)).owner_id == scene.ana.id


@pytest.mark.parametrize("hidden", [True, False])
async def test_nobody_disposes_of_records_that_may_be_out_of_their_sight(scene: Scene, hidden: bool) -> None:
    more = (*PEOPLE, Permission.PORTFOLIO_ASSIGN)
    leads = [
        await team_lead(scene, Permission.PORTFOLIO_ASSIGN),
        await scene.agent(await scene.role(Scope.ACCOUNT, Reach.OWN, more)),
    ]
    deal = await scene.deal(owner=scene.ana, team=scene.south if hidden else scene.north)
    words: list[dict[str, Any]] = [{}, {"leaveUnowned": True}, {"newOwnerId": gid(scene.ben)}]
    for lead in leads:
        for word in words:
            input = {"id": gid(scene.ana), **word}
            assert await outcome(scene.database, lead, "deactivateAgent", input) == FORBIDDEN
    assert (await scene.again(deal)).owner_id == scene.ana.id
    assert (await scene.again(scene.ana)).status is AgentStatus.ACTIVE
    assert await outcome(scene.database, leads[0], "suspendAgent", {"id": gid(scene.ana)}) == DONE


async def test_whoever_sees_every_record_deactivates(scene: Scene) -> None:
    people = await scene.agent(
        await scene.role(Scope.ACCOUNT, Reach.SCOPE, (*PEOPLE, Permission.PORTFOLIO_ASSIGN))
    )
    deals = [await scene.deal(owner=scene.ana, team=team) for team in (scene.north, scene.south, None)]
    input = {"id": gid(scene.ana), "newOwnerId": gid(scene.ben)}
    assert await outcome(scene.database, people, "deactivateAgent", input) == DONE
    assert {(await scene.again(deal)).owner_id for deal in deals} == {scene.ben.id}


async def test_a_key_does_it_once(scene: Scene) -> None:
    input = await newcomer(scene, idempotencyKey="once")
    first, _ = await mutate(scene.database, scene.administrator, "createAgent", input, "agent { id }")
    again, _ = await mutate(scene.database, scene.administrator, "createAgent", input, "agent { id }")
    assert first == again
    other = {**input, "name": "Otto"}
    assert await outcome(scene.database, scene.administrator, "createAgent", other) == (
        "IDEMPOTENCY_KEY_REUSED"
    )


async def test_nobody_acts_without_a_token(scene: Scene) -> None:
    payload, errors = await mutate(scene.database, None, "createAgent", await newcomer(scene), "agent { id }")
    assert payload is None
    assert codes(errors) == ["UNAUTHENTICATED"]


async def test_agents_are_found_and_listed(scene: Scene) -> None:
    query = "query($id: ID!) { agent(id: $id) { name email } agents { totalCount } }"
    data, errors = await run(scene.database, scene.ben, query, {"id": gid(scene.ana)})
    assert errors == []
    assert data == {"agent": {"name": "Ana", "email": None}, "agents": {"totalCount": 5}}
