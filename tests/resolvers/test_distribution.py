"""Distribution: policies, hand-outs, backlogs, the log, the diagnosis; who may do and see what."""

from collections import Counter
from datetime import UTC, datetime
from typing import Any

import pytest

from models import (
    Account,
    Agent,
    AuditEntry,
    BuiltIn,
    Contact,
    DistributionCandidate,
    DistributionDecision,
    DistributionMember,
    DistributionPolicy,
    Ownership,
    OwnershipCause,
    Permission,
    Reach,
    Role,
    Scope,
    TimelineEntry,
    clock,
)
from models.database import Database
from models.operations import distribute_contacts, distribution_log
from resolvers.act import Act
from schema.context import Context
from tests.resolvers.support import (
    KEYS,
    Scene,
    codes,
    gid,
    make_scene,
    mutate,
    mutation_of,
    run,
    run_in,
    signed_in,
)

POLICY = "distributionPolicy { id }"
MANAGES = [Permission.SALES_MANAGE, Permission.PORTFOLIO_ASSIGN]


@pytest.fixture
async def scene(database: Database) -> Scene:
    """An account with people."""
    return await make_scene(database)


async def create(scene: Scene, who: Any, *agents: Agent, **more: Any) -> tuple[Any, list[str]]:
    """Make a policy with these members."""
    members = [{"agentId": gid(agent)} for agent in agents]
    payload, errors = await mutate(
        scene.database, who, "createDistributionPolicy", {"members": members, **more}, POLICY
    )
    return payload, codes(errors)


async def policy(scene: Scene, who: Any, *agents: Agent, **more: Any) -> str:
    """The id of a new policy."""
    payload, errors = await create(scene, who, *agents, **more)
    assert (errors, payload["userErrors"]) == ([], [])
    made: str = payload["distributionPolicy"]["id"]
    return made


async def update(scene: Scene, who: Any, id: str, **more: Any) -> tuple[Any, list[str]]:
    """Change a policy."""
    selection = "distributionPolicy { id version }"
    payload, errors = await mutate(
        scene.database, who, "updateDistributionPolicy", {"id": id, **more}, selection
    )
    return payload, codes(errors)


async def distribute(scene: Scene, who: Any, id: str, **more: Any) -> tuple[Any, list[str]]:
    """Hand out a backlog."""
    selection = "handedOut left assignments { contact { id } agent { name } }"
    payload, errors = await mutate(
        scene.database, who, "distributeContacts", {"policyId": id, **more}, selection
    )
    return payload, codes(errors)


async def new_contact(scene: Scene, who: Any, name: str = "Lead", **more: Any) -> str | None:
    """Who owns a contact that was made nobody's, as the administrator reads it."""
    input = {"name": name, "ownerId": None, **more}
    payload, errors = await mutate(scene.database, who, "createContact", input, "contact { id }")
    assert (codes(errors), payload["userErrors"]) == ([], [])
    document = "query ($f: ContactFilter) { contacts(filter: $f) { nodes { owner { name } } } }"
    data, _ = await run(scene.database, scene.administrator, document, {"f": {"name": {"eq": name}}})
    [found] = data["contacts"]["nodes"]
    return found["owner"] and found["owner"]["name"]  # type: ignore[no-any-return]


async def owners(scene: Scene) -> Counter[str]:
    """How many contacts each has."""
    document = "{ contacts(first: 200) { nodes { owner { name } } } }"
    data, _ = await run(scene.database, scene.administrator, document)
    return Counter(each["owner"]["name"] if each["owner"] else "" for each in data["contacts"]["nodes"])


async def test_a_new_contact_goes_to_the_next_in_turn(scene: Scene) -> None:
    await policy(scene, scene.administrator, scene.ana, scene.ben, scene.cid)
    got = [await new_contact(scene, scene.administrator, f"Lead {n}") for n in range(7)]
    assert got == ["Ana", "Ben", "Cid", "Ana", "Ben", "Cid", "Ana"]
    async with scene.database.reading():
        entries = await TimelineEntry.filter(kind="DISTRIBUTED")
        assert [entry.author_id for entry in entries] == [None] * 7
        causes = await Ownership.all().values_list("cause", flat=True)
        assert causes == [OwnershipCause.DISTRIBUTED] * 7
        decisions = await DistributionDecision.all().order_by("at")
        assert [each.made_by_id for each in decisions] == [None] * 7
        first = await DistributionCandidate.filter(decision_id=decisions[0].id).order_by("number")
    told = [(each.agent_id, each.load, each.passed_over) for each in first]
    turn = "NOT_THEIR_TURN"
    assert told == [(scene.ana.id, 0, None), (scene.ben.id, 0, turn), (scene.cid.id, 0, turn)]


async def test_a_manual_assignment_does_not_move_the_turn(scene: Scene) -> None:
    await policy(scene, scene.administrator, scene.ana, scene.ben)
    assert await new_contact(scene, scene.administrator, "First") == "Ana"
    await mutate(scene.database, scene.ben, "createContact", {"name": "Mine"}, "contact { id }")
    assert await new_contact(scene, scene.administrator, "Second") == "Ben"


async def test_what_serves_is_the_inboxs_else_the_teams_else_the_accounts(scene: Scene) -> None:
    await policy(scene, scene.administrator, scene.administrator)
    await policy(scene, scene.administrator, scene.cid, teamId=gid(scene.south))
    await policy(scene, scene.administrator, scene.ben, inboxId=gid(scene.mail), enabled=False)
    await policy(scene, scene.administrator, scene.ana, inboxId=gid(scene.mail))
    await policy(scene, scene.administrator, scene.ben, inboxId=gid(scene.mail))
    south, mail = gid(scene.south), gid(scene.mail)
    who = scene.administrator
    assert await new_contact(scene, who, "Nowhere") == "Ada"
    assert await new_contact(scene, who, "North", teamId=gid(scene.north)) == "Ada"
    assert await new_contact(scene, who, "South", teamId=south) == "Cid"
    assert await new_contact(scene, who, "Mail", inboxId=mail) == "Ana"
    assert await new_contact(scene, who, "Both", teamId=south, inboxId=mail) == "Ana"


async def test_a_contact_that_has_an_owner_is_left_alone(scene: Scene) -> None:
    await policy(scene, scene.administrator, scene.ben)
    await mutate(scene.database, scene.ana, "createContact", {"name": "Mine"}, "contact { id }")
    assert await owners(scene) == {"Ana": 1}


async def test_a_conversation_brings_its_contact_in_and_goes_along(scene: Scene) -> None:
    await policy(scene, scene.administrator, scene.ana, inboxId=gid(scene.mail))
    contact = await scene.contact()
    older = await scene.conversation(contact)
    closed = await scene.conversation(contact, status="CLOSED")
    elsewhere = await scene.conversation(contact, inbox=scene.web)
    mine = await scene.conversation(contact, owner=scene.cid)
    input = {"contactId": gid(contact), "inboxId": gid(scene.mail), "ownerId": None}
    payload, errors = await mutate(
        scene.database, scene.administrator, "createConversation", input, "conversation { owner { name } }"
    )
    assert (codes(errors), payload["conversation"]["owner"]) == ([], {"name": "Ana"})
    assert (await scene.again(contact)).owner_id == scene.ana.id
    left = [(await scene.again(each)).owner_id for each in (older, closed, elsewhere, mine)]
    assert left == [scene.ana.id, None, None, scene.cid.id]
    data, _ = await run(scene.database, scene.ana, "{ conversations { totalCount } }")
    assert data == {"conversations": {"totalCount": 2}}


@pytest.mark.parametrize("column", ["archived_at", "erased_at"])
async def test_a_contact_put_away_is_not_brought_in(scene: Scene, column: str) -> None:
    id = await policy(scene, scene.administrator, scene.ana, inboxId=gid(scene.mail))
    contact = await scene.contact(inbox=scene.mail, **{column: clock.now()})
    input = {"contactId": gid(contact), "inboxId": gid(scene.mail), "ownerId": None}
    await mutate(scene.database, scene.administrator, "createConversation", input, "conversation { id }")
    assert (await distribute(scene, scene.administrator, id))[0]["handedOut"] == 0
    assert (await scene.again(contact)).owner_id is None


async def test_whom_nothing_is_handed_out_to(scene: Scene) -> None:
    suspended = await scene.agent(teams=[scene.north], name="Suspended", status="SUSPENDED")
    gone = await scene.agent(teams=[scene.north], name="Gone", status="DEACTIVATED")
    away = await scene.agent(teams=[scene.north], name="Away", available=False)
    pool = [suspended, gone, away, scene.ana, scene.ben]
    members = [{"agentId": gid(each)} for each in pool]
    members[3]["capacity"] = 1  # type: ignore[assignment]
    await mutate(
        scene.database, scene.administrator, "createDistributionPolicy", {"members": members}, POLICY
    )
    got = [await new_contact(scene, scene.administrator, f"Lead {n}") for n in range(4)]
    assert got == ["Ana", "Ben", "Ben", "Ben"]
    document = """{ distributionPolicies { decisions(first: 1) { nodes { agent { name }
        candidates { number load passedOver } } } } }"""
    data, errors = await run(scene.database, scene.administrator, document)
    [decision] = data["distributionPolicies"][0]["decisions"]["nodes"]
    assert (errors, decision["agent"]) == ([], {"name": "Ben"})
    assert [(each["load"], each["passedOver"]) for each in decision["candidates"]] == [
        (0, "SUSPENDED"),
        (0, "DEACTIVATED"),
        (0, "AWAY"),
        (1, "AT_CAPACITY"),
        (2, None),
    ]


async def test_working_hours_are_those_of_the_accounts_zone(scene: Scene) -> None:
    await scene.set(time_zone="America/Sao_Paulo")
    hours = [{"day": 1, "start": "09:00", "end": "18:00"}]
    await policy(scene, scene.administrator, scene.ana, workingHours=hours)
    monday = datetime(2026, 3, 2, 11, 59, tzinfo=UTC)
    try:
        clock.tell_time_with(lambda: monday)
        assert await new_contact(scene, scene.administrator, "Early") is None
        clock.tell_time_with(lambda: monday.replace(hour=12, minute=0))
        assert await new_contact(scene, scene.administrator, "Open") == "Ana"
    finally:
        clock.tell_time_with(None)


async def test_by_weight_and_by_load(scene: Scene) -> None:
    pool = [{"agentId": gid(scene.ana), "weight": 3}, {"agentId": gid(scene.ben), "weight": 1}]
    input = {"members": pool, "method": "WEIGHTED", "teamId": gid(scene.north)}
    await mutate(scene.database, scene.max, "createDistributionPolicy", input, POLICY)
    for number in range(8):
        await new_contact(scene, scene.max, f"North {number}", teamId=gid(scene.north))
    assert await owners(scene) == {"Ana": 6, "Ben": 2}
    await policy(scene, scene.administrator, scene.ana, scene.ben, scene.cid, method="LEAST_LOADED")
    got = [await new_contact(scene, scene.administrator, f"Any {number}") for number in range(4)]
    assert got == ["Cid", "Cid", "Ben", "Cid"]


async def test_a_backlog(scene: Scene) -> None:
    id = await policy(scene, scene.administrator, scene.ana, scene.ben, scene.cid)
    contacts = [await scene.contact(name=f"Lead {number}") for number in range(7)]
    await scene.contact(archived_at=clock.now())
    payload, errors = await distribute(scene, scene.administrator, id, dryRun=True)
    names = [each["agent"]["name"] for each in payload["assignments"]]
    assert (errors, names, payload["handedOut"]) == ([], ["Ana", "Ben", "Cid"] * 2 + ["Ana"], 0)
    assert await owners(scene) == {"": 8}
    async with scene.database.reading():
        assert await DistributionDecision.all().count() == 0
        assert await AuditEntry.filter(action="distribute_contacts").count() == 0
    payload, _ = await distribute(scene, scene.administrator, id, limit=4)
    assert [each["contact"]["id"] for each in payload["assignments"]] == [gid(each) for each in contacts[:4]]
    payload, _ = await distribute(scene, scene.administrator, id)
    assert [each["agent"]["name"] for each in payload["assignments"]] == ["Ben", "Cid", "Ana"]
    assert await owners(scene) == {"Ana": 3, "Ben": 2, "Cid": 2, "": 1}
    async with scene.database.reading():
        entries = await AuditEntry.filter(action="distribute_contacts").order_by("at")
        assert [entry.changes["handed_out"][1] for entry in entries] == [4, 3]
        made = {each.made_by_id for each in await DistributionDecision.all()}
    assert made == {scene.administrator.id}


async def test_a_leavers_contacts_are_handed_out_some_at_a_time(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(distribute_contacts, "MOST_CANDIDATES", 4)
    await policy(scene, scene.administrator, scene.ana, scene.cid)
    for number in range(7):
        await scene.contact(owner=scene.ben, team=scene.north, name=f"Ben's {number}")
    works: list[Any] = []
    unproved = await signed_in(scene.database, scene.administrator)
    context = Context(scene.database, KEYS, unproved, spawn=works.append)
    await context.start_reading()
    input = {"id": gid(scene.ben), "distribute": True}
    _, errors = await run_in(context, mutation_of("deactivateAgent", "__typename"), {"input": input})
    await context.stop_reading()
    assert errors == []
    assert await owners(scene) == {"Ana": 1, "Cid": 1, "": 5}
    for work in works:
        await work()
    assert await owners(scene) == {"Ana": 4, "Cid": 3}
    async with scene.database.reading():
        assert await DistributionDecision.all().count() == 7
        assert await AuditEntry.filter(action="distribute_contact").count() == 7


async def test_those_named_and_only_those_who_wait(scene: Scene) -> None:
    id = await policy(scene, scene.administrator, scene.ana, teamId=gid(scene.north))
    wanted, other = await scene.contact(team=scene.north), await scene.contact(team=scene.north)
    owned, elsewhere = await scene.contact(owner=scene.cid, team=scene.north), await scene.contact()
    named = [gid(each) for each in (owned, wanted, elsewhere, wanted)]
    payload, errors = await distribute(scene, scene.administrator, id, contactIds=named)
    assert (errors, payload["handedOut"], payload["left"]) == ([], 1, 0)
    left = [(await scene.again(each)).owner_id for each in (wanted, other, owned, elsewhere)]
    assert left == [scene.ana.id, None, scene.cid.id, None]


async def test_what_a_narrower_policy_serves_is_left_to_it(scene: Scene) -> None:
    whole = await policy(scene, scene.administrator, scene.cid)
    await policy(scene, scene.administrator, scene.ana, teamId=gid(scene.north))
    await policy(scene, scene.administrator, scene.ana, inboxId=gid(scene.mail))
    await policy(scene, scene.administrator, scene.ana, inboxId=gid(scene.web), enabled=False)
    writes = await scene.contact()
    await scene.conversation(writes)
    north, mail = await scene.contact(team=scene.north), await scene.contact(inbox=scene.mail)
    web = await scene.contact(inbox=scene.web)
    payload, _ = await distribute(scene, scene.administrator, whole)
    assert [each["contact"]["id"] for each in payload["assignments"]] == [gid(web)]
    assert [(await scene.again(each)).owner_id for each in (writes, north, mail)] == [None] * 3


async def test_nobody_eligible_is_told_once_while_nothing_changes(scene: Scene) -> None:
    id = await policy(scene, scene.administrator, scene.ana, scene.ben)
    async with scene.database.writing():
        await Agent.filter(id__in=[scene.ana.id, scene.ben.id]).update(available=False)
    contacts = [await scene.contact() for _ in range(3)]
    for _ in range(3):
        payload, _ = await distribute(scene, scene.administrator, id)
        assert (payload["handedOut"], payload["left"]) == (0, 3)
    async with scene.database.writing():
        assert await DistributionDecision.filter(agent_id=None).count() == 3
        await Agent.filter(id=scene.ben.id).update(status="SUSPENDED")
    await distribute(scene, scene.administrator, id)
    async with scene.database.writing():
        assert await DistributionDecision.filter(agent_id=None).count() == 6
        await Agent.filter(id=scene.ana.id).update(available=True)
    payload, _ = await distribute(scene, scene.administrator, id)
    assert payload["handedOut"] == len(contacts)


async def test_it_stays_within_the_scope_of_who_saved_it(scene: Scene) -> None:
    team = gid(scene.north)
    id = await policy(scene, scene.max, scene.ana, scene.ben, teamId=team)
    # Ana leaves the team: she lies in the manager's scope no more.
    await mutate(
        scene.database,
        scene.administrator,
        "updateAgent",
        {"id": gid(scene.ana), "teamIds": [gid(scene.south)]},
        "agent { id }",
    )
    assert await new_contact(scene, scene.administrator, "One", teamId=team) == "Ben"
    assert await new_contact(scene, scene.administrator, "Two", teamId=team) == "Ben"
    # The manager leaves it too: the policy reaches nothing.
    await mutate(
        scene.database,
        scene.administrator,
        "updateAgent",
        {"id": gid(scene.max), "teamIds": [gid(scene.south)]},
        "agent { id }",
    )
    assert await new_contact(scene, scene.administrator, "Three", teamId=team) is None
    payload, _ = await distribute(scene, scene.administrator, id)
    assert (payload["handedOut"], payload["left"]) == (0, 0)


async def test_nobody_is_given_what_would_leave_the_savers_scope(scene: Scene) -> None:
    """A member of two of the manager's teams has a main team that is not theirs."""
    west, far = await scene._made(type(scene.north), name="West"), scene.south
    lead = await scene.agent(BuiltIn.SALES_MANAGER, [scene.north, west], name="Lead")
    stray = await scene.agent(teams=[far, west], name="Stray")
    await policy(scene, lead, stray, scene.ben, teamId=gid(scene.north))
    assert await new_contact(scene, lead, "One", teamId=gid(scene.north)) == "Ben"
    async with scene.database.reading():
        [candidate] = await DistributionCandidate.filter(agent_id=stray.id)
    assert candidate.passed_over == "OUT_OF_SCOPE"


@pytest.mark.parametrize("loss", ["suspended", "role", "module"])
async def test_a_policy_rests_when_who_saved_it_can_no_more(scene: Scene, loss: str) -> None:
    saver = await scene.agent(BuiltIn.ADMINISTRATOR, name="Saver")
    id = await policy(scene, saver, scene.ana)
    async with scene.database.writing():
        if loss == "suspended":
            await Agent.filter(id=saver.id).update(status="SUSPENDED")
        elif loss == "role":
            await Agent.filter(id=saver.id).update(role_id=scene.roles[BuiltIn.REP].id)
        else:
            await Account.filter(id=scene.account.id).update(sales_module=False)
    assert await new_contact(scene, scene.administrator) is None
    payload, errors = await distribute(scene, scene.administrator, id)
    if loss == "module":
        assert errors == ["MODULE_DISABLED"]
        return
    assert [(each["code"], each["field"]) for each in payload["userErrors"]] == [("RESTS", "policyId")]
    assert (await diagnose(scene, scene.administrator))["code"] == "RESTS"
    payload, _ = await update(scene, scene.administrator, id, enabled=True)
    assert payload["userErrors"] == []
    assert (await distribute(scene, scene.administrator, id))[0]["handedOut"] == 1


async def test_the_makers_act_is_judged_by_what_they_made_not_by_where_it_went(scene: Scene) -> None:
    """The manager of North makes a contact there that the administrator's policy hands to South."""
    await policy(scene, scene.administrator, scene.cid)
    input = {"name": "Lead", "ownerId": None, "teamId": gid(scene.north)}
    payload, errors = await mutate(scene.database, scene.max, "createContact", input, "contact { id }")
    assert (codes(errors), payload) == ([], {"contact": None, "userErrors": []})
    assert await owners(scene) == {"Cid": 1}


async def diagnose(scene: Scene, who: Any, policy_id: str | None = None) -> Any:
    """What is told of a policy."""
    document = """query ($id: ID) { distributionDiagnosis(policyId: $id) { policy { id } code message waiting
        agents { agent { name } eligible passedOver message } } }"""
    data, errors = await run(scene.database, who, document, {"id": policy_id})
    assert errors == []
    return data["distributionDiagnosis"]


async def test_the_diagnosis(scene: Scene) -> None:
    who = scene.administrator
    assert (await diagnose(scene, who))["code"] == "NO_POLICY"
    id = await policy(scene, who, scene.ana, enabled=False)
    await scene.contact()
    assert (await diagnose(scene, who))["code"] == "OFF"
    assert (await distribute(scene, who, id))[0]["userErrors"][0]["code"] == "OFF"
    await update(scene, who, id, enabled=True)
    found = await diagnose(scene, who)
    assert (found["code"], found["waiting"], found["policy"]) == ("WORKING", 1, {"id": id})
    [told] = found["agents"]
    assert (told["agent"], told["eligible"], told["passedOver"]) == ({"name": "Ana"}, True, None)
    async with scene.database.writing():
        await Agent.filter(id=scene.ana.id).update(available=False)
    found = await diagnose(scene, who, id)
    assert found["code"] == "NOBODY_ELIGIBLE"
    assert [(each["eligible"], each["passedOver"]) for each in found["agents"]] == [(False, "AWAY")]
    async with scene.database.writing():
        await Agent.filter(id=scene.ana.id).update(available=True)
    await distribute(scene, who, id)
    assert (await diagnose(scene, who))["code"] == "NOTHING_WAITING"
    assert all(each["message"] for each in (await diagnose(scene, who))["agents"])
    assert await diagnose(scene, who, "nothing") is None
    # Every member lies in the scope of the manager of North, until one does not.
    assert (await diagnose(scene, scene.max))["policy"] == {"id": id}
    await update(scene, who, id, members=[{"agentId": gid(each)} for each in (scene.ana, scene.cid)])
    assert await diagnose(scene, scene.max, id) is None
    assert (await diagnose(scene, scene.max))["code"] == "NO_POLICY"


async def test_a_policy_behind_an_older_one_of_its_place(scene: Scene) -> None:
    """It is told of what is in the asker's sight, on, and for the same place alone."""
    who = scene.administrator
    for place in ({}, {"teamId": gid(scene.north)}, {"inboxId": gid(scene.mail)}):
        first = await policy(scene, who, scene.ana, **place)
        second = await policy(scene, who, scene.ben, **place)
        assert (await diagnose(scene, who, first))["code"] == "NOTHING_WAITING"
        found = await diagnose(scene, who, second)
        assert (found["code"], found["policy"]) == ("BEHIND_ANOTHER", {"id": second})
        assert "An older policy" in found["message"]
        await update(scene, who, first, enabled=False)
        assert (await diagnose(scene, who, second))["code"] == "NOTHING_WAITING"
        assert (await diagnose(scene, who, first))["code"] == "OFF"


async def test_a_policy_behind_one_out_of_sight_tells_nothing_of_it(scene: Scene) -> None:
    north = {"teamId": gid(scene.north)}
    await policy(scene, scene.administrator, scene.cid, **north)
    newer = await policy(scene, scene.max, scene.ana, **north)
    assert (await diagnose(scene, scene.max, newer))["code"] == "NOTHING_WAITING"
    assert (await diagnose(scene, scene.administrator, newer))["code"] == "BEHIND_ANOTHER"
    # Who manages nobody is told it too: it says nothing of anybody's load.
    last = await policy(scene, scene.max, scene.ben, **north)
    role = await scene.role(Scope.TEAM, Reach.OWN, MANAGES)
    lead = await scene.agent(role, [scene.north], name="Lead")
    assert (await diagnose(scene, lead, last))["code"] == "BEHIND_ANOTHER"
    assert (await diagnose(scene, lead, newer))["code"] is None


async def test_who_manages_nobody_is_told_nothing_of_anybodys_load(scene: Scene) -> None:
    role = await scene.role(Scope.TEAM, Reach.OWN, MANAGES)
    lead = await scene.agent(role, [scene.north], name="Lead")
    id = await policy(scene, scene.max, scene.ana, lead, teamId=gid(scene.north))
    await new_contact(scene, scene.max, teamId=gid(scene.north))
    found = await diagnose(scene, lead, id)
    assert (found["code"], found["message"], found["waiting"]) == (None, None, 0)
    assert [each["eligible"] for each in found["agents"]] == [None, True]
    document = "{ distributionPolicies { decisions { totalCount } members { agent { name } } } }"
    data, errors = await run(scene.database, lead, document)
    assert errors == []
    assert data["distributionPolicies"][0]["decisions"] == {"totalCount": 0}


async def test_who_sees_policies_and_decisions(scene: Scene) -> None:
    north = await policy(scene, scene.max, scene.ana, scene.ben, teamId=gid(scene.north))
    await policy(scene, scene.administrator, scene.ana, scene.cid)
    await new_contact(scene, scene.administrator, "North", teamId=gid(scene.north))
    await new_contact(scene, scene.administrator, "Any")
    document = """{ distributionPolicies { id savedBy { name } decisions { totalCount nodes {
        contact { name } candidates { agent { name } load } } } } }"""
    data, errors = await run(scene.database, scene.max, document)
    assert (errors, [each["id"] for each in data["distributionPolicies"]]) == ([], [north])
    [decision] = data["distributionPolicies"][0]["decisions"]["nodes"]
    assert decision["contact"] == {"name": "North"}
    assert [each["load"] for each in decision["candidates"]] == [0, 0]
    data, _ = await run(scene.database, scene.administrator, document)
    assert len(data["distributionPolicies"]) == 2
    for nobody in (scene.ana, scene.pia):
        data, errors = await run(scene.database, nobody, document)
        assert (data, codes(errors)) == ({"distributionPolicies": None}, ["FORBIDDEN"])
    # A contact that has left the manager's sight takes its decision along.
    async with scene.database.writing():
        await Contact.filter(name="North").update(owner_id=scene.cid.id, team_id=scene.south.id)
    data, _ = await run(scene.database, scene.max, document)
    assert data["distributionPolicies"][0]["decisions"]["totalCount"] == 0


async def test_who_may_make_and_change_policies(scene: Scene) -> None:
    north, south = gid(scene.north), gid(scene.south)
    refusals = [
        (scene.ana, (scene.ana,), {"teamId": north}),
        (scene.pia, (), {}),
        (scene.max, (scene.ana,), {}),
        (scene.max, (scene.ana,), {"teamId": south}),
        (scene.max, (scene.ana, scene.cid), {"teamId": north}),
        (scene.max, (scene.ana,), {"inboxId": gid(scene.mail)}),
    ]
    for who, members, more in refusals:
        payload, errors = await create(scene, who, *members, **more)
        assert payload is None
        assert errors in (["FORBIDDEN"], ["NOT_FOUND"])
        assert errors == ["FORBIDDEN"] or who is scene.pia
    id = await policy(scene, scene.max, scene.ana, teamId=north)
    for change in ({"teamId": None}, {"teamId": south}, {"members": [{"agentId": gid(scene.cid)}]}):
        assert (await update(scene, scene.max, id, **change))[1] == ["FORBIDDEN"]
    whole = await policy(scene, scene.administrator, scene.ana)
    webs = await policy(scene, scene.administrator, scene.ana, inboxId=gid(scene.web))
    # Whoever can't change a policy where it is can't bring it to where they could.
    for change in (
        {"enabled": False},
        {"teamId": north},
        {"enabled": False, "inboxId": None, "teamId": north},
    ):
        assert (await update(scene, scene.max, whole, **change))[1] == ["FORBIDDEN"]
        assert (await update(scene, scene.max, webs, **change))[1] == ["FORBIDDEN"]
    hidden = await policy(scene, scene.administrator, scene.cid, teamId=north)
    assert (await update(scene, scene.max, hidden, enabled=False))[1] == ["NOT_FOUND"]
    assert (await distribute(scene, scene.max, hidden))[1] == ["NOT_FOUND"]
    async with scene.database.reading():
        assert await DistributionPolicy.filter(enabled=False).count() == 0


async def test_of_another_account(scene: Scene) -> None:
    other = await make_scene(scene.database, "Other")
    assert (await create(scene, scene.administrator, other.ana))[1] == ["NOT_FOUND"]
    assert (await create(scene, scene.administrator, scene.ana, teamId=gid(other.north)))[1] == ["NOT_FOUND"]
    theirs = await policy(other, other.administrator, other.ana)
    assert (await distribute(scene, scene.administrator, theirs))[1] == ["NOT_FOUND"]
    mine = await policy(scene, scene.administrator, scene.ana)
    await other.contact()
    assert (await distribute(scene, scene.administrator, mine))[0]["handedOut"] == 0


MEMBERS = [{"agentId": "?"}]


@pytest.mark.parametrize(
    ("more", "code", "field"),
    [
        ({"members": []}, "BLANK", "members"),
        ({"members": MEMBERS * 2}, "TAKEN", "members"),
        ({"members": [{"agentId": "?", "weight": 0}]}, "INVALID", "members.0.weight"),
        ({"members": [{"agentId": "?", "weight": -1}]}, "INVALID", "members.0.weight"),
        ({"members": [{"agentId": "?", "capacity": 0}]}, "INVALID", "members.0.capacity"),
        ({"members": [{"agentId": "?", "weight": 1_000_001}]}, "TOO_LARGE", "members.0.weight"),
        ({"capacity": 0}, "INVALID", "capacity"),
        ({"capacity": -1}, "INVALID", "capacity"),
        ({"teamId": "team", "inboxId": "inbox"}, "INVALID", "inboxId"),
        ({"workingHours": [{"day": 0, "start": "09:00", "end": "10:00"}]}, "INVALID", "workingHours.0.day"),
        ({"workingHours": [{"day": 8, "start": "09:00", "end": "10:00"}]}, "INVALID", "workingHours.0.day"),
        ({"workingHours": [{"day": 1, "start": "9:00", "end": "10:00"}]}, "INVALID", "workingHours.0.start"),
        ({"workingHours": [{"day": 1, "start": "09:00", "end": "25:00"}]}, "INVALID", "workingHours.0.end"),
        ({"workingHours": [{"day": 1, "start": "09:00", "end": "09:00"}]}, "INVALID", "workingHours.0.end"),
        ({"workingHours": [{"day": 1, "start": "24:00", "end": "24:00"}]}, "INVALID", "workingHours.0.start"),
        ({"workingHours": [{"day": 1, "start": "00:00", "end": "01:00"}] * 71}, "TOO_LARGE", "workingHours"),
        ({"method": None}, "BLANK", "method"),
        ({"enabled": None}, "BLANK", "enabled"),
        ({"workingHours": None}, "BLANK", "workingHours"),
    ],
)
async def test_bad_input_has_its_user_error(
    scene: Scene, more: dict[str, Any], code: str, field: str
) -> None:
    places = {"team": gid(scene.north), "inbox": gid(scene.mail)}
    given = {name: places.get(held, held) if isinstance(held, str) else held for name, held in more.items()}
    members = [{**each, "agentId": gid(scene.ana)} for each in given.pop("members", MEMBERS)]
    input = {"members": members, **given}
    payload, errors = await mutate(
        scene.database, scene.administrator, "createDistributionPolicy", input, POLICY
    )
    assert (codes(errors), payload["distributionPolicy"]) == ([], None)
    assert [(each["code"], each["field"]) for each in payload["userErrors"]] == [(code, field)]
    assert all(each["message"] for each in payload["userErrors"])
    id = await policy(scene, scene.administrator, scene.ben)
    payload, errors = await update(scene, scene.administrator, id, **input)
    assert [(each["code"], each["field"]) for each in payload["userErrors"]] == [(code, field)]
    async with scene.database.reading():
        assert await DistributionPolicy.all().count() == 1
        assert [each.agent_id for each in await DistributionMember.all()] == [scene.ben.id]


@pytest.mark.parametrize(
    ("more", "code", "field"),
    [
        ({"limit": 0}, "INVALID", "limit"),
        ({"limit": -5}, "INVALID", "limit"),
        ({"limit": 1001}, "TOO_LARGE", "limit"),
        ({"limit": None}, "BLANK", "limit"),
        ({"dryRun": True, "idempotencyKey": "k"}, "INVALID", "idempotencyKey"),
    ],
)
async def test_bad_input_of_handing_out(scene: Scene, more: Any, code: str, field: str) -> None:
    id = await policy(scene, scene.administrator, scene.ana)
    await scene.contact()
    payload, errors = await distribute(scene, scene.administrator, id, **more)
    assert errors == []
    assert [(each["code"], each["field"]) for each in payload["userErrors"]] == [(code, field)]
    assert await owners(scene) == {"": 1}


async def test_a_large_pool_hands_out_fewer_at_once(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(distribute_contacts, "MOST_CANDIDATES", 7)
    id = await policy(scene, scene.administrator, scene.ana, scene.ben, scene.cid)
    for _ in range(5):
        await scene.contact()
    payload, errors = await distribute(scene, scene.administrator, id, limit=3)
    assert (errors, await owners(scene)) == ([], {"": 5})
    [problem] = payload["userErrors"]
    assert (problem["code"], problem["field"]) == ("TOO_LARGE", "limit")
    assert "at most 2 contacts" in problem["message"]
    got = []
    for _ in range(4):
        payload, _ = await distribute(scene, scene.administrator, id)
        assert payload["left"] == 0
        got.append([each["agent"]["name"] for each in payload["assignments"]])
    assert got == [["Ana", "Ben"], ["Cid", "Ana"], ["Ben"], []]


async def test_a_large_log_is_written_bit_by_bit(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(distribution_log, "AT_ONCE", 4)
    id = await policy(scene, scene.administrator, scene.ana, scene.ben, scene.cid)
    for _ in range(5):
        await scene.contact()
    await distribute(scene, scene.administrator, id)
    async with scene.database.reading():
        decisions = {each.id: each.agent_id for each in await DistributionDecision.all()}
        candidates = await DistributionCandidate.all()
    assert Counter(each.decision_id for each in candidates) == dict.fromkeys(decisions, 3)
    assert {each.decision_id: each.agent_id for each in candidates if not each.passed_over} == decisions


async def test_in_inbox_scope_what_is_read_does_not_grow_with_the_backlog(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Contacts that lie by their conversations: those are read at once, not for each member of the pool."""
    role = await scene.role(Scope.INBOX, Reach.SCOPE, MANAGES)
    lead = await scene.agent(role, [scene.north], [scene.mail])
    id = await policy(scene, lead, scene.ana, scene.ben, inboxId=gid(scene.mail))
    read: Counter[str] = Counter()
    related = Act.related

    async def counted(act: Act, table: str, column: str, held: Any) -> Any:
        read[table] += 1
        return await related(act, table, column, held)

    monkeypatch.setattr(Act, "related", counted)
    for _ in range(2):
        contacts = [await scene.contact() for _ in range(4)]
        for number, contact in enumerate(contacts):
            for inbox in (scene.mail, scene.web)[: 1 + number % 2]:
                await scene.conversation(contact, inbox=inbox)
        payload, _ = await distribute(scene, lead, id)
        assert (payload["handedOut"], payload["left"]) == (4, 0)
    assert read["conversation"] == 0


async def test_whom_a_manager_may_name(scene: Scene) -> None:
    id = await policy(scene, scene.max, scene.ana, teamId=gid(scene.north))
    seen, unseen = await scene.contact(team=scene.north), await scene.contact(team=scene.south)
    named = [gid(seen), gid(unseen)]
    assert (await distribute(scene, scene.max, id, contactIds=named))[1] == ["NOT_FOUND"]
    assert await owners(scene) == {"": 2}
    masked = await make_scene(scene.database, "M", isolation_mode="MASKED", unowned_visibility="SCOPE")
    role = await masked.role(Scope.TEAM, Reach.OWN, MANAGES)
    lead = await masked.agent(role, [masked.north])
    id = await policy(masked, masked.max, masked.ana, lead, teamId=gid(masked.north))
    contact = await masked.contact(team=masked.north)
    assert (await distribute(masked, lead, id, contactIds=[gid(contact)]))[1] == ["FORBIDDEN"]
    assert (await distribute(masked, lead, id))[0]["handedOut"] == 0
    assert await owners(masked) == {"": 1}


async def test_a_change_of_the_pool_keeps_the_turn(scene: Scene) -> None:
    id = await policy(scene, scene.administrator, scene.ana, scene.ben, scene.cid)
    assert await new_contact(scene, scene.administrator, "One") == "Ana"
    members = [{"agentId": gid(each)} for each in (scene.administrator, scene.cid, scene.ana)]
    await update(scene, scene.administrator, id, members=members)
    got = [await new_contact(scene, scene.administrator, f"Lead {n}") for n in range(3)]
    assert got == ["Cid", "Ana", "Ada"]


async def test_versions_and_keys(scene: Scene) -> None:
    id = await policy(scene, scene.administrator, scene.ana)
    await scene.contact()
    payload, _ = await update(scene, scene.administrator, id, capacity=5, expectedVersion=1)
    assert payload["distributionPolicy"]["version"] == 2
    assert (await update(scene, scene.administrator, id, capacity=6, expectedVersion=1))[1] == ["CONFLICT"]
    first, _ = await distribute(scene, scene.administrator, id, idempotencyKey="k")
    await scene.contact()
    again, errors = await distribute(scene, scene.administrator, id, idempotencyKey="k")
    assert (first["handedOut"], again["handedOut"], errors) == (1, None, [])
    assert await owners(scene) == {"Ana": 1, "": 1}
    payload, _ = await create(scene, scene.administrator, scene.ana, idempotencyKey="p")
    again, _ = await create(scene, scene.administrator, scene.ana, idempotencyKey="p")
    assert payload["distributionPolicy"] == again["distributionPolicy"]
    payload, _ = await create(scene, scene.administrator, scene.ben, idempotencyKey="p")
    assert payload["userErrors"][0]["code"] == "IDEMPOTENCY_KEY_REUSED"


async def test_changes_are_audited(scene: Scene) -> None:
    id = await policy(scene, scene.administrator, scene.ana)
    await update(scene, scene.administrator, id, method="WEIGHTED", members=[{"agentId": gid(scene.ben)}])
    await update(scene, scene.administrator, id, method="WEIGHTED", members=[{"agentId": gid(scene.ben)}])
    document = "{ auditLog { nodes { action subject { id } changes { field after } } } }"
    data, errors = await run(scene.database, scene.administrator, document)
    updated, made = data["auditLog"]["nodes"]
    assert (errors, updated["action"], updated["subject"]) == ([], "update_distribution_policy", {"id": id})
    assert {"field": "method", "after": "WEIGHTED"} in updated["changes"]
    assert made["action"] == "create_distribution_policy"


async def test_availability(scene: Scene) -> None:
    async def set_available(who: Any, agent: Agent | None, available: bool) -> Any:
        input = {"available": available} | ({} if agent is None else {"agentId": gid(agent)})
        payload, errors = await mutate(
            scene.database, who, "setAvailability", input, "agent { name available }"
        )
        return payload and payload["agent"], codes(errors)

    assert await set_available(scene.ana, None, False) == ({"name": "Ana", "available": False}, [])
    assert await set_available(scene.ana, scene.ana, True) == ({"name": "Ana", "available": True}, [])
    assert await set_available(scene.max, scene.ana, False) == ({"name": "Ana", "available": False}, [])
    for who, agent in ((scene.ana, scene.ben), (scene.max, scene.cid), (scene.pia, None)):
        found, errors = await set_available(who, agent, False)
        assert (found, set(errors)) == (None, {"FORBIDDEN"})
    role = await scene.role(Scope.TEAM, Reach.OWN, MANAGES)
    lead = await scene.agent(role, [scene.north])
    assert await set_available(lead, scene.ben, False) == (None, ["FORBIDDEN"])
    assert (await scene.again(scene.ben)).available
    async with scene.database.reading():
        done = await AuditEntry.filter(action="set_availability", outcome="DONE")
    assert [entry.changes for entry in done] == [
        {"available": [True, False]},
        {"available": [False, True]},
        {"available": [True, False]},
    ]


async def test_load_is_the_real_number_for_oneself_and_ones_managers(scene: Scene) -> None:
    await scene.contact(owner=scene.ana, team=scene.north)
    await scene.contact(owner=scene.ana, team=scene.south)
    await scene.contact(owner=scene.ana, archived_at=clock.now())
    document = "{ agents(first: 10) { nodes { name load } } }"
    for who, expected in ((scene.ana, {"Ana": 2}), (scene.max, {"Ana": 2, "Ben": 0, "Max": 0})):
        data, errors = await run(scene.database, who, document)
        told = {each["name"]: each["load"] for each in data["agents"]["nodes"]}
        assert (errors, {name: load for name, load in told.items() if load is not None}) == ([], expected)


async def test_without_the_module_nothing_is_answered_and_nothing_handed_out(scene: Scene) -> None:
    id = await policy(scene, scene.administrator, scene.ana)
    await scene.set(sales_module=False)
    who = scene.administrator
    documents = [
        "{ distributionPolicies { id } }",
        "{ distributionDiagnosis { code } }",
        f'{{ node(id: "{id}") {{ ... on DistributionPolicy {{ enabled }} }} }}',
    ]
    for document in documents:
        data, errors = await run(scene.database, who, document)
        assert codes(errors) == ["MODULE_DISABLED"]
        assert next(iter(data.values())) is None
    assert (await create(scene, who, scene.ana))[1] == ["MODULE_DISABLED"]
    assert (await update(scene, who, id, enabled=False))[1] == ["MODULE_DISABLED"]
    assert (await distribute(scene, who, id))[1] == ["MODULE_DISABLED"]
    assert await new_contact(scene, who) is None
    async with scene.database.reading():
        assert await DistributionDecision.all().count() == 0


async def test_a_role_without_the_permission_is_refused(scene: Scene) -> None:
    async with scene.database.writing():
        without = [each.value for each in Permission if each is not Permission.SALES_MANAGE]
        await Role.filter(id=scene.roles[BuiltIn.ADMINISTRATOR].id).update(permissions=without)
    assert (await create(scene, scene.administrator, scene.ana))[1] == ["FORBIDDEN"]
